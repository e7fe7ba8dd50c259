"""Durable votes through the whole core, beside a bare sqlite3 loop; PostgreSQL with and without grouping."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import create_async_engine

from bench.figures import Figure, by_turns
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.model.events import Invocation
from bot.model.people import Identity, Place
from bot.ports.storage import Store, Transaction
from bot.settings import Settings
from bot.texts import Texts
from storage.engines import PostgreSQL, async_url, open_database, upgrade
from storage.keyring import Keyring
from storage.unit import run_once
from tests.postgres import PostgreSQL as Server

T = TypeVar("T")
SECONDS = 1.5
HERE = Place("bench", "square")
CLOCK = SystemClock()
_ids = itertools.count()


@contextlib.asynccontextmanager
async def poll_on(store: Store, voters: int) -> AsyncIterator[PleinCore]:
    """A core with an open poll and residents who have spoken before."""
    core = PleinCore(store, CLOCK, Texts(), Settings("nl", ZoneInfo("Europe/Brussels")))
    await core.joined("bench", HERE, "square")
    await core.handle(said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens'))
    await asyncio.gather(*(core.handle(said(number, "!stem 1")) for number in range(voters)))
    yield core


def said(voter: int, words: str, *, by_post: bool = False) -> Invocation:
    """A typed command. Its answer is kept and returned; by post it also goes through the outbox."""
    who = Identity("bench", f"voter{voter}")
    name = f"voter {voter}"
    return Invocation(
        f"bench:{next(_ids)}", who, name, HERE, CLOCK.now(), words, by_post=by_post, account="bench"
    )


async def votes_a_second(
    core: PleinCore, voters: int, times: list[float] | None = None, *, by_post: bool = False
) -> float:
    """Each voter votes again as soon as the last vote was acknowledged."""
    until = time.perf_counter() + SECONDS
    done = 0

    async def vote_on(voter: int) -> None:
        nonlocal done
        for number in itertools.count():
            start = time.perf_counter()
            if start > until:
                return
            await core.handle(said(voter, f"!stem {number % 3 + 1}", by_post=by_post))
            done += 1
            if times is not None:
                times.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(vote_on(voter) for voter in range(voters)))
    return done / (time.perf_counter() - start)


def bare_loop(file: Path, times: list[float] | None = None) -> float:
    """One upsert and one outbox row a transaction, and nothing else; what the machine can do."""
    db = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE IF NOT EXISTS ballots (poll, voter, choice, PRIMARY KEY (poll, voter))")
    db.execute("CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, body)")
    upsert = "INSERT OR REPLACE INTO ballots VALUES (1, ?, ?)"
    start = last = time.perf_counter()
    done = 0
    while last - start < SECONDS:
        db.execute("BEGIN IMMEDIATE")
        db.execute(upsert, (done % 32, done % 3))
        db.execute("INSERT INTO outbox (body) VALUES (?)", ("you chose Park",))
        db.execute("COMMIT")
        done += 1
        now = time.perf_counter()
        if times is not None:
            times.append(now - last)
        last = now
    db.close()
    return done / (last - start)


async def on_sqlite() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_database(f"sqlite:///{folder}/plein.db")
        async with poll_on(store, 32) as core:
            singles: list[float] = []
            bare_singles: list[float] = []

            async def bare() -> float:
                return await asyncio.to_thread(bare_loop, Path(folder) / "bare.db", bare_singles)

            one, many, posted, theirs = await by_turns(
                partial(votes_a_second, core, 1, singles),
                partial(votes_a_second, core, 32),
                partial(votes_a_second, core, 32, by_post=True),
                bare,
            )
        await store.close()
    beside = "bare sqlite3 loop"
    p50, bare_p50 = statistics.median(singles) * 1000, statistics.median(bare_singles) * 1000
    return [
        Figure("durable votes, 32 voters", "a second", many, beside, theirs, "at least 1.0"),
        Figure("the same, answers through the outbox", "a second", posted, beside, theirs, "at least 0.5"),
        Figure("durable votes, 1 voter", "a second", one, beside, theirs, "at least 0.2"),
        Figure("a single vote, p50", "ms", p50, beside, bare_p50, "at most 5"),
    ]


class OneByOne:
    """PostgreSQL without grouping: each command in a transaction of its own, on a pool of connections."""

    def __init__(self, url: str, connections: int) -> None:
        self._engine = create_async_engine(url, pool_size=connections, max_overflow=0)
        self._seals = Keyring(None)

    async def run(self, work: Callable[[Transaction], T], about: Invocation | None = None) -> T:
        async with self._engine.connect() as db:
            result, error = (await db.run_sync(run_once, [(work, about)], self._seals))[0]
        if error is not None:
            raise error
        done: T = result
        return done

    async def close(self) -> None:
        await self._engine.dispose()


async def on_postgres() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.to_thread(Server, Path(folder))
        try:
            urls = [server.new_database() for _ in range(3)]
            for url in urls:
                await upgrade(url)
            grouped, *others = (async_url(url) for url in urls)
            stores: list[Store] = [
                PostgreSQL(grouped, Keyring(None)),
                OneByOne(others[0], 32),
                OneByOne(others[1], 1),
            ]
            async with contextlib.AsyncExitStack() as stack:
                cores = [await stack.enter_async_context(poll_on(store, 32)) for store in stores]
                ours, many, single = await by_turns(*(partial(votes_a_second, core, 32) for core in cores))
            for store in stores:
                await store.close()
        finally:
            await asyncio.to_thread(server.stop)
    name, unit = "PostgreSQL, 32 voters, commits shared", "votes a second"
    return [
        Figure(name, unit, ours, "ungrouped on 32 connections", many, "at least 3"),
        Figure(name, unit, ours, "ungrouped on one connection", single),
    ]

"""Votes through the whole core on SQLite: beside the usual way, and beside what SQLite itself costs."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.community import HERE, SECONDS, Votes, casting, core_on, in_memory, opened, said, votes, with_poll
from bench.figures import Figure, by_turns, compare
from bench.usual_way import UsualBot

VOTERS = 32
OPTIONS = ["Plein", "Park", "Nergens"]


class Bare:
    """An upsert and an insert a transaction, and nothing else."""

    def __init__(self, file: Path, synchronous: str) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._done = 0
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE ballots (poll, voter, choice, PRIMARY KEY (poll, voter))")
        self._db.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, body)")

    def vote(self) -> None:
        self._done += 1
        ballot = (self._done % VOTERS, self._done % 3)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT OR REPLACE INTO ballots VALUES (1, ?, ?)", ballot)
        self._db.execute("INSERT INTO outbox (body) VALUES (?)", ("you chose Park",))
        self._db.execute("COMMIT")

    async def votes(self) -> Votes:
        """In a loop, one after the other."""
        times = []
        start, used = time.perf_counter(), time.process_time()
        while (begun := time.perf_counter()) - start < SECONDS:
            self.vote()
            times.append(time.perf_counter() - begun)
        took, used = time.perf_counter() - start, time.process_time() - used
        return Votes(len(times) / took, used / len(times) * 1e6, statistics.median(times) * 1000)

    def close(self) -> None:
        self._db.close()


async def measure() -> list[Figure]:
    return [*await _many(), await _alone()]


async def _many() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, usual = Bare(folder / "bare.db", "OFF"), UsualBot(folder / "usual.db")
        await usual.open_poll(HERE.room_id, "Waar komt de bank?", OPTIONS, VOTERS)

        def the_usual_way(voter: int, option: int) -> Awaitable[str]:
            heard = said(voter, f"!stem {option}")
            who = heard.author
            return usual.vote(heard.id, who.platform, who.user_id, HERE.room_id, heard.typed or "")

        async with opened(f"sqlite:///{folder}/plein.db") as store:
            core = await with_poll(core_on(store), VOTERS)
            ours, posted, others, bares = await by_turns(
                partial(votes, casting(core), VOTERS),
                partial(votes, casting(core, by_post=True), VOTERS),
                partial(votes, the_usual_way, VOTERS),
                bare.votes,
            )
        await usual.close()
        bare.close()
    us, statements, bare_cpu = "us", "two bare statements without sync", [turn.cpu for turn in bares]
    return [
        compare(
            f"durable votes, {VOTERS} voters",
            "a second",
            [turn.a_second for turn in ours],
            "the usual way, ORM on aiosqlite",
            [turn.a_second for turn in others],
            "at least 30",
        ),
        compare(
            f"CPU of a vote, {VOTERS} voters",
            us,
            [turn.cpu for turn in ours],
            statements,
            bare_cpu,
            "at most 6",
        ),
        compare(
            "CPU of a vote and of keeping the post that answers it, which is not delivered yet",
            us,
            [turn.cpu for turn in posted],
            statements,
            bare_cpu,
            "at most 7",
        ),
    ]


async def _alone() -> Figure:
    """Where no disk says how long it takes: what is left is the code, and the way to a thread and back."""
    with in_memory() as folder, ThreadPoolExecutor(1) as thread:
        bare = Bare(folder / "bare.db", "FULL")
        loop = asyncio.get_running_loop()
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            core = await with_poll(core_on(store), 1)
            ours, others = await by_turns(
                partial(votes, casting(core), 1),
                partial(votes, lambda _voter, _option: loop.run_in_executor(thread, bare.vote), 1),
            )
        bare.close()
    return compare(
        "a single vote in memory, p50",
        "ms",
        [turn.p50 for turn in ours],
        "one bare transaction in another thread",
        [turn.p50 for turn in others],
        "at most 5",
    )

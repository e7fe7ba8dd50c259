"""A community to measure on: a core over a store, a poll, and residents who vote in it.

What the other files of this folder need of Plein's own they find here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bench.figures import Figure
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.features.polls.settings import PollsSettings
from bot.main.features import add_up, stores_of
from bot.model.events import Invocation
from bot.model.message import Message
from bot.model.people import Identity, Place
from bot.ports.storage import Store
from bot.settings import Settings
from bot.texts import Texts
from storage.engines import open_database
from tests.postgres import PostgreSQL

SECONDS = 1.5
PLATFORM = "bench"
HERE = Place(PLATFORM, "square")
CLOCK = SystemClock()
_ids = itertools.count()


def core_on(store: Store) -> PleinCore:
    settings = Settings("nl", ZoneInfo("Europe/Brussels"), (PollsSettings(quiet=""),))
    return PleinCore(store, CLOCK, Texts(), settings, add_up())


@contextlib.asynccontextmanager
async def opened(url: str, keys: Path | None = None) -> AsyncIterator[Store]:
    """A database, until the block ends; one that is no file needs a folder of its own for its keys."""
    store = await open_database(url, keys, stores_of())
    try:
        yield store
    finally:
        await store.close()


async def on_both(measure: Callable[[str, Store], Awaitable[list[Figure]]]) -> list[Figure]:
    """What it measures on an empty database of each kind, called by its name."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = await asyncio.to_thread(PostgreSQL, folder)
        try:
            urls = {"SQLite": f"sqlite:///{folder}/plein.db", "PostgreSQL": server.new_database()}
            for database, url in urls.items():
                async with opened(url, folder / database) as store:
                    found += await measure(database, store)
        finally:
            await asyncio.to_thread(server.stop)
    return found


async def with_poll(core: PleinCore, voters: int) -> PleinCore:
    """There is an open poll now, and so many residents have voted in it."""
    await core.joined(PLATFORM, HERE, "square")
    await core.handle(said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens'))
    await asyncio.gather(*(core.handle(said(number, "!stem 1")) for number in range(voters)))
    return core


def said(voter: int, words: str, *, place: Place = HERE, by_post: bool = False) -> Invocation:
    """A typed command. Its answer is kept and returned; by post it goes through the outbox instead."""
    return Invocation(
        id=f"bench:{next(_ids)}",
        author=Identity(PLATFORM, f"voter{voter}"),
        name=f"voter {voter}",
        place=place,
        at=CLOCK.now(),
        typed=words,
        by_post=by_post,
        account=PLATFORM,
    )


class Votes(NamedTuple):
    """What a turn of voting gave: votes a second, microseconds of CPU a vote, and milliseconds for one."""

    a_second: float
    cpu: float
    p50: float


# Casts a voter's vote for an option, and returns once it is kept.
Cast = Callable[[int, int], Awaitable[object]]


async def votes(cast: Cast, voters: int, seconds: float = SECONDS) -> Votes:
    """Each voter votes again, for another option, as soon as the last vote was acknowledged."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def vote_on(voter: int) -> None:
        for number in itertools.count():
            start = time.perf_counter()
            if start > until:
                return
            await cast(voter, number % 3 + 1)
            times.append(time.perf_counter() - start)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(vote_on(voter) for voter in range(voters)))
    took, used = time.perf_counter() - start, time.process_time() - cpu
    return Votes(len(times) / took, used / len(times) * 1e6, statistics.median(times) * 1000)


def casting(core: PleinCore, *, by_post: bool = False) -> Cast:
    def cast(voter: int, option: int) -> Awaitable[Message | None]:
        return core.handle(said(voter, f"!stem {option}", by_post=by_post))

    return cast


async def cpu(core: PleinCore, heard: Sequence[Invocation]) -> float:
    """Microseconds of CPU, of all threads, that one of these commands takes."""
    start = time.process_time()
    for invocation in heard:
        await core.handle(invocation)
    return (time.process_time() - start) / len(heard) * 1e6


@contextlib.contextmanager
def in_memory() -> Iterator[Path]:
    """A folder that no disk slows down, where the machine has one."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """How much later than asked for the loop came back, each time; in seconds."""
    late: list[float] = [0.0]

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.002)
            late.append(time.perf_counter() - start - 0.002)

    task = asyncio.create_task(watch())
    try:
        yield late
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

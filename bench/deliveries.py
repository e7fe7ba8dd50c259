"""What Plein says by itself: boards that are behind, and an outbox with ten thousand people waiting."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bench.community import CLOCK, PLATFORM, core_on, in_memory, opened, said, watched, with_poll
from bench.figures import Figure, compare, percentile
from bot.core import PleinCore
from bot.model import Identity, Message, Place, text
from bot.ports import Core, Transaction

PLACES, POLLS = 8, 10
PEOPLE, SECONDS, TURNS = 10_000, 4.0, 3


class Platform:
    """An adapter of a platform that takes its time and where everything arrives."""

    platform = PLATFORM

    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds
        self.arrived = 0

    async def run(self, core: Core) -> None:
        """Nobody says anything here."""

    async def caught_up(self) -> None:
        """Nothing was said while Plein was away."""

    async def send(self, place: Place, message: Message, key: str, tried_at: datetime | None) -> str:
        return await self._deliver(key)

    async def edit(self, place: Place, ref: str, message: Message, key: str) -> str | None:
        return await self._deliver(ref)

    async def whisper(self, to: Identity, message: Message, key: str, tried_at: datetime | None) -> str:
        return await self._deliver(key)

    async def _deliver(self, ref: str) -> str:
        await asyncio.sleep(self._seconds)
        self.arrived += 1
        return ref


async def measure() -> list[Figure]:
    return [*await _boards(), *await _outbox()]


# --- boards ------------------------------------------------------------------------------------


class _Counting(sqlite3.Cursor):
    """Counts the questions that read boards, and the rows that these give."""

    counted: Counter[str] = Counter()

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        words = sql.split()
        self._counts = words[0] in ("SELECT", "WITH") and "boards" in words
        self.counted["questions"] += self._counts
        return super().execute(sql, *values)

    def fetchall(self) -> list[Any]:
        rows = super().fetchall()
        self.counted["rows"] += len(rows) * self._counts
        return rows


class _CountingConnection(sqlite3.Connection):
    def cursor(self, *_: Any) -> Any:
        return super().cursor(_Counting)


@contextmanager
def _counting() -> Iterator[Counter[str]]:
    """Databases opened meanwhile are counted at the driver, whatever lies above it."""
    connect = sqlite3.dbapi2.connect  # type: ignore[attr-defined]

    def counted(*args: Any, **options: Any) -> Any:
        return connect(*args, factory=_CountingConnection, **options)

    sqlite3.dbapi2.connect = counted  # type: ignore[attr-defined]
    try:
        yield _Counting.counted
    finally:
        sqlite3.dbapi2.connect = connect  # type: ignore[attr-defined]


async def _boards() -> list[Figure]:
    """A round in which every poll of a theme with several places is behind."""
    with in_memory() as folder, _counting() as counted:
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            platform = Platform()
            core = core_on(store, {PLATFORM: platform})
            for number in range(PLACES):
                await core.joined(Place(PLATFORM, f"room {number}"), "room", theme="buurt")
            for opener in range(POLLS):
                asked = said(opener, '!peiling open "Wat?" Ja | Nee', place=Place(PLATFORM, "room 0"))
                await core.handle(asked)
            counted.clear()
            await core.settle()
    boards = PLACES * POLLS
    assert platform.arrived == boards, platform.arrived
    return [
        compare(f"questions that read boards, {boards} behind", "", [counted["questions"]], "one a round", 1, "at most 3"),
        compare("rows that these gave", "", [counted["rows"]], "one a board", boards, "at most 2"),
    ]


# --- the outbox --------------------------------------------------------------------------------


async def _outbox() -> list[Figure]:
    held, slowest, arrived = [], [], []
    for _ in range(TURNS):
        with in_memory() as folder:
            async with opened(f"sqlite:///{folder}/plein.db") as store:
                platform = Platform(0.02)
                core = await with_poll(core_on(store, {PLATFORM: platform}), 1)
                await store.run(_write_to_everybody)
                async with watched() as late:
                    times = await _commands_meanwhile(core)
            held.append(max(late) * 1000)
            slowest.append(percentile(times, 0.99) * 1000)
            arrived.append(platform.arrived / SECONDS)
    beside, bound = "50 ms", "at most 1"
    return [
        compare(f"{PEOPLE:,} people wait to be written to: the event loop held", "ms", held, beside, 50.0, bound),
        compare("other commands meanwhile, p99", "ms", slowest, beside, 50.0, bound),
        compare("posts delivered meanwhile", "a second", arrived, "32 at once of 20 ms", 32 / 0.02),
    ]


def _write_to_everybody(tx: Transaction) -> None:
    message = Message((text("poll.reminder.stop"),))
    for number in range(PEOPLE):
        tx.posts.add(f"bench:{number}", Identity(PLATFORM, f"person {number}"), message, CLOCK.now())


async def _commands_meanwhile(core: PleinCore) -> Sequence[float]:
    """How long each of one person's votes took while the outbox was at work, in seconds."""
    work = asyncio.create_task(core.outbox.worker.run())
    times = []
    until = time.perf_counter() + SECONDS
    try:
        while (start := time.perf_counter()) < until:
            await core.handle(said(0, f"!stem {len(times) % 3 + 1}"))
            times.append(time.perf_counter() - start)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return times

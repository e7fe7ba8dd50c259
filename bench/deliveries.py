"""What Plein says by itself: boards that are behind, and an outbox with ten thousand people waiting."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import psutil
from sqlalchemy import func, select

from bench.community import CLOCK, PLATFORM, core_on, in_memory, opened, said, watched, with_poll
from bench.figures import Figure, compare, percentile
from bot.core import PleinCore
from bot.model.message import message, text
from bot.model.people import Identity, Place
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.tables import posts
from storage.unit import Tx

PLACES, POLLS = 8, 10
PEOPLE, AT_ONCE, VOTERS, TURNS = 10_000, 100, 32, 3
# How long the platform takes for each, and after how much time the next of those others comes who use Plein
# meanwhile; in seconds.
ARRIVES, PACE = 0.05, 0.01
_READ_ALL = anywhere(select(func.sum(func.length(posts.c.message))))


class Platform:
    """An adapter of a platform that takes its time and where everything arrives."""

    platform = account = PLATFORM

    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds
        self.arrived = 0

    async def deliver(self, delivery: Delivery) -> Receipt:
        await asyncio.sleep(self._seconds)
        self.arrived += 1
        return Receipt(delivery.replaces or (delivery.key,))

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        """Nothing is taken away here."""


async def measure() -> list[Figure]:
    return [*await _boards(), *await _outbox()]


# --- boards ------------------------------------------------------------------------------------


_counted: Counter[str] = Counter()


class _CountingCursor(sqlite3.Cursor):
    """Counts the questions that read boards, and the rows that these give."""

    reads_boards = False

    def execute(self, sql: str, *values: Any) -> Any:
        words = sql.split()
        self.reads_boards = words[0] in ("SELECT", "WITH") and "boards" in words
        _counted["questions"] += self.reads_boards
        return super().execute(sql, *values)


class _CountingConnection(sqlite3.Connection):
    def cursor(self, *_: Any) -> Any:
        cursor = super().cursor(_CountingCursor)
        cursor.row_factory = _count_row
        return cursor


def _count_row(cursor: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
    _counted["rows"] += cursor.reads_boards
    return row


@contextmanager
def _counting() -> Iterator[Counter[str]]:
    """Databases opened meanwhile are counted at the driver, whatever lies above it."""
    connect = sqlite3.dbapi2.connect

    def counted(*args: Any, **options: Any) -> Any:
        return connect(*args, factory=_CountingConnection, **options)

    sqlite3.dbapi2.connect = counted
    try:
        yield _counted
    finally:
        sqlite3.dbapi2.connect = connect


async def _boards() -> list[Figure]:
    """A round in which every poll of a theme with several places is behind."""
    with in_memory() as folder, _counting() as counted:
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            platform = Platform()
            core = core_on(store)
            await core.serve(platform)
            for number in range(PLACES):
                await core.joined(PLATFORM, Place(PLATFORM, f"room {number}"), "room", theme="buurt")
            for opener in range(POLLS):
                asked = said(opener, '!peiling open "Wat?" Ja | Nee', place=Place(PLATFORM, "room 0"))
                await core.handle(asked)
            counted.clear()
            await core.run_due()
    boards = PLACES * POLLS
    assert platform.arrived == boards, platform.arrived
    return [
        compare(
            f"reading the boards in a round, {boards} of them behind",
            "questions",
            [counted["questions"]],
            "one a round",
            1,
            "at most 3",
        ),
        compare("the same", "rows", [counted["rows"]], "one a board", boards, "at most 2"),
    ]


# --- the outbox --------------------------------------------------------------------------------


async def _outbox() -> list[Figure]:
    held, slowest, took, grew = [], [], [], []
    process = psutil.Process()
    for _ in range(TURNS):
        with in_memory() as folder:
            async with opened(f"sqlite:///{folder}/plein.db") as store:
                platform = Platform(ARRIVES)
                core = await with_poll(core_on(store), VOTERS)
                await core.serve(platform)
                # It is at work by then.
                await store.run(partial(_write_to, range(-AT_ONCE, 0)))
                await _votes_meanwhile(core, platform, process, AT_ONCE)
                for first in range(0, PEOPLE, AT_ONCE):
                    await store.run(partial(_write_to, range(first, first + AT_ONCE)))
                # What the database keeps at hand is no more for that many people wait.
                await store.run_anywhere(lambda tx: cast(Tx, tx).db.execute(_READ_ALL))
                start, before = time.perf_counter(), process.memory_info().rss
                async with watched() as late:
                    times, most = await _votes_meanwhile(core, platform, process, PEOPLE)
                took.append(time.perf_counter() - start)
        grew.append((most - before) / 2**20)
        held.append(max(late) * 1000)
        slowest.append(percentile(times, 0.99) * 1000)
    beside, bound = "50 ms", "at most 1"
    waiting = f"{PEOPLE:,} people wait to be written to"
    return [
        compare(f"{waiting}: the event loop held", "ms", held, beside, 50.0, bound),
        compare("other commands meanwhile, p99", "ms", slowest, beside, 50.0, bound),
        # After the first turn the process has more than it needs.
        compare("memory that it took more", "MiB", [max(grew)], "5 MiB", 5.0, bound),
        compare("until all were written to", "s", took, "the platform's part", PEOPLE / 32 * ARRIVES),
    ]


def _write_to(people: Iterable[int], tx: Transaction) -> None:
    said = message(text("poll.reminder.stop"))
    for number in people:
        tx.posts.add(f"bench:{number}", Identity(PLATFORM, f"person {number}"), said, CLOCK.now())


async def _votes_meanwhile(
    core: PleinCore, platform: Platform, process: psutil.Process, people: int
) -> tuple[Sequence[float], int]:
    """How long votes took that came in at a steady pace until so many people were written to, in seconds; and
    how much memory the process had at most, in bytes.

    Each counts from when it was to come in: a loop that is held is felt by all who wait for it.
    """
    times, most = [], 0

    async def vote(number: int, due: float) -> None:
        await core.handle(said(number % VOTERS, f"!stem {number % 3 + 1}"))
        times.append(time.perf_counter() - due)

    before = platform.arrived
    work = asyncio.create_task(core.outbox.worker.run())
    start = time.perf_counter()
    async with asyncio.TaskGroup() as voting:
        for number in itertools.count():
            if platform.arrived >= before + people:
                break
            due = start + number * PACE
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            most = max(most, process.memory_info().rss)
            voting.create_task(vote(number, due))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return times, most

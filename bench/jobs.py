"""What is due later: a million jobs beside none, and ten thousand at once beside APScheduler's own stores.

Each is measured in a process of its own, which is this file called with what it is to measure.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psutil
from sqlalchemy import func, insert, select

from bench.community import CLOCK, core_on, in_memory, opened, watched
from bench.figures import Figure, by_turns, compare
from bot.call import Call
from bot.delivery.agenda import BATCH, Agenda
from bot.main.app import freeze_startup_objects
from bot.model.work import Job
from bot.ports.storage import Store, Transaction
from storage.community import anywhere
from storage.tables import jobs
from storage.unit import Tx

PENDING, AT_ONCE = 1_000_000, 50_000
DUE, TURNS = 10_000, 3
ASKED = 200
ROOT = Path(__file__).parents[1]
_COUNTED = anywhere(select(func.count()).select_from(jobs))

Measured = Mapping[str, float]


async def measure() -> list[Figure]:
    with in_memory() as folder:
        return [*await _pending(folder), *await _beside(folder)]


async def _alone(*what: str) -> Measured:
    """What a process of its own says of that."""
    command = [sys.executable, "-m", "bench.jobs", *what]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def _keys(url: str) -> Path:
    """A folder of its own for that database's."""
    return Path(f"{url.removeprefix('sqlite:///')}.keys")


# --- a million beside none ---------------------------------------------------------------------


async def _pending(folder: Path) -> list[Figure]:
    urls = [f"sqlite:///{folder}/{name}.db" for name in ("many", "none")]
    for url, count in zip(urls, (PENDING, 0), strict=True):
        async with opened(url, _keys(url)) as store:
            await _fill(store, count)
    many, none = await by_turns(*(lambda url=url: _alone("pending", url) for url in urls))
    return [
        compare(
            f"{PENDING:,} jobs pending: {what}",
            unit,
            [turn[what] for turn in many],
            "none",
            [turn[what] for turn in none],
            "at most 1.2",
        )
        for what, unit in (("start", "s"), ("memory", "MiB"), ("claim", "us"), ("next due", "us"))
    ]


async def _fill(store: Store, count: int) -> None:
    """So many within a year; and as many as are claimed together are due."""
    now = CLOCK.now()

    def row(number: int, due: datetime) -> dict[str, Any]:
        return {"kind": "bench", "subject": str(number), "due_at": due, "key": f"bench:{number}"}

    def add(tx: Transaction, first: int, last: int) -> None:
        later = [row(n, now + timedelta(days=1 + n % 364, seconds=n % 86_400)) for n in range(first, last)]
        cast(Tx, tx).db.execute(insert(jobs), later)

    for first in range(0, count, AT_ONCE):
        last = min(first + AT_ONCE, count)
        await store.run(lambda tx, first=first, last=last: add(tx, first, last))  # type: ignore[misc]
    due = [row(-number, now) for number in range(1, BATCH + 1)]
    await store.run(lambda tx: cast(Tx, tx).db.execute(insert(jobs), due))


async def _of_pending(url: str) -> Measured:
    begun = psutil.Process().create_time()
    async with opened(url, _keys(url)) as store:
        core_on(store)
        await store.read_anywhere(lambda tx: tx.jobs.next_due())
        start = time.time() - begun

        async def took(ask: Callable[[Transaction], object]) -> float:
            times = []
            for _ in range(ASKED):
                before = time.perf_counter()
                await store.run_anywhere(ask)
                times.append(time.perf_counter() - before)
            return statistics.median(times) * 1e6

        claim = await took(lambda tx: len(tx.jobs.claim(CLOCK.now(), BATCH)))
        next_due = await took(lambda tx: tx.jobs.next_due())
        memory = psutil.Process().memory_info().rss / 2**20
    return {"start": start, "memory": memory, "claim": claim, "next due": next_due}


# --- ten thousand at once ----------------------------------------------------------------------


async def _beside(folder: Path) -> list[Figure]:
    async def ours() -> Measured:
        return await _alone("ours", str(folder))

    async def in_its_memory() -> Measured:
        return await _alone("memory", str(folder))

    async def in_its_database() -> Measured:
        return await _alone("database", str(folder))

    mine, memory = await by_turns(ours, in_its_memory, runs=TURNS)
    again, database = await by_turns(ours, in_its_database, runs=1)
    return [
        compare(
            f"{DUE:,} jobs due at once: {what}",
            unit,
            [turn[what] for turn in turns],
            beside,
            [turn[what] for turn in others],
            "at most 1",
        )
        for beside, turns, others in (
            ("MemoryJobStore", mine, memory),
            ("SQLAlchemyJobStore", again, database),
        )
        for what, unit in (
            ("adding", "s"),
            ("memory", "MiB"),
            ("the last one late", "s"),
            ("loop held", "ms"),
        )
    ]


class Ran:
    """Counts what ran, and knows when all of it has."""

    def __init__(self) -> None:
        self.count = 0
        self.all = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def one(self) -> None:
        self.count += 1
        if self.count == DUE:
            self.loop.call_soon_threadsafe(self.all.set)


async def _timed(
    add: Callable[[datetime], Awaitable[object]], begin: Callable[[], Awaitable[object]], ran: Ran
) -> Measured:
    """How long adding them takes while nothing runs, and how late the last one is after that."""
    freeze_startup_objects()  # as Plein does
    process = psutil.Process()
    before = process.memory_info().rss
    start = time.perf_counter()
    await add(CLOCK.now())
    adding = time.perf_counter() - start
    memory = (process.memory_info().rss - before) / 2**20
    async with watched() as held:
        await asyncio.sleep(0.01)
        start = time.perf_counter()
        await begin()
        await ran.all.wait()
        late = time.perf_counter() - start
        await asyncio.sleep(0.01)
    # A process's memory grows by whole pages; what does not grow at all is one.
    memory = max(memory, 4 / 1024)
    return {"adding": adding, "memory": memory, "the last one late": late, "loop held": max(held) * 1000}


async def _of_ours(folder: Path) -> Measured:
    ran = Ran()

    def run(call: Call, job: Job) -> None:
        ran.one()

    url = f"sqlite:///{folder}/ours-{time.time_ns()}.db"
    async with opened(url, _keys(url)) as store:
        core = core_on(store)
        agenda = Agenda(store, CLOCK, {"bench": run}, core.dispatch.call_for_nobody)
        running = list[asyncio.Task[None]]()

        async def add(due: datetime) -> None:
            def some(tx: Transaction, first: int) -> None:
                for number in range(first, first + BATCH):
                    tx.jobs.add("bench", str(number), due, f"bench:{number}")

            for first in range(0, DUE, BATCH):
                await store.run(lambda tx, first=first: some(tx, first))  # type: ignore[misc]

        async def begin() -> None:
            running.append(asyncio.create_task(agenda.run()))

        try:
            return await _timed(add, begin, ran)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            assert await store.read_anywhere(lambda tx: cast(Tx, tx).db.execute(_COUNTED).scalar()) == DUE


_ran: Ran | None = None


async def tick(number: str) -> None:
    """By this name APScheduler finds it again."""
    assert _ran
    _ran.one()


async def _of_apscheduler(store: Any) -> Measured:
    global _ran
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    _ran = Ran()
    scheduler = AsyncIOScheduler(timezone=UTC, jobstores={"default": store})
    scheduler.start(paused=True)

    async def add(due: datetime) -> None:
        for number in range(DUE):
            scheduler.add_job(
                "bench.jobs:tick", "date", run_date=due, args=[str(number)], misfire_grace_time=None
            )

    async def begin() -> None:
        scheduler.resume()

    try:
        return await _timed(add, begin, _ran)
    finally:
        scheduler.shutdown(wait=False)


async def _of(what: str, where: str) -> Measured:
    if what == "pending":
        return await _of_pending(where)
    if what == "ours":
        return await _of_ours(Path(where))
    if what == "memory":
        from apscheduler.jobstores.memory import MemoryJobStore

        return await _of_apscheduler(MemoryJobStore())
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

    return await _of_apscheduler(SQLAlchemyJobStore(f"sqlite:///{where}/theirs-{time.time_ns()}.db"))


def _main(arguments: Sequence[str]) -> None:
    # What APScheduler finds by its name is this one, not a second that was imported under another name.
    sys.modules["bench.jobs"] = sys.modules["__main__"]
    sys.stdout.write(json.dumps(asyncio.run(_of(*arguments))) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])

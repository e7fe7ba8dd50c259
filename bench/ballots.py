"""A poll with 10 and with 100,000 ballots: voting and showing."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

from bench.figures import Figure, by_turns
from bench.votes import poll_on, said
from bot.core import PleinCore
from bot.main.features import stores_of
from bot.ports.storage import Transaction
from storage.engines import SQLite, open_database

FEW, MANY = 10, 100_000
TIMES = 200


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        stores = [
            await open_database(f"sqlite:///{folder}/{name}.db", stored=stores_of())
            for name in ("few", "many")
        ]
        try:
            async with poll_on(stores[0], FEW) as few, poll_on(stores[1], FEW) as many:
                assert isinstance(stores[1], SQLite)
                await stores[1].run(_fill)
                voting = await by_turns(partial(_vote, many), partial(_vote, few))
                showing = await by_turns(partial(_show, many), partial(_show, few))
        finally:
            for store in stores:
                await store.close()
    beside = f"with {FEW}"
    return [
        Figure(f"voting in a poll with {MANY:,} ballots", "ms", voting[0], beside, voting[1], "at most 2"),
        Figure(f"showing a poll with {MANY:,} ballots", "ms", showing[0], beside, showing[1], "at most 2"),
    ]


def _fill(tx: Transaction) -> None:
    """Ballots of as many residents, straight into the tables; the count beside them is kept right."""
    run: Callable[[str], object] = tx.db.exec_driver_sql  # type: ignore[attr-defined]
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY + 999})"
    run(f"{numbers} INSERT INTO residents (id, name) SELECT i, 'voter ' || i FROM n")
    run(f"{numbers} INSERT INTO ballots (poll, voter, choices, cast_at) SELECT 1, i, 1 + i % 3, 0 FROM n")
    run("DELETE FROM tallies WHERE poll = 1")
    counted = "SELECT 1, choices, count(*) FROM ballots WHERE poll = 1 GROUP BY choices"
    run(f"INSERT INTO tallies (poll, choices, votes) {counted}")
    run("INSERT INTO tallies (poll, choices, votes) SELECT 1, '', count(*) FROM ballots WHERE poll = 1")


async def _vote(core: PleinCore) -> float:
    return await _each(core, [f"!stem {number % 3 + 1}" for number in range(TIMES)])


async def _show(core: PleinCore) -> float:
    return await _each(core, ["!peiling toon"] * TIMES)


async def _each(core: PleinCore, words: list[str]) -> float:
    """The median of one command, in milliseconds."""
    times = []
    for number, one in enumerate(words):
        start = time.perf_counter()
        await core.handle(said(number % FEW, one))
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)

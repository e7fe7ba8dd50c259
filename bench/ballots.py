"""A poll with 100,000 ballots: voting and showing beside one with ten; counting as many ranked ones."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from sqlalchemy import insert

from bench.community import HERE, core_on, cpu, in_memory, on_both, opened, said, watched, with_poll
from bench.figures import Figure, by_turns, compare
from bot.core import PleinCore
from bot.features.polls.records import POLLS
from bot.features.polls.show import count_of
from bot.ports.storage import Store, Transaction
from storage.polls.tables import tallies
from storage.unit import Tx

FEW, MANY, OPTIONS = 10, 100_000, 20
TIMES = 200


async def measure() -> list[Figure]:
    return [*await _many_beside_few(), *await on_both(_counting_on)]


async def _many_beside_few() -> list[Figure]:
    with in_memory() as folder:
        async with (
            opened(f"sqlite:///{folder}/few.db") as small,
            opened(f"sqlite:///{folder}/many.db") as large,
        ):
            few, many = [await with_poll(core_on(store), FEW) for store in (small, large)]
            await large.run(_fill)
            voting, voting_few = await by_turns(partial(_vote, many), partial(_vote, few))
            showing, showing_few = await by_turns(partial(_show, many), partial(_show, few))
    beside, bound = f"with {FEW}", "at most 2"
    return [
        compare(f"CPU of voting in a poll with {MANY:,} ballots", "us", voting, beside, voting_few, bound),
        compare(f"CPU of showing a poll with {MANY:,} ballots", "us", showing, beside, showing_few, bound),
    ]


def _fill(tx: Transaction) -> None:
    """Ballots of as many residents, straight into the tables; the count beside them is kept right."""
    run: Callable[[str], object] = cast(Tx, tx)._executor.run
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY + 999})"
    run(f"{numbers} INSERT INTO residents (id, community, name) SELECT i, 1, 'voter ' || i FROM n")
    votes = "SELECT 1, 1, i, i, 1 + i % 3, 0 FROM n"
    run(f"{numbers} INSERT INTO ballots (community, poll, voter, cast_as, choices, cast_at) {votes}")
    run("DELETE FROM tallies WHERE poll = 1")
    for choices, of in (("choices", "GROUP BY choices"), ("''", "")):
        counted = f"SELECT 1, 1, {choices}, count(*) FROM ballots WHERE poll = 1 {of}"
        run(f"INSERT INTO tallies (community, poll, choices, votes) {counted}")


async def _vote(core: PleinCore) -> float:
    return await cpu(core, [said(number % FEW, f"!stem {number % 3 + 1}") for number in range(TIMES)])


async def _show(core: PleinCore) -> float:
    return await cpu(core, [said(number % FEW, "!peiling toon") for number in range(TIMES)])


# --- a hundred thousand ranked ballots ---------------------------------------------------------


async def _counting_on(database: str, store: Store) -> list[Figure]:
    core = core_on(store)
    await core.joined(HERE.platform, HERE, "square")
    options = " | ".join(f"keuze {number}" for number in range(1, OPTIONS + 1))
    await core.handle(said(0, f'!peiling open "Wat?" {options} --soort ranked'))
    orders = _orders()
    await store.run(partial(_rank, orders))
    counted, others = await by_turns(partial(_count, store), partial(_count_by_the_book, orders))
    title = f"CPU of counting {MANY:,} ranked ballots of {OPTIONS} options, {database}"
    used, held = zip(*counted, strict=True)
    return [
        compare(title, "s", used, "every pair of every ballot", [turn[0] for turn in others], "at most 0.8"),
        compare("the event loop held meanwhile", "ms", held, "50 ms", 50.0, "at most 1"),
    ]


async def _count(store: Store) -> tuple[float, float]:
    """How much CPU it takes, in seconds, and how long the loop is held at most, in milliseconds."""
    async with watched() as late:
        start = time.process_time()
        people = await store.run(_people_counted)
        used = time.process_time() - start
    assert people == MANY
    return used, max(late) * 1000


async def _count_by_the_book(orders: Sequence[str]) -> tuple[float, float]:
    """The duels as they are usually added up, of ballots that are in memory already; it holds the loop."""
    start = time.process_time()
    duels = [[0] * (OPTIONS + 1) for _ in range(OPTIONS + 1)]
    for order in orders:
        for before, after in itertools.combinations(map(int, order.split(",")), 2):
            duels[before][after] += 1
    return time.process_time() - start, 0


def _orders() -> Sequence[str]:
    """No two ballots alike, as far as chance goes."""
    chance = random.Random(20)
    return [",".join(map(str, chance.sample(range(1, OPTIONS + 1), OPTIONS))) for _ in range(MANY)]


def _rank(orders: Sequence[str], tx: Transaction) -> None:
    rows = [{"poll": 1, "choices": order, "votes": 1} for order in orders]
    run = tx.db.execute  # type: ignore[attr-defined]
    for start in range(0, len(rows), 10_000):
        run(insert(tallies), rows[start : start + 10_000])


def _people_counted(tx: Transaction) -> int:
    found = tx.of(POLLS).get(1, 0)
    assert found
    return count_of(tx, found[0]).people

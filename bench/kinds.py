"""Each kind of poll beside the plain one: opening, voting, showing; and counting 100,000 ranked ballots."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from bench.figures import RUNS, Figure, by_turns
from bench.votes import CLOCK, HERE, poll_on, said
from bot import when
from bot.core import PleinCore
from bot.errors import UserError
from bot.features.polls.records import POLLS, Kind
from bot.features.polls.show import count_of
from bot.main.app import freeze_startup_objects
from bot.main.features import stores_of
from bot.model.events import Invocation
from bot.model.people import Identity
from bot.ports.storage import Store, Transaction
from storage.engines import open_database
from storage.polls import tallies
from tests.bot.test_when_corpus import lines
from tests.chat import BRUSSELS
from tests.postgres import PostgreSQL as Server

PEOPLE, TIMES = 10, 120
RANKED, OPTIONS = 100_000, 20
# How each kind is opened, and three votes in it.
KINDS = {
    Kind.CHOICE: ("Plein | Park | Nergens", ("1", "2", "3")),
    Kind.APPROVAL: ("Plein | Park | Nergens", ("1", "2 3", "1 3")),
    Kind.SCORE: ("Plein | Park | Nergens", ("5 0 3", "1 2 3", "0 5 5")),
    Kind.RANKED: ("Plein | Park | Nergens", ("1 2 3", "3 2 1", "2 1 3")),
    Kind.CONSENT: ("", ("agree", "abstain", "object te duur")),
    Kind.DATES: ("1 juni 20u | 2 juni 20u | 3 juni 20u", ("ja nee ja", "nee ja nee", "misschien ja nee")),
}
_numbers = itertools.count()


async def measure() -> list[Figure]:
    freeze_startup_objects()  # as Plein does at its start
    return [_reading(), *await _beside_the_plain_kind(), *await _counting()]


def _reading() -> Figure:
    """Every phrase of the corpus once, understood or asked back; the mean, and that the median of several."""
    corpus = [*lines("nl"), *lines("en")]
    means = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for line in corpus:
            with contextlib.suppress(UserError):
                when.read(line.phrase, line.now, BRUSSELS)
        means.append((time.perf_counter() - start) * 1000 / len(corpus))
    return Figure("reading a moment in words", "ms", statistics.median(means), "0.5 ms", 0.5, "at most 1")


# --- each kind beside the plain one --------------------------------------------------------


async def _beside_the_plain_kind() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        cores: dict[Kind, PleinCore] = {}
        async with contextlib.AsyncExitStack() as stack:
            for kind in KINDS:
                store = await open_database(f"sqlite:///{folder}/{kind}.db", stored=stores_of())
                stack.push_async_callback(store.close)
                cores[kind] = await stack.enter_async_context(poll_on(store, 0))
                await cores[kind].handle(said(0, "!peiling sluit --zeker"))
            found = {}
            for name, does in (("opening", _open), ("voting", _vote), ("showing", _show)):
                took = await by_turns(*(partial(does, cores[kind], kind) for kind in KINDS))
                found[name] = dict(zip(KINDS, took, strict=True))
    return [
        Figure(f"{name}: {kind}", "ms", took[kind], "the plain kind", took[Kind.CHOICE], "at most 1.3")
        for name, took in found.items()
        for kind in KINDS
        if kind is not Kind.CHOICE
    ]


def _asked(person: str, words: str) -> Invocation:
    who = Identity("bench", person)
    return Invocation(f"kinds:{next(_numbers)}", who, person, HERE, CLOCK.now(), typed=words)


async def _timed(core: PleinCore, person: str, words: str) -> float:
    start = time.perf_counter()
    answer = await core.handle(_asked(person, words))
    took = (time.perf_counter() - start) * 1000
    assert answer is not None
    assert not answer.lines[0].key.startswith(("poll.vote.", "command.", "poll.which", "poll.flood"))
    return took


async def _open(core: PleinCore, kind: Kind) -> float:
    """Each asked by somebody else; only the last is left, to vote in."""
    times = []
    for _ in range(TIMES):
        words = f'!peiling open "Wat?" {KINDS[kind][0]} --soort {kind}'
        times.append(await _timed(core, f"asker {next(_numbers)}", words))
        await core.store.run(_leave_the_last)
    return statistics.median(times)


def _leave_the_last(tx: Transaction) -> None:
    for poll, _ in tx.of(POLLS).running(1, 0, 9)[1:]:
        tx.of(POLLS).change(poll.id, {"state": "cancelled"})


async def _vote(core: PleinCore, kind: Kind) -> float:
    words = KINDS[kind][1]
    return statistics.median(
        [await _timed(core, f"voter {n % PEOPLE}", f"!stem {words[n % 3]}") for n in range(TIMES)]
    )


async def _show(core: PleinCore, kind: Kind) -> float:
    return statistics.median([await _timed(core, "voter 1", "!peiling toon") for _ in range(TIMES)])


# --- a hundred thousand ranked ballots ---------------------------------------------------------


async def _counting() -> list[Figure]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.to_thread(Server, Path(folder))
        try:
            for name, url in (
                ("SQLite", f"sqlite:///{folder}/plein.db"),
                ("PostgreSQL", server.new_database()),
            ):
                store = await open_database(url, Path(folder) / "keys", stores_of())
                try:
                    took, held = await _count_many(store)
                finally:
                    await store.close()
                title = f"counting {RANKED:,} ranked ballots of {OPTIONS} options, {name}"
                found.append(Figure(title, "s", took, "one second", 1.0, "at most 1"))
                found.append(Figure("the event loop held meanwhile", "ms", held, "50 ms", 50.0, "at most 1"))
        finally:
            await asyncio.to_thread(server.stop)
    return found


async def _count_many(store: Store) -> tuple[float, float]:
    """The median of several counts in seconds, and the longest that the loop was held in all, in ms."""
    async with poll_on(store, 0) as core:
        options = " | ".join(f"keuze {number}" for number in range(1, OPTIONS + 1))
        await core.handle(_asked("asker", f'!peiling open "Wat?" {options} --soort ranked'))
        await store.run(_fill)
        times, held = [], 0.0
        for _ in range(RUNS):
            async with _watched() as gaps:
                start = time.perf_counter()
                people = await store.run(_count)
                times.append(time.perf_counter() - start)
            assert people == RANKED
            held = max(held, *gaps)
    return statistics.median(times), held * 1000


def _fill(tx: Transaction) -> None:
    """No two ballots alike, as far as chance goes."""
    chance = random.Random(20)
    orders = {tuple(chance.sample(range(1, OPTIONS + 1), OPTIONS)) for _ in range(RANKED)}
    rows = [{"poll": 2, "choices": ",".join(map(str, order)), "votes": 1} for order in orders]
    run = tx.db.execute  # type: ignore[attr-defined]
    for start in range(0, len(rows), 10_000):
        run(insert(tallies), rows[start : start + 10_000])


def _count(tx: Transaction) -> int:
    found = tx.of(POLLS).get(2, 0)
    assert found
    return count_of(tx, found[0]).people


@contextlib.asynccontextmanager
async def _watched() -> AsyncIterator[list[float]]:
    """How much later than asked for the loop came back, each time; in seconds."""
    gaps: list[float] = [0.0]

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.002)
            gaps.append(time.perf_counter() - start - 0.002)

    task = asyncio.create_task(watch())
    try:
        yield gaps
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

"""Opening, voting in and showing each kind of poll, beside the plain one."""

from __future__ import annotations

import contextlib
import itertools
import time
from functools import partial

from bench.community import HERE, core_on, cpu, in_memory, opened, said
from bench.figures import Figure, by_turns, compare
from bot.core import PleinCore
from bot.features.polls.records import POLLS, Kind
from bot.model.message import Message
from bot.ports.storage import Transaction

PEOPLE, TIMES, TURNS = 10, 120, 9
# How each kind is opened, and three votes in it.
KINDS = {
    Kind.CHOICE: ("Plein | Park | Nergens", ("1", "2", "3")),
    Kind.APPROVAL: ("Plein | Park | Nergens", ("1", "2 3", "1 3")),
    Kind.SCORE: ("Plein | Park | Nergens", ("5 0 3", "1 2 3", "0 5 5")),
    Kind.RANKED: ("Plein | Park | Nergens", ("1 2 3", "3 2 1", "2 1 3")),
    Kind.CONSENT: ("", ("agree", "abstain", "object te duur")),
    Kind.DATES: ("1 juni 20u | 2 juni 20u | 3 juni 20u", ("ja nee ja", "nee ja nee", "misschien ja nee")),
}
_askers = itertools.count(1000)


async def measure() -> list[Figure]:
    with in_memory() as folder:
        cores: dict[Kind, PleinCore] = {}
        async with contextlib.AsyncExitStack() as stack:
            for kind in KINDS:
                store = await stack.enter_async_context(opened(f"sqlite:///{folder}/{kind}.db"))
                cores[kind] = core_on(store)
                await cores[kind].joined(HERE.platform, HERE, "square")
            found = {}
            for name, does in (("opening", _open), ("voting", _vote), ("showing", _show)):
                took = await by_turns(*(partial(does, cores[kind], kind) for kind in KINDS), runs=TURNS)
                found[name] = dict(zip(KINDS, took, strict=True))
    return [
        compare(
            f"CPU of {name}: {kind}", "us", took[kind], "the plain kind", took[Kind.CHOICE], "at most 1.4"
        )
        for name, took in found.items()
        for kind in KINDS
        if kind is not Kind.CHOICE
    ]


async def _open(core: PleinCore, kind: Kind) -> float:
    """Each asked by somebody else; only the last is left, to vote in."""
    used = 0.0
    for _ in range(TIMES):
        asked = said(next(_askers), f'!peiling open "Wat?" {KINDS[kind][0]} --soort {kind}')
        start = time.process_time()
        answer = await core.handle(asked)
        used += time.process_time() - start
        assert _says(answer, "poll.opened")
        await core.store.run(_leave_the_last)
    return used / TIMES * 1e6


def _leave_the_last(tx: Transaction) -> None:
    for poll, _ in tx.of(POLLS).running([1], 0, 9)[1:]:
        tx.of(POLLS).change(poll.id, {"state": "cancelled"})


async def _vote(core: PleinCore, kind: Kind) -> float:
    words = KINDS[kind][1]
    used = await cpu(core, [said(number % PEOPLE, f"!stem {words[number % 3]}") for number in range(TIMES)])
    answer = await core.handle(said(1, "!peiling toon"))
    # Of dates it says a line each.
    assert _says(answer, "poll.show.chose", "poll.show.each")
    return used


async def _show(core: PleinCore, kind: Kind) -> float:
    return await cpu(core, [said(1, "!peiling toon") for _ in range(TIMES)])


def _says(answer: Message | None, *keys: str) -> bool:
    return answer is not None and any(line.key.startswith(keys) for line in answer.lines)

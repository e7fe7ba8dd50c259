"""Kudos: thanking beside a vote, and with a long history beside a short one; what shows that history; and
what the memory of a community is that never thanks.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.community import HERE, PLATFORM, cpu, in_memory, opened, said
from bench.figures import Figure, by_turns, compare
from bot.clock import HandClock
from bot.core import PleinCore
from bot.features.kudos.give import NEW_FOR
from bot.features.kudos.month import LISTED, month_of
from bot.features.kudos.records import KUDOS, Given, KudosSettings, Receiver, Taste
from bot.features.polls.settings import PollsSettings
from bot.main.features import add_up
from bot.model.events import Invocation, Mention
from bot.model.people import Identity, Part, Role
from bot.ports.storage import Store, Transaction
from bot.settings import Settings
from bot.texts import Texts
from tests.chat import BRUSSELS, NOW

ROOT = Path(__file__).parents[1]
PEOPLE, GIVEN, SHOWN, TURNS = 32, 200, 100, 5
MANY, FEW = 100_000, 100
# So many people were ever thanked, over so many days, of whom every second agreed to the wall; and so many
# thanks are told of the last month.
NEIGHBOURS, DAYS, LATELY = 500, 1_000, 20
# So many come in one transaction.
AT_ONCE = 1_000
DAY = timedelta(days=1)


async def measure() -> list[Figure]:
    with in_memory() as one, in_memory() as other:
        async with (
            opened(f"sqlite:///{one}/plein.db") as large,
            opened(f"sqlite:///{other}/plein.db") as small,
        ):
            many, few = await _Town.with_history(large, MANY), await _Town.with_history(small, FEW)
            found = [*[figure async for figure in _histories(many, few)], await _beside_a_vote(few)]
    return [*found, await _memory()]


class _Town:
    """A community with a history, whose clock goes on a day for every turn: people thank anew then."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, HandClock(NOW)
        sections = PollsSettings(quiet=""), KudosSettings(thanks_a_day=100)
        settings = Settings("nl", BRUSSELS, sections)
        self.core = PleinCore(store, self.clock, Texts(), settings, add_up())
        self._turns = itertools.count()

    @classmethod
    async def with_history(cls, store: Store, count: int) -> _Town:
        town = cls(store)
        await town.core.joined(PLATFORM, HERE, "square")
        # A turn is a day, and it is open for longer than all of them.
        asked = '!peiling open "Waar komt de bank?" Plein | Park | Nergens --sluit "30 november 2027 20u"'
        await town.core.handle(town.said(0, asked))
        people = await store.run(town._come)
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count)
            await store.run(
                lambda tx, first=first, last=last: town._have_thanked(tx, people, range(first, last), count)  # type: ignore[misc]
            )
        return town

    def _come(self, tx: Transaction) -> Sequence[int]:
        here, now = tx.places.known(HERE), self.clock.now()
        assert here
        found = []
        for number in range(NEIGHBOURS):
            who = Identity(PLATFORM, f"buur{number}")
            resident = tx.people.add(who, f"buur {number}")
            if number % 4 == 0:
                tx.people.talks(who)
            tx.people.take_part(who, resident.id, here[0].id, Part(Role.RESIDENT, now - DAYS * DAY, now))
            tx.of(KUDOS).choose(resident.id, Taste(wall=number % 2 == 0, asked=True, giver=number % 4 == 0))
            found.append(resident.id)
        return found

    def _have_thanked(self, tx: Transaction, people: Sequence[int], numbers: range, count: int) -> None:
        """All but the last long ago; these in the month that is told."""
        here = tx.places.known(HERE)
        assert here
        tastes = tx.of(KUDOS).tastes(people)
        for number in numbers:
            at = NOW - DAYS * DAY + number * (DAYS - 60) * DAY / count
            if number >= count - LATELY:
                at = NOW - 10 * DAY
            giver, receiver = people[number % len(people)], people[number * 7 % len(people) - 1]
            given = Given(
                theme=here[0].id, giver=giver, given_at=at, day=at.date().isoformat(), reason="voor de soep"
            )
            tx.of(KUDOS).add(given, [Receiver(receiver)], tastes)

    def said(self, number: int, words: str, *mentions: Mention) -> Invocation:
        return replace(said(number, words), at=self.clock.now(), mentions=mentions)

    # --- what is measured, in microseconds of CPU for each ---

    async def give(self) -> float:
        """Each thanks others, whom they mention; none of them back."""
        self.clock.turn_to(self.clock.now() + DAY)
        turn = next(self._turns) * GIVEN
        heard = []
        for number in range(GIVEN):
            whom = f"buur{(turn + number) % NEIGHBOURS}"
            mention = Mention(f"@{whom}", Identity(PLATFORM, whom), whom)
            heard.append(self.said(number % PEOPLE, f'!bedankt @{whom} "voor het opruimen"', mention))
        return await cpu(self.core, heard)

    async def vote(self) -> float:
        heard = [self.said(number % PEOPLE, f"!stem {number % 3 + 1}") for number in range(GIVEN)]
        took = await cpu(self.core, heard)
        answer = await self.core.handle(self.said(0, "!stem 1"))
        assert answer
        assert "receipt" in str(answer.lines[0])
        return took

    async def show(self, words: str) -> float:
        return await cpu(self.core, [self.said(number % PEOPLE, words) for number in range(SHOWN)])

    async def read_month(self) -> float:
        """All that is read for the round-up of the last month, in its theme and for who organises."""
        month = month_of(NOW - 10 * DAY, BRUSSELS)
        since, until = month.begins(BRUSSELS), month.next.begins(BRUSSELS)

        def read(tx: Transaction) -> None:
            here, kept = tx.places.known(HERE), tx.of(KUDOS)
            assert here
            theme = here[0].id
            assert len(kept.wall([theme], LISTED + 1, since=since, until=until)) == LATELY // 2
            assert kept.givers(theme, since, until)
            assert not kept.there_since(theme, since, until)
            assert kept.themes_with(since, until)

        begun = time.process_time()
        for _ in range(SHOWN):
            await self.store.run(read)
        return (time.process_time() - begun) / SHOWN * 1e6


async def _beside_a_vote(town: _Town) -> Figure:
    """By people who are no strangers there any more, as most are."""
    await town.give()
    await town.vote()
    town.clock.turn(NEW_FOR)
    given, votes = await by_turns(town.give, town.vote, runs=TURNS)
    return compare(f"thanking somebody, {PEOPLE} people", "us CPU", given, "a vote", votes, "at most 1.5")


async def _histories(many: _Town, few: _Town) -> AsyncIterator[Figure]:
    measured: Mapping[str, tuple[Callable[[_Town], Awaitable[float]], str]] = {
        "what a round-up reads": (_Town.read_month, "at most 1.5"),
        "a page of the wall": (partial(_Town.show, words="!bedankje muur"), "at most 1.5"),
        "that of a month": (partial(_Town.show, words="!bedankje muur --maand november"), "at most 1.5"),
        "thanking somebody": (_Town.give, "at most 1.2"),
    }
    for name, (what, bound) in measured.items():
        await what(many)
        await what(few)
        ours, theirs = await by_turns(partial(what, many), partial(what, few), runs=TURNS)
        yield compare(f"{name}, {MANY:,} in the history", "us CPU", ours, f"{FEW}", theirs, bound)


async def _memory() -> Figure:
    ours, theirs = await by_turns(_at_rest, partial(_at_rest, "without"), runs=TURNS)
    title = "memory at rest, kudos never used"
    return compare(title, "MiB", ours, "without them", theirs, "at most 1.01")


async def _at_rest(*how: str) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.at_rest", *how), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return int(said) / 1024

"""A random walk over an agenda, beside a plain list of what should stand on it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from bot.features.meetings.agenda.records import AGENDAS, Total
from bot.model.message import Button, text
from tests.bot.features.meetings.test_changes import PLAN, council
from tests.doubles.platform import Town

PEOPLE = ("ann", "ben", "cas", "mia")
STEPS = 80


@dataclass
class Thing:
    """An item as it should be."""

    number: int
    who: str
    called: str
    minutes: int
    wanted_by: set[str] = field(default_factory=set)
    place: int | None = None
    dropped: bool = False
    taken_off: bool = False


@dataclass
class Walk:
    """What people do, and what should come of it."""

    town: Town
    chance: random.Random
    things: list[Thing] = field(default_factory=list)

    @property
    def standing(self) -> list[Thing]:
        found = [thing for thing in self.things if not thing.dropped]

        def place(thing: Thing) -> tuple[bool, int, int, int]:
            return thing.place is None, thing.place or 0, -len(thing.wanted_by), thing.number

        return sorted(found, key=place)

    async def step(self) -> None:
        who = self.chance.choice(PEOPLE)
        kinds = [self.add, self.add, self.support, self.support, self.stop, self.order, self.drop, self.back]
        await self.chance.choice(kinds)(who)

    def any(self, dropped: bool = False) -> Thing | None:
        found = [thing for thing in self.things if thing.dropped is dropped]
        return self.chance.choice(found) if found else None

    async def add(self, who: str) -> None:
        called, minutes = f"Punt {self.chance.randrange(40)}", self.chance.choice([5, 10, 180])
        twin = next((thing for thing in self.standing if thing.called == called), None)
        mine = sum(thing.who == who for thing in self.standing)
        await self.town.say(who, f'!agenda zet "{called}" {minutes}m')
        if twin is not None:
            twin.minutes = minutes if twin.who == who else twin.minutes
        elif mine < 10 and len(self.standing) < 30:
            self.things.append(Thing(len(self.things) + 1, who, called, minutes))

    async def support(self, who: str) -> None:
        if thing := self.any():
            await self.town.say(who, f"!agenda steun {thing.number}")
            thing.wanted_by |= {who} - {thing.who}

    async def stop(self, who: str) -> None:
        if thing := self.any():
            await self.press(who, "agenda stop supporting", thing)
            thing.wanted_by -= {who}

    async def order(self, who: str) -> None:
        some = self.chance.sample(self.standing, self.chance.randint(0, len(self.standing)))
        if some:
            others = [thing for thing in self.standing if thing not in some]
            await self.town.say(who, f"!agenda orden {' '.join(str(thing.number) for thing in some)}")
            for place, thing in enumerate([*some, *others] if who == "mia" else ()):
                thing.place = place

    async def drop(self, who: str) -> None:
        if thing := self.any():
            await self.town.say(who, f"!agenda schrap {thing.number}")
            thing.dropped = who in (thing.who, "mia")
            thing.taken_off = thing.dropped and who != thing.who

    async def back(self, who: str) -> None:
        if thing := self.any(dropped=True):
            alike = any(each.called == thing.called for each in self.standing)
            await self.press(who, "agenda put back", thing)
            may = who == "mia" or (who == thing.who and not thing.taken_off)
            thing.dropped = not may or alike or len(self.standing) >= 30

    async def press(self, who: str, command: str, thing: Thing) -> None:
        button = Button(text("typed", words=""), command, {"item": thing.number, "meeting": 1})
        await self.town.core.handle(self.town.asked(who, button=button))

    async def check(self) -> None:
        found = await self.town.core.store.run(lambda tx: [*tx.of(AGENDAS).items(1)])
        there = [(each.number, each.called, each.minutes, each.supports) for each in found]
        assert there == [
            (each.number, each.called, each.minutes, len(each.wanted_by)) for each in self.standing
        ]
        total = await self.town.core.store.run(lambda tx: tx.of(AGENDAS).total(1))
        assert total == Total(len(there), sum(each.minutes for each in self.standing))


@pytest.mark.parametrize("seed", range(3))
async def test_what_stands_there_is_what_they_put_there(database_url: str, seed: int) -> None:
    async with council(database_url, PLAN) as town:
        walk = Walk(town, random.Random(seed))
        for _ in range(STEPS):
            await walk.step()
            await walk.check()
        assert len(walk.things) > 10

"""What people said and did on Matrix while Plein was away, where it is carried: everywhere once, in order.

The homeserver leaves most of it out of what it brings, as it does after a while.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.intake import Intake
from adapters.matrix.state import FILTER
from bot.carrying import Carried
from bot.clock import Clock, SystemClock
from bot.delivery import carrying
from bot.features.relay.records import RELAYS
from bot.main.config import ThemeSection
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.homeserver import Homeserver, Person, Shown, shown
from tests.on_matrix import OnMatrix, plein_on
from tests.town import numbers

BY_OTHERS = re.compile(r"^[^:]*: (?:om [^ ]* |op [^:]*: )?")


class Later:
    """A clock that is so far ahead: what is said now was said long ago."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead
        self._clock = SystemClock()

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


@dataclass
class Both:
    """Two rooms of a theme whose relay is on, and two people who are in both."""

    server: Homeserver
    folder: Path
    plein: str
    anna: Person
    ben: Person
    rooms: tuple[str, ...]
    carried: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def relaying(self, clock: Clock | None = None, *, ready: bool = True) -> AsyncIterator[OnMatrix]:
        theme = ThemeSection(name="Sport", places=tuple(f"matrix:{room}" for room in self.rooms))
        more: Any = {"themes": [theme], "relays": True, "clock": clock, "ready": ready}
        async with plein_on(self.server, self.folder, self.plein, **more) as plein:

            def begin(tx: Transaction) -> None:
                theme, mo = tx.places.theme_named("Sport"), Identity("matrix", "@mo:x")
                who = tx.people.by_identity(mo) or tx.people.add(mo, "mo")
                tx.of(RELAYS).begin(theme.id, who.id, plein.core.clock.now())

            places = {Place("matrix", room) for room in self.rooms}
            async with asyncio.timeout(60), self.carried:
                while not places <= plein.core.carried.places:
                    # Only what is of the theme by then takes part.
                    await plein.core.store.run(begin)
                    await self.carried.wait()
            yield plein

    async def read(self, room: str) -> list[Shown]:
        return shown(await self.anna.history(room))

    async def words(self, room: str) -> list[str]:
        """What people read there, without who said it elsewhere, and when."""
        said = await self.read(room)
        return [BY_OTHERS.sub("", each.body) if each.sender == self.plein else each.body for each in said]

    async def copy_of(self, room: str, words: str) -> str:
        said = await self.read(room)
        return next(each.event_id for each in said if each.sender == self.plein and each.body.endswith(words))

    async def say_the_same(self, words: Sequence[str]) -> None:
        """Return once these words, and no others, stand in both rooms."""

        async def look() -> bool | None:
            there = [sorted(await self.words(room)) for room in self.rooms]
            return all(each == sorted(words) for each in there) or None

        await self.anna.wait_until(look, timeout=60)


@pytest.fixture(autouse=True)
def _brings_little(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms: Any = FILTER["room"]
    monkeypatch.setitem(rooms["timeline"], "limit", 3)
    monkeypatch.setattr(carrying, "LOOKS_AGAIN", timedelta(milliseconds=20))


@pytest.fixture
async def both(homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    plein = await homeserver.register(f"plein{next(numbers)}")
    anna, ben = [await homeserver.person(f"{name}{next(numbers)}") for name in ("anna", "ben")]
    # It may take away what others say.
    levels: Any = {"power_level_content_override": {"users": {plein: 50}}}
    rooms = [await anna.create_room(invite=[plein], public=True, **levels) for _ in range(2)]
    for room in rooms:
        await ben.join(room)
    both, refresh = Both(homeserver, tmp_path, plein, anna, ben, tuple(rooms)), Carried.refresh

    async def refreshing(carried: Carried) -> None:
        await refresh(carried)
        async with both.carried:
            both.carried.notify_all()

    monkeypatch.setattr(Carried, "refresh", refreshing)
    return both


async def much_is_done(both: Both) -> list[str]:
    """While Plein is away; what stands in both rooms in the end."""
    (here, there), anna, ben = both.rooms, both.anna, both.ben
    first, second = [each.event_id for each in await both.read(here) if each.sender == anna.user_id][:2]
    await anna.edit(here, first, "toen, anders")
    await anna.redact(here, second)
    # Whoever made the room takes away a copy, which says that it is to go everywhere.
    await anna.redact(there, await both.copy_of(there, "toen 2"))
    await anna.redact(here, await both.copy_of(here, "van ben"))
    words = ["toen, anders", "toen 3"]
    for number in range(24):
        who, room = (anna, ben)[number % 2], both.rooms[number % 3 == 0]
        said = await who.say(room, f"nu {number}")
        words.append(f"nu {number}")
        if number % 6 == 1:
            await who.edit(room, said, words[-1] + ", anders")
            words[-1] += ", anders"
        if number % 5 == 4:
            await who.redact(room, said)
            words.pop()
    return words


async def before(both: Both) -> None:
    async with both.relaying():
        for number in range(4):
            await both.anna.say(both.rooms[0], f"toen {number}")
        await both.ben.say(both.rooms[1], "van ben")
        await both.say_the_same([*(f"toen {number}" for number in range(4)), "van ben"])


async def in_order(both: Both) -> None:
    """What each said in one room stands so in the other."""
    for room, other in (both.rooms, both.rooms[::-1]):
        for who in (both.anna, both.ben):
            own = [each.body for each in await both.read(room) if each.sender == who.user_id]
            assert [words for words in await both.words(other) if words in own] == own


@pytest.mark.long
async def test_both_say_the_same_after_an_absence(both: Both) -> None:
    await before(both)
    words = await much_is_done(both)
    for _ in range(2):
        async with both.relaying():
            await both.say_the_same(words)
    await in_order(both)


@pytest.mark.long
async def test_what_was_left_out_is_read_after_a_restart_too(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plein ends when it knows that something was left out, and has not read it yet."""
    await before(both)
    words = await much_is_done(both)
    is_asked = asyncio.Event()

    async def closing(*_: Any) -> None:
        is_asked.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patches:
        patches.setattr(Intake, "_close_gap", closing)
        async with both.relaying(ready=False), asyncio.timeout(60):
            await is_asked.wait()
    async with both.relaying():
        await both.say_the_same(words)
    await in_order(both)


async def test_of_very_much_the_last_is_carried_with_when_it_was_said(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "MOST_MISSED", 5)
    await before(both)
    (here, there), anna = both.rooms, both.anna
    said = [f"nu {number}" for number in range(18)]
    for each in said:
        await anna.say(here, each)
    async with both.relaying(clock=Later(timedelta(minutes=10))):

        async def look() -> bool | None:
            return said[-1] in await both.words(there) or None

        await anna.wait_until(look, timeout=60)
        told = await anna.wait_for(
            there, lambda each: "Ik was een tijd weg" in each["content"].get("body", "")
        )
    assert [words for words in await both.words(there) if words in said] == said[-5:]
    assert "13 berichten van daarvoor staan alleen daar" in told["content"]["body"]
    late = [each.body for each in await both.read(there) if each.body.endswith(tuple(said[-5:]))]
    assert all(re.search(": (om [0-9]{2}:[0-9]{2}|op .+:) nu ", body) for body in late)

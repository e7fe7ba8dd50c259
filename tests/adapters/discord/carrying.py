"""Stands in for the core where it carries what people say: what is wanted, what stands, what was heard."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from bot.core import PleinCore
from bot.errors import NotNow, PlatformFailed
from bot.main.config import ThemeSection
from bot.model.carried import Copy, Spoken
from bot.model.events import Heard
from bot.model.message import Text
from bot.model.people import Identity, Place
from bot.model.signs import Signed
from bot.ports.adapter import Note
from bot.rich import Rich, Words
from tests.doubles.discord import Discord as Double
from tests.doubles.discord.state import Channel, Message
from tests.doubles.discord.waiting import Bell
from tests.on_discord import OnDiscord, plein_on

TRIES = 40


@dataclass
class Carrying:
    """What the core keeps of it; `carried` are the rooms in which it is on."""

    carried: set[str] = field(default_factory=set)
    heard: list[Heard] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    signed: list[Signed] = field(default_factory=list)
    # Who is known to have put what on what stands there.
    signs: dict[str, dict[str, set[Identity]]] = field(default_factory=dict)
    stands: dict[int, list[str]] = field(default_factory=dict)
    tried: dict[int, datetime] = field(default_factory=dict)
    bell: Bell = field(default_factory=Bell)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    tries: int = 0
    # Why something of what was shown last could not come along.
    why: Text | None = None

    def __post_init__(self) -> None:
        self._editions = itertools.count(1)

    def is_copy(self, ref: str) -> bool:
        return any(ref in stands for stands in self.stands.values())

    async def once(
        self,
        plein: OnDiscord,
        there: Channel,
        number: int,
        spoken: Spoken | None,
        *,
        noting: Note | None = None,
        **more: Any,
    ) -> None:
        """Try it once, as it is to be from now on; whatever the adapter raises."""
        stands = self.stands.setdefault(number, [])
        in_doubt = number in self.tried
        self.tried.setdefault(number, plein.clock.now())
        place = Place("discord", there.id)
        copy = Copy(
            number,
            place,
            plein.adapter.account,
            spoken,
            str(next(self._editions)),
            tuple(stands),
            tried_at=self.tried[number],
            in_doubt=in_doubt,
        )
        self.tries += 1

        async def note(part: int, ref: str) -> None:
            stands[part:] = [ref, *stands[part + 1 :]]

        try:
            self.why = await plein.adapter.carry(replace(copy, **more), noting or note)
        except NotNow as no:
            if no.unsent and not in_doubt:
                del self.tried[number]
            raise
        del self.tried[number]
        while stands and not stands[-1]:
            stands.pop()

    async def show(
        self, plein: OnDiscord, there: Channel, spoken: Spoken | None, number: int = 0, **more: Any
    ) -> int:
        """Until it is so, with as much patience as is asked for; the number that the message has."""
        number = number or next(self.numbers)
        for _ in range(TRIES):
            try:
                await self.once(plein, there, number, spoken, **more)
                return number
            except NotNow as no:
                plein.double.clock.turn(no.seconds or 1.0)
            except PlatformFailed:
                plein.double.clock.turn(1.0)
        raise AssertionError(f"{number} could not be shown")

    def shown(self, there: Channel, number: int) -> list[Message]:
        """Its parts, as they stand there; in a thread of a place as in the thread."""
        numbers = [ref.rpartition("/")[2] for ref in self.stands[number]]
        return [there.messages[each] for each in numbers if each in there.messages]

    async def until_heard(self, *words: str) -> None:
        """Return once these, and no others, were brought."""
        said = [heard.words for heard in self.heard]
        await self.bell.until(
            lambda: [heard.words for heard in self.heard] == list(words), why=lambda: f"heard was {said}"
        )


@contextmanager
def carrying(*there: Channel) -> Iterator[Carrying]:
    """What is said in these places is carried."""
    known = Carrying({channel.id for channel in there})

    async def is_copy(_: PleinCore, place: Place, ref: str) -> bool:
        return known.is_copy(ref)

    async def hear(_: PleinCore, heard: Heard) -> None:
        if heard.id not in {before.id for before in known.heard}:
            known.heard.append(heard)
            known.bell.ring()

    async def signed(_: PleinCore, signed: Signed) -> None:
        known.signed.append(signed)
        known.bell.ring()

    async def signs_at(_: PleinCore, place: Place, refs: Collection[str]) -> Any:
        return {ref: known.signs[ref] for ref in refs if ref in known.signs}

    async def gone(_: PleinCore, place: Place, refs: list[str]) -> None:
        known.gone += [(place.room_id, ref) for ref in refs]
        known.bell.ring()

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(PleinCore, "may_carry", property(lambda _: True))
        patches.setattr(PleinCore, "carries", lambda _, place: place.room_id in known.carried)
        patches.setattr(PleinCore, "is_copy", is_copy)
        patches.setattr(PleinCore, "hear", hear)
        patches.setattr(PleinCore, "signed", signed)
        patches.setattr(PleinCore, "signs_at", signs_at)
        patches.setattr(PleinCore, "gone", gone)
        yield known


@asynccontextmanager
async def plein_carrying(double: Double, database: str, *there: Channel) -> AsyncIterator[OnDiscord]:
    """Plein on Discord, in these places."""
    themes = [ThemeSection(name=each.name, places=(f"discord:{each.id}",)) for each in there]
    async with plein_on(double, database, themes=themes) as plein:
        yield plein


def said(words: str | Rich, at: datetime, name: str = "Mia", **more: Any) -> Spoken:
    """What somebody said elsewhere."""
    rich = (Words(words),) if isinstance(words, str) else words
    return replace(Spoken(name, rich, at), **more)

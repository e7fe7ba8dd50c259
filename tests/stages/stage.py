"""What a stage is: residents with accounts of their own, places, and what is heard there."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from adapters.console.client import CORNER, PLATFORM, Said, Turning
from adapters.console.script import Says, Signs, link_to
from bot.clock import HandClock
from bot.core import PleinCore
from bot.main.config import Config
from bot.model.events import Heard as Talk
from bot.model.events import Invocation
from bot.model.homes import Home, WantedRoom
from bot.model.message import Message, Text, text
from bot.model.people import Identity, Place, Presences
from bot.platforms import called
from bot.ports.adapter import Listener
from bot.signs import folded_sign
from bot.texts import Texts, Voice

# Files that can be read where lines are shown.
READABLE = (".csv", ".json")
# A button that has Plein make a home for themes.
MAKES_HOME = "home.button.make"
# That Plein may do everything here.
LACKS_NOTHING = "community.complete"
# What is written in it has no moment in it.
TIMELESS = ZoneInfo("UTC"), datetime.min.replace(tzinfo=UTC)


class HandTurned(HandClock):
    """Only the transcript turns it: whoever waits for a moment meanwhile moves nothing."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


class Who(NamedTuple):
    """Somebody, on one of the transcript's platforms: an account of its own."""

    name: str
    label: str


class Where(NamedTuple):
    """A place on one of the transcript's platforms: a channel or room of its own."""

    label: str
    place: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said: `where` as in the transcript, to one person `discord > anna` in whatever place."""

    where: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of Plein's as its readers see it now: everybody in a place, or one person."""

    ref: str
    to: Where | Who
    lines: tuple[str, ...]
    pressable: bool
    edited: bool = False

    def with_more(self, *lines: str) -> Seen:
        """The same with what was sent along."""
        return replace(self, lines=(*self.lines, *lines))

    @property
    def heard(self) -> Heard:
        match self.to:
            case Who(name, label):
                return Heard(f"{label} > {name}", self.lines)
            case Where(label, place):
                return Heard(f"{label}/{place}" + (" *" if self.edited else ""), self.lines)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the console printed, by what it was made of. Buttons by their labels; files with their lines."""

    body: Sequence[str]
    how: Sequence[str]
    buttons: Sequence[str]
    files: Sequence[str]

    def with_homes(self, homes: Sequence[Home], offers: Collection[int], texts: Texts) -> Parts:
        """The same on a platform where these stand for a corner: the first wherever one is named, and a
        button for each where one is offered to be made.
        """

        def told(line: str, home: Home) -> str:
            line = line.replace(called(PLATFORM), called(home.platform))
            for locale in texts.locales:
                voice = Voice(locale, *TIMELESS)
                corner = re.escape(texts.write(text(CORNER, name="NAME"), voice)).replace("NAME", "([^”]+)")
                line = re.sub(corner, partial(_named, home, texts, voice), line)
            return line

        def lines(lines: Sequence[str]) -> Sequence[str]:
            return [told(line, homes[0]) for line in lines]

        if not homes:
            return self
        buttons = [
            told(label, home)
            for number, label in enumerate(self.buttons)
            for home in (homes if number in offers else homes[:1])
        ]
        return Parts(lines(self.body), lines(self.how), buttons, self.files)

    @classmethod
    def of(cls, said: Said) -> Parts:
        message, lines = said.message, said.lines
        body = bool(message.title) + len(message.lines)
        how = body + len(message.hints)
        buttons = how + bool(message.buttons)
        labels = re.split(r"(?:^|  )\[\d+\] ", "".join(lines[how:buttons]))[1:]
        return cls(lines[:body], lines[body:how], labels, lines[buttons:])


def _named(home: Home, texts: Texts, voice: Voice, found: re.Match[str]) -> str:
    return texts.write(replace(home, name=found[1]).called, voice)


def key_of(said: Said) -> str:
    """Of the first line: what is answered, in no language."""
    return said.message.lines[0].key if said.message.lines else ""


def bracketed(labels: Iterable[str]) -> list[str]:
    """Buttons as the console shows them, in a line; no line where there are none."""
    shown = "  ".join(f"[{number}] {label}" for number, label in enumerate(labels, start=1))
    return [shown] if shown else []


class Listening:
    """A core that tells which events were dealt with, and on which places Plein arrived.

    `timed` says when something was said, where that is not for the platform to say.
    """

    def __init__(self, core: PleinCore, timed: Callable[[Invocation], Invocation]) -> None:
        self._core = core
        self._timed = timed
        self._events: dict[str, asyncio.Event] = {}
        # How often which account put a sign on which message, or took it away.
        self._signed = Counter[tuple[str, str]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    async def handle(self, asked: Invocation) -> Message | None:
        answer = await self._core.handle(self._timed(asked))
        self._event(asked.id).set()
        if asked.reacted and asked.about:
            key = asked.about.ref, asked.author.user_id
            self._signed[key] += 1
            self._event(signed(*key, self._signed[key])).set()
        return answer

    async def take_back(self, asked: Invocation, taken: str) -> Message | None:
        answer = await self._core.take_back(self._timed(asked), taken)
        self._event(asked.id).set()
        return answer

    async def hear(self, talk: Talk) -> None:
        await self._core.hear(talk)
        self._event(talk.id).set()

    async def joined(self, account: str, place: Place, *settings: Any, **more: Any) -> None:
        await self._core.joined(account, place, *settings, **more)
        self._event(place.room_id).set()

    def _event(self, name: str) -> asyncio.Event:
        return self._events.setdefault(name, asyncio.Event())

    async def until(self, name: str) -> None:
        """Until the event with that id was dealt with, or Plein came to that place."""
        try:
            async with asyncio.timeout(120):
                await self._event(name).wait()
        except TimeoutError:
            raise AssertionError(f"Plein never dealt with {name}") from None


def signed(ref: str, user: str, often: int) -> str:
    """That somebody put a sign on that message or took it away so often, where no event says so."""
    return f"sign:{ref}:{user}:{often}"


class Stage(ABC):
    """One platform, with Plein on it.

    Set up with `prepare`, `adapter` and `begin`, in that order; then lines are done, each with what is
    heard because of it.
    """

    platform: str
    # What the console answers to what nobody can do on this platform (the first line's key).
    impossible: frozenset[str]

    def __init__(self, clock: Turning) -> None:
        self.clock = clock
        self.core: Listening
        self._texts = Texts()
        # Where Plein is, in the order in which it came there.
        self._here: list[Where] = []
        # What Plein made for themes: by its home and by what it was called then, as in the console.
        self._made: dict[Where, Place] = {}
        self._homes: dict[Place, Home] = {}
        self._takes_part: dict[tuple[Who, Where], datetime] = {}
        # By where it was shown and to whom (None: everybody), the latest last: as the console counts.
        self._pressable: dict[tuple[Where | None, Who | None], Seen] = {}
        self._board_of: dict[Where, str] = {}
        # What each said last in a place that was no command, and how often they did; what opens it there, and
        # in the transcript.
        self._talk: dict[tuple[Who, Where], tuple[Any, int]] = {}
        self.links: dict[str, str] = {}

    # --- before it begins ---

    @abstractmethod
    async def prepare(self, people: Iterable[Who], places: Iterable[Where], language: str) -> None:
        """Accounts, and places where Plein is not yet."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The platform's own section of the configuration."""

    @abstractmethod
    def account(self, who: Who) -> Identity: ...

    @abstractmethod
    def address(self, where: Where) -> str:
        """The room's or channel's id."""

    @abstractmethod
    def adapter(self, config: Config, texts: Texts, served: Collection[int]) -> Listener: ...

    @abstractmethod
    async def begin(self) -> None:
        """What is to be there before the first line, once Plein reads along."""

    def note_rooms_of(self, adapter: Listener) -> None:
        """Each channel or room that it makes for a theme is a place of the transcript's from then on."""
        make = adapter.make_room

        async def make_room(community: int, home: Home, wanted: WantedRoom) -> Place | None:
            if place := await make(community, home, wanted):
                self._made[Where(home.name, wanted.name)] = place
                self._homes[place] = home
            return place

        adapter.make_room = make_room  # type: ignore[method-assign]

    @abstractmethod
    def called(self, who: Who) -> str:
        """The name that somebody's account has."""

    @abstractmethod
    def handle(self, who: Who) -> str:
        """By what somebody's account is told from every other."""

    @abstractmethod
    def mention(self, who: Who) -> str:
        """How people name somebody who is where they are."""

    # --- what people do ---

    async def comes_to(self, where: Where) -> bool:
        """Plein is in the place from now on; whether that is new."""
        if where in self._here or where in self._made:
            return False
        self._here.append(where)
        await self._invite(where)
        await self.core.until(self.address(where))
        return True

    async def does(self, says: Says, *, openly: bool) -> None:
        """Do what a line says, and wait until Plein has dealt with it. `openly`: so that others see it."""
        who = Who(says.name, says.label)
        where = Where(says.label, says.place) if says.place else None
        if where and (who, where) not in self._takes_part:
            self._takes_part[who, where] = self.clock.now()
            await self._join(who, where)
        if where and says.signs:
            talk = self._talk.get((Who(says.signs.whose, says.label), where))
            if talk and folded_sign(says.signs.sign) in self.core.signs:
                await self._sign(who, where, says.signs, talk[0])
        elif says.pressed is None:
            await self._say(who, where, says.text, openly=openly)
        elif found := self._last_pressable(who, where):
            await self._press(who, found, says.pressed)

    @abstractmethod
    def answers_apart(self, says: Says, *, openly: bool) -> bool:
        """Whether what is answered to that in a place is a message by itself, in private."""

    @abstractmethod
    async def _invite(self, where: Where) -> None:
        """Somebody asks Plein to come."""

    @abstractmethod
    async def _join(self, who: Who, where: Where) -> None:
        """Somebody comes into a place for the first time."""

    @abstractmethod
    async def _say(self, who: Who, where: Where | None, words: str, *, openly: bool) -> None: ...

    @abstractmethod
    async def _press(self, who: Who, seen: Seen, number: int) -> None: ...

    @abstractmethod
    async def _sign(self, who: Who, where: Where, signs: Signs, talk: Any) -> None:
        """Put a sign on what somebody said, or take it away."""

    def _talked(self, who: Who, where: Where, talk: Any, link: str) -> None:
        """Somebody said something there, which that link opens."""
        often = self._talk.get((who, where), (None, 0))[1] + 1
        self._talk[who, where] = talk, often
        self.links[link] = link_to(where.label, where.place, who.name, often)

    def _last_pressable(self, who: Who, where: Where | None) -> Seen | None:
        """The last message with buttons that they saw there; in private, the last that was for them."""
        found = None
        for (place, reader), seen in self._pressable.items():
            here = place == where and reader in (None, who)
            if here or (where is None and reader == who):
                found = seen
        return found

    # --- what is heard ---

    async def heard(self, says: Says | None = None) -> list[Heard]:
        """All that was said since this was last asked, because of that line; to one person first."""
        new = [seen for seen in await self._look() if not self._welcomes(seen)]
        new.sort(key=lambda seen: isinstance(seen.to, Where))
        for seen in new:
            self._remember(seen, says)
        return [seen.heard for seen in new]

    def _welcomes(self, seen: Seen) -> bool:
        """Nobody comes anywhere in the console, so that nobody is welcomed there."""
        title = seen.lines[0].partition("\n")[0]
        return title in [self._texts.find("welcome.title", locale) for locale in self._texts.locales]

    @abstractmethod
    async def _look(self) -> list[Seen]:
        """Everything of Plein's that is new or another since this was last asked, wherever it stands."""

    def _remember(self, seen: Seen, says: Says | None) -> None:
        """Buttons, as the console remembers them: an older board stays where it was."""
        if not seen.pressable:
            return
        if isinstance(seen.to, Where):
            if not seen.edited:
                self._board_of[seen.to] = seen.ref
            if self._board_of.get(seen.to) != seen.ref:
                return
            key: tuple[Where | None, Who | None] = (seen.to, None)
        else:
            here = says and says.place and Who(says.name, says.label) == seen.to
            key = (Where(says.label, says.place) if says and says.place and here else None, seen.to)
        self._pressable.pop(key, None)
        self._pressable[key] = seen

    def expects(self, said: Said) -> list[Heard]:
        """What must be heard here, for what the console said."""
        if key_of(said) in self.impossible:
            return []
        where = re.sub(r"/\S+ >", " >", said.where)
        return [Heard(where, tuple(self.shows(said)))]

    @abstractmethod
    def shows(self, said: Said) -> list[str]:
        """How this platform shows it."""

    @abstractmethod
    def homes(self) -> Sequence[Home]:
        """What Plein could make for a home where the console has a corner, as it offers that."""

    @abstractmethod
    def lacks(self) -> Sequence[Text]:
        """What Plein lacks, where in the console it may do everything."""

    def parts(self, said: Said) -> Parts:
        """What the console printed, with what this platform has for a corner and what Plein lacks here."""
        offers = [
            number for number, button in enumerate(said.message.buttons) if button.label.key == MAKES_HOME
        ]
        parts = Parts.of(said)
        if key_of(said) == LACKS_NOTHING and (lacks := self.lacks()):
            name = said.message.lines[0].values["name"]
            lines = [text("community.lacks", name=name, count=len(lacks)), *lacks]
            voice = self._voice_of(parts.body[0], said.message.lines[0])
            written = [self._texts.write(line, voice) for line in lines]
            parts = replace(parts, body=[*written, *parts.body[1:]])
        return parts.with_homes(self.homes(), offers, self._texts)

    def _voice_of(self, line: str, said: Text) -> Voice:
        """In which language somebody reads that."""
        voices = [Voice(locale, *TIMELESS) for locale in self._texts.locales]
        return next(voice for voice in voices if self._texts.write(said, voice) == line)

    # --- time ---

    def timed(self, asked: Invocation) -> Invocation:
        """When it was said, and since when somebody takes part: by the clock that the transcript turns."""
        return asked


def retimed(asked: Invocation, now: datetime, came: Callable[[Place], datetime]) -> Invocation:
    """The same, said at another time by somebody who came at other times."""

    async def presence(places: Sequence[Place]) -> Presences:
        found = await asked.presence(places) if asked.presence else {}
        return {place: replace(here, since=came(place)) if here else None for place, here in found.items()}

    since = came(asked.place) if asked.place and asked.since else None
    about = replace(asked.about, at=now) if asked.about else None
    return replace(asked, at=now, since=since, presence=presence, about=about)

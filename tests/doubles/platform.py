"""A platform that remembers what was said on it, and can be slow, busy, gone or broken."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.clock import HandClock
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.config import Community, Config, DatabaseSection, ResidentSection
from bot.model.events import Invocation
from bot.model.message import Button, Message, message, typed
from bot.model.people import Identity, Place
from bot.ports.adapter import Core
from bot.ports.storage import Transaction
from bot.texts import Texts, Voice
from tests.chat import NOW
from tests.postgres import keys_of

PLATFORM = "test"


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that was shown: `how` is send, edit or whisper; `where` a room or a person."""

    how: str
    where: str
    words: str
    key: str
    tried_at: datetime | None = None


@dataclass(slots=True)
class Platform:
    """Implements Adapter. What stands in `trouble` for a room or person is raised there, one a try."""

    platform: str = PLATFORM
    shown: list[Shown] = field(default_factory=list)
    tries: list[Shown] = field(default_factory=list)
    trouble: dict[str, list[Exception]] = field(default_factory=dict)
    # Rooms in which nothing comes through until the event is set.
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    uneditable: set[str] = field(default_factory=set)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, core: Core) -> None:
        await asyncio.Event().wait()

    async def caught_up(self) -> None:
        return None

    async def send(self, place: Place, message: Message, key: str, tried_at: datetime | None) -> str:
        return await self._show("send", place.room_id, message, key, tried_at)

    async def edit(self, place: Place, ref: str, message: Message, key: str) -> str | None:
        if ref in self.uneditable:
            return None
        await self._show("edit", place.room_id, message, key, None)
        return ref

    async def whisper(self, to: Identity, message: Message, key: str, tried_at: datetime | None) -> str:
        return await self._show("whisper", to.user_id, message, key, tried_at)

    async def _show(self, how: str, where: str, message: Message, key: str, tried_at: datetime | None) -> str:
        shown = Shown(how, where, words_of(message), key, tried_at)
        self.tries.append(shown)
        await self._tell()
        if where in self.held:
            await self.held[where].wait()
        if self.trouble.get(where):
            raise self.trouble[where].pop(0)
        if key not in [one.key for one in self.shown if one.how == how]:
            self.shown.append(shown)
        await self._tell()
        return f"${key}"

    async def _tell(self) -> None:
        async with self.heard:
            self.heard.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        """Return once that is so; an error where it does not come about."""
        async with asyncio.timeout(60), self.heard:
            await self.heard.wait_for(true)

    def where(self, room: str) -> list[str]:
        """All that was shown there."""
        return [one.words for one in self.shown if one.where == room]


def words_of(message: Message) -> str:
    """A message as plain Dutch."""
    voice = Voice("nl", ZoneInfo("Europe/Brussels"), NOW)
    return "\n".join(Texts().write(words, voice) for words in message.words)


class Town:
    """Plein in a town with one platform; places and people are there as soon as they are named."""

    def __init__(self, core: PleinCore, platform: Platform, clock: HandClock, number: int = 1) -> None:
        self.core = core
        self.platform = platform
        self.clock = clock
        self._numbers = itertools.count(number)

    async def joined(self, *rooms: str, theme: str = "sport") -> None:
        for room in rooms:
            await self.core.joined(Place(PLATFORM, room), room, theme)

    def asked(
        self, name: str, words: str | None = None, *, room: str | None = "sport", button: Button | None = None
    ) -> Invocation:
        """What somebody typed there, or the button they pressed, with an id of its own."""
        return Invocation(
            f"{PLATFORM}:{next(self._numbers)}",
            Identity(PLATFORM, name),
            name,
            Place(PLATFORM, room) if room else None,
            self.clock.now(),
            typed=words,
            command=button.command if button else "",
            args=button.args if button else {},
        )

    async def say(self, name: str, words: str, *, room: str | None = "sport") -> str:
        """Say it there; the answer, in Dutch."""
        answer = await self.core.handle(self.asked(name, words, room=room))
        return words_of(answer) if answer else ""

    async def post(self, room: str, *words: str) -> None:
        """Have Plein say this there."""

        def post(tx: Transaction) -> None:
            for one in words:
                key = f"post:{room}:{one}"
                tx.posts.add(key, Place(PLATFORM, room), message(typed(one)), self.clock.now())

        await self.core.store.run(post)


@contextlib.asynccontextmanager
async def open_town(
    database_url: str, *, moderators: tuple[str, ...] = (), board_rest: float = 2.0, number: int = 1
) -> AsyncIterator[Town]:
    """A town on that database. `number`: of the first thing said, which differs where it was open before."""
    config = Config(
        community=Community(),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        residents=tuple(
            ResidentSection(name=name, accounts=(f"{PLATFORM}:{name}",), role="moderator")
            for name in moderators
        ),
    )
    clock, platform = HandClock(NOW), Platform()
    async with open_core(config, clock, {PLATFORM: platform}, board_rest) as core:
        yield Town(core, platform, clock, number)

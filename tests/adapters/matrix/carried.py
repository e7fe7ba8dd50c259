"""Plein in the test's own process, where what people say is carried on: stand-ins take what is heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.matrix.client import Matrix
from adapters.matrix.settings import Matrix as Settings
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.config import Community, Config, DatabaseSection
from bot.main.features import FEATURES
from bot.model.carried import Copy, Spoken
from bot.model.events import Arrival, Heard
from bot.model.message import Text
from bot.model.people import Grounds, Place
from bot.model.signs import Signed
from bot.rich import Rich, Words
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver, Person
from tests.town import numbers

T = TypeVar("T")
Json = dict[str, Any]
AT = datetime(2026, 11, 29, 13, 5, tzinfo=UTC)


@dataclass
class Carried:
    """What was heard, what is gone and what entered the inbox; where Plein is, which of these places are
    carried on, and which copies stand there.
    """

    proxy: Proxy
    core: PleinCore
    adapter: Matrix
    plein: str
    places: set[Place] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    heard: list[Heard] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    signed: list[Signed] = field(default_factory=list)
    stored: list[Arrival] = field(default_factory=list)
    joined: set[Place] = field(default_factory=set)
    encrypted: set[Place] = field(default_factory=set)
    # Why something of what was carried last could not come along.
    why: Text | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def room(self, owner: Person, *others: Person, carried: bool = True, **options: Any) -> str:
        """A room with Plein in it."""
        room = await owner.create_room(invite=[self.plein], public=True, **options)
        for person in others:
            await person.join(room)
        place = Place("matrix", room)
        await self.until(lambda: place in self.joined)
        if carried:
            self.places.add(place)
        return room

    async def until(self, look: Callable[[], T | None]) -> T:
        """What is to be seen, once it is."""
        async with asyncio.timeout(30), self.changed:
            while not (found := look()):
                await self.changed.wait()
            return found

    async def hears(self, event: str) -> Heard:
        return await self.until(lambda: next((each for each in self.heard if each.ref == event), None))

    async def carry(self, copy: Copy, stands: dict[int, str] | None = None) -> tuple[str, ...]:
        """Where it stands then, part by part; also in `stands`, as soon as it does."""
        stands = {} if stands is None else stands
        stands.update(enumerate(copy.stands))

        async def note(part: int, ref: str) -> None:
            stands[part] = ref

        self.why = await self.adapter.carry(copy, note)
        return tuple(stands[part] for part in sorted(stands))

    def standing_in(self, core: PleinCore) -> dict[str, Any]:
        """What the core does for it."""
        kept, came = core.store_arrivals, core.joined

        async def hear(heard: Heard) -> None:
            async with self.changed:
                self.heard.append(heard)
                self.changed.notify_all()

        async def gone(place: Place, refs: Collection[str]) -> None:
            async with self.changed:
                self.gone += refs
                self.changed.notify_all()

        async def signed(signed: Signed) -> None:
            async with self.changed:
                self.signed.append(signed)
                self.changed.notify_all()

        async def is_copy(place: Place, ref: str) -> bool:
            return ref in self.copies

        async def store_arrivals(
            account: str, arrivals: Sequence[Arrival], cursor: Any, *more: Any
        ) -> Sequence[Arrival]:
            async with self.changed:
                self.stored += arrivals
                self.changed.notify_all()
            return await kept(account, arrivals, cursor, *more)

        async def joined(account: str, place: Place, *more: Any, **options: Any) -> None:
            await came(account, place, *more, **options)
            async with self.changed:
                self.joined.add(place)
                self.changed.notify_all()

        async def encrypted(place: Place) -> None:
            async with self.changed:
                self.encrypted.add(place)
                self.changed.notify_all()

        return {
            "joined": joined,
            "encrypted": encrypted,
            "carries": lambda place: place in self.places,
            "is_copy": is_copy,
            "hear": hear,
            "gone": gone,
            "signed": signed,
            "store_arrivals": store_arrivals,
        }


@contextlib.asynccontextmanager
async def carrying_on(server: Homeserver, proxy: Proxy, folder: Path) -> AsyncIterator[Carried]:
    plein = await server.register(f"plein{next(numbers)}")
    settings = Settings.model_validate(
        {"homeserver": proxy.url, "user": plein, "password": PASSWORD, "store": folder / "matrix"}
    )
    config = Config(community=Community(), database=DatabaseSection(url="sqlite:///:memory:"))
    # Nothing else listens to what people say.
    deaf = [each for each in FEATURES if not each.feature.hears]
    async with open_core(config, SystemClock(), 0, deaf) as core:
        adapter = Matrix(settings, Grounds(), core.texts, SystemClock())
        carried = Carried(proxy, core, adapter, plein)
        for name, stand_in in carried.standing_in(core).items():
            setattr(core, name, stand_in)
        tasks = [asyncio.create_task(job) for job in (adapter.run(core), core.outbox.worker.run())]
        async with asyncio.timeout(60):
            await adapter.caught_up()
        yield carried
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def a_copy(room: str, said: Rich | str | None, edition: str = "1", **more: Any) -> Copy:
    """Of what Mia said elsewhere; None: it is gone."""
    name = more.pop("name", "Mia")
    rich = (Words(said),) if isinstance(said, str) else said
    files, forwarded = more.pop("files", ()), more.pop("forwarded", False)
    at = more.pop("at", AT)
    spoken = None if rich is None else Spoken(name, rich, at, files=files, forwarded=forwarded)
    more.setdefault("message", next(numbers))
    return Copy(place=Place("matrix", room), account="", spoken=spoken, edition=edition, **more)

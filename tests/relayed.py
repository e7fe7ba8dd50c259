"""A channel on Discord's double and a room on a real homeserver that are one theme, and who talks there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.client import Matrix
from adapters.matrix.settings import Matrix as Settings
from bot.carrying import Carried
from bot.features.relay.records import RELAYS
from bot.main.config import ThemeSection
from bot.model.people import Grounds, Identity, Named, Place
from bot.ports.storage import Transaction
from tests.doubles.discord import Discord, Person
from tests.doubles.discord.state import Channel, Message
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver, shown
from tests.homeserver import Person as Resident
from tests.on_discord import plein_on
from tests.town import numbers

NAMED = re.compile(r"^\*\*[^:]*\*\*: ")
WHO_AND_WHEN = re.compile(r"^[^:]*: (?:om [^ ]* |op [^:]*: )?")


@dataclass
class Town:
    """A channel and a room that are one theme, and who talks there."""

    double: Discord
    proxy: Proxy
    plein: str
    channel: Channel
    room: str
    anna: Person
    mo: Person
    ben: Resident
    folder: Path
    refreshed: asyncio.Condition = field(default_factory=asyncio.Condition)
    # All that was said and stands, and what of it each may still change.
    words: list[str] = field(default_factory=list)
    annas: dict[str, Message] = field(default_factory=dict)
    bens: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        """Plein, on both, until it ends."""
        places = (f"discord:{self.channel.id}", f"matrix:{self.room}")
        themes = [ThemeSection(name="Sport", places=places)]
        database = f"sqlite:///{self.folder}/plein.db"
        values = {"homeserver": self.proxy.url, "user": self.plein, "password": PASSWORD}
        settings = Settings.model_validate({**values, "store": self.folder / "matrix"})
        async with plein_on(self.double, database, themes=themes, relays=True) as plein:
            core, grounds = plein.core, Grounds({self.room: Named("Sport")})
            matrix = Matrix(settings, grounds, core.texts, plein.clock)
            core.platforms.expect(matrix)

            async def both() -> bool:
                return len(await core.store.read(there)) == 2

            def there(tx: Transaction) -> Sequence[Place]:
                return tx.places.of_theme(tx.places.theme_named("Sport").id)

            def begin(tx: Transaction) -> None:
                theme, mo = tx.places.theme_named("Sport"), Identity("matrix", "@mo:x")
                who = tx.people.by_identity(mo) or tx.people.add(mo, "mo")
                tx.of(RELAYS).begin(theme.id, who.id, plein.clock.now())

            running = asyncio.create_task(matrix.run(core))
            try:
                async with asyncio.timeout(12):
                    await matrix.caught_up()
                    # Only what is there by then takes part.
                    await self.ben.wait_until(both)
                    async with self.refreshed:
                        while len(core.carried.places) < 2:
                            await core.store.run(begin)
                            await self.refreshed.wait()
                yield
                await core.agenda.flush()
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def talk(self, about: str, many: int = 12) -> None:
        """They say so much, change some of it, and some of what was said before, and take some away."""
        for number in range(many):
            mine, theirs = f"{about} a{number}", f"{about} b{number}"
            self.annas[mine] = await self.anna.says(self.channel, mine)
            self.bens[theirs] = await self.ben.say(self.room, theirs)
            self.words += [mine, theirs]
        for before in (f"{about} ", ""):
            (edited, gone), (changed, redacted) = (
                [words for words in said if words.startswith(before)][1:3] for said in (self.annas, self.bens)
            )
            await self.anna.edits(self.annas.pop(edited), f"{edited}, anders")
            await self.anna.deletes(self.annas.pop(gone))
            await self.ben.edit(self.room, self.bens.pop(changed), f"{changed}, anders")
            await self.ben.redact(self.room, self.bens.pop(redacted))
            self.words = [words for words in self.words if words not in (gone, redacted)]
            self.words = [f"{words}, anders" if words in (edited, changed) else words for words in self.words]

    async def by_a_moderator(self) -> None:
        """A copy on each side is taken away, which says that it is to go everywhere."""
        theirs, mine = next(iter(self.bens)), next(iter(self.annas))
        copy = next(each for each in self.channel.messages.values() if each.content.endswith(theirs))
        await self.mo.deletes(copy)
        there = shown(await self.ben.history(self.room))
        await self.ben.redact(self.room, next(each.event_id for each in there if each.body.endswith(mine)))
        del self.bens[theirs], self.annas[mine]
        self.words = [words for words in self.words if words not in (theirs, mine)]

    def on_discord(self) -> list[str]:
        """Each for itself, also where several go as one; without what stands above."""
        copied = [(each.content, each.webhook_id) for each in self.channel.messages.values()]
        return [words for said, by in copied for words in _each(said, NAMED if by else None)]

    async def on_matrix(self) -> list[str]:
        said = shown(await self.ben.history(self.room))
        return [
            words
            for each in said
            for words in _each(each.body, WHO_AND_WHEN if each.sender == self.plein else None)
        ]

    async def say_the_same(self, patience: float = 40) -> None:
        wanted = sorted(self.words)
        await self.double.bell.until(
            lambda: sorted(self.on_discord()) == wanted,
            timeout=patience,
            why=lambda: f"Discord: {_unlike(self.on_discord(), wanted)}",
        )

        async def look() -> bool | None:
            return sorted(await self.on_matrix()) == wanted or None

        try:
            await self.ben.wait_until(look, timeout=patience)
        except AssertionError:
            raise AssertionError(f"Matrix: {_unlike(await self.on_matrix(), wanted)}") from None
        there = await self.on_matrix()
        for letter in "abc":
            mine, theirs = (list(_of(letter, said)) for said in (self.on_discord(), there))
            assert mine == theirs


def _each(said: str, before: re.Pattern[str] | None) -> Iterator[str]:
    lines = (line for line in said.split("\n") if not line.startswith("-# "))
    return (before.sub("", line) if before else line for line in lines)


def _unlike(there: Sequence[str], wanted: Sequence[str]) -> str:
    return f"lacks {sorted(set(wanted) - set(there))}, has {sorted(set(there) - set(wanted))}, {len(there)}"


def _of(letter: str, words: Sequence[str]) -> Iterator[str]:
    return (each for each in words if each.split()[1].startswith(letter))


@asynccontextmanager
async def a_town(homeserver: Homeserver, folder: Path) -> AsyncIterator[Town]:
    """Anna and Mo, who moderates, on Discord; Ben on Matrix."""
    async with Discord(running=True) as double, Proxy(homeserver.url) as proxy:
        server = double.guild("Plein")
        channel = server.channel("sport")
        server.role("moderators", ["manage_messages"])
        anna, mo = server.member("anna"), server.member("mo", roles=["moderators"])
        plein = await homeserver.register(f"plein{next(numbers)}")
        ben = await homeserver.person(f"ben{next(numbers)}")
        levels: Any = {"power_level_content_override": {"users": {plein: 50}}}
        room = await ben.create_room(invite=[plein], public=True, **levels)
        town, refresh = Town(double, proxy, plein, channel, room, anna, mo, ben, folder), Carried.refresh

        async def refreshing(carried: Carried) -> None:
            await refresh(carried)
            async with town.refreshed:
                town.refreshed.notify_all()

        with pytest.MonkeyPatch.context() as patches:
            patches.setattr(Carried, "refresh", refreshing)
            yield town

"""Plein on the double of Discord, in the test's own process: one database, one clock, the double's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import discord
import pytest
from discord.backoff import ExponentialBackoff

from adapters.discord import replies
from adapters.discord.client import Discord as Adapter
from adapters.discord.history import SAVE_EVERY
from adapters.discord.settings import Discord
from bot.core import PleinCore
from bot.features.polls.settings import PollsSettings
from bot.features.relay.settings import RelaySettings
from bot.main.app import open_core
from bot.main.communities import grounds_on, on_servers
from bot.main.config import (
    Community,
    CommunitySection,
    DatabaseSection,
    ResidentSection,
    ThemeSection,
    config_of,
)
from bot.main.features import FEATURES as INSTALLED
from bot.main.features import Installed, add_up
from tests.chat import BRUSSELS
from tests.doubles.discord import Discord as Double
from tests.doubles.discord.clock import Clock
from tests.doubles.discord.members import Person
from tests.doubles.discord.state import Message
from tests.doubles.discord.waiting import Bell
from tests.plein import Plein, hours
from tests.postgres import keys_of

# Where its clock stands still, no answer has to be put off to be in time.
IN_TIME = replies.ANSWER_SECONDS
replies.ANSWER_SECONDS = 60.0
DUTCH_DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


async def _identify_at_once(client: discord.Client, shard: int | None, *, initial: bool = False) -> None:
    """Discord wants five seconds between two; the double does not count them."""


@contextlib.contextmanager
def by_the_double(clock: Clock) -> Iterator[None]:
    """Lost from Discord the library comes back at once, not after seconds of the machine's own clock."""
    with pytest.MonkeyPatch.context() as patches:
        if clock.running:
            patches.setattr(replies, "ANSWER_SECONDS", IN_TIME)
        patches.setattr(discord.Client, "before_identify_hook", _identify_at_once)
        patches.setattr(ExponentialBackoff, "delay", lambda _: 0.01)
        yield


class DoublesClock:
    """Plein's time is the double's: it stands still until a test turns it; then pauses are cut short."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.pauses: list[float] = []
        self._bell = Bell()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._bell.ring()
        await asyncio.sleep(seconds if self._clock.running else min(seconds, 0.02))

    async def paused(self, often: int) -> list[float]:
        """How long, once it paused so often; not counting how often it saves what it read."""

        def look() -> list[float] | None:
            found = [pause for pause in self.pauses if pause != SAVE_EVERY]
            return found if len(found) >= often else None

        return await self._bell.until(look)


@dataclass(slots=True)
class OnDiscord:
    """Plein, reading along."""

    double: Double
    core: PleinCore
    adapter: Adapter
    running: asyncio.Task[None]
    clock: DoublesClock

    async def caught_up(self) -> None:
        """Return once what was said has been dealt with; what ended it before that is raised."""
        waiting = asyncio.create_task(self.adapter.caught_up())
        await asyncio.wait({waiting, self.running}, return_when=asyncio.FIRST_COMPLETED, timeout=120)
        if self.running.done():
            waiting.cancel()
            await self.running
        async with asyncio.timeout(60):
            await waiting

    async def turn(self, seconds: float) -> None:
        """Let that much time pass, and what is due be done."""
        self.double.clock.turn(seconds)
        await self.core.agenda.flush()
        self.core.boards.worker.wake()
        self.core.making.worker.wake()
        self.core.outbox.worker.wake()

    async def until_quiet(self, seconds: float = 0) -> None:
        """Let that much time pass, and return once all that can be said and shown by then has been."""
        for turned in (0, seconds):
            self.double.clock.turn(turned)
            await self.core.agenda.flush()
            await self.core.making.worker.done()
            await self.core.boards.worker.done()
            await self.core.outbox.worker.done()

    async def board(self, channel: str, *words: str, timeout: float = 60) -> Message:
        """The newest message of Plein's in a channel that shows all these words, once there is one."""
        server = next(iter(self.double.world.guilds.values()))
        there = next(place for place in server.channels.values() if place.name == channel)

        def ours() -> list[Message]:
            said = there.messages.values()
            return [
                message for message in said if message.author is self.double.bot.user and not message.only_for
            ]

        def look() -> Message | None:
            fitting = (message for message in reversed(ours()) if all(word in message.text for word in words))
            return next(fitting, None)

        def why() -> str:
            return f"no message shows {words}:\n" + "\n---\n".join(message.text for message in ours())

        return await self.double.bell.until(look, timeout=timeout, why=why)


@contextlib.asynccontextmanager
async def plein_on(
    double: Double,
    database_url: str,
    *,
    residents: Iterable[ResidentSection] = (),
    themes: Iterable[ThemeSection] = (),
    language: str = "nl",
    ready: bool = True,
    installed: Sequence[Installed] = INSTALLED,
    communities: Sequence[CommunitySection] = (),
    relays: bool = False,
    **settings: Any,
) -> AsyncIterator[OnDiscord]:
    """Plein with these `settings` under [discord]; `ready`: wait until it reads along.

    `relays`: what people say may be carried to a theme's other places.

    Even one ballot on an anonymous poll has a result, and nobody waits for the morning.
    """
    sections: dict[str, Any] = {"polls": PollsSettings(anonymous_floor=1, quiet="")}
    if relays:
        sections["relay"] = RelaySettings(on=True, messages=1000)
    sections["communities"] = [line.model_dump(exclude_unset=True) for line in communities]
    config = config_of(add_up(installed))(
        community=Community(language="en" if language == "en" else "nl", board_rest=0),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        themes=tuple(themes),
        residents=tuple(residents),
        **sections,
    )
    discord = Discord(**{"token": double.token, **settings})
    clock = DoublesClock(double.clock)
    config = config.model_copy(update={"discord": discord})
    async with open_core(config, clock, installed=installed) as core:
        grounds = grounds_on("discord", config, core.communities.served)
        adapter = Adapter(on_servers(discord, config), grounds, core.texts, clock, double.connector)
        core.platforms.expect(adapter)
        with by_the_double(double.clock):
            running = asyncio.create_task(adapter.run(core))
            workers = (
                core.outbox.worker,
                core.carrying.worker,
                core.marking.worker,
                core.signing.worker,
                core.boards.worker,
                core.making.worker,
            )
            work = [asyncio.create_task(worker.run()) for worker in (*workers, core.carried)]
            try:
                plein = OnDiscord(double, core, adapter, running, clock)
                if ready:
                    await plein.caught_up()
                yield plein
            finally:
                for task in (running, *work):
                    task.cancel()
                await asyncio.gather(running, *work, return_exceptions=True)


async def opened(
    plein: OnDiscord, who: Person, question: str, options: str = "Ja | Nee", **more: Any
) -> Message:
    """The board of a poll that somebody opens in #sport."""
    await who.uses("sport", "poll open", {"question": question, "option": options, **more})
    return await plein.board("sport", question)


def next_weekday(plein: OnDiscord, locale: str = "nl") -> str:
    """A day of which two are to come: that after tomorrow, as "next Saturday", and its like a week later."""
    day = plein.clock.now().astimezone(BRUSSELS).date() + timedelta(days=2)
    return f"volgende {DUTCH_DAYS[day.weekday()]}" if locale == "nl" else f"next {day:%A}"


class Process(Plein):
    """Plein as a process of its own, on the double: its clock runs, and so should the double's."""

    double: Double

    @classmethod
    def at(cls, double: Double, folder: Path, *, token: str = "", more: str = "") -> Self:
        """Configured, not running yet. `more` goes into the section [discord] or after it."""
        plein = cls(folder, double.bot.id, f"sqlite:///{folder}/plein.db")
        plein.double = double
        config = f"""
[community]
board_rest = 0.1

[database]
url = "{plein.database}"

{hours(more)}
[discord]
token = "{token or double.token}"
{more}
"""
        (folder / "config.toml").write_text(config, encoding="utf-8")
        (folder / "discord.pem").write_text(double.certificate, encoding="utf-8")
        return plein

    @property
    def _command(self) -> list[str]:
        where = (str(self.double.port), str(self.folder / "discord.pem"), str(self.folder / "config.toml"))
        return ["tests.doubles.discord.plein", *where]

    @property
    def _secrets(self) -> dict[str, str]:
        return {}

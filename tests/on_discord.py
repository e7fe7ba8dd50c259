"""Plein on the double of Discord, in the test's own process: one database, one clock, the double's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.discord.client import Discord as Adapter
from bot.app import open_core, themes_on
from bot.config import Community, Config, DatabaseSection, Discord, ResidentSection, ThemeSection
from bot.core import PleinCore
from bot.texts import Texts
from tests.doubles.discord import Discord as Double
from tests.doubles.discord.clock import Clock
from tests.doubles.discord.members import Person
from tests.doubles.discord.state import Message
from tests.postgres import keys_of


class DoublesClock:
    """Plein's time is the double's: it stands still until a test turns it. Pauses are cut short."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


@dataclass(slots=True)
class OnDiscord:
    """Plein, reading along."""

    double: Double
    core: PleinCore
    adapter: Adapter
    running: asyncio.Task[None]

    async def turn(self, seconds: float) -> None:
        """Let that much time pass, and what is due be done."""
        self.double.clock.turn(seconds)
        await self.core.agenda.flush()
        self.core.boards.worker.wake()
        self.core.outbox.worker.wake()

    async def board(self, channel: str, *words: str, timeout: float = 10) -> Message:
        """The newest message of Plein's in a channel that shows all these words, once there is one."""
        server = next(iter(self.double.world.guilds.values()))
        there = next(one for one in server.channels.values() if one.name == channel)

        def ours() -> list[Message]:
            said = there.messages.values()
            return [one for one in said if one.author is self.double.bot.user and not one.only_for]

        def look() -> Message | None:
            fitting = (one for one in reversed(ours()) if all(word in one.text for word in words))
            return next(fitting, None)

        def why() -> str:
            return f"no message shows {words}:\n" + "\n---\n".join(one.text for one in ours())

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
    **settings: Any,
) -> AsyncIterator[OnDiscord]:
    """Plein with these `settings` under [discord]; `ready`: wait until it reads along."""
    config = Config(
        community=Community(language="en" if language == "en" else "nl", board_rest=0),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        discord=Discord(**{"token": double.token, **settings}),
        themes=tuple(themes),
        residents=tuple(residents),
    )
    assert config.discord
    clock = DoublesClock(double.clock)
    adapter = Adapter(
        config.discord, themes_on("discord", config), Texts(), config.zone, clock, double.connector
    )
    async with open_core(config, clock, {adapter.platform: adapter}) as core:
        running = asyncio.create_task(adapter.run(core))
        work = [asyncio.create_task(one.run()) for one in (core.outbox.worker, core.boards.worker)]
        try:
            if ready:
                await _caught_up(adapter, running)
            yield OnDiscord(double, core, adapter, running)
        finally:
            for task in (running, *work):
                task.cancel()
            await asyncio.gather(running, *work, return_exceptions=True)


async def _caught_up(adapter: Adapter, running: asyncio.Task[None]) -> None:
    """What ends it before that is the test's to know."""
    waiting = asyncio.create_task(adapter.caught_up())
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert waiting.done() or running.done(), "Plein does not read along"
    if running.done():
        waiting.cancel()
        await running
    await waiting


async def opened(
    plein: OnDiscord, who: Person, question: str, options: str = "Ja | Nee", **more: Any
) -> Message:
    """The board of a poll that somebody opens in #sport."""
    await who.uses("sport", "poll open", {"question": question, "option": options, **more})
    return await plein.board("sport", question)

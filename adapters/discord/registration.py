"""Telling Discord the commands: everywhere, or server by server as each has Plein."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord

from adapters.discord.channels import account_of
from adapters.discord.commands import SlashCommands, fingerprint
from adapters.discord.settings import Discord as Settings
from adapters.discord.trouble import TROUBLE
from bot.clock import Clock
from bot.delivery.worker import pause
from bot.errors import StoreFailed
from bot.ports.adapter import Core

log = logging.getLogger(__name__)
# Which commands Discord was told last is kept under this name, and the server's.
COMMANDS = "commands:"
EVERYWHERE = ""


class Registration:
    """Tells only what is another than the last time: Discord counts how often that is done.

    Nobody waits for it. Those that Discord knew still work meanwhile, and all can be typed.
    """

    def __init__(
        self, client: discord.Client, core: Core, slash: SlashCommands, settings: Settings, clock: Clock
    ) -> None:
        self._client = client
        self._core = core
        self._clock = clock
        self._described = slash.described()
        self._hash = fingerprint(self._described)
        self._targets = settings.guilds if settings.commands == "guild" else (EVERYWHERE,)
        # Where Discord said no: until Plein comes there, or starts anew.
        self._refused: set[str] = set()
        self._left: set[str] = set()
        self._changed = asyncio.Event()

    async def begin(self) -> None:
        """Once logged in; what cannot be told yet is left to `keep_telling`."""
        if not await self._tell_all():
            self._changed.set()

    async def keep_telling(self) -> None:
        """Whenever something changed, and again for as long as Discord does not take it in."""
        failed = 0
        while True:
            await self._changed.wait()
            self._changed.clear()
            if failed:
                await self._clock.sleep(pause(failed - 1).total_seconds())
            if await self._tell_all():
                failed = 0
            else:
                failed += 1
                self._changed.set()

    def came_to(self, guild: int) -> None:
        """Plein is there, perhaps only now."""
        self._refused.discard(str(guild))
        self._changed.set()

    def left(self, guild: int) -> None:
        """With Plein its commands left that server."""
        self._left.add(str(guild))
        self._refused.add(str(guild))
        self._changed.set()

    async def _tell_all(self) -> bool:
        """Whether nothing is left to be told again."""
        try:
            known = await self._core.kept(account_of(self._client), COMMANDS)
            told = {name.removeprefix(COMMANDS): found for name, found in known.items()}
            for where in self._left & told.keys():
                await self._note(where, "")
                told[where] = ""
            self._left.clear()
            wanted = dict.fromkeys(self._targets, self._hash)
            due = [
                where
                for where in sorted({*wanted, *told} - self._refused)
                if told.get(where, "") != wanted.get(where, "")
            ]
            return all([await self._tell(where, wanted.get(where, "")) for where in due])
        except StoreFailed as error:
            log.warning("The database does not answer (%s); telling Discord the commands later", error)
            return False

    async def _tell(self, where: str, now: str) -> bool:
        """All of them, or none where they are not to be any more. False if that may yet be done."""
        http, application = self._client.http, self._client.application_id
        assert application
        commands: list[Any] = self._described if now else []
        try:
            if where:
                await http.bulk_upsert_guild_commands(application, int(where), commands)
            else:
                await http.bulk_upsert_global_commands(application, commands)
        except TROUBLE as error:
            log.warning("Discord does not take the commands (%s): %s", where or "everywhere", error)
            refused = isinstance(error, discord.HTTPException | discord.RateLimited)
            if refused and not isinstance(error, discord.DiscordServerError):
                self._refused.add(where)
            return where in self._refused
        await self._note(where, now)
        log.info("Told Discord the commands (%s)", where or "everywhere")
        return True

    async def _note(self, where: str, told: str) -> None:
        await self._core.keep(account_of(self._client), {COMMANDS + where: told})

"""What the parts of the adapter share while one client is connected."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import discord

from adapters.discord.commands import SlashCommands
from adapters.discord.outgoing import Outgoing
from adapters.discord.places import Places
from adapters.discord.render import Writer
from bot.config import Discord as Settings
from bot.model import Identity, Place
from bot.ports import Clock, Core
from bot.texts import Texts, Voice


@dataclass(frozen=True, slots=True)
class Session:
    client: discord.Client
    core: Core
    settings: Settings
    places: Places
    outgoing: Outgoing
    slash: SlashCommands
    texts: Texts
    zone: ZoneInfo
    clock: Clock

    @property
    def account(self) -> str:
        """Under which the core keeps how far was read."""
        return f"discord:{self.client.application_id}"

    async def voice(self, reader: Place | Identity, otherwise: str | None = None) -> Voice:
        locale = await self.core.voice_of(reader, otherwise)
        return Voice(locale, self.zone, self.clock.now())

    def voice_in(self, locale: str | None, otherwise: str) -> Voice:
        """For an answer whose language is settled; or in the one that somebody chose on Discord."""
        chosen = locale or self.texts.nearest(otherwise, self.texts.locales[0])
        return Voice(chosen, self.zone, self.clock.now())

    def writer(self, voice: Voice) -> Writer:
        return Writer(self.texts, voice, self.core.commands)

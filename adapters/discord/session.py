"""What the parts of the adapter share while one client is connected."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

import discord

from adapters.discord.channels import Places, account_of
from adapters.discord.commands import SlashCommands
from adapters.discord.outgoing import Outgoing
from adapters.discord.render import Writer
from adapters.discord.settings import Discord as Settings
from bot.clock import Clock
from bot.model.message import Message
from bot.model.people import Identity, Known, Place
from bot.ports.adapter import Core
from bot.texts import Clocks, Texts, Voice

# So many bytes Discord takes of a file from everybody (10 MiB), less what goes with it.
MOST = 9_500_000
_UTC = Clocks(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Session:
    """What everything on one connection to Discord shares."""

    client: discord.Client
    core: Core
    settings: Settings
    places: Places
    outgoing: Outgoing
    slash: SlashCommands
    texts: Texts
    clock: Clock

    @property
    def hears(self) -> bool:
        """Whether what people say to each other is to be heard, and Discord shows it."""
        return self.client.intents.message_content

    @property
    def sees_newcomers(self) -> bool:
        """Whether Discord tells who came."""
        return self.client.intents.members

    @property
    def account(self) -> str:
        """Which of Plein's this is, once it has logged in."""
        return account_of(self.client)

    async def voice(
        self, reader: Place | Identity, shown: Message | None = None, otherwise: str | None = None
    ) -> Voice:
        """For whoever reads it there; with the people whom the message names that is `shown`."""
        locale = await self.core.voice_of(reader, otherwise)
        people = await self.core.people_in(shown) if shown else {}
        zone, own = await self.core.clocks_of(reader, shown)
        return Voice(locale, zone, self.clock.now(), people=people, own_zone=own)

    def voice_in(
        self,
        locale: str | None,
        otherwise: str,
        clocks: Clocks = _UTC,
        people: Mapping[int, Known] = MappingProxyType({}),
    ) -> Voice:
        """For an answer whose language is settled; or in the one that somebody chose on Discord.

        `clocks`: by which moments are told in it.
        """
        chosen = locale or self.texts.nearest(otherwise, self.texts.locales[0])
        return Voice(chosen, clocks.zone, self.clock.now(), people=people, own_zone=clocks.own)

    def writer(self, voice: Voice) -> Writer:
        return Writer(self.texts, voice, self.core.commands.in_zone(voice.zone))


async def files_of(
    message: Message, session: Session, voice: Voice, to: Place | Identity
) -> list[discord.File]:
    """Made anew for whom it goes to, each with its words for who cannot see it."""
    writer = session.writer(voice)
    return [
        discord.File(io.BytesIO(file.data), file.name, description=writer.alt(attachment))
        for attachment in message.files
        for file in await session.core.files(attachment, voice, MOST, to)
    ]

"""One connection to Discord, from logging in until it is lost for good."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import discord

from adapters.discord.commands import SlashCommands
from adapters.discord.intake import Intake
from adapters.discord.messages import Messages
from adapters.discord.outgoing import Outgoing
from adapters.discord.places import Places, Themes
from adapters.discord.session import Session
from bot.config import Discord as Settings
from bot.errors import StoreFailed
from bot.model import Role
from bot.ports import Clock, Core
from bot.texts import Texts

log = logging.getLogger(__name__)
# What comes through the gateway: servers and channels, what is said to Plein, presses and commands.
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
# A rate limit longer than this goes back to whoever sends, who can do something else meanwhile.
LONGEST_WAIT = 30.0
# How long to wait for one more server before it is taken that all are there.
GUILDS_WITHIN = 0.5
BAD_TOKEN = 4004
# Plein does not speak in voice channels: no need to warn that it cannot.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class NotLetIn(ConnectionError):
    """Discord does not let Plein in, and will not until somebody does something about it."""


class Gateway:
    """A client of the library, and what Plein does with what it brings.

    `ready` is set while something can be said.
    """

    def __init__(
        self,
        settings: Settings,
        core: Core,
        themes: Themes,
        texts: Texts,
        zone: ZoneInfo,
        clock: Clock,
        ready: asyncio.Event,
        connector: aiohttp.BaseConnector | None,
    ) -> None:
        client = make_client(settings, connector)
        places = Places(client, core, settings, themes)
        outgoing = Outgoing(client, clock)
        slash = slash_commands(core, settings)
        self.session = Session(client, core, settings, places, outgoing, slash, texts, zone, clock)
        self._settings = settings
        self._client = client
        self._places = places
        self._intake = Intake(self.session)
        self._messages = Messages(self.session)
        self._ready = ready
        self._settled = asyncio.Lock()

    async def serve(self) -> None:
        """Until the connection is lost for good. Raises NotLetIn where it was never to be had."""
        for event in (
            self.on_ready,
            self.on_resumed,
            self.on_disconnect,
            self.on_interaction,
            self.on_message,
            self.on_guild_join,
            self.on_guild_remove,
            self.on_guild_channel_delete,
        ):
            self._client.event(event)
        saving = asyncio.create_task(self._messages.keep_saving())
        try:
            async with self._client as client:
                await client.login(self._settings.token.get_secret_value())
                await self._describe_commands()
                await client.connect()
        except discord.PrivilegedIntentsRequired:
            raise NotLetIn("Discord shows Plein less than it asks for: look at the page Bot of it") from None
        except (discord.LoginFailure, discord.ConnectionClosed) as refused:
            if isinstance(refused, discord.ConnectionClosed) and refused.code != BAD_TOKEN:
                raise
            raise NotLetIn("Discord refuses the token: make a new one, for PLEIN_DISCORD_TOKEN") from None
        finally:
            self._ready.clear()
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
            await self._messages.in_order.stop()
            with contextlib.suppress(StoreFailed):
                await self._messages.save()

    async def idle(self) -> None:
        """Return once all that was said to Plein so far has been dealt with."""
        await self._messages.idle()

    async def _describe_commands(self) -> None:
        """Only where they are others than the last time: Discord counts how often that is done."""
        http, core, slash = self._client.http, self.session.core, self.session.slash
        application, account = self._client.application_id, f"commands:{self.session.account}"
        assert application
        described, now = slash.described(), slash.fingerprint()
        guilds = self._settings.guilds if self._settings.commands == "guild" else [""]
        wanted = dict.fromkeys(guilds, now)
        known = await core.bookmarks(f"{account}:")
        before = {name.rpartition(":")[2]: found for name, found in known.items()}
        for guild in {*wanted, *before}:
            if before.get(guild, "") == wanted.get(guild, ""):
                continue
            commands: list[Any] = described if guild in wanted else []
            try:
                if guild:
                    await http.bulk_upsert_guild_commands(application, int(guild), commands)
                else:
                    await http.bulk_upsert_global_commands(application, commands)
            except (discord.Forbidden, discord.NotFound) as refused:
                log.warning("The commands are not known in server %s: %s", guild, refused.code)
                continue
            await core.take_in(f"{account}:{guild}", [], wanted.get(guild, ""))
            log.info("Told Discord the commands (%s)", guild or "everywhere")

    # --- what happens there ---

    async def on_ready(self) -> None:
        """A new session: what was said since the last one was not brought."""
        async with self._settled:
            await self._places.settle()
            self._ready.set()
            await self._messages.catch_up()
        log.info("Reading along on Discord as %s", self._client.user)

    async def on_resumed(self) -> None:
        self._messages.in_touch()

    async def on_disconnect(self) -> None:
        self._messages.lost_touch()

    async def on_interaction(self, asked: discord.Interaction[Any]) -> None:
        await self._intake.interaction(asked)

    async def on_message(self, message: discord.Message) -> None:
        await self._messages.heard(message)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Perhaps the configuration names channels of it."""
        if self._places.are_ours(guild.id):
            async with self._settled:
                await self._places.settle()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._places.leave_all(guild.channels)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._places.leave(channel.id)


def make_client(settings: Settings, connector: aiohttp.BaseConnector | None) -> discord.Client:
    """A client that keeps as little as it can, and pings nobody."""
    options: dict[str, Any] = {
        "intents": INTENTS,
        "allowed_mentions": discord.AllowedMentions.none(),
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
        "max_messages": None,
        "guild_ready_timeout": GUILDS_WITHIN,
        "max_ratelimit_timeout": LONGEST_WAIT,
        "connector": connector,
    }
    if settings.shards:
        return discord.AutoShardedClient(
            shard_ids=list(settings.shards), shard_count=settings.shard_count, **options
        )
    return discord.Client(**options)


def slash_commands(core: Core, settings: Settings) -> SlashCommands:
    """All commands; those of a role are shown to who has the permission that goes with it."""
    needed = settings.permissions
    permissions = {
        Role.ORGANISER: discord.Permissions(**{needed.organiser: True}),
        Role.MODERATOR: discord.Permissions(**{needed.moderator: True}),
    }
    return SlashCommands(core.commands, permissions)

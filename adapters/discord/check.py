"""Whether the configured application can be used, what it needs, and how to invite it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp
import discord

from adapters.discord.channels import PLATFORM, names_of, needed
from adapters.discord.gateway import make_client
from adapters.discord.homes import obstacle_in
from adapters.discord.lacks import FOR_THEMES, USEFUL, lacks_in, lacks_on, lacks_to_carry, wanted
from adapters.discord.settings import Discord as Settings
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.model.people import Grounds
from bot.platforms import called

# In seconds, with one more for each channel and server: they are looked at in turn.
CHECK_SECONDS = 15.0
# Where no line says which servers, so many are looked at.
MOST_LOOKED_AT = 50
# With so few more connections a day is soon over.
FEW_STARTS = 5


@dataclass
class Found:
    """What is well, what is wrong, what each community lacks, and what would be useful there."""

    well: list[Text] = field(default_factory=list)
    wrong: list[Text] = field(default_factory=list)
    lacks: dict[int, list[Text]] = field(default_factory=dict)
    useful: dict[int, list[Text]] = field(default_factory=dict)

    def lacking(self, community: int, *lines: Text) -> None:
        self.lacks.setdefault(community, []).extend(lines)

    def note(
        self, community: int, lines: Callable[[Sequence[str]], Sequence[Text]], settings: Settings
    ) -> None:
        """What it lacks there. `lines` says it of permissions by their names."""
        self.lacking(community, *lines(wanted(settings)))
        self.useful.setdefault(community, []).extend(lines(USEFUL))


async def check(
    settings: Settings,
    grounds: Grounds,
    connector: aiohttp.BaseConnector | None = None,
    *,
    listens: bool = False,
    homes: Mapping[int, Home] | None = None,
    carried: Mapping[str, int] | None = None,
) -> Found:
    """Look, with some requests for each server and channel. `listens`: a feature hears what people say;
    `homes`: where each community's themes get their channels, where that was chosen; `carried`: the channels
    to which what people say elsewhere is carried, and whose each is.
    """
    client, found = make_client(settings, connector), Found()
    looked_at = len(grounds.themes) + len(grounds.groups) + len(carried or ())
    try:
        async with asyncio.timeout(CHECK_SECONDS + looked_at), client:
            await client.login(settings.token.get_secret_value())
            await _look(client, settings, grounds, found, listens=listens or bool(carried))
            for community, home in (homes or {}).items():
                if obstacle := await _obstacle_at(client, home):
                    found.lacking(community, obstacle)
            for channel, community in (carried or {}).items():
                found.lacking(community, *await _lacks_to_carry(client, channel))
    except discord.LoginFailure:
        return Found(wrong=[text("discord.check.token")])
    except discord.HTTPException as error:
        return Found(wrong=[text("discord.check.answer", status=str(error.status))])
    except (discord.GatewayNotFound, aiohttp.ClientError, TimeoutError, OSError):
        return Found(wrong=[text("discord.check.unreachable")])
    return found


async def _look(
    client: discord.Client, settings: Settings, grounds: Grounds, found: Found, *, listens: bool
) -> None:
    assert client.user
    assert client.application
    assert client.application_id
    flags = client.application.flags
    hears = flags.gateway_message_content or flags.gateway_message_content_limited
    invitation = discord.utils.oauth_url(
        client.application_id, permissions=needed(settings), scopes=("bot", "applications.commands")
    )
    guilds = [guild async for guild in client.fetch_guilds(limit=200)]
    sees = flags.gateway_guild_members or flags.gateway_guild_members_limited
    intents = [] if listens or settings.newcomers else [text("discord.check.intents")]
    found.well = [
        text("discord.check.ok", user=str(client.user), count=len(guilds)),
        *([text("discord.check.hears")] if listens and hears else intents),
        text("discord.check.permissions", permissions=names_of(needed(settings))),
        text("discord.check.invite", address=invitation),
    ]
    found.wrong = [text("discord.check.deaf")] if listens and not hears else []
    found.wrong += [text("discord.check.newcomers")] if settings.newcomers and not sees else []
    found.wrong += [] if guilds else [text("discord.check.nowhere")]
    found.wrong += await _limits(client, settings)
    known = {str(guild.id) for guild in guilds}
    for group, community in grounds.groups.items():
        if group not in known:
            found.lacking(community, text("discord.check.no_guild", guild=group))
    for guild in guilds[:MOST_LOOKED_AT]:
        whose = grounds.whose(None, str(guild.id))
        if whose is not None and settings.holds(guild.id):
            there, me = await _on(client, guild.id)
            of_server = partial(lacks_on, there.name, me.guild_permissions)
            found.note(whose, of_server, settings)
            found.useful[whose].extend(of_server(FOR_THEMES))
    for channel, named in grounds.themes.items():
        if lines := await _look_in(client, channel):
            found.note(named.community, lines, settings)
        else:
            found.lacking(named.community, text("discord.check.no_channel", channel=channel))


async def _limits(client: discord.Client, settings: Settings) -> list[Text]:
    """Of what Discord lets one application do: how often it may connect, and for how many servers at once."""
    shards, _, starts = await client.http.get_bot_gateway()
    found = []
    if starts["remaining"] < FEW_STARTS:
        found.append(text("discord.check.starts", count=starts["remaining"]))
    if shards > (settings.shard_count or 1):
        found.append(text("discord.check.shards", count=shards, now=settings.shard_count or 1))
    return found


async def _on(client: discord.Client, server: int) -> tuple[discord.Guild, discord.Member]:
    """A server as Discord has it now, and Plein on it."""
    assert client.user
    guild = await client.fetch_guild(server, with_counts=False)
    return guild, await guild.fetch_member(client.user.id)


async def _obstacle_at(client: discord.Client, home: Home) -> Text | None:
    """What keeps themes from getting a place there."""
    gone = text("home.gone", home=home.called, platform=called(PLATFORM))
    try:
        found = await client.fetch_channel(int(home.ref))
        if not isinstance(found, discord.abc.GuildChannel):
            return gone
        server, me = await _on(client, found.guild.id)
        channels = await server.fetch_channels()
    except (discord.NotFound, discord.Forbidden, ValueError):
        return gone
    there = next((channel for channel in channels if channel.id == found.id), None)
    return obstacle_in(me, there, home.kind, channels) if there else gone


async def _look_in(client: discord.Client, channel: str) -> Callable[[Sequence[str]], Sequence[Text]] | None:
    """What says which permissions are refused in a channel of a theme; None: it is not there."""
    if (found := await _channel(client, channel)) is None:
        return None
    there, me = found
    return partial(lacks_in, there, there.permissions_for(me), me.guild_permissions)


async def _lacks_to_carry(client: discord.Client, channel: str) -> Sequence[Text]:
    """What is lacking to show there what people say elsewhere; in a post of a forum that is the forum's."""
    with contextlib.suppress(discord.NotFound, discord.Forbidden, ValueError):
        thread = await client.fetch_channel(int(channel))
        channel = str(thread.parent_id) if isinstance(thread, discord.Thread) else channel
    if (found := await _channel(client, channel)) is None:
        return [text("discord.check.no_channel", channel=channel)]
    there, me = found
    return lacks_to_carry(there, there.permissions_for(me))


async def _channel(
    client: discord.Client, channel: str
) -> tuple[discord.abc.GuildChannel, discord.Member] | None:
    """A channel as Discord has it now, and Plein on its server; None where it is not there."""
    try:
        found = await client.fetch_channel(int(channel))
        if not isinstance(found, discord.abc.GuildChannel):
            return None
        guild, me = await _on(client, found.guild.id)
        there = await guild.fetch_channel(found.id)
    except (discord.NotFound, discord.Forbidden, ValueError):
        return None
    return None if isinstance(there, discord.Thread) else (there, me)

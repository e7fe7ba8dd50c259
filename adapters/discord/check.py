"""Whether the configured application can be used, what it needs, and how to invite it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import discord

from adapters.discord.channels import names_of, needed
from adapters.discord.gateway import make_client
from adapters.discord.settings import Discord as Settings
from bot.model.message import Text, text

# In seconds, with one more for each channel: they are looked at in turn.
CHECK_SECONDS = 15.0


async def check(
    settings: Settings,
    channels: Sequence[str],
    connector: aiohttp.BaseConnector | None = None,
    *,
    listens: bool = False,
) -> tuple[list[Text], list[Text]]:
    """What is well or good to know, and what is wrong with what to do about it.

    `channels`: those that are to be places of themes. `listens`: a feature is to hear what people say.
    """
    client = make_client(settings, connector)
    try:
        async with asyncio.timeout(CHECK_SECONDS + len(channels)), client:
            await client.login(settings.token.get_secret_value())
            return await _look(client, settings, channels, listens=listens)
    except discord.LoginFailure:
        return [], [text("discord.check.token")]
    except discord.HTTPException as error:
        return [], [text("discord.check.answer", status=str(error.status))]
    except (aiohttp.ClientError, TimeoutError, OSError):
        return [], [text("discord.check.unreachable")]


async def _look(
    client: discord.Client, settings: Settings, channels: Sequence[str], *, listens: bool
) -> tuple[list[Text], list[Text]]:
    assert client.user
    assert client.application
    assert client.application_id
    flags = client.application.flags
    hears = flags.gateway_message_content or flags.gateway_message_content_limited
    invitation = discord.utils.oauth_url(
        client.application_id, permissions=needed(settings), scopes=("bot", "applications.commands")
    )
    guilds = [guild async for guild in client.fetch_guilds(limit=200)]
    known = {str(guild.id) for guild in guilds}
    intents = [] if listens else [text("discord.check.intents")]
    well = [
        text("discord.check.ok", user=str(client.user), count=len(guilds)),
        *([text("discord.check.hears")] if listens and hears else intents),
        text("discord.check.permissions", permissions=names_of(needed(settings))),
        text("discord.check.invite", address=invitation),
    ]
    wrong = [text("discord.check.deaf")] if listens and not hears else []
    wrong += [] if guilds else [text("discord.check.nowhere")]
    wrong += [text("discord.check.no_guild", guild=guild) for guild in settings.guilds if guild not in known]
    for channel in channels:
        wrong += await _missing_in(client, settings, channel)
    return well, wrong


async def _missing_in(client: discord.Client, settings: Settings, channel: str) -> list[Text]:
    """What Plein may not do in a channel where it is to take part."""
    try:
        found = await client.fetch_channel(int(channel))
        if not isinstance(found, discord.abc.GuildChannel):
            return [text("discord.check.no_channel", channel=channel)]
        guild = await client.fetch_guild(found.guild.id, with_counts=False)
        assert client.user
        there, me = await guild.fetch_channel(found.id), await guild.fetch_member(client.user.id)
        missing = discord.Permissions(needed(settings).value & ~there.permissions_for(me).value)
    except (discord.NotFound, discord.Forbidden, ValueError):
        return [text("discord.check.no_channel", channel=channel)]
    if not missing.value:
        return []
    return [text("discord.check.may_not", channel=found.name, permissions=names_of(missing))]

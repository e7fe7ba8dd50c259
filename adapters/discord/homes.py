"""What themes can have for a home on Discord: a category or a forum that is there, or that Plein makes.

Discord has no key for making a channel, and its library repeats by itself what got no answer. So it is asked
once, by a request of our own; and before and after that it is looked whether there is one by that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import discord
from discord.http import Route

from adapters.discord.channels import PLATFORM
from adapters.discord.members import ASK_AGAIN
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from bot.errors import TryLater, UserError
from bot.model.homes import Home, Option
from bot.model.message import Text, text

CATEGORY, FORUM = "discord.home.category", "discord.home.forum"
KINDS: Mapping[str, discord.ChannelType] = {
    CATEGORY: discord.ChannelType.category,
    FORUM: discord.ChannelType.forum,
}
MOST_CHANNELS, MOST_IN_CATEGORY, MOST_THREADS = 500, 50, 1000
# What Plein must be allowed in each, to make room for a theme there.
NEEDED = {CATEGORY: ("view_channel", "manage_channels"), FORUM: ("view_channel", "send_messages")}
# Codes: too many channels; too many threads; not allowed; no such kind of channel on this server; no tag.
_FULL, _FULL_OF_THREADS, _NOT_ALLOWED, _NO_SUCH_KIND, _NO_TAG = 30013, 160006, (50001, 50013), 50024, 40067
# Without an answer it may be made a moment later.
LOOK_AGAIN = 2.0


async def options_for(on: Session, community: int) -> list[Option]:
    """On each of its servers. Raises: TryLater where one says nothing just now."""
    found: list[Option] = []
    for server in on.places.servers_of(community):
        channels = await channels_of(server)
        known = (_known(server, channel, channels) for channel in channels)
        found += [option for option in known if option]
        lacks = _lacks_to_make(server, channels)
        for kind in KINDS:
            new = Home(PLATFORM, kind, f"{KINDS[kind].name}@{server.id}", "", server.name)
            found.append(Option(new, is_new=True, lacks=lacks))
    return sorted(found, key=lambda option: option.is_new)


async def make(on: Session, community: int, wanted: Home, name: str) -> Home:
    """The oldest of that kind and name; made where there is none. Raises: UserError, TryLater, OSError."""
    server = on.client.get_guild(int(wanted.ref.partition("@")[2]))
    if server not in on.places.servers_of(community):
        raise UserError("home.over", platform="Discord")
    assert server
    if found := _by_name(await channels_of(server), wanted.kind, name):
        return _as_home(server, found, wanted.kind)
    try:
        return await _ask_for(on, server, wanted, name)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        await on.clock.sleep(LOOK_AGAIN)
        if found := _by_name(await channels_of(server), wanted.kind, name):
            return _as_home(server, found, wanted.kind)
        raise ConnectionError("Discord did not say whether it made it") from error


async def _ask_for(on: Session, server: discord.Guild, wanted: Home, name: str) -> Home:
    """Once. Raises: UserError, TryLater, and OSError or ClientError where nobody knows what became of it."""
    body = {"name": name, "type": KINDS[wanted.kind].value}
    status, answer = await ask_once(on, f"/guilds/{server.id}/channels", body)
    if status == 201:
        return Home(PLATFORM, wanted.kind, str(answer["id"]), str(answer["name"]), server.name)
    called = Home(PLATFORM, wanted.kind, "", name, server.name).called
    raise UserError("home.cannot", home=called, why=why(server, called, int(answer.get("code", 0))))


async def ask_once(
    on: Session, path: str, body: object, method: str = "POST"
) -> tuple[int, Mapping[str, Any]]:
    """What Discord answers: its library would ask again by itself.

    Raises: TryLater, and OSError, ClientError or ValueError where nobody knows what became of it.
    """
    http = on.client.http
    headers = {
        "Authorization": f"Bot {on.settings.token.get_secret_value()}",
        "User-Agent": http.user_agent,
    }
    async with aiohttp.ClientSession(connector=http.connector, connector_owner=False) as session:
        # So would aiohttp, what it takes for the same however often: a PUT may undo what was done since.
        session._retry_connection = False
        async with session.request(method, f"{Route.BASE}{path}", json=body, headers=headers) as response:
            if response.status >= 500:
                raise ConnectionError(str(response.status))
            answer = await response.json(content_type=None)
            if response.status == 429:
                raise TryLater(float(answer["retry_after"]))
            return response.status, answer


def why(server: discord.Guild, home: Text, code: int) -> Text:
    if code == _FULL:
        return text("discord.home.most", server=server.name, most=MOST_CHANNELS)
    if code == _FULL_OF_THREADS:
        return text("discord.home.threads", server=server.name, most=MOST_THREADS)
    if code in _NOT_ALLOWED:
        return text("discord.home.server", server=server.name)
    if code == _NO_SUCH_KIND:
        return text("discord.home.no_forum", server=server.name)
    if code == _NO_TAG:
        return text("discord.home.tag", home=home)
    return text("discord.home.refused", code=code)


async def channels_of(server: discord.Guild) -> Sequence[discord.abc.GuildChannel]:
    """As Discord has them now: what was just made is among them. Raises: TryLater."""
    if server.unavailable:
        raise TryLater(ASK_AGAIN)
    try:
        return await server.fetch_channels()
    except TROUBLE as error:
        raise TryLater(ASK_AGAIN) from error


def _known(
    server: discord.Guild, channel: discord.abc.GuildChannel, channels: Sequence[discord.abc.GuildChannel]
) -> Option | None:
    kind = next((kind for kind, of in KINDS.items() if channel.type is of), None)
    if kind is None:
        return None
    hidden = not channel.permissions_for(server.default_role).view_channel
    return Option(
        _as_home(server, channel, kind), lacks=obstacle_in(server.me, channel, kind, channels), hidden=hidden
    )


def _as_home(server: discord.Guild, channel: discord.abc.GuildChannel, kind: str) -> Home:
    return Home(PLATFORM, kind, str(channel.id), channel.name, server.name)


def _lacks_to_make(server: discord.Guild, channels: Sequence[discord.abc.GuildChannel]) -> Text | None:
    if not server.me.guild_permissions.manage_channels:
        return text("discord.home.server", server=server.name)
    if len(channels) >= MOST_CHANNELS:
        return text("discord.home.most", server=server.name, most=MOST_CHANNELS)
    return None


def obstacle_in(
    me: discord.Member,
    channel: discord.abc.GuildChannel,
    kind: str,
    channels: Sequence[discord.abc.GuildChannel],
) -> Text | None:
    """What keeps themes from getting a place in what is their home, or may become it."""
    may, home = channel.permissions_for(me), _as_home(channel.guild, channel, kind).called
    for name in NEEDED[kind]:
        if not getattr(may, name):
            return text("discord.home.lacks", home=home, permission=text(f"discord.permission.{name}"))
    inside = [other for other in channels if other.category_id == channel.id]
    if kind == CATEGORY and len(inside) >= MOST_IN_CATEGORY:
        return text("discord.home.full", home=home, most=MOST_IN_CATEGORY)
    # Which tag is true of a theme people know, and Plein does not.
    if isinstance(channel, discord.ForumChannel) and channel.flags.require_tag:
        return text("discord.home.tag", home=home)
    return None


def _by_name(
    channels: Sequence[discord.abc.GuildChannel], kind: str, name: str
) -> discord.abc.GuildChannel | None:
    """The oldest of that kind and name."""
    alike = [
        channel for channel in channels if channel.type is KINDS[kind] and is_written_as(channel.name, name)
    ]
    return min(alike, key=lambda channel: channel.id, default=None)


def is_written_as(called: str, name: str) -> bool:
    """Discord writes the names of channels, forums among them, in its own way."""
    return _letters(called) == _letters(name)


def _letters(name: str) -> str:
    return re.sub(r"\W+", "", name.casefold()) or name.casefold()

"""Channels and posts for themes on Discord, in the category or forum that is their home.

Each has a mark, which stands in the topic of the channel or below the first words of the post: by that it is
looked for before it is made, and where nobody knows whether it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import aiohttp
import discord

from adapters.discord.homes import (
    CATEGORY,
    FORUM,
    LOOK_AGAIN,
    MOST_CHANNELS,
    MOST_THREADS,
    ask_once,
    channels_of,
    obstacle_in,
    why,
)
from adapters.discord.members import ASK_AGAIN
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from adapters.discord.words import as_typed, shorten
from bot.errors import NotOurs, TryLater, UserError
from bot.model.homes import Home, WantedRoom
from bot.model.message import Text, text
from bot.model.people import Place

# So long a post stays on view without anybody saying something in it: a week, the longest there is.
SHOWN_FOR = 10_080
# Among so many that were put away a post is looked for.
LOOKED_THROUGH = 100
# Of what Discord calls a channel, and of what is said above it.
LONGEST_NAME, LONGEST_TOPIC = 100, 900


async def make_room(on: Session, community: int, home: Home, wanted: WantedRoom) -> Place | None:
    """The one with that mark; made where there is none, unless its theme is closed.

    Raises: UserError, NotOurs, TryLater, OSError.
    """
    server, there, channels = await _find_home(on, community, home)
    found = await _marked(on, server, there, channels, wanted.mark)
    if found is None:
        if wanted.closed:
            return None
        found = await _make(on, server, there, channels, home, wanted)
    # From now on it is a place, also for whoever leaves or deletes it there.
    return await on.places.at(found.id, found)


def obstacle_to_making(on: Session, community: int, home: Home) -> Text | None:
    """What keeps it from making one there, as Discord told it. Raises: NotOurs, TryLater."""
    for server in on.places.servers_of(community):
        if server.unavailable:
            raise TryLater(ASK_AGAIN)
        if there := server.get_channel(int(home.ref)):
            return _lacks(server, there, server.channels, home)
    raise _is_elsewhere(on, home)


def _is_elsewhere(on: Session, home: Home) -> NotOurs:
    if on.settings.shards:
        return NotOurs("its server may be another process's")
    return NotOurs("it is not in the home", text("room.home_gone", home=home.called))


async def _find_home(
    on: Session, community: int, home: Home
) -> tuple[discord.Guild, discord.abc.GuildChannel, Sequence[discord.abc.GuildChannel]]:
    """The server that it is on, itself, and all that is there. Raises: UserError, NotOurs, TryLater."""
    for server in on.places.servers_of(community):
        channels = await channels_of(server)
        for channel in channels:
            if str(channel.id) == home.ref:
                return server, channel, channels
    raise _is_elsewhere(on, home)


async def _make(
    on: Session,
    server: discord.Guild,
    there: discord.abc.GuildChannel,
    channels: Sequence[discord.abc.GuildChannel],
    home: Home,
    wanted: WantedRoom,
) -> discord.abc.GuildChannel | discord.Thread:
    if lacks := _lacks(server, there, channels, home):
        raise UserError(lacks.key, **lacks.values)
    path, body = _request(server, there, home, wanted)
    try:
        status, answer = await ask_once(on, path, body)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        await on.clock.sleep(LOOK_AGAIN)
        if found := await _marked(on, server, there, await channels_of(server), wanted.mark):
            return found
        raise ConnectionError("Discord did not say whether it made it") from error
    if status != 201:
        refused = why(server, home.called, int(answer.get("code", 0)))
        raise UserError(refused.key, **refused.values)
    return await _fetched(on, int(answer["id"]))


def _lacks(
    server: discord.Guild,
    there: discord.abc.GuildChannel,
    channels: Sequence[discord.abc.GuildChannel],
    home: Home,
) -> Text | None:
    if lacks := obstacle_in(server.me, there, home.kind, channels):
        return lacks
    if home.kind == CATEGORY and len(channels) >= MOST_CHANNELS:
        return text("discord.home.most", server=server.name, most=MOST_CHANNELS)
    # Of private ones in which Plein is not Discord tells nothing: where these are too many it refuses.
    if home.kind == FORUM and len(server.threads) >= MOST_THREADS:
        return text("discord.home.threads", server=server.name, most=MOST_THREADS)
    return None


def _request(
    server: discord.Guild, there: discord.abc.GuildChannel, home: Home, wanted: WantedRoom
) -> tuple[str, dict[str, object]]:
    name, sign = wanted.name[:LONGEST_NAME], sign_of(wanted.mark)
    topic = shorten(as_typed(wanted.topic), LONGEST_TOPIC)
    if home.kind == CATEGORY:
        body = {"name": name, "type": 0, "parent_id": str(there.id), "topic": f"{topic} ({sign})"}
        return f"/guilds/{server.id}/channels", body
    first = {
        "content": f"{topic}\n-# {sign}",
        "allowed_mentions": {"parse": []},
    }
    return f"/channels/{there.id}/threads", {
        "name": name,
        "auto_archive_duration": SHOWN_FOR,
        "message": first,
    }


def sign_of(mark: str) -> str:
    """How a mark is written there, where people see it."""
    return f"plein:{mark}"


# --- looking for what is there ---


async def _marked(
    on: Session,
    server: discord.Guild,
    there: discord.abc.GuildChannel,
    channels: Sequence[discord.abc.GuildChannel],
    mark: str,
) -> discord.abc.GuildChannel | discord.Thread | None:
    sign = sign_of(mark)
    for channel in channels:
        if isinstance(channel, discord.TextChannel) and sign in (channel.topic or ""):
            return channel
    if not isinstance(there, discord.ForumChannel):
        return None
    try:
        async for post in _posts(on, server, there):
            first = await post.fetch_message(post.id)
            if sign in first.content:
                return post
    except TROUBLE as error:
        raise TryLater(ASK_AGAIN) from error
    return None


async def _posts(
    on: Session, server: discord.Guild, forum: discord.ForumChannel
) -> AsyncIterator[discord.Thread]:
    """Plein's own, those that are on view first."""
    for post in await server.active_threads():
        if post.parent_id == forum.id and post.owner_id == on.client.application_id:
            yield post
    async for post in forum.archived_threads(limit=LOOKED_THROUGH):
        if post.owner_id == on.client.application_id:
            yield post


async def _fetched(on: Session, channel: int) -> discord.abc.GuildChannel | discord.Thread:
    try:
        found = on.client.get_channel(channel) or await on.client.fetch_channel(channel)
    except TROUBLE as error:
        raise TryLater(ASK_AGAIN) from error
    assert isinstance(found, discord.abc.GuildChannel | discord.Thread)
    return found

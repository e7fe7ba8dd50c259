"""Files that people post in channels: what Discord tells of them, and what is in them, from Discord alone.

An address of Discord's opens for a day, and anybody can write one that looks like it. So none is kept: where
a file is Discord is asked anew, by the message that it is with, whenever it is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp
import discord
from yarl import URL

from adapters.discord.outgoing import UNKNOWN_MESSAGE
from adapters.discord.session import Session
from adapters.media import AS_IT_IS, PATIENCE, pieces
from bot.errors import NotCarried, TryLater
from bot.files import unreadable
from bot.model.files import Posted
from bot.ports.adapter import Take
from bot.rich import clean

HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
HIDDEN = "SPOILER_"
RETRY_SECONDS = 5.0
_STICKER = "sticker"
_DRAWN = discord.StickerFormatType.lottie

Json = list[Any]


def forwarded_in(message: discord.Message) -> discord.MessageSnapshot | None:
    """What somebody said elsewhere, where the message only brings that along: nobody knows who it was."""
    reference = message.reference
    is_forward = reference is not None and reference.type is discord.MessageReferenceType.forward
    return next(iter(message.message_snapshots), None) if is_forward else None


def files_in(message: discord.Message) -> Sequence[Json]:
    """What it is posted with, as it is kept in the inbox: what Discord tells of each file."""
    said = forwarded_in(message) or message
    where = f"{message.channel.id}:{message.id}"
    files: list[Json] = [
        [
            f"{where}:{file.id}",
            file.filename.removeprefix(HIDDEN),
            file.size,
            (file.content_type or "")[:100],
            file.is_spoiler(),
            clean(file.description or ""),
        ]
        for file in said.attachments
    ]
    return [*files, *map(_sticker, said.stickers)]


def _sticker(sticker: discord.StickerItem) -> Json:
    """One that is drawn as it is shown no other platform can show: it goes by its name."""
    if sticker.format is _DRAWN:
        return ["", sticker.name, None, "", False, ""]
    ending = sticker.format.file_extension
    return [
        f"{_STICKER}:{sticker.id}:{ending}",
        f"{sticker.name}.{ending}",
        None,
        "",
        False,
        clean(sticker.name),
    ]


def posted(kept: Sequence[Json]) -> tuple[Posted, ...]:
    """What `files_in` gave."""
    return tuple(Posted(*fields) for fields in kept)


async def fetch(on: Session, file: Posted, take: Take) -> None:
    """See `Keeper.fetch`."""
    url = await _address(on, file)
    if url.scheme != "https" or url.host not in HOSTS or url.explicit_port:
        raise NotCarried(unreadable(file))
    # Nothing of what Plein may do on Discord goes along.
    connector = on.client.http.connector
    async with aiohttp.ClientSession(connector=connector, connector_owner=False) as session:
        try:
            response = await session.get(url, headers=AS_IT_IS, allow_redirects=False, timeout=PATIENCE)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"Discord: {type(error).__name__}") from error
        async with response:
            if response.status == 429:
                raise TryLater(RETRY_SECONDS)
            if response.status >= 500:
                raise ConnectionError(f"Discord {response.status}")
            if response.status != 200:
                raise NotCarried(unreadable(file))
            await pieces(response, take)


async def _address(on: Session, file: Posted) -> URL:
    """Where it is just now. Raises: NotCarried where it is no more, and what reading does."""
    match file.source.split(":"):
        case [kind, number, "png" | "gif" as ending] if kind == _STICKER and number.isdecimal():
            host = HOSTS[1] if ending == "gif" else HOSTS[0]
            return URL(f"https://{host}/stickers/{number}.{ending}")
        case [channel, message, number] if (channel + message + number).isdecimal():
            there = on.client.get_partial_messageable(int(channel))
            try:
                with on.outgoing.understood("read", int(channel), UNKNOWN_MESSAGE):
                    found = await there.fetch_message(int(message))
            except discord.NotFound as gone:
                raise NotCarried(unreadable(file)) from gone
            for attachment in _attached(found):
                if attachment.id == int(number):
                    return URL(attachment.url)
    raise NotCarried(unreadable(file))


def _attached(message: discord.Message) -> Iterator[discord.Attachment]:
    yield from message.attachments
    for snapshot in message.message_snapshots:
        yield from snapshot.attachments

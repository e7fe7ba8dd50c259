"""How a channel or post of a theme's is on Discord, and making it what is wanted of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import discord

from adapters.discord.homes import ask_once, is_written_as
from adapters.discord.members import ASK_AGAIN
from adapters.discord.new_rooms import LONGEST_NAME
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from bot.errors import Gone, Refused, TryLater, UserError
from bot.model.homes import RoomSeen, WantedRoom
from bot.model.message import text
from bot.model.people import Place

# Codes: there is no such channel; Plein does not see it; it may not do that there.
NO_SUCH_CHANNEL, NOT_SEEN, NOT_ALLOWED = 10003, 50001, 50013
VOICE, TEXT = (2, 13), 0


async def look_at(on: Session, place: Place) -> RoomSeen:
    """Raises: Gone, Refused, TryLater."""
    return _seen(await fetched(on, place.room_id))


async def shape(on: Session, wanted: WantedRoom) -> RoomSeen:
    """Raises: UserError, Gone, NotNow, OSError."""
    room, name = str(wanted.room), wanted.name[:LONGEST_NAME]
    channel = await fetched(on, room)
    if is_written_as(str(channel["name"]), name):
        return _seen(channel)
    return _seen(await _change(on, room, channel, {"name": name}))


async def fetched(on: Session, room: str) -> Mapping[str, Any]:
    """As Discord has the channel now. Raises: Gone, Refused, TryLater."""
    try:
        found: Mapping[str, Any] = await on.client.http.get_channel(int(room))
    except TROUBLE as error:
        code = error.code if isinstance(error, discord.HTTPException) else 0
        if code == NO_SUCH_CHANNEL:
            raise Gone("there is no such channel any more") from error
        if code == NOT_SEEN:
            # Perhaps it is hidden from Plein for now; or Plein is not on its server for now.
            raise Refused("Plein does not see the channel") from error
        raise TryLater(ASK_AGAIN) from error
    return found


async def _change(
    on: Session, room: str, channel: Mapping[str, Any], wanted: Mapping[str, object]
) -> Mapping[str, Any]:
    is_thread = "thread_metadata" in channel
    if is_thread and channel["thread_metadata"]["archived"]:
        # What was put away is changed only together with being taken out again.
        wanted = {**wanted, "archived": False}
    try:
        status, answer = await ask_once(on, f"/channels/{room}", wanted, "PATCH")
    except (aiohttp.ClientError, ValueError) as error:
        raise ConnectionError("Discord did not say whether it changed it") from error
    if status == 200:
        return answer
    match int(answer.get("code", 0)):
        case code if code == NO_SUCH_CHANNEL:
            raise Gone("there is no such channel any more")
        case code:
            raise refusal(code, "manage_threads" if is_thread else "manage_channels")


def refusal(code: int, permission: str) -> UserError:
    """What a code says of something for which Plein needs that permission."""
    if code in (NOT_SEEN, NOT_ALLOWED):
        return UserError("discord.room.lacks", permission=text(f"discord.permission.{permission}"))
    return UserError("room.refused", code=str(code))


def _seen(channel: Mapping[str, Any]) -> RoomSeen:
    """Discord writes names of channels small, and without blanks."""
    name, kind = str(channel["name"]), channel["type"]
    if kind == TEXT:
        words = name.replace("-", " ").strip()
        name = words[:1].upper() + words[1:]
    return RoomSeen(name, is_voice=kind in VOICE)

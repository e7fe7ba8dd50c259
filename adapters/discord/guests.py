"""Letting people into a theme's channel or post on Discord, and having them out of it."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord

from adapters.discord.homes import ask_once
from adapters.discord.members import ASK_AGAIN, PLEIN
from adapters.discord.session import Session
from adapters.discord.shaping import FOR_ONE, LET_IN, NO_SUCH_CHANNEL, fetched, is_let_in, refusal
from bot.errors import Gone, TryLater, UserError
from bot.model.people import Place

MOST_OVERWRITES = 1000
# Codes: whoever it is is not in it; nobody on the server is; there is no such person; there is no such line.
_NOT_THERE = 10007, 10013
_NO_LINE = 10009
_LINE = {"type": FOR_ONE, "allow": str(LET_IN.value), "deny": "0"}


async def admit(on: Session, place: Place, user: int, *, inside: bool) -> None:
    """Raises: Gone, UserError, NotNow, OSError."""
    channel = await fetched(on, place.room_id)
    if "thread_metadata" in channel:
        method = "PUT" if inside else "DELETE"
        path = f"/channels/{place.room_id}/thread-members/{user}"
        await _ask(on, path, None, method, "send_messages_in_threads" if inside else "manage_threads")
        return
    lines = channel.get("permission_overwrites") or []
    own = next((line for line in lines if line["id"] == str(user) and int(line["type"]) == FOR_ONE), None)
    is_ours = own is not None and is_let_in(own)
    path = f"/channels/{place.room_id}/permissions/{user}"
    if not inside:
        if is_ours:
            await _ask(on, path, None, "DELETE", "manage_roles")
        return
    if own is not None or await _sees(on, int(place.room_id), user):
        return
    if len(lines) >= MOST_OVERWRITES:
        raise UserError("discord.room.overwrites", most=MOST_OVERWRITES)
    await _ask(on, path, _LINE, "PUT", "manage_roles")


async def _sees(on: Session, room: int, user: int) -> bool:
    """Whether they need not be let in. Raises: Gone where they are not on its server, TryLater."""
    channel = on.client.get_channel(room)
    if not isinstance(channel, discord.abc.GuildChannel):
        raise TryLater(ASK_AGAIN)
    member = await on.places.members.on(channel.guild, user, on.clock.now(), PLEIN)
    if member is None:
        raise Gone("they are not on the server")
    return channel.permissions_for(member).view_channel


async def _ask(on: Session, path: str, body: Any, method: str, permission: str) -> None:
    try:
        status, answer = await ask_once(on, path, body, method)
    except (aiohttp.ClientError, ValueError) as error:
        raise ConnectionError("Discord did not say whether it did that") from error
    if status < 300:
        return
    match int(answer.get("code", 0)):
        case code if code == NO_SUCH_CHANNEL:
            raise TryLater(ASK_AGAIN)
        case code if code in _NOT_THERE:
            raise Gone("there is nobody to let in")
        case code if code == _NO_LINE:
            return
        case code:
            raise refusal(code, permission)

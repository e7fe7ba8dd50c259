"""Keeping somebody from writing in a theme's channel on Discord, and letting them again.

By a line of permissions of their own there, which forbids what closing a channel takes from everybody: what
they may elsewhere stays. A line that somebody set by hand is left as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import discord

from adapters.discord.guests import MOST_OVERWRITES, ask_for_line, is_ours
from adapters.discord.members import ASK_AGAIN
from adapters.discord.session import Session
from adapters.discord.shaping import FOR_ONE, LET_IN, SEES, SPEAKING, fetched
from bot.errors import TryLater, UserError
from bot.model.message import text
from bot.model.people import Place

_WRITES = discord.Permissions(send_messages=True).value
_NEEDED = "manage_roles"


async def silence(
    on: Session, place: Place, user: int, before: str | None, looked: Callable[[str], Awaitable[None]]
) -> bool:
    """See `Silencer.silence`. Raises: Gone, UserError, NotNow, OSError."""
    channel = await fetched(on, place.room_id)
    if "thread_metadata" in channel:
        raise UserError("discord.silence.post")
    speaking = _forbidden(on, place)
    lines = channel.get("permission_overwrites") or []
    own = _line_of(lines, user)
    if own is not None and int(own["deny"]) & _WRITES:
        return before is not None
    if own is not None and not is_ours(own):
        raise UserError("discord.silence.by_hand")
    if own is None and len(lines) >= MOST_OVERWRITES:
        raise UserError("discord.room.overwrites", most=MOST_OVERWRITES)
    allow = int(own["allow"]) if own else 0
    if before is None:
        await looked(str(allow) if own else "")
    line = {"type": FOR_ONE, "allow": str(allow & ~speaking), "deny": str(speaking)}
    await ask_for_line(on, place, user, line, "PUT", _NEEDED)
    return True


async def unsilence(on: Session, place: Place, user: int) -> None:
    """See `Silencer.unsilence`. Who was let in meanwhile stays so. Raises: as above."""
    own = _line_of((await fetched(on, place.room_id)).get("permission_overwrites") or [], user)
    if own is None or not int(own["deny"]) & _WRITES:
        return
    allow, deny = int(own["allow"]), int(own["deny"])
    if deny & ~SPEAKING.value or allow & ~LET_IN.value:
        raise UserError("discord.silence.changed")
    if allow & SEES:
        line = {"type": FOR_ONE, "allow": str(allow | (LET_IN.value & deny)), "deny": "0"}
        await ask_for_line(on, place, user, line, "PUT", _NEEDED)
    else:
        await ask_for_line(on, place, user, None, "DELETE", _NEEDED)


def _forbidden(on: Session, place: Place) -> int:
    """What Plein can forbid there, which is what it may itself. Raises: UserError, TryLater."""
    found = on.client.get_channel(int(place.room_id))
    if not isinstance(found, discord.abc.GuildChannel):
        raise TryLater(ASK_AGAIN)
    speaking = SPEAKING.value & found.permissions_for(found.guild.me).value
    if not speaking & _WRITES:
        raise UserError("discord.room.lacks", permission=text("discord.permission.send_messages"))
    return speaking


def _line_of(lines: Sequence[Mapping[str, Any]], user: int) -> Mapping[str, Any] | None:
    return next((line for line in lines if line["id"] == str(user) and int(line["type"]) == FOR_ONE), None)

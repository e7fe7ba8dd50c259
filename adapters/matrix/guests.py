"""Letting people into a theme's room on Matrix, and having them out of it."""

from __future__ import annotations

from urllib.parse import quote

from adapters.matrix.refusals import refusal
from adapters.matrix.rooms import shown_level
from adapters.matrix.session import Session, ask, ask_state
from bot.errors import Gone, UserError


async def admit(on: Session, room: str, user: str, *, inside: bool) -> None:
    """By an invitation, where they do not come in by themselves.

    Raises: Gone, UserError, TryLater, OSError.
    """
    path = f"/rooms/{quote(room, safe='')}"
    own = await ask_state(on, f"{path}/state/m.room.member/{quote(user, safe='')}") or {}
    if (own.get("membership") in ("join", "invite")) == inside:
        return
    if inside and (own.get("membership") == "ban" or await _enters(on, path, user)):
        return
    action = "invite" if inside else "kick"
    status, answer = await ask(on, "POST", f"{path}/{action}", {"user_id": user})
    if status == 200:
        return
    if answer.get("errcode") != "M_FORBIDDEN":
        raise refusal(status, answer.get("errcode"))
    known = on.rooms.get(room)
    has, needs = (known.level_of(on.me), known.needed_to(action)) if known else (0, 50)
    if inside and has >= needs:
        raise Gone("their server, or they themselves, do not want it")
    raise UserError("matrix.room.lacks", has=shown_level(has), needs=needs)


async def _enters(on: Session, path: str, user: str) -> bool:
    """Whether the room is open to them: to all, or to those of a space in which they are."""
    match await ask_state(on, f"{path}/state/m.room.join_rules/"):
        case {"join_rule": "public"}:
            return True
        case {"join_rule": "restricted", "allow": [*allowed]}:
            spaces = [each.get("room_id") for each in allowed if isinstance(each, dict)]
            rooms = [on.rooms[space] for space in spaces if space in on.rooms]
            return any(room.members.get(user) == "join" for room in rooms)
    return False

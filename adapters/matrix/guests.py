"""Letting people into a theme's room on Matrix, and having them out of it."""

from __future__ import annotations

from urllib.parse import quote

from adapters.matrix.refusals import refusal
from adapters.matrix.rooms import shown_level
from adapters.matrix.session import Session, ask, ask_state
from bot.errors import Gone, NotOurs, UserError
from bot.model.message import Text, text

# Into such rooms people come by themselves, or may.
_OPEN = ("public", "restricted", "knock_restricted")


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


def obstacle_to_entering(on: Session, place: str, user: str) -> Text | None:
    """What keeps somebody from being let in, as far as the sync told. Raises: NotOurs where Plein is not."""
    room = on.rooms.get(place)
    if room is None:
        raise NotOurs("it is not in the room")
    if room.has(user) or room.join_rule in _OPEN:
        return None
    has, needs = room.level_of(on.me), room.needed_to("invite")
    return text("matrix.room.lacks", has=shown_level(has), needs=needs) if has < needs else None


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

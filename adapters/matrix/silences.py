"""Keeping somebody from writing in a theme's room on Matrix, and letting them again: by their power there.

Below what it takes to send anything nothing of theirs is taken; they go on reading. What they had is kept,
and given back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.matrix.moderators import LEVELS
from adapters.matrix.rooms import shown_level
from adapters.matrix.session import Session, ask, ask_state
from bot.errors import NotOurs, UserError


async def silence(
    on: Session, room: str, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
) -> bool:
    """See `Silencer.silence`. Raises: Gone, UserError, NotOurs, TryLater, OSError."""
    levels = await ask_state(on, _path(room)) or {}
    users, quiet = _users(levels), _below_all(levels)
    if user in users and _number(users[user], 0) <= quiet:
        return before is not None
    known = on.rooms.get(room)
    if known is None:
        raise NotOurs("it is not in the room")
    has, needs = known.level_of(on.me), max(known.needed_to_change(LEVELS), known.level_of(user) + 1)
    if has < needs:
        raise UserError("matrix.room.lacks", has=shown_level(has), needs=shown_level(needs))
    if before is None:
        await looked(str(users[user]) if user in users else "")
    await _put(on, room, {**levels, "users": {**users, user: quiet}})
    return True


async def unsilence(on: Session, room: str, user: str, before: str) -> None:
    """See `Silencer.unsilence`. Raises: as above."""
    levels = await ask_state(on, _path(room)) or {}
    users = _users(levels)
    if user not in users or _number(users[user], 0) > _below_all(levels):
        return
    others = {name: level for name, level in users.items() if name != user}
    await _put(on, room, {**levels, "users": others | ({user: int(before)} if before else {})})


def _path(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}/state/{LEVELS}/"


async def _put(on: Session, room: str, levels: Mapping[str, Any]) -> None:
    status, answer = await ask(on, "PUT", _path(room), levels)
    if status == 403:
        known = on.rooms.get(room)
        has, needs = (known.level_of(on.me), known.needed_to_change(LEVELS)) if known else (0, 100)
        raise UserError("matrix.room.lacks", has=shown_level(has), needs=needs)
    if status != 200:
        raise ConnectionError(f"the homeserver answered {status} {answer.get('errcode')}")


def _users(levels: Mapping[str, Any]) -> dict[str, Any]:
    named = levels.get("users")
    return dict(named) if isinstance(named, dict) else {}


def _below_all(levels: Mapping[str, Any]) -> int:
    """Below what it takes to send anything, and below what whoever is not named has."""
    events = levels.get("events")
    needed = [*events.values()] if isinstance(events, dict) else []
    usual = [levels.get(name) for name in ("events_default", "users_default")]
    return min(0, *(_number(level, 0) for level in (*needed, *usual))) - 1


def _number(level: object, otherwise: int) -> int:
    return level if isinstance(level, int) else otherwise

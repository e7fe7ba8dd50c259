"""Whoever moderates the community keeps order in the rooms that Plein made for its themes.

Plein alone has power there by itself. So it gives moderators as much as it takes to put people out and to
take away what they said, and not what it takes to change the room. What it gave is kept, as marks that say of
nobody who that is: it takes back that alone, and leaves whatever somebody set by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from adapters.matrix.rooms import Room
from adapters.matrix.session import Session, ask
from adapters.matrix.spaces import CHILD

KEPT = "moderators:"
LEVELS, MEMBER = "m.room.power_levels", "m.room.member"
# What a moderator has; and what it takes to change what a room is, or to ask people in, which Plein does.
MODERATORS, BEYOND = 50, 100
# What a homeserver names with less when it makes a room.
_NAMED = ("m.room.name", "m.room.avatar", "m.room.canonical_alias")
# That somebody has it; and that Plein began to give it, or to take it back, which is kept first.
_GIVEN, _BEGUN = "given", "begun"
Levels = Mapping[str, Any]
# Of each room by the marks of whom Plein gave it; None: it was never looked at.
Marks = Mapping[str, str]


class Plan(NamedTuple):
    """What levels are to be, and what is kept before they are and after."""

    levels: Levels
    before: Marks
    after: Marks


async def entrust(on: Session, room: Room, moderators: Collection[str]) -> None:
    """These, and nobody else by Plein's doing, have that power there. Twice is once.

    Raises: UserError, NotNow, OSError, as what changes a room's state does.
    """
    path = f"/rooms/{quote(room.id, safe='')}/state/{LEVELS}/"
    status, levels = await ask(on, "GET", path)
    if status != 200:
        raise ConnectionError(f"the homeserver answered {status}")
    name = KEPT + room.id
    found = (await on.core.kept(on.account, name)).get(name)
    kept = orjson.loads(found) if found else None
    plan = planned(room.id, levels, {*moderators} - room.creators - {on.me}, kept)
    if plan.before != kept:
        await on.core.keep(on.account, {name: orjson.dumps(plan.before).decode()})
    if plan.levels != levels:
        status, answer = await ask(on, "PUT", path, plan.levels)
        if status == 403:
            # Somebody took Plein's own power, and looks after the room by that.
            return
        if status != 200:
            raise ConnectionError(f"the homeserver answered {status} {answer.get('errcode')}")
    if plan.after != plan.before:
        await on.core.keep(on.account, {name: orjson.dumps(plan.after).decode()})


async def forget(on: Session, room: str) -> None:
    """Plein is there no more."""
    await on.core.keep(on.account, {KEPT + room: None})


def planned(room: str, levels: Levels, moderators: Collection[str], kept: Marks | None) -> Plan:
    """Whose level stands there already without Plein's doing, or is another by now, somebody set by hand."""
    named = levels.get("users")
    users: dict[str, Any] = dict(named) if isinstance(named, dict) else {}
    known, marks = kept or {}, dict[str, str]()
    for user in sorted(moderators):
        mark = mark_of(room, user)
        if mark not in known and user in users:
            continue
        marks[mark] = known.get(mark, _BEGUN)
        if marks[mark] == _BEGUN:
            users.setdefault(user, MODERATORS)
    for user, level in list(users.items()):
        if user not in moderators and level == MODERATORS and mark_of(room, user) in known:
            del users[user]
    taken = dict.fromkeys(known.keys() - marks.keys(), _BEGUN)
    changed = {**levels, "users": users}
    if kept is None:
        changed = _beyond_moderators(changed)
    return Plan(changed, {**marks, **taken}, dict.fromkeys(marks, _GIVEN))


def who_governs(space: Room, needed: int) -> Collection[str]:
    """Who is in it and has that power there, and what it takes to say what is part of it."""
    return [user for user in _with_power(space, needed) if space.members.get(user) == "join"]


def say_who_governs(events: Iterable[Mapping[str, Any]], space: Room, needed: int) -> bool:
    """Whether its levels changed by one of these events, or somebody with that power came or went."""
    powerful = _with_power(space, needed)
    return any(
        event.get("type") == LEVELS or (event.get("type") == MEMBER and event.get("state_key") in powerful)
        for event in events
    )


def _with_power(space: Room, needed: int) -> Collection[str]:
    return space.named_with(max(needed, space.needed_to_change(CHILD)))


def mark_of(room: str, user: str) -> str:
    return sha256(f"{room} {user}".encode(errors="surrogatepass")).hexdigest()[:32]


def _beyond_moderators(levels: Levels) -> dict[str, Any]:
    """The same where whoever has no more power than Plein gives moderators changes nothing of the room."""
    events = levels.get("events")
    named = dict(events) if isinstance(events, dict) else {}
    for kind in _NAMED:
        if kind in named:
            named[kind] = _at_least(named[kind])
    most = {name: _at_least(levels.get(name, MODERATORS)) for name in ("state_default", "invite")}
    return {**levels, **most, "events": named}


def _at_least(level: object) -> object:
    return max(level, BEYOND) if isinstance(level, int) else level

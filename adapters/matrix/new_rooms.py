"""Rooms for themes on Matrix, in the space that is their home.

Whoever is in the space enters by themselves. A homeserver has no key for making a room, but an alias is given
once: the mark is in it that was kept before anything was asked for, and it is ours only if Plein made what it
leads to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from adapters.matrix.homes import is_ours, makers_are_above_all
from adapters.matrix.moderators import LEVELS, MODERATORS, entrust, who_governs
from adapters.matrix.refusals import refusal
from adapters.matrix.session import Session, ask, ask_state
from adapters.matrix.settings import PLATFORM
from adapters.matrix.spaces import CHILD
from adapters.matrix.sync import Sync
from bot.described import with_line
from bot.errors import Gone, NotNow, NotOurs, UserError
from bot.model.homes import Home, RoomSeen, WantedRoom
from bot.model.message import Text, text
from bot.model.people import Place

PARENT = "m.space.parent"
# The kind of a room that is there to call each other.
CALL = "org.matrix.msc3417.call"
TOPIC, LONGEST_TOPIC = "m.room.topic", 4_000
# Somebody may have made a room by an alias that was kept: another one is given instead.
TRIES = 3
# What a room takes where its power levels do not say.
_SPEAKING: Mapping[str, Any] = {"events_default": 0, "events": {}}
_LEVELS = {"state_default": 50, "events_default": 0, "users_default": 0, "invite": 50, "redact": 50}


class NewRooms:
    """Makes them. `sync` says which rooms there are, in which spaces, and whose these are."""

    def __init__(self, session: Session, sync: Sync) -> None:
        self._on = session
        self._sync = sync
        self._making = asyncio.Lock()

    async def make(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        """The one with that mark, in that space; none is made for a theme that is closed.

        Raises: UserError, NotOurs, TryLater, OSError.
        """
        if why := self.obstacle_to_making(community, home):
            raise UserError(why.key, **why.values)
        async with self._making:
            room = await self._find_or_make(home.ref, wanted)
            if room is None:
                return None
            await self._put_into(home.ref, room)
        # What is told of a room that is in no space yet is told before it has a theme.
        if not await self._on.outgoing.until(lambda: self._is_told(home.ref, room)):
            raise ConnectionError("the sync has not brought the new room yet")
        return Place(PLATFORM, room)

    def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        """What keeps it from making one in that space, as far as the sync told. Raises: NotOurs."""
        space = self._on.rooms.get(home.ref)
        if not self._is_still(home, community):
            return text("room.home_gone", home=home.called)
        if space is None:
            raise NotOurs("it is not in the home", text("room.home_gone", home=home.called))
        has, needs = space.level_of(self._on.me), space.needed_to_change(CHILD)
        if has < needs:
            return text("matrix.home.lacks", home=home.called, has=int(has), needs=needs)
        return None

    def _is_still(self, home: Home, community: int) -> bool:
        """Whether a space that was that community's home became no other one's by a line."""
        return self._sync.whose_spaces.get(home.ref, community) == community

    def _is_told(self, space: str, room: str) -> bool:
        """Of a space that no line names, as of what nobody's is, the sync brings not what is in it."""
        is_told = space not in self._sync.whose_spaces or self._sync.holds(space, room)
        return is_told and room in self._on.rooms

    async def _holds(self, space: str, room: str) -> bool:
        """As the homeserver has it now: what the sync brings may be behind what Plein did itself."""
        status, answer = await ask(self._on, "GET", f"{_state(space)}/{CHILD}/{quote(room, safe='')}")
        return status == 200 and bool(answer.get("via"))

    async def look(self, home: Home | None, room: str) -> RoomSeen:
        """Raises: Gone where Plein is not in it, TryLater, OSError."""
        return replace(await look_at(self._on, room), within=await self._within(home, room))

    async def _within(self, home: Home | None, room: str) -> str:
        return home.ref if home and await self._holds(home.ref, room) else ""

    async def shape(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        """Raises: UserError, Gone, TryLater, OSError."""
        assert wanted.room
        room, seen = wanted.room, await look_at(self._on, wanted.room)
        if seen.called != wanted.name:
            await self._set(room, "m.room.name", "", {"name": wanted.name})
        if wanted.closed or wanted.rules is not None:
            await self._let_speak(room, wanted)
        if home is not None and home.ref in self._on.rooms and self._is_still(home, community):
            if wanted.closed:
                await self._put_away(home.ref, room)
            elif not wanted.placed or wanted.rules is not None or await self._replaces_one_in(home.ref, room):
                await self._belong(home.ref, room)
        return replace(seen, called=wanted.name, within=await self._within(home, room))

    async def entrust(
        self, community: int, home: Home | None, room_id: str, moderators: Collection[str]
    ) -> None:
        """To these and to who governs the space, where Plein made the room. Raises: TryLater, OSError."""
        room = self._on.rooms.get(room_id)
        if room is None or room.maker != self._on.me:
            return
        space = self._on.rooms.get(home.ref) if home and self._is_still(home, community) else None
        governing = who_governs(space, self._on.settings.power_levels.moderator) if space else ()
        await entrust(self._on, room, {*moderators, *governing})

    async def _let_speak(self, room: str, wanted: WantedRoom) -> None:
        """Nobody but who moderates it, where it is closed; else whoever could before."""
        status, levels = await ask(self._on, "GET", f"{_state(room)}/{LEVELS}/")
        if status != 200:
            raise ConnectionError(f"the homeserver answered {status}")
        before = orjson.loads(wanted.rules or "{}")
        changed = {**levels, **(closing(levels) if wanted.closed else opening(levels, before))}
        if changed != levels:
            await self._set(room, LEVELS, "", changed)

    async def _put_away(self, space: str, room: str) -> None:
        """Out of the space, where Plein made it: whose any other room is, its space alone says."""
        if await self._holds(space, room) and await is_ours(self._on, room):
            await self._set(space, CHILD, room, {})

    async def _belong(self, space: str, room: str) -> None:
        """In the space, which what replaces a room is not by itself, nor does it say so."""
        if not await self._holds(space, room):
            await self._put_into(space, room)
        parent = f"{_state(room)}/{PARENT}/{quote(space, safe='')}"
        status, answer = await ask(self._on, "GET", parent)
        if not (status == 200 and answer.get("via")):
            await self._set(room, PARENT, space, {"via": [self._server], "canonical": True})
        if old := await self._replaces_one_in(space, room):
            await self._set(space, CHILD, old, {})

    async def _replaces_one_in(self, space: str, room: str) -> str | None:
        """The room in the space that this one replaced, which any room can say of itself."""
        known = self._on.rooms.get(room)
        old = self._on.rooms.get((known and known.predecessor) or "")
        is_so = old and self._sync.successor_of(old) is known and await self._holds(space, old.id)
        return old.id if old and is_so else None

    async def describe(self, room: str, line: str, others: Collection[str]) -> bool:
        """See `Carrier.describe`. What is laid out stays so: left as it is. Raises: as `_set` does."""
        content = await ask_state(self._on, f"{_state(room)}/{TOPIC}/") or {}
        topic = content.get("topic")
        if not isinstance(topic, str) or not topic:
            return not line
        new = with_line(topic, line, others)
        if new == topic:
            return True
        if _is_laid_out(content) or len(new) > LONGEST_TOPIC:
            return False
        await self._set(room, TOPIC, "", {"topic": new})
        return True

    async def _set(self, room: str, kind: str, key: str, content: dict[str, Any]) -> None:
        """Raises: UserError where Plein may not, OSError."""
        status, answer = await ask(self._on, "PUT", f"{_state(room)}/{kind}/{quote(key, safe='')}", content)
        if status == 200:
            return
        refused = refusal(status, answer.get("errcode"))
        if isinstance(refused, ConnectionError | NotNow) and status != 403:
            raise refused
        known = self._on.rooms.get(room)
        has = known.level_of(self._on.me) if known else 0
        needs = known.needed_to_change(kind) if known else 0
        if has >= needs:
            raise refused
        raise UserError("matrix.room.lacks", has=int(has), needs=needs)

    async def _find_or_make(self, space: str, wanted: WantedRoom) -> str | None:
        for number in range(TRIES):
            # Not what it is called: that may be otherwise once it is looked for.
            alias = f"plein-{wanted.mark}" + (f"-{number}" if number else "")
            leads_to = await self._resolve(alias)
            if leads_to is None:
                if wanted.closed:
                    return None
                leads_to = await self._ask_for(alias, space, wanted) or await self._resolve(alias)
            if leads_to and await is_ours(self._on, leads_to):
                return leads_to
        raise ConnectionError("the homeserver gives every alias to somebody else")

    async def _resolve(self, alias: str) -> str | None:
        address = quote(f"#{alias}:{self._server}", safe="")
        status, answer = await ask(self._on, "GET", f"/directory/room/{address}")
        room = answer.get("room_id")
        return room if status == 200 and isinstance(room, str) else None

    async def _ask_for(self, alias: str, space: str, wanted: WantedRoom) -> str | None:
        """None where that alias was given meanwhile."""
        try:
            status, answer = await self._on.outgoing.create_room(await self._body(alias, space, wanted))
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}") from error
        code, room = answer.get("errcode"), answer.get("room_id")
        if status == 200 and isinstance(room, str):
            return room
        if code == "M_ROOM_IN_USE":
            return None
        refused = refusal(status, code)
        if isinstance(refused, ConnectionError):
            raise refused
        raise UserError("room.refused", code=str(code))

    async def _body(self, alias: str, space: str, wanted: WantedRoom) -> dict[str, Any]:
        allowed = {"type": "m.room_membership", "room_id": space}
        state = {
            "m.room.join_rules": ("", {"join_rule": "restricted", "allow": [allowed]}),
            "m.room.guest_access": ("", {"guest_access": "forbidden"}),
            "m.room.history_visibility": ("", {"history_visibility": "shared"}),
            PARENT: (space, {"via": [self._server], "canonical": True}),
        }
        users = {} if await makers_are_above_all(self._on) else {self._on.me: 100}
        return {
            "preset": "private_chat",
            "name": wanted.name,
            "topic": wanted.topic,
            "room_alias_name": alias,
            "initial_state": [
                {"type": kind, "state_key": key, "content": content} for kind, (key, content) in state.items()
            ],
            "power_level_content_override": {**_LEVELS, "users": users},
        }

    async def _put_into(self, space: str, room: str) -> None:
        """Twice is once. Raises: UserError, OSError."""
        await self._set(space, CHILD, room, {"via": [self._server], "suggested": True})

    @property
    def _server(self) -> str:
        return self._on.me.partition(":")[2]


async def look_at(on: Session, room: str) -> RoomSeen:
    """Raises: Gone where Plein is not in it, TryLater, OSError."""
    # Whoever was put out is told how it was when they were.
    own = await ask_state(on, f"{_state(room)}/m.room.member/{quote(on.me, safe='')}")
    if own and own.get("membership") != "join":
        raise Gone("Plein is not in it")
    named, encryption, made, levels = [
        await ask_state(on, f"{_state(room)}/{kind}/")
        for kind in ("m.room.name", "m.room.encryption", "m.room.create", LEVELS)
    ]
    name = (named or {}).get("name")
    return RoomSeen(
        name if isinstance(name, str) else "",
        rules_in(levels or {}),
        is_voice=(made or {}).get("type") == CALL,
        is_encrypted=encryption is not None,
    )


def rules_in(levels: Mapping[str, Any]) -> str:
    """What of a room's power levels says who can speak there, as JSON."""
    return orjson.dumps({name: levels.get(name, usual) for name, usual in _SPEAKING.items()}).decode()


def closing(levels: Mapping[str, Any]) -> dict[str, Any]:
    """The same where nobody below a moderator can speak; what is their own they can still take back."""
    events = levels.get("events")
    named = {
        kind: max(level, MODERATORS) if isinstance(level, int) else level
        for kind, level in (events.items() if isinstance(events, dict) else ())
    }
    usual = levels.get("events_default", 0)
    default = max(usual, MODERATORS) if isinstance(usual, int) else MODERATORS
    return {"events_default": default, "events": {**named, "m.room.redaction": 0}}


def opening(levels: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The same as `before` it was closed, but for what became another meanwhile."""
    closed, named = closing(before), levels.get("events")
    if not (before and isinstance(named, dict) and isinstance(before.get("events"), dict)):
        return dict(before)
    events = dict[str, Any]()
    for kind, level in named.items():
        if level != closed["events"].get(kind):
            events[kind] = level
        elif kind in before["events"]:
            events[kind] = before["events"][kind]
    usual = levels.get("events_default", 0)
    is_as_closed = usual == closed["events_default"]
    return {"events_default": before["events_default"] if is_as_closed else usual, "events": events}


def _is_laid_out(topic: Mapping[str, Any]) -> bool:
    """Whether a topic says more than its plain words."""
    return "text/html" in orjson.dumps(topic).decode()


def _state(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}/state"

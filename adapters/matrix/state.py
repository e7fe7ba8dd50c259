"""Of a room's state only what Plein reads is asked for and taken in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.matrix.spaces import CHILD, Spaces
from adapters.matrix.welcome import Welcome

Json = dict[str, Any]
PARTS = ("state", "timeline")
READ = (
    "m.room.create",
    "m.room.power_levels",
    "m.room.member",
    "m.room.third_party_invite",
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.encryption",
    "m.room.name",
    "m.room.canonical_alias",
    "m.room.tombstone",
    CHILD,
)
# To take one in takes a fifth of a millisecond. A room with more is served where it is the community's own.
MOST = 1_000
# Its timeline is asked for whole: a homeserver that is to leave things out of it looks through so many
# events alone, and does not tell of a room in which it found nothing among those.
FILTER = {
    "room": {"timeline": {"limit": 50}, "state": {"types": list(READ)}, "ephemeral": {"types": []}},
    "presence": {"types": []},
}


def rooms_in(body: Json, kind: str) -> Json:
    """The rooms of that kind in a sync's answer, by id, as they can be changed there."""
    rooms = body.get("rooms")
    found = rooms.get(kind) if isinstance(rooms, dict) else None
    return found if isinstance(found, dict) else {}


def events_in(room: Any, part: str) -> list[Json]:
    """What a room's `state` or `timeline` says in a sync's answer, what is malformed left out."""
    found = room.get(part) if isinstance(room, dict) else None
    events = found.get("events") if isinstance(found, dict) else None
    return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


def note_spaces(body: Json, spaces: Spaces) -> set[str]:
    """Take note of what is in them; the rooms that came into one or were taken out."""
    joined = rooms_in(body, "join")
    return {
        room
        for space in spaces.ids & joined.keys()
        for room in spaces.note(space, [event for part in PARTS for event in events_in(joined[space], part)])
    }


async def leave_out(body: Json, spaces: Spaces, welcome: Welcome) -> dict[str, str]:
    """Take out of a sync's answer what Plein reads nothing of, and the rooms that are full; on whose word
    Plein was in each of those.

    What is said in a room of which not all is known would be taken for private, or anybody's.
    """
    joined, gone = rooms_in(body, "join"), rooms_in(body, "leave")
    full: dict[str, str] = {}
    nothing: Json = {"events": [], "limited": False, "prev_batch": ""}
    gone.update({room_id: dict.fromkeys(PARTS, nothing) for room_id in gone})
    for room_id, room in list(joined.items()):
        state = [event for event in events_in(room, "state") if _is_read(event, room_id in spaces.ids)]
        if isinstance(room, dict):
            room["state"] = {"events": state}
        is_full = len(state) > MOST or welcome.is_full(room_id)
        is_known = room_id in spaces.ids or spaces.holding(room_id)
        if is_full and not (is_known or await welcome.is_ours(room_id)):
            del joined[room_id]
            full[room_id] = await welcome.refuse_full(room_id)
    return full


def _is_read(event: Mapping[str, Any], is_space: bool) -> bool:
    """Also where the homeserver does not do as it was asked."""
    kind = event.get("type")
    return kind in READ and (is_space or kind != CHILD)

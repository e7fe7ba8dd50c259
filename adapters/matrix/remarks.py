"""What somebody said before, which what others do is about: who said it, when, and what opens it."""

from __future__ import annotations

from urllib.parse import quote

import nio

from adapters.matrix.read import is_bots, replaced_by, server_of, written_by
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from bot.model.events import Mention, Remark
from bot.model.people import Identity


async def remark_at(on: Session, room: str, event_id: str) -> Remark | None:
    """The message of somebody who is there; None where it is gone, or cannot be seen, or no person's.

    Of one that is encrypted it is enough that the homeserver says whose it is: Plein need not have seen it.
    """
    event = await event_at(on, room, event_id)
    written = written_by(event.source) if event else None
    if event is None or written is None or _is_sealed_bots(on, room, event):
        return None
    author, at = written
    name = name_in(on, room, author)
    if name is None:
        return None
    ref = await _edited(on, room, event)
    if ref is None:
        return None
    by = Mention(author, Identity(PLATFORM, author), name)
    return Remark(ref, min(at, on.clock.now()), _link(on, room, ref), by)


async def _edited(on: Session, room: str, event: nio.Event) -> str | None:
    """Which message it is: an edit is what it edits. None where that is somebody else's, or not there: it is
    an edit of nothing then, whatever it says.
    """
    edited = replaced_by(event.source["content"])
    if edited is None:
        return str(event.event_id)
    original = await event_at(on, room, edited)
    return edited if original and original.sender == event.sender else None


async def event_at(on: Session, room: str, event_id: str) -> nio.Event | None:
    """What stands there; None where nothing does, or Plein may not see it.

    Raises: ConnectionError.
    """
    found = await on.client.room_get_event(room, event_id)
    if isinstance(found, nio.RoomGetEventResponse):
        return found.event
    if found.status_code in ("M_NOT_FOUND", "M_FORBIDDEN"):
        return None
    raise ConnectionError(f"the homeserver answered {found.status_code} for an event")


def name_in(on: Session, room: str, user: str) -> str | None:
    """What somebody is called there; None where they are not there, or no person whom Plein knows."""
    there = room in on.rooms and on.rooms[room].since(user)
    if user == on.me or not there or on.settings.bridged_from(user):
        return None
    known = on.client.rooms.get(room)
    return (known.user_name(user) if known else None) or user


def opened(on: Session, room: str, event: nio.Event) -> nio.Event:
    """What an event says where it is encrypted; the event itself as long as Plein lacks its key."""
    if not isinstance(event, nio.MegolmEvent):
        return event
    event.room_id = room
    try:
        found: nio.Event = on.client.decrypt_event(event)
    except nio.EncryptionError:
        return event
    return found


def _is_sealed_bots(on: Session, room: str, event: nio.Event) -> bool:
    """Whether what is encrypted says that it is a bot's, as far as Plein has its key."""
    content = opened(on, room, event).source.get("content")
    return isinstance(event, nio.MegolmEvent) and isinstance(content, dict) and is_bots(content)


def _link(on: Session, room: str, event_id: str) -> str:
    """What opens it in whichever client; ours is a server that knows the room."""
    where = f"{quote(room, safe='!:')}/{quote(event_id, safe='$:')}"
    return f"https://matrix.to/#/{where}?via={quote(server_of(on.me))}"

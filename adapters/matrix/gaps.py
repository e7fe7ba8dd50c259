"""Gaps: what the server left out of a room's news, read from the room's history.

A gap is kept like what is said, in its place in the room: whoever speaks there next waits until it is closed,
and nobody elsewhere does.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import nio

from adapters.inbox import MOST_WAITING
from adapters.matrix.read import ENDS, RESPONSES, is_id, milliseconds, moment, server_of
from adapters.matrix.rooms import SAYS_WHO_READS, put_out_by, was_in
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from bot.errors import TryLater
from bot.model.events import Arrival
from bot.model.people import Place

log = logging.getLogger(__name__)
GAP = "be.plein.gap"
# Kept beside an event: whether only whoever said it and Plein could read it then.
PRIVATELY = "be.plein.privately"
# And when it was said, as far as that is believed.
SAID_AT = "be.plein.said_at"
# As much as a homeserver gives at a time. Of more than so much that matters the oldest is passed over, and
# of one person of more than so much, whatever it is.
PAGE, MOST, MOST_OF_ONE = 1_000, 10_000, 2_000
# All that can matter, and what says who could read it.
KINDS = (
    *("m.room.message", "m.room.encrypted", "m.room.redaction", "m.reaction", "m.sticker"),
    *(*RESPONSES, *ENDS, *SAYS_WHO_READS),
)
# So many seconds until a homeserver that does not answer is asked again.
ASK_AGAIN = 5.0
Matters = Callable[[str, Mapping[str, Any]], bool]


class Gap(NamedTuple):
    """In a room's history, as the server calls these places.

    `alone`: after it Plein was alone there with one other, and nothing had changed that. `heard_until`: what
    was said until then Plein had before it, as in `arrival_of`; in milliseconds.
    """

    since: str
    until: str
    alone: bool
    heard_until: int | None = None


def gap_arrival(room: str, gap: Gap) -> Arrival:
    """What is kept of it."""
    return Arrival(f"{GAP}:{room}:{gap.since}:{gap.until}", room, json.dumps({GAP: gap}))


def gap_in(kept: Mapping[str, Any]) -> Gap | None:
    """The gap that was kept so; people's own events never are."""
    return Gap(*kept[GAP]) if set(kept) == {GAP} else None


async def left_out(on: Session, room: str, gap: Gap, matters: Matters) -> Sequence[Arrival]:
    """What matters of it, the oldest first; of what one person said the latest. Who was put out is noted.

    Raises: TryLater where the server does not say just now, StoreFailed.
    """
    found: list[Any] = []
    said, told = Counter[str](), Counter[str]()
    start, alone, loud = gap.until, gap.alone, list[str]()
    while page := await _page(on, room, start, gap.since, loud):
        events = page.chunk[::-1]
        since = since_joining(events, on.me)
        if put_out := put_out_by([event.source for event in since]):
            await on.core.put_out(Place(PLATFORM, room), put_out)
        told.update(str(event.source.get("sender")) for event in since)
        loud = [who for who, often in told.items() if often >= MOST_OF_ONE and who != on.me]
        if loud:
            log.warning("In %s %s said very much meanwhile: what is before that is passed over", room, loud)
        # In doubt it was not private: also where what somebody did is not looked at any more.
        alone = alone and not loud and not says_who_reads(since)
        for event in reversed(since):
            if _is_kept(event, room, on.me, matters) and said[who := event.source["sender"]] < MOST_WAITING:
                found.append(event)
                said[who] += 1
        if len(found) > MOST:
            log.error("Too much was said in %s meanwhile: some of it is passed over", room)
            break
        # A page may be empty of all that can matter, and not be the last.
        if len(since) < len(events) or not page.end or page.end == start:
            break
        start = page.end
    heard_until, now = moment(gap.heard_until), on.clock.now()
    kept = (
        arrival_of(event, room, on.me, matters, heard_until, now, privately=alone)
        for event in found[:MOST][::-1]
    )
    return [arrival for arrival in kept if arrival]


async def _page(
    on: Session, room: str, start: str, end: str, without: Sequence[str]
) -> nio.RoomMessagesResponse | None:
    """Without what these people said. None where that history cannot be read by Plein, or not any more."""
    back, asked = nio.MessageDirection.back, {"types": list(KINDS), "not_senders": list(without)}
    try:
        page = await on.client.room_messages(
            room, start, end=end, direction=back, limit=PAGE, message_filter=asked
        )
    except OSError as error:
        raise TryLater(ASK_AGAIN) from error
    except Exception as error:
        log.warning("What was said in %s meanwhile is asked for again: %s", room, type(error).__name__)
        raise TryLater(ASK_AGAIN) from error
    if isinstance(page, nio.RoomMessagesResponse):
        return page
    if page.status_code in ("M_FORBIDDEN", "M_NOT_FOUND", "M_INVALID_PARAM"):
        log.warning("What was said in %s meanwhile cannot be read: %s", room, page.status_code)
        return None
    raise TryLater((getattr(page, "retry_after_ms", None) or ASK_AGAIN * 1000) / 1000)


def says_who_reads(events: Iterable[Any]) -> bool:
    """Whether who can read along may be others after these than before them."""
    return any(event.source.get("type") in SAYS_WHO_READS for event in events)


def arrival_of(
    event: Any,
    room: str,
    me: str,
    matters: Matters,
    heard_until: datetime | None,
    now: datetime,
    *,
    privately: bool = False,
) -> Arrival | None:
    """What is to be kept of an event; None where it is nothing to Plein.

    `privately`: nobody else than whoever said it could read it then. Another server may call any moment the
    one when it was said: it was no earlier than `heard_until`, as what was said by then Plein had before.
    """
    if not _is_kept(event, room, me, matters):
        return None
    source, at = event.source, moment(event.source.get("origin_server_ts"))
    if at and server_of(source["sender"]) != server_of(me):
        at = min(max(at, heard_until or at), now)
    body = json.dumps({**source, PRIVATELY: privately, SAID_AT: at and milliseconds(at)})
    undecryptable = isinstance(event, nio.MegolmEvent)
    return Arrival(source["event_id"], room, body, undecryptable=undecryptable, at=at)


def _is_kept(event: Any, room: str, me: str, matters: Matters) -> bool:
    source = event.source
    if not (is_id(source.get("event_id"), "$") and is_id(source.get("sender"), "@")):
        return False
    return source["sender"] != me and (isinstance(event, nio.MegolmEvent) or matters(room, source))


def said_at(kept: Mapping[str, Any]) -> datetime | None:
    """When what is kept was said; of what was kept by an earlier version its server is believed."""
    return moment(kept.get(SAID_AT, kept.get("origin_server_ts")))


def since_joining(events: Sequence[Any], me: str) -> Sequence[Any]:
    """What came before we did is not said to us."""
    for number in range(len(events) - 1, -1, -1):
        source = events[number].source
        if source.get("type") == "m.room.member" and source.get("state_key") == me:
            content = source.get("content")
            if isinstance(content, dict) and content.get("membership") == "join" and not was_in(source):
                return events[number + 1 :]
    return events

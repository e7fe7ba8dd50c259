"""Plein's own sign on a message that could not be carried."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote

from adapters.matrix.render import REACTION
from adapters.matrix.session import ASK_AGAIN, Session
from bot.errors import Gone, TryLater
from bot.ports.uncarried import Mark
from bot.signs import WARNING

ANNOTATION = "m.annotation"


async def mark(on: Session, wanted: Mark) -> str:
    """Put it there, unless an earlier try did; its event. Raises: what sending does."""
    if wanted.tried and (found := await _found(on, wanted)):
        return found
    relates = {"rel_type": ANNOTATION, "event_id": wanted.ref, "key": WARNING}
    content = {"m.relates_to": relates}
    return await on.outgoing.send(wanted.place.room_id, REACTION, content, wanted.key, None, courteous=True)


async def unmark(on: Session, wanted: Mark) -> None:
    """Take it away, as far as it is there. Raises: what sending does."""
    event = wanted.mark or await _found(on, wanted)
    if event:
        with contextlib.suppress(Gone):
            await on.outgoing.redact(wanted.place.room_id, event, wanted.key)


async def _found(on: Session, wanted: Mark) -> str | None:
    """Where it stands by what the homeserver knows. Raises: TryLater, ConnectionError."""
    room, event = quote(wanted.place.room_id, safe=""), quote(wanted.ref, safe="")
    path = f"/rooms/{room}/relations/{event}/{ANNOTATION}/{REACTION}?limit=100"
    status, answer, _ = await on.outgoing.request_at("GET", path, version="v1")
    if status == 429:
        wait = answer.get("retry_after_ms")
        raise TryLater(wait / 1000 if isinstance(wait, int) else ASK_AGAIN)
    if status >= 500:
        raise ConnectionError(f"the homeserver answered {status}")
    chunk = answer.get("chunk")
    return next((each["event_id"] for each in chunk or () if _is_ours(on, each)), None)


def _is_ours(on: Session, event: Any) -> bool:
    relates = event.get("content", {}).get("m.relates_to", {})
    return bool(event.get("sender") == on.me and relates.get("key") == WARNING)

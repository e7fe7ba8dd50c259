"""Since when people of other servers are in a room: as Plein saw it, whatever their servers say.

What Plein saw happen is kept, so that a start anew changes nothing. Whoever was there before Plein is there
since it came; where that was not kept either, since when their server says.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from adapters.matrix.rooms import Room
from adapters.matrix.session import Session

KEPT = "came:"
# Who came and who went, and nothing else.
MEMBERS = {
    "room": {
        "timeline": {"limit": 50, "types": ["m.room.member"]},
        "state": {"types": ["m.room.member"]},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
    "presence": {"types": []},
    "account_data": {"types": []},
}
# For an answer it has so many seconds.
ASKED_WITHIN = 180.0


class Newcomers:
    """Keeps when Plein saw them come, and when it came into a room itself."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._kept: dict[str, str] = {}

    async def recall(self, since: str | None) -> None:
        """At the start, when nothing but their state is known of the rooms, and they are all that there are.

        `since`: how far was read before. Whoever came, or changed, after that was not seen there before now.
        """
        self._kept = dict(await self._on.core.kept(self._on.account, KEPT))
        news = await self._changed_after(since) if since else set()
        for room in self._on.rooms.values():
            for user in filter(room.is_far, room.came):
                self._recall(room, user, is_new=(room.id, user) in news)
        known = {_name(room.id, user) for room in self._on.rooms.values() for user in room.came}
        await self._put(dict.fromkeys(self._kept.keys() - known))

    def _recall(self, room: Room, user: str, *, is_new: bool) -> None:
        now, ours = self._on.clock.now(), self._seen(room.id, self._on.me)
        told = room.came[user]
        seen = now if is_new else self._seen(room.id, user)
        room.came[user] = seen or min(max(told, ours or told), now)
        (room.newcomers.add if is_new else room.newcomers.discard)(user)

    async def keep(self, rooms: Iterable[Room]) -> None:
        """Whoever came into them, or left, since that was kept last."""
        changed = [room for room in rooms if room.newcomers]
        since = {_name(room.id, user): room.since(user) for room in changed for user in room.newcomers}
        await self._put({name: came.isoformat() if came else None for name, came in since.items()})
        for room in changed:
            room.newcomers.clear()

    async def forget(self, room: str) -> None:
        """Plein is there no more."""
        await self._put({name: None for name in self._kept if name.startswith(_name(room))})

    async def _changed_after(self, since: str) -> set[tuple[str, str]]:
        """Whose membership of which room did: their whole state does not say what of it is new."""
        path = f"/sync?timeout=0&since={quote(since)}&filter={quote(json.dumps(MEMBERS))}"
        async with asyncio.timeout(ASKED_WITHIN):
            status, answer = await self._on.outgoing.request("GET", path)
        if status != 200:
            raise ConnectionError(f"the homeserver answered {status}")
        return {
            (room, str(event.get("state_key")))
            for room, news in answer.get("rooms", {}).get("join", {}).items()
            for part in ("state", "timeline")
            for event in news.get(part, {}).get("events", ())
        }

    def _seen(self, room: str, user: str) -> datetime | None:
        kept = self._kept.get(_name(room, user))
        return datetime.fromisoformat(kept) if kept else None

    async def _put(self, values: Mapping[str, str | None]) -> None:
        news = {name: value for name, value in values.items() if value != self._kept.get(name)}
        if news:
            await self._on.core.keep(self._on.account, news)
            self._kept = {name: value for name, value in {**self._kept, **news}.items() if value}


def _name(room: str, user: str | None = None) -> str:
    """Says nothing of who that is to whoever does not know them."""
    return f"{KEPT}{_mark(room)}:" + ("" if user is None else _mark(user))


def _mark(words: str) -> str:
    return sha256(words.encode(errors="surrogatepass")).hexdigest()[:32]

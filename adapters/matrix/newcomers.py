"""Since when people are in a room: for those of other servers as Plein saw it, whatever their servers say.

What Plein saw happen is kept, so that a start anew changes nothing. Whoever was there before Plein is there
since it came; where that was not kept either, since when their server says. Whoever has a new name has a new
event of membership: of our own server's people the ones before it say since when they are there. Those are
read from the room's history, of many people at once: how often somebody has a new name costs nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from adapters.matrix.read import moment
from adapters.matrix.rooms import Room, was_in
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
# As many events as a homeserver gives at a time; so many of one person are gone back through, of so many
# people at once, and so often it is asked at a start.
PAGE, MOST_NAMES, AT_ONCE, MOST_PAGES = 1_000, 1_000, 20, 200
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
        await self._recall_renamed()
        known = {_name(room.id, user) for room in self._on.rooms.values() for user in room.came}
        await self._put(dict.fromkeys(self._kept.keys() - known))

    def _recall(self, room: Room, user: str, *, is_new: bool) -> None:
        now, ours = self._on.clock.now(), self._seen(room.id, self._on.me)
        told = room.came[user]
        seen = now if is_new else self._seen(room.id, user)
        room.came[user] = seen or min(max(told, ours or told), now)
        (room.newcomers.add if is_new else room.newcomers.discard)(user)

    async def _recall_renamed(self) -> None:
        pages = MOST_PAGES
        for room in self._on.rooms.values():
            ours, unknown = self._seen(room.id, self._on.me), list[str]()
            for user in sorted(room.renamed):
                if seen := self._seen(room.id, user):
                    room.came[user] = seen
                elif ours is None or room.came[user] > ours:
                    unknown.append(user)
            for start in range(0, len(unknown), AT_ONCE):
                pages -= await self._go_back(room, set(unknown[start : start + AT_ONCE]), pages)
            room.renamed.clear()

    async def _go_back(self, room: Room, users: set[str], most: int) -> int:
        """Find the events by which they came; how many pages it took."""
        told, start, pages = Counter[str](), "", 0
        while users and pages < most:
            events, end = await self._page(room.id, users, start)
            pages, room.newcomers = pages + 1, room.newcomers | users
            for event in events:
                user, at = str(event.get("state_key")), moment(event.get("origin_server_ts"))
                if user not in users or at is None:
                    continue
                room.came[user] = at
                told[user] += 1
                if not was_in(event) or told[user] >= MOST_NAMES:
                    users.remove(user)
            if not end or end == start:
                break
            start = end
        return pages

    async def _page(self, room: str, users: Iterable[str], start: str) -> tuple[Sequence[Any], str]:
        """What they said of their own membership, the newest first, and where what is before that begins."""
        asked = {"types": ["m.room.member"], "senders": sorted(users)}
        path = f"/rooms/{quote(room)}/messages?dir=b&limit={PAGE}&filter={quote(json.dumps(asked))}"
        async with asyncio.timeout(ASKED_WITHIN):
            before = f"&from={quote(start)}" if start else ""
            status, page = await self._on.outgoing.request("GET", path + before)
        if status >= 500 or status == 429:
            raise ConnectionError(f"the homeserver answered {status}")
        return (page.get("chunk", ()), str(page.get("end") or "")) if status == 200 else ((), "")

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

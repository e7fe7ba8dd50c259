"""Since when people are in a room: for those of other servers as Plein saw it, whatever their servers say.

What Plein saw happen is kept, so that a start anew changes nothing. Whoever was there before Plein is there
since it came; where that was not kept either, since when their server says. Whoever has a new name has a new
event of membership, as whoever left and came back has. Where Plein did not see what was before it, at a start
or where the server left that out, it is read from the room's history, of many people at once: how often
somebody has a new name costs nothing. What was so far counts on where that says that they stayed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from adapters.matrix.read import moment
from adapters.matrix.rooms import Room, may_be_renamed, was_in
from adapters.matrix.session import Session
from adapters.matrix.state import PARTS, events_in

log = logging.getLogger(__name__)
KEPT = "came:"
# Who came and who went, and as little else as goes: of a room in whose timeline it finds nothing to tell, a
# homeserver tells nothing at all.
MEMBERS = {
    "room": {
        "timeline": {"limit": 1},
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
# For an answer it has so many seconds; and while all rooms are read on, so many for one of them.
ASKED_WITHIN, ROOM_WITHIN = 180.0, 20.0


class _Page(NamedTuple):
    """Of a room's history, and where the one before it begins."""

    events: Sequence[Any]
    end: str


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
        news = await self._changed_after(since) if since else {}
        pages = MOST_PAGES
        for room in self._on.rooms.values():
            self._recall(room, news.get(room.id, {}))
            pages -= await self._settle(room, since, pages)
        known = {_name(room.id, user) for room in self._on.rooms.values() for user in room.came}
        await self._put(dict.fromkeys(self._kept.keys() - known))

    def _recall(self, room: Room, news: Mapping[str, bool]) -> None:
        """What counts of each where nothing says that they left since; and of whom that is to be read."""
        now, ours = self._on.clock.now(), self._seen(room.id, self._on.me)
        room.newcomers = {user for user in room.came if user in news or self._seen(room.id, user)}
        for user, told in room.came.items():
            seen = self._seen(room.id, user)
            if not room.is_far(user):
                if seen and user in room.unsure:
                    room.came[user] = seen
                    if user not in news:
                        del room.unsure[user]
            elif user not in news:
                room.came[user] = seen or min(max(told, ours or told), now)
            elif news[user]:
                # Whom Plein did not see come was there before it; when they changed says nothing of that.
                room.came[user], room.unsure[user] = seen or ours or min(told, now), now
            else:
                room.came[user] = now

    async def look_back(self, rooms: Iterable[Room], since: str) -> None:
        """Whether whoever has a new event of membership left before it, where the server left that out."""
        unsure = [room for room in rooms if room.unsure]
        await asyncio.gather(*(self._settle_soon(room, since) for room in unsure))

    async def _settle_soon(self, room: Room, since: str) -> None:
        """A room whose history cannot be read now holds up no other: who is in doubt came just now."""
        try:
            async with asyncio.timeout(ROOM_WITHIN):
                await self._settle(room, since, MOST_PAGES)
        except Exception as error:
            log.warning("Who came into %s meanwhile cannot be read: %s", room.id, type(error).__name__)
            room.came.update(room.unsure)
            room.unsure.clear()

    async def _settle(self, room: Room, since: str | None, most: int) -> int:
        """Read of whom it is in doubt since when they are there; how many pages it took."""
        stays, unknown = list[str](), list[str]()
        unsure, ours = dict(room.unsure), self._seen(room.id, self._on.me)
        for user, at in sorted(unsure.items()):
            if since and (room.is_far(user) or room.came[user] != at):
                stays.append(user)
            elif ours is None or at > ours:
                unknown.append(user)
        pages = 0
        for users, after in ((stays, since), (unknown, None)):
            for start in range(0, len(users), AT_ONCE):
                some = {user: unsure[user] for user in users[start : start + AT_ONCE]}
                pages += await self._go_back(room, some, most - pages, after)
        room.unsure.clear()
        return pages

    async def _go_back(self, room: Room, came: dict[str, datetime], most: int, after: str | None) -> int:
        """Find the events by which they came; how many pages it took.

        `came`: since when they are there where that cannot be found. `after`: whoever did no more than change
        since then is there since the same moment as before.
        """
        told, start, pages, left = Counter[str](), "", 0, set(came)
        room.newcomers |= left
        while left and pages < most:
            page, pages = await self._page(room.id, left, start, after), pages + 1
            if page is None:
                break
            for event in page.events:
                user, at = str(event.get("state_key")), moment(event.get("origin_server_ts"))
                if user not in left:
                    continue
                if at and not room.is_far(user):
                    came[user] = at
                told[user] += 1
                if not was_in(event) or told[user] >= MOST_NAMES:
                    left.remove(user)
            if not page.end or page.end == start:
                stay = {user for user in left if after and told[user]}
                came = {user: at for user, at in came.items() if user not in stay}
                break
            start = page.end
        room.came.update(came)
        return pages

    async def _page(self, room: str, users: Iterable[str], start: str, after: str | None) -> _Page | None:
        """What they said of their own membership, the newest first; None where Plein may not read that."""
        asked = {"types": ["m.room.member"], "senders": sorted(users)}
        path = f"/rooms/{quote(room)}/messages?dir=b&limit={PAGE}&filter={quote(json.dumps(asked))}"
        path += (f"&from={quote(start)}" if start else "") + (f"&to={quote(after)}" if after else "")
        async with asyncio.timeout(ASKED_WITHIN):
            status, page = await self._on.outgoing.request("GET", path)
        if status >= 500 or status == 429:
            raise ConnectionError(f"the homeserver answered {status}")
        return _Page(page.get("chunk", ()), str(page.get("end") or "")) if status == 200 else None

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

    async def _changed_after(self, since: str) -> Mapping[str, Mapping[str, bool]]:
        """Whose membership did, by room, and whether they may have been there all the time: their whole state
        does not say what of it is new.
        """
        path = f"/sync?timeout=0&since={quote(since)}&filter={quote(json.dumps(MEMBERS))}"
        async with asyncio.timeout(ASKED_WITHIN):
            status, answer = await self._on.outgoing.request("GET", path)
        if status != 200:
            raise ConnectionError(f"the homeserver answered {status}")
        changed = defaultdict[str, dict[str, bool]](dict)
        for room, news in answer.get("rooms", {}).get("join", {}).items():
            for event in (event for part in PARTS for event in events_in(news, part)):
                if event.get("type") == "m.room.member":
                    user = str(event.get("state_key"))
                    changed[room][user] = changed[room].get(user, True) and may_be_renamed(event)
        return changed

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

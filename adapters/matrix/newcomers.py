"""Since when people are in a room: for those of other servers as Plein saw it, whatever their servers say.

What Plein saw happen is kept, so that a start anew changes nothing. Whoever was there before Plein is there
since it came; where that was not kept either, since when their server says. Whoever has a new name has a new
event of membership, as whoever left and came back has. Where Plein did not see what was before it, at a start
or where the server left that out, it is read from the room's history, of many people at once: how often
somebody has a new name costs nothing. What was so far counts on where that says that they stayed; until it
was read they came when that event did.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from adapters.matrix.doubts import Doubts
from adapters.matrix.read import moment
from adapters.matrix.rooms import Room, may_be_renamed, was_in
from adapters.matrix.session import Session
from adapters.matrix.state import PARTS, events_in

KEPT = "came:"
# Beside it, of whom that is in doubt: since when they are there else, and how far back it is to be read.
IN_DOUBT = ":doubt"
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
# people at once, and so often it is asked about these.
PAGE, MOST_NAMES, AT_ONCE, MOST_PAGES = 1_000, 1_000, 20, 200
# For an answer it has so many seconds.
ASKED_WITHIN = 180.0


class _Page(NamedTuple):
    """Of a room's history, and where the one before it begins."""

    events: Sequence[Any]
    end: str


class _Doubt(NamedTuple):
    """Since when somebody is there where no history says otherwise, and after what that is to be read."""

    came: datetime
    after: str


class Newcomers:
    """Keeps when Plein saw them come, and when it came into a room itself."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._kept: dict[str, str] = {}
        # By room, of whom it is in doubt: after what their history is read; nothing: all of it.
        self._after: dict[str, dict[str, str]] = {}
        self._doubts = Doubts(session.clock, self._settle)
        self._keeping = asyncio.Lock()

    async def stop(self) -> None:
        """What was not read by now is read at the next start."""
        await self._doubts.stop()

    async def recall(self, since: str | None) -> None:
        """At the start, when nothing but their state is known of the rooms, and they are all that there are.

        `since`: how far was read before. Whoever came, or changed, after that was not seen there before now.
        """
        await self._doubts.stop()
        self._after.clear()
        self._kept = dict(await self._on.core.kept(self._on.account, KEPT))
        news = await self._changed_after(since) if since else {}
        for room in self._on.rooms.values():
            self._recall(room, news.get(room.id, {}))
            self._doubt(room, since)
        known = {_name(room.id, user) for room in self._on.rooms.values() for user in room.came}
        known |= {name + IN_DOUBT for name in known}
        await self._put(dict.fromkeys(self._kept.keys() - known))

    def _recall(self, room: Room, news: Mapping[str, bool]) -> None:
        """What counts of each where nothing says that they left since; and of whom that is to be read."""
        now, ours = self._on.clock.now(), self._seen(room.id, self._on.me)
        room.newcomers = {user for user in room.came if user in news or self._seen(room.id, user)}
        for user, told in room.came.items():
            seen, doubt = self._seen(room.id, user), self._doubt_kept(room.id, user)
            if doubt and (news.get(user, True) if room.is_far(user) else user in room.unsure):
                self._after.setdefault(room.id, {})[user] = doubt.after
            else:
                doubt = None
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
            if doubt:
                room.unsure.setdefault(user, doubt.came)

    def look_back(self, rooms: Iterable[Room], since: str) -> None:
        """Whether whoever has a new event of membership left before it, where the server left that out."""
        for room in rooms:
            self._doubt(room, since)

    async def settled(self, user: str, rooms: Iterable[str]) -> None:
        """Since when that person is in these rooms was read, or could not be in a while."""
        found = (self._on.rooms.get(room_id) for room_id in rooms)
        if unsure := [room.id for room in found if room and user in room.unsure]:
            await self._doubts.wait(user, unsure)

    def _doubt(self, room: Room, since: str | None) -> None:
        """Have it read of whom it is in doubt since when they are there, which is kept until then."""
        ours, known = self._seen(room.id, self._on.me), self._after.setdefault(room.id, {})
        for user, at in [*room.unsure.items()]:
            if user in known:
                continue
            if since and (room.is_far(user) or room.came[user] != at):
                known[user] = since
            elif ours is None or at > ours:
                known[user] = ""
            else:
                del room.unsure[user]
        if room.unsure:
            room.newcomers |= room.unsure.keys()
            self._doubts.note(room.id)
        else:
            del self._after[room.id]

    async def _settle(self, room_id: str) -> None:
        """Read since when they are there. Raises: OSError, StoreFailed and others for what may pass."""
        while (room := self._on.rooms.get(room_id)) and room.unsure:
            known = self._after.get(room_id, {})
            after = known.get(next(iter(room.unsure)), "")
            some = [user for user in room.unsure if known.get(user, "") == after][:AT_ONCE]
            unsure = {user: room.unsure[user] for user in some}
            came = await self._go_back(room, unsure, after)
            for user, at in unsure.items():
                # Meanwhile they may have left, or something else may have come to be in doubt.
                if room.unsure.get(user) == at:
                    del room.unsure[user]
                    known.pop(user, None)
                    room.came[user] = came.get(user, room.came[user])
                    room.newcomers.add(user)
                    self._doubts.settled(user)
            await self.keep([room])
        self._after.pop(room_id, None)

    async def _go_back(self, room: Room, unsure: Mapping[str, datetime], after: str) -> dict[str, datetime]:
        """Find the events by which they came; whoever did no more than change since is not in it.

        `unsure`: since when they are there where that cannot be found.
        """
        told, start, left, came = Counter[str](), "", set(unsure), dict(unsure)
        for _ in range(MOST_PAGES):
            page = await self._page(room.id, left, start, after)
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
            if not left:
                break
            if not page.end or page.end == start:
                stay = {user for user in left if after and told[user]}
                return {user: at for user, at in came.items() if user not in stay}
            start = page.end
        return came

    async def _page(self, room: str, users: Iterable[str], start: str, after: str) -> _Page | None:
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
        async with self._keeping:
            said = [(room, user, self._to_keep(room, user)) for room in rooms for user in room.newcomers]
            await self._put({name: value for _, _, values in said for name, value in values.items()})
            for room, user, values in said:
                # Something else may have been read meanwhile, which is kept next.
                if values == self._to_keep(room, user):
                    room.newcomers.discard(user)

    def _to_keep(self, room: Room, user: str) -> Mapping[str, str | None]:
        name, came = _name(room.id, user), room.came.get(user)
        is_in, unsure = room.members.get(user) == "join", room.unsure.get(user)
        after = self._after.get(room.id, {}).get(user, "")
        return {
            name: came.isoformat() if is_in and came else None,
            name + IN_DOUBT: f"{unsure.isoformat()} {after}" if is_in and unsure else None,
        }

    async def forget(self, room: str) -> None:
        """Plein is there no more."""
        async with self._keeping:
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

    def _doubt_kept(self, room: str, user: str) -> _Doubt | None:
        at, _, after = self._kept.get(_name(room, user) + IN_DOUBT, "").partition(" ")
        return _Doubt(datetime.fromisoformat(at), after) if at else None

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

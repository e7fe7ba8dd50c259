"""Saying things: in a room, or to one person in the direct room that the two share.

A key becomes the transaction id, so that the server shows it once, however often it is sent.
Servers forget these ids after a day: what was first tried longer ago is looked for in the
room's history before it is said again.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

import aiohttp
import nio

from adapters.matrix.crypto import PleinClient
from adapters.matrix.errands import Shares
from adapters.matrix.pace import Pace
from adapters.matrix.read import KEY, content_if_by, moment, server_of
from adapters.matrix.refusals import refusal
from adapters.matrix.render import POLL_END, POLL_START, Content
from adapters.matrix.rooms import MADE_FOR, Room
from bot.clock import Clock
from bot.errors import Gone, NotOurs, Refused, Shut, TryLater
from bot.recent import Recent

log = logging.getLogger(__name__)
REMEMBERED = timedelta(hours=20)
PAGE = 100
SHOWS_UP_WITHIN = 15.0
# Of so many people it is known where they asked something, until they come into their direct room.
MOST_ASKED = 1_000
# So many seconds for each of those before them; and who did not ask again for so long waits no more.
NEXT_IN_LINE = 2.0
LEFT_THE_LINE = timedelta(minutes=5)
# For a new room the server of whoever it is for is waited for: so many of these at a time in all, and of one
# other server; so many seconds for each of those before them.
FAR_AT_ONCE, FAR_OF_ONE, NEXT_OF_SERVER = 48, 4, 0.5
# So many direct rooms with one person are known, those that were used last.
MOST_DIRECT = 5
# A room of Plein's own is for two, and stays so: nobody else can let anybody in, or read along.
_STATE = {
    "m.room.encryption": {"algorithm": "m.megolm.v1.aes-sha2"},
    "m.room.join_rules": {"join_rule": "invite"},
    "m.room.history_visibility": {"history_visibility": "invited"},
    "m.room.guest_access": {"guest_access": "forbidden"},
}
_LEVELS = {"invite": 100, "state_default": 100}


class Outgoing:
    """Sends events. `rooms` is kept up to date by the sync."""

    def __init__(self, client: PleinClient, rooms: Mapping[str, Room], clock: Clock) -> None:
        self._client = client
        self._rooms = rooms
        self._clock = clock
        self._messages = Pace(clock)
        self._new_rooms = Pace(clock)
        # Since when somebody waits for a new room, and when they last asked; within LEFT_THE_LINE.
        self._line: dict[str, tuple[datetime, datetime]] = {}
        self._far = Shares(FAR_AT_ONCE, FAR_OF_ONE)
        self._invitations = Pace(clock)
        self._synced = asyncio.Condition()
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._written: asyncio.Lock = asyncio.Lock()
        self._asked_in: Recent[str, tuple[str, datetime]] = Recent(MOST_ASKED)
        # Called with whoever declined to talk in private, the room that they asked something in, and when.
        self.on_declined: Callable[[str, str, datetime], Awaitable[None]]
        # Only of rooms that Plein is in.
        self._direct: dict[str, list[str]] = {}
        self._listed: set[str] = set()

    @property
    def direct(self) -> Mapping[str, Sequence[str]]:
        """The account's own list of direct rooms, by the person; the one that was used last comes first."""
        return self._direct

    # --- events ---

    async def send(
        self,
        room: str,
        kind: str,
        content: Content,
        key: str,
        tried_at: datetime | None,
        *,
        courteous: bool = False,
        only: str = "",
    ) -> str:
        """The event's id. `only`: it is for that user alone, and goes nowhere that others read by then.

        Raises: Gone, NotNow and NotOurs, or OSError for what may pass.
        """

        def may_go() -> None:
            found = self._rooms.get(room)
            if only and not (found and found.is_private(self._client.user_id, only)):
                raise TryLater(1)

        if tried_at and self._clock.now() - tried_at > REMEMBERED:
            found = await self.said_in(room, kind, content[KEY], tried_at)
            if found:
                return found
        async with self._messages.turn(courteous=courteous):
            try:
                response = await self._client.room_send_if(
                    may_go, room, kind, content, tx_id=_transaction(key, kind), ignore_unverified_devices=True
                )
            except nio.LocalProtocolError as error:
                raise NotOurs("not in that room") from error
            if isinstance(response, nio.RoomSendResponse) and response.event_id:
                return str(response.event_id)
            raise self._refused(response, self._messages)

    async def upload(self, room: str, data: bytes, mimetype: str) -> Content:
        """A file for that room, encrypted where the room is: the part of an event that points to it."""
        encrypted = bool(self._client.rooms[room].encrypted) if room in self._client.rooms else False
        response, keys = await self._client.upload(
            io.BytesIO(data), content_type=mimetype, filename="file", encrypt=encrypted, filesize=len(data)
        )
        if not isinstance(response, nio.UploadResponse):
            raise self._refused(response, self._messages)
        if not encrypted:
            return {"url": response.content_uri}
        return {"file": {"url": response.content_uri, "mimetype": mimetype, **(keys or {})}}

    def _refused(self, response: Any, pace: Pace) -> Exception:
        code = getattr(response, "status_code", None)
        status = getattr(getattr(response, "transport_response", None), "status", None)
        if code == "M_LIMIT_EXCEEDED" or status == 429:
            return pace.slow_down(getattr(response, "retry_after_ms", None))
        return refusal(status, code)

    async def redact(self, room: str, event: str, key: str) -> None:
        """Take an event away; one that is gone already stays gone."""
        async with self._messages.turn():
            tx_id = hashlib.sha256(f"redact {event} {key}".encode()).hexdigest()[:40]
            response = await self._client.room_redact(room, event, tx_id=tx_id)
            if not isinstance(response, nio.RoomRedactResponse):
                raise self._refused(response, self._messages)

    async def redact_whole(self, room: str, event: str, author: str, key: str) -> None:
        """Take away a message with all that its author made of it since: its edits stay readable otherwise.

        Cut off anywhere it can be done again: as long as the message stands its edits are found by it.
        """
        for edit in await self._edits_of(room, event, author):
            await self.redact(room, edit, key)
        await self.redact(room, event, key)

    async def _edits_of(self, room: str, event: str, author: str) -> Sequence[str]:
        """Only those by its author are any."""
        path = f"/rooms/{_path(room)}/relations/{_path(event)}/m.replace?limit={PAGE}"
        found, since = list[str](), ""
        while True:
            async with self._messages.turn():
                # nio's own call hides what went wrong.
                status, answer, _ = await self.request_at("GET", path + since, version="v1")
                if status == 429:
                    raise self._messages.slow_down(answer.get("retry_after_ms"))
            if status == 404:
                return found
            if status != 200:
                raise refusal(status, answer.get("errcode"))
            chunk = answer.get("chunk")
            edits = chunk if isinstance(chunk, list) else []
            found += [str(edit.get("event_id")) for edit in edits if edit.get("sender") == author]
            more = answer.get("next_batch")
            if not (edits and isinstance(more, str)):
                return found
            since = f"&from={_path(more)}"

    async def pin(self, room: str, event: str) -> None:
        """Keep an event in view, where that may be; one that is pinned stays so. Raises: NotNow, OSError."""
        path = f"/rooms/{_path(room)}/state/m.room.pinned_events/"
        status, answer = await self.request("GET", path)
        known = answer.get("pinned") if status == 200 else []
        pinned = known if isinstance(known, list) else []
        if event in pinned:
            return
        status, answer = await self.request("PUT", path, {"pinned": [*pinned, event]})
        if status == 200:
            return
        refused = refusal(status, answer.get("errcode"))
        if not isinstance(refused, Gone | Refused | NotOurs):
            raise refused
        log.warning("Could not pin an event in %s: %s", room, refused)

    async def said_in(self, room: str, kind: str, key: str, since: datetime) -> str | None:
        """Our event with that key, if it is in the room's history after all."""
        start: str | None = self._client.next_batch
        while start:
            page = await self._client.room_messages(room, start, limit=PAGE)
            if not isinstance(page, nio.RoomMessagesResponse):
                raise ConnectionError("the room's history could not be read")
            for event in page.chunk:
                source = event.source
                content = content_if_by(source, self._client.user_id)
                if source.get("type") == kind and content.get(KEY) == key and "m.new_content" not in content:
                    return str(source.get("event_id"))
                at = moment(source.get("origin_server_ts"))
                if at and at < since - timedelta(minutes=10):
                    return None
            start = page.end if page.chunk else None
        return None

    async def said_to(self, user: str, kind: str, key: str, since: datetime) -> str | None:
        """Our event with that key, if it is in the history of a direct room with somebody."""
        for room in self._rooms_for(user):
            if found := await self.said_in(room.id, kind, key, since):
                return found
        return None

    # --- direct rooms ---

    async def room_for(self, user: str, *, opens: bool = True) -> str:
        """The direct room with somebody; made where there is none yet, or not `opens`: the one they are in.

        Raises: Shut where they are in none, or declined.
        """
        if not opens:
            room = next((room.id for room in self._rooms_for(user) if room.members.get(user) == "join"), None)
            if room is None:
                raise Shut("they are in no direct room")
            await self._wait_for(room, user)
            return room
        async with self._making.setdefault(user, asyncio.Lock()):
            room = await self._known_room(user) or await self._make_room(user)
            if self.direct.get(user, [""])[0] != room:
                await self.note_direct(user, room)
        await self._wait_for(room, user)
        return room

    async def _known_room(self, user: str) -> str | None:
        """The one they spoke in last, that nobody else reads. Raises: Shut if they left all there were."""
        known = self._rooms_for(user)
        for room in known:
            if room.has(user) or (user not in room.left and await self._invites_again(room, user)):
                return room.id
        if self.was_left(user):
            raise Shut("they left the direct room")
        return None

    def talks_with(self, user: str) -> bool:
        """Whether there is a direct room with somebody, which they may have yet to come into."""
        return any(room.has(user) for room in self._rooms_for(user))

    def was_left(self, user: str) -> bool:
        """Whether somebody declined every talk that there was to be, or walked out of it."""
        known = self._rooms_for(user)
        return any(user in room.left for room in known) and not any(room.has(user) for room in known)

    def _rooms_for(self, user: str) -> list[Room]:
        known = [room for room in self.direct.get(user, ()) if room in self._rooms]
        known += [room.id for room in self._rooms.values() if self._made_for(room) == user]
        found = [self._rooms[room] for room in dict.fromkeys(known)]
        return [room for room in found if room.is_private(self._client.user_id, user)]

    async def _invites_again(self, room: Room, user: str) -> bool:
        """Somebody who is not in the room that was made for them: the homeserver may have died in between.

        False where that room is no use any more.
        """
        if self._made_for(room) != user:
            return False
        member = f"/rooms/{_path(room.id)}/state/m.room.member/{_path(user)}"
        status, answer = await self.request("GET", member)
        if status == 200:
            room.apply({"type": "m.room.member", "state_key": user, "content": answer})
            return room.has(user)
        if status == 403:
            return False
        if status != 404:
            raise refusal(status, answer.get("errcode"))
        with self._waiting_for_server_of(user):
            return await self._invite(room.id, user)

    async def _invite(self, room: str, user: str) -> bool:
        async with self._invitations.turn():
            path = f"/rooms/{_path(room)}/invite"
            status, answer = await self.request("POST", path, {"user_id": user})
            if status == 429:
                raise self._invitations.slow_down(answer.get("retry_after_ms"))
            if status not in (200, 403):
                raise refusal(status, answer.get("errcode"))
            return status == 200

    async def _make_room(self, user: str) -> str:
        self._wait_in_line(user)
        # nio's call cannot say for whom it is, by which it is found again after a crash.
        body = {
            "preset": "private_chat",
            "is_direct": True,
            "invite": [user],
            "initial_state": [
                {"type": kind, "state_key": "", "content": content} for kind, content in _STATE.items()
            ],
            "power_level_content_override": _LEVELS,
            "creation_content": {MADE_FOR: user},
        }
        with self._waiting_for_server_of(user):
            status, answer = await self.create_room(body)
        self._line.pop(user, None)
        room = answer.get("room_id")
        if status == 200 and isinstance(room, str):
            return room
        raise refusal(status, answer.get("errcode"))

    async def create_room(self, body: Content) -> tuple[int, dict[str, Any]]:
        """What the homeserver answers. Raises: TryLater while it makes no more of them."""
        async with self._new_rooms.turn():
            status, answer = await self.request("POST", "/createRoom", body)
            if status == 429:
                raise self._new_rooms.slow_down(answer.get("retry_after_ms"))
            return status, answer

    def _wait_in_line(self, user: str) -> None:
        """Homeservers allow a new room a minute: the next is for whoever has been waiting longest."""
        now = self._clock.now()
        since, _ = self._line.get(user, (now, now))
        self._line[user] = since, now
        # Whoever did not come back for so long has no need of one any more.
        self._line = {who: turn for who, turn in self._line.items() if now - turn[1] < LEFT_THE_LINE}
        ahead = sum(first < since for first, _ in self._line.values())
        if ahead and self._new_rooms.is_narrow:
            raise TryLater(min(ahead * NEXT_IN_LINE, LEFT_THE_LINE.total_seconds() / 2), unsent=True)

    @contextmanager
    def _waiting_for_server_of(self, user: str) -> Iterator[None]:
        """Raises: TryLater while as much waits for that server as may."""
        server = server_of(user)
        whose = "" if server == server_of(self._client.user_id) else server
        share = self._far.take(whose) if whose else None
        if whose and share is None:
            since, _ = self._line.get(user, (self._clock.now(), None))
            ahead = sum(first < since and server_of(who) == server for who, (first, _) in self._line.items())
            wait = min(max(ahead, 2) * NEXT_OF_SERVER, LEFT_THE_LINE.total_seconds() / 2)
            raise TryLater(wait, unsent=True)
        try:
            yield
        finally:
            if share:
                self._far.give_back(share)

    async def _wait_for(self, room: str, user: str) -> None:
        """A new room can be written to once the sync has brought it, and brought whom it was made for:
        before that its key would reach nobody.
        """

        def ready() -> bool:
            return room in self._client.rooms and room in self._rooms and self._rooms[room].has(user)

        if not await self.until(ready):
            raise TryLater(2, unsent=True)

    async def brings(self, room: str) -> bool:
        """Whether the sync brings a room that was made."""
        return await self.until(lambda: room in self._rooms)

    async def until(self, ready: Callable[[], bool]) -> bool:
        """Whether the sync brings about what that looks for."""
        try:
            async with asyncio.timeout(SHOWS_UP_WITHIN), self._synced:
                return await self._synced.wait_for(ready)
        except TimeoutError:
            return False

    async def synced(self) -> None:
        """Rooms have come or gone."""
        async with self._synced:
            self._synced.notify_all()
        for user in [user for user in self._asked_in if self.was_left(user)]:
            await self.on_declined(user, *self._asked_in.pop(user))

    async def asked_in(self, user: str, room: str, at: datetime) -> None:
        """They asked something there; whoever declines to be answered in private is told so there."""
        if self.was_left(user):
            await self.on_declined(user, room, at)
        elif not any(known.members.get(user) == "join" for known in self._rooms_for(user)):
            self._asked_in[user] = room, at

    def _made_for(self, room: Room) -> str | None:
        """Whom we made it for; that somebody else wrote so in a room of theirs says nothing."""
        return room.made_for if room.maker == self._client.user_id else None

    def is_direct(self, room: str) -> bool:
        """Whether a room is a talk with one person. One that others came into, or can read, is a place."""
        found = self._rooms.get(room)
        return found is not None and self.looks_direct(room) and found.is_for_two_alone

    def looks_direct(self, room: str) -> bool:
        """Whether it was made as a talk with one person, whatever became of it."""
        found = self._rooms.get(room)
        return found is not None and (room in self._listed or bool(self._made_for(found)))

    async def read_direct(self) -> None:
        """The account's own list of direct rooms."""
        status, answer = await self.request(
            "GET", f"/user/{_path(self._client.user_id)}/account_data/m.direct"
        )
        if status not in (200, 404):
            raise ConnectionError(f"the homeserver answered {status} for the direct rooms")
        if status == 200:
            self._direct = {
                user: [room for room in rooms if isinstance(room, str)]
                for user, rooms in answer.items()
                if isinstance(rooms, list)
            }
            self._listed = {room for rooms in self._direct.values() for room in rooms}

    async def note_direct(self, user: str, room: str) -> None:
        """Put a room first among the direct rooms with somebody."""
        async with self._written:
            direct = {other: here for other, all in self.direct.items() if (here := self._still_in(all))}
            others = (other for other in direct.get(user, ()) if other != room)
            direct[user] = [room, *others][:MOST_DIRECT]
            path = f"/user/{_path(self._client.user_id)}/account_data/m.direct"
            status, _ = await self.request("PUT", path, direct)
            if status != 200:
                raise ConnectionError(f"the homeserver answered {status} for the direct rooms")
            self._direct = direct
            self._listed = {*self._still_in(self._listed), room}

    def _still_in(self, rooms: Iterable[str]) -> list[str]:
        """Those that Plein is in, or is just coming into: the others are talked in no more."""
        return [room for room in rooms if room in self._rooms or room in self._client.invited_rooms]

    async def request(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """What nio has no call for. The status, and the answer where it is a JSON object.

        Raises: aiohttp.ClientError where the homeserver does not answer; perhaps what stands before it does.
        """
        status, answer, _ = await self.request_at(method, path, body)
        return status, answer

    async def request_at(
        self, method: str, path: str, body: object = None, *, version: str = "v3"
    ) -> tuple[int, dict[str, Any], datetime | None]:
        """The same, and when it was answered, by the server's clock."""
        headers = {"Authorization": f"Bearer {self._client.access_token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        response = await self._client.send(method, f"/_matrix/client/{version}{path}", sent, headers)
        async with response:
            try:
                answer = json.loads(await response.read())
            except ValueError:
                answer = None
            found = answer if isinstance(answer, dict) else {}
            if 400 <= response.status < 500 and "errcode" not in found:
                # What stands before it: of who is where and may what that says nothing.
                raise aiohttp.ClientPayloadError(f"no homeserver answered {response.status}")
            return response.status, found, answered_at(response)


def answered_at(response: Any) -> datetime | None:
    """By the server's clock, in whole seconds."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _transaction(key: str, kind: str) -> str:
    """Ids are counted per room and device, not per type of event."""
    action = {POLL_START: "poll", POLL_END: "end"}.get(kind, "say")
    return hashlib.sha256(f"{action} {key}".encode()).hexdigest()[:40]


def _path(part: str) -> str:
    return quote(part, safe="")

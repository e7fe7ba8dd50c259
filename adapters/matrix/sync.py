"""What the homeserver tells, read in a loop of Plein's own.

What people said and how far was read are kept in one transaction; only then is it dealt with.
Where anything fails, the same stretch is read again: all of this may happen twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import nio

from adapters.matrix.intake import Intake
from adapters.matrix.pace import Pace
from adapters.matrix.rooms import Room
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from adapters.matrix.welcome import Welcome, Word
from bot.errors import TryLater
from bot.model.events import Arrival
from bot.model.people import Place

log = logging.getLogger(__name__)
WAIT_MS = 30_000
# A server that neither answers nor hangs up is given up after so many seconds.
HANGS = 180.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
# A homeserver does one thing after the other: our answers are to come before our next question.
BREATH = 0.02
PAGE = 100
FILTER = {"room": {"timeline": {"limit": 50}, "ephemeral": {"types": []}}, "presence": {"types": []}}
Themes = Mapping[str, tuple[str, str | None]]


class TokenRefused(ConnectionError):
    """The homeserver no longer knows us; going on makes no sense."""

    def __init__(self) -> None:
        super().__init__(
            "the homeserver refuses our token. Start Plein again to log in anew with the password, "
            "or put a fresh token in the configuration"
        )


class Sync:
    """Reads on and on. `themes` says which rooms, by id, belong to which theme."""

    def __init__(self, session: Session, intake: Intake, themes: Themes) -> None:
        self._on = session
        self._intake = intake
        self._themes = themes
        rule = session.settings.invitations
        self._named = {*themes, *rule.rooms}
        self._welcome = Welcome(session.core, session.account, self._named, rule)
        self._joins = Pace(session.clock)
        self._invited: dict[str, nio.InviteMemberEvent] = {}
        self._bound: dict[str, str] = {}

    async def run(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled. Raises TokenRefused. `caught_up` is called after the first reading."""
        since = (await self._on.core.cursors(self._on.account)).get("")
        await self._welcome.read()
        first, failed = True, 0
        while True:
            try:
                since = await self._read_on(since, first=first)
                if first:
                    await caught_up()
                first, failed = False, 0
            except TokenRefused:
                raise
            except TryLater as busy:
                await self._on.clock.sleep(busy.seconds)
            except Exception as error:
                failed += 1
                if failed in (1, 5) or failed % 50 == 0:
                    log.warning("Reading failed %d times now: %s: %s", failed, type(error).__name__, error)
                await self._on.clock.sleep(min(FIRST_PAUSE * 2 ** min(failed, 10), LONGEST_PAUSE))

    async def _read_on(self, since: str | None, *, first: bool) -> str:
        async with asyncio.timeout(HANGS):
            response = await self._on.client.sync(
                timeout=0 if first else WAIT_MS, sync_filter=FILTER, since=since, full_state=first
            )
        if not isinstance(response, nio.SyncResponse):
            raise _failure(response)
        seen_at = None if first else self._on.clock.now()
        for room_id, info in response.rooms.join.items():
            room = self._on.rooms.setdefault(room_id, Room(room_id, home=self._server()))
            for event in (*info.state, *info.timeline.events):
                room.apply(event.source, seen_at)
        await self._follow(response)
        if not first:
            await self._retry(response)
        arrivals: list[Arrival] = []
        if since:
            for room_id, info in response.rooms.join.items():
                arrivals += await self._arrivals(room_id, info.timeline, since)
        fresh = await self._on.core.store_arrivals(self._on.account, arrivals, response.next_batch)
        await self._hand_over(await self._on.core.arrivals(self._on.account) if first else fresh)
        await self._on.client.housekeeping()
        keys = (nio.RoomKeyEvent, nio.ForwardedRoomKeyEvent)
        if first or any(isinstance(event, keys) for event in response.to_device_events):
            await self._intake.unseal()
        if fresh:
            await self._on.clock.sleep(BREATH)
        return str(response.next_batch)

    async def _hand_over(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if not arrival.undecryptable:
                self._intake.put(arrival)
                continue
            event = nio.Event.parse_event(json.loads(arrival.body))
            if isinstance(event, nio.MegolmEvent):
                log.info("Event %s in %s waits for its key", arrival.id, arrival.room)
                event.room_id = arrival.room
                await self._intake.ask_for_key(event)

    # --- what was said ---

    async def _arrivals(self, room_id: str, timeline: Any, since: str) -> list[Arrival]:
        """What matters of a room's news, the oldest first, with what the server left out."""
        events = list(timeline.events)
        if timeline.limited and timeline.prev_batch:
            events = await self._left_out(room_id, timeline.prev_batch, since) + events
        arrivals = []
        for event in _since_joining(events, self._on.me):
            source = event.source
            event_id, undecryptable = source.get("event_id"), isinstance(event, nio.MegolmEvent)
            if not isinstance(event_id, str) or source.get("sender") == self._on.me:
                continue
            if undecryptable or self._intake.matters(room_id, source):
                arrivals.append(Arrival(event_id, room_id, json.dumps(source), undecryptable=undecryptable))
        return arrivals

    async def _left_out(self, room_id: str, start: str, since: str) -> list[Any]:
        found: list[Any] = []
        while True:
            page = await self._on.client.room_messages(
                room_id, start, end=since, direction=nio.MessageDirection.back, limit=PAGE
            )
            if not isinstance(page, nio.RoomMessagesResponse):
                raise _failure(page)
            found += page.chunk
            joined = len(_since_joining(page.chunk[::-1], self._on.me)) < len(page.chunk)
            if joined or not page.chunk or not page.end or page.end == start:
                return found[::-1]
            start = page.end

    # --- where we are ---

    async def _follow(self, response: nio.SyncResponse) -> None:
        """Rooms that came, went, were replaced, or ask for us."""
        for room_id in response.rooms.leave:
            self._on.rooms.pop(room_id, None)
            self._bound.pop(room_id, None)
            self._invited.pop(room_id, None)
            await self._welcome.forget(room_id)
            await self._on.core.left(self._on.account, Place(PLATFORM, room_id))
        for room_id in response.rooms.join:
            self._invited.pop(room_id, None)
            await self._settle_in(self._on.rooms[room_id])
        for room_id, info in response.rooms.invite.items():
            for event in info.invite_state:
                if isinstance(event, nio.InviteMemberEvent) and event.state_key == self._on.me:
                    self._invited[room_id] = event
        for room_id, invitation in list(self._invited.items()):
            await self._consider(room_id, invitation)
        await self._on.outgoing.synced()

    async def _retry(self, response: nio.SyncResponse) -> None:
        """What a room refused may be taken now that its power levels are others."""
        for room_id, info in response.rooms.join.items():
            events = [event.source for event in (*info.state, *info.timeline.events)]
            if any(event.get("type") == "m.room.power_levels" for event in events):
                await self._on.core.retry(self._on.account, Place(PLATFORM, room_id))

    async def _settle_in(self, room: Room) -> None:
        """Tell the core of a place, or that it moved."""
        if room.replacement:
            if room.replacement not in self._on.rooms:
                await self._follow_to(room, room.replacement)
            return
        old = self._on.rooms.get(room.predecessor or "")
        replaces = old if old and old.replacement == room.id else None
        if replaces:
            await self._welcome.note(room.id, await self._welcome.successor(replaces))
        elif await self._welcome.refuses(room):
            log.info("Left %s: it is not what replaced the room that led there", room.id)
            await self._on.client.room_leave(room.id)
            return
        if room.is_space or self._on.outgoing.is_direct(room.id):
            return
        name = room.name or room.alias or room.id
        if self._bound.get(room.id) == name:
            return
        place = Place(PLATFORM, room.id)
        if replaces and room.id not in self._bound:
            await self._on.core.moved(self._on.account, Place(PLATFORM, replaces.id), place)
        theme, language = self._themes.get(room.id, (None, None))
        ours = await self._welcome.is_ours(room.id)
        await self._on.core.joined(self._on.account, place, name, theme, language, ours=ours)
        self._bound[room.id] = name

    async def _consider(self, room_id: str, invitation: nio.InviteMemberEvent) -> None:
        """Accept it if a rule says so, else decline."""
        server = invitation.sender.partition(":")[2]
        old = next((room for room in self._on.rooms.values() if room.replacement == room_id), None)
        if room_id in self._named or server in self._on.settings.welcome:
            word = Word(invitation.sender)
        elif old and not self._welcome.was_refused(room_id):
            word = await self._welcome.successor(old)
        else:
            log.info("Declined an invitation to %s: no rule accepts %s", room_id, server)
            await self._decline(room_id)
            return
        if not (word.ours or await self._welcome.may_ask(word.by, room_id)):
            log.info("Declined an invitation to %s: one person asked for enough rooms", room_id)
            await self._decline(room_id)
            return
        await self._welcome.note(room_id, word)
        if invitation.content.get("is_direct") is True:
            await self._on.outgoing.note_direct(invitation.sender, room_id)
        await self._join(room_id, via=server)

    async def _decline(self, room_id: str) -> None:
        await self._on.client.room_leave(room_id)
        self._invited.pop(room_id, None)

    async def _follow_to(self, room: Room, new: str) -> None:
        """To what replaced a room, on the word of those who asked for the old one."""
        word = await self._welcome.successor(room)
        if self._welcome.was_refused(new):
            return
        if word.ours or await self._welcome.may_ask(word.by, new):
            await self._welcome.note(new, word)
            await self._join(new, via=new.partition(":")[2] or self._server())

    async def _join(self, room_id: str, *, via: str) -> None:
        """What fails now is tried again with the next reading."""
        try:
            async with self._joins.turn():
                path = f"/join/{quote(room_id, safe='')}?via={quote(via, safe='')}"
                status, answer = await self._on.outgoing.request("POST", path, {})
                if status == 429:
                    raise self._joins.slow_down(answer.get("retry_after_ms"))
                if status != 200:
                    log.warning("Could not join %s: %s %s", room_id, status, answer.get("errcode", ""))
                if status in (403, 404):
                    self._invited.pop(room_id, None)
                    await self._welcome.forget(room_id)
        except TryLater:
            return

    async def go_where_expected(self) -> None:
        """Try to join the rooms that the configuration names; where it takes an invitation, wait for it."""
        for room_id in self._themes:
            if room_id.startswith("!") and room_id not in self._on.rooms:
                await self._join(room_id, via=room_id.partition(":")[2] or self._server())

    def _server(self) -> str:
        return self._on.me.partition(":")[2]


def _since_joining(events: Sequence[Any], me: str) -> Sequence[Any]:
    """What came before we did is not said to us."""
    for number in range(len(events) - 1, -1, -1):
        source = events[number].source
        if source.get("type") == "m.room.member" and source.get("state_key") == me:
            content, unsigned = source.get("content"), source.get("unsigned")
            before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
            was_here = isinstance(before, dict) and before.get("membership") == "join"
            if isinstance(content, dict) and content.get("membership") == "join" and not was_here:
                return events[number + 1 :]
    return events


def _failure(response: Any) -> Exception:
    """What to raise for an answer that is none."""
    code = getattr(response, "status_code", None)
    status = getattr(getattr(response, "transport_response", None), "status", None)
    if code == "M_UNKNOWN_TOKEN":
        return TokenRefused()
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        return TryLater((getattr(response, "retry_after_ms", None) or 5_000) / 1000)
    return ConnectionError(f"the homeserver answered {status or 'nothing'} {code or ''}".strip())

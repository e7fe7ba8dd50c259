"""What the homeserver tells, read in a loop of Plein's own.

What people said and how far was read are kept in one transaction; only then is it dealt with, each room in
its own time. Where anything fails before, the same stretch is read again: all of this may happen twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import starmap
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import nio

from adapters.matrix import moderators
from adapters.matrix.aliases import Astray
from adapters.matrix.errands import Errands
from adapters.matrix.gaps import Gap, arrival_of, gap_arrival, says_who_reads, since_joining
from adapters.matrix.intake import Intake
from adapters.matrix.lacks import could_use_in, lacks_in, not_in
from adapters.matrix.newcomers import Newcomers
from adapters.matrix.outgoing import answered_at
from adapters.matrix.pace import Pace
from adapters.matrix.read import milliseconds, server_of
from adapters.matrix.rooms import TOMBSTONE, Room, banned_by, put_out_by, who_came
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from adapters.matrix.spaces import CHILD, Spaces
from adapters.matrix.state import FILTER, PARTS, events_in, leave_out, note_spaces, rooms_in
from adapters.matrix.welcome import Welcome, Word
from bot.delivery.worker import LONGEST_PATIENCE, pause
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival, Banned, Came, Lack
from bot.model.message import message, text
from bot.model.people import Grounds, Identity, Named, Place
from bot.recent import Recent

log = logging.getLogger(__name__)
WAIT_MS = 30_000
# A server that neither answers nor hangs up is given up after so many seconds.
HANGS = 180.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
# A homeserver does one thing after the other: our answers are to come before our next question.
BREATH = 0.02
# So many rooms are come into, or declined, at the same time, and so many of those for which the same other
# server is waited for; each is tried for so many seconds, and so often in half a day. Of more than so many
# that wait the last are kept.
DOORS_AT_ONCE, DOORS_OF_ONE, JOINS_WITHIN, JOIN_TRIES, MOST_DOORS = 100, 4, 120.0, 15, 500
# What decides in a room whether Plein may write there.
OPENS = ("m.room.power_levels", "m.room.join_rules")
# What is said shows up in what the server brings within so long.
UNDER_WAY = timedelta(seconds=2)
# How old may be what is known of that, and so many seconds asking takes at most.
AS_GOOD_AS_NOW, ASKED_WITHIN = timedelta(seconds=0.5), 20.0
ANYTHING = {
    "room": {"timeline": {"limit": 1}, "state": {"types": []}, "ephemeral": {"types": []}},
    "presence": {"types": []},
}


class _Tried(NamedTuple):
    """How often a room was to be come into in vain, and when it is tried again."""

    tries: int
    next_at: datetime


_NEVER = _Tried(0, datetime.fromtimestamp(0, UTC))


class TokenRefused(ConnectionError):
    """The homeserver no longer knows us; going on makes no sense."""

    def __init__(self) -> None:
        super().__init__(
            "the homeserver refuses our token. Start Plein again to log in anew with the password, "
            "or put a fresh token in the configuration"
        )


class Sync:
    """Reads on and on. `grounds` says which rooms and spaces, by id, are whose; `astray`: which aliases of
    the configuration led elsewhere at the start.
    """

    def __init__(
        self, session: Session, intake: Intake, grounds: Grounds, astray: Sequence[Astray] = ()
    ) -> None:
        self._on = session
        self._intake = intake
        self._grounds = grounds
        self._astray = astray
        # Those of the configuration, and those that Plein made.
        self._whose_spaces = dict(grounds.groups)
        self._spaces = Spaces(grounds.groups)
        rule = session.settings.invitations
        self._named = {*grounds.themes, *grounds.groups, *rule.rooms}
        self._welcome = Welcome(session.core, session.account, self._named, rule)
        self._newcomers = Newcomers(session)
        self._joins = Pace(session.clock)
        session.client.before_parsing = self._shorten
        intake.settled = self._newcomers.settled
        # By room: those that Plein is in, as they are called, until it leaves; those to come into; when that
        # was tried.
        self._bound: dict[str, tuple[str, int | None]] = {}
        # Of these the core knows that what people say there is encrypted.
        self._encrypted: set[str] = set()
        # Those that came into a space that is somebody's, or were taken out, since they were last looked at.
        self._moved: set[str] = set()
        self._invited: dict[str, nio.InviteMemberEvent] = {}
        # Where those that were replaced led to when that was looked at last.
        self._led: dict[str, str] = {}
        self._wanted: Recent[str, str] = Recent(MOST_DOORS)
        self._tried: Recent[str, _Tried] = Recent(MOST_DOORS)
        # How far was read, when that was known, and until when by the server's clock that is.
        self._since, self._heard_at = "", _NEVER.next_at
        self._until: datetime | None = None
        self._doors = Errands(DOORS_AT_ONCE, DOORS_OF_ONE, self._is_near)
        self._chores = Errands(3)

    async def run(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled. Raises: TokenRefused. `caught_up` is called after the first reading."""
        try:
            await self._read_again_and_again(caught_up)
        finally:
            for errands in (self._doors, self._chores, self._newcomers):
                await errands.stop()

    async def _read_again_and_again(self, caught_up: Callable[[], Awaitable[None]]) -> None:
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
        privately = self._take_note(response, None if first else self._on.clock.now())
        rooms = [self._on.rooms[room] for room in response.rooms.join]
        await self._look_again(response)
        if first:
            await self._newcomers.recall(since)
        else:
            self._newcomers.look_back(rooms, str(since))
        await self._newcomers.keep(rooms)
        heard = await self._on.core.heard_before(self._on.account) if first else self._until
        arrivals = self._arrivals(response, since, privately, heard) if since else []
        fresh = await self._on.core.store_arrivals(self._on.account, arrivals, response.next_batch)
        if first:
            fresh = await self._on.core.arrivals(self._on.account)
        self._heard(response.next_batch, answered_at(response.transport_response))
        # From here on the server brings none of it again, and nothing that takes a platform is waited for.
        await self._follow(response, first=first)
        self._hand_over(fresh)
        self._chores.run("keys", self._on.client.housekeeping, again=True)
        keys = (nio.RoomKeyEvent, nio.ForwardedRoomKeyEvent)
        if first or any(isinstance(event, keys) for event in response.to_device_events):
            self._chores.run("undecryptable", self._intake.unseal, again=True)
        if fresh:
            await self._on.clock.sleep(BREATH)
        return str(response.next_batch)

    def _take_note(self, response: nio.SyncResponse, seen_at: datetime | None) -> Container[tuple[str, str]]:
        """What becomes of the rooms; and the events that only Plein could read beside whoever sent them.

        `seen_at`: it has happened just now.
        """
        privately = set()
        for room_id, info in response.rooms.join.items():
            is_new = room_id not in self._on.rooms
            if is_new or not seen_at:
                # At the start all of it is told, each time that the start is tried.
                self._on.rooms[room_id] = Room(room_id, home=self._server())
            room = self._on.rooms[room_id]
            for event in info.state:
                room.apply(event.source, seen_at, after_gap=not is_new)
            events = [event.source for event in (*info.state, *info.timeline.events)]
            self._note_made(room, events)
            self._moved |= self._spaces.note(room_id, events)
            for event in info.timeline.events:
                room.apply(event.source, seen_at)
                if room.is_private(self._on.me, str(event.source.get("sender"))):
                    privately.add((room_id, str(event.source.get("event_id"))))
            if is_new and seen_at:
                # Whoever is there was there before Plein: when it came says since when.
                room.newcomers = {self._on.me}
                room.unsure.clear()
        return privately

    async def _look_again(self, response: nio.SyncResponse) -> None:
        """Whether rooms are in a space still, or were replaced, of which the event that says so was taken
        away: the homeserver tells that it was, and not what stands there since.
        """
        for room_id, info in response.rooms.join.items():
            room, events = self._on.rooms[room_id], [event.source for event in info.timeline.events]
            for child in self._spaces.taken_away(room_id, events):
                if not (await self._stands(room_id, CHILD, child)).get("via"):
                    taken = {"type": CHILD, "state_key": child, "content": {}}
                    self._moved |= self._spaces.note(room_id, [taken])
            if room.may_lead_on_no_more(events, more=bool(info.timeline.limited)):
                content = await self._stands(room_id, TOMBSTONE)
                if not content.get("replacement_room"):
                    room.apply({"type": TOMBSTONE, "state_key": "", "content": content})

    async def _stands(self, room: str, kind: str, key: str = "") -> Mapping[str, Any]:
        """What a part of a room's state says now; nothing where it says nothing. Raises: OSError."""
        path = f"/rooms/{quote(room, safe='')}/state/{kind}/{quote(key, safe='')}"
        async with asyncio.timeout(ASKED_WITHIN):
            status, content = await self._on.outgoing.request("GET", path)
        if status >= 500 or status == 429:
            raise ConnectionError(f"the homeserver answered {status}")
        return content if status == 200 else {}

    async def _shorten(self, answer: dict[str, Any]) -> None:
        """Of what the server answered take in what Plein reads; and nothing of a room that is full."""
        for room_id, said in rooms_in(answer, "join").items():
            told = [event for part in PARTS for event in events_in(said, part)]
            self._note_made(Room(room_id, home=self._server()), told)
        self._moved |= note_spaces(answer, self._spaces)
        for room_id, inviter in (await leave_out(answer, self._spaces, self._welcome)).items():
            self._doors.run(room_id, partial(self._leave_full, room_id, inviter), again=True)

    async def _leave_full(self, room_id: str, inviter: str) -> None:
        log.warning("Leaving %s: there are too many people in it, and it is no community's own", room_id)
        await self._decline(room_id)
        if inviter:
            who, said = Identity(PLATFORM, inviter), message(text("matrix.full"))
            await self._on.core.say(self._on.account, who, said, f"full:{room_id}")

    def _note_made(self, room: Room, events: Sequence[Mapping[str, Any]]) -> None:
        """A space that Plein made is its community's, where no line says anything else."""
        for event in events:
            if event.get("type") == "m.room.create":
                room.apply(event)
        community = room.made_by(self._on.me)
        if community is not None and room.id not in self._whose_spaces:
            self._whose_spaces[room.id] = community
            self._spaces.add(room.id)

    # --- until when that is ---

    def holds(self, space: str, room: str) -> bool:
        """Whether that room is in a space that is somebody's, as the space says."""
        return space in self._spaces.holding(room)

    def heard_until(self) -> datetime | None:
        """By the server's clock. Where that is some time ago, it is asked whether anything is new."""
        if self._since and self._on.clock.now() - self._heard_at > AS_GOOD_AS_NOW:
            self._chores.run("news", self._ask)
        return self._until

    def _heard(self, since: str, answered: datetime | None) -> None:
        """What the server gave an answer's moment to may take it a little while to bring."""
        self._since = since
        if answered:
            self._until = max(self._until or _NEVER.next_at, answered - UNDER_WAY)
            self._heard_at = self._on.clock.now()

    async def _ask(self) -> None:
        """Beside the reading, which waits for news: whether there is none until now."""
        since = self._since
        path = f"/sync?timeout=0&since={quote(since)}&filter={quote(json.dumps(ANYTHING))}"
        async with asyncio.timeout(ASKED_WITHIN):
            status, answer, answered = await self._on.outgoing.request_at("GET", path)
        rooms = answer.get("rooms")
        if status == 200 and since == self._since and not (isinstance(rooms, dict) and rooms.get("join")):
            self._heard(since, answered)

    def _hand_over(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if arrival.undecryptable:
                log.info("Event %s in %s waits for its key", arrival.id, arrival.room)
            else:
                self._intake.put(arrival)

    # --- what was said ---

    def _arrivals(
        self,
        response: nio.SyncResponse,
        since: str,
        privately: Container[tuple[str, str]],
        heard: datetime | None,
    ) -> list[Arrival]:
        """What matters of each room's news, the oldest first; where the server left something out, that.

        `heard`: until when all had been heard before.
        """
        arrivals: list[Arrival] = []
        me, matters, now = self._on.me, self._intake.matters, self._on.clock.now()
        heard_ms = milliseconds(heard) if heard else None
        for room, info in response.rooms.join.items():
            timeline, events = info.timeline, since_joining(info.timeline.events, me)
            if timeline.limited and timeline.prev_batch and len(events) == len(timeline.events):
                alone = self._on.rooms[room].is_for_two_alone and not says_who_reads((*info.state, *events))
                arrivals.append(gap_arrival(room, Gap(str(since), str(timeline.prev_batch), alone, heard_ms)))
            for event in events:
                # As a word: what a broken server calls an event may be anything.
                alone = (room, str(event.source.get("event_id"))) in privately
                found = arrival_of(event, room, me, matters, heard, now, privately=alone)
                if found and self._intake.takes(found):
                    arrivals.append(found)
        return arrivals

    # --- where we are ---

    async def _follow(self, response: nio.SyncResponse, *, first: bool) -> None:
        """Rooms that came, went, were replaced, or ask for us: only what Plein itself keeps of that."""
        gone = [*response.rooms.leave, *(await self._left_meanwhile() if first else ())]
        for room_id in gone:
            for known in (self._on.rooms, self._bound, self._on.client.rooms, self._on.client.invited_rooms):
                known.pop(room_id, None)
            self._led.pop(room_id, None)
            self._moved |= self._spaces.leave(room_id)
            self._forget_door(room_id)
            await self._surely(partial(self._welcome.forget, room_id))
            await self._surely(partial(self._newcomers.forget, room_id))
            await self._surely(partial(moderators.forget, self._on, room_id))
            await self._surely(partial(self._on.core.left, self._on.account, Place(PLATFORM, room_id)))
        await self._note_who_lost_it(response, first=first)
        if first or any(starmap(self._is_governed_anew, response.rooms.join.items())):
            await self._surely(partial(self._on.core.look_at_rooms, self._on.account))
        if not first:
            await self._note_who_came(response)
            await self._note_what_moved(response)
        for room_id in response.rooms.join:
            self._forget_door(room_id)
            await self._surely(partial(self._settle_in, self._on.rooms[room_id]))
        for room_id in self._moved & self._on.rooms.keys():
            await self._surely(partial(self._settle_in, self._on.rooms[room_id]))
        self._moved.clear()
        if first:
            await self._surely(partial(self._on.core.retry, self._on.account))
        else:
            await self._retry(response)
        for room_id, info in response.rooms.invite.items():
            for event in info.invite_state:
                if isinstance(event, nio.InviteMemberEvent) and event.state_key == self._on.me:
                    await self._surely(partial(self._asked_in, room_id, event))
        if first:
            awaited = {*self._on.rooms, *self._invited, *self._wanted}
            await self._surely(partial(self._welcome.forget_all_but, awaited))
        self._knock()
        await self._on.outgoing.synced()

    async def _left_meanwhile(self) -> Sequence[str]:
        """Plein may have ended just after it was put out."""
        places = await self._on.core.places(self._on.account)
        return [place.room_id for place in places if place.room_id not in self._on.rooms]

    async def _surely(self, change: Callable[[], Awaitable[None]]) -> None:
        """However long the database takes: the server does not say it again."""
        while True:
            try:
                await change()
                return
            except StoreFailed as error:
                log.warning("The database does not answer (%s); trying again", error)
                await self._on.clock.sleep(FIRST_PAUSE)
            except Exception:
                log.exception("What became of a room could not be kept")
                return

    async def _note_who_lost_it(self, response: nio.SyncResponse, *, first: bool) -> None:
        """Other accounts of Plein's may not be in that room, and go by what was kept."""
        for room_id, info in response.rooms.join.items():
            place, timeline = Place(PLATFORM, room_id), [event.source for event in info.timeline.events]
            state = [event.source for event in info.state]
            if gone := self._on.rooms[room_id].gone_of([*state, *timeline]):
                await self._surely(partial(self._on.core.parted, place, gone))
            # At the start all of its state is told, which is no news.
            news = timeline if first else [*state, *timeline]
            told = [*state, *timeline] if info.timeline.limited else news
            if put_out := put_out_by(told):
                await self._surely(partial(self._on.core.put_out, place, put_out))
            for event in banned_by(news):
                await self._surely(partial(self._banned, room_id, event))
            if any(event.get("type") == "m.room.power_levels" for event in news):
                await self._surely(partial(self._on.core.regraded, place))

    async def _banned(self, room_id: str, event: Mapping[str, Any]) -> None:
        """From a room, or from a space and so all that is in it."""
        room, user = self._on.rooms[room_id], str(event["state_key"])
        rooms = [each for each in self._bound if self.holds(room_id, each)] if room.is_space else [room_id]
        places = tuple(Place(PLATFORM, each) for each in rooms)
        if places and event.get("sender") != self._on.me:
            name = user.removeprefix("@").partition(":")[0]
            banned = Banned(Identity(PLATFORM, user), name, places, str(event.get("event_id")))
            await self._on.core.banned(banned)

    def _is_governed_anew(self, room_id: str, info: nio.RoomInfo) -> bool:
        """Whether others may govern a space by now."""
        room, needed = self._on.rooms[room_id], self._on.settings.power_levels.moderator
        events = (event.source for event in (*info.state, *info.timeline.events))
        return room.is_space and moderators.say_who_governs(events, room, needed)

    async def _note_what_moved(self, response: nio.SyncResponse) -> None:
        """What somebody took out of a space, or put back."""
        for room_id, info in response.rooms.join.items():
            if self._on.rooms[room_id].is_space:
                for event in info.timeline.events:
                    child = event.source.get("state_key")
                    if event.source.get("type") == CHILD and isinstance(child, str) and child in self._bound:
                        await self._surely(partial(self._on.core.look, Place(PLATFORM, child)))

    async def _note_who_came(self, response: nio.SyncResponse) -> None:
        """As the homeserver says it while it happens: not of whom it tells as a room's state.

        Who comes into a space and one of its rooms at once came into the room.
        """
        joined = response.rooms.join
        for room_id in sorted(joined, key=lambda room_id: self._on.rooms[room_id].is_space):
            room = self._on.rooms[room_id]
            if room_id not in self._bound and not room.is_space:
                continue
            came = who_came([event.source for event in joined[room_id].timeline.events])
            people = [Identity(PLATFORM, user) for user in came if user != self._on.me and user in room.came]
            if people:
                told = Came(Place(PLATFORM, room_id), tuple(people))
                await self._surely(partial(self._on.core.came, told))

    async def _retry(self, response: nio.SyncResponse) -> None:
        """What a room refused may be taken now that its power levels are others."""
        for room_id, info in response.rooms.join.items():
            events = [event.source for event in (*info.state, *info.timeline.events)]
            if any(event.get("type") in OPENS for event in events):
                place = Place(PLATFORM, room_id)
                await self._surely(partial(self._on.core.retry, self._on.account, place))

    async def _settle_in(self, room: Room) -> None:
        """Tell the core of a place, or that it moved."""
        replacement = self._replacement(room)
        await self._lead(room, replacement)
        if replacement:
            if replacement not in self._on.rooms and not self._welcome.was_refused(replacement):
                self._wanted[replacement] = replacement.partition(":")[2] or self._server()
            elif room.id in self._bound:
                # Perhaps Plein was in that one before this said so.
                self._moved.add(replacement)
            return
        old = self._on.rooms.get(room.predecessor or "")
        replaces = old if old and self.successor_of(old) is room else None
        is_new = room.id not in self._bound or (replaces is not None and replaces.id in self._bound)
        if replaces and is_new:
            await self._welcome.note(room.id, await self._welcome.successor(replaces))
            await self._welcome.leave_behind(replaces.id, room.id)
        elif replaces is None and await self._welcome.refuses(room):
            log.info("Leaving %s: it is not what replaced the room that led there", room.id)
            self._doors.run(room.id, partial(self._decline, room.id), again=True)
            return
        if room.is_space or self._on.outgoing.is_direct(room.id):
            return
        name, whose = room.name or room.alias or room.id, await self._whose(room)
        if self._bound.get(room.id) == (name, whose) and not is_new:
            await self._tell_if_encrypted(room)
            return
        place = Place(PLATFORM, room.id)
        if replaces and is_new:
            await self._on.core.moved(self._on.account, Place(PLATFORM, replaces.id), place)
            self._bound.pop(replaces.id, None)
            whose = await self._whose(room)
        if whose is None:
            await self._on.core.disowned(self._on.account, place)
        else:
            named = await self._line_of(room)
            theme, language = (named.theme, named.locale) if named else (None, None)
            ours = await self._welcome.is_ours(room.id) or whose in self._holders(room)
            account = self._on.account
            await self._on.core.joined(account, place, name, theme, language, ours=ours, community=whose)
        self._bound[room.id] = name, whose
        self._encrypted.discard(room.id)
        await self._tell_if_encrypted(room)

    async def _tell_if_encrypted(self, room: Room) -> None:
        """That never ends, so it is told once."""
        if room.is_encrypted and room.id not in self._encrypted:
            await self._on.core.encrypted(Place(PLATFORM, room.id))
            self._encrypted.add(room.id)

    async def _lead(self, room: Room, replacement: str | None) -> None:
        """Where no room leads any more Plein comes not in."""
        before = self._led.pop(room.id, None)
        if replacement:
            self._led[room.id] = replacement
        if before in (None, replacement) or before in self._named or before not in self._wanted:
            return
        if self._replaced_by(before) is None and not self._doors.is_under_way(before):
            await self._give_up(before)

    def inspect(self, community: int) -> list[Lack]:
        """What Plein lacks in that community's spaces and rooms; last what is only useful."""
        on, found = self._on, []
        for space, whose in self._grounds.groups.items():
            if whose == community and space not in on.rooms:
                found.append(Lack(not_in(space, on.me, space=True)))
        for room_id, named in self._grounds.themes.items():
            if named.community == community and room_id not in on.rooms:
                found.append(Lack(not_in(room_id, on.me, space=False), Place(PLATFORM, room_id)))
        for each in self._astray:
            # Plein may have gone along to where it leads since.
            is_theirs = self._grounds.whose(each.room, each.room) == community
            if is_theirs and self._welcome.last_after(each.room) != each.leads:
                found.append(Lack(each.line))
        bound = [room for room, (_, owner) in self._bound.items() if owner == community]
        rooms = [on.rooms[room] for room in bound if room in on.rooms]
        lacks, useful = list[Lack](), list[Lack]()
        for room in rooms:
            place = Place(PLATFORM, room.id)
            carried = on.core.carries(place)
            lacks += [Lack(line, place) for line in lacks_in(room, on.me, on.settings, carried=carried)]
            useful += [Lack(line, place) for line in could_use_in(room, on.me, carried=carried)]
        return found + lacks + useful

    async def _line_of(self, room: Room) -> Named | None:
        """What the configuration says of it. What replaced a room that it names is named with it."""
        own = self._grounds.themes.get(room.id)
        return own or self._grounds.themes.get(await self._on.core.named_as(Place(PLATFORM, room.id)) or "")

    async def _whose(self, room: Room) -> int | None:
        """Whose it is: by its own line, by the space that it is in, or by the room that it replaced.

        Any space can claim any room. Of several the one whose it is keeps it, until it is taken out there.
        What Plein made for a community stays that one's, also in no space.
        """
        if named := await self._line_of(room):
            return named.community
        holders = list(self._holders_of_all(room))
        if len(set(holders)) > 1:
            before = await self._on.core.community_of(Place(PLATFORM, room.id))
            if before in holders:
                return before
        if not holders and room.maker == self._on.me:
            holders = [whose] if (whose := await self._on.core.community_of(Place(PLATFORM, room.id))) else []
        return holders[0] if holders else self._grounds.otherwise

    @property
    def whose_spaces(self) -> Mapping[str, int]:
        """The spaces that the configuration names or that Plein made, and whose each is."""
        return self._whose_spaces

    def parents_of(self, room: Room) -> Mapping[str, str]:
        """In which of these spaces it is, and who put it there."""
        holding = self._spaces.holding(room.id)
        return {space: by for space in holding if (by := self._spaces.put_there_by(space, room.id))}

    def successor_of(self, room: Room) -> Room | None:
        """What replaced it, as whoever says so may say that, and as the new one says too."""
        new = self._on.rooms.get(self._replacement(room) or "")
        return new if new and new.predecessor == room.id else None

    def _holders(self, room: Room) -> list[int]:
        """In whose spaces it is."""
        return [self._whose_spaces[space] for space in self._spaces.holding(room.id)]

    def _holders_of_all(self, room: Room) -> Iterator[int]:
        """In whose spaces it is, and then those that it replaced are."""
        known: set[str] = set()
        while room.id not in known:
            yield from self._holders(room)
            known.add(room.id)
            old = self._on.rooms.get(room.predecessor or "")
            if old is None or self.successor_of(old) is not room:
                return
            room = old

    # --- rooms to come into, each in its own time ---

    def _is_near(self, whose: str) -> bool:
        """Of another server stands its name there, of our own who asked Plein in, or nobody."""
        return not whose or whose.startswith("@")

    def _knock(self) -> None:
        """Where Plein is asked in or expected, unless that is under way or was tried just now."""
        now = self._on.clock.now()
        for room_id, invitation in list(self._invited.items()):
            if self._tried.get(room_id, _NEVER).next_at <= now:
                by = invitation.sender
                whose = server_of(by) if server_of(by) != self._server() else by
                self._doors.run(room_id, partial(self._consider, room_id), whose=whose)
        for room_id, via in list(self._wanted.items()):
            if room_id not in self._invited and self._tried.get(room_id, _NEVER).next_at <= now:
                whose = via if via != self._server() else ""
                self._doors.run(room_id, partial(self._expect, room_id, via), whose=whose)

    async def _asked_in(self, room_id: str, invitation: nio.InviteMemberEvent) -> None:
        """The server says it once. Of too many the first goes of whoever asks most: nobody else's."""
        self._invited[room_id] = invitation
        if len(self._invited) > MOST_DOORS:
            ((most, _),) = Counter(known.sender for known in self._invited.values()).most_common(1)
            first = next(room for room, known in self._invited.items() if known.sender == most)
            if not self._doors.is_under_way(first):
                await self._welcome.forget(first)
            self._forget_door(first)

    def _forget_door(self, room_id: str) -> None:
        for doors in (self._invited, self._wanted, self._tried):
            doors.pop(room_id, None)

    async def _give_up(self, room_id: str) -> None:
        """Plein comes not in there: it counts no more for whoever asked it to."""
        await self._welcome.forget(room_id)
        self._forget_door(room_id)

    async def _consider(self, room_id: str) -> None:
        """Accept the invitation if a rule says so, else decline; it may have been taken back meanwhile."""
        if (invitation := self._invited.get(room_id)) is None:
            return
        server = server_of(invitation.sender)
        old = self._replaced_by(room_id)
        if room_id in self._named or server in self._on.settings.welcome:
            word = Word(invitation.sender)
        elif old and not self._welcome.was_refused(room_id):
            word = await self._welcome.successor(old)
        else:
            log.info("Declined an invitation to %s: no rule accepts %s", room_id, server)
            await self._decline(room_id)
            return
        if not await self._welcome.takes(room_id, word):
            log.info(
                "Declined an invitation to %s: it is full, or its inviter asked for enough rooms", room_id
            )
            await self._decline(room_id)
            return
        if invitation.content.get("is_direct") is True:
            await self._on.outgoing.note_direct(invitation.sender, room_id)
        await self._join(room_id, via=server)

    async def _decline(self, room_id: str) -> None:
        await self._give_up(room_id)
        await self._on.client.room_leave(room_id)

    async def _expect(self, room_id: str, via: str) -> None:
        """Into what the configuration names, or what replaced a room on the word of who asked for that."""
        if room_id not in self._wanted:
            return
        if room_id not in self._named:
            old = self._replaced_by(room_id)
            if old is None or not await self._welcome.takes(room_id, await self._welcome.successor(old)):
                await self._give_up(room_id)
                return
        await self._join(room_id, via=via)

    def _replaced_by(self, room_id: str) -> Room | None:
        return next((room for room in self._on.rooms.values() if self._replacement(room) == room_id), None)

    def _replacement(self, room: Room) -> str | None:
        """What took its place, and stays that: in a room that was left behind nobody takes power away."""
        return self._welcome.replaced_by(room.id) or room.replacement

    async def _join(self, room_id: str, *, via: str) -> None:
        """What fails now is tried again later, and not for ever."""
        path = f"/join/{quote(room_id, safe='')}?via={quote(via, safe='')}"
        status, code = 0, ""
        try:
            async with self._joins.turn(), asyncio.timeout(JOINS_WITHIN):
                status, answer = await self._on.outgoing.request("POST", path, {})
                code = str(answer.get("errcode", ""))
                if status == 429:
                    raise self._joins.slow_down(answer.get("retry_after_ms"))
        except TryLater:
            return
        except (OSError, aiohttp.ClientError) as error:
            code = type(error).__name__
        if status == 200:
            return
        log.warning("Could not join %s: %s %s", room_id, status or "no answer", code)
        tries = self._tried.get(room_id, _NEVER).tries + 1
        if status in (403, 404) or tries >= JOIN_TRIES:
            await self._give_up(room_id)
        else:
            self._tried[room_id] = _Tried(tries, self._on.clock.now() + pause(tries + 4, LONGEST_PATIENCE))

    async def go_where_expected(self) -> None:
        """Try to join the rooms that the configuration names; where it takes an invitation, wait for it."""
        for room_id in (*self._grounds.themes, *self._grounds.groups):
            if room_id.startswith("!") and room_id not in self._on.rooms:
                self._wanted[room_id] = room_id.partition(":")[2] or self._server()
        self._knock()

    def _server(self) -> str:
        return self._on.me.partition(":")[2]


def _failure(response: Any) -> Exception:
    """What to raise for an answer that is none."""
    code = getattr(response, "status_code", None)
    status = getattr(getattr(response, "transport_response", None), "status", None)
    if code == "M_UNKNOWN_TOKEN":
        return TokenRefused()
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        return TryLater((getattr(response, "retry_after_ms", None) or 5_000) / 1000)
    return ConnectionError(f"the homeserver answered {status or 'nothing'} {code or ''}".strip())

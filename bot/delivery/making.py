"""The channels and rooms that themes ought to have, and who is to be in them, made true and kept so.

What ought to be there stands in a table. This worker has the platform's adapter make each, and later make it
what is wanted of it by then, and notes what it did. No platform has a key for making one: so each has a mark
that was kept first, by which the adapter finds what is there already before it makes anything. What is wanted
of one that is there is said whole each time, so that saying it again does no harm. Whatever keeps it from
being so, it stays wanted and is tried again.

What people do there by hand is followed: whenever there is reason to, it is looked how one is. What is called
otherwise by then, is in its home no more, or is no more at all, is for a feature to deal with (the jobs
RENAMED, MOVED and REMOVED); what was removed is not made again by itself, nor what was moved put back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from bot.clock import Clock
from bot.delivery.rooms import Rooms, have_said, kept_home, kept_name, lose_room
from bot.delivery.seeing import Seeing
from bot.delivery.worker import LEFT_TO_OTHERS, LONGEST_DELIVERY, LONGEST_PATIENCE, Round, Worker, pause
from bot.errors import Gone, NotNow, NotOurs, StoreFailed, TryLater, UserError
from bot.model.homes import MOVED, RENAMED, GivenUp, Home, RoomSeen, WantedGuest, WantedRoom, homes_in
from bot.model.message import Text, text
from bot.model.people import Identity, Place, Role
from bot.model.work import AWAY_AFTER
from bot.ports.adapter import Adapter, Listener
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
# What is to be made true: a channel or room, that somebody is in one or not, or that one is no theme's.
Item = WantedRoom | WantedGuest | GivenUp
# Of one person one at a time, and of the accounts of one other server so many: who is asked in there may
# wait long for it.
AT_ONCE, MOST_OF_A_SERVER = 8, 4
PAGE = 256
# Should Plein end meanwhile, its account tries again at once, and any other process not before that.
CLAIMED_FOR = timedelta(seconds=2 * LONGEST_DELIVERY)


class Making:
    """Has made what themes ought to have. `adapters` are those at work in this process, by account."""

    def __init__(
        self, store: Store, clock: Clock, adapters: Mapping[str, Adapter], rooms: Rooms, seeing: Seeing
    ) -> None:
        self._seeing = seeing
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._rooms = rooms
        # Of these it was looked for what was under way when Plein ended.
        self._resumed: set[str] = set()
        self.worker = Worker(
            "rooms", clock, adapters.keys(), self._take, self._see_to, at_once=AT_ONCE, follow=self._next
        )
        store.on_commit("room", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Item]:
        adapter = self._adapters.get(account)
        if not isinstance(adapter, Listener):
            return Round([], None)
        now, platform = self._clock.now(), adapter.platform
        if account not in self._resumed:
            await self._store.run_anywhere(partial(_resume, platform, account, now))
            self._resumed.add(account)
        most = PAGE + len(busy)
        found = await self._store.read_anywhere(partial(_due, platform, account, now, most))
        mine = _by_turns(found, busy)[:limit]

        def claim(tx: Transaction) -> list[Item]:
            return [item for item in mine if _claim(tx, item, account, now)]

        claimed = await self._store.run_anywhere(claim) if mine else []
        next_at = await self._store.read_anywhere(partial(_next, platform, now))
        return Round([(_key(item), replace(item, account=account)) for item in claimed], next_at)

    async def _next(self, before: Item) -> Item | None:
        """What is due by now and had to wait until that was done."""
        if isinstance(before, WantedRoom) and before.room is not None:
            return None
        account, platform, now = before.account, before.platform, self._clock.now()

        def take(tx: Transaction) -> Item | None:
            for item in _due(platform, account, now, PAGE, tx):
                if _key(item) == _key(before) and _claim(tx, item, account, now):
                    return replace(item, account=account)
            return None

        return await self._store.run_anywhere(take)

    async def _see_to(self, item: Item) -> bool:
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                await self._do(item)
        except UserError as refused:
            await self._later(item, _patience(item), refused.text)
        except NotOurs as left:
            if isinstance(item, WantedRoom) and item.room is None:
                await self._leave_to_next(item, left.why)
            else:
                await self._later(item, LEFT_TO_OTHERS, None)
        except (NotNow, Gone, OSError) as refused:
            seconds = refused.seconds if isinstance(refused, NotNow) else None
            wait = pause(item.attempts) if seconds is None else timedelta(seconds=seconds)
            log.warning("%s waits: %s", _which(item), refused or type(refused).__name__)
            await self._later(item, wait, text("room.silent"))
        except StoreFailed:
            raise
        except Exception as error:
            log.exception("Could not see to %s", _which(item))
            await self._later(item, _patience(item), text("room.failed", error=type(error).__name__))
        return True

    async def _do(self, item: Item) -> None:
        adapter = self._adapters.get(item.account)
        if not isinstance(adapter, Listener):
            raise NotNow
        if isinstance(item, WantedGuest):
            await self._admit(adapter, item)
        elif isinstance(item, GivenUp):
            await self._take_back(adapter, item)
        elif item.room is None or await self._is_still_its(item, Place(item.platform, item.room)):
            await self._make(adapter, item)

    async def _is_still_its(self, item: WantedRoom | WantedGuest, place: Place) -> bool:
        """Whether that place is the community's and the theme's by now; where it is not, it is given up."""

        def is_its(tx: Transaction) -> bool:
            known = tx.places.known(place)
            return (
                tx.communities.of_place(place) == item.community
                and known is not None
                and known[0].id == item.theme
            )

        def give_up(tx: Transaction) -> None:
            if not is_its(tx):
                lose_room(tx, place, self._clock.now())

        if not (its := await self._store.read(is_its, community=item.community)):
            await self._store.run(give_up, community=item.community)
        return its

    async def _take_back(self, adapter: Listener, room: GivenUp) -> None:
        """Nobody keeps order by Plein's doing in what is no theme's any more."""

        def is_a_themes(tx: Transaction) -> bool:
            if (community := tx.communities.of_place(room.place)) is None:
                return False
            with tx.within(community):
                if is_one := tx.wanted.whose(room.place) is not None:
                    tx.wanted.look(room.place, self._clock.now())
            return is_one

        if not await self._store.run_anywhere(is_a_themes):
            await adapter.entrust(room.community, None, room.place, ())
            # It may have become one's meanwhile.
            await self._store.run_anywhere(is_a_themes)
        await self._store.run(lambda tx: tx.wanted.taken_back(room), community=room.community)

    async def _admit(self, adapter: Listener, guest: WantedGuest) -> None:
        place, by_name = Place(guest.platform, guest.room), None
        if await (self._may_come_in(guest, place) if guest.inside else self._is_communitys(guest, place)):
            try:
                by_name = await adapter.admit(place, guest.user, inside=guest.inside)
            except Gone as gone:
                log.info("Nobody to let into the room of theme %d: %s", guest.theme, gone)
                by_name = False
        await self._store.run(lambda tx: tx.guests.done(guest, by_name=by_name), community=guest.community)

    async def _is_communitys(self, guest: WantedGuest, place: Place) -> bool:
        """Whether it is still: a theme need not have a place any more for people to be taken out of it."""
        whose = await self._store.read(lambda tx: tx.communities.of_place(place), community=guest.community)
        return whose == guest.community

    async def _may_come_in(self, guest: WantedGuest, place: Place) -> bool:
        """Whether that account is of the community by now. It may be long ago that this was asked for, in
        another room, or with another account of theirs.
        """
        if not await self._is_still_its(guest, place):
            return False
        try:
            return await self._seeing.is_of(guest.community, Identity(guest.platform, guest.user))
        except TryLater as silent:
            raise NotNow("their platform does not say whether they are of the community") from silent

    async def _make(self, adapter: Listener, room: WantedRoom) -> None:
        home = await self._home_of(room)
        if room.room is None:
            if home is None and not room.closed:
                raise UserError("room.no_home")
            if home and (made := await adapter.make_room(room.community, home, room)):
                await self._settle(room, made)
            else:
                await self._store.run(lambda tx: tx.wanted.rest(room), community=room.community)
            return
        place, is_behind = Place(room.platform, room.room), room.shaped < room.version
        try:
            if room.closed and room.rules is None:
                room = await self._keep_rules(room, await adapter.look_at_room(place, home))
            if is_behind:
                placed = home is not None and await self._was_in(room, home)
                seen = await adapter.shape_room(room.community, home, replace(room, placed=placed))
            else:
                seen = await adapter.look_at_room(place, home)
        except Gone:
            await self._remove(room, place)
            return
        moderators = await self._store.read(
            lambda tx: tx.people.with_role(Role.MODERATOR), community=room.community
        )
        there = [who.user_id for who in moderators if who.platform == room.platform]
        await adapter.entrust(room.community, home, place, there)
        if not room.closed:
            room = replace(room, rules=None)
        called = kept_name(seen.called)
        renamed = not is_behind and room.called not in (None, called)
        within = None if home is None or room.closed else (home, seen.within)
        await self._note(room, place, called, within, renamed=renamed)

    async def _keep_rules(self, room: WantedRoom, seen: RoomSeen) -> WantedRoom:
        """By which people can say something there, as long as they still can: kept before it is closed."""
        kept = await self._store.run(
            lambda tx: tx.wanted.keep_rules(room, seen.rules), community=room.community
        )
        return replace(room, rules=kept)

    async def _home_of(self, room: WantedRoom) -> Home | None:
        kept = await self._store.read(lambda tx: tx.communities.settings(), community=room.community)
        return homes_in(kept).get(room.platform)

    async def _was_in(self, room: WantedRoom, home: Home) -> bool:
        """Whether it was seen in that home, though somebody may have taken it out of there since."""
        name = kept_home(room.community, _subject(room))
        kept = await self._store.read(lambda tx: tx.kept.get("", name), community=room.community)
        return kept in (_seen_in(room, home.ref), _seen_in(room, ""))

    async def _settle(self, room: WantedRoom, place: Place) -> None:
        """It is that theme's place. Its adapter may have told of it already, as a theme of its own."""
        await self._rooms.joined(room.account, place, room.name, ours=True, community=room.community)

        def settle(tx: Transaction) -> None:
            # It is made all that it is to be next; and what it is called its platform may write in its own
            # way.
            if tx.wanted.made(replace(room, version=0), place.room_id, None):
                tx.places.bind(place, room.theme, room.name, None, room.account, ours=True)
                tx.boards.show_open(room.theme, place)
                tx.wanted.look(place, self._clock.now())
                tx.guests.again(room.theme, room.platform, self._clock.now())

        await self._store.run(settle, community=room.community)

    async def _note(
        self, room: WantedRoom, place: Place, called: str, within: tuple[Home, str] | None, *, renamed: bool
    ) -> None:
        """`within`: its home, and whether it is in there; None where that does not matter."""

        def note(tx: Transaction) -> None:
            if not tx.wanted.made(room, place.room_id, called):
                return
            if renamed:
                have_said(tx, RENAMED, _subject(room), self._clock.now())
            if within:
                _note_home(tx, room, *within, self._clock.now())

        await self._store.run(note, community=room.community)

    async def _remove(self, room: WantedRoom, place: Place) -> None:
        """It is no more, or Plein is not in it any more."""

        def remove(tx: Transaction) -> None:
            if tx.wanted.whose(place) == room.theme:
                lose_room(tx, place, self._clock.now())
                tx.places.detach(place)

        await self._store.run(remove, community=room.community)

    async def _leave_to_next(self, room: WantedRoom, why: Text | None) -> None:
        """Each account at work tries it once; then none does for a while."""
        now = self._clock.now()

        def leave(tx: Transaction) -> None:
            accounts = tx.accounts.at_work(room.platform, now - AWAY_AFTER)
            after = [account for account in accounts if account > room.account]
            wait = timedelta() if after else _patience(room) if why else LEFT_TO_OTHERS
            tx.wanted.leave_to((after or accounts or [""])[0], room, now + wait, why)

        await self._store.run(leave, community=room.community)

    async def _later(self, item: Item, wait: timedelta, why: Text | None) -> None:
        when = self._clock.now() + wait

        def later(tx: Transaction) -> None:
            if isinstance(item, GivenUp):
                tx.wanted.take_back_later(item, when)
            elif isinstance(item, WantedGuest):
                tx.guests.later(item, when, why)
            else:
                tx.wanted.later(item, when, why)

        await self._store.run(later, community=item.community)


def _seen_in(room: WantedRoom, home: str) -> str:
    """That the very one that is its theme's now was in that home; in none, once somebody took it out."""
    return f"{room.room} {home}"


def _note_home(tx: Transaction, room: WantedRoom, home: Home, within: str, now: datetime) -> None:
    """That it was in that home is kept: who takes it out of there tells of it once."""
    name = kept_home(room.community, _subject(room))
    before = tx.kept.get("", name)
    if within and before != _seen_in(room, within):
        tx.kept.put("", name, _seen_in(room, within))
    elif before == _seen_in(room, home.ref) and not within:
        tx.kept.put("", name, _seen_in(room, ""))
        have_said(tx, MOVED, _subject(room), now)


def _resume(platform: str, account: str, now: datetime, tx: Transaction) -> None:
    tx.wanted.resume(platform, account, now)
    tx.guests.resume(platform, now)


def _due(platform: str, account: str, now: datetime, most: int, tx: Transaction) -> list[Item]:
    """Rooms first: people are let into what is there."""
    rooms = tx.wanted.due(platform, account, now, most)
    given_up = tx.wanted.given_up(platform, account, now, most)
    return [*rooms, *given_up, *tx.guests.due(platform, account, now, most, MOST_OF_A_SERVER)]


def _next(platform: str, now: datetime, tx: Transaction) -> datetime | None:
    found = (tx.wanted.next_try(platform, now), tx.guests.next_try(platform, now))
    return min((moment for moment in found if moment), default=None)


def _claim(tx: Transaction, item: Item, account: str, now: datetime) -> bool:
    until = now + CLAIMED_FOR
    with tx.within(item.community):
        if isinstance(item, GivenUp):
            claimed: bool = tx.wanted.take_back(item, now, until)
        elif isinstance(item, WantedGuest):
            claimed = tx.guests.claim(item, now, until)
        else:
            claimed = tx.wanted.claim(item, account, now, until)
    return claimed


def _which(item: Item) -> str:
    return f"what was given up in {item.room}" if isinstance(item, GivenUp) else f"theme {item.theme}"


def _patience(item: Item) -> timedelta:
    """Somebody has to do something first."""
    return pause(item.attempts, LONGEST_PATIENCE)


def _subject(room: WantedRoom) -> str:
    return f"{room.theme}:{room.platform}"


def _by_turns(due: Sequence[Item], busy: Collection[Hashable]) -> list[Item]:
    """Those that may be begun beside what is under way."""
    keys = set(busy)
    servers = Counter(server for key in keys if isinstance(key, _Person) and (server := key.server))
    found = []
    for item in due:
        key = _key(item)
        if key in keys:
            continue
        if isinstance(key, _Person) and key.server:
            if servers[key.server] >= MOST_OF_A_SERVER:
                continue
            servers[key.server] += 1
        keys.add(key)
        found.append(item)
    return found


class _Person(NamedTuple):
    """Who enters several themes does so one after the other."""

    platform: str
    user: str

    @property
    def server(self) -> str:
        """Whose account it is, on platforms of many servers."""
        return self.user.partition(":")[2]


def _key(item: Item) -> Hashable:
    """What is to be made in one home is made one after the other: what is there already, and what is full, is
    looked at before each. One place is not given and taken back at once.
    """
    if isinstance(item, WantedGuest):
        return _Person(item.platform, item.user)
    if item.room is not None:
        return Place(item.platform, item.room)
    return item.community, item.platform

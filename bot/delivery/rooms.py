"""Where Plein is: which of its accounts serves which place, and what becomes of it when that changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.clock import Clock
from bot.communities import Communities
from bot.delivery.worker import tell_moderators
from bot.errors import StoreFailed, TryLater
from bot.model.events import PutOut
from bot.model.homes import PUT_OUT, REMOVED, REPLACED
from bot.model.message import text
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Presence, Presences
from bot.model.work import AWAY_AFTER, key_in
from bot.ports.accounts import HeardUntil
from bot.ports.adapter import Adapter, Listener
from bot.ports.storage import Store, Transaction
from bot.unseen import visible

log = logging.getLogger(__name__)
# Accounts at work say so now and then. One that was silent for longer (AWAY_AFTER) is succeeded by another.
SAY_SO_EVERY = 600.0
# So many seconds a platform has to say where somebody is.
ASKED_WITHIN = 10.0
# So often the moderators hear of people who cannot be reached, all of them together.
TELL_EVERY = timedelta(days=1)
_EVER = datetime.fromtimestamp(0, UTC)
# Of what somebody called a place so much is kept.
LONGEST_NAME = 255


class _Joined(NamedTuple):
    """A place that an account came into, as its platform calls it and as the configuration does."""

    account: str
    place: Place
    name: str
    theme: str | None
    locale: str | None
    ours: bool
    community: int | None
    brief: bool


class Rooms:
    """Keeps which account serves which place. `look` has the workers look what there is for an adapter.

    Of several accounts in one place the one that came first serves it, until it leaves or is not at work
    any more. `adapters` are those at work in this process, by account.
    """

    def __init__(
        self, store: Store, clock: Clock, communities: Communities, look: Callable[[], None]
    ) -> None:
        self._store = store
        self._communities = communities
        self._clock = clock
        self._look = look
        self.adapters: dict[str, Adapter] = {}
        # Where an account of ours is and another one serves.
        self._served_by_others: dict[tuple[str, Place], _Joined] = {}

    async def introduce(self, adapter: Adapter) -> None:
        """Its account is at work: what was kept for its platform alone is its own from now on."""
        await self._store.run_anywhere(lambda tx: self._at_work(tx, adapter.account, adapter.platform))

    async def serve(self, adapter: Adapter) -> None:
        """From now on what belongs to the adapter's account is shown by it."""
        await self.introduce(adapter)
        self.adapters[adapter.account] = adapter
        self._look()

    async def stay(self) -> None:
        """Say again and again which accounts are at work, and take over from those that are not."""
        while True:
            await self._clock.sleep(SAY_SO_EVERY)
            try:
                await self.look_after()
            except StoreFailed as error:
                log.warning("The database does not answer (%s); trying again", error)

    async def woke(self) -> None:
        """After having stood still for a while, as its machine did: those that were at work are still, and
        what they have heard they find out anew.
        """
        await asyncio.gather(*(self._wake(adapter) for adapter in self._listening()))
        await self._store.run_anywhere(self._all_at_work)

    async def _wake(self, adapter: Listener) -> None:
        with contextlib.suppress(OSError):  # a timeout is one too
            async with asyncio.timeout(ASKED_WITHIN):
                await adapter.woke()

    async def look_after(self) -> None:
        await self._store.run_anywhere(self._all_at_work)
        self._look()
        for joined in list(self._served_by_others.values()):
            await self.joined(*joined)

    def _at_work(self, tx: Transaction, account: str, platform: str) -> None:
        now = self._clock.now()
        tx.accounts.serve(account, platform, now)
        tx.accounts.succeed(account, platform, now - AWAY_AFTER)

    def _all_at_work(self, tx: Transaction) -> None:
        """Together, as what is for people goes by which accounts are at work."""
        now, adapters = self._clock.now(), list(self.adapters.values())
        for adapter in adapters:
            tx.accounts.serve(adapter.account, adapter.platform, now)
        for adapter in adapters:
            self._at_work(tx, adapter.account, adapter.platform)
        tx.told.redirect(now, now - AWAY_AFTER)
        for community in self._communities.served:
            with tx.within(community):
                _tell_of_unreached(tx, community, now)

    async def joined(
        self,
        account: str,
        place: Place,
        name: str,
        theme: str | None = None,
        locale: str | None = None,
        ours: bool = False,
        community: int | None = None,
        brief: bool = False,
    ) -> None:
        """A place without a theme's name keeps a theme that is no line's, or gets one of its own.
        One of which nobody says whose it is stays whose it was, or is the first community's.

        Its own theme is named by the place's address, never by the room's name, which anybody
        could choose so as to listen in.
        """

        joined = _Joined(account, place, kept_name(name), theme, locale, ours, community, brief)
        since = self._clock.now() - AWAY_AFTER

        def join(tx: Transaction) -> tuple[str, int]:
            server, before = tx.places.served_by(place), tx.communities.of_place(place)
            whose = community or before or FIRST_COMMUNITY
            used_at = self._clock.now() if brief and not theme else None
            if server not in (None, account, place.platform) and not tx.accounts.is_away(server, since):
                with tx.within(before or whose):
                    tx.places.use(place, used_at)
                return server, before or whose
            if before and before != whose:
                self._drop(tx, place, before)
            with tx.within(whose):
                if tx.places.called(place) != joined.name:
                    tx.wanted.look(place, self._clock.now())
                self._bind(tx, joined)
                tx.places.use(place, used_at)
            return account, whose

        served_by, whose = await self._store.run_anywhere(join)
        self._communities.note(place, whose)
        if served_by == account:
            self._served_by_others.pop((account, place), None)
        elif (account, place) not in self._served_by_others:
            log.info("In %s people are served by %s, not by %s", place.room_id, served_by, account)
            self._served_by_others[account, place] = joined

    def _bind(self, tx: Transaction, joined: _Joined) -> None:
        account, place, name, theme, locale, ours, *_ = joined
        # What only a line gave that is there no more, it has no more.
        is_own = not theme and tx.places.named_as(place) is None
        known = tx.places.known(place) if is_own else None
        found = known[0] if known else tx.places.theme_named(theme or f"{place.platform}:{place.room_id}")
        listed = theme is not None
        if tx.wanted.whose(place) not in (None, found.id):
            lose_room(tx, place, self._clock.now())
        tx.wanted.hand_over(place, account, self._clock.now())
        if tx.places.bind(place, found.id, name, locale, account, ours=ours or listed, listed=listed):
            tx.boards.show_open(found.id, place)
            tx.posts.retry(account, place, self._clock.now())
            tx.copies.retry(account, place, self._clock.now())
            tx.signs.retry(account, place, self._clock.now())
            tx.boards.retry(account, place, self._clock.now())

    async def look(self, place: Place) -> None:
        """How it is now, where it is a theme's channel or room."""
        community = await self._communities.for_whom(place)
        await self._store.run(lambda tx: tx.wanted.look(place, self._clock.now()), community=community)

    async def left(self, account: str, place: Place) -> None:
        """What was still to be said there is set aside, unless another account of ours is there too."""
        self._served_by_others.pop((account, place), None)
        others = (joined for joined in self._served_by_others.values() if joined.place == place)
        heir = next(others, None)

        def leave(tx: Transaction) -> None:
            if tx.places.served_by(place) not in (account, place.platform):
                return
            if heir:
                self._bind(tx, heir)
            else:
                tx.places.leave(place, self._clock.now())
                tx.wanted.look(place, self._clock.now())

        await self._store.run(leave, community=await self._communities.for_whom(place))
        if heir:
            await self.joined(*heir)

    async def disowned(self, account: str, place: Place) -> None:
        """What was still to be said there is said nowhere; what stands there stays as it is."""
        await self.left(account, place)

        def drop(tx: Transaction) -> None:
            if (before := tx.communities.of_place(place)) is not None:
                self._drop(tx, place, before)

        await self._store.run_anywhere(drop)
        self._communities.forget(place)

    def _drop(self, tx: Transaction, place: Place, community: int) -> None:
        """It is that community's no more, nor a theme's of its."""
        with tx.within(community):
            lose_room(tx, place, self._clock.now())
            tx.places.drop(place)

    async def moved(self, account: str, old: Place, new: Place) -> None:
        """Told once more, after a restart, it changes nothing: the old one is no place any more."""

        def move(tx: Transaction) -> int | None:
            community = tx.communities.of_place(old)
            if community is None or tx.places.served_by(old) not in (account, old.platform):
                return None
            if (before := tx.communities.of_place(new)) is not None:
                self._drop(tx, new, before)
            with tx.within(community):
                tx.places.move(old, new)
                tx.wanted.move(old, new, self._clock.now())
                tx.guests.move(old, new)
                if (theme := tx.wanted.whose(new)) is not None:
                    tx.guests.again(theme, new.platform, self._clock.now())
                    have_said(tx, REPLACED, f"{theme}:{new.platform}", self._clock.now())
            return community

        if (community := await self._store.run_anywhere(move)) is not None:
            self._communities.note(new, community)

    async def parted(self, place: Place, users: Collection[str]) -> None:
        """An account of ours that is not in that place would go by what was kept of them, for an hour."""

        def forget(tx: Transaction) -> None:
            if known := tx.places.known(place):
                tx.people.parted(place.platform, users, known[0].id)
                tx.guests.parted(known[0].id, place.platform, users)

        await self._store.run(forget, community=await self._communities.for_whom(place))

    async def put_out(self, place: Place, people: Sequence[PutOut]) -> None:
        community = await self._communities.for_whom(place)
        await self._store.run(lambda tx: self.note_put_out(tx, place, people), community=community)

    def note_put_out(self, tx: Transaction, place: Place, people: Sequence[PutOut]) -> None:
        """The same, within a transaction."""
        if (theme := tx.wanted.whose(place)) is None:
            return
        ours = tx.accounts.at_work(place.platform, _EVER)
        for person in people:
            if not person.by or Identity(place.platform, person.by).address not in ours:
                self._put_out(tx, theme, Identity(place.platform, person.user), person)

    async def let_in(self, account: str, place: Place | None = None) -> Mapping[Place, Sequence[str]]:
        platform = self.adapters[account].platform
        found = await self._store.read_anywhere(lambda tx: tx.guests.let_in(platform, account, place))
        by_place: dict[Place, list[str]] = {}
        for there, user in found:
            by_place.setdefault(there, []).append(user)
        return by_place

    def _put_out(self, tx: Transaction, theme: int, who: Identity, person: PutOut) -> None:
        """Whoever was put out already, there or on another platform, is told no news by it."""
        resident = tx.people.by_identity(who)
        if resident is None:
            return
        was_out = tx.guests.is_put_out(theme, resident.id)
        if person.by:
            tx.guests.put_out(theme, who, resident.id, person.event)
        else:
            tx.guests.put_out_of_let_in(theme, who, self._clock.now())
        if not was_out and tx.guests.is_put_out(theme, resident.id):
            subject = f"{theme}:{resident.id}"
            have_said(tx, PUT_OUT, subject, self._clock.now())

    async def regraded(self, place: Place) -> None:
        def doubt(tx: Transaction) -> None:
            if known := tx.places.known(place):
                tx.people.doubt(place.platform, known[0].id)

        await self._store.run(doubt, community=await self._communities.for_whom(place))

    def heard(self) -> Mapping[str, HeardUntil]:
        """How far each account at work here has heard; those that just now do not know are left out."""
        return {
            adapter.account: HeardUntil(until, adapter.under_way())
            for adapter in self._listening()
            if (until := adapter.heard_until())
        }

    async def presences(self, who: Identity, places: Sequence[Place]) -> Presences:
        """Where that account is now, of these places; what no account at work here can say is left out."""
        found: dict[Place, Presence | None] = {}
        for adapter in list(self.adapters.values()):
            unknown = [place for place in places if place not in found]
            if unknown and adapter.platform == who.platform and isinstance(adapter, Listener):
                with contextlib.suppress(TryLater, OSError):  # a timeout is one too
                    async with asyncio.timeout(ASKED_WITHIN):
                        found |= await adapter.presence(who, unknown)
        return found

    def under_way(self) -> Mapping[str, Mapping[Place | None, datetime]]:
        """Where, and since when, each account at work here is dealing with what it keeps in no inbox.

        It may be asked from any thread.
        """
        return {adapter.account: adapter.under_way() for adapter in self._listening()}

    def _listening(self) -> Sequence[Listener]:
        return [adapter for adapter in list(self.adapters.values()) if isinstance(adapter, Listener)]

    async def retry(self, account: str, place: Place | None = None) -> None:
        """What was refused there (None: anywhere) may be taken now."""
        now = self._clock.now()

        def again(tx: Transaction) -> None:
            tx.posts.retry(account, place, now)
            tx.copies.retry(account, place, now)
            tx.signs.retry(account, place, now)
            tx.boards.retry(account, place, now)

        await self._store.run_anywhere(again)

    async def places(self, account: str) -> Sequence[Place]:
        return await self._store.read_anywhere(lambda tx: tx.places.served(account))


def kept_name(name: str) -> str:
    """Of what somebody called a place, on whichever platform, what is kept: as much as people read, and
    nothing that a database cannot hold.
    """
    return visible(name[:LONGEST_NAME])


def kept_home(community: int, subject: str) -> str:
    """Under which name it is kept in which home a theme's channel or room was seen."""
    return key_in(community, f"within {subject}")


def lose_room(tx: Transaction, place: Place, now: datetime) -> None:
    """That place is the channel or room of no theme any more, which those of the theme are told."""
    if (theme := tx.wanted.whose(place)) is not None:
        tx.wanted.give_up(theme, place.platform, now)
        subject = f"{theme}:{place.platform}"
        if tx.community:
            tx.kept.drop("", kept_home(tx.community, subject))
        have_said(tx, REMOVED, subject, now)


def have_said(tx: Transaction, what: str, subject: str, now: datetime) -> None:
    """A feature's job says it, once however often it is told meanwhile."""
    tx.jobs.add(what, subject, now, f"{what}:{subject}")


def _tell_of_unreached(tx: Transaction, community: int, now: datetime) -> None:
    """How many people could be reached nowhere since the moderators were told last; at most once a day."""
    noted = key_in(community, "unreached told")
    kept = tx.kept.get("", noted)
    told_at = datetime.fromisoformat(kept) if kept else _EVER
    if now - told_at >= TELL_EVERY and (count := tx.told.unreached(told_at)):
        tell_moderators(tx, text("outbox.unreached", count=count), "unreached", now)
        tx.kept.put("", noted, now.isoformat())

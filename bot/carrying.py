"""What people say in one place of a theme is to stand in its others: what is wanted of that, and what is not.

The map says whether an event was dealt with: of what stands there nothing is wanted twice. What was done with
a message before that came waits for it for a minute, as platforms bring events in any order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.communities import Communities
from bot.delivery.rooms import have_said
from bot.delivery.worker import FIRST_PAUSE, LONGEST_WAIT
from bot.errors import StoreFailed
from bot.feature import Features
from bot.floods import Floods, has_too_many_mentions
from bot.model.carried import ENCRYPTED, FLOODED, Spoken, Standing
from bot.model.events import Heard
from bot.model.message import Text
from bot.model.people import Identity, Place
from bot.model.work import COPIES
from bot.names import called
from bot.namesakes import Namesakes
from bot.ports.carrying import Early, Stands
from bot.ports.people import Recognised
from bot.ports.storage import Store, Transaction
from bot.rich import is_blank, plain
from bot.sign_counts import count_early, recount
from bot.speaker import is_over
from bot.texts import Texts

log = logging.getLogger(__name__)
# What is heard so long after it was said was missed; readers are told when it was said.
LATE_AFTER = timedelta(minutes=5)


class Carried:
    """Knows in which places what people say is carried, and what is wanted of what they say there."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        communities: Communities,
        features: Features,
        texts: Texts,
    ) -> None:
        self._store = store
        self._clock = clock
        self._namesakes = Namesakes(clock, texts)
        self._communities = communities
        self._features = features
        self._floods = Floods()
        self._woken = asyncio.Event()
        # Whether something may wait for its message.
        self._holds_early = True
        self.places: frozenset[Place] = frozenset()
        store.on_commit("carried", self._woken.set)

    # --- where ---

    async def refresh(self) -> None:
        """Look where it is now. Raises: StoreFailed."""
        self._woken.clear()
        self._namesakes.look_again()
        found: set[Place] = set()
        for community in self._communities.served:
            if self.may_be(community):
                found |= await self._store.read(partial(self._in, community), community=community)
        self.places = frozenset(found)

    async def run(self) -> None:
        """Look again whenever that changed, also by another process."""
        while True:
            try:
                await self.refresh()
                await self.end_waits()
                wait = LONGEST_WAIT
            except StoreFailed as error:
                log.warning("carrying: the database does not answer (%s); trying again", error)
                wait = FIRST_PAUSE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def end_waits(self) -> None:
        """What waited for its message for its minute is kept no longer. Raises: StoreFailed."""
        if self._holds_early:
            now = self._clock.now()
            self._holds_early = await self._store.run_anywhere(partial(_end_waits, now))

    def holds_early(self) -> None:
        """Something waits for its message."""
        self._holds_early = True

    def _wait(self, tx: Transaction, place: Place, ref: str, early: Early) -> None:
        self.holds_early()
        tx.copies.wait(place, ref, early, self._clock.now())

    def may_be(self, community: int) -> bool:
        """Whether it may be anywhere in that community."""
        return self._features.may_carry(self._communities.configured(community))

    def keep(self) -> Mapping[str, timedelta]:
        """For how long which message is which is kept: the longest of what communities want."""
        wanted = map(self._features.keeps_copies_for, self._communities.settings.values())
        longest = max(filter(None, wanted), default=None)
        return {COPIES: longest} if longest else {}

    @property
    def may_be_anywhere(self) -> bool:
        """Whether it may be anywhere at all."""
        return any(map(self.may_be, self._communities.served))

    def _themes(self, tx: Transaction) -> dict[int, datetime]:
        closed = tx.places.closed()
        since = self._features.carried(tx, self._communities.configured(tx.community))
        return {theme: at for theme, at in since.items() if theme not in closed}

    def _in(self, community: int, tx: Transaction) -> set[Place]:
        found = [tx.places.carried(theme) for theme in self._themes(tx)]
        return {place for places in found if len(places) > 1 for place in places}

    def told(self, tx: Transaction) -> Mapping[Place, Text]:
        """What is to be read of each place where it is."""
        settings = self._communities.configured(tx.community)
        joined = [[*tx.places.carried(theme)] for theme in self._themes(tx)]
        return {
            place: self._features.told(tx, settings, places, place)
            for places in joined
            if len(places) > 1
            for place in places
        }

    def encrypt(self, place: Place, tx: Transaction) -> None:
        """What people say there is encrypted from now on; where it was carried its moderators are told."""
        theme = tx.places.encrypt(place)
        if theme is not None and theme in self._themes(tx):
            have_said(tx, ENCRYPTED, str(theme), self._clock.now())

    # --- what people say ---

    async def hear(self, heard: Heard) -> None:
        """Raises: StoreFailed if it could not be kept: try again."""
        if heard.place not in self.places or not heard.ref or not _says(heard):
            return
        community = await self._communities.of_place(heard.place)
        if community is not None:
            await self._store.run(partial(self._hear, heard), community=community)

    def _hear(self, heard: Heard, tx: Transaction) -> None:
        known = tx.handled.recognise(heard.id, heard.author, heard.place)
        others = self._where(tx, known, heard.place, heard.author, heard.at, encrypted=heard.encrypted)
        now = self._clock.now()
        if others is None or known.theme is None:
            return
        named = replace(heard, name=self.name_of(tx, known, heard.author, heard.name))
        if self._is_muted(tx, known, heard.author):
            self._stays(tx, heard, now)
        elif heard.changes is not None:
            self._changed(tx, named, heard.changes, others, now)
        elif not tx.copies.at(heard.place, heard.ref):
            resident = known.account.resident.id if known.account else None
            if self._is_too_much(tx, heard, known.theme.id, resident, now):
                self._stays(tx, heard, now)
            else:
                self._said(tx, named, others, now)

    def _is_too_much(
        self, tx: Transaction, heard: Heard, theme: int, resident: int | None, now: datetime
    ) -> bool:
        """Whether they say so much at once that it stays where it is; they are told."""
        limits = self._features.limits(self._communities.configured(tx.community))
        if limits is None or not self._floods.is_too_much(heard, limits):
            return False
        if self._floods.begins(heard):
            if resident is None and not tx.forgotten.at(heard.author):
                resident = tx.people.add(heard.author, called(heard.name)).id
            if resident is not None:
                have_said(tx, FLOODED, f"{theme}:{resident}", now)
        return True

    def _stays(self, tx: Transaction, heard: Heard, now: datetime) -> None:
        """What was said stays where it was, also once whoever said it may say more: it is known, and stands
        nowhere else."""
        if heard.changes is None and not tx.copies.at(heard.place, heard.ref):
            tx.copies.said(heard.place, heard.ref, heard.author, heard.at, None, now)

    def goes_to(
        self, tx: Transaction, known: Recognised, place: Place, author: Identity, at: datetime
    ) -> Sequence[Place] | None:
        """In which other places it is to stand what they did there at that moment; None: it stays there."""
        return None if self._is_muted(tx, known, author) else self._where(tx, known, place, author, at)

    def _is_muted(self, tx: Transaction, known: Recognised, author: Identity) -> bool:
        theme, who = known.theme.id if known.theme else 0, known.account and known.account.resident.id
        return bool(self._features.muted_until(tx, theme, author, who, self._clock.now()))

    def _where(
        self,
        tx: Transaction,
        known: Recognised,
        place: Place,
        author: Identity,
        at: datetime,
        *,
        encrypted: bool = False,
    ) -> Sequence[Place] | None:
        if known.theme is None or known.theme.id not in self._themes(tx):
            return None
        if is_over(known, author, at, tx, self._clock.now()):
            return None
        if known.account and self._stays_here(tx, known.theme.id, known.account.resident.id, at):
            return None
        if encrypted:
            self.encrypt(place, tx)
        places = tx.places.carried(known.theme.id)
        since = places.get(place)
        return None if since is None or at < since else [other for other in places if other != place]

    def name_of(self, tx: Transaction, known: Recognised, author: Identity, name: str) -> str:
        """What whoever is called so where they said or did something is called elsewhere."""
        who, theme = known.account.resident if known.account else None, known.theme
        settings = self._communities.configured(tx.community)
        return self._namesakes.name_of(tx, theme.id, author, name, who, settings) if theme else name

    def _stays_here(self, tx: Transaction, theme: int, resident: int, at: datetime) -> bool:
        """Whether what they said then goes nowhere: they wanted that, or were put out of that theme."""
        return tx.guests.is_put_out(theme, resident) or self._is_absent(tx, resident, at)

    def _is_absent(self, tx: Transaction, resident: int, at: datetime | None = None) -> bool:
        return self._features.is_absent(tx, self._communities.configured(tx.community), resident, at)

    def stays_out(self, tx: Transaction, author: Identity) -> bool:
        """Whether what they say stays where they say it."""
        who = tx.people.by_identity(author)
        return who is not None and self._is_absent(tx, who.id)

    def _answers(self, tx: Transaction, message: int | None) -> int | None:
        """What it answers, as it is shown elsewhere: that names nobody whose words stay where they are."""
        author = tx.copies.author_of(message) if message is not None else None
        return message if author and not self.stays_out(tx, author) else None

    def _said(self, tx: Transaction, heard: Heard, others: Sequence[Place], now: datetime) -> None:
        copies = tx.copies
        answered = copies.at(heard.place, heard.reply_to) if heard.reply_to else None
        answers = answered.message if answered else None
        shown = self._answers(tx, answers)
        thread = heard.thread if heard.thread != heard.ref else None
        root = copies.thread_of(heard.place, thread) if thread else None
        spoken = replace(_spoken(heard), answers=shown, thread=root)
        early = copies.waited(heard.place, heard.ref, now)
        message = copies.said(heard.place, heard.ref, heard.author, heard.at, answers, now, root)
        if thread:
            # Of a thread whose first message is none that is carried it is the first that is.
            copies.keep_thread(heard.place, thread, root or message)
        edition = heard.id
        if heard.changed_at:
            copies.changed(message, heard.changed_at)
        if early and early.spoken is None:
            copies.ended(message, now)
            return
        is_news = early is not None and early.at >= (heard.changed_at or early.at)
        if early and early.spoken and early.author == heard.author and is_news:
            spoken = replace(spoken, rich=early.spoken.rich, files=early.spoken.files)
            edition = early.edition
            copies.changed(message, early.at)
        copies.want(
            message, others, spoken, edition, now, missed=now - heard.at > LATE_AFTER, by=heard.author
        )
        count_early(tx, heard.place, heard.ref, message, now)

    def _changed(
        self, tx: Transaction, heard: Heard, ref: str, others: Sequence[Place], now: datetime
    ) -> None:
        """Only whoever said it changes it."""
        spoken = _spoken(heard)
        found = tx.copies.at(heard.place, ref)
        if found is None:
            self._wait(tx, heard.place, ref, Early(heard.id, heard.author, spoken, heard.at))
            return
        if not found.said or found.gone or found.at is None or found.author != heard.author:
            return
        if found.changed_at and heard.at < found.changed_at:
            return
        limits = self._features.limits(self._communities.configured(tx.community))
        if limits and has_too_many_mentions(heard.rich, limits):
            return
        tx.copies.changed(found.message, heard.at)
        there = set(tx.copies.places_of(found.message))
        answers = self._answers(tx, found.answers)
        spoken = replace(spoken, at=found.at, answers=answers, thread=found.thread)
        where = [place for place in others if place in there]
        tx.copies.want(found.message, where, spoken, heard.id, now)

    # --- what was missed ---

    async def standing(self, place: Place, since: datetime) -> Sequence[Standing]:
        """What is known to stand there of messages since then, as long as it was on. Raises: StoreFailed."""
        community = await self._communities.of_place(place) if place in self.places else None
        if community is None:
            return ()

        def look(tx: Transaction) -> Sequence[Standing]:
            known = tx.places.known(place)
            is_on = known is not None and known[0].id in self._themes(tx)
            on = tx.places.carried(known[0].id).get(place) if known and is_on else None
            return tx.copies.standing(place, max(since, on)) if on else ()

        return await self._store.read(look, community=community)

    async def in_thread(self, place: Place, thread: str) -> Sequence[str]:
        """Where that stands there which is in the thread of the same message. Raises: StoreFailed."""
        community = await self._communities.of_place(place) if place in self.places else None
        if community is None:
            return ()
        return await self._store.read(lambda tx: tx.copies.in_thread(place, thread), community=community)

    # --- what is no more ---

    async def gone(self, community: int, place: Place, refs: Collection[str]) -> None:
        """These messages are no more there, whoever took them away."""
        if self.may_be(community):
            take = partial(self.take, place, refs, self._clock.now())
            await self._store.run(take, community=community)

    def take(self, place: Place, refs: Collection[str], now: datetime, tx: Transaction) -> None:
        """The same, within a transaction."""
        for ref in refs:
            found = tx.copies.at(place, ref)
            if found is not None:
                for message in (found.message, *found.others):
                    _gone(tx, place, ref, replace(found, message=message), now)
            elif taken := tx.signs.take_event(place, ref):
                recount(tx, taken, now)
            elif place in self.places:
                self._wait(tx, place, ref, _taken(ref, now))


def _says(heard: Heard) -> bool:
    return bool(heard.files) or not is_blank(plain(heard.rich))


def _spoken(heard: Heard) -> Spoken:
    said = Spoken(heard.name, heard.rich, heard.at, None, heard.avatar)
    return replace(said, files=heard.files, forwarded=heard.forwarded)


def _gone(tx: Transaction, place: Place, ref: str, found: Stands, now: datetime) -> None:
    """Of a copy that Plein is not about to take away somebody else took it: the message goes everywhere."""
    copies, edition = tx.copies, f"gone:{ref}"
    where = copies.places_of(found.message)
    if found.said:
        if found.gone:
            return
        copies.ended(found.message, now)
        where = [other for other in where if other != place]
    elif copies.is_under_way(found.message, place):
        # A part that is too many is taken away; whether that was it shows when all of it is done.
        copies.wait(place, ref, _taken(ref, now), now)
        return
    elif copies.wants_gone(found.message, place):
        return
    else:
        tx.uncarried.ended(found.message, now)
    copies.want(found.message, where, None, edition, now)
    tx.signs.drop(found.message)
    copies.unanswer(found.message, [*where, place], now)


def _end_waits(now: datetime, tx: Transaction) -> bool:
    acts, signs = tx.copies.end_waits(now), tx.signs.end_waits(now)
    return acts or signs


def _taken(ref: str, now: datetime) -> Early:
    return Early(f"gone:{ref}", None, None, now)

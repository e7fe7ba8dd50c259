"""What people said elsewhere, made to stand where it is wanted: in order within a place, once.

What is wanted is kept with its words until it stands there, and not a moment longer. Each part of it is kept
where it stands before the next is sent, so that what a crash interrupted goes on there. What cannot be done
just now holds up its place, and no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.carrying import LATE_AFTER, Carried
from bot.clock import Clock
from bot.delivery.behind import Behind
from bot.delivery.folding import Folding
from bot.delivery.worker import (
    LEFT_TO_OTHERS,
    LONGEST_DELIVERY,
    PutBack,
    Round,
    Worker,
    given_up,
    patience,
    pause,
    reason_of,
    tell_moderators_of,
)
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed
from bot.model.carried import Copy
from bot.model.message import Text, message, text, typed
from bot.model.people import Place
from bot.platforms import called
from bot.ports.adapter import Adapter, Carrier, Folder, Note
from bot.ports.carrying import Wanted
from bot.ports.storage import Store, Transaction
from bot.sign_counts import count_early, recount

log = logging.getLogger(__name__)
AT_ONCE = 24
# Of what was missed in a place so much is carried, the last. Until all of it was heard it waits, so long at
# most, and that is looked at so often.
MOST_MISSED, HEARD_WITHIN, LOOKS_AGAIN = 200, timedelta(minutes=2), timedelta(seconds=2)
A_WHILE = timedelta(hours=1)
# Why something stands nowhere else, for whoever asks.
NO_PLACE, FAILED, REFUSED = text("uncarried.no_place"), text("uncarried.failed"), text("uncarried.refused")
LEFT_OUT = text("uncarried.left_out", most=MOST_MISSED)
# Where each account is still dealing with what was said.
UnderWay = Callable[[], Mapping[str, Collection[Place | None]]]


class Carrying:
    """Has the adapters, which are by account, show what people said elsewhere."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        carried: Carried,
        under_way: UnderWay,
    ) -> None:
        self._store = store
        self._under_way = under_way
        # Since when what was missed in one place waits to be carried to another.
        self._waits: dict[tuple[Place, Place], datetime] = {}
        self._clock = clock
        self._adapters = adapters
        self._carried = carried
        self._behind = Behind()
        self._folding = Folding(store, clock)
        self._put_back = PutBack()
        self.worker = Worker(
            "carrying",
            clock,
            adapters.keys(),
            self._take,
            self._carry,
            at_once=AT_ONCE,
            follow=self._next,
        )
        store.on_commit("copy", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Wanted]:
        """What is next in each place; that it is being tried is kept before anybody can see it."""
        if not self._carried.may_be_anywhere:
            return Round([], None)
        now = self._clock.now()
        if self._put_back.noticed(account, now):
            await self._store.run_anywhere(lambda tx: tx.copies.retry(account, None, now))
        # As those that are busy are still due, a page has room for them.
        page = limit + len(busy)

        def take(tx: Transaction) -> Round[Wanted]:
            free = [each for each in tx.copies.due(account, now, page) if each.copy.place not in busy]
            due = [each for each in free if self._has_its_turn(each, tx, now)][:limit]
            _note_tried(tx, due, now)
            # What ends has the next looked for anyway, and what hangs gives way.
            next_at = None if due else tx.copies.next_try([account], now)
            return Round([(each.copy.place, each) for each in due], next_at)

        return await self._store.run_anywhere(take)

    async def _next(self, before: Wanted) -> Wanted | None:
        now = self._clock.now()

        def take(tx: Transaction) -> Wanted | None:
            while found := tx.copies.next_for(before.copy.place, before.copy.account, now):
                if self._has_its_turn(found, tx, now):
                    break
            _note_tried(tx, [found] if found else [], now)
            return found

        return await self._store.run_anywhere(take)

    # --- what was missed ---

    def _has_its_turn(self, wanted: Wanted, tx: Transaction, now: datetime) -> bool:
        """What was missed waits until all of it was heard; then the last of it is carried, and readers are
        told how much is not.
        """
        copy = wanted.copy
        if not (wanted.missed and wanted.first) or copy.in_doubt:
            return True
        with tx.within(copy.community):
            said_in = tx.copies.places_of(copy.message)[0]
            if self._is_waited_for(said_in, copy.place, tx, now):
                tx.copies.later(wanted, now + LOOKS_AGAIN, failed=False, in_doubt=False)
                return False
            left = tx.copies.leave_out(copy.message, copy.place, MOST_MISSED)
            if left:
                _tell_of_left_out(tx, wanted, said_in, len(left), now)
            for message_left in left:
                tx.uncarried.note(message_left, copy.place, LEFT_OUT, now)
        return not left

    def _is_waited_for(self, said_in: Place, place: Place, tx: Transaction, now: datetime) -> bool:
        """Whether something that was said there is still to be heard, and was not waited for long enough."""
        account = tx.places.served_by(said_in) or ""
        if said_in not in self._under_way().get(account, ()) and not tx.inbox.holds(account, said_in):
            self._waits.pop((said_in, place), None)
            return False
        waited = now - self._waits.setdefault((said_in, place), now)
        if waited > A_WHILE:
            del self._waits[said_in, place]  # another time
        return waited < HEARD_WITHIN or waited > A_WHILE

    # --- making it true ---

    async def _carry(self, wanted: Wanted) -> bool:
        """Make it true; False if this place has to wait."""
        group: Sequence[Wanted] = [wanted]
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                group = await self._together(wanted)
                await self._show(group)
        except Gone as gone:
            if group[0].sending:
                # Something of it cannot stand there: each by itself, to see which.
                await self._run(wanted, lambda tx: tx.folds.undo(group[0].fold or 0, refused=True))
                return True
            await self._drop(wanted, str(gone))
        except NotOurs as refused:
            log.warning("Left %s to another account: %s", _called(wanted), refused)
            return await self._wait(group[0], LEFT_TO_OTHERS, unsent=True)
        except (NotNow, OSError) as refused:
            if isinstance(refused, Refused) and wanted.said:
                # What somebody said there stays, where Plein may not take it away.
                await self._drop(wanted)
                return True
            unsent = isinstance(refused, NotNow) and refused.unsent
            why = REFUSED if isinstance(refused, Refused) else None
            return await self._wait(group[0], self._pause(wanted, refused), unsent=unsent, why=why)
        except StoreFailed:
            raise
        except Exception as error:
            return await self._failed(group, error)
        return True

    async def _run(self, wanted: Wanted, work: Callable[[Transaction], None]) -> None:
        await self._store.run(work, community=wanted.copy.community)

    async def _together(self, wanted: Wanted) -> Sequence[Wanted]:
        """What goes as one with it."""
        adapter = self._adapters[wanted.copy.account]
        if wanted.said or not isinstance(adapter, Folder):
            return [wanted]
        return await self._folding.begin(wanted, adapter)

    async def _show(self, group: Sequence[Wanted]) -> None:
        wanted, goes_on = group[0], True
        copy, lacks = wanted.copy, None
        adapter = self._adapters[copy.account]
        if wanted.said:
            await adapter.retract(copy.place, copy.stands, copy.key)
        elif not isinstance(adapter, Carrier):
            raise Gone("nobody's words can be shown there")
        elif not isinstance(adapter, Folder) or wanted.fold is None:
            lacks = await self._show_alone(wanted, adapter)
        elif wanted.sending:
            goes_on = await self._folding.send(group, adapter, self._noting)
        elif left := await self._folding.change(wanted, adapter, self._noting):
            lacks = await self._show_alone(left, adapter)
        now = self._clock.now()

        def end(tx: Transaction) -> None:
            if not goes_on:
                tx.folds.undo(wanted.fold or 0, refused=False)
                return
            if wanted.sending:
                tx.folds.done(wanted.fold or 0)
            else:
                tx.copies.done(wanted)
            self._behind.look(tx, wanted, now, came=True)
            if lacks:
                tx.uncarried.note(copy.message, copy.place, lacks, now)
            for each in group if not lacks else ():
                if each.uncarried:
                    tx.uncarried.carried(each.copy.message, copy.place, now)
            # What somebody took away meanwhile, and stands there all the same as far as is known.
            found = tx.copies.taken(copy.message, copy.place)
            taken = [ref for ref in found if tx.copies.waited(copy.place, ref, now)]
            self._carried.take(copy.place, taken, now, tx)
            if copy.spoken is None:
                recount(tx, {copy.message: tx.signs.vanished(copy.message, copy.place)}, now)

        await self._run(wanted, end)

    async def _show_alone(self, wanted: Wanted, adapter: Carrier) -> Text | None:
        copy = wanted.copy
        since = copy.tried_at or self._clock.now()
        is_late = wanted.first and copy.spoken is not None and since - copy.spoken.at > LATE_AFTER
        return await adapter.carry(replace(copy, late=is_late), self._noting(copy))

    def _noting(self, copy: Copy) -> Note:
        noted = set(range(len(copy.stands)))

        async def note(part: int, ref: str) -> None:
            is_new = part not in noted
            noted.add(part)
            now = self._clock.now()

            def keep(tx: Transaction) -> None:
                tx.copies.note(copy, part, ref, is_new=is_new)
                if not copy.shares:
                    count_early(tx, copy.place, ref, copy.message, now)

            await self._store.run(keep, community=copy.community)

        return note

    def _pause(self, wanted: Wanted, refused: Exception) -> timedelta:
        seconds = refused.seconds if isinstance(refused, NotNow) else None
        if seconds is not None:
            return timedelta(seconds=seconds)
        log.warning("Not now, %s: %s", _called(wanted), refused or type(refused).__name__)
        now = self._clock.now()
        return patience(now - (wanted.copy.tried_at or now))

    async def _wait(
        self,
        wanted: Wanted,
        pause: timedelta,
        *,
        failed: bool = False,
        unsent: bool = False,
        why: Text | None = None,
    ) -> bool:
        now, in_doubt = self._clock.now(), wanted.copy.in_doubt or not unsent

        def wait(tx: Transaction) -> None:
            if wanted.sending and not in_doubt:
                # Nothing was sent: what goes as one then may be more.
                tx.folds.undo(wanted.fold or 0, refused=False)
            tx.copies.later(wanted, now + pause, failed=failed, in_doubt=in_doubt)
            if why:
                _note_uncarried(tx, wanted, why, now)
            else:
                self._behind.look(tx, wanted, now, came=False)

        await self._run(wanted, wait)
        return False

    async def _failed(self, group: Sequence[Wanted], error: Exception) -> bool:
        wanted = group[0]
        attempt, reason = wanted.copy.attempts + 1, reason_of(error)
        log.warning("Could not carry %s (attempt %d): %s", _called(wanted), attempt, reason)
        if not given_up(attempt, error):
            return await self._wait(wanted, pause(wanted.copy.attempts), failed=True)
        now = self._clock.now()

        def park(tx: Transaction) -> None:
            for each in group:
                tx.copies.park(each, reason)
                _note_uncarried(tx, each, FAILED, now)
            tell_moderators_of(tx, wanted.copy.place, reason, now)

        await self._run(wanted, park)
        return True

    async def _drop(self, wanted: Wanted, reason: str = "") -> None:
        """It never stands there; that a place cannot be reached is for the moderators to mend."""
        log.warning("Not carried, %s: %s", _called(wanted), reason or "refused")
        now = self._clock.now()

        def drop(tx: Transaction) -> None:
            tx.copies.drop(wanted)
            if reason and not wanted.said:
                _note_uncarried(tx, wanted, NO_PLACE, now)
                tell_moderators_of(tx, wanted.copy.place, reason, now)

        await self._run(wanted, drop)


def _tell_of_left_out(tx: Transaction, wanted: Wanted, said_in: Place, count: int, now: datetime) -> None:
    name = typed(tx.places.called(said_in) or said_in.room_id)
    values = {"count": count, "most": MOST_MISSED, "place": name, "platform": called(said_in.platform)}
    line = text("carried.left_out", **values)
    key = f"left out:{wanted.copy.place.platform}:{wanted.copy.place.room_id}:{wanted.copy.message}"
    tx.posts.add(key, wanted.copy.place, message(line), now)


def _note_uncarried(tx: Transaction, wanted: Wanted, why: Text, now: datetime) -> None:
    """Once, whatever is tried again; what is to be gone from there lacks nothing."""
    if wanted.copy.spoken and not wanted.uncarried:
        tx.uncarried.note(wanted.copy.message, wanted.copy.place, why, now)


def _note_tried(tx: Transaction, due: Sequence[Wanted], now: datetime) -> None:
    for community in sorted({each.copy.community for each in due}):
        new = [each for each in due if each.copy.community == community and not each.copy.in_doubt]
        with tx.within(community):
            tx.copies.tried(new, now)


def _called(wanted: Wanted) -> str:
    """For the log, without anything that people typed."""
    return f"message {wanted.copy.message} in {wanted.copy.place.room_id}"

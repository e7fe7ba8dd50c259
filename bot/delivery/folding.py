"""Where a place falls behind, what waits there goes as one: first what one person said, then several people.

Which messages go as one is kept before that is sent, so that it is the same ones after a crash. Of what
stands as one it is kept how long each share of it is; should one be changed or taken away, the rest is what
stands there. What does not stand there as it is known to is taken away whole, for whoever wants to be gone
comes first; what was lost by that is marked where it was said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.carrying import LATE_AFTER
from bot.clock import Clock
from bot.model.carried import SAME, Copy, Spoken
from bot.model.message import text
from bot.ports.adapter import Folder, Note
from bot.ports.carrying import Wanted
from bot.ports.folding import Share
from bot.ports.storage import Store, Transaction

# A place is behind where what is next has been wanted for so long; and far behind.
BEHIND, FAR_BEHIND = timedelta(seconds=5), timedelta(seconds=20)
# So many go as one at the most, and what stands between two of them is no longer than that.
MOST, BETWEEN = 40, 8
LOST = text("uncarried.lost")


class Folding:
    """Has those adapters that can show several messages as one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def _may_begin(self, wanted: Wanted) -> bool:
        copy = wanted.copy
        is_new = wanted.first and not (wanted.missed or copy.in_doubt or copy.attempts or copy.stands)
        is_behind = wanted.since is not None and self._clock.now() - wanted.since >= BEHIND
        return is_new and is_behind and copy.spoken is not None and copy.spoken.is_plain

    # --- sending ---

    async def begin(self, wanted: Wanted, adapter: Folder) -> Sequence[Wanted]:
        """What goes as one with it from now on, by the fold's number; it alone where nothing does."""
        if wanted.sending:
            return await self._store.read(
                lambda tx: tx.folds.sending(wanted.fold or 0, wanted.copy.place),
                community=wanted.copy.community,
            )
        alone, now = [wanted], self._clock.now()
        if not self._may_begin(wanted):
            return alone
        found = await self._store.read(
            lambda tx: tx.folds.following(wanted, MOST), community=wanted.copy.community
        )
        if wanted.since and now - wanted.since < FAR_BEHIND:
            found = _of_one(found)
        several = len(_of_one(found)) < len(found)
        if len(found) < 2:
            return alone
        lengths = await adapter.lengths(together(found, 0, now, several=several))
        fitting = _fitting(lengths, adapter.longest_fold)
        if fitting < 2:
            return alone
        some = found[:fitting]
        fold = await self._store.run(
            lambda tx: tx.folds.begin(some, lengths[:fitting], now, named=several),
            community=wanted.copy.community,
        )
        if fold is None:
            return alone
        return [replace(each, fold=fold, sending=True) for each in some]

    async def send(self, wanted: Sequence[Wanted], adapter: Folder, note: Callable[[Copy], Note]) -> bool:
        """All of these as one; False where one of them is to be gone by now: then so is what may have arrived
        of it, and the others are to be sent anew.
        """
        if any(each.copy.spoken is None for each in wanted):
            whole = _whole(wanted[0].copy, wanted[0].fold or 0)
            await adapter.carry(replace(whole, spoken=None), note(whole))
            return False
        shares = await self._shares(wanted[0])
        several = any(share.named for share in shares)
        copy = together(wanted, wanted[0].fold or 0, self._clock.now(), several=several)
        await adapter.carry(copy, note(copy))
        return True

    async def _shares(self, wanted: Wanted) -> Sequence[Share]:
        return await self._store.read(
            lambda tx: tx.folds.shares(wanted.fold or 0), community=wanted.copy.community
        )

    # --- changing what stands ---

    async def change(self, wanted: Wanted, adapter: Folder, note: Callable[[Copy], Note]) -> Wanted | None:
        """Have its share be as it is wanted; what is left to say by itself, where it is none any more."""
        copy, fold = wanted.copy, wanted.fold or 0
        new = copy.spoken
        if new and not new.rich and new.name == SAME:
            return None  # it answers nothing
        shares = await self._shares(wanted)
        which = next((number for number, each in enumerate(shares) if each.message == copy.message), None)
        if which is None:
            return replace(wanted, fold=None, copy=replace(copy, stands=())) if new else None
        named, edition = shares[which].named, f"{copy.message}:{copy.edition}"
        whole = replace(copy, message=fold, edition=edition, several=named, answers=None)
        length = await self._new_length(whole, new, shares, which, adapter)
        whole = replace(whole, shares=(new,) if new and length else ())
        lengths = [share.length for share in shares]
        if length or len(shares) > 1:
            stands = await adapter.reword(whole, lengths, which)
        else:
            stands = False
        if not stands:
            await adapter.carry(replace(whole, spoken=None, shares=()), note(whole))
        now = self._clock.now()

        def keep(tx: Transaction) -> None:
            if length and stands:
                tx.folds.reworded(fold, copy.message, length)
                return
            tx.folds.take_out(fold, copy.message)
            for share in shares if not stands else ():
                if share.message != copy.message:
                    tx.folds.take_out(fold, share.message)
                    tx.uncarried.note(share.message, copy.place, LOST, now)

        await self._store.run(keep, community=copy.community)
        if (length and stands) or not (new and new.rich):
            return None
        return replace(wanted, fold=None, copy=replace(copy, stands=()))

    async def _new_length(
        self, whole: Copy, new: Spoken | None, shares: Sequence[Share], which: int, adapter: Folder
    ) -> int:
        """How long its share is to be; 0: it is no share any more."""
        if new is None or not new.is_plain:
            return 0
        (length,) = await adapter.lengths(replace(whole, shares=(new,), spoken=new))
        others = [share.length for number, share in enumerate(shares) if number != which]
        return length if _fitting([*others, length], adapter.longest_fold) == len(shares) else 0


def together(wanted: Sequence[Wanted], fold: int, now: datetime, *, several: bool) -> Copy:
    """These as one message, in the name of whoever said all of them."""
    first = wanted[0].copy
    shares = tuple(each.copy.spoken for each in wanted if each.copy.spoken)
    speaker = replace(shares[0], name="", avatar="") if several else shares[0]
    is_late = (first.tried_at or now) - shares[0].at > LATE_AFTER
    whole = _whole(first, fold)
    return replace(whole, spoken=speaker, shares=shares, several=several, late=is_late)


def _whole(first: Copy, fold: int) -> Copy:
    return replace(first, message=fold, edition=f"fold:{first.edition}")


def _of_one(wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Those from the first on that one person said, under one name."""
    found: list[Wanted] = []
    for each in wanted:
        if found and _who(each) != _who(found[0]):
            break
        found.append(each)
    return found


def _who(wanted: Wanted) -> tuple[object, ...]:
    spoken = wanted.copy.spoken
    return wanted.speaker, spoken and spoken.name, spoken and spoken.avatar


def _fitting(lengths: Sequence[int], longest: int) -> int:
    """How many of them, counted from the first, fit into one message."""
    total = 0
    for number, length in enumerate(lengths):
        total += length + (BETWEEN if number else 0)
        if not length or total > longest:
            return number
    return len(lengths)

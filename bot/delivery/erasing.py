"""Forgetting, to the end: what carries a farewell goes once it was said, and the database's log is cut.
And what any community has of a secret that is over goes, where another one ended it.

Whoever asks to be forgotten is, in that transaction, but for one thing: their farewell is still to be said,
to an account that has to be known for that. It goes when it was said, or after `FAREWELL`. What was deleted
is in the files of the database until they are wiped, which cannot be while somebody reads: it is tried again.
All of it is in the database until it is done, so that it goes on after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.feature import Features
from bot.model.people import Identity
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
# So long a farewell may take.
FAREWELL = timedelta(seconds=20)
# Seconds after which it goes on, where a farewell is under way or somebody reads.
AGAIN_AFTER = 1.0
# So often in a row; then the log says so, and it goes on.
SAID_AFTER = 30


class Erasing:
    """Ends what forgetting began."""

    def __init__(self, store: Store, clock: Clock, features: Features) -> None:
        self._store = store
        self._clock = clock
        self._features = features
        self._woken = asyncio.Event()
        for what in ("forgotten", "turned"):
            store.on_commit(what, self._woken.set)

    async def begin(self) -> None:
        """A database that was restored forgets whom it still knows. Before anybody is served."""
        self._woken.set()
        unknown = await self._store.run_anywhere(lambda tx: tx.forgotten.unknown())
        for (community, resident), others in unknown.items():
            await self._store.run(partial(self._forget_again, resident, others), community=community)
        if unknown:
            log.info("People who were forgotten before, and whom a backup brought back, are forgotten again")
        await self._store.run_anywhere(lambda tx: tx.forgotten.note_known())

    def _forget_again(self, resident: int, others: Sequence[Identity], tx: Transaction) -> None:
        """But for accounts that had parted with them: which of it all is whose nobody knows, so they begin
        anew.
        """
        if others:
            self._features.part(tx, resident, others)
        self._features.forget(tx, resident, self._clock.now())

    async def run(self) -> None:
        """Go on for ever."""
        failed = 0
        while True:
            await self._woken.wait()
            try:
                is_done = await self._go_on(self._clock.now() - FAREWELL)
            except (StoreFailed, OSError) as error:
                log.warning(
                    "erasing: it cannot be kept that somebody was forgotten (%s); going on later", error
                )
                is_done = False
            failed = 0 if is_done else failed + 1
            if failed and failed % SAID_AFTER == 0:
                log.warning("erasing: something still reads the database, so its log cannot be cut")
            if not is_done:
                await self._clock.sleep(AGAIN_AFTER)

    async def flush(self) -> None:
        """End all of it at once, for the console and for tests."""
        if self._woken.is_set():
            await self._go_on(self._clock.now())

    async def _go_on(self, before: datetime) -> bool:
        """Whether nothing is left to do. Raises: StoreFailed; OSError where the folder of keys is full."""
        self._woken.clear()
        is_done = False
        try:
            more = True
            while more:  # others have their turn in between
                left, more, last = await self._store.run_anywhere(partial(self._end, before))
            is_clean = last is None or await self._store.wipe_log()
            if last and is_clean:
                await self._store.run_anywhere(lambda tx: tx.forgotten.wiped(last))
            is_done = is_clean and not left
        finally:
            if not is_done:
                self._woken.set()
        return is_done

    @staticmethod
    def _end(before: datetime, tx: Transaction) -> tuple[int, bool, str | None]:
        """How much has not come to its end by then, whether more can go at once, and what is to be wiped."""
        left, more = 0, False
        for community, account, since in tx.forgotten.pending():
            if since > before:
                left += 1
                continue
            tx.questions.drop(account)  # where it was asked for this one, another may have the words
            with tx.within(community):
                more |= not tx.forgotten.end(account)
        for community in tx.envelopes.turned():
            with tx.within(community):
                left += not tx.envelopes.leave_old_keys()
        tx.forgotten.note_known()
        return left, more, tx.forgotten.to_wipe()

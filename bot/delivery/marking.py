"""Plein's mark on what could not be carried, where it was said, until it was carried after all.

What it is to be is kept, and made true in order within a place. Where Plein may put none, there is none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from datetime import timedelta

from bot.clock import Clock
from bot.delivery.worker import LONGEST_DELIVERY, PARK_AFTER, Round, Worker, pause, reason_of
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed
from bot.model.people import Identity
from bot.ports.adapter import Adapter, Carrier
from bot.ports.storage import Store, Transaction
from bot.ports.uncarried import Mark

log = logging.getLogger(__name__)
AT_ONCE, PAGE = 4, 100


class Marking:
    """Has the adapters, which are by account, mark messages. `stays_out` says whether somebody does."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        stays_out: Callable[[Transaction, Identity], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._stays_out = stays_out
        self.worker = Worker(
            "marking", clock, adapters.keys(), self._take, self._make, at_once=AT_ONCE, follow=self._next
        )
        store.on_commit("mark", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Mark]:
        """What is next in each place; that it is being tried is kept before anybody can see it."""
        now = self._clock.now()

        def take(tx: Transaction) -> Round[Mark]:
            found = tx.uncarried.due(account, now, PAGE)
            due = [mark for mark in found if mark.place not in busy][:limit]
            for mark in due:
                with tx.within(mark.community):
                    tx.uncarried.tried([mark] if self._is_wanted(tx, mark) else [])
            next_at = None if len(due) == limit else tx.uncarried.next_try([account], now)
            return Round([(mark.place, mark) for mark in due], next_at)

        return await self._store.run_anywhere(take)

    async def _next(self, before: Mark) -> Mark | None:
        return next((mark for _, mark in (await self._take(before.account, (), 1)).items), None)

    def _is_wanted(self, tx: Transaction, mark: Mark) -> bool:
        return mark.uncarried and mark.author is not None and not self._stays_out(tx, mark.author)

    async def _make(self, mark: Mark) -> bool:
        """Make it true; False if this place has to wait."""
        adapter = self._adapters.get(mark.account)
        wanted = await self._store.read(lambda tx: self._is_wanted(tx, mark), community=mark.community)
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                if not isinstance(adapter, Carrier):
                    raise Gone("nothing can be marked there")
                if wanted and mark.mark is None:
                    stands_at = await adapter.mark(mark)
                    await self._run(mark, lambda tx: tx.uncarried.marked(mark, stands_at))
                elif not wanted and (mark.mark is not None or mark.tried):
                    await adapter.unmark(mark)
        except (Gone, Refused, NotOurs) as refused:
            # Nothing else happens: it is only a mark.
            log.info("No mark in %s: %s", mark.place.room_id, type(refused).__name__)
        except StoreFailed:
            raise
        except Exception as error:
            is_away = isinstance(error, NotNow | OSError)
            if is_away or mark.attempts + 1 < PARK_AFTER:
                return await self._wait(mark, error)
            log.warning("Gave up a mark in %s: %s", mark.place.room_id, reason_of(error))
        now = self._clock.now()
        await self._run(mark, lambda tx: tx.uncarried.settled(mark, now, there=wanted))
        return True

    async def _run(self, mark: Mark, work: Callable[[Transaction], None]) -> None:
        await self._store.run(work, community=mark.community)

    async def _wait(self, mark: Mark, error: Exception) -> bool:
        log.info("No mark just now in %s: %s", mark.place.room_id, reason_of(error))
        seconds = error.seconds if isinstance(error, NotNow) else None
        later = self._clock.now() + (pause(mark.attempts) if seconds is None else timedelta(seconds=seconds))
        await self._run(mark, lambda tx: tx.uncarried.later(mark, later, failed=seconds is None))
        return False

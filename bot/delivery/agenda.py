"""What is due: jobs in the database, which are the truth; the scheduler only wakes.

Each batch is claimed, run and marked done in one transaction, so that a crash neither loses
nor repeats one. A job that fails comes back later; it holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.call import Call
from bot.clock import Clock
from bot.delivery.worker import pause
from bot.errors import StoreFailed
from bot.feature import Run
from bot.model.work import Job
from bot.ports.storage import Store, Transaction

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
BATCH = 100
LOOK_EVERY = 30
# Not at once, when there is enough to do; but also where Plein is started anew every night.
FORGETS_AFTER = timedelta(minutes=10)


class Agenda:
    """Runs jobs when they are due."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        runs: Mapping[str, Run],
        call: Callable[[Transaction, str], Call],
        heard: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        self._store = store
        self._clock = clock
        self._runs = runs
        self._call = call
        self._heard = heard
        self._scheduler: AsyncIOScheduler | None = None
        self._woken = False
        store.on_commit("job", self.wake)

    async def flush(self, heard: Mapping[str, datetime] | None = None) -> None:
        """Run all that is due by now. `heard`: until when each account has heard, where that is known."""
        moments = self._heard() if heard is None else heard
        if moments:
            await self._store.run_anywhere(lambda tx: tx.accounts.heard(moments))
        while await self._store.run_anywhere(self._batch):
            pass

    def _batch(self, tx: Transaction) -> int:
        now = self._clock.now()
        claimed = tx.jobs.claim(now, BATCH)
        for job in claimed:
            with tx.within(job.community):
                self._do(tx, job, now)
        return len(claimed)

    def _do(self, tx: Transaction, job: Job, now: datetime) -> None:
        try:
            with tx.savepoint(eager=True):
                # Before it runs, so that it may plan the next under its own key. One that runs before it in
                # this batch may have called it off.
                if tx.jobs.done(job.id, now):
                    self._runs[job.kind](self._call(tx, f"job:{job.id}"), job)
        except StoreFailed:
            raise
        except Exception:
            log.exception("The job %s for %s failed; it comes back", job.kind, job.subject)
            tx.jobs.later(job.id, now + pause(job.attempts + 4))

    async def forget(self) -> None:
        """What nobody needs any more goes; what could not go now goes the next time."""
        try:
            await self._store.forget(self._clock.now())
        except StoreFailed as error:
            log.warning("agenda: the database does not answer (%s); forgetting later", error)

    def wake(self) -> None:
        """Something new is to be done later; perhaps sooner than what was next."""
        self._woken = True
        if self._scheduler:
            self._soon(self._scheduler, self._clock.now())

    async def run(self) -> None:
        """Wake at the next due moment, and every half minute in any case, until cancelled."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        scheduler = AsyncIOScheduler(timezone=UTC)
        # A late wake-up is as good as a timely one: what is due is in the database.
        always = {"misfire_grace_time": None, "coalesce": True}
        scheduler.add_job(self._look, "interval", seconds=LOOK_EVERY, **always)
        first = self._clock.now() + FORGETS_AFTER
        scheduler.add_job(self.forget, "interval", hours=12, next_run_time=first, **always)
        scheduler.start()
        self._scheduler = scheduler
        try:
            await self._look()
            await asyncio.Event().wait()
        finally:
            self._scheduler = None
            scheduler.shutdown(wait=False)

    def _soon(self, scheduler: AsyncIOScheduler, due: datetime) -> None:
        # The look that plans the next one has not ended yet: without a second the next would be left out.
        how = {"replace_existing": True, "misfire_grace_time": None, "max_instances": 2}
        scheduler.add_job(self._look, "date", run_date=due, id="due", **how)

    async def _look(self) -> None:
        self._woken = True
        try:
            while self._woken:  # also by what came while it looked
                self._woken = False
                await self.flush()
                due = await self._store.read_anywhere(lambda tx: tx.jobs.next_due())
        except StoreFailed as error:
            log.warning("agenda: the database does not answer (%s); trying again", error)
            return
        if due and self._scheduler:
            self._soon(self._scheduler, due)

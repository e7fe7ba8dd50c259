"""What is due: jobs in the database, which are the truth; the scheduler only wakes.

Each batch is claimed, run and marked done in one transaction, so that a crash neither loses
nor repeats one. A job that fails comes back later; it holds up no other. One that needs to know where
somebody is now comes back as soon as their platform was asked, which is done beside the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from bot.call import Call
from bot.clock import Clock
from bot.delivery.worker import pause
from bot.errors import AskFirst, StoreFailed, TryLater
from bot.feature import Run
from bot.model.people import Identity, Place, Presences
from bot.model.work import Job
from bot.ports.accounts import HeardUntil
from bot.ports.storage import Store, Transaction

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
BATCH = 100
# Should Plein end meanwhile, it is asked again after so long.
ASKED_WITHIN = timedelta(minutes=1)
LOOK_EVERY = 30
# Who did not look for so long stood still, as a laptop that was shut does.
STOOD_STILL = timedelta(minutes=2)
# Not at once, when there is enough to do; but also where Plein is started anew every night.
FORGETS_AFTER = timedelta(minutes=10)

_whose = attrgetter("community")
Told = Mapping[tuple[Identity, int], tuple[Sequence[Place], Presences]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job or a file has to know first: where accounts are, of a theme's places on their platform."""

    community: int
    places: Mapping[tuple[Identity, int], Sequence[Place]]


async def _nobody_to_ask() -> None:
    """Where there is no platform."""


async def _says_nothing(who: Identity, places: Sequence[Place]) -> Presences:
    return {}


def to_ask(tx: Transaction, first: AskFirst, community: int) -> Asked:
    """What is to be asked before that can be done, of that community's themes."""
    places = {}
    for account in first.accounts:
        on = tx.places.on(account.platform, first.themes)
        places.update({(account, theme): on.get(theme, ()) for theme in first.themes})
    return Asked(community, places)


class Agenda:
    """Runs jobs when they are due."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        runs: Mapping[str, Run],
        call: Callable[[Transaction, str], Call],
        heard: Callable[[], Mapping[str, HeardUntil]] = dict,
        presences: Callable[[Identity, Sequence[Place]], Awaitable[Presences]] = _says_nothing,
        woke: Callable[[], Awaitable[None]] = _nobody_to_ask,
        keep: Callable[[], Mapping[str, timedelta]] = dict,
    ) -> None:
        self._store = store
        self._clock = clock
        self._runs = runs
        self._call = call
        self._heard = heard
        self._presences = presences
        self._woke = woke
        self._keep = keep
        self._looked_at = clock.now()
        # What jobs had to know first, by their numbers, as far as it was asked; and what is being asked.
        self._known: dict[int, Told] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._scheduler: AsyncIOScheduler | None = None
        self._woken = False
        store.on_commit("job", self.wake)

    async def flush(self, heard: Mapping[str, HeardUntil] | None = None) -> None:
        """Run all that is due by now, and what has to ask first. `heard`: how far each account has heard,
        where that is known.
        """
        await self._run_due(heard)
        while self._asking:
            await asyncio.wait(list(self._asking))
            await self._run_due(heard)

    async def _run_due(self, heard: Mapping[str, HeardUntil] | None = None) -> None:
        # What ended while Plein stood still ends once it is known what was said meanwhile.
        before, self._looked_at = self._looked_at, self._clock.now()
        if heard is None and self._looked_at - before >= STOOD_STILL:
            await self._woke()
        hearing = self._heard() if heard is None else heard
        if hearing:
            await self._store.run_anywhere(lambda tx: tx.accounts.heard(hearing))
        while outcome := await self._store.run_anywhere(self._batch):
            for job, first in outcome.items():
                known = self._known.pop(job, {})
                if first:
                    task = asyncio.create_task(self._ask(job, first, known))
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)

    def _batch(self, tx: Transaction) -> Mapping[int, Asked | None]:
        """The jobs that were claimed, by their numbers, with what each has to know first."""
        now = self._clock.now()
        outcome = {}
        claimed = sorted(tx.jobs.claim(now, BATCH), key=_whose)
        for community, jobs in groupby(claimed, _whose):
            with tx.within(community):
                outcome.update({job.id: self._do(tx, job, now) for job in jobs})
        return outcome

    async def told(self, asked: Asked) -> Told:
        """What their platforms say."""
        wanted: dict[Identity, list[Place]] = {}
        for (account, _), places in asked.places.items():
            wanted.setdefault(account, []).extend(places)
        # Each is asked about once, however many themes that is for.
        found = {
            account: await self._presences(account, places) if places else {}
            for account, places in wanted.items()
        }
        return {key: (places, found[key[0]]) for key, places in asked.places.items()}

    async def _ask(self, job: int, first: Asked, known: Told) -> None:
        """It is due again at once, and finds what was said, also when it asked before."""
        self._known[job] = {**known, **await self.told(first)}

        def again(tx: Transaction) -> None:
            with tx.within(first.community):
                tx.jobs.later(job, self._clock.now())

        try:
            await self._store.run_anywhere(again)
        except StoreFailed as error:
            log.warning("agenda: the database does not answer (%s); asking again", error)
        self.wake()

    def _do(self, tx: Transaction, job: Job, now: datetime) -> Asked | None:
        # Before it runs, so that it may plan the next under its own key. One that ran before it in this batch
        # may have called it off.
        if not tx.jobs.done(job.id, now):
            return None
        try:
            with tx.savepoint():
                call = self._call(tx, f"job:{job.id}")
                call.present = self._known.get(job.id, {})
                self._runs[job.kind](call, job)
        except StoreFailed:
            raise
        except AskFirst as first:
            tx.jobs.retry(job.id, now + ASKED_WITHIN)
            return to_ask(tx, first, job.community)
        except TryLater as later:
            tx.jobs.retry(job.id, now + timedelta(seconds=later.seconds))
        except Exception:
            log.exception("The job %s for %s failed; it comes back", job.kind, job.subject)
            tx.jobs.retry(job.id, now + pause(job.attempts + 4))
        return None

    async def forget(self) -> None:
        """What nobody needs any more goes; what could not go now goes the next time."""
        try:
            await self._store.forget(self._clock.now(), self._keep())
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
                await self._run_due()
                due = await self._store.read_anywhere(lambda tx: tx.jobs.next_due())
        except StoreFailed as error:
            log.warning("agenda: the database does not answer (%s); trying again", error)
            return
        except Exception:
            log.exception("agenda could not do what is due; trying again")
            return
        if due and self._scheduler:
            self._soon(self._scheduler, due)

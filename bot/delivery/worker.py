"""What the outbox and the boards share: doing what is due, some of it at a time, when woken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.clock import Clock
from bot.errors import PlatformFailed, StoreFailed
from bot.model.message import Text, message, text
from bot.model.people import Place, Role
from bot.model.work import key_in
from bot.ports.storage import Transaction

log = logging.getLogger(__name__)
Item = TypeVar("Item")
# Seconds, as all of these below that are plain numbers and no count.
LONGEST_WAIT = 30.0
# The moderators hear of so many places a day that nothing reaches them any more, and of so many accounts that
# do not exist any more.
MOST_OF_A_KIND_A_DAY = 5
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
# What was refused without a word about when to come back is tried again after as long as it has been tried
# so far, and at least once an hour.
LONGEST_PATIENCE = 3600.0
A_MINUTE = timedelta(minutes=1)
# What is not this account's waits for the one whose it is.
LEFT_TO_OTHERS = timedelta(hours=1)
PARK_AFTER = 12
# What the platform fails at may be mended there: that is after three hours.
PARK_PLATFORM_FAILED_AFTER = 44
# A delivery that takes longer no longer counts among those under way, so that a few rooms that hang hold up
# no other; of those that hang there are never more than this many times as many as may be under way.
SLOW_AFTER, MOST_SLOW = 2.0, 8
# And after so many seconds it is given up for now.
LONGEST_DELIVERY = 120.0


def pause(attempts: int, longest: float = LONGEST_PAUSE) -> timedelta:
    """How long to leave something alone that failed so often: 2 s, 4 s, 8 s ... 5 minutes."""
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** min(attempts, 20), longest))


def patience(tried_for: timedelta) -> timedelta:
    """How long to leave something alone that has been refused for so long."""
    return timedelta(seconds=min(max(tried_for.total_seconds(), FIRST_PAUSE), LONGEST_PATIENCE))


def given_up(attempts: int, error: Exception) -> bool:
    """Whether something was tried often enough that fails for no reason of its place's."""
    return attempts >= (PARK_PLATFORM_FAILED_AFTER if isinstance(error, PlatformFailed) else PARK_AFTER)


def reason_of(error: Exception) -> str:
    """In a few words, without anything that people typed."""
    return str(error) if isinstance(error, PlatformFailed) else type(error).__name__


def tell_moderators_of(tx: Transaction, place: Place, reason: str, now: datetime) -> None:
    """That nothing reaches a place any more is for them to mend."""
    told = text("outbox.parked", place=place.room_id, reason=reason)
    tell_moderators_of_some(tx, told, "parked", place.room_id, now)


def tell_moderators_of_some(tx: Transaction, told: Text, what: str, which: str, now: datetime) -> None:
    """Of so many of a kind they hear in a day, as whoever makes places or accounts takes them away as often
    as they like.
    """
    assert tx.community
    noted, today = key_in(tx.community, f"{what} told"), f"{now:%Y-%m-%d}"
    said_on, *some = (tx.kept.get("", noted) or today).split(" ")
    some = some if said_on == today else []
    if which not in some:
        if len(some) >= MOST_OF_A_KIND_A_DAY:
            return
        tx.kept.put("", noted, " ".join((today, *some, which)))
    tell_moderators(tx, told, f"{what}:{which}", now)


def tell_moderators(tx: Transaction, told: Text, about: str, now: datetime) -> None:
    """Once a day about each thing; for who moderates still when it is said."""
    for moderator in tx.people.with_role(Role.MODERATOR):
        key = f"{about}:{now:%Y-%m-%d}:{moderator.user_id}"
        tx.posts.add(key, moderator, message(told), now, role=Role.MODERATOR)


class PutBack:
    """Notices, for each account, that the clock was put back: what waits by the one before waits too long."""

    def __init__(self) -> None:
        self._latest: dict[str, datetime] = {}

    def noticed(self, account: str, now: datetime) -> bool:
        before = self._latest.get(account, now)
        self._latest[account] = now
        return now < before - A_MINUTE


@dataclass(slots=True)
class Round(Generic[Item]):
    """What is due for an account, each with the key under which nothing else is to be under way meanwhile;
    and when more becomes due.
    """

    items: Sequence[tuple[Hashable, Item]]
    next_at: datetime | None


@dataclass(slots=True)
class _Lane(Generic[Item]):
    """What is under way for one account, and what is to follow; `counted` are those that do not hang."""

    busy: dict[Hashable, asyncio.Task[None]] = field(default_factory=dict)
    counted: set[Hashable] = field(default_factory=set)
    backlog: deque[tuple[Hashable, Item]] = field(default_factory=deque)

    def free(self, at_once: int) -> int:
        return min(at_once - len(self.counted), MOST_SLOW * at_once - len(self.busy))


class Worker(Generic[Item]):
    """Does `work` on what `take` says is due, for each account at most `at_once` at a time.

    `take` is given the account, the keys that are busy and how many it may bring; where it brings more, they
    are done before it is asked again. `follow` says what comes next after an item, for `flush`. `rest` is
    how many seconds to let pass after being woken, for what is better done together.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        accounts: Collection[str],
        take: Callable[[str, Collection[Hashable], int], Awaitable[Round[Item]]],
        work: Callable[[Item], Awaitable[bool]],
        *,
        at_once: int,
        follow: Callable[[Item], Awaitable[Item | None]] | None = None,
        rest: float = 0,
    ) -> None:
        self._name = name
        self._clock = clock
        self._accounts = accounts
        self._take = take
        self._work = work
        self._at_once = at_once
        self._follow = follow
        self._rest = rest
        self._woken = asyncio.Event()
        self._taking = asyncio.Lock()
        self._lanes: dict[str, _Lane[Item]] = {}

    def wake(self) -> None:
        self._woken.set()

    async def flush(self) -> None:
        """Do all that is due now, one after the other: whatever follows in the same place at once."""
        for account in list(self._accounts):
            for _, first in (await self._take(account, (), 1_000_000)).items:
                item: Item | None = first
                while item is not None and await self._work(item) and self._follow:
                    item = await self._follow(item)

    async def done(self) -> None:
        """Return once all that is due now has been done, beside whoever runs this."""
        while True:
            await self._start_due()
            busy = [task for lane in self._lanes.values() for task in lane.busy.values()]
            if not busy:
                return
            await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)

    async def run(self) -> None:
        """Do what is due, and again whenever woken, until cancelled, whatever goes wrong meanwhile."""
        try:
            while True:
                self._woken.clear()
                try:
                    wait = self._time_to(await self._start_due())
                except StoreFailed as error:
                    log.warning("%s: the database does not answer (%s); trying again", self._name, error)
                    wait = FIRST_PAUSE
                except Exception:
                    log.exception("%s could not read what is due; trying again", self._name)
                    wait = FIRST_PAUSE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
                if self._rest:
                    await self._clock.sleep(self._rest)
        finally:
            tasks = [task for lane in self._lanes.values() for task in lane.busy.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _time_to(self, moments: Iterable[datetime]) -> float:
        first = min(moments, default=None)
        if first is None:
            return LONGEST_WAIT
        return min(max((first - self._clock.now()).total_seconds(), 0.01), LONGEST_WAIT)

    async def _start_due(self) -> list[datetime]:
        """Start what is due as far as there is room; when more becomes due. What ends wakes the worker.

        Raises: whatever reading what is due of some account does, once the others had their turn.
        """
        later, failed = [], None
        async with self._taking:
            for account in list(self._accounts):
                lane = self._lanes.setdefault(account, _Lane())
                self._start_backlog(lane)
                if lane.backlog or (free := lane.free(self._at_once)) <= 0:
                    continue
                try:
                    found = await self._take(account, lane.busy.keys(), free)
                except Exception as error:
                    failed = error
                    continue
                lane.backlog.extend(found.items)
                self._start_backlog(lane)
                if found.next_at:
                    later.append(found.next_at)
        if failed:
            raise failed
        return later

    def _start_backlog(self, lane: _Lane[Item]) -> None:
        while lane.backlog and lane.free(self._at_once) > 0:
            key, item = lane.backlog.popleft()
            task = lane.busy[key] = asyncio.create_task(self._guarded(item))
            lane.counted.add(key)
            slow = asyncio.get_running_loop().call_later(SLOW_AFTER, self._give_way, lane, key)
            task.add_done_callback(lambda _, key=key, slow=slow: self._ended(lane, key, slow))  # type: ignore[misc]

    def _give_way(self, lane: _Lane[Item], key: Hashable) -> None:
        """It hangs, and holds up nothing else."""
        lane.counted.discard(key)
        self.wake()

    def _ended(self, lane: _Lane[Item], key: Hashable, slow: asyncio.TimerHandle) -> None:
        slow.cancel()
        lane.busy.pop(key, None)
        lane.counted.discard(key)
        self.wake()

    async def _guarded(self, item: Item) -> None:
        try:
            await self._work(item)
        except StoreFailed as error:
            log.warning("%s: the database does not answer (%s); trying again", self._name, error)
            await self._clock.sleep(FIRST_PAUSE)
        except Exception:
            log.exception("%s stumbled; trying again", self._name)
            await self._clock.sleep(FIRST_PAUSE)

"""What is done beside reading, each in its own time: whatever hangs holds up nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.delivery.worker import MOST_SLOW, SLOW_AFTER

log = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]


@dataclass(eq=False, slots=True)
class Share:
    """One of those under way, and whose; whether it is counted, as one that hangs is not."""

    whose: str
    near: bool
    counts: bool = True
    slow: asyncio.TimerHandle | None = None


class Shares:
    """Of what may take long so much is under way altogether, and so much of it by whomever it takes long:
    who hangs holds up nobody else.

    Whoever has a server has as many names as they like. So what hangs counts among those of its name alone,
    and what is `near`, of Plein's own server, has as much room beside all others. `patient`: what
    hangs counts as well.
    """

    def __init__(
        self,
        most: int,
        of_one: int,
        near: Callable[[str], bool] = lambda whose: False,
        *,
        patient: bool = False,
    ) -> None:
        self._most = most
        self._slow_after = None if patient else SLOW_AFTER
        self._of_one = of_one
        self._near = near
        self._taken = Counter[str]()
        # How many there are, near and far, and how many of these hang.
        self._counted, self._hang = Counter[bool](), Counter[bool]()

    def take(self, whose: str, hangs: Callable[[], None] = lambda: None) -> Share | None:
        """One more, where there is room for it; what is nobody's counts as nobody's. `hangs` is called when
        it takes so long that it is not counted any more.
        """
        near = self._near(whose)
        of_one = self._taken[whose] < self._of_one if whose else True
        if not of_one or self._counted[near] >= self._most or self._hang[near] >= MOST_SLOW * self._most:
            return None
        self._taken[whose] += 1
        self._counted[near] += 1
        share = Share(whose, near)
        if self._slow_after is not None:
            loop = asyncio.get_running_loop()
            share.slow = loop.call_later(self._slow_after, self._give_way, share, hangs)
        return share

    def _give_way(self, share: Share, hangs: Callable[[], None]) -> None:
        share.counts = False
        self._counted[share.near] -= 1
        self._hang[share.near] += 1
        hangs()

    def give_back(self, share: Share) -> None:
        if share.slow:
            share.slow.cancel()
        (self._counted if share.counts else self._hang)[share.near] -= 1
        self._taken[share.whose] -= 1
        if not self._taken[share.whose]:
            del self._taken[share.whose]


class Errands:
    """At most one under way under each name, `most` altogether, and `of_one` whosever they are; the others
    wait. `near` is as in Shares.
    """

    def __init__(
        self, most: int, of_one: int | None = None, near: Callable[[str], bool] = lambda whose: False
    ) -> None:
        # Where it does not matter whose they are, it is for the homeserver that they are so few.
        self._shares = Shares(most, most if of_one is None else of_one, near, patient=of_one is None)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, tuple[str, Work]] = {}

    def run(self, name: str, work: Work, *, whose: str = "", again: bool = False) -> None:
        """Do it, unless that is under way, or waits; `again`: once more as soon as that ended."""
        if name in self._under_way:
            if again:
                self._waiting[name] = whose, work
        elif name not in self._waiting and not self._begin(name, whose, work):
            self._waiting[name] = whose, work

    def is_under_way(self, name: str) -> bool:
        return name in self._under_way

    async def stop(self) -> None:
        self._waiting.clear()
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str, whose: str, work: Work) -> bool:
        if name in self._under_way or (share := self._shares.take(whose, self._begin_waiting)) is None:
            return False
        task = self._under_way[name] = asyncio.create_task(self._guarded(name, work))
        task.add_done_callback(lambda _: self._ended(name, share))
        return True

    def _ended(self, name: str, share: Share) -> None:
        del self._under_way[name]
        self._shares.give_back(share)
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        for other, (of, work) in list(self._waiting.items()):
            if self._begin(other, of, work):
                del self._waiting[other]

    async def _guarded(self, name: str, work: Work) -> None:
        try:
            await work()
        except Exception as error:
            log.warning("%s failed: %s: %s", name, type(error).__name__, error)

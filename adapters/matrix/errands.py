"""What is done beside reading, each in its own time: whatever hangs holds up nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]


class Shares:
    """Of what may take long so much is under way altogether, and so much of it by whomever it takes long:
    who hangs holds up nobody else.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._most = most
        self._of_one = of_one
        self._taken = Counter[str]()

    def take(self, whose: str) -> bool:
        """Whether there is room for one more, which is taken; what is nobody's counts as nobody's."""
        of_one = self._taken[whose] < self._of_one if whose else True
        if has_room := of_one and self._taken.total() < self._most:
            self._taken[whose] += 1
        return has_room

    def give_back(self, whose: str) -> None:
        self._taken[whose] -= 1
        if not self._taken[whose]:
            del self._taken[whose]


class Errands:
    """At most one under way under each name, `most` altogether, and `of_one` whosever they are; the others
    wait.
    """

    def __init__(self, most: int, of_one: int | None = None) -> None:
        self._shares = Shares(most, most if of_one is None else of_one)
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
        if name in self._under_way or not self._shares.take(whose):
            return False
        task = self._under_way[name] = asyncio.create_task(self._guarded(name, work))
        task.add_done_callback(lambda _: self._ended(name, whose))
        return True

    def _ended(self, name: str, whose: str) -> None:
        del self._under_way[name]
        self._shares.give_back(whose)
        for other, (of, work) in list(self._waiting.items()):
            if self._begin(other, of, work):
                del self._waiting[other]

    async def _guarded(self, name: str, work: Work) -> None:
        try:
            await work()
        except Exception as error:
            log.warning("%s failed: %s: %s", name, type(error).__name__, error)

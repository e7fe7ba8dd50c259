"""What is done beside reading, each in its own time: whatever hangs holds up nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]


class Errands:
    """At most one under way under each name, and `most` altogether."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, Work] = {}

    def run(self, name: str, work: Work, *, again: bool = False) -> bool:
        """Begin it, unless it is under way; `again`: once more as soon as that ended. Whether it will be."""
        if name in self._under_way:
            if again:
                self._again[name] = work
            return again
        if len(self._under_way) >= self._most:
            return False
        task = self._under_way[name] = asyncio.create_task(self._guarded(name, work))
        task.add_done_callback(lambda _: self._ended(name))
        return True

    async def stop(self) -> None:
        self._again.clear()
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str) -> None:
        del self._under_way[name]
        if work := self._again.pop(name, None):
            self.run(name, work)

    async def _guarded(self, name: str, work: Work) -> None:
        try:
            await work()
        except Exception as error:
            log.warning("%s failed: %s: %s", name, type(error).__name__, error)

"""What a platform brought, dealt with in order within a room, and kept until it was dealt with."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from bot.clock import Clock
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival
from bot.ports.adapter import Core

log = logging.getLogger(__name__)
TRIES = 5
PAUSE = 0.5


class InOrder:
    """Gives arrivals to `deal`, those of one room one after the other."""

    def __init__(self, core: Core, clock: Clock, deal: Callable[[Arrival], Awaitable[None]]) -> None:
        self._core = core
        self._clock = clock
        self._deal = deal
        self._waiting: dict[str, deque[tuple[str, Arrival]]] = {}
        self._working: dict[str, asyncio.Task[None]] = {}

    def put(self, account: str, arrival: Arrival) -> None:
        """Deal with it after whatever came before it in the same room. `account`: whose inbox it is in."""
        self._waiting.setdefault(arrival.room, deque()).append((account, arrival))
        if arrival.room not in self._working:
            self._working[arrival.room] = asyncio.create_task(self._work(arrival.room))

    async def idle(self) -> None:
        """Return once all that came so far has been dealt with."""
        while self._working:
            await asyncio.wait(list(self._working.values()))

    async def stop(self) -> None:
        """What was not dealt with is still in the inbox."""
        tasks = list(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, room: str) -> None:
        queue = self._waiting[room]
        try:
            while queue:
                await self._persist(*queue[0])
                queue.popleft()
        finally:
            del self._working[room], self._waiting[room]

    async def _persist(self, account: str, arrival: Arrival) -> None:
        """Until it is dealt with; what fails again and again is given up, with a word in the log."""
        attempt = 0
        while True:
            try:
                await self._deal(arrival)
                await self._core.acknowledge(account, [arrival.seq])
                return
            except StoreFailed:
                log.warning("The database does not answer; trying %s again", arrival.id)
            except TryLater as busy:
                # The platform's trouble: what was said is not given up for that.
                await self._clock.sleep(busy.seconds)
                continue
            except Exception as error:
                attempt += 1
                if attempt == TRIES:
                    log.exception("Gave up on %s", arrival.id)
                    await self._core.acknowledge(account, [arrival.seq])
                    return
                log.warning("Could not deal with %s yet: %s", arrival.id, type(error).__name__)
            await self._clock.sleep(PAUSE * 2**attempt)

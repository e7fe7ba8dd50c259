"""What the outbox and the boards share: doing what is due, place by place, when woken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import StoreFailed

log = logging.getLogger(__name__)
LONGEST_WAIT = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
PARK_AFTER = 12


def pause(attempts: int) -> timedelta:
    """How long to leave something alone that failed so often: 2 s, 4 s, 8 s ... 5 minutes."""
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** min(attempts, 20), LONGEST_PAUSE))


class Worker:
    """Runs `work` for each key that has something due; a slow key holds up no other.

    `due` lists the keys; `next_at` says when something that waits now becomes due; `rest` is how many
    seconds to let pass after being woken, for what is better done together, and after what woke it.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        due: Callable[[], Awaitable[Iterable[Hashable]]],
        next_at: Callable[[], Awaitable[datetime | None]],
        work: Callable[[Hashable], Awaitable[None]],
        rest: float = 0,
    ) -> None:
        self._name = name
        self._clock = clock
        self._due = due
        self._next_at = next_at
        self._work = work
        self._rest = rest
        self._woken = asyncio.Event()
        self._busy: dict[Hashable, asyncio.Task[None]] = {}

    def wake(self) -> None:
        self._woken.set()

    async def flush(self) -> None:
        """Do all that is due now, one key after the other."""
        for key in list(await self._due()):
            await self._work(key)

    async def done(self) -> None:
        """Return once all that is due now has been done by whoever runs this."""
        while keys := {*await self._due(), *self._busy}:
            for key in keys - self._busy.keys():
                self._start(key)
            await asyncio.wait([self._busy[key] for key in keys])

    async def run(self) -> None:
        """Do what is due, and again whenever woken, until cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    for key in await self._due():
                        if key not in self._busy:
                            self._start(key)
                    wait = await self._time_to_next()
                except StoreFailed as error:
                    log.warning("%s: the database does not answer (%s); trying again", self._name, error)
                    wait = FIRST_PAUSE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
                if self._rest:
                    await self._clock.sleep(self._rest)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _time_to_next(self) -> float:
        when = await self._next_at()
        if when is None:
            return LONGEST_WAIT
        # What is due already is being worked on; look again soon in case it could not be.
        return min(max((when - self._clock.now()).total_seconds(), 0.25), LONGEST_WAIT)

    def _start(self, key: Hashable) -> None:
        task = asyncio.create_task(self._guarded(key))
        self._busy[key] = task
        task.add_done_callback(lambda _: self._finished(key))

    def _finished(self, key: Hashable) -> None:
        self._busy.pop(key, None)
        self.wake()

    async def _guarded(self, key: Hashable) -> None:
        try:
            await self._work(key)
        except StoreFailed as error:
            log.warning("%s: the database does not answer (%s); trying again", self._name, error)
            await self._clock.sleep(FIRST_PAUSE)
        except Exception:
            log.exception("%s stumbled; trying again", self._name)
            await self._clock.sleep(FIRST_PAUSE)

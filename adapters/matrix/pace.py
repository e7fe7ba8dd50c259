"""Keeping to the server's pace: who is asked for patience waits, and then goes one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import TryLater

# What is said to one person goes after what is said to all.
COURTESY = 0.5
# Whose request takes longer than so many seconds holds up nobody else's.
LETS_BY_AFTER = 1.0


class Pace:
    """One kind of request that the server counts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open_at: datetime | None = None
        self._narrow = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def turn(self, *, courteous: bool = False) -> AsyncIterator[None]:
        """Raises: TryLater while there is to be patience; `courteous` lets others go first."""
        self._check(courteous)
        if self._open_at is None:
            yield
            return
        # Once asked, one at a time: otherwise all who wait would knock together. Who hangs lets others by.
        await self._narrow.acquire()
        narrow = True

        def let_by() -> None:
            nonlocal narrow
            if narrow:
                narrow = False
                self._narrow.release()

        timer = asyncio.get_running_loop().call_later(LETS_BY_AFTER, let_by)
        try:
            self._check(courteous)
            yield
        finally:
            timer.cancel()
            let_by()

    @property
    def is_narrow(self) -> bool:
        """Whether the server ever asked for patience."""
        return self._open_at is not None

    def slow_down(self, milliseconds: int | None) -> TryLater:
        """The server asked for patience. What is returned is to be raised."""
        wait = max((milliseconds or 5_000) / 1000, 0.1)
        self._open_at = self._clock.now() + timedelta(seconds=wait)
        return TryLater(wait)

    def _check(self, courteous: bool) -> None:
        if self._open_at is None:
            return
        wait = (self._open_at - self._clock.now()).total_seconds()
        if wait > 0:
            raise TryLater(wait + (COURTESY if courteous else 0))

"""Time, which is asked of nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

# By so much a moment may lie ahead that was noted just now: what is left under a mark ends at a full hour.
_ROUNDED = timedelta(hours=1)


def latest_end(now: datetime, lasts: timedelta) -> datetime:
    """Until when at the latest something counts that lasts so long: what would count for longer was noted
    while the clock was ahead, and counts as nothing.
    """
    return now + lasts + _ROUNDED


def left(began: datetime, lasts: timedelta, now: datetime) -> timedelta:
    """What is left of what began then and lasts so long: nothing where it began while the clock was ahead."""
    return max(began + lasts - now, timedelta(0)) if began <= now else timedelta(0)


class Clock(Protocol):
    """Where time comes from; tests and the console turn it by hand."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HandClock:
    """A clock that is turned by hand, for the console and for tests. It never runs by itself."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def turn(self, by: timedelta) -> None:
        self._now += by

    def turn_to(self, moment: datetime) -> None:
        self._now = max(self._now, moment)

    async def sleep(self, seconds: float) -> None:
        self.turn(timedelta(seconds=seconds))
        await asyncio.sleep(0)

"""Discord's own time and the ids made of it: tests turn it by hand, nobody has to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH = 1_420_070_400_000
"""Milliseconds from 1970 to Discord's first second: ids count from there."""


class Clock:
    """Stands still until it is turned, unless it is `running`: at the machine's pace or another."""

    def __init__(self, *, running: bool = False, pace: Callable[[], float] = time.monotonic) -> None:
        self._start = time.time()
        self._pace = pace
        self._began = pace()
        self.running = running
        self._turned = 0.0
        self._last = 0
        self.on_turn: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds since 1970."""
        passed = self._pace() - self._began if self.running else 0.0
        return self._start + self._turned + passed

    def turn(self, seconds: float) -> None:
        """Let that much time pass at once; what is due then happens before this returns."""
        self._turned += seconds
        for happen in self.on_turn:
            happen()

    def new_id(self, *, apart: bool = False) -> str:
        """A snowflake, greater than all before. `apart`: of another millisecond, so that shards differ."""
        least = self._last + (1 << 22 if apart else 1)
        # In whole microseconds first: a float shows the millisecond before as easily.
        self._last = max(least, (round(self.now() * 1_000_000) // 1000 - EPOCH) << 22)
        return str(self._last)


def iso(seconds: float) -> str:
    """As Discord writes a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def since_1970(text: str) -> float:
    """What Discord or a library wrote as ISO 8601; a ValueError where it is none, or has no zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.timestamp()


def time_of(snowflake: str) -> float:
    """When an id was made."""
    return ((int(snowflake) >> 22) + EPOCH) / 1000

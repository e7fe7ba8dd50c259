"""Keeping to a pace: no more of Discord's answers than it gives, by turns of who asks for them."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta

from bot.clock import Clock


class Pace:
    """Each `apart` seconds somebody's turn; after a silence up to `at_once` turns one after the other.

    Whoever asks for many waits for themselves: those who wait have their turns in a circle.
    """

    def __init__(self, clock: Clock, apart: float, at_once: int) -> None:
        self._clock = clock
        self._apart, self._ahead = timedelta(seconds=apart), timedelta(seconds=apart * (at_once - 1))
        # Up to when all turns are taken.
        self._taken_until = clock.now()
        # Whoever is next comes first.
        self._lines: dict[int, deque[asyncio.Future[None]]] = {}
        self._calling: asyncio.Task[None] | None = None

    async def turn(self, who: int) -> None:
        """Return when it is the turn of what somebody asks for."""
        waiting = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append(waiting)
        if self._calling is None or self._calling.done():
            self._calling = asyncio.create_task(self._call())
        await waiting

    async def _call(self) -> None:
        while self._lines:
            now = self._clock.now()
            # A clock that was put back keeps nobody waiting.
            early = min(self._taken_until - self._ahead - now, self._apart)
            if early > timedelta(0):
                await self._clock.sleep(early.total_seconds())
            who = next(iter(self._lines))
            line = self._lines.pop(who)
            waiting = line.popleft()
            if line:
                self._lines[who] = line
            if not waiting.done():
                self._taken_until = max(self._taken_until, now) + self._apart
                waiting.set_result(None)

"""Whoever does much at once waits for themselves, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

log = logging.getLogger(__name__)
# So many of one person's are dealt with at the same time, and answered; so many may be there, those included.
AT_ONCE, MOST = 4, 30


@dataclass(slots=True)
class _Line:
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    there: int = 0
    is_told: bool = False


class Turns:
    """A line for each person, in order; there is one only while they wait for something."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}

    def takes(self, who: int) -> bool:
        """Whether there is room for more; it is said in the log once, and not for every one of a thousand."""
        line = self._lines.get(who)
        if line is None or line.there < MOST:
            return True
        if not line.is_told:
            line.is_told = True
            log.warning("Passing over what %s does: %d wait already", who, line.there)
        return False

    @contextlib.asynccontextmanager
    async def turn(self, who: int) -> AsyncIterator[None]:
        line = self._lines.setdefault(who, _Line())
        line.there += 1
        try:
            async with line.turns:
                yield
        finally:
            line.there -= 1
            if not line.there:
                del self._lines[who]

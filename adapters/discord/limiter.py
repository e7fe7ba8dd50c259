"""Whoever does much at once waits for themselves, and nobody else waits for them.

This is no `adapters/inbox.py`: an interaction is kept nowhere and comes once, whoever brought it waits for it
here, and a person's presses are dealt with side by side.
"""

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
class _Person:
    """How many of theirs are there; there is one only while they wait for something."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    there: int = 0
    is_logged: bool = False


class Limiter:
    """Limits how much of each person's is dealt with at once; the rest waits for a slot, in order."""

    def __init__(self) -> None:
        self._people: dict[int, _Person] = {}

    def admits(self, who: int) -> bool:
        """Whether there is room for more; it is said in the log once, and not for every one of a thousand."""
        person = self._people.get(who)
        if person is None or person.there < MOST:
            return True
        if not person.is_logged:
            person.is_logged = True
            log.warning("Passing over what %s does: %d wait already", who, person.there)
        return False

    @contextlib.asynccontextmanager
    async def slot(self, who: int) -> AsyncIterator[None]:
        """Wait for a slot of theirs, and hold it."""
        person = self._people.setdefault(who, _Person())
        person.there += 1
        try:
            async with person.slots:
                yield
        finally:
            person.there -= 1
            if not person.there:
                del self._people[who]

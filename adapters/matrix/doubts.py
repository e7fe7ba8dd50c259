"""What is in doubt of a room is read beside everything else, a few rooms at a time.

Whoever's own word depends on it has it read at once, and waits for that themselves, once: a room whose
history does not come holds up nobody elsewhere, nor them again and again. It is tried until it can be read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.delivery.worker import LONGEST_PATIENCE, pause
from bot.recent import Recent

log = logging.getLogger(__name__)
# So many rooms are read at a time; so many more that somebody waits for, and so many of these of one person.
AT_ONCE, WAITED_FOR, OF_ONE = 4, 20, 5
# So many seconds for a room, three times as many whenever that was in vain, and so many at most.
ROOM_WITHIN, LONGEST_WITHIN = 20.0, 180.0
# So long somebody waits until what is in doubt of them was read; of so many people it is known when that was.
WAITS_FOR, MOST_WAITED = timedelta(seconds=20), 10_000


class Doubts:
    """Calls `settle` with a room until that fails no more. Whoever `wait`s for a room comes first."""

    def __init__(self, clock: Clock, settle: Callable[[str], Awaitable[None]]) -> None:
        self._clock = clock
        self._settle = settle
        # Rooms of which there is something to be read, those that are seen to, and what is read just now.
        self._open: set[str] = set()
        self._seen_to: set[str] = set()
        self._attempts: dict[str, asyncio.Task[bool]] = {}
        self._in_vain: dict[str, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._turns, self._seats = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(WAITED_FOR)
        self._of_one: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._patience: Recent[str, datetime] = Recent(MOST_WAITED)

    def note(self, room: str) -> None:
        """Something is in doubt there."""
        self._open.add(room)
        if room not in self._seen_to:
            self._seen_to.add(room)
            self._start(self._until_settled(room))

    def settled(self, user: str) -> None:
        """It was read of them: should something else come to be in doubt, that is waited for anew."""
        self._patience.pop(user, None)

    async def wait(self, user: str, rooms: Iterable[str]) -> None:
        """Until it was read in these rooms, or somebody waited long enough."""
        if user not in self._patience:
            self._patience[user] = self._clock.now() + WAITS_FOR
        until = self._patience[user]
        seconds = (until - self._clock.now()).total_seconds()
        if seconds <= 0:
            return
        turns = self._of_one.setdefault(user, asyncio.Semaphore(OF_ONE))
        asked = [self._start(self._read_for(room, turns, until)) for room in rooms]
        await asyncio.wait(asked, timeout=seconds)

    async def stop(self) -> None:
        """What is under way is left as it is."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open.clear()
        self._seen_to.clear()
        self._in_vain.clear()

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _until_settled(self, room: str) -> None:
        while room in self._open:
            async with self._turns:
                self._open.discard(room)
                done = await asyncio.shield(self._attempt(room))
            if not done:
                self._open.add(room)
                await self._clock.sleep(pause(self._in_vain.get(room, 0), LONGEST_PATIENCE).total_seconds())
        self._seen_to.discard(room)
        self._in_vain.pop(room, None)

    async def _read_for(self, room: str, turns: asyncio.Semaphore, until: datetime) -> None:
        async with turns, self._seats:
            if self._clock.now() < until:
                await asyncio.shield(self._attempt(room))

    def _attempt(self, room: str) -> asyncio.Task[bool]:
        """What is under way of that room, or a new try."""
        if room not in self._attempts:
            task = self._attempts[room] = self._start(self._try(room))
            task.add_done_callback(lambda _: self._attempts.pop(room))
        return self._attempts[room]

    async def _try(self, room: str) -> bool:
        vain = self._in_vain.get(room, 0)
        try:
            async with asyncio.timeout(min(ROOM_WITHIN * 3 ** min(vain, 5), LONGEST_WITHIN)):
                await self._settle(room)
        except Exception as error:
            log.warning("Who came into %s meanwhile cannot be read: %s", room, type(error).__name__)
            self._in_vain[room] = vain + 1
            return False
        return True

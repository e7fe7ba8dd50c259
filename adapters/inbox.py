"""What a platform brought, dealt with in order within a room, and kept until it was dealt with.

Whoever has to wait waits alone. What one person said and what cannot be dealt with yet, or takes long, or
is very much at once, goes on in a line of its own, in order; what others say in that room is not held up.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.clock import Clock
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival
from bot.ports.adapter import Core

log = logging.getLogger(__name__)
TRIES = 5
PAUSE = 0.5
# For so long the platform’s trouble is waited out.
GIVE_UP_AFTER = timedelta(hours=1)
# What takes longer than so many seconds holds up nobody else's.
OVERTAKEN_AFTER = 1.0
# So many of one person's are dealt with before what others said after them; of more than so many that wait
# in a room nothing is kept.
MOST_AHEAD, MOST_WAITING = 20, 500
# Whose an arrival is, in its room.
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Item:
    account: str
    arrival: Arrival
    who: str


@dataclass(slots=True, eq=False)
class _Room:
    """What waits, how many of whose, and the milliseconds that theirs took; which task deals with it."""

    waiting: deque[_Item] = field(default_factory=deque)
    ahead: Counter[str] = field(default_factory=Counter)
    took: Counter[str] = field(default_factory=Counter)
    worker: asyncio.Task[None] | None = None

    def leave(self, who: str) -> None:
        self.ahead[who] -= 1
        if not self.ahead[who]:
            del self.ahead[who]


class InOrder:
    """Gives arrivals to `deal`, those of one room one after the other."""

    def __init__(self, core: Core, clock: Clock, deal: Callable[[Arrival], Awaitable[None]]) -> None:
        self._core = core
        self._clock = clock
        self._deal = deal
        self._rooms: dict[str, _Room] = {}
        self._aside: dict[Line, deque[_Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def takes(self, room: str, who: str) -> bool:
        """Whether what that person says there is to be kept: of nobody so much waits that it never ends."""
        waiting = self._waiting(room, who)
        if waiting >= MOST_WAITING:
            log.warning("Passed over what %s said in %s: %d wait already", who, room, waiting)
        return waiting < MOST_WAITING

    def room_left(self, room: str) -> int:
        """How much more is taken there of whoever has most waiting."""
        here = self._rooms.get(room)
        people = {*(here.ahead if here else ()), *(who for there, who in self._aside if there == room)}
        return MOST_WAITING - max((self._waiting(room, who) for who in people), default=0)

    def _waiting(self, room: str, who: str) -> int:
        here = self._rooms.get(room)
        return len(self._aside.get((room, who), ())) + (here.ahead[who] if here else 0)

    def put(self, account: str, arrival: Arrival, who: str = "") -> None:
        """Deal with it after whatever came before it in the same room.

        `account`: whose inbox it is in. `who` said it; nobody: everybody there waits for it.
        """
        here = self._rooms.setdefault(arrival.room, _Room())
        here.waiting.append(_Item(account, arrival, who))
        here.ahead[who] += 1
        if here.worker is None:
            here.worker = self._start(self._work(arrival.room, here))

    def put_first(self, account: str, said: Sequence[tuple[Arrival, str]]) -> None:
        """What everybody in a room waits for brought these, with who said each: they come before the rest."""
        for arrival, who in reversed(said):
            here = self._rooms[arrival.room]
            here.waiting.appendleft(_Item(account, arrival, who))
            here.ahead[who] += 1

    async def idle(self) -> None:
        """Return once all that came so far has been dealt with."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def stop(self) -> None:
        """What was not dealt with is still in the inbox."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- a room ---

    async def _work(self, name: str, here: _Room) -> None:
        while here.waiting:
            item = here.waiting.popleft()
            line = name, item.who
            if not item.who:
                await self._persist(item)
            elif line in self._aside or self._is_much(here, item.who):
                self._wait(line, item)
            elif await self._overtaken(here, item):
                return  # as another task goes on with the room
            here.leave(item.who)
        del self._rooms[name]

    def _is_much(self, here: _Room, who: str) -> bool:
        return here.ahead[who] > MOST_AHEAD or here.took[who] > OVERTAKEN_AFTER * 1000

    async def _overtaken(self, here: _Room, item: _Item) -> bool:
        """Deal with it; whether that took so long that the others went on, and this became a line aside."""
        line, mine = (item.arrival.room, item.who), here.worker

        def overtake() -> None:
            self._aside[line] = deque()
            here.leave(item.who)
            here.worker = self._start(self._work(item.arrival.room, here))

        loop = asyncio.get_running_loop()
        slow, began = loop.call_later(OVERTAKEN_AFTER, overtake), loop.time()
        try:
            done = await self._attempt(item)
        finally:
            slow.cancel()
            here.took[item.who] += round(1000 * (loop.time() - began))
        if here.worker is mine:
            if not done:
                self._wait(line, item)
            return False
        if not done:
            self._aside[line].appendleft(item)
        await self._follow(line)
        return True

    # --- a person who has to wait ---

    def _wait(self, line: Line, item: _Item) -> None:
        waiting = self._aside.get(line)
        if waiting is not None:
            waiting.append(item)
            return
        self._aside[line] = deque([item])
        self._start(self._follow(line))

    async def _follow(self, line: Line) -> None:
        waiting = self._aside[line]
        while waiting:
            await self._persist(waiting[0])
            waiting.popleft()
        del self._aside[line]

    # --- one of them ---

    async def _attempt(self, item: _Item) -> bool:
        """Whether it was dealt with; the database is waited for, as everybody else has to."""
        while True:
            try:
                await self._deal(item.arrival)
                await self._acknowledge(item)
                return True
            except StoreFailed:
                log.warning("The database does not answer; trying %s again", item.arrival.id)
                await self._clock.sleep(PAUSE)
            except Exception as error:
                log.info("%s waits: %s", item.arrival.id, error or type(error).__name__)
                return False

    async def _persist(self, item: _Item) -> None:
        """Until it is dealt with; what fails again and again is given up, with a word in the log."""
        attempt, until, given_up = 0, self._clock.now() + GIVE_UP_AFTER, False
        while True:
            try:
                if not given_up:
                    await self._deal(item.arrival)
                await self._acknowledge(item)
                return
            except StoreFailed:
                log.warning("The database does not answer; trying %s again", item.arrival.id)
                await self._clock.sleep(PAUSE)
                continue
            except TryLater as busy:
                # The platform's trouble: what was said is not given up for that before long.
                given_up, wait = self._clock.now() >= until, busy.seconds
            except Exception as error:
                attempt += 1
                given_up, wait = attempt == TRIES, PAUSE * 2**attempt
                log.warning("Could not deal with %s yet: %s", item.arrival.id, type(error).__name__)
            if given_up:
                log.error("Gave up on %s", item.arrival.id)
            else:
                await self._clock.sleep(wait)

    async def _acknowledge(self, item: _Item) -> None:
        if item.arrival.seq:
            await self._core.acknowledge(item.account, [item.arrival.seq])

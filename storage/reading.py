"""Reads that nobody's answer waits for: beside the writer, in turns, and never before those who write.

A read takes the processor from whoever writes, and in a thread Python's own lock as well. So one read
works at a time, and it begins when nothing waits to be written. Neither is for ever: a turn is over
after 10 ms, whoever needs longer asks for another, and nobody gives way for longer than 50 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Executable

from storage.executor import Executor, Rows, Values

# Seconds.
TURN = 0.01
GIVES_WAY = 0.05


class Turns:
    """Whose turn it is to read, and how many wait for something to be written."""

    def __init__(self) -> None:
        self._waiting = 0
        self._quiet = asyncio.Event()
        self._taken = asyncio.Lock()

    def write(self) -> None:
        """Somebody asked for something to be written."""
        self._waiting += 1
        self._quiet.clear()

    def written(self, works: int) -> None:
        """So many were told what became of it. They go on before anybody reads, perhaps to write again."""
        self._waiting -= works
        if not self._waiting:
            self._quiet.set()

    async def take(self) -> None:
        """Return when it is the caller's turn, who must `give` it back."""
        until = asyncio.get_running_loop().time() + GIVES_WAY
        await self._taken.acquire()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    while self._waiting:
                        await self._quiet.wait()
        except BaseException:
            self._taken.release()
            raise

    def give(self) -> None:
        self._taken.release()


class Turn:
    """One read's turn: over when the read ends, or has lasted too long for the others."""

    def __init__(self, turns: Turns) -> None:
        self.over = True
        self._turns = turns
        self._end: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        await self._turns.take()
        self.over = False
        self._end = asyncio.get_running_loop().call_later(TURN, self.give)

    def give(self) -> None:
        if not self.over and self._end:
            self.over = True
            self._end.cancel()
            self._turns.give()


class ReadingExecutor(Executor):
    """Executes what reads. What would write is a mistake in the code, and raises RuntimeError."""

    def __init__(self, db: Connection, before_each: Callable[[], None]) -> None:
        super().__init__(db)
        self.locks = False
        self._before_each = before_each

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Rows:
        if statement.is_dml:
            raise RuntimeError(f"what only reads may not write: {statement}")
        self._before_each()
        return super().execute(statement, values)

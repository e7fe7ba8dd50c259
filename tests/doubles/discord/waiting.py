"""Waiting for something to become so, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Rings at every change; whoever waits looks again."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something changed."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(
        self, look: Callable[[], T | None], *, timeout: float = 60.0, why: Callable[[], str] = lambda: ""
    ) -> T:
        """What `look` gives once that is something; None, False and what is empty are nothing yet.

        An AssertionError that says `why` where it does not come about in so many seconds.
        """
        end = asyncio.get_running_loop().time() + timeout
        while True:
            found = look()
            if found:
                return found
            left = end - asyncio.get_running_loop().time()
            rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(rung)
            try:
                async with asyncio.timeout(max(left, 0)):
                    await rung
            except TimeoutError:
                raise AssertionError(f"waited {timeout:g} s in vain: {why()}") from None
            finally:
                self._waiting.discard(rung)

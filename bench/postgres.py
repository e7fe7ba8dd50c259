"""Votes through the whole core on PostgreSQL, with commits shared and each in a transaction of its own."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.community import casting, core_on, opened, votes, with_poll
from bench.figures import Figure, by_turns, compare
from bot.model.events import Invocation
from bot.ports.storage import Store, Transaction, Whose
from tests.postgres import PostgreSQL as Server

T = TypeVar("T")
VOTERS = CONNECTIONS = 32


class Ungrouped:
    """Several stores on one database; whoever comes has one to themselves until they are done."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self._free: asyncio.Queue[Store] = asyncio.Queue()
        for store in stores:
            self._free.put_nowait(store)

    async def run(
        self, work: Callable[[Transaction], T], about: Invocation | None = None, *, community: Whose = 1
    ) -> T:
        async with self._whoever_is_free() as store:
            return await store.run(work, about, community=community)

    async def run_anywhere(self, work: Callable[[Transaction], T]) -> T:
        async with self._whoever_is_free() as store:
            return await store.run_anywhere(work)

    async def read(self, work: Callable[[Transaction], T], *, community: int = 1) -> T:
        async with self._whoever_is_free() as store:
            return await store.read(work, community=community)

    async def read_anywhere(self, work: Callable[[Transaction], T]) -> T:
        async with self._whoever_is_free() as store:
            return await store.read_anywhere(work)

    async def forget(self, now: datetime, keep: Mapping[str, timedelta] | None = None) -> None:
        async with self._whoever_is_free() as store:
            await store.forget(now, keep)

    async def wipe_log(self) -> bool:
        async with self._whoever_is_free() as store:
            return await store.wipe_log()

    @contextlib.asynccontextmanager
    async def _whoever_is_free(self) -> AsyncIterator[Store]:
        store = await self._free.get()
        try:
            yield store
        finally:
            self._free.put_nowait(store)

    def on_commit(self, what: str, listener: Callable[[], None]) -> None:
        """Nobody is woken here: what is measured is until the answer is kept."""

    async def close(self) -> None:
        """The stores are closed by whoever opened them."""


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.to_thread(Server, Path(folder))
        try:
            async with contextlib.AsyncExitStack() as stack:
                ours, others = server.new_database(), server.new_database()
                grouped: Store = await stack.enter_async_context(opened(ours, Path(folder, "ours")))
                ungrouped: Store = Ungrouped(
                    [
                        await stack.enter_async_context(opened(others, Path(folder, "others")))
                        for _ in range(CONNECTIONS)
                    ]
                )
                cores = [await with_poll(core_on(store), VOTERS) for store in (grouped, ungrouped)]
                measures = [
                    partial(votes, casting(core, by_post=by_post), VOTERS)
                    for by_post in (False, True)
                    for core in cores
                ]
                together, alone, posted, posted_alone = await by_turns(*measures)
        finally:
            await asyncio.to_thread(server.stop)
    beside = f"ungrouped on {CONNECTIONS} connections"
    return [
        compare(
            name,
            "a second",
            [turn.a_second for turn in mine],
            beside,
            [turn.a_second for turn in theirs],
            "at least 8",
        )
        for name, mine, theirs in (
            (f"PostgreSQL: durable votes, {VOTERS} voters", together, alone),
            ("PostgreSQL: the same, each answer kept as a post", posted, posted_alone),
        )
    ]

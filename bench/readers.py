"""A vote while others read without end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import partial

from bench.community import PLATFORM, Votes, casting, core_on, on_both, said, votes, with_poll
from bench.figures import Figure, by_turns, compare
from bot.core import PleinCore
from bot.features.polls.records import POLLS
from bot.model.people import Place
from bot.ports.storage import Store, Transaction

READERS, LISTED = 8, 20
ELSEWHERE = Place(PLATFORM, "hall")
# The theme of the square is the first, that of the hall the second.
THEME = 2


async def measure() -> list[Figure]:
    return await on_both(_beside_readers)


async def _beside_readers(database: str, store: Store) -> list[Figure]:
    core = await with_poll(core_on(store), 1)
    await _fill_the_hall(core)
    busy, quiet = await by_turns(partial(_vote_beside_readers, core), partial(votes, casting(core), 1))
    name = f"a vote while {READERS} readers list {LISTED} polls without end, {database}, p50"
    ours, theirs = ([turn.p50 for turn in found] for found in (busy, quiet))
    return [compare(name, "ms", ours, "alone", theirs, "at most 1.5")]


async def _fill_the_hall(core: PleinCore) -> None:
    """Twenty polls, each opened by somebody else, for one person may only open so many."""
    await core.joined(PLATFORM, ELSEWHERE, "hall")
    for opener in range(100, 100 + LISTED):
        await core.handle(said(opener, '!peiling open "Wat?" Ja | Nee', place=ELSEWHERE))


async def _vote_beside_readers(core: PleinCore) -> Votes:
    async with _readers(core.store):
        return await votes(casting(core), 1)


@contextlib.asynccontextmanager
async def _readers(store: Store) -> AsyncIterator[None]:
    async def read_on() -> None:
        while True:
            polls = await store.read(_list)
            assert len(polls) == LISTED

    tasks = [asyncio.create_task(read_on()) for _ in range(READERS)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(how, asyncio.CancelledError) for how in ended), ended


def _list(tx: Transaction) -> Sequence[object]:
    return tx.of(POLLS).latest([THEME], LISTED)

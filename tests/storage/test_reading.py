"""Reads go beside the writer: they see what is committed, change nothing, and take turns."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import cast

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import StoreFailed, UserError
from bot.features.polls.records import POLLS
from bot.main.features import stores_of
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.connections import READERS, async_url
from storage.engines import Database, open_database
from storage.reading import Turn, Turns
from storage.tables import jobs
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.places import served
from tests.doubles.polls import a_plan

HERE, ANNA = Place("test", "sport"), Identity("test", "anna")


@pytest.fixture
async def in_memory() -> AsyncIterator[Database]:
    opened = await open_database("sqlite:///:memory:", None, stores_of())
    yield opened
    await opened.close()


def add(subject: str, tx: Transaction) -> None:
    tx.jobs.add("test", subject, NOW)


def subjects(tx: Transaction) -> list[str]:
    """Of all jobs; to claim them would hold them."""
    return list(cast(Tx, tx).db.execute(select(jobs.c.subject).order_by(jobs.c.id)).scalars())


async def test_whoever_waited_for_the_commit_reads_what_they_wrote(store: Database) -> None:
    for number in range(20):
        await store.run(partial(add, str(number)))
        assert len(await store.read(subjects)) == number + 1


async def test_in_memory_a_read_sees_what_was_put_off(in_memory: Database) -> None:
    theme = await in_memory.run(lambda tx: served(tx, HERE))
    await in_memory.run(lambda tx: tx.boards.open("poll:1", theme, [HERE]))
    _, stale = await asyncio.gather(
        in_memory.run(lambda tx: tx.boards.mark("poll:1")),
        in_memory.read(lambda tx: tx.boards.stale("test", NOW, 9)),
    )
    assert [board.version for board in stale] == [2]


async def test_a_poll_is_read_without_holding_it(store: Database) -> None:
    def ask(tx: Transaction) -> None:
        tx.places.theme_named("sport")
        tx.people.add(ANNA, "Anna")
        tx.of(POLLS).add(a_plan(), "open")

    await store.run(ask)
    found = await store.read(lambda tx: tx.of(POLLS).get(1, 0))
    assert found
    running = await store.read(lambda tx: tx.of(POLLS).running([1], 0, 9))
    assert [poll for poll, _ in running] == [found[0]]


def in_a_part(tx: Transaction) -> None:
    with tx.savepoint():
        add("x", tx)


WRITES: dict[str, Callable[[Transaction], object]] = {
    "at once": partial(add, "x"),
    "put off": lambda tx: tx.boards.mark("poll:1"),
    "put off, an answer": lambda tx: tx.handled.add("x", NOW, None, None),
    "in a part": in_a_part,
}


@pytest.mark.parametrize("how", WRITES)
async def test_a_read_that_writes_fails_loudly(store: Database, in_memory: Database, how: str) -> None:
    for database in (store, in_memory):
        with pytest.raises(RuntimeError, match="may not write"):
            await database.read(WRITES[how])
        assert await database.run(subjects) == []
        assert (await database.run(lambda tx: tx.handled.recognise("x", ANNA, None))).answer is None


async def test_past_our_own_code_the_database_itself_refuses(store: Database) -> None:
    await store.run(partial(add, "x"))
    with pytest.raises(StoreFailed):
        await store.read(lambda tx: cast(Tx, tx)._executor.run("DELETE FROM jobs"))
    assert await store.run(subjects) == ["x"]
    assert await store.read(subjects) == ["x"]


async def test_a_mistake_in_a_read_is_its_own(store: Database) -> None:
    def fail(tx: Transaction) -> None:
        raise UserError("poll.unknown")

    with pytest.raises(UserError):
        await store.read(fail)
    assert await store.read(subjects) == []


# --- beside the writer ---


@contextlib.asynccontextmanager
async def held_up(url: str) -> AsyncIterator[None]:
    """Nothing can be written there meanwhile."""
    engine = create_async_engine(async_url(url))
    async with engine.connect() as db:
        if url.startswith("sqlite"):
            await db.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await db.execute(text("LOCK TABLE jobs IN EXCLUSIVE MODE"))
        yield
    await engine.dispose()


async def test_a_read_waits_for_nobody_who_writes(store: Database, database_url: str) -> None:
    await store.run(partial(add, "before"))
    async with held_up(database_url):
        writes = asyncio.create_task(store.run(partial(add, "after")))
        await asyncio.sleep(0)
        assert await asyncio.gather(*(store.read(subjects) for _ in range(20))) == [["before"]] * 20
        assert not writes.done()
    await writes
    assert await store.read(subjects) == ["before", "after"]


async def test_nobody_who_writes_waits_for_a_read(store: Database) -> None:
    """And what the read sees stays what it was."""
    began, go = asyncio.Semaphore(0), threading.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        loop.call_soon_threadsafe(began.release)
        assert go.wait(30)

    def read(tx: Transaction) -> list[list[str]]:
        before = subjects(tx)
        tx.offload(wait)
        return [before, subjects(tx)]

    await store.run(partial(add, "before"))
    reads = [asyncio.create_task(store.read(read)) for _ in range(READERS)]
    for _ in reads:
        await began.acquire()
    await store.run(partial(add, "after"))
    go.set()
    assert await asyncio.gather(*reads) == [[["before"], ["before"]]] * READERS
    assert await store.read(subjects) == ["before", "after"]


# --- turns ---


async def test_whoever_is_told_may_write_again_before_anybody_reads() -> None:
    turns = Turns()
    turns.write()
    reads = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    order = []

    async def vote(told: asyncio.Future[None]) -> None:
        await told
        order.append("voted")
        turns.write()

    told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    votes = asyncio.create_task(vote(told))
    await asyncio.sleep(0)
    told.set_result(None)
    turns.written(1)
    await votes
    assert not reads.done()
    turns.written(1)
    await reads
    turns.give()


async def test_nobody_gives_way_for_ever() -> None:
    turns = Turns()
    turns.write()
    for _ in range(3):
        async with asyncio.timeout(60):
            await turns.take()
        turns.give()


async def test_one_at_a_time_in_order() -> None:
    turns, order = Turns(), list[int]()

    async def read(number: int) -> None:
        await turns.take()
        order.append(number)
        await asyncio.sleep(0)
        assert order[-1] == number
        turns.give()

    await asyncio.gather(*(read(number) for number in range(9)))
    assert order == list(range(9))


async def test_a_turn_that_lasts_is_over() -> None:
    turns = Turns()
    long, short = Turn(turns), Turn(turns)
    await long.take()
    async with asyncio.timeout(60):
        await short.take()
    assert (long.over, short.over) == (True, False)
    long.give()
    again = asyncio.create_task(long.take())
    await asyncio.sleep(0)
    assert not again.done()
    short.give()
    await again
    long.give()


async def test_whoever_leaves_the_line_takes_no_turn_along() -> None:
    turns = Turns()
    turns.write()
    leaves = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.gather(leaves, return_exceptions=True)
    turns.written(1)
    async with asyncio.timeout(60):
        await turns.take()

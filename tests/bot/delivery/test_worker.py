"""What is due is done, key by key; a slow or failing one holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from datetime import timedelta

import pytest

from bot.clock import HandClock
from bot.delivery import worker
from bot.delivery.worker import Round, Worker, patience, pause
from bot.errors import StoreFailed
from tests.chat import NOW

AT_ONCE = 4


class Chores:
    """What is to be done for each key; the test decides how each goes."""

    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        self.todo: dict[Hashable, int] = {}
        self.done: list[Hashable] = []
        self.locked: dict[Hashable, asyncio.Event] = {}
        self.trouble: list[Exception] = []
        self.looks = 0
        self.at_work: set[Hashable] = set()
        self.twice = False
        self.most_at_work = 0
        self._changed = asyncio.Condition()
        self.worker = Worker("chores", self.clock, ["home"], self._take, self._work, at_once=AT_ONCE)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Hashable]:
        async with self._changed:
            self.looks += 1
            self._changed.notify_all()
        if self.trouble and isinstance(self.trouble[0], (StoreFailed, OverflowError)):
            raise self.trouble.pop(0)
        return Round([(key, key) for key in self.todo if key not in busy][:limit], None)

    async def _work(self, key: Hashable) -> bool:
        self.twice |= key in self.at_work
        self.at_work.add(key)
        self.most_at_work = max(self.most_at_work, len(self.at_work))
        async with self._changed:
            self._changed.notify_all()
        if key in self.locked:
            await self.locked[key].wait()
        self.at_work.discard(key)
        if self.trouble:
            raise self.trouble.pop(0)
        self.todo[key] -= 1
        if not self.todo[key]:
            del self.todo[key]
        async with self._changed:
            self.done.append(key)
            self._changed.notify_all()
        return True

    def add(self, *keys: Hashable) -> None:
        for key in keys:
            self.todo[key] = self.todo.get(key, 0) + 1
        self.worker.wake()

    async def until(self, *keys: Hashable) -> None:
        await self.until_true(lambda: all(key in self.done for key in keys))

    async def until_true(self, true: Callable[[], bool], *, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(true)


@pytest.fixture
async def chores() -> AsyncIterator[Chores]:
    chores = Chores()
    running = asyncio.create_task(chores.worker.run())
    yield chores
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def test_pauses_grow_and_stop_growing() -> None:
    assert [pause(n) for n in range(4)] == [timedelta(seconds=2**n) for n in range(1, 5)]
    assert pause(50) == pause(5000) == timedelta(minutes=5)


async def test_what_was_waiting_at_the_start_is_done() -> None:
    chores = Chores()
    chores.add("a", "b")
    running = asyncio.create_task(chores.worker.run())
    await chores.until("a", "b")
    running.cancel()
    assert await asyncio.gather(running, return_exceptions=True)


async def test_it_is_done_when_woken(chores: Chores) -> None:
    chores.add("a")
    await chores.until("a")
    chores.add("b")
    await chores.until("b")
    assert chores.done == ["a", "b"]


async def test_a_slow_key_holds_up_no_other(chores: Chores) -> None:
    chores.locked["slow"] = asyncio.Event()
    chores.add("slow", "quick")
    await chores.until("quick")
    assert chores.done == ["quick"]
    chores.add("late")
    await chores.until("late")
    chores.locked["slow"].set()
    await chores.until("slow")


async def test_so_many_are_under_way_at_a_time(chores: Chores) -> None:
    keys = [f"a{number}" for number in range(3 * AT_ONCE)]
    chores.locked = {key: asyncio.Event() for key in keys}
    chores.add(*keys)
    await chores.until_true(lambda: len(chores.at_work) == AT_ONCE)
    for key in keys:
        chores.locked[key].set()
    await chores.until(*keys)
    assert chores.most_at_work == AT_ONCE


async def test_those_that_hang_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many: of one homeserver that does not answer there may be more than may be under way."""
    monkeypatch.setattr(worker, "SLOW_AFTER", 0.01)
    chores = Chores()
    running = asyncio.create_task(chores.worker.run())
    hanging = [f"hangs{number}" for number in range(3 * AT_ONCE)]
    chores.locked = {key: asyncio.Event() for key in hanging}
    chores.add(*hanging, "quick")
    await chores.until("quick")
    more = [f"more{number}" for number in range(2 * worker.MOST_SLOW * AT_ONCE)]
    chores.locked |= {key: asyncio.Event() for key in more}
    chores.add(*more)
    # But there is an end to that too.
    most = worker.MOST_SLOW * AT_ONCE
    await chores.until_true(lambda: len(chores.at_work) == most)
    chores.locked[hanging[0]].set()
    await chores.until(hanging[0])
    assert chores.most_at_work == most
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_one_key_is_never_worked_on_twice_at_once(chores: Chores) -> None:
    chores.locked["a"] = asyncio.Event()
    chores.add("a", "b")
    await chores.until("b")
    chores.add("a", "c")
    await chores.until("c")
    assert chores.done == ["b", "c"]
    chores.locked["a"].set()
    await chores.until("a")
    await chores.until_true(lambda: not chores.todo)
    assert chores.done == ["b", "c", "a", "a"]
    assert not chores.twice


@pytest.mark.parametrize("error", [RuntimeError("broken"), StoreFailed("away"), OSError(), OverflowError()])
async def test_what_fails_is_tried_again(chores: Chores, error: Exception) -> None:
    chores.trouble = [error]
    chores.add("a")
    await chores.until("a")
    assert chores.done == ["a"]


async def test_with_nothing_to_do_it_rests(chores: Chores) -> None:
    chores.add("a")
    await chores.until("a")
    # At the start, when woken, and when the chore was done; then no more.
    await chores.until_true(lambda: chores.looks >= 2)
    with pytest.raises(TimeoutError):
        await chores.until_true(lambda: chores.looks > 4, seconds=0.1)


async def test_flush_does_one_after_the_other() -> None:
    chores = Chores()
    chores.add("a", "b", "c")
    await chores.worker.flush()
    assert chores.done == ["a", "b", "c"]


def test_patience_grows_with_how_long_it_was_tried() -> None:
    tried, waited = timedelta(), []
    while tried < timedelta(hours=4):
        waited.append(patience(tried).total_seconds())
        tried += patience(tried)
    assert waited[:5] == [2, 2, 4, 8, 16]
    assert waited[11:14] == [2048, 3600, 3600]


async def test_an_account_whose_queue_cannot_be_read_holds_up_no_other() -> None:
    done = asyncio.Event()

    async def take(account: str, busy: Collection[Hashable], limit: int) -> Round[str]:
        if account == "spoilt":
            raise OverflowError
        return Round([] if done.is_set() else [("a", "a")], None)

    async def work(item: str) -> bool:
        done.set()
        return True

    running = asyncio.create_task(
        Worker("chores", HandClock(NOW), ["spoilt", "home"], take, work, at_once=AT_ONCE).run()
    )
    async with asyncio.timeout(60):
        await done.wait()
    assert not running.done()
    running.cancel()
    assert await asyncio.gather(running, return_exceptions=True)

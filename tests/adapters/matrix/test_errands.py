"""What is done beside reading: so much of it at once, and each thing once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from adapters.matrix.errands import Errands
from adapters.matrix.pace import LETS_BY_AFTER, Pace
from bot.clock import HandClock


async def test_so_many_hang_and_no_more_are_begun() -> None:
    errands, begun = Errands(10), []

    async def hang(number: int) -> None:
        begun.append(number)
        await asyncio.Event().wait()

    for number in range(1_000):
        assert errands.run(str(number), lambda number=number: hang(number)) is (number < 10)  # type: ignore[misc]
    await asyncio.sleep(0)
    assert begun == list(range(10))
    assert not errands.run("3", lambda: hang(3)), "under way already"
    await errands.stop()
    assert errands.run("3", lambda: hang(3))
    await errands.stop()


async def test_once_more_as_soon_as_it_ended() -> None:
    errands, ended, times = Errands(1), asyncio.Event(), []

    async def work() -> None:
        times.append(1)
        if len(times) == 2:
            ended.set()

    for _ in range(3):
        assert errands.run("keys", work, again=True)
    async with asyncio.timeout(30):
        await ended.wait()
    assert len(times) == 2
    await errands.stop()


async def test_what_fails_ends() -> None:
    errands = Errands(1)

    async def fail() -> None:
        raise ConnectionError

    assert errands.run("a", fail)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert errands.run("b", fail)
    await errands.stop()


async def test_once_asked_for_patience_whoever_hangs_lets_others_by() -> None:
    """One request at a time after that; one that never ends would otherwise be the last."""
    clock = HandClock(datetime(2026, 11, 26, tzinfo=UTC))
    pace = Pace(clock)
    pace.slow_down(100)
    clock.turn(timedelta(milliseconds=110))
    began = asyncio.get_running_loop().time()

    async def hang() -> None:
        async with pace.turn():
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    async with asyncio.timeout(30), pace.turn():
        assert asyncio.get_running_loop().time() - began >= LETS_BY_AFTER * 0.9
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)

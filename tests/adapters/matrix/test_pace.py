"""After the server asked for patience nobody knocks before the time, and then one at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.matrix.pace import COURTESY, Pace
from bot.clock import HandClock
from bot.errors import TryLater


async def test_it_waits_as_long_as_was_asked() -> None:
    clock = HandClock(datetime(2026, 12, 1, tzinfo=UTC))
    pace = Pace(clock)
    async with pace.turn():
        assert pace.slow_down(3_000).seconds == 3
    with pytest.raises(TryLater) as later:
        async with pace.turn():
            pytest.fail("too early")
    assert later.value.seconds == 3
    with pytest.raises(TryLater) as courteous:
        async with pace.turn(courteous=True):
            pytest.fail("too early")
    assert courteous.value.seconds == 3 + COURTESY
    clock.turn(timedelta(seconds=3))
    async with pace.turn():
        pass


async def test_of_all_who_wait_one_knocks_first() -> None:
    clock = HandClock(datetime(2026, 12, 1, tzinfo=UTC))
    pace = Pace(clock)
    pace.slow_down(1_000)
    clock.turn(timedelta(seconds=1))
    knocked = 0

    async def send() -> None:
        nonlocal knocked
        async with pace.turn():
            knocked += 1
            await asyncio.sleep(0)
            raise pace.slow_down(5_000)

    outcomes = await asyncio.gather(*(send() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, TryLater) for outcome in outcomes)
    assert knocked == 1

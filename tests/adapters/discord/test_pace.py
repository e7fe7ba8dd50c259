"""Turns of whoever asks Discord for much."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from adapters.discord.pace import Pace
from bot.clock import HandClock

ZEF, BEN = 1, 2


class Clock(HandClock):
    """Whoever had their turn goes on before it is later."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        await super().sleep(seconds)


def clock() -> Clock:
    return Clock(datetime(2026, 11, 27, tzinfo=UTC))


async def when(pace: Pace, clock: HandClock, *askers: int) -> list[tuple[int, float]]:
    """Whose turn it was, in order, and so many seconds after they all asked."""
    began, had = clock.now(), []

    async def ask(who: int) -> None:
        await pace.turn(who)
        had.append((who, round((clock.now() - began).total_seconds(), 3)))

    await asyncio.gather(*map(ask, askers))
    return had


async def test_so_many_at_once_and_then_one_after_the_other() -> None:
    time = clock()
    pace = Pace(time, 0.5, 3)
    assert [at for _, at in await when(pace, time, *[ZEF] * 6)] == [0, 0, 0, 0.5, 1, 1.5]
    await time.sleep(10)
    assert [at for _, at in await when(pace, time, *[ZEF] * 4)] == [0, 0, 0, 0.5]


async def test_whoever_asks_for_much_holds_up_nobody_else() -> None:
    time = clock()
    pace = Pace(time, 0.5, 3)
    order = [who for who, _ in await when(pace, time, *[ZEF] * 50, BEN, BEN)]
    assert [order.index(BEN), 51 - order[::-1].index(BEN)] == [1, 3]


async def test_who_gave_up_takes_no_turn() -> None:
    time = clock()
    pace = Pace(time, 0.5, 1)
    gone = asyncio.create_task(pace.turn(ZEF))
    await asyncio.sleep(0)
    gone.cancel()
    assert await when(pace, time, BEN) == [(BEN, 0)]


async def test_a_clock_that_is_put_back_keeps_nobody_waiting() -> None:
    time = clock()
    pace = Pace(time, 0.5, 1)
    time.turn_to(datetime(2026, 11, 28, tzinfo=UTC))
    await when(pace, time, ZEF)
    time._now = datetime(2026, 11, 27, tzinfo=UTC)
    assert await when(pace, time, BEN) == [(BEN, 0.5)]

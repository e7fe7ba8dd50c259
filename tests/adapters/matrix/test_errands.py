"""What is done beside reading: so much of it at once, and each thing once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adapters.matrix import errands as errands_module
from adapters.matrix.errands import Errands
from adapters.matrix.pace import LETS_BY_AFTER, Pace
from bot.clock import HandClock


async def settled(rounds: int = 20) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0)


async def test_so_many_hang_and_the_others_wait() -> None:
    errands, begun, go_on = Errands(10), list[int](), asyncio.Event()

    async def hang(number: int) -> None:
        begun.append(number)
        await go_on.wait()

    for number in range(1_000):
        errands.run(str(number), partial(hang, number))
    errands.run("3", partial(hang, 3))
    errands.run("500", partial(hang, 500))
    await settled()
    assert begun == list(range(10))
    go_on.set()
    await settled(1_000)
    assert begun == list(range(1_000)), "each once, in order"
    go_on.clear()
    for number in range(20):
        errands.run(str(number), partial(hang, number))
    await settled()
    await errands.stop()
    errands.run("3", partial(hang, 3))
    await settled()
    assert begun == [*range(1_000), *range(10), 3]
    await errands.stop()


async def test_whoever_hangs_holds_up_nobody_else() -> None:
    errands, begun, go_on = Errands(5, 2), list[str](), asyncio.Event()

    async def hang(name: str) -> None:
        begun.append(name)
        await go_on.wait()

    async def pass_by(name: str) -> None:
        begun.append(name)

    for name in ("a1", "a2", "a3", "a4"):
        errands.run(name, partial(hang, name), whose="a")
    for name in ("b1", "b2", "b3", "b4"):
        errands.run(name, partial(pass_by, name), whose="b")
    errands.run("nobody's", partial(pass_by, "nobody's"))
    await settled()
    assert sorted(begun) == ["a1", "a2", "b1", "b2", "b3", "b4", "nobody's"]
    go_on.set()
    await settled()
    assert begun[-2:] == ["a3", "a4"]
    await errands.stop()


async def test_whoever_has_many_names_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands_module, "SLOW_AFTER", 0.05)
    errands = Errands(6, 2, near=lambda whose: whose.startswith("@"))
    begun, go_on, came = list[str](), asyncio.Event(), asyncio.Event()

    async def hang(name: str) -> None:
        begun.append(name)
        await go_on.wait()

    async def pass_by(name: str) -> None:
        begun.append(name)
        came.set()

    for number in range(60):
        errands.run(f"far{number}", partial(hang, f"far{number}"), whose=f"dead.example:{number % 10}")
    errands.run("ours", partial(pass_by, "ours"), whose="@ben:localhost")
    await settled()
    assert begun == [*(f"far{number}" for number in range(6)), "ours"]
    came.clear()
    errands.run("far", partial(pass_by, "far"), whose="other.example")
    async with asyncio.timeout(60):
        await came.wait()
    assert "far" in begun
    hanging = [name for name in begun if name not in ("far", "ours")]
    assert len(hanging) <= 20, "of each of these names two hang"
    go_on.set()
    await settled(1_000)
    assert len(begun) == 62
    await errands.stop()


async def test_once_more_as_soon_as_it_ended() -> None:
    errands, ended, times = Errands(1), asyncio.Event(), []

    async def work() -> None:
        times.append(1)
        if len(times) == 2:
            ended.set()

    errands.run("keys", work, again=True)
    await settled()
    assert len(times) == 1
    for _ in range(3):
        errands.run("keys", work)
        await settled()
    assert len(times) == 4

    times.clear()
    for _ in range(3):
        errands.run("keys", work, again=True)
    await settled()
    assert len(times) == 2
    assert ended.is_set()
    await errands.stop()


async def test_what_fails_ends() -> None:
    errands, tried = Errands(1), list[str]()

    async def fail(name: str) -> None:
        tried.append(name)
        raise ConnectionError

    errands.run("a", partial(fail, "a"))
    errands.run("b", partial(fail, "b"))
    await settled()
    assert tried == ["a", "b"]
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

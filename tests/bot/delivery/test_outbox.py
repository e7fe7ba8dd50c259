"""What is still to be said: in order within a place, once, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.delivery.worker import PARK_AFTER
from bot.errors import TryLater, Unreachable
from bot.model.message import message, typed
from bot.model.people import Identity
from tests.doubles.platform import PLATFORM, Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia", "mo")) as town:
        yield town


async def flush(town: Town) -> None:
    await town.core.outbox.worker.flush()


@contextlib.asynccontextmanager
async def working(town: Town) -> AsyncIterator[None]:
    """With the outbox at work in the background."""
    running = asyncio.create_task(town.core.outbox.worker.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_in_order_and_once(town: Town) -> None:
    await town.post("sport", "een", "twee", "drie")
    await town.post("sport", "twee")
    await flush(town)
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee", "drie"]
    assert len(town.platform.tries) == 3


async def test_a_person_and_a_place_of_the_same_name_are_two(town: Town) -> None:
    await town.post("mia", "aan de plek")
    private = message(typed("aan Mia"))
    await town.core.store.run(
        lambda tx: tx.posts.add("p", Identity(PLATFORM, "mia"), private, town.clock.now())
    )
    await flush(town)
    assert [(one.how, one.words) for one in town.platform.shown] == [
        ("send", "aan de plek"),
        ("whisper", "aan Mia"),
    ]


async def test_a_busy_platform_is_given_its_time_and_the_order_holds(town: Town) -> None:
    town.platform.trouble["sport"] = [TryLater(60)]
    await town.post("sport", "een", "twee")
    await town.post("buurt", "hier wel")
    await flush(town)
    assert (town.platform.where("sport"), town.platform.where("buurt")) == ([], ["hier wel"])
    town.clock.turn(timedelta(seconds=59))
    await town.post("sport", "drie")
    await flush(town)
    assert len(town.platform.tries) == 2
    town.clock.turn(timedelta(seconds=1))
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee", "drie"]


async def test_patience_is_no_failure(town: Town) -> None:
    busy: list[Exception] = [TryLater(1) for _ in range(3 * PARK_AFTER)]
    town.platform.trouble["sport"] = [*busy, RuntimeError("kapot")]
    await town.post("sport", "een")
    for _ in busy:
        await flush(town)
        town.clock.turn(timedelta(seconds=1))
    # The first real failure, after all that patience, is the first: it is not set aside for it.
    await flush(town)
    assert town.platform.shown == []
    town.clock.turn(timedelta(seconds=2))
    await flush(town)
    assert town.platform.where("sport") == ["een"]


async def test_while_a_place_waits_nothing_is_due(town: Town) -> None:
    """Otherwise the worker would look again and again as fast as it can."""
    town.platform.trouble["sport"] = [TryLater(60)]
    await town.post("sport", "een")
    town.clock.turn(timedelta(seconds=1))
    await town.post("sport", "twee")
    await flush(town)

    async def due() -> list[object]:
        now = town.clock.now()
        return list(await town.core.store.run(lambda tx: tx.posts.waiting([PLATFORM], now)))

    assert await due() == []
    next_at = await town.core.store.run(lambda tx: tx.posts.next_try([PLATFORM]))
    assert next_at == town.clock.now() + timedelta(seconds=60)
    town.clock.turn_to(next_at)
    assert len(await due()) == 1


async def test_what_fails_is_tried_again_with_growing_pauses_then_set_aside(town: Town) -> None:
    town.platform.trouble["sport"] = [RuntimeError("kapot") for _ in range(PARK_AFTER)]
    await town.post("sport", "een", "twee")
    waited = []
    while town.platform.trouble["sport"]:
        before = len(town.platform.tries)
        await flush(town)
        assert len(town.platform.tries) == before + 1 or not town.platform.trouble["sport"]
        due = await town.core.store.run(lambda tx: tx.posts.next_try([PLATFORM]))
        if town.platform.trouble["sport"]:
            assert due
            waited.append((due - town.clock.now()).total_seconds())
            town.clock.turn_to(due)
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    # The next one goes on, and the moderators are told once each.
    await flush(town)
    assert town.platform.where("sport") == ["twee"]
    for moderator in ("mia", "mo"):
        (told,) = town.platform.where(moderator)
        assert "sport raakte niet bezorgd (RuntimeError)" in told
    # Nothing is deleted.
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == [("post:sport:een", "RuntimeError")]


async def test_a_place_that_is_gone_is_told_to_the_moderators_at_once(town: Town) -> None:
    town.platform.trouble["sport"] = [Unreachable("weg")]
    await town.post("sport", "een", "twee")
    await flush(town)
    await flush(town)
    assert town.platform.where("sport") == ["twee"]
    assert ["raakte niet bezorgd (weg)" in one for one in town.platform.where("mia")] == [True]


async def test_a_person_who_is_gone_is_nobodys_business(town: Town) -> None:
    town.platform.trouble["ben"] = [Unreachable("weg")]
    said = message(typed("aan Ben"))
    await town.core.store.run(lambda tx: tx.posts.add("p", Identity(PLATFORM, "ben"), said, town.clock.now()))
    await flush(town)
    assert town.platform.shown == []
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == [("p", "weg")]


async def test_a_second_try_has_the_same_key_and_says_when_the_first_was(town: Town) -> None:
    """Nobody knows whether the first arrived; the adapter can find out."""
    started = town.clock.now()
    town.platform.trouble["sport"] = [TimeoutError()]
    await town.post("sport", "een")
    await flush(town)
    town.clock.turn(timedelta(minutes=1))
    await flush(town)
    first, second = town.platform.tries
    assert (first.key, first.tried_at) == ("post:sport:een", None)
    assert (second.key, second.tried_at) == ("post:sport:een", started)


async def test_a_slow_place_holds_up_no_other(town: Town) -> None:
    town.platform.held["traag"] = asyncio.Event()
    await town.post("traag", "een", "twee")
    async with working(town):
        await town.post("vlug", "een", "twee")
        town.core.outbox.worker.wake()
        await town.platform.until(lambda: town.platform.where("vlug") == ["een", "twee"])
        assert town.platform.where("traag") == []
        town.platform.held["traag"].set()
        await town.platform.until(lambda: town.platform.where("traag") == ["een", "twee"])


async def test_stopped_halfway_nothing_is_lost(town: Town) -> None:
    town.platform.held["sport"] = asyncio.Event()
    await town.post("sport", "een", "twee")
    async with working(town):
        await town.platform.until(lambda: bool(town.platform.tries))
    town.platform.held.clear()
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee"]

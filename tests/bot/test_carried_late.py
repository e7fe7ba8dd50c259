"""Where what people say reaches another place late, that is said where they talk: once, and rarely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import Refused, TryLater
from tests.bot.test_carrying import Talk, talking
from tests.doubles.platform import open_town

MINUTE = timedelta(minutes=1)
AWAY, BEHIND = "even niet bereiken", "loopt wat achter"


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town)


async def told(talk: Talk, room: str) -> list[str]:
    """What Plein said there itself, once all that is due was done."""
    await talk.carry()
    await talk.town.core.outbox.worker.flush()
    return talk.platform.where(room)


async def wait_out(talk: Talk, room: str, trouble: Exception, minutes: int) -> None:
    for _ in range(2 * minutes):
        talk.platform.trouble[f"before:{room}"] = [trouble]
        await talk.carry()
        talk.town.clock.turn(MINUTE / 2)
    await talk.town.core.outbox.worker.flush()


async def test_a_place_that_is_away_is_said_once_until_it_is_back(talk: Talk) -> None:
    await talk.say("een")
    await talk.say("ook een", room="c", name="Ben")
    await wait_out(talk, "b", OSError("away"), 1)
    assert [talk.platform.where(room) for room in ("a", "c")] == [[], []]
    await talk.say("twee")
    await wait_out(talk, "b", OSError("away"), 30)
    for room in ("a", "c"):
        (line,) = talk.platform.where(room)
        assert AWAY in line
    assert talk.platform.where("b") == []
    talk.platform.trouble.clear()
    talk.town.clock.turn(10 * MINUTE)
    await told(talk, "a")
    assert talk.read("b") == ["Mia: een", "Ben: ook een", "Mia: twee"]
    # Plein's own words are carried nowhere.
    assert not any("bereiken" in words for room in "abc" for words in talk.read(room))
    await talk.say("drie")
    await talk.carry()
    await talk.say("vier")
    await wait_out(talk, "b", OSError("away"), 3)
    assert len(await told(talk, "a")) == 2
    assert len(await told(talk, "c")) == 1


async def test_a_place_that_comes_and_goes_is_said_once_in_five_minutes(talk: Talk) -> None:
    for _ in range(3):
        talk.town.clock.turn(10 * MINUTE)
        await talk.say("gaat niet")
        await wait_out(talk, "b", TryLater(5), 2)
        talk.platform.trouble.clear()
        talk.town.clock.turn(MINUTE / 2)
        await talk.say("gaat wel")
        await talk.carry()
        await talk.say("gaat weer niet")
        await wait_out(talk, "b", TryLater(5), 2)
        talk.platform.trouble.clear()
        talk.town.clock.turn(MINUTE / 2)
        await talk.say("gaat wel")
        await talk.carry()
    lines = await told(talk, "a")
    assert len(lines) == 3
    assert all(AWAY in line or BEHIND in line for line in lines)


async def test_a_place_that_is_slow_is_behind_and_not_away(talk: Talk) -> None:
    for number in range(12):
        await talk.say(f"nr {number}")
    for _ in range(12):
        wanted = await talk.town.core.carrying._take("test", (), 9)
        for _, each in wanted.items:
            await talk.town.core.carrying._carry(each)
        talk.town.clock.turn(MINUTE / 4)
    lines = await told(talk, "a")
    assert len(lines) == 2  # of each of the others
    assert all(BEHIND in line for line in lines)


async def test_what_may_not_be_said_there_is_no_outage_and_what_was_missed_is_not_late(talk: Talk) -> None:
    await talk.say("een")
    await wait_out(talk, "b", Refused("403"), 5)
    talk.platform.trouble.clear()
    talk.town.clock.turn(30 * MINUTE)
    await talk.say("van lang geleden", at=talk.town.clock.now() - 20 * MINUTE, room="c")
    await talk.carry()
    talk.town.clock.turn(30 * MINUTE)
    assert [await told(talk, room) for room in ("a", "c")] == [[], []]

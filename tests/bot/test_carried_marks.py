"""What could not be carried is marked where it was said, for as long as that is so, and says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery import carrying
from bot.delivery.worker import PARK_AFTER
from bot.errors import Gone, NotNow, NotOurs, Refused, TryLater
from bot.model.events import Heard, Remark
from bot.model.message import text
from storage.tables import uncarried, uncarried_marks
from tests.bot.test_carrying import Talk, counted, talking
from tests.doubles.platform import open_town, words_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town)


async def made(talk: Talk) -> list[tuple[str, str]]:
    """What is marked once all that is due was done."""
    await talk.carry()
    await talk.town.core.marking.worker.flush()
    return talk.platform.marked


async def show(talk: Talk, said: Heard) -> str:
    """What `brug toon` says as an answer to that message."""
    asked = talk.town.asked("mo", "!brug toon", room=said.place.room_id)
    about = Remark(said.ref, said.at, "https://x.be/1")
    answer = await talk.town.core.handle(replace(asked, about=about))
    return words_of(answer) if answer else ""


async def test_where_all_is_carried_nothing_is_marked(talk: Talk) -> None:
    said = await talk.say("een")
    assert await made(talk) == []
    assert await counted(talk.town, uncarried_marks) == 0
    assert "Ik weet van geen reacties" in await show(talk, said)


async def test_what_can_stand_nowhere_there_is_marked_and_says_why(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [Gone("no such channel")]
    said = await talk.say("een")
    assert await made(talk) == [("a", said.ref)]
    assert await made(talk) == [("a", said.ref)]
    answer = await show(talk, said)
    assert "ik kan daar niets meer zeggen" in answer
    assert len(answer.splitlines()) == 1
    await talk.gone("a", said.ref)
    assert await made(talk) == []
    assert [await counted(talk.town, table) for table in (uncarried, uncarried_marks)] == [0, 0]


async def test_what_is_refused_is_marked_until_it_is_carried(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [Refused("403"), Refused("403")]
    said = await talk.say("een")
    assert await made(talk) == [("a", said.ref)]
    assert "ik mag daar nu niets zeggen" in await show(talk, said)
    talk.town.clock.turn(MINUTE)
    assert await made(talk) == [("a", said.ref)]
    talk.town.clock.turn(10 * MINUTE)
    assert await made(talk) == []
    assert talk.read("b") == ["Mia: een"]
    assert "Ik weet van geen reacties" in await show(talk, said)


async def test_what_was_set_aside_is_marked_until_it_is_carried_after_all(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [RuntimeError("a fault") for _ in range(PARK_AFTER)]
    said = await talk.say("een")
    for _ in range(PARK_AFTER - 1):
        assert await made(talk) == []
        talk.town.clock.turn(10 * MINUTE)
    assert await made(talk) == [("a", said.ref)]
    assert "vele keren" in await show(talk, said)
    await talk.change(said, "een, maar goed")
    assert await made(talk) == []
    assert await counted(talk.town, uncarried_marks) == 0


async def test_what_of_it_is_lacking_is_said_by_whoever_carries(talk: Talk) -> None:
    talk.platform.lacking["c"] = text("uncarried.failed")
    said = await talk.say("een, met een foto")
    assert await made(talk) == [("a", said.ref)]
    del talk.platform.lacking["c"]
    await talk.change(said, "een, zonder")
    assert await made(talk) == []
    talk.platform.lacking["c"] = text("uncarried.failed")
    await talk.change(said, "toch weer met")
    assert await made(talk) == [("a", said.ref)]


async def test_what_was_left_out_as_missed_is_marked(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "MOST_MISSED", 2)
    talk.town.clock.turn(10 * MINUTE)
    at = talk.town.clock.now() - 6 * MINUTE
    said = [await talk.say(f"nr {number}", at=at) for number in range(4)]
    assert await made(talk) == [("a", said[0].ref), ("a", said[1].ref)]
    assert "alleen de laatste" in await show(talk, said[0])


async def test_whoever_stays_out_or_was_forgotten_is_not_marked(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [Gone("x"), Gone("x")]
    await talk.say("een")
    await talk.say("twee", name="Ben")
    await talk.carry()
    await talk.town.say("mia", "!mijn brug uit", room="a")
    await talk.town.core.marking.worker.flush()
    assert talk.platform.marked == [("a", "e2")]
    await talk.town.say("ben", "!vergeet mij --zeker", room="a")
    assert await made(talk) == []


@pytest.mark.parametrize("refused", [Refused("403"), Gone("404"), NotOurs("x")])
async def test_where_plein_can_put_no_sign_nothing_else_happens(talk: Talk, refused: Exception) -> None:
    talk.platform.trouble |= {"before:b": [Gone("x")], "mark:a": [refused]}
    said = await talk.say("een")
    assert await made(talk) == []
    talk.town.clock.turn(60 * MINUTE)
    assert await made(talk) == []
    assert talk.platform.trouble["mark:a"] == []
    assert "niets meer zeggen" in await show(talk, said)


@pytest.mark.parametrize("trouble", [TryLater(30), NotNow("busy"), OSError("away"), RuntimeError("a fault")])
async def test_a_mark_that_cannot_be_just_now_comes_later_and_once(talk: Talk, trouble: Exception) -> None:
    talk.platform.trouble |= {"before:b": [Gone("x")], "mark:a": [trouble]}
    said = await talk.say("een")
    assert await made(talk) == []
    talk.town.clock.turn(MINUTE)
    assert await made(talk) == [("a", said.ref)]


async def test_a_mark_whose_answer_was_lost_is_taken_away_all_the_same(talk: Talk) -> None:
    talk.platform.trouble |= {"before:b": [Refused("403")], "marked:a": [OSError("lost")]}
    said = await talk.say("een")
    assert await made(talk) == [("a", said.ref)]
    await talk.town.core.retry("test")
    assert await made(talk) == []
    talk.town.clock.turn(10 * MINUTE)
    assert await made(talk) == []
    assert await counted(talk.town, uncarried_marks) == 0

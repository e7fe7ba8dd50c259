"""Whose words stand in a meeting: who planned it, and who worded it last. Both may say them, or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import Shut, TryLater
from bot.model.message import Button, Message
from bot.model.people import Role
from tests.bot.features.meetings.test_aloud import comes
from tests.bot.features.meetings.test_changes import PLAN, council, later
from tests.doubles.platform import Town, open_town

SERIES = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis --repeat "elke week"'
WORDS = '--titel "SCHELD" --plaats "VUIL" --over "NAAR"'
DAY = timedelta(days=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url, PLAN) as town:
        yield town


async def _bob(town: Town, words: str | None = None, button: Button | None = None) -> Message:
    """What bob hears, who is an organiser."""
    town.platform.present["bob", "sport"] = Role.ORGANISER
    answer = await town.core.handle(replace(town.asked("bob", words, button=button), role=Role.ORGANISER))
    assert answer
    return answer


def _put_out(town: Town) -> None:
    town.platform.present["bob", "sport"] = None
    town.platform.silenced.add(("bob", "sport"))


async def _said_later(town: Town, days: int) -> list[str]:
    """What is said in the theme for so long."""
    before = len(town.platform.shown)
    for _ in range(days * 4):
        await later(town, DAY / 4)
        await town.core.outbox.worker.flush()
    shown = town.platform.shown[before:]
    return [each.words for each in shown if (each.how, each.where) == ("send", "sport")]


async def test_who_worded_it_last_is_asked_too(town: Town) -> None:
    await _bob(town, f"!bijeenkomst wijzig 1 {WORDS}")
    await later(town)
    _put_out(town)
    said = await _said_later(town, 9)
    assert said
    assert not [words for words in said if "SCHELD" in words or "VUIL" in words or "NAAR" in words]
    assert [shown for shown in town.platform.shown if shown.where == "mia" and "SCHELD" in shown.words]


async def test_what_was_worded_by_who_may_is_said(town: Town) -> None:
    await _bob(town, "!bijeenkomst wijzig 1 --plaats Kerk")
    await later(town)
    assert "Ter plaatse: Kerk" in "\n".join(await _said_later(town, 9))


async def test_of_a_series_whoever_worded_those_to_come_is_asked_too(database_url: str) -> None:
    async with council(database_url, SERIES) as town:
        await _bob(town, f"!bijeenkomst wijzig 1 {WORDS} --vanaf-deze")
        await later(town)
        _put_out(town)
        said = await _said_later(town, 9)
        await town.core.boards.worker.flush()
        assert not [words for words in said if "SCHELD" in words or "VUIL" in words or "NAAR" in words]


@pytest.fixture
async def bobs(database_url: str) -> AsyncIterator[Town]:
    """What bob planned stands there; mia moderates."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.say("mia", "!help")
        yield town


async def _forgets_bob(town: Town) -> None:
    asked = await town.core.handle(town.asked("bob", "!vergeet mij", room=None))
    assert asked
    await town.core.handle(town.asked("bob", room=None, button=asked.buttons[0]))


async def test_words_of_nobody_are_said_once_a_moderator_took_them_over(bobs: Town) -> None:
    meant = await _bob(bobs, SERIES.replace("Sportraad", "SCHELD").replace("Dorpshuis", "VUIL"))
    await _bob(bobs, button=meant.buttons[0])
    await later(bobs)
    _put_out(bobs)
    await _forgets_bob(bobs)
    said = await _said_later(bobs, 9)
    assert said
    assert not [words for words in said if "SCHELD" in words or "VUIL" in words]
    button = Button(meant.buttons[0].label, "meeting take over", {"meeting": 2})
    await bobs.core.handle(bobs.asked("mia", button=button))
    assert "VUIL" in "\n".join(await _said_later(bobs, 7))


async def test_what_is_nobody_s_is_said_one_after_the_other(bobs: Town) -> None:
    for number in range(6):
        meant = await _bob(bobs, f'!meeting plan "Raad {number}" "8 december 19u30" --place Zaal')
        await _bob(bobs, button=meant.buttons[0])
    await _forgets_bob(bobs)
    await later(bobs)
    moment = datetime(2026, 12, 7, 19, 30, tzinfo=ZoneInfo("Europe/Brussels"))
    bobs.clock.turn(moment - bobs.clock.now())
    said = []
    for _ in range(8):
        before = len(bobs.platform.where("sport"))
        await bobs.core.agenda.flush()
        await bobs.core.outbox.worker.flush()
        said.append(len(bobs.platform.where("sport")) - before)
        bobs.clock.turn(timedelta(seconds=3))
    assert max(said) == 1
    assert sum(said) == 6


async def test_what_was_worded_by_another_before_is_said_aloud_as_theirs(town: Town) -> None:
    """It waits for somebody in private, in the words that it had; the meeting has others by then."""
    await comes(town, "anna")
    town.platform.trouble["anna"] = [TryLater(3600, unsent=True)] + [Shut("x")] * 9
    await _bob(town, '!bijeenkomst wijzig 1 --plaats "SCHELD"')
    await later(town)
    await town.core.outbox.worker.flush()
    _put_out(town)
    await town.say("mia", "!bijeenkomst wijzig 1 --plaats Dorpshuis")
    town.platform.trouble["anna"] = [Shut("x")] * 9
    said = await _said_later(town, 1)
    assert said
    assert not [words for words in said if "SCHELD" in words]

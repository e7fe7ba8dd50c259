"""Those of the theme who did not answer are asked, once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bot.features.meetings.test_changes import council
from tests.bot.features.meetings.test_remind import until
from tests.doubles.platform import Town

ASKED = "Kom je?"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """On the first of December; there is a meeting on the eighth already."""
    async with council(database_url) as town:
        yield town


async def plan(town: Town, *options: str) -> None:
    """Another meeting, on the twentieth: so there is time to be asked a week before."""
    words = " ".join(('!bijeenkomst plan "Dorpsraad" "20 december 20u" --plaats Dorpshuis', *options))
    question = await town.core.handle(town.asked("mia", words))
    assert question
    await town.core.handle(town.asked("mia", button=question.buttons[0]))


def asked(town: Town, where: str) -> int:
    return sum(ASKED in said for said in town.platform.where(where))


async def test_a_week_before_who_wants_reminders_and_did_not_answer_is_asked_once(town: Town) -> None:
    await plan(town)
    for name in ("anna", "ben", "cas"):
        await town.say(name, "!bijeenkomst lijst")
        await town.say(name, "!herinneringen aan", room=None)
    await town.say("ben", "!kom niet --bijeenkomst 2")
    await town.say("dirk", "!bijeenkomst lijst")
    await until(town, "13 19:59")
    assert not asked(town, "anna")
    await until(town, "13 20:00")
    assert [asked(town, name) for name in ("anna", "ben", "cas", "dirk")] == [1, 0, 1, 0]
    await town.say("mia", '!bijeenkomst verplaats "28 december 20u" --bijeenkomst 2')
    await until(town, "27 20:00")
    assert asked(town, "anna") == 1


async def test_nobody_is_asked_where_it_is_full(town: Town) -> None:
    await plan(town, "--max 1")
    await town.say("ben", "!kom ter plaatse --bijeenkomst 2")
    await town.say("anna", "!bijeenkomst lijst")
    await town.say("anna", "!herinneringen aan", room=None)
    await until(town, "13 20:00")
    assert not asked(town, "anna")


async def test_nobody_is_asked_within_two_days_of_the_announcement(town: Town) -> None:
    await until(town, "12 12:00")
    await plan(town)
    await town.say("anna", "!bijeenkomst lijst")
    await town.say("anna", "!herinneringen aan", room=None)
    await until(town, "19 20:00")
    assert not asked(town, "anna")


async def test_who_cannot_be_reached_in_private_is_mentioned(town: Town) -> None:
    await plan(town)
    await town.say("anna", "!herinneringen aan")
    await until(town, "13 20:00")
    assert asked(town, "sport") == 1
    assert ("sport", "anna") in town.platform.pinged

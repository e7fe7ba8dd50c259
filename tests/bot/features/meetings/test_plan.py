"""Planning: who may, how much, and what is shown before anybody else sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.features.meetings.changes import MOST_CHANGES
from bot.features.meetings.come import MOST_ANSWERS
from bot.features.meetings.settings import MeetingsSettings
from bot.model.people import Role
from tests.bot.features.meetings.test_changes import later
from tests.doubles.platform import Town, open_town, words_of

PLAN = '!bijeenkomst plan "Overleg {number}" "8 december {hour}u" --plaats Dorpshuis'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        yield town


async def plan(town: Town, who: str, number: int, hour: int = 20) -> str:
    """What is said in the end, once they press what they are asked."""
    asked = await town.core.handle(town.asked(who, PLAN.format(number=number, hour=hour)))
    assert asked
    if not asked.buttons:
        return words_of(asked)
    said = await town.core.handle(town.asked(who, button=asked.buttons[0]))
    assert said
    return words_of(said)


async def test_nothing_is_announced_before_it_is_right(town: Town) -> None:
    asked = await town.core.handle(town.asked("mia", PLAN.format(number=1, hour=20)))
    assert asked
    assert "Er komt geen bijeenkomst aan" in await town.say("ben", "!bijeenkomst lijst")
    for expected in ("staat gepland", "staat op dat moment al gepland"):
        said = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
        assert said
        assert expected in words_of(said)
    assert "Overleg 1" in await town.say("ben", "!bijeenkomst lijst")


async def test_a_button_of_before_plans_nothing_in_the_past(town: Town) -> None:
    asked = await town.core.handle(town.asked("mia", PLAN.format(number=1, hour=20)))
    assert asked
    await later(town, timedelta(days=8))
    said = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    assert said
    assert "is al voorbij" in words_of(said)


async def test_who_may_plan(town: Town) -> None:
    town.platform.present["otto", "sport"] = Role.ORGANISER
    assert "Alleen een organisator" in await plan(town, "ben", 1)
    town.configure(MeetingsSettings(planned_by="resident"))
    assert "staat gepland" in await plan(town, "ben", 1)
    town.configure(MeetingsSettings(planned_by="moderator"))
    assert "Alleen een moderator" in await plan(town, "ben", 2)


async def test_so_many_are_to_come_and_planned_in_a_day(town: Town) -> None:
    town.configure(MeetingsSettings(planned_by="resident", to_come=2, planned_a_day=3))
    for number in (1, 2):
        assert "staat gepland" in await plan(town, "ben", number)
    assert "Je hebt al 2 bijeenkomsten gepland" in await plan(town, "ben", 3)
    await town.say("ben", "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 1")
    assert "staat gepland" in await plan(town, "ben", 3)
    await town.say("ben", "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 2")
    assert "Je plande vandaag al 3 bijeenkomsten" in await plan(town, "ben", 4)
    assert "staat gepland" in await plan(town, "anna", 4)
    for number in range(5, 9):
        assert "staat gepland" in await plan(town, "mia", number)


async def test_no_twin_by_another_way(town: Town) -> None:
    await plan(town, "mia", 1)
    await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker")
    await plan(town, "mia", 1)
    assert "al gepland, als nummer 2" in await town.say("mia", "!bijeenkomst herstel 1")
    await plan(town, "mia", 3)
    said = await town.say("mia", '!bijeenkomst wijzig --titel "overleg 1" --bijeenkomst 3')
    assert "al gepland, als nummer 2" in said
    assert "is aangepast" in await town.say("mia", '!bijeenkomst wijzig --titel "overleg 3" --bijeenkomst 3')


async def test_its_usual_length(town: Town) -> None:
    town.configure(MeetingsSettings(minutes=45))
    asked = await town.core.handle(town.asked("mia", PLAN.format(number=1, hour=20)))
    assert asked
    assert "duurt 45 minuten" in words_of(asked)


async def test_who_left_the_theme_changes_nothing_in_it(town: Town) -> None:
    town.configure(MeetingsSettings(planned_by="resident"))
    await plan(town, "ben", 1)
    del town.platform.present["ben", "sport"]
    for words in (
        '!bijeenkomst verplaats "9 december 20u" --bijeenkomst 1',
        "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 1",
        "!bijeenkomst wijzig --plaats X --bijeenkomst 1",
        "!bijeenkomst wie 1",
        "!bijeenkomst toon 1",
        "!kom ter plaatse --bijeenkomst 1",
    ):
        assert "Er is geen bijeenkomst 1 die jij kan zien" in await town.say("ben", words, room=None), words
    assert "geen bijeenkomst aan" in await town.say("ben", "!bijeenkomst mijn", room=None)


async def test_so_many_changes_an_hour_are_said(town: Town) -> None:
    await plan(town, "mia", 1)
    for number in range(MOST_CHANGES):
        assert "is aangepast" in await town.say("mia", f"!bijeenkomst wijzig --plaats Zaal{number}")
    assert "Wacht een uur" in await town.say("mia", "!bijeenkomst wijzig --plaats Zaal")
    await later(town, timedelta(hours=2))
    assert "is aangepast" in await town.say("mia", "!bijeenkomst wijzig --plaats Zaal")


async def test_so_many_answers_an_hour_are_taken_where_others_wait(town: Town) -> None:
    await plan(town, "mia", 1)
    assert "is aangepast" in await town.say("mia", "!bijeenkomst wijzig --max 1")
    for name in ("an", "cas"):
        await town.say(name, "!kom ter plaatse")
    for number in range(MOST_ANSWERS):
        assert "Je komt" in await town.say("ben", "!kom misschien" if number % 2 else "!kom niet")
    assert "Wacht een uur" in await town.say("ben", "!kom ter plaatse")
    assert "Je komt misschien" in await town.say("ben", "!kom misschien")  # as it stands
    # Once nobody waits, nobody hears of it.
    await town.say("cas", "!kom niet")
    assert "wachtlijst" in await town.say("ben", "!kom ter plaatse")

"""Whoever comes hears once what changed: in private where they talk with Plein, else with a mention."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.call import Call
from bot.features.meetings import changes, telling
from bot.features.meetings.records import MEETINGS
from bot.features.meetings.settings import MeetingsSettings
from bot.model.people import Role
from tests.doubles.platform import Town, open_town

PLAN = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis --link https://meet.example/a'
STILL = "Kan je nog?"


@contextlib.asynccontextmanager
async def council(url: str, plan: str = PLAN) -> AsyncIterator[Town]:
    """Mia planned a meeting and announced it."""
    async with open_town(url, moderators=("mia",)) as town:
        await town.joined("sport")
        asked = await town.core.handle(town.asked("mia", plan))
        assert asked
        assert await town.core.handle(town.asked("mia", button=asked.buttons[0]))
        yield town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url) as town:
        yield town


async def later(town: Town, by: timedelta = timedelta(minutes=5)) -> None:
    town.clock.turn(by)
    await town.core.run_due()


def told(town: Town, where: str, words: str) -> int:
    """How often something with these words was said there."""
    return sum(words in said for said in town.platform.where(where))


async def test_who_talks_in_private_is_told_there_and_the_others_are_mentioned(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    answers = {"anna": "online", "ben": "online", "cas": "niet", "dirk": "misschien"}
    for name, answer in answers.items():
        await town.say(name, f"!kom {answer}")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    (private,) = town.platform.where("anna")
    assert "Verplaatst naar woensdag 9 december om 20.00 uur" in private
    assert told(town, "sport", STILL) == 1
    assert {who for _, who in town.platform.pinged} == {"ben", "dirk"}
    assert not any(town.platform.where(name) for name in ("ben", "cas", "dirk"))


async def test_changes_within_five_minutes_are_one_message(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town, timedelta(minutes=4))
    await town.say("mia", "!bijeenkomst wijzig --plaats Gemeentehuis")
    await later(town, timedelta(seconds=59))
    assert told(town, "sport", STILL) == 0
    await later(town, timedelta(seconds=1))
    (said,) = [words for words in town.platform.where("sport") if STILL in words]
    assert "Nu ter plaatse in: Gemeentehuis" in said
    await later(town)
    assert told(town, "sport", STILL) == 1


async def test_whoever_goes_on_changing_it_puts_off_no_word_of_it(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    for number in range(3):
        await later(town, timedelta(minutes=4))
        await town.say("mia", f"!bijeenkomst wijzig --over Punt{number}")
    assert told(town, "sport", STILL) == 1


async def test_what_was_moved_to_and_fro_is_no_news(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await town.say("mia", '!bijeenkomst verplaats "8 december 19u30"')
    await later(town)
    assert told(town, "sport", "Verplaatst naar") == 0
    assert not town.platform.pinged


@pytest.mark.parametrize(("to", "is_told"), [("19u45", False), ("19u46", True)])
async def test_a_quarter_of_an_hour_is_not_worth_a_word(town: Town, to: str, is_told: bool) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", f'!bijeenkomst verplaats "8 december {to}"')
    await later(town)
    assert bool(told(town, "sport", STILL)) is is_told
    # Small steps add up.
    await town.say("mia", '!bijeenkomst verplaats "8 december 19u55"')
    await later(town)
    assert told(town, "sport", STILL) == 1


async def test_within_the_hour_it_is_told_at_once(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await later(town, timedelta(days=7))
    await town.say("mia", "!bijeenkomst wijzig --plaats Gemeentehuis")
    await town.core.run_due()
    assert told(town, "sport", "Nu ter plaatse in: Gemeentehuis") == 1


async def test_cancelled_and_taken_back(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst annuleer --reden "Ziek" --zeker')
    await later(town)
    assert told(town, "sport", "Dit gaat niet door") == 1
    assert "gaat niet door: Ziek" in await town.say("ben", "!kom online --bijeenkomst 1")
    await town.say("mia", "!bijeenkomst herstel 1")
    await later(town)
    assert told(town, "sport", "Dit gaat toch door") == 1
    assert "Jouw antwoord: ter plaatse" in await town.say("ben", "!bijeenkomst toon 1")


async def test_a_cancelled_one_is_not_taken_back_once_it_would_have_begun(town: Town) -> None:
    await town.say("mia", '!bijeenkomst annuleer --reden "Ziek" --zeker')
    await later(town, timedelta(days=8))
    assert "zou begonnen zijn" in await town.say("mia", "!bijeenkomst herstel 1")


async def test_many_are_told_page_by_page_each_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    names = [f"buur{number}" for number in range(5)]
    for name in names:
        await town.say(name, "!help", room=None)
        await town.say(name, "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    assert [told(town, name, STILL) for name in names] == [1] * 5
    await later(town, timedelta(hours=1))
    assert [told(town, name, STILL) for name in names] == [1] * 5


async def test_what_changes_while_they_are_told_is_told_to_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    names = [f"buur{number}" for number in range(5)]
    for name in names:
        await town.say(name, "!help", room=None)
        await town.say(name, "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    whisper, pages = telling.whisper, itertools.count()

    def told_and_changed(call: Call, *what: Any, **how: Any) -> None:
        """After the first page somebody changes the place."""
        whisper(call, *what, **how)
        if next(pages) == 0:
            call.tx.of(MEETINGS).change(1, {"place": "Gemeentehuis"})

    monkeypatch.setattr(changes, "whisper", told_and_changed)
    await later(town)
    assert [told(town, name, "Nu ter plaatse in: Gemeentehuis") for name in names] == [1] * 5


async def test_what_is_cancelled_is_named_by_the_moment_that_they_know_of(town: Town) -> None:
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker")
    await later(town)
    assert told(town, "sport", "Dit gaat niet door: dinsdag 8 december om 19.30 uur") == 1


async def test_who_changed_something_else_hears_of_the_others_move(town: Town) -> None:
    town.configure(MeetingsSettings(planned_by="resident"))
    town.platform.present["otto", "sport"] = Role.ORGANISER
    otto = replace(town.asked("otto", "!help"), role=Role.ORGANISER)
    await town.core.handle(otto)
    await town.say("otto", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    asked = replace(town.asked("otto", "!bijeenkomst wijzig --over Budget"), role=Role.ORGANISER)
    assert await town.core.handle(asked)
    await later(town)
    assert told(town, "sport", STILL) == 1
    assert town.platform.pinged == [("sport", "otto")]


async def test_no_private_talk_is_begun_with_an_account_that_has_none(town: Town) -> None:
    """Anna's other account talks with Plein, and is not in the theme."""
    await town.say("annas", "!help", room=None)
    await town.say("anna", "!kom ter plaatse")
    await town.linked("anna", "annas")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    assert not town.platform.where("anna")
    assert not town.platform.where("annas")
    assert ("sport", "anna") in town.platform.pinged


async def test_who_left_the_theme_hears_nothing(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    for name in ("anna", "ben"):
        await town.say(name, "!kom ter plaatse")
        del town.platform.present[name, "sport"]
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    assert told(town, "anna", STILL) == 0


async def test_whoever_changed_it_knows(town: Town) -> None:
    await town.say("mia", "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    assert told(town, "sport", STILL) == 0
    assert told(town, "mia", STILL) == 0


async def test_of_very_many_some_are_mentioned_below(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MENTIONED", 2)
    names = [f"buur{number}" for number in range(5)]
    for name in names:
        await town.say(name, "!kom ter plaatse")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await later(town)
    assert told(town, "sport", STILL) == 1
    assert told(town, "sport", "Ook voor jullie") == 2
    assert sorted(who for _, who in town.platform.pinged) == names

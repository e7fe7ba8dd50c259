"""Reminders: each moment said once, to those whom it concerns, with what fits their answer then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.call import APART
from bot.features.meetings import remind
from bot.features.meetings.settings import MeetingsSettings
from bot.features.polls.settings import PollsSettings
from tests.bot.features.meetings.test_changes import council, told
from tests.bot.features.meetings.test_plan import plan
from tests.chat import BRUSSELS
from tests.doubles.platform import Town, open_town

SOON = "Binnenkort:"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """On the first of December; the meeting is on the eighth at half past seven in the evening."""
    async with council(database_url) as town:
        yield town


async def until(town: Town, words: str) -> None:
    """It is that moment on the clocks of Brussels: "7 19:30"."""
    day, clock = words.split()
    hour, minute = map(int, clock.split(":"))
    town.clock.turn_to(datetime(2026, 12, int(day), hour, minute, tzinfo=BRUSSELS).astimezone(UTC))
    await town.core.run_due()


async def test_a_week_a_day_and_an_hour_before_it_is_said_in_the_theme(town: Town) -> None:
    said = []
    for words in ("1 19:29", "1 19:30", "7 19:29", "7 19:30", "8 18:29", "8 18:30", "9 12:00"):
        await until(town, words)
        said.append(told(town, "sport", SOON))
    assert said == [0, 1, 1, 2, 2, 3, 3]
    assert not town.platform.pinged


async def test_each_hears_what_fits_their_answer_at_that_moment(town: Town) -> None:
    answers = {"anna": "ter plaatse", "ben": "online", "cas": "misschien", "dirk": "niet"}
    for name, answer in answers.items():
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, f"!kom {answer}")
    await until(town, "7 19:30")
    found = {name: town.platform.where(name) for name in answers}
    assert [len(said) for said in found.values()] == [1, 1, 1, 0]
    assert "Ter plaatse: Dorpshuis" in found["anna"][0]
    assert "https://" not in found["anna"][0]
    assert "Online: https://meet.example/a" in found["ben"][0]
    assert "Je zei misschien. Kom je?" in found["cas"][0]
    await town.say("anna", "!kom online")
    await until(town, "8 18:30")
    assert "Online: https://meet.example/a" in town.platform.where("anna")[1]


async def test_who_does_not_talk_in_private_is_mentioned_in_the_theme(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!kom ter plaatse")
    await town.say("anna", "!herinneringen aan")
    await until(town, "7 19:30")
    assert told(town, "sport", SOON) == 1
    assert town.platform.pinged == [("sport", "anna")]
    assert not town.platform.where("anna")


async def test_who_waits_hears_that(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig --max 1")
    for name in ("anna", "ben"):
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, "!kom ter plaatse")
    await until(town, "7 19:30")
    assert "als nummer 1" in town.platform.where("ben")[-1]


async def test_who_waits_for_another_way_hears_where_they_have_a_place_until_then(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig --max 1")
    await town.say("anna", "!kom ter plaatse")
    await town.say("ben", "!herinneringen privé", room=None)
    for way in ("online", "ter plaatse"):
        await town.say("ben", f"!kom {way}")
    await until(town, "7 19:30")
    said = town.platform.where("ben")[-1]
    assert "als nummer 1" in said
    assert "Online: https://meet.example/a" in said
    assert "Dorpshuis" not in said


async def test_a_moment_of_what_was_moved_is_void(town: Town) -> None:
    await town.say("mia", '!bijeenkomst verplaats "10 december 20u"')
    await until(town, "8 19:30")
    assert told(town, "sport", SOON) == 1  # a week before the tenth
    await until(town, "9 20:00")
    assert told(town, "sport", SOON) == 2
    # To the same moment and back it is said once for each beginning.
    await town.say("mia", '!bijeenkomst verplaats "10 december 21u"')
    await until(town, "9 21:00")
    await town.say("mia", '!bijeenkomst verplaats "10 december 20u"')
    await until(town, "10 18:59")
    assert told(town, "sport", SOON) == 3


async def test_of_what_was_cancelled_nothing_is_said(town: Town) -> None:
    await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker")
    await until(town, "9 12:00")
    assert told(town, "sport", SOON) == 0


async def test_after_an_outage_the_last_is_said_as_late(town: Town) -> None:
    await town.say("anna", "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    await until(town, "8 19:00")
    (said,) = [words for words in town.platform.where("sport") if SOON in words]
    assert "dit seintje komt later" in said
    assert len(town.platform.where("anna")) == 1


async def test_once_it_has_begun_only_the_link_to_those_online(town: Town) -> None:
    for name, answer in (("anna", "online"), ("ben", "ter plaatse")):
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, f"!kom {answer}")
    await until(town, "8 20:00")
    assert told(town, "sport", SOON) == 0
    (said,) = town.platform.where("anna")
    assert "is begonnen" in said
    assert "https://meet.example/a" in said
    assert not town.platform.where("ben")


async def test_over_it_is_not_said_and_who_moderates_hears_so_once(town: Town) -> None:
    await town.say("anna", "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    for _ in range(2):
        await until(town, "8 22:00")
    assert told(town, "sport", SOON) == told(town, "anna", "begint") == 0
    (heard,) = town.platform.where("mia")
    assert "Niemand kreeg een seintje voor “Sportraad”, dinsdag 8 december om 19.30 uur" in heard


async def test_in_quiet_hours_the_theme_hears_it_and_nobody_in_private(town: Town) -> None:
    town.configure(PollsSettings(quiet="22:00-08:00"))
    await town.say("mia", '!bijeenkomst verplaats "9 december 7u30"')
    await town.say("mia", '!bijeenkomst wijzig --herinner "10u"')
    await town.say("anna", "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    await town.say("mia", '!bijeenkomst verplaats "9 december 9u"')
    await until(town, "8 23:00")
    assert told(town, "sport", SOON) == 1
    assert not [said for said in town.platform.where("anna") if "begint" in said]
    await until(town, "9 08:00")
    assert len([said for said in town.platform.where("anna") if "begint" in said]) == 1


# --- in the night ---


def heard(town: Town, name: str = "anna") -> int:
    """How often they were reminded in private."""
    return told(town, name, "” begint ")


async def at_night(town: Town, begins: str, before: str = "1u") -> None:
    """It begins then, and quiet hours are as they are where nobody chose."""
    town.configure(PollsSettings())
    await town.say("mia", f'!bijeenkomst wijzig --herinner "{before}"')
    await town.say("mia", f'!bijeenkomst verplaats "9 december {begins}"')
    await town.core.run_due()


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    ("begins", "before", "times"),
    [
        # In the morning where that is in time: with half an hour left it is.
        ("08:30", "1u", ["8 21:30", "9 07:30", "9 08:00"]),
        ("08:29", "1u", ["8 21:29", "8 21:30"]),
        ("07:45", "1u", ["8 21:29", "8 21:30"]),
        ("23u30", "1u", ["9 21:29", "9 21:30"]),
        # Of a word shortly before it begins less than half an hour is enough.
        ("08:05", "10m", ["8 21:30", "9 07:55", "9 08:00"]),
        ("08:04", "10m", ["8 21:29", "8 21:30"]),
        # Several that fall in one night are one word; a day before waits until that morning.
        ("07:45", "3u,2u,1u", ["8 21:29", "8 21:30"]),
        ("07:45", "1d", ["7 21:30", "8 07:45", "8 08:00"]),
        ("12u", "1u", ["8 21:30", "9 08:00", "9 10:59", "9 11:00"]),
    ],
)
async def test_at_night_it_waits_for_the_morning_or_comes_the_evening_before(
    town: Town, begins: str, before: str, times: list[str], own: bool
) -> None:
    await town.say("anna", "!herinneringen " + (before if own else "aan"), room=None)
    await town.say("anna", "!kom online")
    await at_night(town, begins, before="30d" if own else before)
    found = []
    for moment in (*times, "9 23:59"):
        await until(town, moment)
        found.append(heard(town))
    assert found == [*[0] * (len(times) - 1), 1, 1]
    assert not [who for _, who in town.platform.pinged if who == "anna"]


async def test_who_answers_after_that_evening_is_mentioned_at_the_moment_itself(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    await at_night(town, "07:45", "2u,1u")
    await until(town, "8 21:30")
    await until(town, "8 23:00")
    await town.say("ben", "!kom online")
    await until(town, "9 06:45")
    assert [heard(town, name) for name in ("anna", "ben")] == [1, 0]
    assert told(town, "sport", SOON) == 1
    assert town.platform.pinged[-1] == ("sport", "ben")
    assert ("sport", "anna") not in town.platform.pinged


async def test_where_plein_was_away_that_evening_they_are_mentioned(town: Town) -> None:
    """And nobody hears it in the night in private."""
    await town.say("anna", "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    await at_night(town, "07:45")
    await until(town, "8 23:00")
    assert heard(town) == 0
    await until(town, "9 06:45")
    assert heard(town) == 0
    assert town.platform.pinged[-1] == ("sport", "anna")


async def test_their_own_night_decides_also_where_they_say_so_after_answering(town: Town) -> None:
    """Eight in the morning in Lisbon is nine in Brussels."""
    for name in ("anna", "ben"):
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, "!kom online")
    await at_night(town, "09:15")
    await town.say("anna", "!mijn tijdzone Europe/Lisbon", room=None)
    await town.core.run_due()
    found = []
    for moment in ("8 22:29", "8 22:30", "9 08:15", "9 09:00"):
        await until(town, moment)
        found.append((heard(town), heard(town, "ben")))
    assert found == [(0, 0), (1, 0), (1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("words", "minute_before", "evening"),
    [("stilte 21u-8u", "20:29", "20:30"), ("zone Europe/Lisbon", "22:29", "22:30")],
)
async def test_where_moderators_say_that_it_is_night_at_other_hours_all_to_come_is_planned_anew(
    town: Town, monkeypatch: pytest.MonkeyPatch, words: str, minute_before: str, evening: str
) -> None:
    monkeypatch.setattr(remind, "PLANNED", 2)
    await town.say("anna", "!herinneringen aan", room=None)
    for number in range(2, 6):
        assert "staat gepland" in await plan(town, "mia", number)
    town.configure(PollsSettings())
    for number in range(1, 6):
        await town.say("anna", f"!kom ter plaatse --bijeenkomst {number}")
        await town.say("mia", f"!bijeenkomst wijzig {number} --herinner 1u")
        await town.say("mia", f'!bijeenkomst verplaats "9 december 07:45" --bijeenkomst {number}')
    await town.core.run_due()
    assert "vanaf nu" in await town.say("mia", f"!gemeenschap stel in {words}")
    for _ in range(4):
        town.clock.turn(timedelta(seconds=1))
        await town.core.run_due()
    found = []
    for moment in (f"8 {minute_before}", f"8 {evening}", "9 06:45", "9 09:00"):
        await until(town, moment)
        found.append(heard(town))
    assert found == [0, 5, 5, 5]
    assert "anna" not in [who for _, who in town.platform.pinged]


async def test_that_evening_of_what_was_moved_or_is_not_said_any_more_is_void(town: Town) -> None:
    await town.say("anna", "!herinneringen aan", room=None)
    await town.say("anna", "!kom online")
    await at_night(town, "07:45")
    await town.say("mia", '!bijeenkomst verplaats "9 december 11u"')
    await until(town, "8 21:30")
    assert heard(town) == 0
    await town.say("mia", '!bijeenkomst verplaats "10 december 07:45"')
    await town.say("mia", "!bijeenkomst wijzig --herinner geen")
    await until(town, "9 21:30")
    assert heard(town) == 0


async def test_very_many_that_evening_page_by_page_each_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remind, "PAGE", 2)
    names = [f"buur{number}" for number in range(7)]
    for name in names:
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, "!kom ter plaatse")
    await at_night(town, "07:45")
    for moment in ("8 21:30", "8 21:31", "8 21:32", "8 21:33", "9 06:45", "9 06:46", "9 06:47", "9 06:48"):
        await until(town, moment)
    assert [heard(town, name) for name in names] == [1] * 7
    assert told(town, "sport", SOON) == 1
    assert not [who for _, who in town.platform.pinged if who in names]


async def test_own_moments(town: Town) -> None:
    await town.say("mia", '!bijeenkomst wijzig --herinner "2d, 30m"')
    await until(town, "6 19:30")
    assert told(town, "sport", SOON) == 1
    await until(town, "8 18:59")
    assert told(town, "sport", SOON) == 1
    await until(town, "8 19:00")
    assert told(town, "sport", SOON) == 2


@pytest.mark.parametrize("words", ["1d,2d,3d,4d,5d,6d", "1m", "90d", "straks", ""])
async def test_moments_that_cannot_be(town: Town, words: str) -> None:
    said = await town.say("mia", f'!bijeenkomst wijzig --herinner "{words}"')
    assert "7d,1d,1u" in said, said


async def test_none_at_all(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig --herinner geen")
    await until(town, "9 12:00")
    assert told(town, "sport", SOON) == 0


async def test_very_many_are_reminded_page_by_page_each_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remind, "PAGE", 2)
    names = [f"buur{number}" for number in range(7)]
    for number, name in enumerate(names):
        room = "sport" if number % 2 else None
        await town.say(name, "!herinneringen aan", room=room)
        await town.say(name, "!kom ter plaatse")
    await until(town, "7 19:30")
    for _ in range(4):
        town.clock.turn(timedelta(minutes=1))
        await town.core.run_due()
    assert [len(town.platform.where(name)) for name in names] == [1, 0, 1, 0, 1, 0, 1]
    assert sorted(who for _, who in town.platform.pinged) == ["buur1", "buur3", "buur5"]
    assert told(town, "sport", SOON) == 1


async def test_reminders_of_one_organiser_are_said_one_after_the_other(database_url: str) -> None:
    """Also where all of them begin at the same moment: what anybody else says comes between."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.configure(MeetingsSettings(planned_by="resident"))
        for number in range(1, 6):
            assert "staat gepland" in await plan(town, "ben", number)
        assert "staat gepland" in await plan(town, "cas", 6)
        await until(town, "7 19:59")
        before = told(town, "sport", SOON)
        await until(town, "7 20:00")
        assert told(town, "sport", SOON) == before + 2, "one of each organiser"
        for more in range(1, 5):
            town.clock.turn(APART)
            town.clock.turn(timedelta(microseconds=1))
            await town.core.run_due()
            assert told(town, "sport", SOON) == before + 2 + more
        assert not told(town, "sport", "Later dan")

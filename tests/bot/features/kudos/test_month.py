"""The round-up: who is named in it, when it is said, that it is said once, and what who organises hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.features.kudos.month import DUE, Month, month_of
from bot.features.polls.settings import PollsSettings
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

BRUSSELS = ZoneInfo("Europe/Brussels")
MINUTE = timedelta(minutes=1)
TITLE = "Waarvoor we elkaar in december bedankten"


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BRUSSELS).astimezone(UTC)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Mia organises, Ben agreed to the wall, and Anna wants a word for thanking him; it is December."""
    async with open_town(database_url, board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.joined("raad", theme="raad")
        town.platform.present["mia", "sport"] = Role.ORGANISER
        await mia(town, "!help")
        for name in ("anna", "ben", "cas"):
            await town.say(name, "!help")
        await town.say("ben", "!bedankje instellingen muur aan", room=None)
        await town.say("anna", "!bedankje instellingen gever aan", room=None)
        yield town


async def mia(town: Town, words: str, room: str = "sport") -> str:
    """She organises there; the answer."""
    answer = await town.core.handle(replace(town.asked("mia", words, room=room), role=Role.ORGANISER))
    return words_of(answer) if answer else ""


async def thanks(town: Town, giver: str = "anna", who: str = "ben", what: str = "voor de soep") -> None:
    assert "staat in sport" in await town.say(giver, f'!bedankt {who} "{what}"')
    town.clock.turn_to(town.clock.now() + MINUTE)


async def until(town: Town, moment: datetime, room: str = "sport") -> list[str]:
    """The round-ups that are said there until then, by what is due then."""
    before = len(town.platform.shown)
    town.clock.turn_to(moment)
    await town.core.run_due()
    shown = town.platform.shown[before:]
    return [one.words for one in shown if one.where == room and "bedankten" in one.words]


async def test_those_who_agreed_are_named_on_the_first_at_nine_and_once(town: Town) -> None:
    await thanks(town)
    await thanks(town, "ben", "cas", "voor de stoelen")
    assert await until(town, at(2027, 1, 1) - MINUTE) == []
    (said,) = await until(town, at(2027, 1, 1))
    named = (
        "Dank aan een bewoner: “voor de soep”\nZij bedankten anderen, dus ook hun een bedankje: een bewoner."
    )
    assert said == f"{TITLE}\n{named}"

    def again(tx: Transaction) -> None:
        tx.jobs.add(DUE, "1 2026-12", town.clock.now())

    await town.core.store.run(again)
    assert await until(town, at(2027, 1, 2)) == []
    assert await until(town, at(2027, 2, 1)) == []
    await thanks(town, what="voor het koor")
    (said,) = await until(town, at(2027, 3, 1))
    assert said.startswith("Waarvoor we elkaar in februari bedankten\nDank aan een bewoner: “voor het koor”")


async def test_who_may_not_say_it_there_any_more_is_not_quoted(town: Town) -> None:
    await thanks(town)
    await thanks(town, "cas", what="voor de lampen")
    del town.platform.present["anna", "sport"]
    (said,) = await until(town, at(2027, 1, 1))
    assert said == f"{TITLE}\nDank aan een bewoner: “voor de lampen”"


async def test_of_whom_the_platform_says_nothing_for_an_hour_nothing_is_quoted(town: Town) -> None:
    await thanks(town)
    await thanks(town, "cas", what="voor de lampen")
    town.platform.present["anna", "sport"] = None
    assert await until(town, at(2027, 1, 1)) == []
    (said,) = await until(town, at(2027, 1, 1, 10) + MINUTE)
    assert said == f"{TITLE}\nDank aan een bewoner: “voor de lampen”"


async def test_what_was_taken_back_hidden_or_not_agreed_to_is_not_told(town: Town) -> None:
    await thanks(town)
    await thanks(town, "cas", what="voor de lampen")
    await thanks(town, "mia", what="voor de bloemen")
    await town.say("anna", "!bedankje intrekken", room=None)
    await town.say("ben", "!bedankje verberg 2", room=None)
    await town.say("ben", "!bedankje instellingen muur uit", room=None)
    assert await until(town, at(2027, 1, 1)) == []


async def test_what_is_late_by_more_than_a_week_is_dropped_and_the_next_is_said(town: Town) -> None:
    await thanks(town)
    assert await until(town, at(2027, 1, 8, 10)) == []
    await thanks(town, what="voor het koor")
    (said,) = await until(town, at(2027, 2, 1))
    assert "soep" not in said
    assert "koor" in said


async def test_it_waits_for_quiet_hours_to_end(town: Town) -> None:
    town.configure(PollsSettings(quiet="22:00-10:00"))
    await thanks(town)
    assert await until(town, at(2027, 1, 1)) == []
    assert len(await until(town, at(2027, 1, 1, 10))) == 1


async def test_a_year_in_a_theme_is_worth_a_word_once_of_who_agreed(town: Town) -> None:
    """Of the platform's own word, by which all of them came on the 1st of December 2026."""
    await thanks(town)
    assert await until(town, at(2027, 12, 1)) == []
    (said,) = await until(town, at(2028, 1, 1))
    assert said == f"{TITLE}\nEen jaar hier, en daar zijn we blij om: een bewoner."
    assert await until(town, at(2029, 1, 1)) == []


async def test_an_organiser_has_what_is_new_told_at_once(town: Town) -> None:
    assert "organisator" in await town.say("anna", "!bedankje maand")
    assert "niets bij op de muur" in await mia(town, "!bedankje maand")
    await thanks(town)
    assert "komt er zo aan" in await mia(town, "!bedankje maand")
    assert len(await until(town, town.clock.now() + MINUTE)) == 1
    assert "niets bij op de muur" in await mia(town, "!bedankje maand")
    assert await until(town, at(2027, 1, 1)) == []


async def test_before_nine_on_the_first_it_is_still_that_of_the_last_month(town: Town) -> None:
    await thanks(town)
    await until(town, at(2027, 1, 1, 8))
    assert "komt er zo aan" in await mia(town, "!bedankje maand")
    (said,) = await until(town, town.clock.now())
    assert said.startswith(TITLE)
    assert await until(town, at(2027, 1, 1)) == []


async def test_who_organises_hears_in_private_of_their_own_themes_without_any(town: Town) -> None:
    town.platform.present["mia", "raad"] = Role.ORGANISER
    await mia(town, "!help", room="raad")
    await town.say("cas", "!help", room="raad")
    for name in ("mia", "cas"):
        await town.say(name, "!help", room=None)
    assert await until(town, at(2027, 1, 1), "mia") == []
    await thanks(town)
    assert await until(town, at(2027, 2, 1), "raad") == []
    told = [one for one in town.platform.shown if "niemand bedankt" in one.words]
    assert [one.where for one in told] == ["mia"]
    assert told[0].words.startswith("Waar in januari niemand bedankt werd\nraad\n")


async def test_nothing_is_planned_where_nobody_was_ever_thanked(town: Town) -> None:
    def planned(tx: Transaction) -> object:
        return tx.jobs.next_due()

    assert await town.core.store.run_anywhere(planned) is None
    assert town.platform.platform == PLATFORM


def test_months_follow_each_other_by_the_communitys_clocks() -> None:
    assert month_of(datetime(2026, 12, 31, 23, tzinfo=UTC), BRUSSELS) == Month(2027, 1)
    assert [str(month) for month in (Month(2026, 11).next, Month(2026, 12).next)] == ["2026-12", "2027-01"]
    assert Month(2026, 12).told_at(BRUSSELS) == at(2027, 1, 1)
    assert Month(2027, 3).told_at(BRUSSELS) == at(2027, 4, 1)

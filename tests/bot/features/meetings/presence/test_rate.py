"""Saying how a meeting was: who may, until when, and what whoever organises it reads of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.meetings.presence.records import RATINGS
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import later, told
from tests.bot.features.meetings.test_people import exported, rows
from tests.doubles.platform import Town, words_of
from tests.test_ratings_sealed import PEOPLE, came, held, rate
from tests.test_ratings_sealed import later as much_later

IN = "is binnen"
OPEN_FOR = timedelta(days=3)


async def pressed(town: Town, name: str, score: int) -> str:
    asked = replace(town.asked(name), command="meeting rate", args={"score": str(score), "meeting": 1})
    answer = await town.core.handle(asked)
    assert answer
    return words_of(answer)


async def kept(town: Town) -> int:
    """How many say it, while nobody can read what."""

    def read(tx: Transaction) -> int:
        return sum(len(tx.of(RATINGS).of(who)["ratings"]) for who in range(1, 20))

    return await town.core.store.run(read)


async def test_it_is_asked_once_in_the_theme_and_of_who_talks_in_private(database_url: str) -> None:
    async with held(database_url, "anna", "ben") as town:
        assert told(town, "sport", "Hoe was het?") == 1
        assert not town.platform.pinged
        assert not any(told(town, name, "Hoe was het?") for name in ("anna", "ben", "mia"))
        assert IN in await pressed(town, "anna", 4)
        await later(town, timedelta(days=2))
        assert told(town, "sport", "Hoe was het?") == 1


async def test_where_nobody_was_there_nobody_is_asked(database_url: str) -> None:
    async with held(database_url) as town:
        assert told(town, "sport", "Hoe was het?") == 0
        assert "wordt geen cijfer gevraagd" in await rate(town, "mia", "4")


async def test_in_private_only_who_was_there_and_talks_there(database_url: str) -> None:
    async with held(database_url, "anna", "ben", talking=("anna", "cas")) as town:
        assert [told(town, name, "Hoe was het?") for name in ("anna", "ben", "cas")] == [1, 0, 0]


def silence(town: Town) -> None:
    town.platform.silenced.add(("mia", "sport"))


async def test_of_whoever_may_say_nothing_there_any_more_the_title_is_not_said(database_url: str) -> None:
    async with held(
        database_url, "anna", before=lambda town: town.platform.silenced.add(("mia", "sport"))
    ) as town:
        (said,) = [words for words in town.platform.where("sport") if "Hoe was het?" in words]
        assert "Sportraad" not in said.split("\n")[0]
        assert "De bijeenkomst van dinsdag 1 december om 20.00 uur is voorbij." in said


async def test_who_did_not_check_in_says_nothing_of_it_where_others_did(database_url: str) -> None:
    async with held(database_url, "anna", coming=("ben",)) as town:
        assert "aanwezig gemeld" in await rate(town, "ben", "4")
        assert "aanwezig gemeld" in await rate(town, "mia", "4")
        assert IN in await rate(town, "anna", "4")


async def test_where_nobody_did_who_had_a_place_says_it(database_url: str) -> None:
    async with held(database_url, coming=("ben",)) as town:
        assert IN in await rate(town, "ben", "4")
        await town.say("anna", "!help")
        assert "antwoordde te komen" in await rate(town, "anna", "4")


async def test_it_can_be_said_for_three_days_and_what_was_said_in_time_counts(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in PEOPLE[1:]:
            await rate(town, name, "3")
        asked = town.asked("anna", "!bijeenkomst cijfer 3", room=None)
        # What was said since then Plein has not heard yet.
        town.platform.heard_moment = town.clock.now()
        town.clock.turn(OPEN_FOR)
        await town.core.agenda.flush()
        found = await came(town)
        assert found.ended_at is None
        assert "tot" in await rate(town, "anna", "1")
        assert await town.core.handle(asked)
        town.platform.heard_moment = town.clock.now()
        await much_later(town, timedelta(seconds=20))
        found = await came(town)
        assert found.scores == (0, 0, 6, 0, 0)
        assert "kon je een cijfer geven tot" in await rate(town, "anna", "1")


async def test_one_person_says_it_once_whichever_account_says_it(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in ("anna", "ben", "cas", "dora", "eva"):
            await rate(town, name, "1")
        await rate(town, "finn", "5")
        # Of two that are one person the later one stands.
        await town.linked("anna", "finn")
        assert await kept(town) == 5
        await much_later(town, OPEN_FOR)
        assert (await came(town)).scores == (4, 0, 0, 0, 1)


ELDERS = ("finn", "gust", "hilde")


async def parted_after_rating(town: Town, whose: str) -> None:
    """Accounts that were never there are each linked with theirs, say how it was, and leave."""
    for turn, elder in enumerate(ELDERS):
        brought = await town.linked(elder, whose)
        said = await rate(town, whose, "1")
        assert IN in said if not turn else "al meegeteld" in said
        await town.parted(whose, brought)
    assert "al meegeteld" in await rate(town, whose, "1")


@pytest.mark.parametrize("checked_in", [True, False])
async def test_being_there_gives_one_say_however_often_accounts_are_linked_and_left(
    database_url: str, checked_in: bool
) -> None:
    there = ("ben", "cas")
    here, coming = (there, ()) if checked_in else ((), there)
    async with held(database_url, *here, coming=coming, others=ELDERS) as town:
        await parted_after_rating(town, "ben")
        assert IN in await rate(town, "cas", "5")
        assert await kept(town) == 2
        # Who says it with one that left has no say beside them, either.
        await town.linked("cas", "ben")
        assert await kept(town) == 1
        await much_later(town, OPEN_FOR)
        assert (await came(town)).people == 1
        assert await rows(database_url, "select * from meeting_leavers") == []


async def test_who_is_forgotten_said_nothing(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in PEOPLE:
            await rate(town, name, "2")
        assert b"cijfers_voor_bijeenkomsten" in await exported(town, "ben")
        await town.core.handle(town.asked("anna", "!me forget --sure", room=None))
        assert await kept(town) == 5
        await much_later(town, OPEN_FOR)
        found = await came(town)
        assert (found.people, found.scores) == (5, (0, 5, 0, 0, 0))


async def test_whoever_organises_it_reads_how_it_was_before(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for number, name in enumerate(PEOPLE):
            await rate(town, name, f"{1 + number % 5} {'zcab'[number]}" if number < 4 else "5")
        await much_later(town, OPEN_FOR)
        (said,) = [words for words in town.platform.where("mia") if "gemiddeld" in words]
        assert "6 mensen gaven gemiddeld 3,3 op 5." in said
        assert said.split("\n")[-4:] == ["“a”", "“b”", "“c”", "“z”"]
        assert "Eerder" not in said
        # Another one of that theme, a week later.
        plan = '!meeting plan "Raad" "10 december 20u" --place Zaal --remind none'
        asked = await town.core.handle(town.asked("mia", plan))
        assert asked
        await town.core.handle(town.asked("mia", button=asked.buttons[0]))
        for name in PEOPLE:
            await town.say(name, "!kom ter plaatse --bijeenkomst 2")
        await much_later(town, timedelta(days=6))
        for name in PEOPLE:
            assert IN in await rate(town, name, "5")
        await much_later(town, OPEN_FOR)
        said = town.platform.where("mia")[-1]
        assert "gemiddeld 5,0 op 5." in said
        assert "Eerder, de laatste eerst: 3,3 (dinsdag 1 december)" in said
        for name in ("anna", "mia"):
            answer = await town.say(name, "!bijeenkomst cijfer --bijeenkomst 1")
            assert ("gemiddeld 3,3" in answer) is (name == "mia")


async def test_of_a_meeting_that_does_not_take_place_nobody_is_asked(database_url: str) -> None:
    async def cancel(town: Town) -> None:
        asked = replace(town.asked("mia", "!bijeenkomst annuleer --reden Ziek --zeker"), role=Role.MODERATOR)
        await town.core.handle(asked)

    async with held(database_url, coming=("ben",), then=cancel) as town:
        assert told(town, "sport", "Hoe was het?") == 0
        assert "gaat niet door" in await rate(town, "ben", "4 --bijeenkomst 1")


@pytest.mark.parametrize("words", ["0", "6", "-1", "4,5", "goed", "44", "²", "4/6"])
async def test_what_is_no_figure_changes_nothing(database_url: str, words: str) -> None:
    async with held(database_url, "anna") as town:
        assert "Een cijfer gaat van 1" in await rate(town, "anna", words)
        assert await kept(town) == 0


@pytest.mark.parametrize("words", ["4", "4/5", "4.", '4 "fijn, maar lang"', "4, fijn"])
async def test_how_a_figure_is_typed(database_url: str, words: str) -> None:
    async with held(database_url, "anna") as town:
        assert IN in await rate(town, "anna", words)
        assert await kept(town) == 1

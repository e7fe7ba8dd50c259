"""Meetings that come back: which there are, which are announced, and what changes one or all that follow."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.call import Call
from bot.features.meetings import changes, come, series, standing
from bot.features.meetings.changes import NEXT
from bot.features.meetings.records import MEETINGS, MOST, SERIES, Meeting
from bot.model.message import Button, text
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import council, later, told
from tests.chat import BRUSSELS
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

PLAN = '!bijeenkomst plan "Sportraad" "8 december 19u30" --plaats Dorpshuis --max 2'
WEEKLY = f'{PLAN} --herhaal "elke dinsdag"'
EVER = datetime.fromtimestamp(0, UTC)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """It is the first of December; the council meets each Tuesday from the eighth on."""
    async with council(database_url, WEEKLY) as town:
        yield town


async def rows(town: Town, number: int = 1) -> Mapping[int, Meeting]:
    """All that was made of a series, by their numbers."""
    found = await town.core.store.run(lambda tx: tx.of(SERIES).meetings(number, EVER))
    return {each.id: each for each in found}


def at(words: str) -> datetime:
    """A moment on the clocks of Brussels: "2026-12-08 19:30"."""
    return datetime.fromisoformat(words).replace(tzinfo=BRUSSELS)


async def until(town: Town, words: str) -> None:
    town.clock.turn_to(at(words).astimezone(UTC))
    await town.core.run_due()


async def seen(town: Town) -> list[int]:
    """Those that were announced, the first to begin first."""
    return [number for number, each in (await rows(town)).items() if each.announced]


async def press(town: Town, name: str, words: str) -> str:
    """Say it, and press the first button of the answer."""
    asked = await town.core.handle(town.asked(name, words))
    assert asked
    assert asked.buttons, words_of(asked)
    done = await town.core.handle(town.asked(name, button=asked.buttons[0]))
    return words_of(done) if done else ""


async def shown(town: Town, name: str, meeting: int) -> str:
    return await town.say(name, f"!bijeenkomst toon {meeting}")


# --- which there are ---


async def test_they_are_made_a_year_ahead_and_more_as_time_passes(town: Town) -> None:
    made = await rows(town)
    assert list(made) == list(range(1, 53))
    assert made[52].starts_at == at("2027-11-30 19:30")
    await until(town, "2026-12-15 21:00")
    assert list(await rows(town)) == list(range(1, 55))
    assert {each.starts_at.astimezone(BRUSSELS).hour for each in made.values()} == {19}


async def test_twice_a_week_is_not_too_often_and_no_more_than_104_are_to_come(database_url: str) -> None:
    async with council(database_url, f'{PLAN} --herhaal "elke dinsdag en donderdag"') as town:
        assert len(await rows(town)) == MOST
        for day in range(8, 31):
            await until(town, f"2026-12-{day:02} 22:00")
            coming = [each for each in (await rows(town)).values() if each.starts_at > town.clock.now()]
            assert len(coming) == MOST
        assert "meer dan 104 keer" in await town.say(
            "mia", '!bijeenkomst plan "Raad" "2 januari 9u" --plaats Hier --herhaal "elke dag"'
        )


async def test_all_series_of_a_theme_together_hold_so_many(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are more, it is said what to do; nothing is made, and none comes back beyond it."""
    monkeypatch.setattr(series, "MOST_IN_THEME", 110)

    def planned(tx: Transaction) -> int:
        return tx.of(SERIES).coming(1)

    wednesdays = '!bijeenkomst plan "Koor" "9 december 20u" --plaats Zaal --herhaal "elke woensdag"'
    thursdays = '!bijeenkomst plan "Kaart" "10 december 20u" --plaats Zaal --herhaal "elke donderdag"'
    assert "staat gepland" in await press(town, "mia", wednesdays)
    before = await town.core.store.run(planned)
    assert 104 <= before <= 110
    for words in (thursdays, f"{thursdays} --zeker"):
        said = await town.say("mia", words)
        assert f"komen al {before} bijeenkomsten van reeksen" in said
        assert "samen mogen het er hoogstens 110 zijn" in said
        assert "`!bijeenkomst reeks [nummer] --stop --reden" in said
    assert "Klopt dit" in await town.say("mia", f'{thursdays} --tot "eind december"')
    assert await town.core.store.run(planned) == before
    # A single one is none of them.
    assert "staat gepland" in await press(
        town, "mia", '!bijeenkomst plan "Eén" "11 december 20u" --plaats Zaal'
    )
    await press(town, "mia", '!bijeenkomst reeks 1 --stop --reden "Te weinig volk"')
    assert "staat gepland" in await press(town, "mia", thursdays)
    assert "komen al" in await town.say("mia", "!bijeenkomst herstel 1 --vanaf-deze")
    for month in range(1, 7):
        await until(town, f"2027-0{month}-01 12:00")
        assert await town.core.store.run(planned) <= 110


async def test_of_a_yearly_one_the_next_two_are_there(database_url: str) -> None:
    plan = '!bijeenkomst plan "Feest" "1 januari 2027 20u" --plaats Hier --herhaal "elk jaar op 1 januari"'
    async with council(database_url, plan) as town:
        assert "1 keer in het eerste jaar" in await town.say("mia", plan.replace("Feest", "Bal"))
        assert [each.starts_at.year for each in (await rows(town)).values()] == [2027, 2028]
        await until(town, "2027-01-02 12:00")
        assert [each.starts_at.year for each in (await rows(town)).values()] == [2027, 2028, 2029]


# --- which are announced ---


async def test_the_next_is_announced_when_the_one_before_it_is_over(database_url: str) -> None:
    async with council(database_url, f'{PLAN} --herhaal "elke tweede dinsdag van de maand"') as town:
        for words, expected in (
            ("2026-12-08 20:59", [1]),
            ("2026-12-08 21:00", [1, 2]),
            ("2027-01-12 20:59", [1, 2]),
            ("2027-01-12 21:00", [1, 2, 3]),
        ):
            await until(town, words)
            assert await seen(town) == expected, words
        await later(town, timedelta(minutes=1))
        assert told(town, "sport", "dinsdag 9 februari 2027 om 19.30 uur, duurt") == 1


async def test_it_is_announced_a_week_before_where_that_is_sooner(town: Town) -> None:
    await town.say("mia", '!bijeenkomst verplaats "donderdag 17 december 19u30" --bijeenkomst 1')
    await town.core.run_due()
    # The second begins before the first by now.
    assert await seen(town) == [2, 1]
    await until(town, "2026-12-15 19:29")
    assert await seen(town) == [2, 1]
    await until(town, "2026-12-15 19:30")
    assert await seen(town) == [2, 1, 3]


async def test_where_one_is_cancelled_the_next_is_announced(town: Town) -> None:
    await press(town, "mia", "!bijeenkomst annuleer 1 Ziek")
    await town.core.run_due()
    assert await seen(town) == [1, 2]
    assert "Alleen deze keer" in await town.say("mia", "!bijeenkomst annuleer 2 Ziek")


async def test_two_jobs_and_a_crash_make_nothing_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # At the first one all that is due is tried once more, each so that it can be undone by itself; and at one
    # more once it is known that whoever planned them is there still.
    expand, crashes = standing.expand, iter([True] * 3)

    def crashing(*what: object) -> Meeting:
        if next(crashes, False):
            raise RuntimeError("after all was written")
        return expand(*what)  # type: ignore[arg-type]

    monkeypatch.setattr(series, "expand", crashing)

    def plan_twice(tx: Transaction) -> None:
        for number in range(2):
            tx.jobs.add(NEXT, "1", at("2026-12-08 21:00"), f"again:{number}")

    await town.core.store.run(plan_twice)
    await until(town, "2026-12-08 21:00")
    await until(town, "2026-12-09 21:00")
    made = await rows(town)
    assert list(made) == list(range(1, 54))
    assert len({each.starts_at for each in made.values()}) == len(made)
    assert await seen(town) == [1, 2]
    assert told(town, "sport", "dinsdag 15 december om 19.30 uur, duurt") == 1
    assert "after all was written" in caplog.text
    caplog.clear()


# --- one, and all that follow ---


async def test_moved_from_here_on_they_keep_their_numbers_and_what_was_changed_by_hand_stays(
    town: Town,
) -> None:
    await town.say("mia", '!bijeenkomst verplaats "zondag 27 december 10u" --bijeenkomst 3')
    before = await rows(town)
    asked = '!bijeenkomst verplaats "woensdag 16 december 20u" --bijeenkomst 2 --vanaf-deze'
    said = await town.say("mia", asked)
    assert "Verhuizen 50 bijeenkomsten" in said
    assert "Eerstvolgend: woensdag 16 december, woensdag 30 december en woensdag 6 januari 2027" in said
    assert "zondag 27 december om 10.00 uur" in said
    assert {each.starts_at for each in (await rows(town)).values()} == {
        each.starts_at for each in before.values()
    }
    await press(town, "mia", asked)
    now = await rows(town)
    assert now.keys() == before.keys()
    assert (now[1], now[3].starts_at) == (before[1], before[3].starts_at)
    assert now[2].starts_at == at("2026-12-16 20:00")
    assert now[4].starts_at == at("2026-12-30 20:00")
    assert now[52].starts_at == at("2027-12-01 20:00")
    raised = {number: now[number].version - each.version for number, each in before.items()}
    assert Counter(raised.values()) == {1: 50, 0: 2}
    assert raised[1] == raised[3] == 0
    await press(town, "mia", f"{asked} --alle".replace("20u", "21u"))
    now = await rows(town)
    assert now[3].starts_at == at("2026-12-23 21:00")
    assert not now[3].by_hand
    # And those that are made later are at that moment.
    await until(town, "2026-12-31 12:00")
    made = await rows(town)
    assert made[max(made)].starts_at == at("2027-12-29 21:00")
    assert len({each.starts_at for each in made.values()}) == len(made)


async def test_where_too_few_days_are_left_they_stay_where_they_are(database_url: str) -> None:
    yearly = WEEKLY.replace("8 december", "1 juni 2027").replace("elke dinsdag", "elk jaar op 1 juni")
    async with council(database_url, f'{yearly} --behalve "1/1/2028-31/12/2199"') as town:
        before = await rows(town)
        move = '!bijeenkomst verplaats "2 juni 2028 19u30" --bijeenkomst 1 --vanaf-deze'
        assert "te weinig dagen" in await town.say("mia", move)
        assert await rows(town) == before


async def test_what_was_done_to_one_is_typed_again_for_all_that_follow(town: Town) -> None:
    for words in ("wijzig 2 --plaats Kerk", 'verplaats "woensdag 16 december 20u" --bijeenkomst 2'):
        assert "zet er dan `--vanaf-deze` bij" in await town.say("mia", f"!bijeenkomst {words}")
    assert "50 bijeenkomsten" in await town.say("mia", "!bijeenkomst wijzig 2 --plaats Kerk --vanaf-deze")
    move = '!bijeenkomst verplaats "woensdag 16 december 20u" --bijeenkomst 2 --vanaf-deze'
    assert "50 bijeenkomsten" in await press(town, "mia", move)
    now = await rows(town)
    assert [now[number].place for number in (1, 2, 3, 52)] == ["Dorpshuis", "Kerk", "Kerk", "Kerk"]
    assert now[3].starts_at == at("2026-12-23 20:00")
    assert "begint al op dat moment" in await town.say("mia", move)
    assert "Er verandert niets" in await town.say("mia", "!bijeenkomst wijzig 2 --plaats Kerk --vanaf-deze")


async def test_one_that_is_as_the_others_are_again_goes_with_them(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig 2 --plaats Kerk")
    assert (await rows(town))[2].by_hand
    await town.say("mia", "!bijeenkomst wijzig 2 --plaats Kerk --vanaf-deze")
    assert not (await rows(town))[2].by_hand


async def test_all_may_move_to_where_the_next_of_them_was(town: Town) -> None:
    move = '!bijeenkomst verplaats "dinsdag 15 december 19u30" --bijeenkomst 1'
    assert "als nummer 2" in await town.say("mia", move)
    before = await rows(town)
    await press(town, "mia", f"{move} --vanaf-deze")
    now = await rows(town)
    assert [now[number].starts_at for number in range(1, 52)] == [
        before[number].starts_at for number in range(2, 53)
    ]
    assert now[52].starts_at == at("2027-12-07 19:30")


async def test_edited_from_here_on_also_those_to_come_later_and_by_how_many_one_is_over(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --met 1 --bijeenkomst 2")
    said = await town.say("mia", "!bijeenkomst wijzig 2 --max 1 --duur 2u --over Budget --vanaf-deze")
    assert "51 bijeenkomsten" in said
    assert "1 persoon meer dan er plaats is" in said
    await until(town, "2026-12-15 22:00")
    made = await rows(town)
    for number in (2, 52, max(made)):
        each = made[number]
        assert (each.room, each.about, each.ends_at - each.starts_at) == (1, "Budget", timedelta(hours=2))
    assert (made[1].room, made[1].about) == (2, None)


async def test_stopped_by_any_of_its_numbers_none_is_to_come(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse")
    assert "Zeg waarom" in await town.say("mia", "!bijeenkomst reeks 4 --stop")
    stop = "!bijeenkomst reeks 4 --stop --reden Verbouwing"
    assert "is van iemand anders" in await town.say("anna", stop)
    assert "52 bijeenkomsten" in await press(town, "mia", stop)
    assert {each.state for each in (await rows(town)).values()} == {"cancelled"}
    await later(town)
    (said,) = [words for words in town.platform.where("sport") if "Dit gaat niet door" in words]
    assert "Ze komt niet meer terug" in said
    await later(town, timedelta(days=60))
    assert len(await rows(town)) == 52
    assert "is al gestopt" in await town.say("mia", stop)


async def talking(town: Town, *names: str) -> None:
    """They talk with Plein in private."""
    for name in names:
        await town.say(name, "!help", room=None)


async def test_each_hears_once_of_a_series_that_is_moved_and_of_those_that_they_come_to(town: Town) -> None:
    await talking(town, "anna", "ben", "els")
    await town.say("anna", "!kom ter plaatse --elke-keer")
    for number in (1, 2):
        await town.say("ben", f"!kom misschien --bijeenkomst {number}")
    await town.say("els", "!kom niet --bijeenkomst 2")
    for name in ("cas", "dirk"):
        await town.say(name, "!kom misschien --bijeenkomst 3")
    await town.say("dirk", "!kom niet --bijeenkomst 2")
    await press(town, "mia", '!bijeenkomst verplaats "woensdag 16 december 20u" --bijeenkomst 2 --vanaf-deze')
    await later(town)
    (anna,) = [words for words in town.platform.where("anna") if "Kan je nog" in words]
    assert anna == "\n".join(
        (
            "Sportraad",
            "Komt terug: elke woensdag om 20.00 uur",
            "Eerst was dat elke dinsdag om 19.30 uur.",
            "Bijeenkomst 2 is nu woensdag 16 december om 20.00 uur; eerst was dat dinsdag 15 december om"
            " 19.30 uur.",
            "Bijeenkomst 3 is nu woensdag 23 december om 20.00 uur; eerst was dat dinsdag 22 december om"
            " 19.30 uur.",
            "Bijeenkomst 4 is nu woensdag 30 december om 20.00 uur; eerst was dat dinsdag 29 december om"
            " 19.30 uur.",
            "En nog 48.",
            "Kan je nog? Je antwoorden blijven staan tot je ze verandert, bijvoorbeeld met `!kom niet"
            " --bijeenkomst 2`.",
        )
    )
    (ben,) = [words for words in town.platform.where("ben") if "Kan je nog" in words]
    assert "Verplaatst naar woensdag 16 december om 20.00 uur" in ben
    (aloud,) = [words for words in town.platform.where("sport") if "Kan je nog" in words]
    assert "Verplaatst naar woensdag 23 december om 20.00 uur" in aloud
    assert town.platform.pinged == [("sport", "cas"), ("sport", "dirk")]
    assert not told(town, "els", "Kan je nog")
    await later(town, timedelta(hours=1))
    assert told(town, "anna", "Kan je nog") == 1


async def test_each_hears_once_that_a_series_ends_and_why(town: Town) -> None:
    await talking(town, "anna")
    await town.say("anna", "!kom ter plaatse --elke-keer")
    for number in (1, 2, 3, 4):
        await town.say("ben", f"!kom misschien --bijeenkomst {number}")
    stop = "!bijeenkomst reeks 1 --stop --reden Verbouwing"
    assert "2 mensen die zouden komen" in await town.say("mia", stop)
    await press(town, "mia", stop)
    await later(town)
    (anna,) = [words for words in town.platform.where("anna") if "Verbouwing" in words]
    assert anna == "\n".join(
        (
            "Sportraad",
            "Ze komt niet meer terug.",
            "Valt weg: dinsdag 8 december om 19.30 uur, dinsdag 15 december om 19.30 uur, dinsdag 22 december"
            " om 19.30 uur en nog 49.",
            "Waarom: Verbouwing",
        )
    )
    (aloud,) = [words for words in town.platform.where("sport") if "Valt weg" in words]
    assert "dinsdag 22 december om 19.30 uur en nog 1." in aloud
    assert town.platform.pinged == [("sport", "ben")]


async def test_what_is_changed_of_several_within_five_minutes_is_one_message(town: Town) -> None:
    for number in (1, 2, 3, 4):
        await town.say("ben", f"!kom misschien --bijeenkomst {number}")
    await press(town, "mia", "!bijeenkomst annuleer 3 Kermis")
    await later(town, timedelta(minutes=2))
    await town.say("mia", '!bijeenkomst verplaats "maandag 14 december 19u" --bijeenkomst 2')
    await town.say("mia", "!bijeenkomst wijzig 4 --plaats Kerk")
    await later(town, timedelta(minutes=3))
    (said,) = [words for words in town.platform.where("sport") if "Kermis" in words]
    assert said == "\n".join(
        (
            "Sportraad",
            "Valt weg: dinsdag 22 december om 19.30 uur.",
            "Waarom: Kermis",
            "Bijeenkomst 2 is nu maandag 14 december om 19.00 uur; eerst was dat dinsdag 15 december om"
            " 19.30 uur.",
            "Dit gaat over dinsdag 29 december om 19.30 uur.",
            "Nu ter plaatse in: Kerk",
            "Kan je nog? Je antwoorden blijven staan tot je ze verandert, bijvoorbeeld met `!kom niet"
            " --bijeenkomst 2`.",
        )
    )
    await later(town, timedelta(minutes=10))
    assert town.platform.pinged == [("sport", "ben")]


async def test_of_a_series_that_begins_within_the_hour_all_is_told_at_once(town: Town) -> None:
    await town.say("ben", "!kom misschien --bijeenkomst 1")
    await town.say("ben", "!kom misschien --bijeenkomst 2")
    await until(town, "2026-12-08 18:45")
    await press(town, "mia", "!bijeenkomst reeks 1 --stop --reden Verbouwing")
    await town.core.run_due()
    assert told(town, "sport", "Valt weg: dinsdag 8 december om 19.30 uur en dinsdag 15 december") == 1


async def test_very_many_hear_of_a_series_page_by_page_each_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    names = [f"buur{number}" for number in range(7)]
    await talking(town, *names)
    for number, name in enumerate(names):
        every = "--elke-keer" if number % 2 else f"--bijeenkomst {number // 2 + 1}"
        await town.say(name, f"!kom misschien {every}")
    tell_some, pages = changes._tell_some, itertools.count()

    def crashing(call: Call, *what: Any) -> int:
        last = tell_some(call, *what)
        if next(pages) == 1:
            raise RuntimeError("after all was written")
        return last

    monkeypatch.setattr(changes, "_tell_some", crashing)
    await press(town, "mia", "!bijeenkomst reeks 1 --stop --reden Verbouwing")
    await later(town)
    await later(town, timedelta(hours=1))
    assert [told(town, name, "Verbouwing") for name in names] == [1] * len(names)


async def test_restored_from_here_on_but_what_was_cancelled_for_a_reason_of_its_own(town: Town) -> None:
    await press(town, "mia", "!bijeenkomst annuleer 3 Kermis")
    await press(town, "mia", "!bijeenkomst annuleer Verbouwing --bijeenkomst 2 --vanaf-deze")
    assert "50 bijeenkomsten zijn terug" in await town.say("mia", "!bijeenkomst herstel 2 --vanaf-deze")
    now = await rows(town)
    assert [now[number].state for number in (1, 2, 3, 4)] == ["planned", "planned", "cancelled", "planned"]
    assert "gaat gewoon door" in await town.say("mia", "!bijeenkomst herstel 4 --vanaf-deze")
    await until(town, "2026-12-15 21:00")
    assert len(await rows(town)) == 54


async def test_a_single_one_is_no_series(database_url: str) -> None:
    async with council(database_url, PLAN) as town:
        for words in (
            '!bijeenkomst verplaats "9 december 20u" --vanaf-deze',
            "!bijeenkomst wijzig --plaats Kerk --vanaf-deze",
            "!bijeenkomst wijzig --plaats Kerk --alle",
            "!bijeenkomst annuleer --vanaf-deze --reden Ziek",
            "!bijeenkomst reeks 1",
        ):
            assert "komt niet terug" in await town.say("mia", words), words
        assert "Laat `--elke-keer` weg" in await town.say("anna", "!kom ter plaatse --elke-keer")
        assert "Nog niemand komt" in await shown(town, "anna", 1)


# --- who answers each of them ---


async def test_each_time_in_the_order_in_which_they_said_so_and_who_waits_is_told(town: Town) -> None:
    await town.say("dirk", "!help", room=None)
    for name in ("anna", "ben", "cas", "dirk", "eva"):
        await town.say(name, "!kom ter plaatse --elke-keer")
        town.clock.turn(timedelta(seconds=1))
    for number in range(2, 6):
        assert "(vol en 3" in await shown(town, "fons", number)
    await town.core.run_due()
    assert told(town, "sport", "Jullie komen elke keer") == 0
    await until(town, "2026-12-08 21:00")
    for name, words in (
        ("anna", "Jouw antwoord: ter plaatse"),
        ("ben", "Jouw antwoord: ter plaatse"),
        ("cas", "als nummer 1"),
        ("dirk", "als nummer 2"),
        ("eva", "als nummer 3"),
    ):
        assert words in await shown(town, name, 2), name
    assert told(town, "sport", "Jullie komen elke keer, maar “Sportraad”") == 1
    assert sorted(who for _, who in town.platform.pinged) == ["cas", "eva"]
    assert told(town, "dirk", "Je staat op plaats 2 van de wachtlijst") == 1
    await town.say("ben", "!kom niet --bijeenkomst 2")
    await later(town, timedelta(minutes=1))
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas", 2)


async def test_who_says_the_same_again_keeps_their_place_in_those_to_come(town: Town) -> None:
    for name in ("anna", "ben", "cas", "anna"):
        await town.say(name, "!kom ter plaatse --elke-keer")
        town.clock.turn(timedelta(seconds=1))
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna", 2)
    assert "als nummer 1" in await shown(town, "cas", 2)
    # Who chose another way meanwhile comes behind the others.
    for way in ("misschien", "ter plaatse"):
        await town.say("anna", f"!kom {way} --elke-keer")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas", 3)
    assert "als nummer 1" in await shown(town, "anna", 3)


async def test_one_of_them_is_answered_otherwise_and_stays_so(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --elke-keer")
    town.clock.turn(timedelta(seconds=1))
    await town.say("anna", "!kom niet --bijeenkomst 3")
    await until(town, "2026-12-15 21:00")
    assert "Jouw antwoord: niet" in await shown(town, "anna", 3)
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna", 2)
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna", 40)


async def test_what_was_said_last_of_all_holds_for_those_to_come(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --elke-keer")
    await town.say("anna", "!kom ter plaatse --bijeenkomst 2")
    await town.say("anna", "!kom niet --elke-keer")
    await town.core.run_due()
    for number in (1, 2, 30):
        assert "Jouw antwoord: niet" in await shown(town, "anna", number)


async def test_those_that_people_looked_at_are_answered_page_by_page(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(come, "PAGE", 3)
    for number in range(2, 12):
        await shown(town, "ben", number)
    await town.say("anna", "!kom misschien --bijeenkomst 7")
    town.clock.turn(timedelta(seconds=1))
    await press(town, "anna", "!kom elke keer")
    town.clock.turn(timedelta(seconds=1))
    await town.say("anna", "!kom niet --bijeenkomst 5")
    await town.core.run_due()
    answers = [await shown(town, "anna", number) for number in range(1, 12)]
    assert ["Jouw antwoord: ter plaatse" in words for words in answers] == [
        number != 5 for number in range(1, 12)
    ]


async def test_who_left_the_theme_has_no_answer_in_those_to_come(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!kom ter plaatse --elke-keer")
    del town.platform.present["anna", "sport"]
    await town.core.parted(replace(town.asked("ben", "!help")).place, ["anna"])  # type: ignore[arg-type]
    await until(town, "2026-12-08 21:00")
    assert "1 persoon komt ter plaatse" in await shown(town, "ben", 2)


async def test_two_who_are_one_answer_as_was_said_later_and_take_one_place(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --elke-keer")
    town.clock.turn(timedelta(minutes=1))
    await town.say("annas", "!kom misschien --elke-keer")
    await town.linked("anna", "annas")
    await town.core.run_due()
    for number in (1, 2):
        assert "Jouw antwoord: misschien" in await shown(town, "anna", number)
        assert "Nog niemand komt ter plaatse" in await shown(town, "ben", number)


async def test_who_leaves_a_person_leaves_what_both_answer(town: Town) -> None:
    await town.say("anna", "!help")
    await town.say("annas", "!kom ter plaatse --elke-keer")
    await town.linked("anna", "annas")
    await town.parted("annas")
    await until(town, "2026-12-08 21:00")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna", 2)
    assert "Je antwoordde nog niet" in await shown(town, "annas", 2)


async def test_who_is_forgotten_answers_nothing_and_what_they_planned_goes_on(town: Town) -> None:
    for name in ("mia", "anna"):
        await town.say(name, "!kom ter plaatse --elke-keer")
        await town.say(name, "!me forget --sure", room=None)
    await town.core.run_due()
    await until(town, "2026-12-15 21:00")
    assert "Nog niemand komt" in await shown(town, "ben", 3)
    assert len(await rows(town)) == 54
    assert {each.organiser for each in (await rows(town)).values()} == {None}


# --- whose they are ---


async def test_of_another_communitys_series_nobody_hears(town: Town) -> None:
    await town.beside("sport", "elders", theme="sport")
    await town.say("anna", "!kom ter plaatse --elke-keer")
    for words in ("!bijeenkomst reeks 1", "!kom ter plaatse --elke-keer --bijeenkomst 2"):
        assert "Er is geen bijeenkomst" in await town.say("anna", words, room="elders"), words
    assert "Hier komt geen bijeenkomst terug" in await town.say("anna", "!bijeenkomst reeks", room="elders")
    assert "1. Sportraad" in await town.say("anna", "!bijeenkomst reeks")


async def test_what_is_kept_of_somebody_is_theirs_to_have(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --met 1 --elke-keer")
    for name, table in (("anna", "standing"), ("mia", "meeting_series")):
        found = await town.core.export(await number_of(town, name))
        (row,) = found[table]
        if table == "standing":
            assert (row["way"], row["party"], row["series"]) == ("on-site", 2, 1)
        else:
            assert (row["title"], row["wall"]) == ("Sportraad", "19:30")
        assert not {"resident", "organiser", "community"} & set(row)


async def number_of(town: Town, name: str) -> int:
    def find(tx: Transaction) -> int:
        found = tx.people.by_identity(Identity(PLATFORM, name))
        assert found
        return found.id

    return await town.core.store.run(find)


async def test_where_the_theme_ends_none_is_made_any_more(town: Town) -> None:
    def archive(tx: Transaction) -> None:
        meeting = tx.of(MEETINGS).get(1)
        assert meeting
        town.core.features.end_all(tx, meeting.theme, town.clock.now())

    await town.core.store.run(archive)
    await later(town, timedelta(days=60))
    made: Sequence[Meeting] = list((await rows(town)).values())
    assert len(made) == 52
    assert {each.state for each in made} == {"cancelled"}


# --- whoever may not plan them any more ---


@contextlib.asynccontextmanager
async def of_olga(url: str) -> AsyncIterator[Town]:
    """An organiser planned them, and was put out. Mia, who moderates, talks with Plein."""
    async with open_town(url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.say("mia", "!help", room=None)
        await town.say("mia", "!help")
        asked = await town.core.handle(replace(town.asked("olga", WEEKLY), role=Role.ORGANISER))
        assert asked
        planning = town.asked("olga", button=asked.buttons[0])
        assert await town.core.handle(replace(planning, role=Role.ORGANISER))
        del town.platform.present["olga", "sport"]
        yield town


async def test_of_whoever_was_put_out_none_is_announced_and_who_moderates_goes_on_with_it(
    database_url: str,
) -> None:
    async with of_olga(database_url) as town:
        before = len(town.platform.where("sport"))
        for day in range(7, 13):
            await until(town, f"2026-12-{day:02} 22:00")
        assert await seen(town) == [1]
        aloud = [shown.words for shown in town.platform.shown[before:] if shown.where == "sport"]
        assert not any("Sportraad" in words for words in aloud if "Binnenkort" in words)
        assert (await rows(town))[2].state == "planned"
        about = "kondig ik de volgende keer niet"
        (heard,) = [words for words in town.platform.where("mia") if about in words]
        assert "15 december" in heard
        take_over = Button(text("x"), "meeting take over", {"meeting": 2})
        said = [await town.core.handle(town.asked(name, button=take_over)) for name in ("ben", "mia")]
        assert ["is nu van jou" in words_of(each) for each in said if each] == [False, True]
        assert await seen(town) == [1, 2]
        await until(town, "2026-12-15 22:00")
        assert await seen(town) == [1, 2, 3]


# --- as it is planned ---


@pytest.mark.parametrize(
    ("begins", "options", "said"),
    [
        ("8 december 20u", '--herhaal "elk jaar op 30 februari"', "valt in geen enkel jaar"),
        ("8 december 20u", '--herhaal "elke dag"', "meer dan 104 keer"),
        ("8 december 20u", '--herhaal "elke blub"', "begrijp ik niet als iets dat terugkomt"),
        ("8 december 20u", '--herhaal "elke dinsdag" --behalve blub', "begrijp ik niet als dagen"),
        ("8 december 20u", '--herhaal "elke dinsdag" --tot blub', "Welke dag “blub” is"),
        ("8 december 20u", '--herhaal "elke dinsdag" --tot "2 december"', "is vóór de eerste keer"),
        ("8 december 20u", '--herhaal "elke dinsdag" --tot "1 november 2026"', "is al voorbij"),
        ("8 december 20u", '--herhaal "elke dinsdag" --tot "8 december"', "maar één keer door"),
        ("8 december 20u", '--herhaal "elke dinsdag om 19u"', "Je noemt twee uren"),
        ("8 december 20u", "--tot juni", "zijn voor een bijeenkomst die terugkomt"),
        ("8 december 20u", "--behalve feestdagen", "zijn voor een bijeenkomst die terugkomt"),
        ("28 maart 2027 02:30", '--herhaal "elke zondag"', "bestaat die nacht niet"),
        (
            "8 december 20u",
            '--herhaal "elke dinsdag" --behalve "8 december 2026 tot 1 januari 2040"',
            "twee jaar",
        ),
        ("elke dinsdag", "", "klinkt als iets dat terugkomt"),
    ],
)
async def test_what_cannot_be_is_answered_and_nothing_stands(
    database_url: str, begins: str, options: str, said: str
) -> None:
    async with council(database_url, PLAN) as town:
        words = f'!bijeenkomst plan "Raad" "{begins}" --plaats Hier {options}'
        assert said in await town.say("mia", words)
        assert await rows(town) == {}


@pytest.mark.parametrize(
    "options",
    [
        {"repeat": '{"unit":"SECRET"}'},
        {"repeat": '{"a":' + "[" * 5000},
        {"repeat": "{"},
        {"repeat": "elke dinsdag", "left_out": '{"public":"SECRET","x":2}'},
        {"repeat": "elke dinsdag", "left_out": '{"spans":3}'},
        {"repeat": "elke dinsdag", "left_out": '{"breaks":["SECRET"]}'},
        {"repeat": ['{"unit":"SECRET"}']},
        {"repeat": ['{"unit":"weeks","weekdays":[1.0]}']},
        {"repeat": []},
        {"repeat": "elke dinsdag", "left_out": ['{"public":"SECRET"}']},
        {"repeat": "elke dinsdag", "left_out": ['{"breaks":["SECRET"]}']},
        {"repeat": "elke dinsdag", "left_out": ["[" * 5000]},
    ],
)
async def test_as_a_button_keeps_it_nobody_types_it(
    database_url: str, options: Mapping[str, str | list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    async with council(database_url, PLAN) as town:
        args = {"called": "Raad", "begins": "8 december 20u", "place": "Hier", **options}
        answer = await town.core.handle(town.asked("mia", button=Button(text("x"), "meeting plan", args)))
        assert answer
        assert not answer.buttons
        assert "Er ging hier iets mis" not in words_of(answer)
        assert "SECRET" not in caplog.text


@pytest.mark.parametrize(
    ("begins", "options", "choices", "said"),
    [
        ("8 december 20u", '--herhaal "elke tweede dinsdag"', 2, "om de 2 weken op dinsdag"),
        ("8 december 20u", '--herhaal "elke maand"', 2, "elke 8ste van de maand"),
        ("8 december 20u", '--herhaal "elke maandag"', 1, "maandag 14 december om 20.00 uur"),
        ("elke dinsdag van 20u tot 22u", "", 1, "duurt 2 uur"),
        ("8 december 20u", '--herhaal "elke woensdag van 20u tot 22u"', 1, "duurt 2 uur"),
        ("8 december 20u", '--herhaal "elke tweede dinsdag van 20u tot 22u"', 2, "duurt 2 uur"),
    ],
)
async def test_what_can_be_meant_otherwise_is_asked_back(
    database_url: str, begins: str, options: str, choices: int, said: str
) -> None:
    async with council(database_url, PLAN) as town:
        asked = await town.core.handle(
            town.asked("mia", f'!bijeenkomst plan "Raad" "{begins}" --plaats Hier {options}')
        )
        assert asked
        assert len(asked.buttons) == choices
        meant = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
        assert meant
        assert said in words_of(meant)
        assert await town.core.handle(town.asked("mia", button=meant.buttons[0]))
        assert len(await rows(town)) > 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('--herhaal "elke dinsdag om 8 uur"', "Komt terug: elke dinsdag om 20.00 uur"),
        ('--herhaal "elke dinsdag van 20u tot 22u"', "duurt 2 uur"),
        ('--herhaal "elke dinsdag van 20u tot 22u" --duur 45m', "duurt 45 minuten"),
        ('--herhaal "elke dinsdag" --behalve schoolvakanties', "dinsdag 22 december (kerstvakantie)"),
    ],
)
async def test_what_was_understood_is_shown(database_url: str, options: str, said: str) -> None:
    async with council(database_url, PLAN) as town:
        words = f'!bijeenkomst plan "Raad" "8 december 20u" --plaats Hier {options}'
        assert said in await town.say("mia", words)


@pytest.mark.parametrize("words", ["!kom elke keer", "!kom ter plaatse, altijd", "!come yes every time"])
async def test_every_time_in_their_own_words(town: Town, words: str) -> None:
    await press(town, "anna", words)
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna", 9)

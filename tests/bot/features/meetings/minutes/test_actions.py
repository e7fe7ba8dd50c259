"""What is promised in a meeting: whose it is, when its owner hears of it, in which agenda it comes back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from bot.errors import Shut
from bot.features.meetings.minutes import promise
from bot.features.meetings.minutes.open import NAMED, open_lines
from bot.features.meetings.minutes.records import ACTIONS, Action, State
from bot.features.meetings.records import MEETINGS
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.bot.features.meetings.minutes.meetings import (
    DAY,
    HOUR,
    approved,
    as_organiser,
    heard,
    later,
    press,
    put_out,
    read,
    running,
)
from tests.doubles.platform import Town

SERIES = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis --repeat "elke week" --remind geen'
LAMP = '!minutes action anna "lamp bestellen" 15/12'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with running(database_url) as town:
        yield town


async def action(town: Town, number: int = 1) -> Action:
    found = await read(town, lambda tx: tx.of(ACTIONS).get(number))
    assert found
    return found


async def number_of(town: Town, name: str) -> int:
    (found,) = await read(town, lambda tx: tx.people.named(name, None))
    return found.id


async def agenda(town: Town, meeting: int) -> Sequence[str]:
    """What comes back in that meeting: its words, and whether it is nobody's."""

    def look(tx: Transaction) -> list[str]:
        found = tx.of(MEETINGS).get(meeting)
        assert found
        lines = open_lines(tx, found, town.clock.now())
        return [f"{line.values['words']}{' (free)' if '.free' in line.key else ''}" for line in lines]

    return await read(town, look)


def said(town: Town, where: str, words: str) -> int:
    return sum(words in each for each in town.platform.where(where))


# --- noting ---


async def test_it_is_somebody_s_by_a_day(town: Town) -> None:
    await town.say("ben", LAMP)
    found = await action(town)
    assert (found.words, found.due_on, found.state) == ("lamp bestellen", date(2026, 12, 15), State.OPEN)
    assert found.owner == found.promised_by == await number_of(town, "anna")
    assert found.noted_by == await number_of(town, "ben")


@pytest.mark.parametrize("me", ["ik", "mezelf", "me"])
async def test_people_promise_something_themselves_in_a_word(town: Town, me: str) -> None:
    await town.say("ben", f'!verslag actie {me} "lokaal opruimen" 15/12')
    found = await action(town)
    assert (found.words, found.owner) == ("lokaal opruimen", await number_of(town, "ben"))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ('niemand "lamp bestellen" 15/12', "Wie neemt dit op zich"),
        ('"lamp bestellen" 15/12', "Wie neemt dit op zich: “lamp bestellen”"),
        ("lamp bestellen", "Wie neemt dit op zich: “lamp bestellen”"),
        ('"lamp bestellen"', "Wie neemt dit op zich: “lamp bestellen”"),
        ('@zora "lamp bestellen"', "zora"),
        ("anna", "Er ontbreekt nog iets"),
        ("anna x", "Schrijf minstens 3 letters"),
        (f"anna {'x' * 201}", "201 tekens"),
        ("anna lamp bestellen 15/12", "tegen dinsdag 15 december te doen"),
        ('anna "lamp bestellen" "1 december 2026"', "al voorbij"),
        ('anna "lamp bestellen" 1/12', "Welke dag is “1/12”"),
        ('anna "lamp bestellen" ooit', "begrijp ik niet"),
        ('anna "lamp bestellen" "1 december 2039"', "te ver"),
    ],
)
async def test_what_is_unclear_is_asked_back_and_changes_nothing(town: Town, words: str, answer: str) -> None:
    assert answer in await town.say("ben", f"!minutes action {words}")
    assert await read(town, lambda tx: tx.of(ACTIONS).get(1)) is None


async def test_for_nobody_is_nobody_s_and_the_other_button_one_s_own(town: Town) -> None:
    for at, owner in ((1, None), (0, await number_of(town, "ben"))):
        asked = await heard(town, "ben", '!minutes action "lamp bestellen" 15/12')
        await town.core.handle(town.asked("ben", button=asked.buttons[at]))
        found = await action(town, 2 - at)
        assert (found.owner, found.for_nobody) == (owner, owner is None)
        assert (found.words, found.due_on) == ("lamp bestellen", date(2026, 12, 15))


async def test_so_many_are_open_in_a_theme(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promise, "MOST_OPEN", 1)
    await town.say("ben", LAMP)
    assert "open in dit thema" in await town.say("ben", LAMP)
    await town.say("anna", "!action done 1")
    assert "Actiepunt 2" in await town.say("ben", LAMP)


async def test_who_wrote_it_down_takes_it_back_and_what_was_approved_stays(town: Town) -> None:
    asked = town.asked("ben", LAMP)
    await town.core.handle(asked)
    await town.core.take_back(town.asked("ben"), asked.id)
    assert await read(town, lambda tx: tx.of(ACTIONS).get(1)) is None
    await town.say("ben", LAMP)
    await approved(town)
    assert "noteerde" in await press(town, "anna", "action undo", action=2)
    await press(town, "ben", "action undo", action=2)
    assert (await action(town, 2)).state is State.DROPPED
    assert "lamp bestellen" in await town.say("ben", "!minutes show 1 --version 1")
    assert "lamp bestellen" not in await town.say("ben", "!minutes show 1 --version 2")


# --- who hears of it ---


async def test_who_is_not_at_the_meeting_hears_of_it_once(town: Town) -> None:
    assert "hoort het van mij" in await town.say("ben", LAMP)
    await later(town, HOUR)
    assert said(town, "sport", "voor jou genoteerd: “lamp bestellen”") == 1
    assert town.platform.pinged[-1] == ("sport", "anna")


async def test_who_talks_in_private_hears_of_it_there(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    await town.say("ben", LAMP)
    await later(town, HOUR / 2)
    assert said(town, "anna", "voor jou genoteerd: “lamp bestellen”") == 1
    assert not said(town, "sport", "voor jou genoteerd")


async def test_who_can_be_told_nothing_there_after_all_is_mentioned(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    town.platform.trouble["anna"] = [Shut("x")] * 9
    await town.say("ben", LAMP)
    await later(town, timedelta(minutes=1))
    await later(town, timedelta(minutes=1))
    assert said(town, "sport", "voor jou genoteerd: “lamp bestellen”") == 1


async def test_who_is_there_hears_nothing_of_it(database_url: str) -> None:
    async with running(database_url) as town:
        await town.say("mia", "!kom ter plaatse --voor anna --meeting 1")
        assert "hoort het" not in await town.say("ben", '!minutes action ben "lamp bestellen" 15/12')
        await later(town, HOUR)
        assert not said(town, "sport", "voor jou genoteerd")


async def test_once_people_checked_in_those_are_there(town: Town) -> None:
    """Whoever checked in is, though they never answered; whoever only answered that they come is told."""
    await town.say("mia", "!kom ter plaatse --voor anna --meeting 1")
    code = re.findall(r"[0-9]{4}", await town.say("mia", "!hier"))[0]
    await town.say("ben", f"!hier {code}")
    assert "hoort het" not in await town.say("mia", '!minutes action ben "affiche ophangen"')
    assert "is er niet bij" in await town.say("ben", LAMP)
    await later(town, HOUR / 2)
    assert said(town, "sport", "voor jou genoteerd: “lamp bestellen”") == 1
    assert not said(town, "sport", "affiche ophangen")


async def test_whoever_takes_no_part_there_leaves_it_to_the_theme(town: Town) -> None:
    put_out(town, "anna")
    await town.say("ben", LAMP)
    await later(town, timedelta(minutes=1))
    assert (await action(town)).owner is None
    assert not said(town, "sport", "lamp bestellen")


# --- reminders ---

MORNING = timedelta(hours=13)  # from eight in the evening until nine


async def test_three_days_before_and_on_the_day_in_the_morning(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    await town.say("ben", LAMP)
    await later(town, 3 * DAY + MORNING - timedelta(minutes=1))
    assert not said(town, "anna", "Je beloofde")
    await later(town, timedelta(minutes=1))
    assert said(town, "anna", "Je beloofde dit tegen dinsdag 15 december: “lamp bestellen”") == 1
    await later(town, 3 * DAY)
    assert said(town, "anna", "Vandaag") == 1
    await later(town, 9 * DAY)
    assert said(town, "anna", "lamp bestellen") == 3  # with the word that it was noted


async def test_it_waits_for_their_quiet_hours_to_end(town: Town) -> None:
    await town.say("mia", "!community set quiet 20:00-10:30")
    await town.say("anna", "!help", room=None)
    await later(town, HOUR)
    await town.say("ben", LAMP)
    await later(town, 3 * DAY + MORNING)
    assert not said(town, "anna", "Je beloofde")
    await later(town, HOUR)
    assert said(town, "anna", "Je beloofde") == 1


@pytest.mark.parametrize("how", ["!action done 1", "!action drop 1"])
async def test_what_is_settled_reminds_nobody(town: Town, how: str) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    await town.say("anna", how)
    await later(town, 8 * DAY)
    assert not said(town, "sport", "Je beloofde")
    assert not said(town, "sport", "Vandaag")


async def test_of_what_was_missed_the_last_is_said(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    await later(town, 8 * DAY)
    assert said(town, "sport", "Is het klaar?") == 1
    assert not said(town, "sport", "Vandaag")


async def test_words_of_whoever_was_put_out_are_not_said_aloud(town: Town) -> None:
    await town.say("ben", '!minutes action anna "SCHELD" 15/12')
    await later(town, HOUR)
    put_out(town, "ben")
    before = said(town, "sport", "SCHELD")
    await later(town, 3 * DAY + MORNING - HOUR)
    assert said(town, "sport", "SCHELD") == before
    assert said(town, "sport", "Je hebt nog iets te doen") == 1
    await town.say("anna", "!action done 1")
    await later(town, HOUR)
    assert said(town, "sport", "SCHELD") == before


async def test_an_owner_who_was_put_out_gives_it_back(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    put_out(town, "anna")
    await later(town, 3 * DAY + MORNING)
    assert not said(town, "sport", "Je beloofde")
    assert (await action(town)).owner is None
    assert "nu van jou, tegen dinsdag 15 december" in await town.say("ben", "!action take")
    await later(town, 3 * DAY)
    assert said(town, "sport", "Vandaag") == 1


async def test_while_their_platform_is_silent_they_are_still_there(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    town.platform.present["anna", "sport"] = None
    await later(town, 3 * DAY + MORNING - HOUR)
    assert not said(town, "sport", "Je beloofde")
    town.platform.present["anna", "sport"] = Role.RESIDENT
    await later(town, HOUR)
    assert said(town, "sport", "Je beloofde") == 1
    assert (await action(town)).owner == await number_of(town, "anna")


async def test_a_platform_that_is_silent_for_an_hour_is_waited_for_no_longer(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    town.platform.present["anna", "sport"] = None
    await later(town, 3 * DAY + MORNING - HOUR)
    await later(town, HOUR + timedelta(minutes=1))
    assert said(town, "sport", "Je beloofde") == 1
    due = await town.core.store.read_anywhere(lambda tx: tx.jobs.next_due())
    assert due is None or due > town.clock.now() + DAY


# --- what becomes of it ---


async def test_only_its_owner_and_who_organises_settle_it(town: Town) -> None:
    for _ in range(2):
        await town.say("anna", LAMP)
    assert "is van" in await town.say("ben", "!action done 1")
    assert "is van" in await town.say("ben", "!action drop 1")
    assert "is van" in await town.say("ben", "!action take 1")
    assert "al van jou" in await town.say("anna", "!action take 1")
    assert "Welk actiepunt" in await town.say("anna", "!action done")
    assert "Gedaan" in await town.say("mia", "!action done 1")
    assert "Gedaan" in await town.say("anna", "!action done")
    assert "niets meer te doen" in await town.say("anna", "!action done")
    assert "al gedaan" in await town.say("mia", "!action drop 1")
    assert "voor jou niet" in await town.say("anna", "!action done 9")


async def test_what_is_nobody_s_anybody_takes_on_first(town: Town) -> None:
    asked = await heard(town, "ben", '!minutes action "lamp bestellen" 15/12')
    await town.core.handle(town.asked("ben", button=asked.buttons[1]))
    assert "Neem het eerst op" in await town.say("anna", "!action done 1")
    asked_to = town.asked("anna", "!action take")
    await town.core.handle(asked_to)
    assert (await action(town)).owner == await number_of(town, "anna")
    assert "niemand is" in await town.say("ben", "!action take")
    await town.core.take_back(town.asked("anna"), asked_to.id)
    assert (await action(town)).owner is None
    await later(town, 8 * DAY)
    assert not said(town, "sport", "lamp bestellen")


async def test_it_is_said_that_it_is_done_with_a_button_to_thank(town: Town) -> None:
    await town.say("ben", LAMP)
    await town.say("anna", "!action done 1")
    await later(town, HOUR)
    assert said(town, "sport", "deed wat beloofd was: “lamp bestellen”") == 1
    assert "Je bedankje" in await press(town, "ben", "kudos done", done="action:1")
    assert "niemand" in await press(town, "anna", "kudos done", done="action:1")
    assert "Bedank iemand bij naam" in await press(town, "ben", "kudos done", done="action:9")


async def test_what_is_open_after_all_is_not_thanked_for_and_is_reminded_of(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    done = town.asked("anna", "!action done 1")
    await town.core.handle(done)
    await later(town, HOUR)
    await town.core.take_back(town.asked("anna"), done.id)
    await town.core.outbox.worker.flush()
    assert [shown for shown in town.platform.shown if shown.how == "retract"]
    assert "niet meer klaar" in await press(town, "ben", "kudos done", done="action:1")
    assert "staat nog open" in await press(town, "anna", "action reopen", action=1)
    await later(town, 3 * DAY + MORNING)
    assert said(town, "sport", "Je beloofde") == 1


async def test_who_was_forgotten_leaves_it_to_the_theme(town: Town) -> None:
    await town.say("ben", LAMP)
    await later(town, HOUR)
    asked = await heard(town, "anna", "!vergeet mij", room=None)
    await town.core.handle(town.asked("anna", room=None, button=asked.buttons[0]))
    found = await action(town)
    assert (found.owner, found.promised_by, found.state) == (None, None, State.OPEN)
    assert "van niemand" in await town.say("ben", "!action list")
    assert "een bewoner" in await town.say("ben", "!minutes show")  # who was to do it then
    await later(town, 8 * DAY)
    assert not said(town, "sport", "Vandaag")


async def test_who_is_not_there_hears_of_no_such_action(town: Town) -> None:
    await town.joined("bens", theme="bens")
    await town.say("anna", LAMP)
    put_out(town, "ben")
    for words in ("!action done {}", "!action drop {}", "!action take {}"):
        there = await town.say("ben", words.format(1), room="bens")
        assert there == (await town.say("ben", words.format(9), room="bens")).replace("punt 9", "punt 1")
        assert "lamp" not in there
    assert "lamp" not in await town.say("ben", "!action list", room=None)


async def test_with_its_theme_it_ends(town: Town) -> None:
    await town.say("anna", LAMP)
    await read(town, lambda tx: tx.of(ACTIONS).end(1, town.clock.now()))
    assert (await action(town)).state is State.DROPPED


async def test_its_theme_says_how_much_is_open(town: Town) -> None:
    assert "staat open" not in await town.say("anna", "!thema toon")
    await town.say("anna", LAMP)
    assert "1 actiepunt staat open" in await town.say("anna", "!thema toon")


async def test_the_list_has_pages(town: Town) -> None:
    for number in range(12):
        await town.say("anna", f'!minutes action anna "lamp {number:02}" geen')
    first = await heard(town, "anna", "!action list")
    assert len(first.lines) == 10
    assert first.buttons[-1].args["page"] == 2
    assert "lamp 11" in await town.say("anna", "!action list --page 2")
    assert "2 bladen" in await town.say("anna", "!action list --page 3")
    assert "2 bladen" in await town.say("anna", "!action list --page 0")


# --- in the next agenda ---


async def next_week(town: Town) -> None:
    """The next of the series is to come, as anybody sees it."""
    await later(town, 3 * HOUR)
    await later(town, HOUR)


async def test_what_is_open_comes_back_in_the_next_of_its_series_until_it_is_done(database_url: str) -> None:
    async with running(database_url, SERIES) as town:
        await town.say("anna", LAMP)
        assert not await agenda(town, 1)
        await next_week(town)
        assert await agenda(town, 2) == ["lamp bestellen"]
        await later(town, 7 * DAY)
        assert await agenda(town, 2) == []
        assert await agenda(town, 3) == ["lamp bestellen"]
        await town.say("anna", "!action drop 1")
        assert await agenda(town, 3) == []
        await press(town, "anna", "action reopen", action=1)
        assert await agenda(town, 3) == ["lamp bestellen"]


async def test_while_that_is_cancelled_in_the_one_behind_it(database_url: str) -> None:
    async with running(database_url, SERIES) as town:
        await town.say("anna", LAMP)
        await next_week(town)
        await heard(town, "mia", "!meeting cancel Ziek --meeting 2 --sure")
        await later(town, HOUR)
        assert await agenda(town, 2) == []
        coming = await read(town, lambda tx: tx.of(MEETINGS).coming((1,), 9))
        assert await agenda(town, coming[0].id) == ["lamp bestellen"]
        await heard(town, "mia", "!meeting restore 2")
        assert await agenda(town, 2) == ["lamp bestellen"]


async def test_without_a_series_in_the_next_of_its_theme(town: Town) -> None:
    await town.say("anna", LAMP)
    await later(town, 3 * HOUR)
    for title, day in (("Tweede", "20 december 20u"), ("Eerste", "18 december 20u")):
        asked = await heard(town, "mia", f'!meeting plan "{title}" "{day}" --place Zaal')
        await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    assert (await agenda(town, 3), await agenda(town, 2)) == (["lamp bestellen"], [])
    await heard(town, "mia", '!meeting move "21 december 20u" --meeting 3')
    assert (await agenda(town, 3), await agenda(town, 2)) == ([], ["lamp bestellen"])


async def test_whose_owner_left_is_said_to_be_nobody_s(database_url: str) -> None:
    async with running(database_url, SERIES) as town:
        await town.say("ben", LAMP)
        await next_week(town)

        def leaves(tx: Transaction) -> None:
            (anna,) = tx.people.named("anna", None)
            for account in tx.people.accounts([anna.id])[anna.id]:
                tx.people.leave(account, 1)

        await read(town, leaves)
        assert await agenda(town, 2) == ["lamp bestellen (free)"]
        assert "wie neemt het" in await town.say("ben", "!action list")


async def test_who_organises_there_now_settles_it(town: Town) -> None:
    await town.say("anna", LAMP)
    assert "Gedaan" in await as_organiser(town, "bob", "!action done 1")


async def test_two_who_turn_out_to_be_one_have_what_either_promised(town: Town) -> None:
    await town.say("anna", LAMP)
    await town.say("ben", '!minutes action ben "sleutel zoeken" 16/12')
    await town.linked("anna", "ben")
    found: Any = await read(town, lambda tx: tx.of(ACTIONS).open_in([1]))
    assert len({each.owner for each in found}) == 1


async def test_an_agenda_names_the_first_ten_to_be_due_and_says_how_many_there_are_besides(
    town: Town,
) -> None:
    for number in range(1, NAMED + 3):
        day = f"{number + 14}/12" if number % 2 else "geen"
        await town.say("ben", f'!minutes action anna "lamp {number} bestellen" {day}')
    asked = await heard(town, "mia", '!meeting plan "Tweede" "28 december 20u" --place Zaal')
    await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    shown = await town.say("ben", "!agenda --meeting 2")
    assert shown.index("lamp 11 bestellen") < shown.index("lamp 2 bestellen")
    assert "lamp 8 bestellen" in shown
    assert "lamp 10 bestellen" not in shown
    assert "En nog 2 andere: zie `!acties`." in shown

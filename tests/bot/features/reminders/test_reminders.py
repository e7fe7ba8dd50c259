"""Reminders: asked for, said once when somebody said, late rather than not, and nobody else's business."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.call import APART
from bot.errors import Gone, Shut, TryLater
from bot.features.polls.settings import PollsSettings
from bot.features.reminders.ask import LONGEST, MOST_ASKED
from bot.features.reminders.records import REMINDERS, RemindersSettings
from bot.features.reminders.say import KEPT, SNOOZE
from bot.model.message import Button, Message, text
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from bot.texts import Texts, Voice
from storage.tables import posts
from storage.unit import Tx
from tests.chat import BRUSSELS
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

FORM = '!herinner mij "morgen 9u" "formulier indienen"'
SAID = "Je vroeg me je te herinneren: formulier indienen"
REACHED = "Hier herinner ik je straks"
SECRET = "formulier"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """On Tuesday the first of December at seven in the evening."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in ("anna", "ben"):
            await town.say(name, "!help")
        yield town


async def ask(town: Town, name: str, words: str, room: str | None = None) -> Message:
    answer = await town.core.handle(town.asked(name, words, room=room))
    assert answer
    return answer


async def press(town: Town, name: str, button: Button) -> str:
    answer = await town.core.handle(town.asked(name, room=None, button=button))
    return words_of(answer) if answer else ""


async def until(town: Town, day: int, clock: str, month: int = 12, year: int = 2026) -> list[str]:
    """It is that moment in Brussels; what anna was told in private since the last time."""
    before = len(told(town))
    hour, minute = map(int, clock.split(":"))
    moment = datetime(year, month, day, hour, minute, tzinfo=BRUSSELS).astimezone(UTC)
    town.clock.turn_to(moment)
    await town.core.run_due()
    return told(town)[before:]


def told(town: Town, name: str = "anna") -> list[str]:
    return [words for words in town.platform.where(name) if REACHED not in words]


async def kept(town: Town) -> list[str]:
    """The words of all that anna is to be reminded of."""

    def read(tx: Transaction) -> list[str]:
        anna = tx.people.by_identity(Identity(PLATFORM, "anna"))
        return [each.words for each in tx.of(REMINDERS).of(anna.id)] if anna else []

    return await town.core.store.run(read)


# --- once, and when somebody said ---


async def test_it_is_said_once_at_its_moment_and_to_them_alone(town: Town) -> None:
    assert "woensdag 2 december om 09.00 uur" in await town.say("anna", FORM, room=None)
    assert await until(town, 2, "08:59") == []
    assert await until(town, 2, "9:00") == [SAID]
    assert await until(town, 9, "9:00") == []
    assert not any(SECRET in words for words in town.platform.where("sport") + town.platform.where("ben"))


async def test_quiet_hours_are_not_kept_at_a_time_that_they_named(town: Town) -> None:
    town.configure(PollsSettings(quiet="22:00-08:00"))
    await town.say("anna", '!herinner mij "2 december 03:00" "formulier indienen"', room=None)
    assert await until(town, 2, "3:00") == [SAID]


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        ("elke maandag 9u", [(7, "9:00"), (14, "9:00")]),
        ("elke dag 07:30", [(2, "7:30"), (3, "7:30")]),
        ("elke laatste vrijdag van de maand 18u", [(25, "18:00")]),
        ("elke 15de 8u", [(15, "8:00")]),
        ("every weekday at 8am", [(2, "8:00"), (3, "8:00"), (4, "8:00"), (7, "8:00")]),
        ("jaarlijks op 24 december 12u", [(24, "12:00")]),
    ],
)
async def test_what_comes_back_is_said_each_time(
    town: Town, words: str, starts: list[tuple[int, str]]
) -> None:
    await town.say("anna", f'!herinner mij "{words}" "formulier indienen"', room=None)
    for day, clock in starts:
        hour, minute = map(int, clock.split(":"))
        before = datetime(2026, 12, day, hour, minute, tzinfo=BRUSSELS) - timedelta(minutes=1)
        assert await until(town, before.day, f"{before:%H:%M}") == []
        assert await until(town, day, clock) == [SAID]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("om de 2 weken op dinsdag 9u", 2),
        ("elke tweede dinsdag 9u", 3),
        ("om de 3 dagen 9u", 3),
        ("om de 30 dagen 9u", 4),
    ],
)
async def test_what_can_be_meant_in_two_ways_is_asked_back(town: Town, words: str, offered: int) -> None:
    answer = await ask(town, "anna", f'!herinner mij "{words}" "x"')
    assert len(answer.buttons) == offered
    assert await kept(town) == []
    said = [await press(town, "anna", button) for button in answer.buttons[-1:] * 2]
    assert "Ik herinner je" in said[0]
    assert said[0] == said[1]
    assert await kept(town) == ["x"]


@pytest.mark.parametrize(
    "due",
    [
        '0001-01-02 09:00 {"unit":"days"}',
        '2026-12-07 09:00 {"unit":"days"}',
        '2026-12-07 09:00 {"unit":["SECRET"]}',
        f"2026-12-07 09:00 {'[' * 5000}",
        ["0001-01-02", "09:00", '{"unit":"days"}'],
        ["2026-12-07", "09:00", '{"unit":"days","every":1.5}'],
        ["2026-12-07", "09:00+23:59", '{"unit":"days"}'],
        ["2026-12-07", "09:00", '{"unit":["SECRET"]}'],
        ["2026-12-07", "09:00"],
        [],
    ],
)
async def test_as_a_button_keeps_it_nobody_types_it(
    town: Town, due: str | list[str], caplog: pytest.LogCaptureFixture
) -> None:
    said = await press(town, "anna", Button(text("x"), "remind me", {"due": due, "what": "melk"}))
    if isinstance(due, str):
        said += await town.say("anna", f"!herinner mij «{due}» melk", room=None)
    assert "Ik herinner je" not in said
    assert "Er ging hier iets mis" not in said
    assert await kept(town) == []
    assert "SECRET" not in caplog.text


async def test_a_moment_that_is_not_sure_is_asked_back(town: Town) -> None:
    answer = await ask(town, "anna", '!herinner mij "morgen om 8 uur" "x"')
    assert len(answer.buttons) == 2
    assert await kept(town) == []


async def test_the_hour_on_the_wall_stays_across_the_change_of_clocks(town: Town) -> None:
    """And an hour that the clocks skip is the one after it: it is not left out."""
    await town.say("anna", '!herinner mij "elke zondag 02:30" "klok"', room=None)
    await until(town, 21, "12:00", month=3, year=2027)
    for day, clock, before, month in ((28, "3:30", "3:29", 3), (4, "2:30", "2:29", 4)):
        assert await until(town, day, before, month=month, year=2027) == []
        assert len(await until(town, day, clock, month=month, year=2027)) == 1


# --- late ---


async def test_after_an_outage_it_is_said_late_and_says_so(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    (said,) = await until(town, 4, "12:00")
    assert "op woensdag 2 december om 09.00 uur" in said
    assert "later" in said
    assert "formulier indienen" in said


async def test_of_one_that_comes_back_the_last_missed_is_said_once(town: Town) -> None:
    await town.say("anna", '!herinner mij "elke dag 9u" "formulier indienen"', room=None)
    (said,) = await until(town, 20, "12:00")
    assert "op zondag 20 december om 09.00 uur" in said
    assert await until(town, 21, "8:59") == []
    assert await until(town, 21, "9:00") == [SAID]


async def test_what_is_asked_while_plein_is_away_is_said_late(town: Town) -> None:
    asked = town.asked("anna", '!herinner mij "over 10 minuten" "formulier indienen"', room=None)
    town.clock.turn(timedelta(hours=2))
    assert await town.core.handle(asked)
    await town.core.run_due()
    (said,) = told(town)
    assert "later" in said


async def test_a_platform_that_is_busy_or_gone_loses_none(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    town.platform.trouble["anna"] = [TryLater(60, unsent=True), TryLater(60, unsent=True)]
    await until(town, 2, "9:00")
    town.clock.turn(timedelta(minutes=1))
    await town.core.run_due()
    town.clock.turn(timedelta(minutes=1))
    await town.core.run_due()
    assert told(town) == [SAID]


# --- in private alone ---


async def test_who_asks_in_public_is_told_something_in_private_at_once(town: Town) -> None:
    await town.say("anna", FORM)
    (said,) = town.platform.where("anna")
    assert REACHED in said
    await town.say("anna", FORM)
    assert len(town.platform.where("anna")) == 1
    await town.core.run_due()
    assert not any(SECRET in words for words in town.platform.where("sport"))


async def test_who_cannot_be_told_anything_in_private_hears_so_and_nothing_is_kept(town: Town) -> None:
    town.platform.trouble["anna"] = [Gone("they take no messages")]
    said = await town.say("anna", FORM)
    assert "in privé" in said
    assert SECRET not in said
    assert await kept(town) == []
    # They allow it now.
    assert "Ik herinner je" in await town.say("anna", FORM)
    assert await kept(town) == ["formulier indienen"]


@pytest.mark.parametrize("words", [FORM, "!herinneringen privé"])
async def test_who_ended_that_unnoticed_hears_so_where_their_platform_knows(town: Town, words: str) -> None:
    await town.say("anna", "!help", room=None)
    town.platform.shut.add("anna")
    town.platform.trouble["anna"] = [Shut("they left the room")]
    assert "niets in privé sturen" in await town.say("anna", words)
    assert await kept(town) == []
    # They let it in again, and are told so there.
    assert "niets in privé sturen" not in await town.say("anna", words)
    assert len(town.platform.where("anna")) == 1


async def test_who_talks_there_is_told_nothing_more(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    assert "Ik herinner je" in await town.say("anna", FORM)
    assert town.platform.where("anna") == []


async def test_where_nobody_knows_yet_it_is_kept_and_tried_again(town: Town) -> None:
    town.platform.trouble["anna"] = [TryLater(60, unsent=True)]
    assert "Ik herinner je" in await town.say("anna", FORM)
    assert await until(town, 2, "9:00") == [SAID]


async def test_the_answer_is_for_them_alone_where_others_read(town: Town) -> None:
    for number, words in enumerate(
        (FORM, "!herinner lijst", "!herinner stop 1", "!herinner mij morgen formulier")
    ):
        asked = town.asked("anna", words)
        asked = replace(asked, id=f"test:public:{number}", by_post=True, public=True, beside=asked.place)
        await town.core.handle(asked)
    await town.core.run_due()
    assert town.platform.where("sport") == []
    assert len(told(town)) == 4


async def test_a_word_that_is_misspelt_does_not_have_it_repeated(town: Town) -> None:
    asked = town.asked("anna", '!herinner mjj "morgen 9u" "formulier indienen"')
    await town.core.handle(replace(asked, by_post=True, public=True, beside=asked.place))
    await town.core.run_due()
    assert not any(SECRET in words for words in town.platform.where("sport"))


# --- here ---


async def test_only_an_organiser_reminds_everybody(town: Town) -> None:
    words = '!herinner hier "morgen 9u" "stoelen mee"'
    assert "Alleen een organisator" in await town.say("ben", words)
    answer = await as_organiser(town, words)
    assert "in sport" in words_of(answer)
    await until(town, 2, "9:00")
    assert town.platform.where("sport") == ["Een herinnering voor iedereen: stoelen mee"]
    assert not told(town, "olga")


async def test_those_of_one_organiser_for_one_moment_are_said_one_after_the_other(town: Town) -> None:
    for number in range(5):
        await as_organiser(town, f'!herinner hier "morgen 9u" "reclame {number}"')
    await town.say("mia", '!herinner hier "morgen 9u" "van mia"')
    await until(town, 2, "9:00")
    said = town.platform.where("sport")
    assert len(said) == 2
    assert any("van mia" in words for words in said)
    for more in range(3, 7):
        town.clock.turn(APART + timedelta(microseconds=1))
        await town.core.run_due()
        assert len(town.platform.where("sport")) == more
    assert not any("later" in words for words in town.platform.where("sport"))


async def test_an_organiser_sees_and_stops_those_of_their_theme(town: Town) -> None:
    await town.say("mia", '!herinner hier "elke dag 9u" "stoelen mee"')
    assert "aan niets" in await town.say("ben", "!herinner lijst")
    assert "geen herinnering 1" in await town.say("ben", "!herinner stop 1")
    for words, answer in (("!herinner lijst", "stoelen mee"), ("!herinner stop 1", "is gestopt")):
        said = await town.core.handle(replace(town.asked("ben", words), role=Role.ORGANISER))
        assert said
        assert answer in words_of(said)
    await until(town, 5, "9:00")
    assert town.platform.where("sport") == []


# --- what is refused ---


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ('"gisteren 9u" "x"', "voorbij"),
        ('"1 december 18u" "x"', "voorbij"),
        ('"morgen" "x"', "uur"),
        ('"elke maandag" "x"', "Hoe laat"),
        ('"elke 30 februari 9u" "x"', "geen enkel jaar"),
        ('"elke 5 minuten" "x"', "niet"),
        ('"morgen 9u tot 10u" "x"', "één"),
        ('"soms" "x"', "soms"),
        ('"morgen 9u"', "ontbreekt"),
        ('"morgen 9u" ""', "Waaraan"),
        (f'"morgen 9u" "{"x" * (LONGEST + 1)}"', "501 tekens"),
        ("", "ontbreekt"),
    ],
)
async def test_what_cannot_be_is_answered_kindly_and_nothing_is_kept(
    town: Town, words: str, answer: str
) -> None:
    assert answer in await town.say("anna", f"!herinner mij {words}", room=None)
    assert await kept(town) == []


async def test_nor_more_by_putting_off_what_was_said(town: Town) -> None:
    town.configure(RemindersSettings(most=2))
    for day, clock in ((2, "9:00"), (3, "9:00")):
        for number in range(2):
            await town.say("anna", f'!herinner mij "{day} december {clock}" "melk {number}"', room=None)
        await until(town, day, clock)
    said = [
        await press(town, "anna", Button(text("x"), SNOOZE, {"reminder": n, "by": "hour"}))
        for n in range(1, 5)
    ]
    assert ["Ik zeg het je opnieuw" in each for each in said] == [True, True, False, False]
    # What stands already is put off again.
    assert "Ik zeg het je opnieuw" in await put_off(town, "anna", "minutes")
    assert len(await kept(town)) == 2


async def test_fifty_at_once_and_no_more(town: Town) -> None:
    town.configure(RemindersSettings(most=3))
    for _ in range(3):
        assert "Ik herinner je" in await town.say("anna", FORM, room=None)
    assert "al 3 herinneringen" in await town.say("anna", FORM, room=None)
    stopped = await ask(town, "anna", "!herinner stop 1")
    assert "Ik herinner je" in await town.say("anna", FORM, room=None)
    assert "al 3 herinneringen" in await press(town, "anna", stopped.buttons[0])
    assert RemindersSettings().most == 50


async def test_so_many_an_hour(town: Town) -> None:
    town.configure(RemindersSettings(most=1000))
    for _ in range(MOST_ASKED):
        await town.say("anna", FORM, room=None)
    assert "Probeer het straks" in await town.say("anna", FORM, room=None)


@pytest.mark.parametrize("words", ["morgen 9u formulier indienen", "formulier indienen morgen 9u"])
async def test_without_quotation_marks_it_is_asked_back(town: Town, words: str) -> None:
    answer = await ask(town, "anna", f"!herinner mij {words}")
    assert '`!herinner mij "morgen 9u" "formulier indienen"`' in words_of(answer)
    assert "Ik herinner je" in await press(town, "anna", answer.buttons[0])
    assert await kept(town) == ["formulier indienen"]


# --- stopping, going on, putting off ---


async def test_their_own_are_suggested(town: Town) -> None:
    for name, words in (("anna", "formulier indienen"), ("anna", "oma bellen"), ("ben", "formulier van ben")):
        await town.say(name, f'!herinner mij "morgen 9u" "{words}"', room=None)
    for typed, found in (("", [1, 2]), ("form", [1]), ("#2", [2]), ("3", []), ("x", [])):
        asked = replace(town.asked("anna", room=None), command="remind stop")
        suggested = await town.core.suggest(asked, "reminder", typed)
        assert [suggestion.value for suggestion in suggested] == found
    asked = replace(town.asked("anna", room=None), command="remind me")
    for typed in ("elke maandag 9u", "morgen 9u"):
        (suggestion,) = await town.core.suggest(asked, "due", typed)
        assert "09.00 uur" in Texts().write(suggestion.words, Voice("nl", BRUSSELS, town.clock.now()))


async def test_it_is_stopped_and_goes_on_after_all(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    stopped = await ask(town, "anna", "!herinner stop")
    assert await kept(town) == []
    assert "is gestopt" in words_of(stopped)
    assert "loopt weer" in await press(town, "anna", stopped.buttons[0])
    assert "intussen veranderd" in await press(town, "anna", stopped.buttons[0])
    assert await until(town, 2, "9:00") == [SAID]
    assert "staat niet meer klaar" in await town.say("anna", "!herinner stop 1", room=None)


async def test_stopped_it_is_not_said_and_goes_on_only_in_time(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    stopped = await ask(town, "anna", "!herinner stop 1")
    assert await until(town, 3, "9:00") == []
    assert "voorbij" in await press(town, "anna", stopped.buttons[0])


async def test_one_that_comes_back_goes_on_with_the_next(town: Town) -> None:
    await town.say("anna", '!herinner mij "elke dag 9u" "formulier indienen"', room=None)
    stopped = await ask(town, "anna", "!herinner stop 1")
    await until(town, 5, "12:00")
    assert "zondag 6 december om 09.00 uur" in await press(town, "anna", stopped.buttons[0])
    assert await until(town, 5, "13:00") == []
    assert await until(town, 6, "9:00") == [SAID]


async def test_which_of_several_is_asked(town: Town) -> None:
    for words in ("een", "twee"):
        await town.say("anna", f'!herinner mij "morgen 9u" "{words}"', room=None)
    asked = await ask(town, "anna", "!herinner stop")
    assert len(asked.buttons) == 2
    assert "is gestopt: “twee”" in await press(town, "anna", asked.buttons[1])
    assert await kept(town) == ["een"]
    assert "Er is geen herinnering om te stoppen" in await town.say("ben", "!herinner stop", room=None)


@pytest.mark.parametrize("number", ["1", "99", "0", "-1"])
async def test_of_somebody_elses_nobody_hears_more_than_of_none(town: Town, number: str) -> None:
    await town.say("anna", FORM, room=None)
    said = await town.say("ben", f"!herinner stop {number}", room=None)
    assert said.startswith(f"Je hebt geen herinnering {number}.")
    assert await kept(town) == ["formulier indienen"]


async def put_off(town: Town, name: str, by: str) -> str:
    """Press that button beside what was said."""
    args = {"reminder": 1, "by": by}
    return await press(town, name, Button(text(f"reminder.button.{by}"), SNOOZE, args))


@pytest.mark.parametrize(
    ("by", "day", "clock"), [("minutes", 2, "9:15"), ("hour", 2, "10:05"), ("tomorrow", 3, "9:00")]
)
async def test_what_was_said_is_put_off(town: Town, by: str, day: int, clock: str) -> None:
    await town.say("anna", FORM, room=None)
    await until(town, 2, "9:05")
    assert "Ik zeg het je opnieuw" in await put_off(town, "anna", by)
    assert await kept(town) == ["formulier indienen"]
    hour, minute = map(int, clock.split(":"))
    before = datetime(2026, 12, day, hour, minute, tzinfo=BRUSSELS) - timedelta(minutes=1)
    assert await until(town, before.day, f"{before:%H:%M}") == []
    assert await until(town, day, clock) == [SAID]
    assert await kept(town) == []


async def test_the_last_press_counts_and_is_said_once(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    await until(town, 2, "9:00")
    for by in ("minutes", "hour", "hour"):
        await put_off(town, "anna", by)
    assert await until(town, 2, "9:59") == []
    assert await until(town, 2, "10:00") == [SAID]
    assert await until(town, 4, "10:00") == []


async def test_putting_off_moves_no_other_time_of_one_that_comes_back(town: Town) -> None:
    await town.say("anna", '!herinner mij "elke dag 9u" "formulier indienen"', room=None)
    await until(town, 2, "9:00")
    await put_off(town, "anna", "hour")
    await until(town, 2, "9:30")
    assert "woensdag 2 december om 10.00 uur" in await town.say("anna", "!herinner lijst", room=None)
    assert await until(town, 2, "10:00") == [SAID]
    assert await until(town, 3, "8:59") == []
    assert await until(town, 3, "9:00") == [SAID]
    # Tomorrow at nine it is said anyway: once.
    await put_off(town, "anna", "tomorrow")
    assert await until(town, 4, "9:00") == [SAID]
    assert await until(town, 5, "9:00") == [SAID]


async def test_nobody_else_puts_it_off(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    await until(town, 2, "9:00")
    assert "Je hebt geen herinnering 1" in await put_off(town, "ben", "hour")
    assert await kept(town) == []


async def test_what_was_said_is_forgotten_in_the_end(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    await until(town, 2, "9:00")
    town.clock.turn(KEPT)
    await town.core.run_due()
    assert "Je hebt geen herinnering 1" in await put_off(town, "anna", "hour")


# --- whoever may not say it there any more ---


async def as_organiser(town: Town, words: str | None, button: Button | None = None) -> Message:
    """Olga organises there, and says or presses that."""
    town.platform.present["olga", "sport"] = Role.ORGANISER
    asked = town.asked("olga", words, button=button)
    answer = await town.core.handle(replace(asked, role=Role.ORGANISER))
    assert answer
    return answer


def _put_out(town: Town) -> None:
    del town.platform.present["olga", "sport"]


def _silence(town: Town) -> None:
    town.platform.silenced.add(("olga", "sport"))


def _demote(town: Town) -> None:
    town.platform.present["olga", "sport"] = Role.RESIDENT


@pytest.mark.parametrize("lose", [_put_out, _silence, _demote])
async def test_of_whoever_may_not_say_it_there_by_then_nothing_is_said(
    town: Town, lose: Callable[[Town], None]
) -> None:
    await town.say("mia", "!help", room=None)
    await as_organiser(town, '!herinner hier "elke dag 9u" "koop bij mij"')
    await until(town, 2, "9:00")
    assert len(town.platform.where("sport")) == 1
    lose(town)
    for day in (3, 4, 5):
        await until(town, day, "9:00")
    assert len(town.platform.where("sport")) == 1
    (heard,) = [words for words in told(town, "mia") if "koop bij mij" in words]
    assert "`!herinner hier`" in heard


@pytest.mark.parametrize("lose", [_put_out, _silence, _demote])
async def test_nor_is_it_restored_by_them(town: Town, lose: Callable[[Town], None]) -> None:
    stop = (await as_organiser(town, '!herinner hier "morgen 9u" "koop bij mij"')).buttons[0]
    (back,) = (await as_organiser(town, None, stop)).buttons
    lose(town)
    assert "loopt weer" not in await press(town, "olga", back)
    await until(town, 2, "9:00")
    assert town.platform.where("sport") == []


async def test_which_theme_it_is_in_stands_in_the_list_of_whoever_is_there(town: Town) -> None:
    await as_organiser(town, '!herinner hier "morgen 9u" "koop bij mij"')
    assert "in sport" in await town.say("olga", "!herinner lijst", room=None)
    _put_out(town)
    listed = await town.say("olga", "!herinner lijst", room=None)
    assert "koop bij mij" in listed
    assert "sport" not in listed


# --- their own clocks, and whose it is ---


async def test_it_is_at_their_own_time(town: Town) -> None:
    await town.say("anna", "!mijn tijdzone America/New_York", room=None)
    await town.say("anna", FORM, room=None)
    await town.say("anna", '!herinner mij "elke donderdag 9u" "bellen"', room=None)
    assert await until(town, 2, "14:59") == []
    assert await until(town, 2, "15:00") == [SAID]
    # Another zone since leaves what was asked for where it was.
    await town.say("anna", "!mijn tijdzone gemeenschap", room=None)
    assert await until(town, 3, "14:59") == []
    assert len(await until(town, 3, "15:00")) == 1


async def test_they_go_along_with_linking_and_back(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    await town.say("ben", '!herinner mij "morgen 10u" "van ben"', room=None)
    brought = await town.linked("ben", "anna")
    assert await kept(town) == ["formulier indienen", "van ben"]
    await town.parted("anna", brought)
    assert await kept(town) == ["formulier indienen"]
    await until(town, 2, "9:00")
    await until(town, 2, "10:00")
    assert told(town) == [SAID]
    assert told(town, "ben") == [SAID.replace("formulier indienen", "van ben")]


async def test_what_an_account_asked_while_they_were_one_goes_with_it(town: Town) -> None:
    brought = await town.linked("anna", "ben")
    await town.say("ben", '!herinner mij "morgen 9u" "van ben"', room=None)
    await town.say("anna", '!herinner mij "morgen 10u" "van anna"', room=None)
    await town.say("ben", "!mijn tijdzone Pacific/Apia", room=None)
    await town.parted("ben", brought)
    assert await kept(town) == ["van anna"]
    assert "Apia" not in await town.say("anna", "!mijn tijdzone", room=None)
    assert "van ben" in await town.say("ben", "!herinner lijst", room=None)
    await town.say("ben", "!vergeet mij --zeker", room=None)
    assert await until(town, 2, "9:00") == []


async def test_whoever_is_forgotten_is_told_nothing_and_nothing_is_kept(town: Town) -> None:
    await town.say("anna", FORM, room=None)
    await town.say("mia", '!herinner hier "morgen 9u" "van mia"')
    await town.say("anna", "!vergeet mij --zeker", room=None)
    assert await until(town, 2, "9:00") == []
    assert [words for words in town.platform.where("sport") if "van mia" in words]


async def said_with(town: Town, words: str) -> int:
    """How many posts with these words are kept."""
    holds = select(posts.c.id).where(posts.c.message.contains(words))
    return len(await town.core.store.run(lambda tx: list(cast(Tx, tx).db.execute(holds))))


@pytest.mark.parametrize("days", [3, 31])
async def test_of_what_everybody_read_nothing_is_kept_of_whoever_is_forgotten(town: Town, days: int) -> None:
    await as_organiser(town, '!herinner hier "morgen 9u" "kwikzilver"')
    await until(town, 2, "9:00")
    assert await said_with(town, "kwikzilver") == 1
    for _ in range(days):
        town.clock.turn(timedelta(days=1))
        await town.core.run_due()
    await town.say("olga", "!vergeet mij --zeker", room=None)
    assert await said_with(town, "kwikzilver") == 0


async def test_nor_where_the_theme_ended_before(town: Town) -> None:
    await as_organiser(town, '!herinner hier "elke dag 9u" "kwikzilver"')
    await until(town, 2, "9:00")

    def end(tx: Transaction) -> None:
        town.core.features.end_all(tx, tx.places.theme_named("sport").id, town.clock.now())

    await town.core.store.run(end)
    await town.say("olga", "!vergeet mij --zeker", room=None)
    assert await said_with(town, "kwikzilver") == 0


async def test_a_theme_that_ends_says_nothing_more(town: Town) -> None:
    await town.say("mia", '!herinner hier "elke dag 9u" "stoelen mee"')

    def end(tx: Transaction) -> None:
        theme = tx.places.theme_named("sport")
        town.core.features.end_all(tx, theme.id, town.clock.now())

    await town.core.store.run(end)
    await until(town, 3, "9:00")
    assert town.platform.where("sport") == []
    assert "aan niets" in await town.say("mia", "!herinner lijst", room=None)


async def test_words_with_marks_are_words(town: Town) -> None:
    await town.say("anna", '!herinner mij "morgen 9u" "**@everyone** <b>x</b> {what}"', room=None)
    (said,) = await until(town, 2, "9:00")
    assert "**@everyone** <b>x</b> {what}" in said
    assert not town.platform.pinged

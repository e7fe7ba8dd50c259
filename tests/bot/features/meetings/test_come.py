"""Answering: one answer a person, places in order, and what becomes of them when people are one or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import TryLater
from bot.features.meetings.come import MOST_ANSWERS
from bot.features.polls.settings import PollsSettings
from bot.model.events import Invocation, Mention
from bot.model.message import Button, text
from bot.model.people import Identity, Place
from tests.bot.features.meetings.test_changes import PLAN, council, later, told
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, words_of

FOR_YOU = "antwoordde voor jou"
FULL = "Ter plaatse is “Sportraad” vol."


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """A meeting with place for two in person."""
    async with council(database_url, f"{PLAN} --max 2") as town:
        yield town


def mentioning(town: Town, who: str, words: str, whom: str) -> Invocation:
    """Said with a mention of them."""
    mention = Mention(f"@{whom}", Identity(PLATFORM, whom), whom)
    return replace(town.asked(who, words), mentions=(mention,))


async def shown(town: Town, name: str) -> str:
    return await town.say(name, "!bijeenkomst toon 1")


async def test_the_first_who_waits_has_the_place_that_comes_free(town: Town) -> None:
    for name in ("anna", "ben", "cas", "dirk"):
        await town.say(name, "!kom ter plaatse")
    assert "als nummer 1" in await shown(town, "cas")
    assert "als nummer 2" in await shown(town, "dirk")
    await town.say("anna", "!kom online")
    await later(town, timedelta(minutes=1))
    assert told(town, "sport", "Er kwam een plaats vrij") == 1
    assert ("sport", "cas") in town.platform.pinged
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas")
    assert "als nummer 1" in await shown(town, "dirk")


async def test_who_goes_on_site_keeps_the_place_online_until_there_is_one(town: Town) -> None:
    await town.say("cas", "!kom online")
    for name in ("anna", "ben"):
        await town.say(name, "!kom ter plaatse")
    assert "De plaats online blijft tot dan." in await town.say("cas", "!kom ter plaatse")
    assert "1 persoon doet online mee" in await shown(town, "anna")
    await town.say("ben", "!kom niet")
    said = await shown(town, "anna")
    assert "2 mensen komen ter plaatse" in said
    assert "Nog niemand doet online mee" in said


async def test_more_guests_than_there_is_place_for_change_nothing(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --met 1")
    assert "Je houdt je plaats voor 2" not in await town.say("anna", "!kom ter plaatse --met 1")
    assert "meer dan er ooit plaats is" in await town.say("anna", "!kom ter plaatse --met 2")
    await town.say("mia", "!bijeenkomst wijzig --max 3")
    await town.say("ben", "!kom ter plaatse")
    assert "Je houdt je plaats voor 2" in await town.say("anna", "!kom ter plaatse --met 2")
    assert "3 mensen komen ter plaatse (vol)" in await shown(town, "anna")


async def test_lowering_the_room_puts_nobody_out(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!kom ter plaatse")
    assert "1 persoon meer dan er plaats is" in await town.say("mia", "!bijeenkomst wijzig --max 1")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "ben")
    assert FULL in await town.say("cas", "!kom ter plaatse")
    await town.say("ben", "!kom niet")
    assert "als nummer 1" in await shown(town, "cas")


async def test_a_press_that_is_taken_away_takes_the_answer_back(town: Town) -> None:
    press = Button(
        text("meeting.button.online"), "meeting answer", {"meeting": 1, "way": "online", "on": True}
    )
    assert await town.core.handle(town.asked("anna", button=press))
    assert "Jouw antwoord: online" in await shown(town, "anna")
    away = Button(
        text("meeting.button.online"), "meeting answer", {"meeting": 1, "way": "online", "on": False}
    )
    said = await town.core.handle(town.asked("anna", button=away))
    assert said
    assert "is weg" in words_of(said)
    await town.say("anna", "!kom misschien")
    assert await town.core.handle(town.asked("anna", button=away))
    assert "Jouw antwoord: misschien" in await shown(town, "anna")


async def test_many_who_move_up_are_told_in_one_message_and_who_changed_back_in_none(town: Town) -> None:
    for number in range(8):
        await town.say(f"buur{number}", "!kom ter plaatse")
    await town.say("mia", "!bijeenkomst wijzig --max geen")
    await town.say("buur7", "!kom niet")
    await later(town, timedelta(minutes=1))
    assert told(town, "sport", "Er kwam een plaats vrij") == 1
    assert sorted(who for _, who in town.platform.pinged) == [f"buur{number}" for number in range(2, 7)]
    await later(town, timedelta(minutes=1))
    assert told(town, "sport", "Er kwam een plaats vrij") == 1


async def test_nobody_moves_up_to_where_there_is_no_place_any_more(town: Town) -> None:
    for name in ("anna", "ben", "cas"):
        await town.say(name, "!kom ter plaatse")
    assert "2 mensen komen ter plaatse, en er is geen plaats meer" in await town.say(
        "mia", "!bijeenkomst wijzig --plaats geen"
    )
    await town.say("anna", "!kom online")
    await later(town, timedelta(minutes=5))
    assert told(town, "sport", "Er kwam een plaats vrij") == 0


async def test_who_left_the_theme_waits_before_nobody(town: Town) -> None:
    for name in ("anna", "ben", "cas", "dirk"):
        await town.say(name, "!kom ter plaatse")
    del town.platform.present["cas", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["cas"])
    await town.say("anna", "!kom niet")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "dirk")


async def test_nobody_comes_before_who_waits_for_a_place_that_is_free(town: Town) -> None:
    for name in ("anna", "ben", "cas"):
        await town.say(name, "!kom ter plaatse")
    forget = town.asked("anna", "!me forget --sure", room=None)
    await town.core.handle(forget)
    assert FULL in await town.say("dirk", "!kom ter plaatse")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas")


async def test_who_has_a_place_for_more_than_there_is_room_keeps_it(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --met 1")
    await town.say("mia", "!bijeenkomst wijzig --max 1")
    assert "Je komt ter plaatse" in await town.say("anna", "!kom ter plaatse --toon-mij")


async def test_two_who_are_one_keep_the_place_of_either(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse --met 1")
    for name in ("cas", "annas"):
        await town.say(name, "!kom ter plaatse")
        town.clock.turn(timedelta(minutes=1))
    await town.linked("anna", "annas")
    await town.core.run_due()
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas")


async def test_what_was_said_before_is_heard_too_late(town: Town) -> None:
    """It was held meanwhile, whenever that was said."""
    said = [
        replace(town.asked(who, words), at=town.clock.now())
        for who, words in (
            ("mia", '!bijeenkomst verplaats "20 december 20u" --bijeenkomst 1'),
            ("mia", "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 1"),
            ("mia", "!kom ter plaatse --voor Oma --bijeenkomst 1"),
            ("ben", "!kom ter plaatse --bijeenkomst 1"),
        )
    ]
    await later(town, timedelta(days=9))
    for invocation in said:
        answer = await town.core.handle(invocation)
        assert answer
        assert "is begonnen" in words_of(answer) or "is voorbij" in words_of(answer)


async def test_for_somebody_without_an_account(town: Town) -> None:
    assert "Oma komt ter plaatse" in await town.say("mia", "!kom ter plaatse --voor Oma")
    assert "Oma komt niet" in await town.say("mia", "!kom niet --voor oma")
    assert "Niet: Oma" in await town.say("mia", "!bijeenkomst wie")


async def test_for_a_resident_it_is_their_own_answer(town: Town) -> None:
    """By name or mention; they hear it in private where they talk there, and change it as any other."""
    await town.say("anna", "!help", room=None)
    await town.say("anna", "!kom online")
    assert "komt ter plaatse naar" in await town.say("mia", "!kom ter plaatse --voor Anna --met 1")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna")
    said = await shown(town, "ben")
    assert "2 mensen komen ter plaatse" in said
    assert "Nog niemand doet online mee" in said
    await later(town)
    assert told(town, "anna", "antwoordde voor jou: je komt ter plaatse") == 1
    mentioned = mentioning(town, "mia", "!kom misschien --voor @anna", "anna")
    assert await town.core.handle(mentioned)
    assert "Jouw antwoord: misschien" in await shown(town, "anna")
    assert "Je komt niet" in await town.say("anna", "!kom niet")
    assert "1 persoon komt niet" in await shown(town, "ben")


async def test_for_others_who_hear_it_is_answered_so_often(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!kom online")
    for number in range(MOST_ANSWERS):
        said = await town.say("mia", f"!kom {'misschien' if number % 2 else 'niet'} --voor anna")
        assert said.startswith("anna komt")
    assert "Wacht een uur" in await town.say("mia", "!kom niet --voor anna")
    assert "anna komt misschien" in await town.say("mia", "!kom misschien --voor anna")  # as it stands
    assert "Wacht een uur" in await town.say("mia", "!kom niet --voor ben")
    assert "Oma komt niet" in await town.say("mia", "!kom niet --voor Oma")  # who hears nothing


async def test_of_what_was_answered_for_them_they_hear_the_last(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!help", room=None)
        await town.say(name, "!kom online")
    await town.core.outbox.worker.flush()
    town.platform.trouble["anna"] = [TryLater(3600, unsent=True)] * 3
    for way in ("misschien", "ter plaatse", "niet"):
        await town.say("mia", f"!kom {way} --voor anna")
        await town.say("mia", f"!kom {way} --voor ben")
        await town.core.outbox.worker.flush()
    await later(town, timedelta(hours=2))
    await town.core.outbox.worker.flush()
    assert told(town, "anna", FOR_YOU) == told(town, "anna", f"{FOR_YOU}: je komt niet") == 1
    assert told(town, "ben", FOR_YOU) == 3


@pytest.mark.parametrize("since", ["self", "same", "cancelled", None])
async def test_what_stands_no_more_in_the_morning_they_do_not_hear(town: Town, since: str | None) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!help", room=None)
        await town.say(name, "!kom online")
    town.configure(PollsSettings(quiet="22:00-08:00"))
    town.clock.turn_to(NOW.replace(hour=22))
    await town.say("mia", "!kom ter plaatse --voor anna")
    await town.say("mia", "!kom niet --voor ben")
    for _ in range(2):
        await town.core.outbox.worker.flush()
    match since:
        case "self":
            await town.say("anna", "!kom niet")
        case "same":
            await town.say("anna", "!kom ter plaatse")
        case "cancelled":
            await town.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker")
        case _:
            pass
    await later(town, timedelta(hours=1))
    assert not told(town, "anna", FOR_YOU)
    await later(town, timedelta(hours=10))
    await town.core.outbox.worker.flush()
    assert told(town, "anna", FOR_YOU) == int(since is None)
    assert told(town, "ben", FOR_YOU) == int(since != "cancelled")


async def test_whom_the_organiser_means_is_asked_where_several_are_called_so(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!mijn naam Jan")
        await town.say(name, "!kom misschien")
    for which in (1, 2):
        asked = await town.core.handle(town.asked("mia", "!kom online --voor jan"))
        assert asked
        assert "Voor welke" in words_of(asked)
        assert len(asked.buttons) == 3
        assert await town.core.handle(town.asked("mia", button=asked.buttons[which]))
    said = await shown(town, "cas")
    assert "1 persoon komt misschien" in said
    assert "2 mensen doen online mee" in said


async def test_whom_there_is_an_answer_for_already_is_asked_about(town: Town) -> None:
    await town.say("mia", "!kom ter plaatse --voor Oma")
    await town.say("anna", "!mijn naam Oma")
    asked = await town.core.handle(town.asked("mia", "!kom niet --voor oma"))
    assert asked
    assert await town.core.handle(town.asked("mia", button=asked.buttons[-1]))
    said = await shown(town, "cas")
    assert "Nog niemand komt ter plaatse" in said
    assert "1 persoon komt niet" in said


async def test_who_is_not_in_its_theme_is_nobody_that_it_can_be_answered_for(town: Town) -> None:
    """By a mention; as a name it is anybody's."""
    await town.joined("square", theme="markt")
    await town.say("cas", "!help", room="square")
    answer = await town.core.handle(mentioning(town, "mia", "!kom online --voor @cas", "cas"))
    assert answer
    assert "doet niet mee aan het thema" in words_of(answer)
    assert "cas doet online mee" in await town.say("mia", "!kom online --voor cas")
    assert "Online, 1: cas" in await town.say("mia", "!bijeenkomst wie")


async def test_for_others_only_its_organiser_answers(town: Town) -> None:
    await town.say("anna", "!help")
    assert "is van iemand anders" in await town.say("ben", "!kom niet --voor anna")


# --- once it has begun ---


async def test_once_it_has_begun_only_its_organiser_puts_it_right(town: Town) -> None:
    """As it was, however full; nobody moves up any more, and nobody is told."""
    for name in ("anna", "ben", "cas"):
        await town.say(name, "!help", room=None)
        await town.say(name, "!kom ter plaatse")
    await later(town, timedelta(days=7, minutes=30))
    assert "Wie ze organiseert, kan het nog rechtzetten" in await town.say(
        "anna", "!kom niet --bijeenkomst 1"
    )
    assert "--voor Oma" in await town.say("mia", "!kom online --bijeenkomst 1")
    mend = "--bijeenkomst 1"
    said = await town.say("mia", f"!kom ter plaatse --voor cas {mend}")
    assert "Genoteerd voor “Sportraad”" in said
    assert "1 persoon meer dan er plaats is" in said
    assert "Oma, online" in await town.say("mia", f"!kom online --voor Oma {mend}")
    assert "anna, niet" in await town.say("mia", f"!kom niet --voor anna {mend}")
    said = await shown(town, "dirk")
    assert "2 mensen komen ter plaatse" in said
    assert "1 persoon doet online mee" in said
    assert not told(town, "cas", "antwoordde voor jou")
    await later(town, timedelta(days=1))
    assert "ben, niet" in await town.say("mia", f"!kom niet --voor ben {mend}")
    assert "is voorbij" in await town.say("mia", f"!kom online --voor Opa {mend}")
    assert "is begonnen" in await town.say("anna", f"!kom online {mend}")
    said = await shown(town, "dirk")
    assert "1 persoon zou ter plaatse komen" in said
    assert "1 persoon zou online meedoen" in said
    await town.core.boards.worker.flush()
    assert told(town, "sport", "1 persoon zou online meedoen") > 0


async def test_names_are_shown_to_others_only_of_who_wants_that(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse")
    assert "Wie komt" not in await shown(town, "ben")
    await town.say("anna", "!kom ter plaatse --toon-mij")
    assert "Wie komt" in await shown(town, "ben")
    assert "is van iemand anders" in await town.say("ben", "!bijeenkomst wie")


async def test_two_who_are_one_have_the_later_answer_and_free_a_place(town: Town) -> None:
    await town.say("anna", "!kom ter plaatse")
    town.clock.turn(timedelta(minutes=1))
    for name in ("annas", "cas"):
        await town.say(name, "!kom ter plaatse")
    assert "als nummer 1" in await shown(town, "cas")
    await town.linked("anna", "annas")
    await town.core.run_due()
    assert "2 mensen komen ter plaatse (vol)" in await shown(town, "anna")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "cas")


async def test_what_is_said_once_more_is_what_they_said_last(town: Town) -> None:
    for name, way in (("anna", "ter plaatse"), ("annas", "online"), ("anna", "ter plaatse")):
        await town.say(name, f"!kom {way}")
        town.clock.turn(timedelta(minutes=1))
    await town.linked("anna", "annas")
    await town.core.run_due()
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna")


async def test_who_left_somebody_that_answered_cannot_answer_beside_them(town: Town) -> None:
    await town.say("anna", "!help")
    await town.say("annas", "!kom ter plaatse")
    await town.linked("anna", "annas")
    await town.parted("annas")
    assert "Je telt in “Sportraad” al mee" in await town.say("annas", "!kom online")
    assert "Jouw antwoord: ter plaatse" in await shown(town, "anna")


@pytest.mark.parametrize("held", [False, True], ids=["to come", "held"])
async def test_who_is_forgotten_frees_the_place_and_stays_in_the_figures(town: Town, held: bool) -> None:
    for name in ("anna", "ben", "cas"):
        await town.say(name, "!kom ter plaatse --toon-mij")
    if held:
        await later(town, timedelta(days=8))
    await town.say("anna", "!me forget --sure", room=None)
    await town.core.run_due()
    said = await shown(town, "ben")
    assert ("2 mensen zouden ter plaatse komen" if held else "2 mensen komen ter plaatse (vol)") in said
    assert "anna" not in said
    if not held:
        assert "Jouw antwoord: ter plaatse" in await shown(town, "cas")


async def test_what_somebody_planned_stays_once_they_are_forgotten(town: Town) -> None:
    await town.say("mia", "!me forget --sure", room=None)
    await town.core.run_due()
    assert "Sportraad" in await town.say("anna", "!bijeenkomst lijst")


async def test_after_its_beginning_nothing_is_answered(town: Town) -> None:
    await later(town, timedelta(days=7, minutes=30))
    for words in ("!kom ter plaatse --bijeenkomst 1", "!bijeenkomst wijzig --plaats X --bijeenkomst 1"):
        assert "is begonnen" in await town.say("mia", words)


async def test_nobody_types_what_a_button_keeps_of_who_has_no_account(town: Town) -> None:
    """Behind it stands a name that is nobody's account, whoever else is called so."""
    answer = await town.say("mia", '!kom ter plaatse --voor "name:anna"')
    assert "name:anna komt ter plaatse" in answer  # that is what she is called then, and nobody is anna

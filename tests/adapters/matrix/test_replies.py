"""What people answer a message of Plein's with, in their own words; and what of it is talk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.homeserver import shown
from tests.town import Resident, Town, board, says

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")
ASK = '!peiling open "Waar komt de bank?" Plein | Park | Bos'


def reply_to(event: str, *mentioned: str) -> dict[str, Any]:
    """As clients reply; most of them mention whoever said what is replied to."""
    pinged = {"m.mentions": {"user_ids": [*mentioned]}} if mentioned else {}
    return {"m.relates_to": {"m.in_reply_to": {"event_id": event}}, **pinged}


async def a_room_of_two(town: Town) -> tuple[Resident, Resident, str]:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    return anna, ben, await town.room(anna.person, ben.person)


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        ("keuze", "Park", "je koos Park"),
        ("keuze", "park!", "je koos Park"),
        ("keuze", "2️⃣", "je koos Park"),
        ("keuze", "2!", "je koos Park"),
        ("goedkeuring", "1, 3", "je koos Plein en Bos"),
        ("volgorde", "3 1 2", "Bos"),
        ("cijfer", "5 0 3", "Plein: 5"),
        ("akkoord", "akkoord", "je koos Akkoord"),
    ],
)
async def test_whoever_replies_to_a_board_with_their_choice_has_voted(
    town: Town, kind: str, words: str, told: str
) -> None:
    anna, ben, room = await a_room_of_two(town)
    options = "" if kind == "akkoord" else "Plein | Park | Bos"
    await anna.person.say(room, f'!peiling open "Waar komt de bank?" {options} --soort {kind}')
    shows = await board(ben.person, room, "Nog niemand stemde")
    await ben.person.say(room, words, **reply_to(shows.event_id, town.plein.user_id))
    await ben.told(told)
    await board(anna.person, room, "1 persoon stemde")


@pytest.mark.parametrize("words", ["ja nee desnoods", "Ja, nee, desnoods", "1 3"])
async def test_so_has_whoever_says_which_dates_suit(town: Town, words: str) -> None:
    anna, ben, room = await a_room_of_two(town)
    days = "1 maart 2031 20u | 2 maart 2031 20u | 3 maart 2031 20u"
    await anna.person.say(room, f'!peiling open "Wanneer?" {days} --soort datums')
    shows = await board(ben.person, room, "Nog niemand stemde")
    await ben.person.say(room, words, **reply_to(shows.event_id, town.plein.user_id))
    await ben.told("zo stemde je", "1 maart 2031 om 20.00 uur: ja", "2 maart 2031 om 20.00 uur: nee")


async def test_who_talks_about_a_poll_below_it_is_left_alone(town: Town) -> None:
    anna, ben, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    shows = await board(ben.person, room, "Nog niemand stemde")
    for words in ("Park, want daar is schaduw", "2 natuurlijk", "ja", "het park is ook van ons"):
        await ben.person.say(room, words, **reply_to(shows.event_id, town.plein.user_id))
    await ben.person.say(room, "Park", **reply_to(shows.event_id))  # nobody was named
    await ben.person.say(room, "!stem 3")
    await ben.told("je koos Bos")
    answers = [event for event in await ben.person.history(ben.direct) if "be.plein.key" in event["content"]]
    assert len(answers) == 1


async def test_a_command_typed_below_a_board_is_about_its_poll(town: Town) -> None:
    anna, ben, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    shows = await board(ben.person, room, "Waar komt de bank?", "Nog niemand stemde")
    await anna.person.say(room, '!peiling open "En de boom?" Ja | Nee')
    await board(ben.person, room, "En de boom?")
    await ben.person.say(room, "!stem 2", **reply_to(shows.event_id))
    await ben.told("“Waar komt de bank?”: je koos Park")
    await anna.person.say(room, "!peiling sluit", **reply_to(shows.event_id))
    await anna.told("“Waar komt de bank?” nu sluiten?")


@pytest.mark.parametrize("words", ["ja", "Ja!", "ja, sluit ze", "ja graag"])
async def test_who_says_yes_to_a_question_is_understood(town: Town, words: str) -> None:
    anna, _, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await anna.told("staat open")
    await anna.person.say(anna.direct, "peiling sluit")
    await anna.told("nu sluiten?")
    await anna.person.say(anna.direct, words)
    await says(anna.person, room, "Gesloten: Waar komt de bank?")


async def test_who_says_no_has_done_nothing(town: Town) -> None:
    anna, _, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await anna.told("staat open")
    await anna.person.say(anna.direct, "peiling sluit")
    await anna.told("nu sluiten?")
    await anna.person.say(anna.direct, "nee")
    await anna.told("dan doe ik niets")


async def test_a_number_presses_nothing_that_stands_further_back(town: Town) -> None:
    """Whoever mistyped their vote and now types the number alone does not take their vote back."""
    anna, _, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await anna.person.say(room, "!stem 2")
    receipt = await anna.told("je koos Park", "[1] Trek mijn stem in")
    await anna.person.say(room, "!stem plain")
    await anna.told("“plain” is geen nummer")
    await anna.person.say(anna.direct, "1")
    await anna.told("valt niets te kiezen")
    await board(anna.person, room, "2. Park: 1 stem")
    await anna.person.say(anna.direct, "1", **reply_to(receipt.event_id))
    await anna.told("je stem is ingetrokken")


async def test_a_number_where_there_is_no_such_button_is_answered(town: Town) -> None:
    """Silence would look as if it had been counted."""
    anna, _, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await anna.person.say(room, "!stem 2")
    await anna.told("je koos Park", "[1] Trek mijn stem in")
    await anna.person.say(anna.direct, "9")
    await anna.told("Er is hier geen knop 9")


async def test_who_edits_a_command_is_told_once_that_nobody_reads_that(town: Town) -> None:
    anna, ben, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await board(ben.person, room, "Nog niemand stemde")
    talk = await ben.person.say(room, "Wat een vraag")
    await ben.person.edit(room, talk, "Wat een goede vraag!")
    vote = await ben.person.say(room, "!stem 1")
    await ben.told("je koos Plein")
    for words in ("!stem 2", "!stem 3"):
        await ben.person.edit(room, vote, words)
    told = await says(ben.person, room, "Wat je achteraf in een bericht verandert")
    assert told.content["m.mentions"] == {"user_ids": [ben.person.user_id]}
    await anna.person.say(room, "!stem 3")
    await board(ben.person, room, "1. Plein: 1 stem", "3. Bos: 1 stem")
    said = [event for event in await ben.person.history(room) if "achteraf" in str(event["content"])]
    assert len(said) == 1


async def test_which_poll_is_meant_is_followed_by_what_can_be_chosen_in_it(town: Town) -> None:
    anna, ben, room = await a_room_of_two(town)
    await anna.person.say(room, ASK)
    await board(ben.person, room, "Waar komt de bank?", "Nog niemand stemde")
    await anna.person.say(room, '!peiling open "En de boom?" Hier | Daar')
    await board(ben.person, room, "En de boom?")
    await ben.person.say(room, "!stem")
    await ben.told("Welke bedoel je?", "[1] En de boom?")
    await ben.person.say(ben.direct, "1")
    await ben.told("“En de boom?”: hoe stem je?", "1. Hier", "2. Daar")
    await ben.person.say(ben.direct, "Daar")
    await board(ben.person, room, "En de boom?", "2. Daar: 1 stem")


@pytest.mark.parametrize("vote", ["bezwaar", "3"])
async def test_a_reason_may_come_in_the_next_line(town: Town, vote: str) -> None:
    anna, _, room = await a_room_of_two(town)
    await anna.person.say(room, '!peiling open "Een tweede tafel" --soort akkoord')
    await board(anna.person, room, "Nog niemand stemde")
    await anna.person.say(anna.direct, f"!stem {vote}")
    await anna.told("hoort een reden")
    await anna.person.say(anna.direct, "laat maar")
    await anna.told("dan doe ik niets")
    # What was said the first time stands there still.
    again = await anna.person.say(anna.direct, f"!stem {vote}")
    await says(anna.person, anna.direct, "hoort een reden", key=f"answer:matrix:{again}")
    await anna.person.say(anna.direct, "Ze is te duur")
    await board(anna.person, room, "Bezwaar: “Ze is te duur”")


async def test_what_is_sent_in_a_direct_room_is_answered_once_a_day(town: Town) -> None:
    anna, ben, room = await a_room_of_two(town)
    picture = {"msgtype": "m.image", "body": "bank.png", "url": "mxc://localhost/none"}
    await anna.person.send(room, "m.room.message", picture)  # to each other people send what they like
    for msgtype in ("m.image", "m.audio", "m.file"):
        await ben.person.send(ben.direct, "m.room.message", {**picture, "msgtype": msgtype})
    await ben.person.say(ben.direct, "!peiling lijst")
    await ben.told("peiling")
    said = [message.body for message in shown(await ben.person.history(ben.direct)) if message.key]
    assert [body for body in said if "kan ik niet lezen" in body] == said[-2:-1]
    assert not [message for message in shown(await anna.person.history(room)) if "lezen" in message.body]

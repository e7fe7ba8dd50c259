"""One poll in a Matrix room, seen through other eyes than the bot's own library."""

from __future__ import annotations

import pytest

from tests.homeserver import shown
from tests.town import Town, board, native_poll, says

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee | Later'

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")


async def test_a_poll_from_opening_to_result(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)

    await anna.person.say(room, ASK)
    await anna.told("Je peiling “Nieuwe skatebaan?” staat open.", "[1] Sluit nu")
    first = await board(anna.person, room, "Nieuwe skatebaan?", "1. Ja: 0 stemmen", "2. Nee: 0 stemmen")

    reaction = await ben.person.react(room, first.event_id, "2️⃣")
    await ben.told("je koos Nee")
    await board(anna.person, room, "2. Nee: 1 stem", "1 persoon stemde")

    await ben.person.say(room, "!stem 1")
    await ben.told("je koos eerst Nee, nu Ja")
    await board(anna.person, room, "1. Ja: 1 stem", "2. Nee: 0 stemmen", "1 persoon stemde")

    poll = await native_poll(anna.person, room)
    await ben.person.answer(room, poll["event_id"], ["3"])
    await ben.told("je koos eerst Ja, nu Later")
    await anna.person.answer(room, poll["event_id"], ["3"], stable=True)
    last = await board(anna.person, room, "3. Later: 2 stemmen", "2 mensen stemden")
    assert last.event_id == first.event_id
    assert last.edits >= 3
    assert reaction

    await anna.person.say(anna.direct, "peiling sluit")
    await anna.told("nu sluiten? Er zijn 2 stemmen", "[1] Ja, sluit ze")
    await anna.person.say(anna.direct, "1")
    await anna.told("is gesloten")
    await says(ben.person, room, "Gesloten: Nieuwe skatebaan?", "Later haalt het, met 2 stemmen.")
    await board(ben.person, room, "Later haalt het", "Gesloten ")
    end = await ben.person.wait_for(room, lambda event: event["type"] == "org.matrix.msc3381.poll.end")
    assert end["content"]["m.relates_to"]["event_id"] == poll["event_id"]
    announced = [
        message for message in shown(await ben.person.history(room)) if message.body.startswith("Gesloten: ")
    ]
    assert len(announced) == 1


async def test_the_native_poll_is_one_that_clients_show(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, '!poll open "Wat eerst?" Bank | Boom | Bak --hoogstens 2')
    poll = (await native_poll(anna.person, room))["content"]
    start = poll["org.matrix.msc3381.poll.start"]
    assert start["question"] == {"org.matrix.msc1767.text": "Wat eerst?"}
    assert start["max_selections"] == 2
    assert [answer["org.matrix.msc1767.text"] for answer in start["answers"]] == ["Bank", "Boom", "Bak"]
    assert poll["m.mentions"] == {}


async def test_taking_back_whichever_way(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")

    reaction = await ben.person.react(room, first.event_id, "1️⃣")
    await board(anna.person, room, "1 persoon stemde")
    await ben.person.redact(room, reaction)
    await ben.told("je stem is ingetrokken")
    await board(anna.person, room, "Nog niemand stemde")

    vote = await ben.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    await ben.person.redact(room, vote)
    await board(anna.person, room, "2. Nee: 0 stemmen")

    poll = await native_poll(anna.person, room)
    await ben.person.answer(room, poll["event_id"], ["3"])
    await board(anna.person, room, "3. Later: 1 stem")
    await ben.person.answer(room, poll["event_id"], [])
    await board(anna.person, room, "3. Later: 0 stemmen")


async def test_somebody_elses_redaction_takes_no_vote_back(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    vote = await ben.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    await anna.person.redact(room, vote)  # she made the room, so she may
    await anna.person.say(room, "!stem 1")
    await board(anna.person, room, "1. Ja: 1 stem", "2. Nee: 1 stem")


async def test_an_edit_is_no_command(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    vote = await anna.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    await anna.person.edit(room, vote, "!stem 1")
    await anna.person.say(room, "!stem 3")
    await board(anna.person, room, "1. Ja: 0 stemmen", "3. Later: 1 stem")
    received = [
        message.body for message in shown(await anna.person.history(anna.direct)) if "nu Ja" in message.body
    ]
    assert received == []


async def test_what_is_typed_is_shown_as_typed_and_pings_nobody(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, '!poll open "@room <b>vet</b> **ster** &amp;" <script> | [x](http://x)')
    shows = await board(anna.person, room, "@room <b>vet</b> **ster** &amp;")
    assert "<b>" not in shows.html
    assert "<script>" not in shows.html
    events = await anna.person.history(room)
    ours = [
        event
        for event in events
        if event["sender"] == town.plein.user_id and event["type"] != "m.room.member"
    ]
    assert ours
    assert all(event["content"]["m.mentions"] == {} for event in ours)


async def test_an_english_speaker_is_answered_in_english(town: Town) -> None:
    anna = await town.resident("anna")
    await anna.person.say(anna.direct, "language en")
    await anna.told("From now on")
    await anna.person.say(anna.direct, "poll lst")
    await anna.told("Did you mean")


async def test_a_newcomers_answer_opens_an_encrypted_direct_room(town: Town) -> None:
    anna = await town.server.person("newcomer")
    room = await town.room(anna)
    await anna.say(room, "!peiling lijst")

    async def invited() -> str | None:
        rooms = await anna.direct_rooms_with(town.plein.user_id)
        return rooms[0] if rooms else None

    direct = await anna.wait_until(invited)
    await anna.accept_invitations(town.plein.user_id)
    said = await anna.wait_for(direct, lambda event: event["type"] == "m.room.encrypted")
    assert said["sender"] == town.plein.user_id
    assert "body" not in said["content"]


async def test_only_invitations_that_a_rule_accepts(town: Town) -> None:
    # Another server's people would need federation; a direct look at the rule is in test_sync.
    anna = await town.server.person("inviter")
    room = await anna.create_room(invite=[town.plein.user_id])
    await town.comes_to(anna, room)


async def test_being_put_out_is_noticed_and_coming_back_is_too(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    await anna.person.kick(room, town.plein.user_id)
    await anna.person.say(anna.direct, '!poll open "Nog een?" a | b')
    await anna.told("Dit hoort bij een thema")
    await anna.person.invite(room, town.plein.user_id)
    await town.comes_to(anna.person, room)
    await anna.person.say(room, "!stem 1")
    await anna.told("je koos Ja")
    await board(anna.person, room, "1. Ja: 1 stem")


async def test_a_room_that_was_replaced_is_followed(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    new = await anna.person.upgrade(room)
    await town.comes_to(anna.person, new)
    await board(anna.person, new, "Nieuwe skatebaan?", "Nog niemand stemde")
    await anna.person.say(new, "!stem 1")
    await board(anna.person, new, "1. Ja: 1 stem")


@pytest.mark.parametrize("version", ["10", "12"])
async def test_power_levels_are_roles_in_their_own_room(town: Town, version: str) -> None:
    anna, ben, mia = [await town.resident(name) for name in ("anna", "ben", "mia")]
    levels = (
        {"users": {mia.person.user_id: 50}}
        if version == "12"
        else {"users": {mia.person.user_id: 50, anna.person.user_id: 100}}
    )
    room = await town.room(
        anna.person, ben.person, mia.person, version=version, power_level_content_override=levels
    )
    await ben.person.say(room, ASK)
    await board(ben.person, room, "Nog niemand stemde")
    await ben.person.say(room, '!poll open "Nog een?" a | b')
    await board(ben.person, room, "Nog een?")

    own_room = await town.room(ben.person)  # master of a room of his own
    number = (await board(ben.person, room, "Nog een?")).poll
    first = str(int(number) - 1)
    carl = await town.resident("carl")
    await carl.person.join(room)
    await carl.person.say(room, f"!peiling sluit {number} --zeker")
    await carl.told("is van iemand anders")
    own = await town.room(carl.person)
    await carl.person.say(own, f"!peiling annuleer {first} --zeker")
    await carl.told("“Nieuwe skatebaan?” is van iemand anders")
    assert own_room

    await mia.person.say(room, f"!peiling sluit {number} --zeker")
    await mia.told("is gesloten")
    await anna.person.say(room, f"!peiling annuleer {first} --zeker")
    await anna.told("is geannuleerd")

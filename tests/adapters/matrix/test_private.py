"""What is private on Matrix: a room of Plein and one person, shut to everybody else, at that moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Town, board, numbers, says

ASK = '!peiling open "Blijft de markt?" Ja | Nee --anoniem'
READS_ALONG = "kunnen anderen lezen"

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")


def world_readable() -> dict[str, Any]:
    history = {"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}}
    return {"initial_state": [{**history, "state_key": ""}]}


async def poll_of(town: Town, victim: Person) -> tuple[str, int]:
    """An anonymous poll in a room that the victim is in too, and its number."""
    anna = await town.resident("anna")
    room = await town.room(anna.person, victim)
    await anna.person.say(room, ASK)
    shows = await board(victim, room, "Blijft de markt?", "Nog niemand stemde")
    return room, shows.poll


async def false_room(town: Town, victim: Person, **options: Any) -> str:
    """Somebody makes a room that looks like the victim's own talk with Plein, and leaves it."""
    mallory = await town.server.person(f"mallory{next(numbers)}")
    room = await mallory.create_room(invite=[town.plein.user_id], is_direct=True, **options)
    await town.comes_to(mallory, room)
    await mallory.invite(room, victim.user_id)
    await victim.join(room)
    await mallory.leave(room)
    return room


async def private_room(town: Town, victim: Person, *known: str) -> str:
    """The room that Plein made for her, once she is in it."""

    async def look() -> str | None:
        rooms = set(await victim.direct_rooms_with(town.plein.user_id)) - set(known)
        return next(iter(rooms), None)

    room = await victim.wait_until(look)
    await victim.accept_invitations(town.plein.user_id)
    return room


async def said_in(reader: Person, room: str, by: str) -> list[str]:
    return [message.body for message in shown(await reader.history(room)) if message.sender == by]


@pytest.mark.parametrize(
    "open_to_all", [world_readable(), {"preset": "public_chat"}], ids=["world-readable", "public"]
)
async def test_a_false_direct_room_is_told_nothing_and_takes_nothing(
    town: Town, open_to_all: dict[str, Any]
) -> None:
    victim = await town.server.person(f"vera{next(numbers)}")
    place, number = await poll_of(town, victim)
    false = await false_room(town, victim, **open_to_all)
    await victim.say(false, f"!stem 2 --peiling {number}")
    await victim.say(false, "!peiling mijn")
    await victim.say(false, "1")
    await says(victim, false, READS_ALONG)
    private = await private_room(town, victim, false)
    # All of it was dealt with: this comes after it in the same room.
    await victim.say(false, "!help")
    await victim.wait_for(private, lambda event: event["type"] == "m.room.encrypted")

    spy = await town.server.person(f"spy{next(numbers)}")
    if "preset" in open_to_all:
        await spy.join(false)
    said = await said_in(spy, false, town.plein.user_id)
    assert len(said) == 1, said
    assert READS_ALONG in said[0]
    assert "mensen stemden" not in (await board(victim, place, "Blijft de markt?")).body
    assert "1 persoon" not in (await board(victim, place, "Blijft de markt?")).body


async def test_she_is_told_in_her_own_language_and_once(town: Town) -> None:
    vera = await town.resident("vera")
    await vera.person.say(vera.direct, "taal en")
    await vera.told("From now on")
    _, number = await poll_of(town, vera.person)
    false = await false_room(town, vera.person, **world_readable())
    for words in (f"!vote 2 --poll {number}", "2", "hello?", "!poll mine"):
        await vera.person.say(false, words)
    await vera.told("Only the two of us can see this chat")
    await vera.told("You have not opened a poll")
    said = await said_in(vera.person, false, town.plein.user_id)
    assert len(said) == 1
    assert "Others can read what you write here" in said[0]
    told = await said_in(vera.person, vera.direct, town.plein.user_id)
    assert len([words for words in told if "Only the two of us" in words]) == 1


async def test_a_talk_that_is_opened_to_others_is_private_no_more(town: Town) -> None:
    """What she said before was private; what Plein has to say to her alone goes to a room of its own."""
    vera = await town.resident("vera")
    await vera.person.say(vera.direct, "!peiling mijn")
    await vera.told("Je opende nog geen peiling")
    history = {"history_visibility": "world_readable"}
    await vera.person.send_state(vera.direct, "m.room.history_visibility", history)
    await vera.person.say(vera.direct, "peiling mijn")
    await vera.told(READS_ALONG)
    private = await private_room(town, vera.person, vera.direct)
    await vera.person.wait_for(private, lambda event: event["type"] == "m.room.encrypted")
    answers = await said_in(vera.person, vera.direct, town.plein.user_id)
    assert len([words for words in answers if "Je opende nog geen peiling" in words]) == 1
    # Shut again, it is private again.
    await vera.person.send_state(vera.direct, "m.room.history_visibility", {"history_visibility": "shared"})
    await vera.person.say(vera.direct, "taal nl")
    await vera.told("Vanaf nu praat ik Nederlands")


async def test_nobody_is_let_in_or_made_to_read_along_in_a_room_of_plein_s(town: Town) -> None:
    newcomer = await town.server.person(f"newcomer{next(numbers)}")
    await poll_of(town, newcomer)
    place = await town.room(newcomer)
    await newcomer.say(place, "!peiling lijst")
    room = await private_room(town, newcomer)
    for kind, expected in (
        ("m.room.join_rules", {"join_rule": "invite"}),
        ("m.room.history_visibility", {"history_visibility": "invited"}),
        ("m.room.guest_access", {"guest_access": "forbidden"}),
    ):
        assert await newcomer.state(room, kind) == expected
    spy = await town.server.person(f"spy{next(numbers)}")
    for method, path, body in (
        ("POST", f"rooms/{room}/invite", {"user_id": spy.user_id}),
        ("PUT", f"rooms/{room}/state/m.room.history_visibility/", {"history_visibility": "world_readable"}),
        ("PUT", f"rooms/{room}/state/m.room.join_rules/", {"join_rule": "public"}),
    ):
        answer = await newcomer.request(method, path, body, expect=403)
        assert answer["errcode"] == "M_FORBIDDEN"


async def test_what_was_overheard_while_plein_was_away_is_no_vote(town: Town) -> None:
    """Who has left by the time that Plein comes back has read it all the same."""
    vera = await town.resident("vera")
    place, number = await poll_of(town, vera.person)
    await vera.person.say(vera.direct, f"!peiling toon {number}")
    await vera.told("Nog niemand stemde")
    mallory = await town.server.person(f"mallory{next(numbers)}")
    await vera.person.invite(vera.direct, mallory.user_id)
    await mallory.join(vera.direct)
    await town.plein.stop()
    await vera.person.say(vera.direct, f"!stem 2 --peiling {number}")
    await mallory.leave(vera.direct)
    await vera.person.say(vera.direct, "!peiling lijst")
    await town.plein.start()
    await vera.told(READS_ALONG)
    await vera.told("konden anderen zien")
    assert "Nog niemand stemde" in (await board(vera.person, place, "Blijft de markt?")).body


async def test_what_takes_long_to_store_goes_where_they_are_alone_by_then(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Mallory comes in while the homeserver takes in all that is kept of Vera."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        vera, mallory = await town.resident("vera"), await town.resident("mallory")
        proxy.hold_answer("/upload")
        proxy.seen.clear()
        await vera.person.say(vera.direct, "!me data")

        async def uploads() -> bool:
            return any("/upload" in line for line in proxy.seen)

        await vera.person.wait_until(uploads)
        await vera.person.invite(vera.direct, mallory.person.user_id)
        await mallory.person.join(vera.direct)
        await vera.person.say(vera.direct, "hallo?")
        await mallory.person.say(mallory.direct, "!help")
        await mallory.told("Wat ik voor je kan doen")
        proxy.mend()
        private = await private_room(town, vera.person, vera.direct)
        await vera.person.wait_for(private, lambda event: event["type"] == "m.room.encrypted")
        assert await plein.stop() == 0
        overheard = [event["content"] for event in await mallory.person.history(vera.direct)]
        assert not any(content.get("msgtype") == "m.file" for content in overheard)

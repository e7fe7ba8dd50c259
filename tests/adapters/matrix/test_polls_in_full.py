"""Every kind of poll in Matrix rooms: secrets kept, reactions in order, pictures and files that open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.homeserver import Homeserver, Person, shown
from tests.town import Resident, Town, board, says

PNG = b"\x89PNG\r\n\x1a\n"

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town in full")


async def file_in(person: Person, room: str, msgtype: str) -> dict[str, Any]:
    """The content of the file that Plein put into a room."""
    found = await person.wait_for(room, lambda event: event["content"].get("msgtype") == msgtype)
    content: dict[str, Any] = found["content"]
    return content


async def download(server: Homeserver, person: Person, address: str) -> bytes:
    where = address.removeprefix("mxc://")
    url = f"{server.url}/_matrix/client/v1/media/download/{where}"
    async with server.session.get(url, headers={"Authorization": f"Bearer {person.token}"}) as answer:
        assert answer.status == 200
        return await answer.read()


async def number_of(resident: Resident) -> str:
    """Of the poll that they opened last."""
    said = await resident.told("Ze heeft nummer")
    return said.body.split("Ze heeft nummer ")[1].split(".")[0]


async def test_a_closed_poll_shows_a_picture_and_says_the_same_in_words(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, '!peiling open "Waar komt de bank? 🌳" "Op het plein" | Park')
    await board(anna.person, room, "1. Op het plein: 0 stemmen")
    await anna.person.say(room, "!stem 2")
    await anna.told("je koos Park")
    await anna.person.say(room, "!peiling sluit --zeker")
    await says(anna.person, room, "Gesloten: Waar komt de bank?", "Park haalt het, met 1 stem.")
    content = await file_in(anna.person, room, "m.image")
    assert content["body"] == "“Waar komt de bank? 🌳”: Op het plein: 0 en Park: 1"
    assert content["m.mentions"] == {}
    data = await download(town.server, anna.person, content["url"])
    assert data.startswith(PNG)
    assert (content["info"]["w"], content["info"]["mimetype"]) == (640, "image/png")
    assert content["info"]["size"] == len(data)
    assert content["info"]["h"] == int.from_bytes(data[20:24], "big")


async def test_figures_come_as_a_file_in_the_direct_room(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, '!peiling open "Wat eerst?" Bank | Boom --soort cijfer')
    await anna.person.say(room, "!stem 5 2")
    await anna.told("je koos Bank: 5 en Boom: 2")
    await anna.person.say(room, "!peiling bewaar")
    content = await file_in(anna.person, anna.direct, "m.file")
    number = await number_of(anna)
    assert content["filename"] == f"poll-{number}.csv"
    data = (await download(town.server, anna.person, content["url"])).decode("utf-8-sig")
    assert data.splitlines() == [
        "number,option,count,mean,shown",
        '1,Bank,5,5.0,"██████████ 1. Bank: 5 punten, gemiddeld 5,0"',
        '2,Boom,2,2.0,"████░░░░░░ 2. Boom: 2 punten, gemiddeld 2,0"',
    ]


async def test_in_an_encrypted_room_the_picture_is_encrypted_too(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person, encrypted=True)
    # Commands in clear text are read there as well; what Plein says is encrypted, its picture too.
    await anna.person.say(room, '!peiling open "Waar?" Hier | Daar')
    await anna.person.say(anna.direct, f"!stem 1 --peiling {await number_of(anna)}")
    await anna.told("je koos Hier")
    await anna.person.say(anna.direct, f"!peiling sluit {await number_of(anna)} --zeker")
    await anna.told("is gesloten")

    async def all_said() -> bool:
        said = [event for event in await anna.person.history(room) if event["type"] == "m.room.encrypted"]
        return len(said) >= 4  # the native poll, the board, the result and the picture

    await anna.person.wait_until(all_said)
    assert "m.image" not in str([event["content"] for event in await anna.person.history(room)])


async def test_a_hidden_poll_is_never_answered_in_public(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, '!peiling open "Blijft ze?" Ja | Nee --uitslag einde')
    first = await board(anna.person, room, "1. Ja", "De uitslag komt als de peiling sluit.", "met mij alleen")
    assert "stemmen" not in first.body
    number = await number_of(anna)
    for act in (ben.person.say(room, "!stem 1"), ben.person.react(room, first.event_id, "2️⃣")):
        await act
        await ben.told("konden anderen zien", f"--peiling {number}")
    await ben.person.say(ben.direct, "2")
    await ben.told("je koos Nee")
    last = await board(anna.person, room, "1 persoon stemde.")
    assert "█" not in last.body
    assert not [
        event for event in await anna.person.history(room) if event["type"] == "org.matrix.msc3381.poll.start"
    ]
    await anna.person.say(room, f"!peiling sluit {number} --zeker")
    await board(anna.person, room, "██████████ 2. Nee: 1 stem", "Nee haalt het")


async def test_an_anonymous_objection_is_shown_without_a_name(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    others = [await town.resident(name) for name in ("cas", "dora", "eva")]
    room = await town.room(anna.person, ben.person, *(resident.person for resident in others))
    await anna.person.say(room, '!peiling open "Tweede tafel" --soort akkoord --anoniem')
    await board(anna.person, room, "1. Akkoord", "Anoniem", "vanaf 5 stemmen")
    number = await number_of(anna)
    for somebody in (anna, *others):
        await somebody.person.say(somebody.direct, f"!stem akkoord --peiling {number}")
        await somebody.told("je stem is binnen")
    await ben.person.say(ben.direct, f"!stem bezwaar het is <b>te duur</b> --peiling {number}")
    await ben.told("je stem is binnen")
    await anna.person.say(room, f"!peiling sluit {number} --zeker")
    result = await board(anna.person, room, "Bezwaar: “het is <b>te duur</b>”", "Nog geen akkoord")
    assert ben.person.user_id not in result.body


async def test_a_secret_ballot_is_given_whole(town: Town) -> None:
    """A number says one of them, which is not all of it; and each receipt is as good as the one before."""
    anna, ben = await town.resident("anna"), await town.resident("ben")
    others = [await town.resident(name) for name in ("cas", "dora", "eva")]
    room = await town.room(anna.person, ben.person, *(resident.person for resident in others))
    await anna.person.say(
        room, '!peiling open "Wat is goed?" Bank | Boom | Beeld --soort goedkeuring --anoniem'
    )
    await board(anna.person, room, "1. Bank", "Anoniem")
    number = await number_of(anna)
    await ben.person.say(ben.direct, f"!peiling toon {number}")
    await ben.told("Wat is goed?", "typ de nummers")
    await ben.person.say(ben.direct, "2")
    await ben.told("geef je je stem in één keer", "telt nog niet")
    await ben.person.say(ben.direct, f"!stem 2 --peiling {number}")
    await ben.told("je stem is binnen")
    await board(anna.person, room, "1 persoon stemde.")
    await ben.person.say(ben.direct, "1")
    await ben.told("je stem is ingetrokken")
    await board(anna.person, room, "Nog niemand stemde.")
    await ben.person.say(ben.direct, f"!stem 1 3 --peiling {number}")
    await board(anna.person, room, "1 persoon stemde.")
    for somebody in (anna, *others):
        await somebody.person.say(somebody.direct, f"!stem 3 --peiling {number}")
        await somebody.told("je stem is binnen")
    await anna.person.say(room, f"!peiling sluit {number} --zeker")
    await board(anna.person, room, "1. Bank: 1 stem", "2. Boom: 0 stemmen", "3. Beeld: 5 stemmen")


async def test_reactions_one_after_the_other_are_an_order(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, '!peiling open "Welke kleur?" Rood | Groen | Blauw --soort volgorde')
    first = await board(anna.person, room, "1. Rood")
    await anna.person.react(room, first.event_id, "3️⃣")
    await anna.told("je koos Blauw op 1", "achteraan: Rood en Groen")
    taken = await anna.person.react(room, first.event_id, "1️⃣")
    await anna.told("Nu: Blauw op 1 en Rood op 2")
    await anna.person.redact(room, taken)
    await anna.told("Nu: Blauw op 1.")
    await board(anna.person, room, "██████████ 3. Blauw: wint 2 duels van de 2")
    numbers = [message for message in shown(await anna.person.history(room)) if "[1]" in message.body]
    assert numbers == []


async def test_who_is_in_the_room_takes_part_and_who_came_later_was_not_asked(town: Town) -> None:
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, '!peiling open "Blijft ze?" Ja | Nee --stemmers leden --uitslag einde')
    await board(anna.person, room, "1. Ja", "Alleen wie al aan dit thema meedeed toen ze opende")
    number = await number_of(anna)
    await ben.person.say(ben.direct, f"!stem 1 --peiling {number}")
    await ben.told("je koos Ja")
    await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
    await cas.told("is er voor jou niet")
    await cas.person.join(room)
    await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
    await cas.told("kan alleen stemmen wie al aan dit thema meedeed")

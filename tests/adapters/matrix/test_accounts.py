"""Two accounts of Plein's on one homeserver and one database, each a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.homeserver import Homeserver, shown
from tests.plein import Plein
from tests.postgres import PostgreSQL
from tests.town import Resident, Town, board, numbers, says


async def asked_in(town: Town, question: str) -> tuple[Resident, str]:
    """Somebody's own room with that account of Plein's, and a poll in it."""
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, f'!poll open "{question}" Ja | Nee')
    await board(anna.person, room, question, "1. Ja: 0 stemmen")
    return anna, room


def boards_in(history: list[dict[str, Any]], words: str) -> set[str]:
    """The messages, but for native polls, that are boards with these words."""
    found = [
        message
        for message in shown(history)
        if message.type == "m.room.message" and message.key.startswith("board:")
    ]
    return {message.event_id for message in found if words in message.body}


async def test_they_leave_each_others_alone(homeserver: Homeserver, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/plein.db"
    pleins = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        user = f"plein{next(numbers)}"
        pleins.append(await Plein.on(homeserver, tmp_path / name, user, database=database))
    towns = [Town(homeserver, plein) for plein in pleins]
    asked = [await asked_in(town, f"Vraag {number}?") for number, town in enumerate(towns)]
    for anna, room in asked:
        await anna.person.say(room, "!stem 1")
        await anna.told("je koos Ja")
        await board(anna.person, room, "1. Ja: 1 stem")
    for plein in pleins:
        await plein.kill()
    for plein in pleins:
        await plein.start()
    for plein, (anna, room) in zip(pleins, asked, strict=True):
        first = await board(anna.person, room, "1. Ja: 1 stem")
        # The old board still stands, can be pressed, and is edited by whose it is.
        await anna.person.react(room, first.event_id, "2️⃣")
        await anna.told("je koos eerst Ja, nu Nee")
        again = await board(anna.person, room, "1. Ja: 0 stemmen", "2. Nee: 1 stem")
        assert again.event_id == first.event_id
        history = await anna.person.history(room)
        assert len(boards_in(history, "Vraag")) == 1
        senders = {event["sender"] for event in history if "be.plein.key" in event["content"]}
        assert senders == {plein.user_id}
    # In a room where both are, one of them serves: one board, and one answer.
    anna, room = asked[0]
    await anna.person.invite(room, pleins[1].user_id)
    await towns[1].comes_to(anna.person, room)
    await anna.person.say(room, '!poll open "Samen?" Ja | Nee')
    await board(anna.person, room, "Samen?")
    await anna.person.say(room, "!stem 2 --poll 3")
    await board(anna.person, room, "Samen?", "2. Nee: 1 stem")
    assert len(boards_in(await anna.person.history(room), "Samen?")) == 1
    for plein in pleins:
        assert not [line for line in plein.log if "Set aside" in line or "No board" in line]
        assert await plein.stop() == 0


async def test_what_one_hears_of_people_in_its_rooms_the_other_knows(
    homeserver: Homeserver, postgres: PostgreSQL, tmp_path: Path
) -> None:
    """Put out of a room, or demoted there, nobody goes on with the account that is not in it."""
    database, pleins = postgres.new_database(), []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        user = f"plein{next(numbers)}"
        pleins.append(await Plein.on(homeserver, tmp_path / name, user, database=database))
    here, there = (Town(homeserver, plein) for plein in pleins)
    anna, ben, mia = [await here.resident(name) for name in ("anna", "ben", "mia")]
    elsewhere = {}
    for who in (ben, mia):
        direct = await who.person.create_room(invite=[pleins[1].user_id], is_direct=True)
        await there.comes_to(who.person, direct)
        elsewhere[who.person.user_id] = direct
    levels = {"users": {mia.person.user_id: 50}}
    room = await here.room(anna.person, ben.person, mia.person, power_level_content_override=levels)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(anna.person, room, "Een bank?")
    for who in (ben, mia):
        await who.person.say(who.direct, "!stem 1 --peiling 1")
        await who.told("je koos Ja")
        await who.person.say(elsewhere[who.person.user_id], "!stem 2 --peiling 1")
        await says(who.person, elsewhere[who.person.user_id], "nu Nee")
    await mia.person.say(elsewhere[mia.person.user_id], "!peiling verleng 10d --peiling 1")
    await says(mia.person, elsewhere[mia.person.user_id], "loopt nu tot")
    await anna.person.request("POST", f"rooms/{room}/ban", {"user_id": ben.person.user_id})
    await anna.person.send_state(room, "m.room.power_levels", {"users": {}})
    # Once that was read, in the same room.
    await anna.person.say(room, "!stem 1")
    await board(anna.person, room, "1. Ja: 1 stem")
    for who, words in ((ben, "!stem 1"), (ben, "!peiling toon 1"), (mia, "!peiling verleng 20d")):
        direct = elsewhere[who.person.user_id]
        asked = await who.person.say(direct, words if "toon" in words else f"{words} --peiling 1")
        told = await says(who.person, direct, key=f"answer:matrix:{asked}")
        assert "is er voor jou niet" in told.body, told.body
    await board(anna.person, room, "1. Ja: 1 stem", "2. Nee: 2 stemmen")
    for plein in pleins:
        assert await plein.stop() == 0

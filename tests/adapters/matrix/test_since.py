"""Since when people of another server are in a room: that server is not believed, nor after a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Person
from tests.plein import Plein
from tests.town import Town, board, numbers

LONG_AGO = 1_000_000_000_000
NOT_THEIRS = "alleen stemmen wie al aan dit thema meedeed"


def lies(proxy: Proxy, *users: str) -> None:
    """Their server says that they came long ago."""

    def edit(body: dict[str, Any]) -> None:
        for room in body.get("rooms", {}).get("join", {}).values():
            for event in [*room["state"]["events"], *room["timeline"]["events"]]:
                if event["type"] == "m.room.member" and event["state_key"] in users:
                    event["origin_server_ts"] = LONG_AGO

    proxy.change("/sync", edit)


async def of_elsewhere(town: Town, proxy: Proxy, name: str) -> tuple[Person, str]:
    person = await town.server.person(f"{name}{next(numbers)}")
    return person, proxy.move(person.user_id, "far.example.org")


@pytest.mark.parametrize("away", [False, True], ids=["while Plein was there", "while it was away"])
async def test_who_has_a_new_name_was_there_before_all_the_same(town: Town, away: bool) -> None:
    """A new name is another event of membership, and the only one that the room's state still has."""
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, '!peiling open "Blijft ze?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Blijft ze?")).poll
    if away:
        assert await town.plein.stop() == 0
    await cas.person.join(room)
    for resident in (ben, cas):
        for name in ("een", "twee", "drie"):
            profile = f"profile/{resident.person.user_id}/displayname"
            await resident.person.request("PUT", profile, {"displayname": name})
    if not away:
        await ben.person.say(ben.direct, f"!peiling toon {number}")
        await ben.told("Blijft ze?")
        assert await town.plein.stop() == 0
    for _ in range(2):
        await town.plein.start()
        await ben.person.say(ben.direct, f"!stem 1 --peiling {number}")
        await ben.told("je koos Ja")
        await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
        await cas.told(NOT_THEIRS)
        assert await town.plein.stop() == 0
    await town.plein.start()


async def test_who_changes_their_name_very_often_costs_a_request_for_a_room(far: tuple[Town, Proxy]) -> None:
    """And is there since they came, however often that was, and whoever else has a new name."""
    town, proxy = far
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    room = await town.room(anna.person, ben.person, cas.person)
    await anna.person.say(room, '!peiling open "Hoe heet hij?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Hoe heet hij?")).poll
    assert await town.plein.stop() == 0
    await renamed(cas.person, room, "eens")
    for name in range(60):
        await renamed(ben.person, room, f"Ben {name}")
    proxy.seen.clear()
    await town.plein.start()
    for resident in (ben, cas):
        await resident.person.say(resident.direct, f"!stem 1 --peiling {number}")
        await resident.told("je koos Ja")
    asked = [line.rpartition("/rooms/")[2] for line in proxy.seen if line.startswith("GET")]
    assert not [path for path in asked if "/event/" in path]
    # What the server left out of its news is read so too: a page, and one that says that there is no more.
    assert 1 <= asked.count(f"{room}/messages") <= 3


async def renamed(person: Person, room: str, name: str) -> None:
    await person.send_state(
        room, "m.room.member", {"membership": "join", "displayname": name}, person.user_id
    )


async def test_who_came_too_late_stays_too_late_after_a_restart(far: tuple[Town, Proxy]) -> None:
    town, proxy = far
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    ben, ben_there = await of_elsewhere(town, proxy, "ben")
    seen, seen_there = await of_elsewhere(town, proxy, "seen")
    away, away_there = await of_elsewhere(town, proxy, "away")
    back, back_there = await of_elsewhere(town, proxy, "back")
    lies(proxy, seen_there, away_there, back_there, ben_there)
    for person in (ben, back):
        await person.join(room)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee --stemmers leden')
    vote = f"!stem 1 --peiling {(await board(anna.person, room, 'Een bank?')).poll}"
    await back.leave(room)
    await seen.join(room)
    await anna.person.say(room, '!peiling open "Gezien?" Ja | Nee')
    await board(anna.person, room, "Gezien?")

    # While Plein is away somebody comes and somebody comes back, before more than the server brings at once.
    assert await town.plein.stop() == 0
    for person in (away, back):
        await person.join(room)
    for number in range(60):
        await anna.person.say(room, f"zo, nummer {number}")
    await town.plein.start()
    await ben.say(room, vote)
    await board(anna.person, room, "Een bank?", "1. Ja: 1 stem")
    for person in (seen, away, back):
        said = {"m.in_reply_to": {"event_id": await person.say(room, vote)}}

        def answers(event: dict[str, Any], said: Any = said) -> bool:
            return bool(event["content"].get("m.relates_to") == said)

        answer = await anna.person.wait_for(room, answers)
        assert NOT_THEIRS in answer["content"]["body"]

    # What is kept of them goes with them, and with the room; of the direct room stays when Plein came.
    assert moments_kept(town.plein) == 6
    await seen.leave(room)
    await anna.person.say(anna.direct, "!help")
    await anna.told("Wat ik voor je kan doen")
    assert moments_kept(town.plein) == 5
    await anna.person.kick(room, town.plein.user_id)
    await anna.person.say(anna.direct, "!taal nl")
    await anna.told("Vanaf nu praat ik Nederlands")
    assert moments_kept(town.plein) == 1


def moments_kept(plein: Plein) -> int:
    with closing(sqlite3.connect(plein.folder / "plein.db")) as database:
        (found,) = database.execute("SELECT count(*) FROM kept WHERE name LIKE 'came:%'").fetchone()
    return int(found)

"""Since when people of another server are in a room: that server is not believed, nor after a restart."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import quote

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


async def talk(person: Person, room: str, words: int = 60) -> None:
    """More than the server brings at once."""
    for start in range(0, words, 20):
        await asyncio.gather(*(person.say(room, f"zo, nummer {start + word}") for word in range(20)))


async def answer_in(room: str, reader: Person, said: str) -> str:
    """Plein's answer to that, or its sign."""

    def answers(event: dict[str, Any]) -> bool:
        to = event["content"].get("m.relates_to", {})
        return said in (to.get("event_id"), to.get("m.in_reply_to", {}).get("event_id"))

    content = (await reader.wait_for(room, answers))["content"]
    return str(content.get("body", content))


async def line_down(town: Town, proxy: Proxy, person: Person, room: str) -> None:
    """What is asked already brings one thing more; after that Plein hears nothing."""
    before = len(town.plein.log)
    proxy.hang_up("/sync")
    await person.say(room, "hallo")

    async def noticed() -> bool | None:
        return any("Reading failed" in line for line in town.plein.log[before:]) or None

    await person.wait_until(noticed)


@pytest.mark.parametrize("before", ["came", "had a new name"])
async def test_who_was_put_out_while_plein_was_away_and_came_back_came_then(town: Town, before: str) -> None:
    anna, cas = [await town.resident(name) for name in ("anna", "cas")]
    room = await town.room(anna.person, cas.person)
    if before == "had a new name":
        await renamed(cas.person, room, "Een ander")
    await anna.person.say(room, '!peiling open "Terug?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Terug?")).poll
    assert await town.plein.stop() == 0
    await anna.person.kick(room, cas.person.user_id)
    await cas.person.join(room)
    await talk(anna.person, room)
    for _ in range(2):
        await town.plein.start()
        await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
        await cas.told(NOT_THEIRS)
        assert await town.plein.stop() == 0
    await town.plein.start()


@pytest.mark.parametrize("far_away", [False, True], ids=["here", "far"])
async def test_who_was_put_out_while_the_line_was_down_and_came_back_came_then(
    far: tuple[Town, Proxy], far_away: bool
) -> None:
    town, proxy = far
    anna = await town.resident("anna")
    cas = await town.server.person(f"cas{next(numbers)}")
    if far_away:
        proxy.move(cas.user_id, "far.example.org")
    room = await town.room(anna.person, cas)
    await anna.person.say(room, '!peiling open "Terug?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Terug?")).poll
    await line_down(town, proxy, anna.person, room)
    await anna.person.kick(room, cas.user_id)
    await cas.join(room)
    await talk(anna.person, room)
    proxy.mend()
    said = await cas.say(room, f"!stem 1 --peiling {number}")
    assert NOT_THEIRS in await answer_in(room, anna.person, said)


@pytest.mark.parametrize("away", [False, True], ids=["line down", "away"])
@pytest.mark.parametrize("first", ["Plein", "they"])
async def test_who_is_far_and_has_a_new_name_was_there_before_all_the_same(
    far: tuple[Town, Proxy], first: str, away: bool
) -> None:
    """Whether Plein saw them come or they were there before it; and that costs a request for a room."""
    town, proxy = far
    anna = await town.resident("anna")
    ben, _ = await of_elsewhere(town, proxy, "ben")
    room = await town.room(anna.person, *([ben] if first == "they" else []))
    if first == "Plein":
        await ben.join(room)
    await anna.person.say(room, '!peiling open "Hoe heet ze?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Hoe heet ze?")).poll
    if away:
        assert await town.plein.stop() == 0
    else:
        await line_down(town, proxy, anna.person, room)
    for name in range(10):
        await renamed(ben, room, f"Ben {name}")
    await talk(anna.person, room)
    proxy.seen.clear()
    if away:
        await town.plein.start()
    proxy.mend()
    said = await ben.say(room, f"!stem 1 --peiling {number}")
    assert NOT_THEIRS not in await answer_in(room, anna.person, said)
    # What the server left out of its news is read so too.
    assert len([line for line in proxy.seen if line.endswith(f"{room}/messages")]) <= 4


async def test_however_much_is_said_after_it_who_came_while_plein_was_away_came_then(
    far: tuple[Town, Proxy],
) -> None:
    """A homeserver that is to tell who came looks through so many events, and leaves out the room."""
    town, proxy = far
    anna = await town.resident("anna")
    cas, there = await of_elsewhere(town, proxy, "cas")
    lies(proxy, there)
    room = await town.room(anna.person)
    await anna.person.say(room, '!peiling open "Veel gezegd?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Veel gezegd?")).poll
    assert await town.plein.stop() == 0
    await cas.join(room)
    await talk(anna.person, room, 700)
    await town.plein.start()
    said = await cas.say(room, f"!stem 1 --peiling {number}")
    assert NOT_THEIRS in await answer_in(room, anna.person, said)


async def test_a_room_whose_history_cannot_be_read_holds_up_nobody_elsewhere(
    far: tuple[Town, Proxy],
) -> None:
    """And whoever is in doubt there is refused rather than believed."""
    town, proxy = far
    anna, cas = [await town.resident(name) for name in ("anna", "cas")]
    room = await town.room(anna.person, cas.person)
    await anna.person.say(room, '!peiling open "Kapot?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Kapot?")).poll
    await line_down(town, proxy, anna.person, room)
    await anna.person.kick(room, cas.person.user_id)
    await cas.person.join(room)
    await talk(anna.person, room)
    proxy.mend()
    proxy.answer(f"{room}/messages", 500, "{}")
    proxy.answer(f"{quote(room)}/messages", 500, "{}")
    await anna.person.say(anna.direct, "!help")
    await anna.told("Wat ik voor je kan doen")
    await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
    await cas.told(NOT_THEIRS)
    proxy.mend()


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
    await talk(anna.person, room)
    await town.plein.start()
    await ben.say(room, vote)
    await board(anna.person, room, "Een bank?", "1. Ja: 1 stem")
    for person in (seen, away, back):
        assert NOT_THEIRS in await answer_in(room, anna.person, await person.say(room, vote))

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

"""When people of another server said something: its word counts as far as our own server bears it out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Person
from tests.plein import Plein
from tests.town import Resident, Town, board, numbers, says

LONG_AGO, A_DAY, A_SECOND = 1_000_000_000_000, 86_400_000, 1_000
EDITED = "Wat je achteraf in een bericht verandert"
CALLED = "Ik ben Plein"
SOON = "sluit zodra de laatste stemmen geteld zijn"


def lies(proxy: Proxy, user: str, *, since: int = LONG_AGO, apart: int = A_DAY) -> None:
    """Their server says that they said it then, and each word so much later than the one before."""
    seen: dict[str, int] = {}

    def edit(body: dict[str, Any]) -> None:
        for room in body.get("rooms", {}).get("join", {}).values():
            for event in room["timeline"]["events"]:
                if event["type"] == "m.room.message" and event["sender"] == user:
                    number = seen.setdefault(event["event_id"], len(seen))
                    event["origin_server_ts"] = since + number * apart

    proxy.change("/sync", edit)


async def mallory_in(town: Town, proxy: Proxy, owner: Person) -> tuple[Person, str, str]:
    """Somebody of another server, who they are there, and a room with them."""
    mallory = await town.server.person(f"mallory{next(numbers)}")
    there = proxy.move(mallory.user_id, "far.example.org")
    return mallory, there, await town.room(owner, mallory)


async def all_is_heard(who: Resident, plein: Plein, *, after: int) -> None:
    """Return once Plein notes to have heard all that was said until then."""

    async def is_noted() -> bool:
        with closing(sqlite3.connect(plein.folder / "plein.db")) as database:
            (until,) = database.execute("SELECT max(heard_until) FROM accounts").fetchone()
        return until is not None and until // 1000 > after

    await who.person.wait_until(is_noted)


@pytest.mark.parametrize("is_edit", [True, False], ids=["edits", "calls"])
async def test_whoever_does_the_same_again_and_again_is_told_once(
    far: tuple[Town, Proxy], is_edit: bool
) -> None:
    town, proxy = far
    anna = await town.resident("anna")
    mallory, there, room = await mallory_in(town, proxy, anna.person)
    first = await mallory.say(room, "zo")
    lies(proxy, there)
    for number in range(20):
        if is_edit:
            await mallory.edit(room, first, f"!help {number}")
        else:
            await mallory.say(room, f"{town.plein.user_id}: dag {number}")
    words = EDITED if is_edit else CALLED
    await says(anna.person, room, words)
    # What is said to a place goes out in order.
    await anna.person.say(room, '!peiling open "En nu?" Ja | Nee')
    await board(anna.person, room, "En nu?")
    await anna.person.say(room, "!peiling sluit --zeker")
    await says(anna.person, room, "Gesloten: En nu?")
    told = [
        event for event in await anna.person.history(room) if words in str(event["content"].get("body", ""))
    ]
    assert 1 <= len(told) <= 2, "an hour, or a day, may have gone by"


async def test_whoever_closes_it_waits_for_what_waits(far: tuple[Town, Proxy]) -> None:
    town, proxy = far
    anna, ben = [await town.resident(name) for name in ("anna", "ben")]
    mallory, there, room = await mallory_in(town, proxy, anna.person)
    await ben.person.join(room)
    await mallory.say(room, '!peiling open "Hangt er een?" Ja | Nee')
    number = (await board(anna.person, room, "Hangt er een?")).poll
    await anna.person.say(anna.direct, f"!peiling toon {number}")
    await anna.told("Hangt er een?")
    lies(proxy, there)
    await hangs(anna, proxy, "2")
    await mallory.say(room, f"!peiling sluit {number} --zeker")
    await ben.person.say(room, f"!peiling toon {number}")
    await ben.told("Hangt er een?")
    proxy.mend()
    shows = await board(anna.person, room, "Hangt er een?", "Gesloten")
    assert "2. Nee: 1 stem" in shows.body, shows.body


async def hangs(who: Resident, proxy: Proxy, words: str) -> None:
    """What they say waits: Plein looks up in the room's history what it answers, and hears nothing."""
    proxy.hang("/messages", times=1)
    proxy.seen.clear()
    await who.person.say(who.direct, words)

    async def is_asked() -> bool:
        return any("/messages" in line for line in proxy.seen)

    await who.person.wait_until(is_asked)


@pytest.mark.parametrize("is_lie", [False, True], ids=["as it is", "as they please"])
async def test_a_vote_after_the_end_counts_not_while_others_are_waited_for(
    far: tuple[Town, Proxy], is_lie: bool
) -> None:
    town, proxy = far
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    mallory, there, room = await mallory_in(town, proxy, anna.person)
    for resident in (ben, cas):
        await resident.person.join(room)
    await anna.person.say(room, '!peiling open "Te laat?" Ja | Nee')
    number = (await board(anna.person, room, "Te laat?")).poll
    opened = int((await anna.person.history(room))[-1]["origin_server_ts"])
    await ben.person.say(ben.direct, f"!peiling toon {number}")
    await ben.told("Te laat?")
    await hangs(ben, proxy, "2")
    await anna.person.say(anna.direct, f"!peiling sluit {number} --zeker")
    await anna.told(SOON)
    closed = next(
        event for event in await anna.person.history(anna.direct) if SOON in str(event["content"].get("body"))
    )
    await all_is_heard(anna, town.plein, after=int(closed["origin_server_ts"]) + A_SECOND)
    if is_lie:
        lies(proxy, there, since=opened, apart=0)
    await mallory.say(room, f"!stem 1 --peiling {number}")
    await cas.person.say(room, f"!peiling toon {number}")
    await cas.told("Te laat?")
    proxy.mend()
    shows = await board(anna.person, room, "Te laat?", "Gesloten")
    assert "2. Nee: 1 stem" in shows.body, shows.body
    assert "1 persoon stemde" in shows.body, shows.body


@pytest.mark.soak
async def test_what_was_said_while_plein_was_away_was_said_since_it_went(far: tuple[Town, Proxy]) -> None:
    """However much that was: what its server left out as well."""
    town, proxy = far
    anna = await town.resident("anna")
    mallory, there, room = await mallory_in(town, proxy, anna.person)
    await anna.person.say(room, '!peiling open "Eerst?" Ja | Nee')
    await board(anna.person, room, "Eerst?")
    await all_is_heard(anna, town.plein, after=0)
    assert await town.plein.stop() == 0
    lies(proxy, there)
    await mallory.say(room, '!peiling open "Nog weken?" Ja | Nee --sluit 2w')
    await town.plein.start()
    await board(anna.person, room, "Nog weken?")
    assert await town.plein.stop() == 0

    def edit(body: dict[str, Any]) -> None:
        for event in body["chunk"]:
            event["origin_server_ts"] = LONG_AGO

    proxy.change("/messages", edit)
    await mallory.say(room, '!peiling open "En nog meer?" Ja | Nee --sluit 2w')
    for word in range(60):
        await anna.person.say(room, f"zo, nummer {word}")
    await town.plein.start()
    await board(anna.person, room, "En nog meer?")

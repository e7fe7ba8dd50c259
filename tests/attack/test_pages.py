"""How much history is read at a start has one bound for all: whoever uses it up takes it from others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.matrix.newcomers import MOST_PAGES
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers, says

# Each costs one page.
ROOMS = MOST_PAGES + 100


@pytest.fixture
async def wide(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[tuple[Town, Proxy]]:
    """Here one person has Plein in that many rooms; else ten people have it in ten."""
    async with Proxy(homeserver.url) as proxy:
        rule = "[matrix.invitations]\nat_most = 500\n"
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url, more=rule)
        yield Town(homeserver, plein), proxy
        await plein.stop()


async def renamed(person: Person, name: str) -> None:
    await person.request("PUT", f"profile/{quote(person.user_id)}/displayname", {"displayname": name})


@pytest.mark.parametrize("eve_too", [True, False])
async def test_whoever_has_a_new_name_in_very_many_rooms_costs_nobody_elses_time_of_coming(
    wide: tuple[Town, Proxy], eve_too: bool
) -> None:
    town, proxy = wide
    anna, ben = await town.resident("anna"), await town.resident("ben")
    eve = await homeserver_person(town)
    asked = []

    async def ask(number: int) -> None:
        room = await town.room(anna.person, ben.person)
        await anna.person.say(room, f'!peiling open "Vraag {number}?" Ja | Nee --stemmers leden')
        asked.append((await board(anna.person, room, f"Vraag {number}?")).poll)

    for number in range(4):
        await ask(number)
    rooms = [await eve.create_room(invite=[town.plein.user_id]) for _ in range(ROOMS)]

    async def is_in() -> bool | None:
        return (await eve.members(rooms[-1])).get(town.plein.user_id) == "join" or None

    await eve.wait_until(is_in, timeout=200)
    for number in range(4, 8):
        await ask(number)
    await asyncio.sleep(3)
    for person in (eve, ben.person):
        await renamed(person, f"Een {person.name}")
    await asyncio.sleep(8)
    await town.plein.stop()
    await renamed(ben.person, "Ben de tweede")
    if eve_too:
        await renamed(eve, "Eve de tweede")
        await asyncio.sleep(8)
    proxy.seen.clear()
    await town.plein.start()
    said = []
    for poll in asked:
        event = await ben.person.say(ben.direct, f"!stem 1 --peiling {poll}")
        said.append((await says(ben.person, ben.direct, key=f"answer:matrix:{event}")).body)
    pages = sum("/messages" in line for line in proxy.seen)
    print("SAID", eve_too, pages, [each[:120] for each in said])
    assert all("je koos Ja" in each for each in said)


async def homeserver_person(town: Town) -> Person:
    return await town.server.person(f"eve{next(numbers)}")

"""A homeserver with limits: ten messages at once, then one a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, board, numbers

VOTERS = 7

# They share the homeserver with limits.
pytestmark = pytest.mark.xdist_group("limited")


async def test_the_server_is_never_hammered_and_nothing_is_dropped(
    limited_homeserver: Homeserver, tmp_path: Path
) -> None:
    async with Proxy(limited_homeserver.url) as proxy:
        plein = await Plein.on(limited_homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(limited_homeserver, plein)
        people = [await town.resident(f"voter{number}") for number in range(VOTERS)]
        anna = people[0].person
        room = await town.room(anna, *(resident.person for resident in people[1:]))
        await anna.say(room, '!peiling open "Nieuwe skatebaan?" Ja | Nee')
        await board(anna, room, "Nog niemand stemde")
        for resident in people:
            await resident.person.say(room, "!stem 2")
        final = await board(anna, room, f"2. Nee: {VOTERS} stemmen", timeout=300)
        for resident in people:
            await resident.told("je koos Nee", timeout=300)
        assert await plein.stop() == 0
    assert final.edits <= 6, "votes are shown together"
    sends = [line for line in proxy.seen if line.startswith("PUT") and "/send/" in line]
    arrived = 3 + final.edits + len(people)  # poll, board, opener's receipt, edits, receipts
    assert len(sends) <= 2 * arrived + 10, "after a refusal it waits as long as was asked"

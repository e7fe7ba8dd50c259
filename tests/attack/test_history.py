"""Of one room the homeserver does not say who came into it meanwhile: nobody elsewhere waits for that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, board, numbers


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_history_that_does_not_come_holds_up_nobody_elsewhere(
    far: tuple[Town, Proxy], hangs: bool
) -> None:
    """Eve says very much at once, after a new name of hers, in a room of her own: what was between is not told,
    and our homeserver asks hers for it. Ben is in another room.
    """
    town, proxy = far
    eve, ben = await town.resident("eve"), await town.resident("ben")
    own, room = await town.room(eve.person), await town.room(ben.person)
    await ben.person.say(room, "!help")
    await ben.told("!help")
    name = {"membership": "join", "displayname": f"Eve {next(numbers)}"}
    proxy.hang("/sync", times=2)
    await asyncio.sleep(1)
    await ben.person.say(room, "!taal nl")  # what is under way comes back
    await asyncio.sleep(4)
    await eve.person.send_state(own, "m.room.member", name, eve.person.user_id)
    for number in range(60):
        await eve.person.say(own, f"Hoi {number}")
    proxy.mend()
    if hangs:
        proxy.hang(f"/rooms/{own}/messages")
        proxy.hang(f"/rooms/{own.replace('!', '%21')}/messages")
    took = []
    for number in range(4):
        began = time.monotonic()
        await ben.person.say(room, f'!peiling open "Vraag {number}?" Ja | Nee')
        await board(ben.person, room, f"Vraag {number}?")
        took.append(round(time.monotonic() - began, 1))
        await asyncio.sleep(0.5)
    proxy.mend()
    assert max(took) < 5


@pytest.fixture
async def far(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[tuple[Town, Proxy]]:
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        yield Town(homeserver, plein), proxy
        await plein.stop()


@pytest.mark.parametrize("trouble", ["500", "hangs", "none"])
async def test_one_room_whose_history_does_not_come_keeps_plein_from_no_start(
    far: tuple[Town, Proxy], trouble: str
) -> None:
    """Eve takes a new name in a room of her own while Plein is away: that room's history is asked for."""
    town, proxy = far
    eve, ben = await town.resident("eve"), await town.resident("ben")
    own, room = await town.room(eve.person), await town.room(ben.person)
    await ben.person.say(room, '!peiling open "Vraag?" Ja | Nee')
    await board(ben.person, room, "Vraag?")
    name = {"membership": "join", "displayname": f"Eve {next(numbers)}"}
    await town.plein.stop()
    await eve.person.send_state(own, "m.room.member", name, eve.person.user_id)
    for written in (own, own.replace("!", "%21")):
        path = f"/rooms/{written}/messages"
        if trouble == "500":
            proxy.answer(path, 500, "{}")
        elif trouble == "hangs":
            proxy.hang(path)
    await town.plein.start(ready=False)
    await ben.person.say(room, '!peiling open "Nog een?" Ja | Nee')
    try:
        await board(ben.person, room, "Nog een?", timeout=90)
    finally:
        proxy.mend()

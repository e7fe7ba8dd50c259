"""A theme's place on another server, by an alias: while that server says nothing, all else goes on."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, board, numbers

FAR = "#sport:far.example"
LINE = f'[[themes]]\nname = "sport"\nplaces = ["matrix:{FAR}"]\n'


@pytest.mark.parametrize("trouble", ["hangs", "504", "404"])
async def test_a_server_that_does_not_say_what_an_alias_is_keeps_plein_from_no_start(
    homeserver: Homeserver, tmp_path: Path, trouble: str
) -> None:
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        ben = await town.resident("ben")
        room = await town.room(ben.person)
        await ben.person.say(room, '!peiling open "Vraag?" Ja | Nee')
        await board(ben.person, room, "Vraag?")
        assert await plein.stop() == 0
        config = plein.folder / "config.toml"
        config.write_text(config.read_text() + LINE)
        for part in ("/directory/room/",):
            if trouble == "hangs":
                proxy.hang(part)
            elif trouble == "504":
                proxy.answer(part, 504, "<html>Gateway Time-out</html>")
            else:
                proxy.answer(part, 404, '{"errcode": "M_NOT_FOUND", "error": "none"}')
        await plein.start(ready=False)
        began = time.monotonic()
        await ben.person.say(room, '!peiling open "Nog een?" Ja | Nee')
        try:
            await board(ben.person, room, "Nog een?", timeout=120)
        finally:
            print("TOOK", trouble, time.monotonic() - began, plein.log[-5:])
            proxy.mend()
            await asyncio.sleep(0)
            await plein.stop()

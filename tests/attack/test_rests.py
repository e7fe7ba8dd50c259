"""A community whose line is gone rests, also where Plein made it a space."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.adapters.matrix.test_homes import NAME, SPACE, hall
from tests.adapters.matrix.test_new_rooms import CHILD, Square
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.town import Town, board


@pytest.mark.parametrize("where", ["a theme's room", "a room of its space"])
async def test_what_is_in_a_space_that_plein_made_rests_with_its_community(
    homeserver: Homeserver, tmp_path: Path, where: str
) -> None:
    async with Proxy(homeserver.url) as proxy:
        owner = await homeserver.person("owner" + tmp_path.name[-4:].strip("_") + where[2])
        spaces = [await owner.create_room(name, public=True, **SPACE) for name in ("Een", "Twee")]
        dorp = f'[[communities]]\nname = "Dorp"\nspaces = ["{spaces[0]}"]\n'
        stad = f'[[communities]]\nname = "Stad"\nspaces = ["{spaces[1]}"]\n'
        more = dorp + stad + "[[communities.residents]]\nMODERATOR\n"
        at = await hall(homeserver, proxy, tmp_path, more=more)
        town, mo = Town(homeserver, at.plein), at.mo.person
        for space in spaces:
            await town.comes_to(owner, space)
        room = await town.room(mo)
        await owner.send_state(spaces[1], CHILD, {"via": [homeserver.name]}, room)
        await asyncio.sleep(3)
        await mo.say(room, f'!gemeenschap richt in "matrix:space={NAME}" --zeker')

        async def made() -> str | None:
            return next(iter(await at.made()), None)

        space = await mo.wait_until(made)
        await mo.join(space)
        square = Square(at, room, space)
        await square.propose()
        theirs = await square.one()
        await mo.join(theirs)
        await board(mo, theirs, "Verlichting")
        await at.plein.kill()
        config = at.plein.folder / "config.toml"
        words = config.read_text()
        config.write_text(words[: words.index(stad)])
        await at.plein.start()
        said_in = theirs if where == "a theme's room" else room
        await mo.say(said_in, '!peiling open "Een bank?" Ja | Nee')
        await asyncio.sleep(15)
        said = [
            str(each["content"].get("body"))
            for each in await mo.history(said_in)
            if each["sender"] == at.plein.user_id
        ]
        assert not any("Een bank?" in each for each in said)
        assert await at.plein.stop() == 0

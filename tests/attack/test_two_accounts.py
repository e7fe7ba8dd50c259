"""Two accounts of Plein's: the one that is in the space makes the room, whichever heard of the theme."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.matrix.test_homes import NAME, hall
from tests.adapters.matrix.test_new_rooms import Square
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, board, numbers


@pytest.mark.parametrize("by", ["the other", "the one in the space"])
async def test_a_theme_that_was_opened_with_the_other_account_gets_its_room(
    homeserver: Homeserver, tmp_path: Path, by: str
) -> None:
    async with Proxy(homeserver.url) as proxy:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        at = await hall(homeserver, proxy, tmp_path / "a")
        mo = at.mo.person
        await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')
        (space,) = await at.made()
        await mo.join(space)
        more = f'[[residents]]\nname = "Mo"\naccounts = ["matrix:{mo.user_id}"]\nrole = "moderator"\n'
        second = await Plein.on(
            homeserver, tmp_path / "b", f"plein{next(numbers)}", database=at.plein.database, more=more
        )
        town = Town(homeserver, at.plein if by == "the one in the space" else second)
        room = await town.room(mo)
        square = Square(at, room, space)
        await mo.say(room, '!thema voorstel "Verlichting" Meer licht langs het pad')

        async def made() -> str | None:
            return next(iter(await square.children()), None)

        theirs = await mo.wait_until(made, timeout=100)
        await mo.join(theirs)
        await board(mo, theirs, "Verlichting", timeout=60)
        for plein in (at.plein, second):
            assert await plein.stop() == 0

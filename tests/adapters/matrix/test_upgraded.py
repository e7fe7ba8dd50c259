"""Somebody upgrades the room of a theme on Matrix: the theme goes on in the one that replaces it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.matrix.test_archived import LEVELS, is_inside, speaks
from tests.adapters.matrix.test_guests import is_now
from tests.adapters.matrix.test_new_rooms import Square, square
from tests.adapters.matrix.test_shaping import called, opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.town import board, numbers, says

REPLACED = "De plek van “Verlichting” op Matrix is vervangen door een nieuwe. Daar gaat het verder."


async def has_power(town: Square, room: str, giver: Person, who: str, level: int) -> None:
    levels = await giver.state(room, LEVELS) or {}
    users = {**levels.get("users", {}), who: level}
    await giver.send_state(room, LEVELS, {**levels, "users": users})


@pytest.mark.parametrize("by", ["plein", "moderator", "moderator while away"])
async def test_the_theme_goes_on_in_what_replaced_its_room(
    homeserver: Homeserver, tmp_path: Path, by: str
) -> None:
    """Whoever was in it comes in again, by the space or an invitation; and it is looked after there, as soon
    as Plein has power there, which who upgrades a room has to give it. What Plein did not make stays in the
    space also when it is archived.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        old, plein = await opened(town), await town._account()
        ann, bea, cas = [await homeserver.person(f"{name}{next(numbers)}") for name in ("ann", "bea", "cas")]
        await plein.invite(town.space, ann.user_id)
        for room in (town.space, town.room, old):
            await ann.join(room)
        await bea.join(town.room)
        await bea.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, old, bea, "invite")
        await bea.join(old)
        if by == "plein":
            new = await plein.upgrade(old)
            await town.mo.join(new)
        else:
            await has_power(town, old, plein, town.mo.user_id, 150)
            if "away" in by:
                await town.at.plein.kill()
            new = await town.mo.upgrade(old)
            if "away" in by:
                await town.at.plein.start()
        await says(town.mo, new, REPLACED, timeout=300)
        await board(town.mo, new, "Verlichting", "trekt dit thema.")
        await ann.join(new)
        told = (await town.at.told('!thema hernoem "Lampen" Verlichting')).body
        assert "heet voortaan “Lampen”" in told
        if by != "plein":

            async def lacks() -> bool | None:
                told = (await town.at.told("!thema toon Lampen")).body
                return "In de kamer heeft Plein macht 0" in told or None

            await town.mo.wait_until(lacks, timeout=120)
            await has_power(town, new, town.mo, plein.user_id, 100)
            await town.at.plein.kill()
            await town.at.plein.start()
        await called(town, new, "Lampen")
        await is_inside(town, new, inside=True)
        await is_inside(town, old, inside=False)
        await is_now(town, new, bea, "invite")
        await bea.join(new)
        await cas.join(town.room)
        await cas.say(town.room, "!thema meedoen Lampen")
        await is_now(town, new, cas, "invite")
        assert "is gearchiveerd." in (await town.at.told("!thema archiveer Lampen --zeker")).body
        await called(town, new, "Lampen (gearchiveerd)")
        await is_inside(town, new, inside=by != "plein")

        async def closed() -> bool | None:
            return (await town.mo.state(new, LEVELS) or {}).get("events_default", 0) >= 50 or None

        await town.mo.wait_until(closed, timeout=120)
        assert not await speaks(ann, new)
        assert "heropend" in (await town.at.told("!thema heropen Lampen")).body
        await called(town, new, "Lampen")
        await is_inside(town, new, inside=True)

        async def reopened() -> bool | None:
            return await speaks(ann, new) or None

        await town.mo.wait_until(reopened, timeout=120)
        assert await town.at.plein.stop() == 0
        history = [each.body for room in (old, new) for each in shown(await town.mo.history(room))]
        assert len([said for said in history if "vervangen" in said]) == 1

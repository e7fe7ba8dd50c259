"""An attack on whom Plein asks into a theme's room on a real homeserver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.adapters.matrix.test_new_rooms import ABOUT, square
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.town import numbers


@pytest.mark.parametrize("banned", [False, True], ids=["control", "attack"])
async def test_who_was_banned_is_not_asked_into_what_they_proposed(
    homeserver: Homeserver, tmp_path: Path, banned: bool
) -> None:
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        await ann.say(town.room, f'!thema voorstel "Verlichting" {ABOUT}')

        async def proposed() -> bool | None:
            history = await town.mo.history(town.room)
            return (
                any("Verlichting" in str(event) and event["sender"] != ann.user_id for event in history)
                or None
            )

        await town.mo.wait_until(proposed, timeout=120)
        if banned:
            for room in (town.room, town.space):
                await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": ann.user_id})
            await asyncio.sleep(3)
        await town.mo.say(town.room, "!thema steun")
        room = await town.one()
        await town.mo.join(room)
        await asyncio.sleep(15)
        found = (await town.mo.members(room)).get(ann.user_id)
        assert found == (None if banned else "invite")
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("where", ["control", "attack"])
async def test_moderators_put_somebody_out_of_a_themes_room(
    homeserver: Homeserver, tmp_path: Path, where: str
) -> None:
    """Who was banned from the community's space and rooms is not of it any more."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        await town.propose()
        theme = await town.one()
        await town.mo.join(theme)
        await ann.say(town.room, "!thema meedoen Verlichting")

        async def invited() -> bool | None:
            return ((await town.mo.members(theme)).get(ann.user_id) == "invite") or None

        await town.mo.wait_until(invited, timeout=120)
        await ann.join(theme)
        for room in (town.space, town.room if where == "control" else theme):
            await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": ann.user_id})
        assert await town.at.plein.stop() == 0

"""Who takes part in a theme is asked into its room where they do not come in by themselves; who leaves is
out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.matrix.test_new_rooms import ABOUT, Square, square
from tests.adapters.matrix.test_shaping import opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.town import numbers


async def is_now(town: Square, room: str, who: Person, *memberships: str | None) -> None:
    async def look() -> bool | None:
        return ((await town.mo.members(room)).get(who.user_id) in memberships) or None

    await town.mo.wait_until(look, timeout=300)


async def test_in_and_out(homeserver: Homeserver, tmp_path: Path) -> None:
    """With answers that are lost after the deed; and whoever is in the space needs no invitation."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        proxy.lose_answer("/invite", times=1)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        await ann.join(room)
        proxy.lose_answer("/kick", times=1)
        await ann.say(town.room, "!thema verlaat Verlichting")
        await is_now(town, room, ann, "leave", None)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        # Put out by hand, they are asked in no more, also not at the next start.
        await ann.join(room)
        plein = await town._account()
        await plein.kick(room, ann.user_id)
        await town.at.plein.kill()
        await town.at.plein.start()
        bea = await homeserver.person(f"bea{next(numbers)}")
        await plein.invite(town.space, bea.user_id)
        await bea.join(town.space)
        await bea.join(town.room)
        await bea.say(town.room, "!thema meedoen Verlichting")
        cas = await homeserver.person(f"cas{next(numbers)}")
        await cas.join(town.room)
        await cas.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, cas, "invite")
        await is_now(town, room, bea, None)
        await is_now(town, room, ann, "leave", None)
        await bea.join(room)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("banned", [False, True])
async def test_who_was_banned_is_not_asked_into_what_they_proposed(
    homeserver: Homeserver, tmp_path: Path, banned: bool
) -> None:
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        ann, cas = [await homeserver.person(f"{name}{next(numbers)}") for name in ("ann", "cas")]
        for who in (ann, cas):
            await who.join(town.room)
        await ann.say(town.room, f'!thema voorstel "Verlichting" {ABOUT}')

        async def proposed() -> bool | None:
            history = await town.mo.history(town.room)
            shown = (event for event in history if event["sender"] != ann.user_id)
            return any("Verlichting" in str(event) for event in shown) or None

        await town.mo.wait_until(proposed, timeout=120)
        if banned:
            for room in (town.room, town.space):
                await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": ann.user_id})
        await town.mo.say(town.room, "!thema steun")
        room = await town.one()
        await town.mo.join(room)
        if not banned:
            await is_now(town, room, ann, "invite")
        await cas.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, cas, "invite")
        assert await town.at.plein.stop() == 0
        await is_now(town, room, ann, None if banned else "invite")

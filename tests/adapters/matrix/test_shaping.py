"""A theme and its room go by one name on Matrix, and what is done there by hand is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.matrix.test_new_rooms import CHILD, Square, square
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.town import Town, board, says

NAME = "m.room.name"


async def opened(town: Square) -> str:
    """The room of a theme, with Mo in it."""
    await town.propose()
    room = await town.one()
    await town.mo.join(room)
    await board(town.mo, room, "Verlichting")
    return room


async def called(town: Square, room: str, name: str) -> None:
    async def look() -> bool | None:
        return ((await town.mo.state(room, NAME) or {}).get("name") == name) or None

    await town.mo.wait_until(look, timeout=300)


async def test_one_name_there_and_here(homeserver: Homeserver, tmp_path: Path) -> None:
    """With an answer lost after the deed; then renamed by hand there, then while Plein is away."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        proxy.lose_answer(f"/state/{NAME}", times=1)
        told = await town.at.told('!thema hernoem "Lampen" Verlichting')
        assert "heet voortaan “Lampen”" in told.body
        await called(town, room, "Lampen")
        await says(town.mo, room, "“Verlichting” heet voortaan “Lampen”.")
        plein = await town._account()
        levels = await plein.state(room, "m.room.power_levels") or {}
        levels["users"] = {**levels.get("users", {}), town.mo.user_id: 100}
        await plein.send_state(room, "m.room.power_levels", levels)
        await town.mo.send_state(room, NAME, {"name": "Buurtlicht"})
        await says(town.mo, room, "“Lampen” heet voortaan “Buurtlicht”.")
        assert "Buurtlicht (jij trekt):" in (await town.at.told("!thema lijst")).body
        await town.at.plein.kill()
        await town.mo.send_state(room, NAME, {"name": "Sterren"})
        await town.at.plein.start()
        await says(town.mo, room, "“Buurtlicht” heet voortaan “Sterren”.", timeout=400)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("away", [False, True])
async def test_a_room_that_plein_is_put_out_of_is_its_place_no_more(
    homeserver: Homeserver, tmp_path: Path, away: bool
) -> None:
    """Also while it is away."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await opened(town)
        told = await town.at.told("!thema ontkoppel Verlichting")
        assert "op Matrix is losgemaakt" in told.body
        other = await Town(homeserver, town.at.plein).room(town.mo)
        event = await town.mo.say(other, "!thema koppel Verlichting")
        answer = await says(town.mo, town.at.mo.direct, key=f"answer:matrix:{event}")
        assert "vanaf nu de plek van “Verlichting”" in answer.body
        await board(town.mo, other, "Verlichting")
        if away:
            await town.at.plein.kill()
        await town.mo.kick(other, town.at.plein.user_id)
        if away:
            await town.at.plein.start()
        await town.at.mo.told("De plek van “Verlichting” op Matrix is weg", timeout=400)
        assert "Op Matrix heeft het geen plek." in (await town.at.told("!thema toon Verlichting")).body
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("away", [False, True])
async def test_taken_out_of_the_space_by_hand_is_said_and_not_fought_over(
    homeserver: Homeserver, tmp_path: Path, away: bool
) -> None:
    """Also once it is renamed, and while Plein is away. Who puts it back is not told so."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        await called(town, room, "Verlichting")
        if away:
            await town.at.plein.kill()
        await town.mo.send_state(town.space, CHILD, {}, room)
        if away:
            await town.at.plein.start()
        await says(town.mo, room, "haalde de plek van “Verlichting” op Matrix uit de space")
        await town.at.told('!thema hernoem "Lampen" Verlichting')
        await called(town, room, "Lampen")
        assert "Lampen" in (await town.at.told("!thema toon Lampen")).body
        assert not (await town.mo.state(town.space, CHILD, room) or {}).get("via")
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("status", [502, 403, 404])
async def test_what_stands_before_the_homeserver_takes_no_room_from_a_theme(
    homeserver: Homeserver, tmp_path: Path, status: int
) -> None:
    """It answers with a page of its own, whoever asks whether Plein is in the room."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await opened(town)
        await town.at.plein.kill()
        proxy.answer("GET /state/m.room.member", status, "<html>Forbidden by the firewall</html>")
        before = len(proxy.seen)
        await town.at.plein.start()

        async def is_asked() -> bool | None:
            return any("/state/m.room.member" in line for line in proxy.seen[before:]) or None

        await town.mo.wait_until(is_asked)
        proxy.mend()
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting --op matrix")).body
        assert await town.at.plein.stop() == 0

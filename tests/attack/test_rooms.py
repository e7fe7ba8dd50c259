"""Attacks on themes' rooms on Matrix: put out by hand, and who has power there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.adapters.matrix.test_guests import answered, is_now
from tests.adapters.matrix.test_moderators import has, in_the_space, levels_of, set_level
from tests.adapters.matrix.test_new_rooms import Square, square
from tests.adapters.matrix.test_shaping import opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, numbers


async def guest(town: Square, homeserver: Homeserver, room: str) -> tuple[Person, str]:
    """Eve, let into a theme's room by Plein."""
    eve = await homeserver.person(f"eve{next(numbers)}")
    direct = await eve.create_room(invite=[town.at.plein.user_id], is_direct=True)
    await Town(homeserver, town.at.plein).comes_to(eve, direct)
    await eve.join(town.room)
    await eve.say(town.room, "!thema meedoen Verlichting")
    await is_now(town, room, eve, "invite")
    await eve.join(room)
    await has(town, room, town.mo, 50)
    return eve, direct


@pytest.mark.parametrize("words", [3, 60])
async def test_a_readmission_outlasts_a_start(homeserver: Homeserver, tmp_path: Path, words: int) -> None:
    """Much was said while Plein was away: it takes the old kick for news."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve, direct = await guest(town, homeserver, room)
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        await is_now(town, room, eve, "leave")
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        await is_now(town, room, eve, "invite")
        await eve.join(room)
        await town.mo.kick(room, eve.user_id)
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        await answered(eve, direct, "!thema meedoen Verlichting", "Een moderator heeft je")
        told = await town.at.told(f"!thema laat toe {eve.user_id} Verlichting")
        assert "mag weer meedoen" in told.body
        await town.at.plein.kill()
        for number in range(words):
            await town.mo.say(room, f"Hallo {number}")
        await town.at.plein.start()
        await town.at.told("!thema lijst")
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("unbanned", [False, True])
async def test_a_readmission_outlasts_the_end_of_a_ban(
    homeserver: Homeserver, tmp_path: Path, unbanned: bool
) -> None:
    """A moderator readmits whom they banned, and then lifts the ban: that puts them out anew."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve, direct = await guest(town, homeserver, room)
        await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": eve.user_id})
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        told = await town.at.told(f"!thema laat toe {eve.user_id} Verlichting")
        assert "mag weer meedoen" in told.body
        if unbanned:
            await town.mo.request("POST", f"rooms/{room}/unban", {"user_id": eve.user_id})
            await town.at.told("!thema lijst")
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("busy", [False, True])
async def test_put_out_while_they_are_still_to_be_let_in(
    homeserver: Homeserver, tmp_path: Path, busy: bool
) -> None:
    """Eve's own server lets an invitation elsewhere hang, so that she is still to be let in here too: that
    she is put out by hand meanwhile is passed over, and Plein asks her in again.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve, direct = await guest(town, homeserver, room)
        await town.propose("Bankjes")
        other = await town.one("Bankjes")
        if busy:
            proxy.hang("/invite", times=1)
        await answered(eve, direct, "!thema meedoen Bankjes", "Je doet mee")
        if busy:

            async def is_asked() -> bool | None:
                return any("/invite" in line and other in line for line in proxy.seen) or None

            await town.mo.wait_until(is_asked)
        else:
            await asyncio.sleep(1)
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        if not busy:
            await is_now(town, room, eve, "invite", "join")
            await eve.join(room)
            await asyncio.sleep(1)
        await town.mo.kick(room, eve.user_id)
        await town.at.told("!thema lijst")
        proxy.mend()
        await asyncio.sleep(10)
        assert (await town.mo.members(room)).get(eve.user_id) == "leave"
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("unbound", [False, True])
async def test_power_in_a_room_that_is_its_themes_no_more(
    homeserver: Homeserver, tmp_path: Path, unbound: bool
) -> None:
    """Who moderates no more keeps the power that Plein gave them, for good."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        hanna = await in_the_space(town, "hanna")
        await set_level(town.mo, town.space, hanna, 50)
        await has(town, room, hanna, 50)
        if unbound:
            told = await town.at.told("!thema ontkoppel Verlichting --op matrix")
            assert "is losgemaakt" in told.body
        await set_level(town.mo, town.space, hanna, 0)
        if unbound:
            await asyncio.sleep(15)
            await town.at.plein.kill()
            await town.at.plein.start()
        await has(town, room, hanna, None)
        assert await town.at.plein.stop() == 0


async def test_power_of_who_governs_what_was_the_home(homeserver: Homeserver, tmp_path: Path) -> None:
    """Themes have another home by now: who governs the old one keeps power in their rooms."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        hanna = await in_the_space(town, "hanna")
        await set_level(town.mo, town.space, hanna, 50)
        await has(town, room, hanna, 50)
        told = await town.at.told('!gemeenschap richt in "matrix:space=Elders" --zeker')
        (space,) = await town.at.made("Elders")
        assert space != town.space, told.body
        await has(town, room, hanna, None)
        plein = await town._account()
        assert hanna.user_id not in await levels_of(plein, room)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("behind", [False, True])
async def test_who_left_was_not_put_out_by_another_account_of_pleins(
    homeserver: Homeserver, tmp_path: Path, behind: bool
) -> None:
    """Two accounts of Plein's are in the room: what one takes out the other takes for a moderator's deed."""
    async with Proxy(homeserver.url) as proxy, Proxy(homeserver.url) as second:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve, direct = await guest(town, homeserver, room)
        (tmp_path / "b").mkdir()
        other = await Plein.on(
            homeserver, tmp_path / "b", f"plein{next(numbers)}", url=second.url, database=town.at.plein.database
        )
        mos = await town.mo.create_room(invite=[other.user_id], is_direct=True)
        await Town(homeserver, other).comes_to(town.mo, mos)
        await (await town._account()).invite(room, other.user_id)
        await Town(homeserver, other).comes_to(town.mo, room)
        if behind:
            second.hang("/sync")
            await asyncio.sleep(1)
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        await is_now(town, room, eve, "leave")
        await asyncio.sleep(2)
        second.mend()
        await asyncio.sleep(5)
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        await town.at.plein.stop()
        await other.stop()

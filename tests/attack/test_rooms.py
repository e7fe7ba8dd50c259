"""Attacks on themes' rooms on Matrix, each with the control beside it."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.adapters.matrix.test_homes import NAME, SPACE, hall
from tests.adapters.matrix.test_new_rooms import CHILD, Square, square
from tests.adapters.matrix.test_shaping import opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers


async def is_now(
    town: Square, room: str, who: Person, *memberships: str | None, timeout: float = 120
) -> None:
    async def look() -> bool | None:
        return ((await town.mo.members(room)).get(who.user_id) in memberships) or None

    await town.mo.wait_until(look, timeout=timeout)


@pytest.mark.parametrize("claims", [True, False])
async def test_a_room_that_says_it_replaced_anothers_does_not_put_that_out_of_the_space(
    homeserver: Homeserver, tmp_path: Path, claims: bool
) -> None:
    """Eve looks after one room of her own, into which a moderator asked Plein. It says of itself that it
    replaced a room of the community's, in which she has no power at all.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await opened(town)
        await town.propose("Muziek")
        victim = await town.one("Muziek")
        eve = await homeserver.person(f"eve{next(numbers)}")
        more: dict[str, Any] = {"creation_content": {"predecessor": {"room_id": victim}}} if claims else {}
        own = await eve.create_room("Eve", public=True, **more)
        await town.mo.join(own)
        levels = await eve.state(own, "m.room.power_levels") or {}
        users = {**levels["users"], town.at.plein.user_id: 50}
        await eve.send_state(own, "m.room.power_levels", {**levels, "invite": 0, "users": users})
        await town.mo.invite(own, town.at.plein.user_id)
        await Town(homeserver, town.at.plein).comes_to(eve, own)
        # The theme has no room on Matrix just now; Eve gives it hers, and calls it otherwise.
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting")).body
        await eve.say(own, "!thema koppel Verlichting")
        await board(eve, own, "Verlichting")
        await eve.say(own, '!thema hernoem "Lampen" Verlichting')

        async def is_inside() -> bool | None:
            return bool((await town.mo.state(town.space, CHILD, own) or {}).get("via")) or None

        await town.mo.wait_until(is_inside)
        await asyncio.sleep(3)
        assert (await town.mo.state(town.space, CHILD, victim) or {}).get("via")
        assert await town.at.plein.stop() == 0


class FarServers(Proxy):
    """A proxy before a homeserver that asks other servers whether these people may be asked in, which do not
    answer: it gives its own answer after a minute, as Synapse does.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.silent: set[str] = set()
        self.waiting: set[str] = set()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/invite"):
            user = json.loads(await request.read()).get("user_id")
            if user in self.silent:
                self.waiting.add(user)
                await asyncio.sleep(60)
                return web.json_response({"errcode": "M_UNKNOWN"}, status=502)
        return await super()._pass_on(request)


@pytest.mark.parametrize("silent", [True, False])
async def test_whose_server_does_not_answer_an_invitation_holds_up_nobody_else(
    homeserver: Homeserver, tmp_path: Path, silent: bool
) -> None:
    """One person with many accounts on a server of their own: each says once that they take part."""
    async with FarServers(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        people = [await homeserver.person(f"eve{next(numbers)}") for _ in range(16)]
        ann = await homeserver.person(f"ann{next(numbers)}")
        for person in (ann, *people):
            await person.join(town.room)
        if silent:
            proxy.silent = {eve.user_id for eve in people}
        for eve in people:
            await eve.say(town.room, "!thema meedoen Verlichting")
            if silent and eve is people[0]:
                await town.mo.wait_until(partial(has_come, proxy))
        await asyncio.sleep(20)
        began = time.monotonic()
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite", timeout=150)
        assert time.monotonic() - began < 20
        assert await town.at.plein.stop() == 0


async def has_come(proxy: FarServers) -> bool | None:
    return bool(proxy.waiting) or None


@pytest.mark.parametrize("again", [True, False])
async def test_who_was_put_out_of_a_themes_room_does_not_have_plein_let_them_in(
    homeserver: Homeserver, tmp_path: Path, again: bool
) -> None:
    """A moderator puts Eve out of a room into which people come by invitation alone; she says two words
    elsewhere.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve = await homeserver.person(f"eve{next(numbers)}")
        await eve.join(town.room)
        await eve.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, eve, "invite")
        await eve.join(room)
        plein = await town._account()
        await plein.kick(room, eve.user_id)
        await asyncio.sleep(3)
        if again:
            await eve.say(town.room, "!thema verlaat Verlichting")
            await asyncio.sleep(3)
            await eve.say(town.room, "!thema meedoen Verlichting")
        await asyncio.sleep(15)
        assert (await town.mo.members(room)).get(eve.user_id) in ("leave", None)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("named", [False, True])
async def test_a_theme_gets_its_room_in_whichever_space_was_offered_and_chosen(
    homeserver: Homeserver, tmp_path: Path, named: bool
) -> None:
    """A space in which the moderator alone has power: it is offered, and chosen."""
    async with Proxy(homeserver.url) as proxy:
        if named:
            town = await square(homeserver, proxy, tmp_path)
        else:
            at = await hall(homeserver, proxy, tmp_path)
            mo = at.mo.person
            raden = await mo.create_room("Raden", invite=[at.plein.user_id], **SPACE)
            await Town(homeserver, at.plein).comes_to(mo, raden)
            levels = await mo.state(raden, "m.room.power_levels") or {}
            users = {**levels["users"], at.plein.user_id: 50}
            await mo.send_state(raden, "m.room.power_levels", {**levels, "users": users})
            room = await Town(homeserver, at.plein).room(mo)
            assert "in de space “Raden”" in (await at.told("!gemeenschap richt in raden")).body
            town = Square(at, room, raden)
        await town.propose()
        room = await town.one()
        await town.mo.join(room)
        await board(town.mo, room, "Verlichting", timeout=60)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("how", ["redacted", "emptied"])
async def test_a_room_that_is_taken_out_of_the_communitys_space_is_its_own_no_more(
    homeserver: Homeserver, tmp_path: Path, how: str
) -> None:
    """Whoever put it there, or looks after the space, takes away the event that says so."""
    owner = await homeserver.person(f"owner{next(numbers)}")
    own = await owner.create_room("Dorp", public=True, **SPACE)
    more = f'[[communities]]\nname = "Dorp"\nspaces = ["{own}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    town = Town(homeserver, plein)
    await town.comes_to(owner, own)
    eve = await town.resident("eve")
    room = await town.room(eve.person)
    child = await owner.send_state(own, CHILD, {"via": [homeserver.name]}, room)
    await asyncio.sleep(3)
    await eve.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(eve.person, room, "Een bank?")
    if how == "redacted":
        await owner.redact(own, child)
    else:
        await owner.send_state(own, CHILD, {}, room)
    assert not await owner.state(own, CHILD, room)
    await asyncio.sleep(5)
    await eve.person.say(room, '!peiling open "Nog een bank?" Ja | Nee')
    await asyncio.sleep(10)
    said = [each for each in await eve.person.history(room) if each["sender"] == plein.user_id]
    assert not any("Nog een bank?" in str(each["content"].get("body")) for each in said)
    assert await plein.stop() == 0


@pytest.mark.parametrize("moved", [True, False])
async def test_a_space_that_became_another_communitys_gets_no_rooms_of_this_ones_themes(
    homeserver: Homeserver, tmp_path: Path, moved: bool
) -> None:
    """Dorp chose its space as a home. From the next start on that space's line is Stad's."""
    async with Proxy(homeserver.url) as proxy:
        owner = await homeserver.person(f"owner{next(numbers)}")
        spaces = [await owner.create_room(name, public=True, **SPACE) for name in ("Een", "Twee", "Drie")]
        more = (
            f'[[communities]]\nname = "Dorp"\nspaces = ["{spaces[0]}", "{spaces[1]}"]\n'
            "[[communities.residents]]\nMODERATOR\n"
            f'[[communities]]\nname = "Stad"\nspaces = ["{spaces[2]}"]\n'
        )
        at = await hall(homeserver, proxy, tmp_path, more=more)
        town = Town(homeserver, at.plein)
        for space in spaces:
            await town.comes_to(owner, space)
            levels = await owner.state(space, "m.room.power_levels") or {}
            users = {**levels["users"], at.plein.user_id: 50}
            await owner.send_state(space, "m.room.power_levels", {**levels, "users": users})
        room = await town.room(at.mo.person)
        await owner.send_state(spaces[0], CHILD, {"via": [homeserver.name]}, room)
        await asyncio.sleep(3)
        assert "in de space “Twee”" in (await at.told("!gemeenschap richt in twee")).body
        await at.plein.kill()
        if moved:
            config = at.plein.folder / "config.toml"
            words = config.read_text()
            words = words.replace(f'"{spaces[0]}", "{spaces[1]}"', f'"{spaces[0]}"')
            words = words.replace(f'["{spaces[2]}"]', f'["{spaces[2]}", "{spaces[1]}"]')
            config.write_text(words)
        await at.plein.start()
        square = Square(at, room, spaces[1])
        await square.propose()
        await asyncio.sleep(30)
        inside = [child for child in await square.rooms() if await owner.state(spaces[1], CHILD, child)]
        assert bool(inside) is not moved
        assert await at.plein.stop() == 0


@pytest.mark.parametrize("asked", [True, False])
async def test_who_was_asked_in_and_came_is_asked_in_again_where_the_room_is_another(
    homeserver: Homeserver, tmp_path: Path, asked: bool
) -> None:
    """That they were asked in comes back as news of the room. Whoever came in by themselves was not."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        if not asked:
            await (await town._account()).invite(town.space, ann.user_id)
            await ann.join(town.space)
            await asyncio.sleep(2)
        await ann.say(town.room, "!thema meedoen Verlichting")
        if asked:
            await is_now(town, room, ann, "invite")
        await asyncio.sleep(3)
        await ann.join(room)
        await asyncio.sleep(3)
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting")).body
        other = await town.mo.create_room("Anders", invite=[town.at.plein.user_id])
        await Town(homeserver, town.at.plein).comes_to(town.mo, other)
        levels = await town.mo.state(other, "m.room.power_levels") or {}
        users = {**levels.get("users", {}), town.at.plein.user_id: 50}
        await town.mo.send_state(other, "m.room.power_levels", {**levels, "users": users})
        await town.mo.say(other, "!thema koppel Verlichting")
        await board(town.mo, other, "Verlichting")
        await is_now(town, other, ann, "invite", timeout=40)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("where", ["room", "space"])
async def test_who_looks_after_the_community_can_put_somebody_out_of_a_themes_room(
    homeserver: Homeserver, tmp_path: Path, where: str
) -> None:
    """Mo is a moderator of the configuration, and governs the space: can anybody but Plein put Eve out?"""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve = await homeserver.person(f"eve{next(numbers)}")
        await eve.join(town.room)
        await (await town._account()).invite(town.space, eve.user_id)
        await eve.join(town.space)
        await eve.join(room)
        said = await eve.say(room, "Scheldwoorden")
        there = room if where == "room" else town.space
        await town.mo.request("POST", f"rooms/{there}/kick", {"user_id": eve.user_id})
        if where == "room":
            await town.mo.redact(room, said)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("one", [True, False])
async def test_an_account_that_was_banned_is_let_in_by_no_other_accounts_word(
    homeserver: Homeserver, tmp_path: Path, one: bool
) -> None:
    """Eve has two accounts. The second was banned from the community's room and its space."""
    async with Proxy(homeserver.url) as proxy:
        eve, banned = [await homeserver.person(f"eve{next(numbers)}") for _ in range(2)]
        accounts = ", ".join(f'"matrix:{who.user_id}"' for who in ((eve, banned) if one else (eve,)))
        more = f'[[residents]]\nname = "Eve"\naccounts = [{accounts}]\n'
        at = await hall(homeserver, proxy, tmp_path, more=more)
        room = await Town(homeserver, at.plein).room(at.mo.person)
        await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')
        (space,) = await at.made()
        await at.mo.person.join(space)
        town = Square(at, room, space)
        theirs = await opened(town)
        for who in (eve, banned):
            await who.join(room)
            await who.say(room, "!help")
        await asyncio.sleep(3)
        for there in (room, space):
            await town.mo.request("POST", f"rooms/{there}/ban", {"user_id": banned.user_id})
        await asyncio.sleep(3)
        await eve.say(room, "!thema meedoen Verlichting")
        await is_now(town, theirs, eve, "invite")
        await asyncio.sleep(10)
        assert (await town.mo.members(theirs)).get(banned.user_id) is None
        assert await at.plein.stop() == 0


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_server_that_refuses_an_invitation_is_asked_no_more(
    homeserver: Homeserver, tmp_path: Path, refuses: bool
) -> None:
    """Our homeserver passes on what the other one said; Plein made the room, and lacks nothing there."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve = await homeserver.person(f"eve{next(numbers)}")
        await eve.join(town.room)
        if refuses:
            proxy.answer("/invite", 403, '{"errcode": "M_FORBIDDEN", "error": "This server invites nobody"}')
        await eve.say(town.room, "!thema meedoen Verlichting")
        await asyncio.sleep(8)
        shown = (await town.at.told("!thema toon Verlichting")).body
        assert "OverflowError" not in shown
        assert not [line for line in town.at.plein.log if "OverflowError" in line]
        proxy.mend()
        assert await town.at.plein.stop() == 0

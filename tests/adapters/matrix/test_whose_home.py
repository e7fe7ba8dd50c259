"""Whose a theme's room and the space around it are, whatever rooms say of themselves and lines say later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.matrix.test_homes import SPACE, hall
from tests.adapters.matrix.test_new_rooms import CHILD, Square, square
from tests.adapters.matrix.test_shaping import called, opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Town, board, numbers


async def governed(owner: Person, space: str, plein: str) -> None:
    """Plein may put rooms into it."""
    levels = await owner.state(space, "m.room.power_levels") or {}
    users = {**levels["users"], plein: 50}
    await owner.send_state(space, "m.room.power_levels", {**levels, "users": users})


async def is_inside(town: Square, room: str) -> None:
    async def look() -> bool | None:
        return bool((await town.mo.state(town.space, CHILD, room) or {}).get("via")) or None

    await town.mo.wait_until(look)


async def test_a_room_that_says_it_replaced_another_does_not_put_that_out_of_the_space(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Eve looks after a room of her own, and has no power in the one that it names."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await opened(town)
        await town.propose("Muziek")
        victim = await town.one("Muziek")
        eve = await homeserver.person(f"eve{next(numbers)}")
        claim: dict[str, Any] = {"creation_content": {"predecessor": {"room_id": victim}}}
        own = await eve.create_room("Eve", public=True, **claim)
        await town.mo.join(own)
        levels = await eve.state(own, "m.room.power_levels") or {}
        users = {**levels["users"], town.at.plein.user_id: 50}
        await eve.send_state(own, "m.room.power_levels", {**levels, "invite": 0, "users": users})
        await town.mo.invite(own, town.at.plein.user_id)
        await Town(homeserver, town.at.plein).comes_to(eve, own)
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting")).body
        await eve.say(own, "!thema koppel Verlichting")
        await board(eve, own, "Verlichting")
        # Whatever is wanted of it comes after all that was wanted before.
        for name in ("Lampen", "Licht"):
            before = "Verlichting" if name == "Lampen" else "Lampen"
            await eve.say(own, f'!thema hernoem "{name}" {before}')
            await called(town, own, name)
        await is_inside(town, own)
        await is_inside(town, victim)
        assert await town.at.plein.stop() == 0


async def test_a_space_that_became_another_communitys_gets_no_rooms_of_this_ones_themes(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """It was chosen as a home; from the next start on its line is the other one's."""
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
            await governed(owner, space, at.plein.user_id)
        room = await town.room(at.mo.person)
        await owner.send_state(spaces[0], CHILD, {"via": [homeserver.name]}, room)
        assert "in de space “Twee”" in (await at.told("!gemeenschap richt in twee")).body
        await at.plein.kill()
        config = at.plein.folder / "config.toml"
        words = config.read_text().replace(f'"{spaces[0]}", "{spaces[1]}"', f'"{spaces[0]}"')
        config.write_text(words.replace(f'["{spaces[2]}"]', f'["{spaces[2]}", "{spaces[1]}"]'))
        await at.plein.start()
        square = Square(at, room, spaces[1])
        await square.propose()

        async def why() -> bool | None:
            shown = (await at.told("!thema toon Verlichting")).body
            return "de space “Twee” is weg" in shown or None

        await at.mo.person.wait_until(why)
        assert await square.rooms() == []
        assert await at.plein.stop() == 0


async def test_a_theme_gets_its_room_in_a_space_that_no_line_names(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """The moderator alone has power in it: it is offered, and chosen."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        mo = at.mo.person
        raden = await mo.create_room("Raden", invite=[at.plein.user_id], **SPACE)
        await Town(homeserver, at.plein).comes_to(mo, raden)
        await governed(mo, raden, at.plein.user_id)
        room = await Town(homeserver, at.plein).room(mo)
        assert "in de space “Raden”" in (await at.told("!gemeenschap richt in raden")).body
        town = Square(at, room, raden)
        theirs = await opened(town)
        assert await town.children() == [theirs]
        assert await at.plein.stop() == 0


@pytest.mark.parametrize("how", ["redacted", "emptied"])
async def test_a_room_that_is_taken_out_of_the_communitys_space_is_its_own_no_more(
    homeserver: Homeserver, tmp_path: Path, how: str
) -> None:
    """Whoever put it there takes away the event that says so, or says something else."""
    owner = await homeserver.person(f"owner{next(numbers)}")
    own, other = [await owner.create_room(name, public=True, **SPACE) for name in ("Dorp", "Stad")]
    more = f'[[communities]]\nname = "Dorp"\nspaces = ["{own}"]\n'
    more += f'[[communities]]\nname = "Stad"\nspaces = ["{other}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    town = Town(homeserver, plein)
    await town.comes_to(owner, own)
    eve = await town.resident("eve")
    room = await town.room(eve.person)
    child = await owner.send_state(own, CHILD, {"via": [homeserver.name]}, room)
    await eve.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(eve.person, room, "Een bank?")
    if how == "redacted":
        await owner.redact(own, child)
    else:
        await owner.send_state(own, CHILD, {}, room)
    key = f"answer:matrix:{await eve.person.say(room, '!gemeenschap kies')}"

    async def told() -> str | None:
        said = await town_said(eve.person, room, eve.direct)
        return next((body for name, body in said if name.startswith(key)), None)

    assert "hoort bij geen enkele gemeenschap" in await eve.person.wait_until(told)
    assert await plein.stop() == 0


async def town_said(person: Person, *rooms: str) -> list[tuple[str, str]]:
    return [(each.key, each.body) for room in rooms for each in shown(await person.history(room))]


async def test_whom_their_server_keeps_out_is_asked_in_no_more(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Plein made the room, and lacks nothing there: our homeserver passes on what the other one said."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await opened(town)
        eve = await homeserver.person(f"eve{next(numbers)}")
        await eve.join(town.room)
        proxy.answer("/invite", 403, '{"errcode": "M_FORBIDDEN", "error": "This server invites nobody"}')
        await eve.say(town.room, "!thema meedoen Verlichting")
        await town.at.plein.says("Nobody to let into the room")
        assert "Error" not in (await town.at.told("!thema toon Verlichting")).body
        proxy.mend()
        assert await town.at.plein.stop() == 0

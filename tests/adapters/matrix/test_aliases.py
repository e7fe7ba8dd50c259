"""An alias of the configuration means the room that it led to first, whoever has it by now: on the homeserver
of the tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from adapters.matrix.client import NamedTwice, by_id, theme_of
from adapters.matrix.settings import Matrix
from bot.main.check import check
from bot.main.config import load
from bot.model.message import Text
from bot.model.people import Named
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.installed import FEATURES
from tests.homeserver import PASSWORD, Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Town, board, numbers, says

SPACE: dict[str, Any] = {"creation_content": {"type": "m.space"}}
ASTRAY = "is een adres dat nu naar een andere kamer leidt, of naar geen"


@dataclass
class Alias(Town):
    """A theme and a community's space by an alias, made by Mo, who gave Els all power and was put out."""

    mo: Person
    els: Person
    direct: str
    names: tuple[str, str]
    council: str
    village: str

    def address(self, name: str) -> str:
        return f"#{name}:{self.server.name}"

    async def takes_away(self, name: str) -> None:
        await self.mo.request("DELETE", f"directory/room/{quote(self.address(name), safe='')}")

    async def restarts(self, *changed: tuple[str, str]) -> None:
        """With these words of its configuration instead of those."""
        assert await self.plein.stop() == 0, "\n".join(self.plein.log[-30:])
        file = self.plein.folder / "config.toml"
        words = file.read_text("utf-8")
        for before, after in changed:
            assert before in words
            words = words.replace(before, after)
        file.write_text(words, "utf-8")
        await self.plein.start()

    async def answer(self, who: Person, room: str, words: str) -> str:
        """What Plein says there, or to Els alone, to what they say there."""
        key = f"answer:matrix:{await who.say(room, words)}"
        rooms = (room, self.direct) if who is self.els else (room,)

        async def told() -> str | None:
            said = [message for place in rooms for message in shown(await who.history(place))]
            return next((message.body for message in said if message.key.startswith(key)), None)

        return await who.wait_until(told)

    async def checked(self) -> list[str]:
        """What `plein check` says of aliases."""
        config = load(self.plein.folder / "config.toml", FEATURES, {"PLEIN_MATRIX_PASSWORD": PASSWORD})
        assert config.of(Matrix)
        said: list[Text] = []
        await check(config, said.append)
        lines = [Texts().write(line, Voice("nl", BRUSSELS, NOW)) for line in said]
        return [line for line in lines if ASTRAY in line]


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Alias]:
    mo, els = [await homeserver.person(f"{name}{next(numbers)}") for name in ("mo", "els")]
    names = f"raad{next(numbers)}", f"dorp{next(numbers)}"
    council, village = [
        await mo.create_room(room_alias_name=name, version="11", invite=[els.user_id], **more)
        for name, more in zip(names, ({}, SPACE), strict=True)
    ]
    of_council, of_village = (f"#{name}:{homeserver.name}" for name in names)
    more = (
        f'[[communities]]\nname = "Dorp"\nspaces = ["{of_village}"]\n'
        f'[[communities.themes]]\nname = "Raad"\nplaces = ["matrix:{of_council}"]\n'
        f'[[communities]]\nname = "Stad"\nspaces = ["!stad:{homeserver.name}"]\n'
    )
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    direct = await els.create_room(invite=[plein.user_id], is_direct=True)
    found = Alias(homeserver, plein, mo, els, direct, names, council, village)
    await found.comes_to(els, direct)
    for room in (council, village):
        await els.join(room)
        levels = await mo.state(room, "m.room.power_levels") or {}
        await mo.send_state(room, "m.room.power_levels", {**levels, "users": {els.user_id: 100}})
        await els.invite(room, plein.user_id)
        await found.comes_to(els, room)
        await els.kick(room, mo.user_id)
    await els.say(council, '!peiling open "Wie wordt secretaris?" Anna | Ben')
    await board(els, council, "Wie wordt secretaris?")
    yield found
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def test_who_takes_an_alias_over_gets_neither_the_theme_nor_the_community(town: Alias) -> None:
    """Whoever was put out gave it to a room of their own; those who moderate hear so, and `plein check` says
    what to do.
    """
    mine = {}
    for name, more in zip(town.names, ({}, SPACE), strict=True):
        await town.takes_away(name)
        mine[name] = await town.mo.create_room(public=True, room_alias_name=name, **more)
    own = await town.mo.create_room("Van Mo", public=True)
    council, village = town.names
    await town.mo.send_state(mine[village], "m.space.child", {"via": [town.server.name]}, own)
    before = len(town.plein.log)
    await town.restarts()
    for name, room in zip(town.names, (town.council, town.village), strict=True):
        line = await town.plein.says(f"{town.address(name)} leads to {mine[name]}", after=before)
        assert f"going on with {room}" in line
    for room in (*mine.values(), own):
        await town.mo.invite(room, town.plein.user_id)
        await town.comes_to(town.mo, room)
    for room in (mine[council], own):
        answer = await town.answer(town.mo, room, "!peiling lijst")
        assert "hoort bij geen enkele gemeenschap" in answer
        assert "secretaris" not in answer
    assert "secretaris" in await town.answer(town.els, town.council, "!peiling lijst")
    # What is in the space that was meant is the community's as before.
    room = await town.els.create_room("Wegen", invite=[town.plein.user_id])
    await town.comes_to(town.els, room)
    await town.els.send_state(town.village, "m.space.child", {"via": [town.server.name]}, room)
    await town.els.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(town.els, room, "Een bank?")
    lacks = await town.answer(town.els, town.council, "!gemeenschap richt in")
    assert all(f"“{town.address(name)}” {ASTRAY}" in lacks for name in town.names)
    told = await town.checked()
    assert len(told) == 2
    assert town.address(council) in told[0] + told[1]
    assert all(any(room in line for line in told) for room in (town.council, town.village))


@pytest.mark.long
async def test_an_alias_that_leads_nowhere_leaves_its_room_what_it_is(town: Alias) -> None:
    """Until its line is another one, or is gone at one start: what it leads to then is meant."""
    council, _ = town.names
    await town.takes_away(council)
    await town.restarts()
    assert "secretaris" in await town.answer(town.els, town.council, "!peiling lijst")
    (line,) = await town.checked()
    assert town.council in line
    alias, places = town.address(council), f'places = ["matrix:{town.address(council)}"]'
    # By its id; by another alias, of another room; and by the first again, which that room has as well.
    await town.restarts((alias, town.council))
    assert await town.checked() == []
    assert "secretaris" in await town.answer(town.els, town.council, "!peiling lijst")
    other = f"raad{next(numbers)}"
    new = await town.els.create_room(room_alias_name=other, invite=[town.plein.user_id])
    await town.comes_to(town.els, new)
    await town.restarts((town.council, town.address(other)))
    await says(town.els, new, "secretaris")
    third = await town.els.create_room(room_alias_name=council, invite=[town.plein.user_id])
    await town.comes_to(town.els, third)
    await town.restarts((town.address(other), alias))
    assert await town.checked() == []
    await says(town.els, third, "secretaris")
    assert places in (town.plein.folder / "config.toml").read_text("utf-8")


@pytest.mark.long
async def test_an_alias_goes_along_to_what_replaced_its_room(town: Alias) -> None:
    """As Plein does itself, and to nothing that anybody makes of the old room afterwards."""
    new = {
        name: await town.els.upgrade(room)
        for name, room in zip(town.names, (town.council, town.village), strict=True)
    }
    for room in new.values():
        if (await town.els.members(room)).get(town.plein.user_id) is None:
            await town.els.invite(room, town.plein.user_id)
        await town.comes_to(town.els, room)
    council, village = town.names
    await board(town.els, new[council], "Wie wordt secretaris?")
    await town.restarts()
    assert not [line for line in town.plein.log if "going on with" in line]
    assert await town.checked() == []
    room = await town.els.create_room("Wegen", invite=[town.plein.user_id])
    await town.comes_to(town.els, room)
    await town.els.send_state(new[village], "m.space.child", {"via": [town.server.name]}, room)
    await town.els.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(town.els, room, "Een bank?")
    # Elsewhere it leads by now, and nowhere that counts.
    for name in town.names:
        await town.els.request("DELETE", f"directory/room/{quote(town.address(name), safe='')}")
        await town.mo.create_room(public=True, room_alias_name=name)
    await town.restarts()
    told = await town.checked()
    assert all(any(room in line for line in told) for room in new.values())


def test_a_room_that_goes_by_two_names_is_the_place_of_one_theme() -> None:
    """What is said there would be carried from the one to the other, and round again."""
    ids = {"#sport:x": "!sport"}
    sport, tuin = Named("Sport"), Named("Tuin")
    assert by_id({"#sport:x": sport, "!sport": sport}, ids, whose=theme_of) == {"!sport": sport}
    with pytest.raises(NamedTwice, match="#sport:x and !sport are the same"):
        by_id({"#sport:x": sport, "!sport": tuin}, ids, whose=theme_of)

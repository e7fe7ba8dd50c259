"""Rooms that are a community's because they are in its space, on the homeserver of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Town, board, numbers

NAMES = DORP, STAD = "Dorp", "Stad"
ASK = '!peiling open "Een bank?" Ja | Nee'
NOBODYS = "hoort bij geen enkele gemeenschap"
CHILD = "m.space.child"
SPACE: dict[str, Any] = {"creation_content": {"type": "m.space"}}
# Whoever is in it and nothing more may not say what is in a space.
MEMBERS: dict[str, Any] = {"power_level_content_override": {"state_default": 50}}


@dataclass
class Spaces(Town):
    """A Plein for two communities, each with a space of its own; the space of the second is private."""

    mo: Person
    direct: str
    village: str
    city: str

    async def put(self, room: str, into: str) -> None:
        await self.mo.send_state(into, CHILD, {"via": [self.server.name]}, room)

    async def take(self, room: str, out_of: str) -> None:
        await self.mo.send_state(out_of, CHILD, {}, room)

    async def whose(self, room: str) -> str:
        """As Mo is told who asks there."""
        key = f"answer:matrix:{await self.mo.say(room, '!gemeenschap kies')}"

        async def told() -> str | None:
            said = [
                message for place in (room, self.direct) for message in shown(await self.mo.history(place))
            ]
            return next((message.body for message in said if message.key.startswith(key)), None)

        answer = await self.mo.wait_until(told)
        (found,) = (name for name in (*NAMES, NOBODYS) if name in answer)
        return found


def lines(*spaces: str) -> str:
    return "\n".join(
        f'[[communities]]\nname = "{name}"\nspaces = ["{space}"]\n'
        for name, space in zip(NAMES, spaces, strict=True)
    )


@pytest.fixture
async def spaces(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Spaces]:
    mo = await homeserver.person(f"mo{next(numbers)}")
    alias = f"dorp{next(numbers)}"
    village = await mo.create_room(public=True, room_alias_name=alias, **SPACE, **MEMBERS)
    city = await mo.create_room(**SPACE)
    name = f"plein{next(numbers)}"
    plein = await Plein.on(homeserver, tmp_path, name, more=lines(f"#{alias}:{homeserver.name}", city))
    direct = await mo.create_room(invite=[plein.user_id], is_direct=True)
    found = Spaces(homeserver, plein, mo, direct, village, city)
    for room in (direct, village):
        await found.comes_to(mo, room)
    yield found
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def test_a_rooms_community_is_that_of_the_space_it_is_in(spaces: Spaces) -> None:
    """Put in, taken out and put in again: that holds at once, and after a restart too."""
    room = await spaces.room(spaces.mo)
    assert await spaces.whose(room) == NOBODYS
    await spaces.put(room, spaces.village)
    assert await spaces.whose(room) == DORP
    await spaces.mo.say(room, ASK)
    shows = await board(spaces.mo, room, "Een bank?")
    await spaces.take(room, spaces.village)
    assert await spaces.whose(room) == NOBODYS
    # What stands there stays as it is: nobody votes by it any more.
    await spaces.mo.react(room, shows.event_id, "1️⃣")
    assert await spaces.whose(room) == NOBODYS
    await spaces.put(room, spaces.village)
    assert await spaces.whose(room) == DORP
    # It is the same poll, with nothing of what was said meanwhile.
    await board(spaces.mo, room, "Een bank?", "Nog niemand stemde")
    anna = await spaces.server.person(f"anna{next(numbers)}")
    await anna.join(room)
    await anna.react(room, (await board(spaces.mo, room, "Een bank?")).event_id, "1️⃣")
    await board(spaces.mo, room, "1. Ja: 1 stem")
    for change, whose in ((spaces.take, NOBODYS), (spaces.put, DORP)):
        assert await spaces.plein.stop() == 0
        await change(room, spaces.village)
        await spaces.plein.start()
        assert await spaces.whose(room) == whose


async def test_what_is_in_a_space_that_plein_is_not_in_is_nobodys(spaces: Spaces) -> None:
    """Until it is let in; and again once it is put out, whatever it knew."""
    room = await spaces.room(spaces.mo)
    await spaces.put(room, spaces.city)
    assert await spaces.whose(room) == NOBODYS
    # Nor does a room say itself whose it is.
    parent = {"via": [spaces.server.name], "canonical": True}
    await spaces.mo.send_state(room, "m.space.parent", parent, spaces.village)
    assert await spaces.whose(room) == NOBODYS
    await spaces.mo.invite(spaces.city, spaces.plein.user_id)
    await spaces.comes_to(spaces.mo, spaces.city)
    assert await spaces.whose(room) == STAD
    await spaces.mo.kick(spaces.city, spaces.plein.user_id)
    assert await spaces.whose(room) == NOBODYS
    await spaces.plein.kill()
    await spaces.plein.start()
    assert await spaces.whose(room) == NOBODYS


async def test_who_may_not_say_what_is_in_a_space_puts_nothing_there(spaces: Spaces) -> None:
    anna = await spaces.server.person(f"anna{next(numbers)}")
    await anna.join(spaces.village)
    room = await spaces.room(anna, spaces.mo)
    with pytest.raises(AssertionError, match="403"):
        await anna.send_state(spaces.village, CHILD, {"via": [spaces.server.name]}, room)
    assert await spaces.whose(room) == NOBODYS
    # Of no use are her own words, nor a space of her own that is in it, or that it is in.
    await anna.send(spaces.village, CHILD, {"via": [spaces.server.name], "state_key": room})
    own = await anna.create_room(public=True, invite=[spaces.plein.user_id], **SPACE)
    await anna.send_state(own, CHILD, {"via": [spaces.server.name]}, room)
    await anna.send_state(own, CHILD, {"via": [spaces.server.name]}, spaces.village)
    await spaces.put(own, spaces.village)
    assert await spaces.whose(room) == NOBODYS


async def test_a_loop_of_spaces_ends(spaces: Spaces) -> None:
    """Each has what is directly in it, also where both are in each other and in themselves."""
    await spaces.mo.invite(spaces.city, spaces.plein.user_id)
    await spaces.comes_to(spaces.mo, spaces.city)
    ours, theirs = await spaces.room(spaces.mo), await spaces.room(spaces.mo)
    for child, space in (
        *((spaces.city, spaces.village), (spaces.village, spaces.city), (spaces.village, spaces.village)),
        *((ours, spaces.village), (theirs, spaces.city)),
    ):
        await spaces.put(child, space)
    assert (await spaces.whose(ours), await spaces.whose(theirs)) == (DORP, STAD)


@pytest.mark.parametrize("known", [True, False], ids=["running", "restarted"])
async def test_no_space_takes_a_room_that_is_anothers(spaces: Spaces, known: bool) -> None:
    """Any space can claim any room: it stays whose it was until it is taken out; so does what replaces it."""
    await spaces.mo.invite(spaces.city, spaces.plein.user_id)
    await spaces.comes_to(spaces.mo, spaces.city)
    room = await spaces.room(spaces.mo)
    await spaces.put(room, spaces.city)
    assert await spaces.whose(room) == STAD
    # Of the village's line, which comes first.
    await spaces.put(room, spaces.village)
    assert await spaces.whose(room) == STAD
    new = await spaces.mo.upgrade(room)
    await spaces.comes_to(spaces.mo, new)
    assert await spaces.whose(new) == STAD
    await spaces.put(new, spaces.village)
    if not known:
        await spaces.plein.kill()
        await spaces.plein.start()
    assert await spaces.whose(new) == STAD
    await spaces.take(room, spaces.city)
    assert await spaces.whose(new) == DORP


async def test_one_space_on_the_lines_of_two_does_not_start(homeserver: Homeserver, tmp_path: Path) -> None:
    """By its alias and its id, which only the homeserver can tell: it is said, and nothing served."""
    mo = await homeserver.person(f"mo{next(numbers)}")
    alias = f"dorp{next(numbers)}"
    space = await mo.create_room(public=True, room_alias_name=alias, **SPACE)
    more = lines(f"#{alias}:{homeserver.name}", space)
    with pytest.raises(AssertionError, match="two communities or themes name it"):
        await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)

"""Direct rooms that nobody was invited to, and people who want none."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.matrix.outgoing import _STATE
from adapters.matrix.rooms import MADE_FOR
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, numbers, says

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")
LIST = "!peiling lijst"


async def invited_by(plein: str, person: Person) -> list[str]:
    async def found() -> list[str]:
        return await person.direct_rooms_with(plein)

    return await person.wait_until(found)


async def test_who_was_never_invited_to_their_direct_room_is_now(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """The homeserver died after it had made the room."""
    name = f"plein{next(numbers)}"
    plein = await Plein.on(homeserver, tmp_path, name)
    town = Town(homeserver, plein)
    anna = await homeserver.person(f"anna{next(numbers)}")
    room = await town.room(anna)
    state = [{"type": kind, "content": content} for kind, content in _STATE.items()]
    half_made = await (await homeserver.person(name)).create_room(
        is_direct=True, creation_content={MADE_FOR: anna.user_id}, initial_state=state
    )
    await anna.say(room, LIST)
    assert await invited_by(plein.user_id, anna) == [half_made]
    await anna.join(half_made)
    await anna.wait_for(half_made, lambda event: event["type"] == "m.room.encrypted")
    assert await plein.stop() == 0


async def test_who_declines_is_told_once_how_to_get_answers(town: Town) -> None:
    anna = await town.server.person(f"anna{next(numbers)}")
    room = await town.room(anna)
    await anna.say(room, LIST)
    (direct,) = await invited_by(town.plein.user_id, anna)
    await anna.leave(direct)
    word = await says(anna, room, "Begin zelf een gesprek met mij")
    assert word.content["m.mentions"] == {"user_ids": [anna.user_id]}
    await anna.say(room, LIST)
    own = await anna.create_room(invite=[town.plein.user_id], is_direct=True)
    await town.comes_to(anna, own)
    await anna.say(own, LIST)
    await says(anna, own, "Er loopt nu geen peiling")
    await anna.say(room, "!taal en")
    await says(anna, own, "From now on")
    history = await anna.history(room)
    assert len([event for event in history if event["sender"] == town.plein.user_id]) == 2, (
        "it came, and said that"
    )
    assert await anna.direct_rooms_with(town.plein.user_id) == [own]

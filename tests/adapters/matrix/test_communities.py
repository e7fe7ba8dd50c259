"""Two communities on one homeserver: what is said of a message in a room of the other is of no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.homeserver import Homeserver, Person, Shown
from tests.plein import Plein
from tests.town import Town, board, native_poll, numbers

NOBODY_VOTED = "Nog niemand stemde"


async def says_all_of(person: Person, room: str, other: Shown, poll: str) -> None:
    """Of the board and the native poll of another community, in a room of one's own."""
    # These the homeserver itself does not take.
    with pytest.raises(AssertionError, match="same room"):
        await person.react(room, other.event_id, "1️⃣")
    with pytest.raises(AssertionError, match="same room"):
        await person.answer(room, poll, ["1"])
    for words in ("1", "Ja", "!stem 1", "!peiling sluit --zeker", "!peiling bewaar"):
        reply = {"m.relates_to": {"m.in_reply_to": {"event_id": other.event_id}}}
        await person.say(room, words, **reply)


async def test_events_of_another_community_are_pressed_and_answered_in_vain(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    mo = await homeserver.person(f"mo{next(numbers)}")
    rooms = [await mo.create_room(public=True) for _ in range(2)]
    more = "\n".join(
        f'[[communities]]\nname = "{name}"\n'
        f'[[communities.themes]]\nname = "sport"\nplaces = ["matrix:{room}"]'
        for name, room in zip(("Dorp", "Stad"), rooms, strict=True)
    )
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    town = Town(homeserver, plein)
    boards, polls = [], []
    for room in rooms:
        await town.comes_to(mo, room)
        await mo.say(room, '!peiling open "Een bank?" Ja | Nee')
        boards.append(await board(mo, room, "Een bank?", NOBODY_VOTED))
        polls.append((await native_poll(mo, room))["event_id"])
    for own, other in ((0, 1), (1, 0)):
        anna = await town.resident("anna")
        await anna.person.join(rooms[own])
        await says_all_of(anna.person, rooms[own], boards[other], polls[other])
        # What was said before that was dealt with.
        await anna.person.say(rooms[own], "!peiling toon")
        await anna.told("Een bank?", NOBODY_VOTED)
    # Of those in the room itself each counts.
    for room, shows in zip(rooms, boards, strict=True):
        await mo.react(room, shows.event_id, "1️⃣")
        await board(mo, room, "1. Ja: 1 stem")
    assert await plein.stop() == 0

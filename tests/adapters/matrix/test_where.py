"""Where something may be put on Matrix: nobody has Plein say what they may not say there themselves."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.matrix.rooms import Room
from tests.homeserver import shown
from tests.town import Town, board

SILENT = "mag je zelf niets schrijven"

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")


@pytest.mark.parametrize(
    "levels", [{"events_default": 50, "events": {"m.reaction": 0}}, {"events": {"m.room.message": 50}}]
)
async def test_nobody_speaks_through_plein_from_elsewhere(town: Town, levels: dict[str, Any]) -> None:
    anna, mo = await town.resident("anna"), await town.resident("mo")
    room = await town.room(mo.person, anna.person, power_level_content_override=levels)
    own = await town.room(anna.person)
    # Plein may speak there, by its own power level.
    now = await mo.person.state(room, "m.room.power_levels")
    assert now
    await mo.person.send_state(
        room, "m.room.power_levels", {**now, "users": {**now["users"], town.plein.user_id: 50}}
    )
    await mo.person.say(room, '!peiling open "Mag dit?" Ja | Nee')
    first = await board(mo.person, room, "Mag dit?")
    await anna.person.react(room, first.event_id, "1️⃣")
    await board(anna.person, room, "1. Ja: 1 stem")
    ask = f'!peiling open "Koop bij mij!" Ja | Nee --thema "{room}"'
    await anna.person.say(anna.direct, ask)
    await anna.told(SILENT)
    await anna.person.say(own, ask.replace("bij mij", "hier"))
    await anna.person.say(own, "!peiling lijst")
    await anna.told("Er loopt hier nu geen")
    assert not any("Koop" in message.body for message in shown(await mo.person.history(room)))


async def test_who_was_silenced_since_has_nothing_more_said(town: Town) -> None:
    anna, mo = await town.resident("anna"), await town.resident("mo")
    room = await town.room(mo.person, anna.person)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    number = (await board(anna.person, room, "Een bank?")).poll
    levels = await mo.person.state(room, "m.room.power_levels")
    assert levels
    users = {**levels["users"], town.plein.user_id: 50, anna.person.user_id: -1}
    await mo.person.send_state(room, "m.room.power_levels", {**levels, "users": users})
    await anna.person.say(anna.direct, f"!peiling verleng 9d --peiling {number}")
    await anna.told(SILENT)
    await anna.person.say(anna.direct, f"!peiling sluit {number} --zeker")
    await anna.told("is gesloten")
    await anna.person.say(anna.direct, f'!peiling besluit "Koop bij mij!" --peiling {number}')
    await anna.person.say(anna.direct, f"!peiling opnieuw {number}")
    await anna.person.say(anna.direct, "!taal nl")
    await anna.told("Vanaf nu praat ik Nederlands")
    told = [
        message.body for message in shown(await anna.person.history(anna.direct)) if SILENT in message.body
    ]
    assert len(told) == 3
    assert not any("Koop" in message.body for message in shown(await mo.person.history(room)))


@pytest.mark.parametrize("anonymous", ["", " --anoniem"])
async def test_nor_do_they_say_there_why_they_object(town: Town, anonymous: str) -> None:
    """Their vote counts: only its reason would be read by everybody there."""
    anna, mo = await town.resident("anna"), await town.resident("mo")
    room = await town.room(mo.person, anna.person)
    await mo.person.say(room, f'!peiling open "Een bank?" --soort consent{anonymous}')
    number = (await board(mo.person, room, "Een bank?")).poll
    levels = await mo.person.state(room, "m.room.power_levels")
    assert levels
    users = {**levels["users"], town.plein.user_id: 50, anna.person.user_id: -1}
    await mo.person.send_state(room, "m.room.power_levels", {**levels, "users": users})
    await anna.person.say(anna.direct, f"!stem bezwaar de voorzitter is een schurk --peiling {number}")
    await anna.told("Omdat je daar zelf niets mag schrijven")
    await board(mo.person, room, "1 persoon stemde")
    assert not any("schurk" in message.body for message in shown(await mo.person.history(room)))


@pytest.mark.parametrize(
    ("levels", "encrypted", "may"),
    [
        (None, False, True),
        ({}, True, True),
        ({"events_default": 1}, False, False),
        ({"events_default": 1, "events": {"m.room.message": 0}}, False, True),
        ({"events_default": 1, "events": {"m.room.message": 0}}, True, False),
        ({"events": {"m.room.encrypted": 1}}, False, True),
        ({"events": {"m.room.encrypted": 1}}, True, False),
        ({"events_default": 50, "users": {"@anna:x": 50}}, True, True),
        ({"events_default": 50, "users_default": 50}, False, True),
        ({"users": {"@anna:x": -1}}, False, False),
        # No homeserver takes what it can't read; who may write by it nobody knows.
        ({"events": []}, False, False),
        ({"events_default": "none"}, False, False),
    ],
)
def test_who_may_write(levels: dict[str, Any] | None, encrypted: bool, may: bool) -> None:
    room = Room("!r")
    if levels is not None:
        room.apply({"type": "m.room.power_levels", "state_key": "", "content": levels})
    if encrypted:
        room.apply({"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "x"}})
    assert room.may_write("@anna:x") == may

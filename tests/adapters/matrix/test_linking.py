"""On a real homeserver: a code that others read in a room is taken away by Plein where it may do that."""

from __future__ import annotations

import re

import pytest

from tests.town import Town

CODE = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")


@pytest.mark.parametrize("may", [True, False], ids=["may", "may-not"])
async def test_a_code_in_a_room_is_taken_away(may: bool, town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    levels = {"users": {town.plein.user_id: 50 if may else 0}}
    room = await town.room(anna.person, ben.person, power_level_content_override=levels)
    await anna.person.say(anna.direct, "!koppel")
    found = CODE.search((await anna.told("Je code is")).body)
    assert found
    await ben.person.say(room, f"!koppel {found[0]}")
    told = await ben.told("Hier lezen anderen mee")
    assert ("Ik haalde je bericht weg" in told.body) is may
    bodies = [str(event["content"].get("body", "")) for event in await anna.person.history(room)]
    assert any(found[0] in body for body in bodies) is not may
    await ben.person.say(ben.direct, f"!koppel {found[0]}")
    await ben.told("Die code werkt niet")

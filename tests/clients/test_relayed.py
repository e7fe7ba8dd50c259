"""What a client that is not ours makes of a conversation that Plein carries across."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.resident import JsResident
from tests.homeserver import Homeserver
from tests.relayed import Town, a_town
from tests.town import numbers


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(homeserver, tmp_path) as town, town.relaying():
        yield town


@pytest.fixture
async def dora(homeserver: Homeserver) -> AsyncIterator[JsResident]:
    async with JsResident() as resident:
        await resident.log_in(homeserver, f"dora{next(numbers)}")
        yield resident


async def test_a_conversation(town: Town, dora: JsResident) -> None:
    """Edits are applied, replies lead to what they answer, nobody is rung from elsewhere."""
    await dora.do("join", room=town.room)
    name = dora.user_id.partition(":")[0][1:]
    first = await town.anna.says(town.channel, f"gaat de training door, **{name}**? @room @{name}")
    there = await dora.reads(town.plein, "gaat de training door")
    assert (there["calls"], there["content"]["m.mentions"]) == ("all", {})
    question = await town.ben.say(town.room, "om half acht?")
    await town.anna.says(town.channel, "ja!", to=first)
    answer = await dora.reads(town.plein, "ja!")
    assert answer["relation"] == {"m.in_reply_to": {"event_id": there["id"]}}
    await town.anna.edits(first, "gaat de training om **acht** uur door?")
    edit = await dora.reads(town.plein, "acht uur door")
    assert edit["relation"] == {"rel_type": "m.replace", "event_id": there["id"]}
    assert edit["calls"] != "me"
    copy = await town.anna.hears(town.channel, "om half acht?")
    await town.anna.says(town.channel, "acht, want het licht is stuk", to=copy)
    reply = await dora.reads(town.plein, "acht, want")
    assert reply["relation"] == {"m.in_reply_to": {"event_id": question}}

    said = await dora.do("shown", room=town.room)
    words = {each["id"]: each for each in said}
    assert words[there["id"]]["body"] == "anna: gaat de training om acht uur door?"
    assert words[there["id"]]["edited"]
    assert words[reply["id"]]["answers"] == question
    assert all(each["calls"] != "me" for each in dora.events)

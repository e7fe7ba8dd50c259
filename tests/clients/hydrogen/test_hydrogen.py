"""A conversation that Plein carries across, as a reader sees it in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.hydrogen.discord import page
from tests.homeserver import PASSWORD, Homeserver
from tests.relayed import Town, a_town

HERE = Path(__file__).parent
PICTURES = Path(where).absolute() if (where := os.environ.get("PICTURES")) else None
# As wide as a window beside others, and as a telephone.
WIDTHS = {"": 560, "-narrow": 360}


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it stands there: `signs` with how many put each."""

    sender: str
    words: str
    answers: str
    signs: Sequence[str]


async def look(town: Town, homeserver: Homeserver, *words: str) -> Sequence[Seen]:
    """What Ben sees in the room once these words stand there.

    Pictures of it, and of the channel beside it, lie in the folder that PICTURES names, if there is one.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "Chromium is not here: install it, or say in CHROMIUM where it is"
    folder = PICTURES or town.folder
    drawn = town.folder / "discord.html"
    drawn.write_text(page(town.channel))
    asked = {
        "homeserver": homeserver.url,
        "user": town.ben.name,
        "password": PASSWORD,
        "room": town.room,
        "words": words,
        "chromium": chromium,
        "pictures": {f"{folder}/relay-matrix{more}.png": wide for more, wide in WIDTHS.items()},
        "beside": {"page": str(drawn), "picture": f"{folder}/relay-discord.png", "width": WIDTHS[""]},
    }
    process = await asyncio.create_subprocess_exec(
        *("node", str(HERE / "look.mjs"), json.dumps(asked)), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(180):
        told, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(told)
    assert (found["wrong"], found["wide"]) == ([], [])
    return [Seen(**each) for each in found["said"]]


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(homeserver, tmp_path) as town, town.relaying():
        yield town


async def test_a_conversation(town: Town, homeserver: Homeserver) -> None:
    anna, ben, channel, room = town.anna, town.ben, town.channel, town.room
    first = await anna.says(channel, "Gaat de training **door**? Kijk op <https://sport.example/uren>")
    there = await ben.wait_for(room, lambda event: "Gaat de training" in str(event["content"].get("body")))
    await ben.react(room, there["event_id"], "👍")
    await ben.say(room, "Ja, om half acht.")
    half = await anna.hears(channel, "half acht")
    await anna.says(channel, "Dan breng ik de ballen mee:\n- de oude\n- en de nieuwe", to=half)
    balls = await ben.wait_for(room, lambda event: "de ballen" in str(event["content"].get("body")))
    await anna.reacts(half, "🎉")
    await ben.say(room, "Top!", **{"m.relates_to": {"m.in_reply_to": {"event_id": balls["event_id"]}}})
    await anna.hears(channel, "Top!")
    await town.double.bell.until(lambda: any("👍" in sign for sign in first.reactions))
    await ben.wait_for(room, lambda event: event["type"] == "m.reaction" and event["sender"] == town.plein)
    door, half_past, found, top = await look(town, homeserver, "de nieuwe", "Top!")
    assert door.words.startswith("anna: Gaat de training door? Kijk op https://sport.example/uren")
    assert [sign.replace("\n", " ") for sign in door.signs] == ["👍 1"]
    assert half_past.words.startswith("Ja, om half acht.")
    assert [sign.replace("\n", " ") for sign in half_past.signs] == ["🎉 1"]
    assert found.answers.startswith("Ja, om half acht.")
    assert "anna: Dan breng ik de ballen mee:\nde oude\nen de nieuwe" in found.words
    assert "Top!" in top.words

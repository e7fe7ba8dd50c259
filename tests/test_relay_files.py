"""What people post on one platform stands on the other: real files, both ways, also after an outage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.read import KEY
from tests.doubles.discord.state import Message
from tests.homeserver import Homeserver
from tests.posted import picture
from tests.relayed import Town, a_town

pytestmark = pytest.mark.long
Json = dict[str, Any]


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(homeserver, tmp_path) as town:
        yield town


async def on_matrix(town: Town, body: str) -> Json:
    """What stands there with these words."""
    event = await town.ben.wait_for(
        town.room, lambda event: event["sender"] == town.plein and event["content"].get("body") == body
    )
    found: Json = event["content"]
    return found


async def on_discord(town: Town, words: str, files: int = 1) -> Message:
    def look() -> Message | None:
        for message in town.channel.messages.values():
            if message.webhook_id and message.content == words and len(message.attachments) == files:
                return message
        return None

    return await town.double.bell.until(look, timeout=40)


async def says_nothing_twice(town: Town) -> None:
    there = [event["content"] for event in await town.ben.history(town.room) if KEY in event["content"]]
    said = [each["body"] for each in there if "m.new_content" not in each and "Mia" not in each["body"]]
    assert len(said) == len(set(said))
    shown = [message.content for message in town.channel.messages.values() if message.webhook_id]
    assert len(shown) == len(set(shown))


async def test_files_stand_on_both_sides_with_their_words(town: Town) -> None:
    photo, sheet, drawing = picture(), b"a;b\n1;2\n", picture("JPEG")
    async with town.relaying():
        posted = await town.anna.says(
            town.channel, "Mijn foto", files={"foto.png": photo, "SPOILER_cijfers.csv": sheet}
        )
        said = await on_matrix(town, "anna: Mijn foto")
        assert await town.ben.download(said["url"]) == (photo, "image/png")
        hidden = await on_matrix(town, "anna: cijfers.csv")
        assert (hidden["msgtype"], (await town.ben.download(hidden["url"]))[0]) == ("m.file", sheet)
        url = await town.ben.upload(drawing, "text/html")
        image = {"msgtype": "m.image", "body": "Onze tekening", "filename": "tekening.jpg", "url": url}
        event = await town.ben.send(town.room, "m.room.message", image)
        shown = await on_discord(town, "Onze tekening")
        assert [(file.filename, file.data) for file in shown.attachments] == [("tekening.jpg", drawing)]
        # The words change, and the files stay.
        new = {**image, "body": "Jullie tekening"}
        edit = {**new, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}
        await town.ben.send(town.room, "m.room.message", edit)
        assert await on_discord(town, "Jullie tekening") is shown
        await town.anna.edits(posted, "Haar foto")
        changed = await town.ben.wait_for(town.room, lambda event: "anna: Haar foto" in str(event["content"]))
        assert changed["content"]["m.new_content"]["url"] == said["url"]
        # What is taken back goes, with all of its files.
        await town.ben.redact(town.room, event)
        await town.double.bell.until(lambda: shown.id not in town.channel.messages, timeout=40)
        await town.anna.deletes(posted)

        async def is_gone() -> bool | None:
            there = await town.ben.history(town.room)
            return not [each for each in there if each["content"].get("url") == hidden["url"]] or None

        await town.ben.wait_until(is_gone, timeout=40)


async def test_stickers_forwards_and_what_is_too_large(town: Town) -> None:
    wave = picture()
    async with town.relaying():
        await town.anna.says(town.channel, stickers=[("zwaai", 1, wave)])
        said = await on_matrix(town, "anna: zwaai")
        assert (said["msgtype"], await town.ben.download(said["url"])) == ("m.image", (wave, "image/png"))
        there = town.anna.server.channel("elders")
        told = await town.mo.says(there, "Dit las ik", files={"a.txt": b"dit"})
        await town.anna.forwards(told, town.channel)
        said = await on_matrix(town, "anna: (doorgestuurd) Dit las ik")
        assert (await town.ben.download(said["url"]))[0] == b"dit"
        url = await town.ben.upload(b"a")
        info = {"size": 12_000_000}
        film = {"msgtype": "m.video", "body": "film.mp4", "url": url, "info": info}
        await town.ben.send(town.room, "m.room.message", film)
        await on_discord(town, "📎 film.mp4 (12 MB)", files=0)
        await town.ben.send(
            town.room, "m.sticker", {"body": "hoera", "url": await town.ben.upload(wave), "info": {}}
        )
        shown = await on_discord(town, "")
        assert [(file.filename, file.data) for file in shown.attachments] == [("hoera.png", wave)]


async def test_after_an_outage_files_come_too(town: Town) -> None:
    async with town.relaying():
        await town.anna.says(town.channel, "eerst")
        await on_matrix(town, "anna: eerst")
    photo = picture()
    await town.anna.says(town.channel, "intussen", files={"foto.png": photo})
    url = await town.ben.upload(photo)
    image = {"msgtype": "m.image", "body": "ook intussen", "filename": "foto.png", "url": url}
    await town.ben.send(town.room, "m.room.message", image)
    async with town.relaying():
        said = await on_matrix(town, "anna: intussen")
        assert await town.ben.download(said["url"]) == (photo, "image/png")
        shown = await on_discord(town, "ook intussen")
        assert [file.data for file in shown.attachments] == [photo]
        await says_nothing_twice(town)

"""Reactions between Discord's double and a real homeserver: both ways, on originals and copies, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.doubles.discord.state import Message
from tests.homeserver import Homeserver, shown
from tests.relayed import Town, a_town

pytestmark = pytest.mark.long
THUMB, PARTY, HEART = "👍", "🎉", "❤\ufe0f"


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(homeserver, tmp_path) as town:
        yield town


class Signs:
    """What stands on what, on both sides."""

    def __init__(self, town: Town) -> None:
        self.town = town

    async def said_on_discord(self, words: str) -> tuple[Message, str]:
        """The message, and the event that is its copy."""
        said = await self.town.anna.says(self.town.channel, words)
        self.town.words.append(words)
        await self.town.say_the_same()
        there = shown(await self.town.ben.history(self.town.room))
        return said, next(each.event_id for each in there if each.body.endswith(words))

    async def said_on_matrix(self, words: str) -> tuple[str, Message]:
        said = await self.town.ben.say(self.town.room, words)
        self.town.words.append(words)
        await self.town.say_the_same()
        return said, next(each for each in self.town.channel.messages.values() if each.content == words)

    async def react(self, event: str, key: str, **more: Any) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.town.ben.send(self.town.room, "m.reaction", {"m.relates_to": relation, **more})

    async def on_matrix(self, event: str, *keys: str) -> None:
        """Return once these are there by Plein's hand, and no others."""
        path = f"/_matrix/client/v1/rooms/{quote(self.town.room)}/relations/{quote(event)}/m.annotation"

        async def look() -> bool | None:
            found = await self.town.ben.request("GET", path)
            ours = [each for each in found["chunk"] if each["sender"] == self.town.plein]
            signs = [each["content"].get("m.relates_to", {}).get("key") for each in ours]
            return sorted(filter(None, signs)) == sorted(keys) or None

        await self.town.ben.wait_until(look, timeout=20)

    async def on_discord(self, message: Message, *signs: str) -> None:
        me, reactions = self.town.double.bot.user.id, message.reactions
        await self.town.double.bell.until(
            lambda: {sign for sign, by in reactions.items() if me in by} == set(signs),
            timeout=20,
            why=lambda: f"there is {reactions}",
        )


async def test_they_stand_on_both_as_long_as_anybody_has_them(town: Town) -> None:
    signs = Signs(town)
    async with town.relaying():
        message, copied = await signs.said_on_discord("over a1")
        event, copy = await signs.said_on_matrix("over b1")
        # On the original and on the copy, from either side, however it is spelled there.
        await town.anna.reacts(message, HEART)
        await town.mo.reacts(message, f"{THUMB}🏽")
        await town.anna.reacts(copy, PARTY)
        there = [await signs.react(copied, THUMB), await signs.react(event, "❤")]
        await signs.react(event, "hoera")
        await signs.on_matrix(copied, HEART, f"{THUMB}🏽")
        await signs.on_matrix(event, PARTY)
        await signs.on_discord(message, THUMB)
        await signs.on_discord(copy, HEART)
        # What both have goes with the last.
        await town.mo.reacts(message, THUMB)
        await town.ben.redact(town.room, there[0])
        await town.ben.redact(town.room, there[1])
        await town.anna.unreacts(message, HEART)
        await town.anna.unreacts(copy, PARTY)
        await signs.on_matrix(copied, THUMB, f"{THUMB}🏽")
        await signs.on_matrix(event)
        await signs.on_discord(message)
        await signs.on_discord(copy)


async def test_a_day_later_they_are_the_same(town: Town) -> None:
    signs = Signs(town)
    async with town.relaying():
        message, copied = await signs.said_on_discord("over a1")
        await town.anna.reacts(message, THUMB)
        mine = await signs.react(copied, PARTY)
        await signs.on_matrix(copied, THUMB)
        await signs.on_discord(message, PARTY)
    await town.anna.unreacts(message, THUMB)
    await town.anna.reacts(message, HEART)
    await town.ben.redact(town.room, mine)
    await signs.react(copied, "🌳")
    async with town.relaying():
        await signs.on_matrix(copied, HEART)
        await signs.on_discord(message, "🌳")


async def test_an_emoji_somebody_made_is_its_name_or_a_line(town: Town) -> None:
    signs = Signs(town)
    async with town.relaying():
        own = town.anna.server.emoji("blob")
        message, copied = await signs.said_on_discord("over a1")
        event, copy = await signs.said_on_matrix("over b1")
        await town.anna.reacts(message, own)
        await signs.on_matrix(copied, ":blob:")
        await signs.react(event, "mxc://elders/blob", shortcode="blob")
        await signs.on_discord(copy, own)
        mine = await signs.react(event, "mxc://elders/krul", shortcode="krul")
        line = "over b1\n-# :krul: 1"
        await town.double.bell.until(lambda: copy.content == line, timeout=20, why=lambda: copy.content)
        await town.ben.redact(town.room, mine)
        await town.double.bell.until(lambda: copy.content == "over b1", timeout=20, why=lambda: copy.content)


async def test_who_put_which_is_told_on_both(town: Town) -> None:
    signs = Signs(town)
    async with town.relaying():
        event, copy = await signs.said_on_matrix("over b1")
        await town.anna.reacts(copy, PARTY)
        await signs.react(event, "hoera")
        await signs.on_matrix(event, PARTY)
        told = (await town.mo.uses_on(copy, "Relay: show this message")).text
        assert f"{PARTY} anna" in told
        assert "hoera" in told

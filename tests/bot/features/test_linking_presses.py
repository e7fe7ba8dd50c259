"""What an account that left somebody still sees to press: nothing of it does anything for that person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.features.themes.pull import AGREE
from bot.model.message import Button, Message, text
from tests.chat import Chat, open_chat
from tests.doubles.linking import ask, code_for, kept, key, link, press, resident, say

BEN, BENNY, EVE = "ben@discord", "benny@matrix", "eve@signal"


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[Chat]:
    async with open_chat(database_url, language="en") as chat:
        yield chat


def lasting(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """But for what Ben was answered, and asked about Benny: that goes once Benny is forgotten."""
    posts = [row for row in found["posts"] if not row["id"].endswith(":question")]
    return {**found, "posts": posts, "handled": ()}


async def test_presses_from_before_do_nothing_after_unlinking(chat: Chat) -> None:
    await say(chat, f'{BEN}/sport: !poll open "What?" Yes | No')
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    await press(chat, BENNY, question)
    done = await press(chat, BEN, question)
    open_code = await code_for(chat, BENNY)
    assert key(await ask(chat, BENNY, "!me unlink --sure")) == "unlink.done"
    for who in (BEN, BENNY):
        for message in (question, done):
            assert key(await press(chat, who, message)) == "link.gone"
    assert key(await ask(chat, EVE, f"!me link {open_code}")) == "link.wrong", "it died with the link"
    assert await resident(chat, BEN) != await resident(chat, BENNY)
    assert (await kept(chat, BENNY))["ballots"] == []


async def test_no_press_from_before_does_anything_for_the_person_whom_they_left(chat: Chat) -> None:
    """What was asked of both and offered to both, on boards and in private, is theirs who stays."""
    room = "discord/sport"
    await say(chat, f"{BEN}/sport: !help")
    await link(chat, BEN, BENNY)
    opened = await ask(chat, BENNY, '!poll open "What?" Yes | No', room=room)
    offered = [opened, await ask(chat, BENNY, "!vote 1", room=room)]
    offered += [
        await ask(chat, BENNY, typed, room=room)
        for typed in ("!theme take part", "!theme pull", "!theme show", "!poll show 1", "!poll mine")
    ]
    offered += [
        await ask(chat, BENNY, typed)
        for typed in (
            "!me interests bats",
            "!me name Benedict",
            "!me digest weekly",
            "!me data",
            "!me forget",
        )
    ]
    offered += [await ask(chat, BENNY, "!me unlink")]
    on_boards = [
        Button(text("typed", words=""), "poll tick", {"poll": 1, "option": 2}),
        Button(text("typed", words=""), AGREE, {"pull": 1}),
    ]
    assert key(await ask(chat, BENNY, "!me unlink --sure")) == "unlink.done"
    before = await kept(chat, BEN)
    assert before["ballots"]
    assert before["involvements"]
    pressed = [*on_boards, *(button for said in offered for button in said.buttons)]
    # Being forgotten comes last: all else is somebody's who is here.
    pressed.sort(key=lambda button: button.command == "me forget")
    assert {"poll close", "poll cancel", "poll withdraw", "theme leave", "me forget", "me unlink"} <= {
        button.command for button in pressed
    }
    for button in pressed:
        for where in ("", room):
            message = Message((), (button,))
            said = key(await press(chat, BENNY, message, room=where))
            assert said != "error.internal", button
            assert lasting(await kept(chat, BEN)) == lasting(before), (button, said)
            if await resident(chat, BENNY):
                assert (await kept(chat, BENNY))["ballots"] == [], button
    assert await resident(chat, BENNY) == 0
    assert await resident(chat, BEN)

"""One code, and each yes to it, in two processes at once: whoever waits for the other, it counts once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.model.message import Message
from tests.chat import Chat, open_chat
from tests.doubles.linking import ask, code_for, key, press, resident

TIMES = 5
Chats = tuple[Chat, Chat]


@pytest.fixture
async def chats(database_url: str) -> AsyncIterator[Chats]:
    async with (
        open_chat(database_url, language="en") as first,
        open_chat(database_url, language="en") as second,
    ):
        yield first, second


async def press_in_both(chats: Chats, who: str, question: Message) -> list[str]:
    return [key(answer) for answer in await asyncio.gather(*(press(chat, who, question) for chat in chats))]


@pytest.mark.parametrize("number", range(TIMES))
async def test_a_code_is_given_once_and_joins_two_once(chats: Chats, number: int) -> None:
    asks, gives = f"ben{number}@discord", [f"bo{number}@matrix", f"by{number}@signal"]
    code = await code_for(chats[number % 2], asks)
    answers = await asyncio.gather(
        *(ask(chat, who, f"!me link {code}") for chat, who in zip(chats, gives, strict=True))
    )
    assert sorted(map(key, answers)) == ["link.question", "link.wrong"]
    given = [key(answer) for answer in answers].index("link.question")
    question, joined, other = answers[given], gives[given], gives[1 - given]
    assert set(await press_in_both(chats, joined, question)) <= {"link.half", "link.gone"}
    assert await resident(chats[0], asks) != await resident(chats[0], joined)
    assert (await press_in_both(chats, asks, question)).count("link.done") == 1
    people = [await resident(chat, who) for chat in chats for who in (asks, joined)]
    assert len(set(people)) == 1
    assert await resident(chats[0], other) not in people


async def test_both_yeses_at_once(chats: Chats) -> None:
    """Whichever comes first, they are one person, or whoever asked says yes once more."""
    question = await ask(chats[0], "bo@matrix", f"!me link {await code_for(chats[1], 'ben@discord')}")
    said = await asyncio.gather(
        press(chats[0], "bo@matrix", question), press(chats[1], "ben@discord", question)
    )
    if key(said[1]) != "link.done":
        assert key(await press(chats[1], "ben@discord", question)) == "link.done"
    assert len({await resident(chat, who) for chat in chats for who in ("bo@matrix", "ben@discord")}) == 1

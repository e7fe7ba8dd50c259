"""One code, and each yes to it, in two processes at once: whoever waits for the other, it counts once.

So do guesses: which of the two hears of them makes no more of them.
"""

from __future__ import annotations

import asyncio
import itertools
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


async def test_fifty_accounts_guess_in_both_at_once(chats: Chats) -> None:
    """Each is closed after its first wrong one once there were twenty; others can be linked all the while."""
    code = await code_for(chats[0], "ben@discord")

    async def guess(number: int) -> list[str]:
        return [
            key(await ask(chat, f"eve{number}@signal", f"!me link 2345{number:02}{attempt}{place}"))
            for attempt in range(2, 6)
            for place, chat in enumerate(chats, start=2)
        ]

    answers = [said for of_one in await asyncio.gather(*map(guess, range(50))) for said in of_one]
    assert set(answers) == {"link.wrong", "link.closed"}
    assert answers.count("link.wrong") <= 20 + 50
    for number, chat in itertools.product(range(50), chats):
        assert key(await ask(chat, f"eve{number}@signal", f"!me link {code}")) == "link.closed"
    assert key(await ask(chats[1], "bo@matrix", f"!me link {code}")) == "link.question"


async def test_one_account_guesses_in_both_at_once(chats: Chats) -> None:
    """Five wrong ones are five, wherever they were heard."""
    code = await code_for(chats[0], "ben@discord")
    said = await asyncio.gather(
        *(ask(chat, "eve@signal", f"!me link 2345222{n}") for n in range(2, 8) for chat in chats)
    )
    assert sorted(map(key, said)) == ["link.closed"] * 7 + ["link.wrong"] * 5
    for chat in chats:
        assert key(await ask(chat, "eve@signal", f"!me link {code}")) == "link.closed"
    assert key(await ask(chats[1], "bo@matrix", f"!me link {code}")) == "link.question"

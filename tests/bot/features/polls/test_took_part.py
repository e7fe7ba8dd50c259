"""Who took part in an anonymous poll is forgotten when it closes: nothing that is kept differs by that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Shut, TryLater
from tests.doubles.platform import Town, open_town
from tests.test_anonymity import close, everything, two_databases

__all__ = ["two_databases"]

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OPEN = '!poll open "{question}" Ja | Nee | Misschien --anonymous --closes 3d'
REMINDER = "je stemde nog niet"
Act = Callable[[Town, str], Awaitable[None]]


async def ask(town: Town, name: str, words: str, *, pressed: bool = False) -> None:
    """In private, where the answer is a message of its own, or (`pressed`) the answer to a slash command."""
    asked = replace(town.asked(name, words, room=None), by_post=not pressed)
    if pressed:
        asked = replace(asked, typed=None, command=words)
    await town.core.handle(asked)
    await town.core.run_due()


def types(words: str) -> Act:
    async def act(town: Town, name: str) -> None:
        await ask(town, name, words)

    return act


async def uses_show_and_presses(town: Town, name: str) -> None:
    """They are asked which poll they mean, and press the first."""
    which = await town.core.handle(town.asked(name, "!poll show", room=None))
    assert which
    assert len(which.buttons) == 2
    await town.core.handle(town.asked(name, room=None, button=which.buttons[1]))


async def uses_withdraw(town: Town, name: str) -> None:
    """Without a number: which of several is asked of those in which they have a vote."""
    await ask(town, name, "poll withdraw", pressed=True)


ACTS: dict[str, Act] = {
    "mine": types("!poll mine"),
    "show": types("!poll show 1"),
    "list": types("!poll list"),
    "data": types("!me data"),
    "withdraw": types("!poll withdraw 1"),
    "show which": uses_show_and_presses,
    "withdraw which": uses_withdraw,
}


async def play(url: str, voter: str, end: Callable[[Town], Awaitable[None]], act: Act | None) -> Any:
    """Ben and cas do the same, but for who of them votes."""
    async with open_town(url) as town:
        await town.joined("sport")
        for question in ("Wat?", "Waar?"):
            await town.say("mia", OPEN.format(question=question))
        for name in ("ben", "cas"):
            await town.say(name, "!poll list")
            await town.say(name, "!reminders on")
        await town.say("dora", "!vote 1 --poll 1")
        town.clock.turn(MINUTE)
        for name in ("ben", "cas"):
            for number in (1, 2):
                line = f"!vote 2 --poll {number}" if name == voter else "!poll list"
                await ask(town, name, line)
                town.clock.turn(MINUTE)
        for name in ("ben", "cas"):
            if act:
                await act(town, name)
        await end(town)
        await close(town)
        town.clock.turn(DAY)
        await town.core.run_due()
    return await everything(url)


def said(tables: Any) -> dict[str, Any]:
    """What was said to people, by its key; what they typed instead of a vote has a row of its own."""
    found = {}
    for name, body in (("posts", "message"), ("handled", "answer")):
        for row in tables[name]:
            found[f"{name} {row['id']}"] = row[body]
    return found


def assert_the_same(first: Any, second: Any) -> None:
    one, other = said(first), said(second)
    assert {key: one[key] for key in one.keys() & other.keys()} == {
        key: other[key] for key in one.keys() & other.keys()
    }
    lists = {key for key in one.keys() ^ other.keys() if "test:" not in key}
    assert not lists


@pytest.mark.parametrize("act", ACTS)
async def test_what_somebody_asked_about_it_tells_nothing(two_databases: list[str], act: str) -> None:
    async def ends(town: Town) -> None:
        await town.core.run_due()

    first, second = [
        await play(url, voter, ends, ACTS[act])
        for url, voter in zip(two_databases, ("ben", "cas"), strict=True)
    ]
    assert_the_same(first, second)


async def reminded(town: Town) -> None:
    """Whoever did not vote is, of both polls."""
    town.clock.turn(2 * DAY + timedelta(hours=1))
    await town.core.run_due()
    told = [[REMINDER in words for words in town.platform.where(name)].count(True) for name in ("ben", "cas")]
    assert sorted(told) == [0, 2] or all(town.platform.trouble.get(name) for name in ("ben", "cas"))


async def reminded_in_vain(town: Town) -> None:
    """Their platform takes it not before the poll is over."""
    for name in ("ben", "cas"):
        town.platform.trouble[name] = [TryLater(4 * 86_400) for _ in range(9)]
    await reminded(town)


async def closed_by_hand_before_that_arrives(town: Town) -> None:
    await reminded_in_vain(town)
    for number in (1, 2):
        await town.say("mia", f"!poll close {number} --sure")


@pytest.mark.parametrize("end", [reminded, reminded_in_vain, closed_by_hand_before_that_arrives])
async def test_who_was_reminded_tells_nothing(
    two_databases: list[str], end: Callable[[Town], Awaitable[None]]
) -> None:
    first, second = [
        await play(url, voter, end, None) for url, voter in zip(two_databases, ("ben", "cas"), strict=True)
    ]
    assert_the_same(first, second)
    assert not [key for key in said(first) if "remind" in key or "told" in key]


@pytest.mark.parametrize("opens", [OPEN, OPEN.replace(" --anonymous", "")])
async def test_who_takes_no_reminder_in_private_is_not_mentioned_as_having_said_nothing(
    database_url: str, opens: str
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", opens.format(question="Wat?"))
        for name in ("ben", "cas"):
            await town.say(name, "!help", room=None)
            await town.say(name, "!reminders on", room=None)
            await town.say(name, "!poll list")
            town.platform.trouble[name] = [Shut("they take no messages")] * 9
        town.clock.turn(2 * DAY + timedelta(hours=1))
        await town.core.run_due()
        assert [shown.where for shown in town.platform.tries if REMINDER in shown.words] == ["ben", "cas"]
        town.clock.turn(MINUTE)
        await town.core.run_due()
        assert not town.platform.pinged
        assert not any(REMINDER in words for words in town.platform.where("sport"))

"""Which poll is meant: those are offered on which one can do that; and after the end, what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.model.message import Message, text
from tests.doubles.platform import Town, open_town, words_of


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town("sqlite:///:memory:", moderators=("mia",)) as town:
        await town.joined("sport")
        await town.say("anna", '!peiling open "Waar?" A | B')
        await town.say("ben", '!peiling open "Wanneer?" A | B | C')
        await town.say("anna", '!peiling open "Wie?" A | B')
        yield town


async def answer(town: Town, name: str, words: str) -> Message:
    said = await town.core.handle(town.asked(name, words))
    assert said
    return said


def offered(said: Message) -> list[object]:
    return [button.args["poll"] for button in said.buttons]


@pytest.mark.parametrize("command", ["sluit", "annuleer", "verleng 9d"])
async def test_ones_own_are_offered(town: Town, command: str) -> None:
    asked = await answer(town, "anna", f"!peiling {command}")
    assert asked.lines[0] == text("poll.which")
    assert offered(asked) == [3, 1]
    usage = asked.lines[1].values["usage"]
    assert usage.startswith(f"!peiling {command.split()[0]}")
    assert "3" in usage
    # Of one alone there is nothing to ask; a moderator may do it with each; who has none is told so.
    assert "Wanneer?" in await town.say("ben", f"!peiling {command}")
    assert offered(await answer(town, "mia", f"!peiling {command}")) == [3, 2, 1]
    assert (await answer(town, "cas", f"!peiling {command}")).lines[0].key == "poll.none_possible"


async def test_the_answer_is_a_button_with_the_command_that_was_typed(town: Town) -> None:
    asked = await answer(town, "cas", "!stem 2")
    assert offered(asked) == [3, 2, 1]
    assert asked.lines[1] == text("poll.which.how", usage='!stem "2" --peiling 3')
    voted = await town.core.handle(town.asked("cas", button=asked.buttons[1]))
    assert voted
    assert "“Wanneer?”: je koos B" in words_of(voted)
    # Now there is one in which they voted.
    assert "Wanneer?" in await town.say("cas", "!peiling intrekken")


async def test_what_is_planned_can_be_meant_too(town: Town) -> None:
    await town.say("ben", '!peiling open "Straks?" A | B --opent 2d')
    assert sorted(map(str, offered(await answer(town, "ben", "!peiling annuleer")))) == ["2", "4"]
    assert "Wanneer?" in await town.say("ben", "!peiling sluit")


async def test_where_one_may_not_vote_it_is_not_offered(town: Town) -> None:
    await town.say("mia", '!peiling open "Bestuur?" A | B --stemmers moderatoren')
    assert offered(await answer(town, "cas", "!stem 2")) == [3, 2, 1]
    assert offered(await answer(town, "mia", "!stem 2")) == [4, 3, 2, 1]


@pytest.mark.parametrize("words", ["!stem", "!stem 1", "!peiling intrekken"])
async def test_after_the_end_it_is_said_what_came_of_it(town: Town, words: str) -> None:
    await town.say("cas", "!stem 2 --peiling 2")
    for number in (1, 3, 2):
        town.clock.turn(timedelta(minutes=1))
        await town.say("mia", f"!peiling sluit {number} --zeker")
    said = await town.say("dora", words)
    assert "“Wanneer?” is gesloten" in said
    assert "B haalt het, met 1 stem." in said
    town.clock.turn(timedelta(days=8))
    assert (await answer(town, "dora", words)).lines[0].key == "poll.none_open"


async def test_whoever_says_no_answer_is_asked_for_one(town: Town) -> None:
    asked = await answer(town, "dora", "!stem")
    assert offered(asked) == [3, 2, 1]
    question = await town.core.handle(town.asked("dora", button=asked.buttons[0]))
    assert question
    assert "hoe stem je?" in words_of(question)
    assert [button.args for button in question.buttons] == [
        {"poll": 3, "option": number} for number in range(1, len(question.buttons) + 1)
    ]
    assert "hoe stem je?" in await town.say("dora", "!stem --peiling 2")
    # Nothing was done yet: another one may be chosen all the same.
    another = await town.core.handle(town.asked("dora", button=asked.buttons[1]))
    assert another
    assert another.buttons[0].args["poll"] == 2

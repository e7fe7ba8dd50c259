"""Ending a poll by hand."""

from __future__ import annotations

import pytest

from bot.model.message import Button, text
from tests.doubles.platform import open_town


@pytest.mark.parametrize("what", ["close", "cancel"])
async def test_whoever_ends_a_poll_is_asked_first_by_a_button_that_says_it_cannot_be_undone(
    what: str,
) -> None:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        opened = await town.core.handle(town.asked("anna", '!poll open "Wat?" A | B'))
        assert opened
        assert {button.style for button in opened.buttons} == {"plain"}
        asked = await town.core.handle(town.asked("anna", f"!poll {what} 1"))
        assert asked
        label, args = text(f"poll.button.{what}.sure"), {"poll": 1, "sure": True}
        assert asked.buttons == (Button(label, f"poll {what}", args, style="danger"),)
        ended = await town.core.handle(town.asked("anna", button=asked.buttons[0]))
        assert ended
        assert ended.lines[0].key in ("poll.closed.receipt", "poll.cancelled.receipt")


async def test_an_outcome_that_begins_with_the_number_of_a_poll_is_asked_back() -> None:
    """Everybody reads it: `!poll close 1` is typed like that, and an outcome is not."""
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        for question in ("Waar?", "Wat?"):
            await town.core.handle(town.asked("anna", f'!poll open "{question}" A | B'))
        for number in (1, 2):
            await town.core.handle(town.asked("anna", f"!poll close {number} --sure"))
        asked = await town.core.handle(town.asked("anna", "!poll outcome 1 We kopen er een"))
        assert asked
        assert [button.args["poll"] for button in asked.buttons] == [1, 2]
        assert [button.args["outcome"] for button in asked.buttons] == [
            "We kopen er een",
            "1 We kopen er een",
        ]
        for button in asked.buttons[:1]:
            said = await town.core.handle(town.asked("anna", button=button))
            assert said
            assert said.lines[0].values["question"] == "Waar?"
        said = await town.core.handle(town.asked("anna", "!poll outcome 3 banken erbij"))
        assert said
        assert said.lines[0].key == "poll.outcome.receipt", "there is no poll of that number"

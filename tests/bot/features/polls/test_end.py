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

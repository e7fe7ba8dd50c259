"""Which polls are suggested for a command."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.features.polls.find import suggest_polls
from bot.model.people import Place
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town

OPEN, PLANNED, CLOSED, CANCELLED = 1, 2, 3, 4


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """With a poll of each state."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        for opens in ("", " --opens 2d", "", ""):
            await town.say("anna", f'!poll open "Een bank?" A | B{opens}')
        await town.say("anna", f"!poll close {CLOSED} --sure")
        await town.say("anna", f"!poll cancel {CANCELLED} --sure")
        yield town


@pytest.mark.parametrize(
    ("command", "offered"),
    [
        ("poll vote", [OPEN]),
        ("poll withdraw", [OPEN]),
        ("poll close", [OPEN]),
        ("poll extend", [OPEN, PLANNED]),
        ("poll cancel", [OPEN, PLANNED]),
        ("poll show", [OPEN, PLANNED, CANCELLED, CLOSED]),
        ("poll again", [CLOSED, OPEN, PLANNED, CANCELLED]),
        ("poll outcome", [CLOSED, OPEN, PLANNED, CANCELLED]),
    ],
)
async def test_polls_are_suggested_for_what_can_be_done_with_them(
    town: Town, command: str, offered: list[int]
) -> None:
    def suggested(tx: Transaction) -> list[str | int]:
        call = town.core.dispatch.call_for_nobody(tx, "test:1")
        here = tx.places.known(Place(PLATFORM, "sport"))
        assert here
        call.theme_here, call.command = here[0], command
        return [choice.value for choice in suggest_polls(call, "bank")]

    assert await town.core.store.run(suggested) == offered

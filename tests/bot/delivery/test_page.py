"""An adapter that only shows, as a page does: it hears nothing, and is not made to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.people import Identity, Place
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.adapter import Adapter, Listener
from tests.doubles.platform import Town, open_town, words_of

HERE = Place("page", "sport")


class Page:
    """What stands on it, by where."""

    platform = account = "page"

    def __init__(self) -> None:
        self.stands: dict[str, str] = {}

    async def deliver(self, delivery: Delivery) -> Receipt:
        ref = delivery.replaces or (delivery.key,)
        self.stands[ref[0]] = words_of(delivery.message)
        return Receipt(ref)

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        self.stands.pop(ref[0], None)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, board_rest=0) as town:
        yield town


async def test_a_page_shows_what_others_say(town: Town) -> None:
    page: Adapter = Page()
    assert isinstance(page, Page)
    assert not isinstance(page, Listener)
    assert isinstance(town.platform, Listener)
    await town.core.serve(page)
    await town.joined("sport")
    await town.core.joined(page.account, HERE, "the page", "sport")
    await town.say("anna", '!poll open "Wat?" A | B')
    await town.core.run_due()
    await town.say("ben", "!vote 1")
    await town.core.run_due()
    (board,) = page.stands.values()
    assert board.startswith("Wat?")
    assert "1. A: 1 stem" in board

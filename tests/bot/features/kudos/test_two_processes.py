"""Two processes on one database: who is thanked in one says in the other how they like that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.features.kudos.records import KUDOS
from bot.ports.storage import Transaction
from tests.doubles.platform import Town, open_town

PAIRS = 20


@pytest.fixture
async def towns(database_url: str) -> AsyncIterator[tuple[Town, Town]]:
    async with open_town(database_url) as first, open_town(database_url, number=1_000_000) as second:
        await first.joined("sport")
        for number in range(PAIRS):
            for name in (f"giver{number}", f"receiver{number}"):
                await first.say(name, "!help")
        for town in (first, second):
            town.clock.turn(timedelta(days=8))
        yield first, second


@pytest.mark.parametrize("wish", ["muur uit", "privé"])
async def test_what_was_under_way_is_as_they_like_it_by_then(towns: tuple[Town, Town], wish: str) -> None:
    first, second = towns
    for number in range(PAIRS):
        await first.say(f"receiver{number}", "!bedankje instellingen muur aan")
    await asyncio.gather(
        *(
            first.say(f"giver{number}", f'!bedankt receiver{number} "voor de soep"')
            for number in range(PAIRS)
        ),
        *(second.say(f"receiver{number}", f"!bedankje instellingen {wish}") for number in range(PAIRS)),
    )

    def look(tx: Transaction) -> tuple[int, list[bool]]:
        theme = tx.places.theme_named("sport")
        assert theme
        found = [tx.of(KUDOS).look(number) for number in range(1, PAIRS + 1)]
        alone = [receiver.alone for each in found if each for receiver in each.receivers]
        return len(tx.of(KUDOS).wall([theme.id], PAIRS)), alone

    assert await first.core.store.run(look) == (0, [wish == "privé"] * PAIRS)

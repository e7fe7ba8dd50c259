"""Attacks on others' time, on names that two themes have, and on what is handed out."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from bot.model.events import Came
from bot.model.people import Identity, Place
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_propose import town as village
from tests.bot.features.themes.test_rooms import later
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town", "village"]
# So long it takes to ask Discord three things.
TAKES = 0.4


@pytest.mark.parametrize("themes", [1, 16], ids=["control", "attack"])
async def test_who_enters_all_themes_delays_nobody(
    town: Town, themes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = town.platform.admit

    async def slowly(_: object, place: Place, user: str, *, inside: bool) -> None:
        await asyncio.sleep(TAKES)
        await admit(place, user, inside=inside)

    names = ["".join(chr(97 + number) * 4) for number in range(themes)]
    for number, name in enumerate(names):
        if number % 4 == 0:
            town.clock.turn_to(town.clock.now() + timedelta(days=1))
        await town.say("mia", f'!thema voorstel "{name}" Over iets')
    for _ in range(2):
        await later(town)
    monkeypatch.setattr(type(town.platform), "admit", slowly)
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        for name in names:
            await town.say("mallory", f"!thema meedoen {name}")
            town.clock.turn_to(town.clock.now() + timedelta(milliseconds=50))
        await town.say("ben", "!thema meedoen Verlichting")
        said = time.monotonic()
        while "ben" not in inside(town):
            await asyncio.sleep(0.05)
        assert time.monotonic() - said < 2 + TAKES
    finally:
        running.cancel()


async def test_whoever_was_welcomed_is_handed_that(town: Town) -> None:
    """`!mijn gegevens` is said to give all that stands in what-is-kept, in which this is."""
    await town.core.came(Came(Place(PLATFORM, "sport"), (Identity(PLATFORM, "ben"),)))
    ben = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    assert ben
    kept = await town.core.export(ben.id)
    assert "welcomed" in kept, sorted(kept)

"""Attacks on polls in themes, by who pulls one and moderates nothing."""

from __future__ import annotations

import pytest

from tests.bot.features.themes.test_rooms import MADE, later
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import Town
from tests.doubles.polls import tally

__all__ = ["town"]


@pytest.mark.parametrize("unbinds", [False, True], ids=["control", "attack"])
async def test_who_only_pulls_it_takes_nobodys_vote(town: Town, unbinds: bool) -> None:
    """Whoever steers a poll moderates there, or opened it."""
    room = MADE.room_id
    await town.say("mia", '!peiling open "Meer lampen?" Ja | Nee', room=room)
    for name in ("ben", "cas"):
        await town.say(name, "!help", room=room)
    await town.say("ben", "!stem 1 --peiling 1", room=room)
    if unbinds:
        assert "losgemaakt" in await town.say("anna", "!thema ontkoppel Verlichting")
    await later(town)
    await town.say("cas", "!stem 2 --peiling 1", room=room)
    await later(town)
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 1]

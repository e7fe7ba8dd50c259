"""Which theme somebody means is found whatever they write, and nothing is learnt by what they can't see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model.people import FIRST_COMMUNITY, Place
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import theme
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]


@pytest.mark.parametrize("words", ["%", "a" * 1900, "%" * 7_000, "\ufdfa" * 1900])
async def test_whatever_is_looked_for_is_answered(town: Town, words: str) -> None:
    """A sign of one character can stand for many."""
    assert "Geen thema" in await town.say("ben", f"!thema lijst {words}")


@pytest.mark.parametrize("by", ["name", "number"])
async def test_of_who_is_not_of_the_community_the_same_is_asked_whatever_they_mean(
    town: Town, by: str
) -> None:
    first = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(first, names_places=True)})
    await town.core.joined(PLATFORM, Place(PLATFORM, "eigen"), "eigen", community=FIRST_COMMUNITY)
    await town.say("eve", "!help", room="eigen")
    there, asked = (await theme(town)).id, []
    for given in (f"theme:{there}", "theme:99") if by == "number" else ("Verlichting", "Bestaat niet"):
        town.platform.asked.clear()
        await pressed(town, "eve", "theme follow", "eigen", theme=given)
        asked.append(list(town.platform.asked))
    assert asked[0] == asked[1]

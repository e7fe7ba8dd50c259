"""`community setup`: a moderator hears what Plein lacks in their community, from each account at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.features.setup import MOST_LACKS
from bot.model.events import Lack
from bot.model.message import typed
from bot.model.people import FIRST_COMMUNITY, Place, Role
from tests.doubles.platform import PLATFORM, Platform, Town, open_town, words_of

SQUARE, MARKET = "square", "market"
OTHER = FIRST_COMMUNITY + 1


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.beside(SQUARE, MARKET)
        yield town


async def test_each_hears_what_is_lacking_in_theirs(town: Town) -> None:
    town.platform.lacks = {FIRST_COMMUNITY: [Lack(typed("No boards."))], OTHER: [Lack(typed("No files."))]}
    assert await town.say("mia", "!community setup", room=SQUARE) == (
        "Bij Voorbeeldgemeente mist Plein nog 1 ding:\nNo boards."
    )
    asked = replace(town.asked("zoe", "!gemeenschap richt in", room=MARKET), role=Role.MODERATOR)
    answer = await town.core.handle(asked)
    assert answer
    assert words_of(answer) == "Bij Other mist Plein nog 1 ding:\nNo files."
    town.platform.lacks = {}
    assert "Plein mist niets" in await town.say("mia", "!gemeenschap inrichten", room=SQUARE)


async def test_nobody_else_hears_it(town: Town) -> None:
    """Nor who moderates another community; and nothing is looked at for them."""
    town.platform.lacks = {FIRST_COMMUNITY: [Lack(typed("No boards."))], OTHER: [Lack(typed("No files."))]}
    for name, room in (("ben", SQUARE), ("mia", MARKET)):
        assert "alleen een moderator" in await town.say(name, "!gemeenschap richt in", room=room)
    assert town.platform.inspected == []


async def test_several_accounts_are_asked_and_one_that_is_silent_is_named(town: Town) -> None:
    town.platform.lacks = {FIRST_COMMUNITY: [Lack(typed("No boards."))]}
    other = Platform("elsewhere", "elsewhere", lacks=None)
    await town.core.serve(other)
    answer = await town.say("mia", "!gemeenschap richt in", room=SQUARE)
    assert "No boards." in answer
    assert "Wat er op Elsewhere nog mist, is nu niet te zien" in answer


async def test_what_is_brought_twice_is_looked_at_once(town: Town) -> None:
    town.platform.lacks = {FIRST_COMMUNITY: [Lack(typed("No boards."))]}
    asked = town.asked("mia", "!gemeenschap richt in", room=SQUARE)
    first = await town.core.handle(asked)
    town.platform.lacks = {}
    assert await town.core.handle(asked) == first
    assert town.platform.inspected == [FIRST_COMMUNITY]


async def test_of_very_much_the_first_is_told(town: Town) -> None:
    town.platform.lacks = {
        FIRST_COMMUNITY: [Lack(typed(f"Thing {number}.")) for number in range(MOST_LACKS + 3)]
    }
    answer = await town.say("mia", "!gemeenschap richt in", room=SQUARE)
    assert f"nog {MOST_LACKS + 3} dingen" in answer
    assert answer.count("Thing ") == MOST_LACKS
    assert "Nog 3 dingen missen." in answer


async def test_who_moderates_one_place_hears_of_no_other(town: Town) -> None:
    """What is lacking everywhere, and there; of other rooms not even their names."""
    here, hidden = Place(PLATFORM, SQUARE), Place(PLATFORM, "hidden")
    lacks = [
        Lack(typed("No boards.")),
        Lack(typed("No files here."), here),
        Lack(typed("In hidden."), hidden),
    ]
    town.platform.lacks = {FIRST_COMMUNITY: lacks}
    asked = replace(town.asked("zoe", "!gemeenschap richt in", room=SQUARE), role=Role.MODERATOR)
    answer = await town.core.handle(asked)
    assert answer
    assert words_of(answer).splitlines() == [
        "Bij Voorbeeldgemeente mist Plein nog 2 dingen:",
        "No boards.",
        "No files here.",
        "Nog 1 ding mist op een plek die je niet modereert. Dat hoort wie heel Voorbeeldgemeente modereert.",
    ]
    assert "In hidden." in await town.say("mia", "!gemeenschap richt in", room=SQUARE)

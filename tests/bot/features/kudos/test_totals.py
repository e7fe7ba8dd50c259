"""What counts in the totals of a year, who reads them, and what moderators are shown of groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.doubles.platform import Town, open_town

DAY = timedelta(days=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Mia moderates; Anna, Ben and Cas have been there for a week."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        for name in ("mia", "anna", "ben", "cas"):
            await town.say(name, "!help")
        town.clock.turn_to(town.clock.now() + 7 * DAY)
        yield town


async def thanks(town: Town, giver: str, who: str) -> None:
    assert "bedank" in await town.say(giver, f'!bedankt {who} "voor de soep"')


async def totals(town: Town, name: str = "anna") -> str:
    return await town.say(name, "!bedankje totalen", room=None)


async def test_they_are_off_until_a_moderator_wants_them(town: Town) -> None:
    assert "telt Plein hier niet op" in await totals(town)
    assert "moderator" in await town.say("anna", "!bedankje totalen aan")
    assert "vanaf nu" in await town.say("mia", "!bedankje totalen aan")
    assert "keer" in await totals(town)
    shown = await town.say("mia", "!gemeenschap toon")
    assert "mia zette “Of te lezen is hoe vaak er dit jaar bedankt werd” op ja." in shown
    assert "Niemand" in await town.say("mia", "!bedankje totalen uit")
    assert "telt Plein hier niet op" in await totals(town)
    assert "vanaf nu ja" in await town.say("mia", "!gemeenschap stel in totalen aan")
    assert "geen keuze" in await town.say("mia", "!gemeenschap stel in totalen misschien")
    assert "keer" in await totals(town)


async def test_what_counts_stands_thanks_nobody_back_and_is_of_this_year(town: Town) -> None:
    await town.say("mia", "!bedankje totalen aan")
    await thanks(town, "anna", "ben")
    await thanks(town, "ben", "anna")  # thanks back
    await thanks(town, "anna", "cas")
    await thanks(town, "cas", "ben, mia")
    assert "ingetrokken" in await town.say("anna", "!bedankje intrekken", room=None)
    assert await totals(town) == (
        "Bedankjes in 2026\nJij bedankte 1 keer.\nJij werd 0 keer bedankt.\nSamen bedankten we 2 keer.\n"
        "Je eigen getallen lees jij alleen. Van anderen toont Plein er nooit. "
        "Terug bedanken telt niet mee, en ook niet wat een account in zijn eerste zeven dagen gaf."
    )
    assert "werd 2 keer bedankt" in await totals(town, "ben")
    await town.linked("anna", "cas")
    assert "Jij bedankte 2 keer" in await totals(town)
    town.clock.turn_to(town.clock.now() + 30 * DAY)
    assert "2027\nJij bedankte 0 keer" in await totals(town)


async def test_what_an_account_gives_in_its_first_week_does_not_count(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport", theme="sport")
        for name in ("mia", "anna", "ben", "cas"):
            await town.say(name, "!help")
        await town.say("mia", "!bedankje totalen aan")
        await thanks(town, "anna", "ben")
        town.clock.turn_to(town.clock.now() + 7 * DAY)
        await thanks(town, "anna", "cas")
        assert "Jij bedankte 1 keer.\nJij werd 0 keer" in await totals(town)
        assert "werd 0 keer bedankt.\nSamen bedankten we 1 keer" in await totals(town, "ben")


async def test_a_moderator_sees_who_thank_nearly_only_each_other(town: Town) -> None:
    assert "moderator" in await town.say("anna", "!mod bedankjes")
    assert "geen groepje" in await town.say("mia", "!mod bedankjes")
    for _ in range(3):
        await thanks(town, "anna", "ben")
        town.clock.turn_to(town.clock.now() + 2 * DAY)
        await thanks(town, "ben", "anna")
        town.clock.turn_to(town.clock.now() + 2 * DAY)
    await thanks(town, "cas", "ben")
    said = await town.say("mia", "!mod bedankjes")
    assert "6 van 6 bedankjes bleven onder elkaar" in said
    assert "Er gebeurt niets vanzelf" in said
    await thanks(town, "anna", "ben, mia")
    await thanks(town, "ben", "mia")
    assert "geen groepje" in await town.say("mia", "!mod bedankjes")


async def test_what_is_longer_ago_is_not_looked_at(town: Town) -> None:
    for _ in range(6):
        await thanks(town, "anna", "ben")
        await thanks(town, "ben", "anna")  # thanks back
        town.clock.turn_to(town.clock.now() + DAY)
    assert "12 van 12" in await town.say("mia", "!mod bedankjes")
    town.clock.turn_to(town.clock.now() + 31 * DAY)
    assert "geen groepje" in await town.say("mia", "!mod bedankjes")

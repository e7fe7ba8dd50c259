"""Whether a reminder is elsewhere tells nobody: no answer does, nor what their platform is asked for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.doubles.platform import Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.joined("council", theme="Raad")
        for name, room in (("mia", "sport"), ("mia", "council"), ("eva", "sport")):
            await town.say(name, "!help", room=room)
        await town.say("mia", '!herinner hier "over 5 uur" geheim', room="council")
        await town.say("mia", '!herinner mij "over 5 uur" geheim', room=None)
        await town.say("mia", '!herinner hier "over 5 uur" "voor iedereen"', room="sport")
        yield town


@pytest.mark.parametrize("room", [None, "sport"])
async def test_which_numbers_are_a_hidden_themes_shows_in_nothing(town: Town, room: str | None) -> None:
    found = []
    for number in (1, 2, 99):
        before = len(town.platform.asked)
        said = await town.say("eva", f"!herinner stop {number}", room=room)
        found.append((said.replace(str(number), "N"), town.platform.asked[before:]))
    assert found[0] == found[1] == found[2]
    assert "N" in found[0][0]

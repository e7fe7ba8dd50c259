"""Attacks by what a room is called by hand, which its platform says as it is."""

from __future__ import annotations

import logging

import pytest

from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_rooms import MADE, later, state, told
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import Town

__all__ = ["town"]
BAD = {"control": "Lampen", "nul": "Lam\x00pen", "half": "Lam\ud800pen", "long": "Lampen " * 9000}


@pytest.mark.parametrize("how", BAD)
async def test_a_name_that_no_database_holds_stops_nothing(
    town: Town, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await told(town, MADE, BAD[how])
    await later(town)
    await town.say("ben", "!thema meedoen Verlichting" if how != "control" else "!thema meedoen Lampen")
    await later(town)
    assert "ben" in inside(town)
    errors = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert not errors
    assert (await state(town)).why is None
    assert max(map(len, town.platform.where(MADE.room_id))) < 2000

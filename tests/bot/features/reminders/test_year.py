"""A year of reminders that come back, against what shares no code with them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.bot.features.reminders.test_reminders import told
from tests.doubles.platform import Town, open_town


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Europe/Lisbon", "America/New_York"])
async def test_a_year_of_a_day_and_a_week(database_url: str, zone: str) -> None:
    """Each at its time on the wall, both changes of clocks included."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", "!help")
        await live_through(town, zone)


async def live_through(town: Town, zone: str) -> None:
    await town.say("anna", f"!mijn tijdzone {zone}", room=None)
    await town.say("anna", '!herinner mij "elke dag 19:30" "dag"', room=None)
    await town.say("anna", '!herinner mij "elke maandag 08:15" "week"', room=None)
    clock, heard = ZoneInfo(zone), []
    end = town.clock.now() + timedelta(days=365)
    while True:
        due = await town.core.store.read_anywhere(lambda tx: tx.jobs.next_due())
        if due is None or due > end:
            break
        town.clock.turn_to(due)
        before = len(told(town))
        await town.core.run_due()
        heard += [(due.astimezone(clock), words.rpartition(": ")[2]) for words in told(town)[before:]]
    days = [at for at, words in heard if words == "dag"]
    weeks = [at for at, words in heard if words == "week"]
    assert {(at.hour, at.minute) for at in days} == {(19, 30)}
    assert {(at.hour, at.minute, at.weekday()) for at in weeks} == {(8, 15, 0)}
    for each, by in ((days, 1), (weeks, 7)):
        assert {later.date() - at.date() for at, later in itertools.pairwise(each)} == {timedelta(days=by)}
    assert len(days) in (364, 365, 366)
    assert len(weeks) in (52, 53)

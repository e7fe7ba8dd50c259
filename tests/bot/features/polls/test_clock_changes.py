"""A week is a week on the clock, over both changes of the clocks, wherever that is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import when
from bot.clock import HandClock
from bot.features.polls.records import POLLS, Poll
from bot.main.app import open_core
from bot.main.config import Community, DatabaseSection, config_of
from bot.main.features import FEATURES, add_up
from storage.tables import jobs
from tests.doubles.platform import Platform, Town
from tests.test_people_tables import db


async def asked(town: Town, words: str) -> Poll:
    """The poll that these words open."""
    answer = await town.core.handle(town.asked("anna", words))
    assert answer
    number = answer.lines[0].values["poll"]
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(number, 0))
    assert found
    return found[0]


# In Brussels the clocks go forward in the night of 28 March 2027, and back in that of 31 October; in New York
# on 14 March and 7 November; in Lord Howe by half an hour, on 4 April and 3 October.
ZONES = [ZoneInfo(name) for name in ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe")]
CHANGES = [
    ("Europe/Brussels", datetime.fromisoformat("2027-03-25T19:00")),
    ("Europe/Brussels", datetime.fromisoformat("2027-10-28T19:00")),
    ("America/New_York", datetime.fromisoformat("2027-03-10T20:30")),
    ("America/New_York", datetime.fromisoformat("2027-11-03T20:30")),
    ("Australia/Lord_Howe", datetime.fromisoformat("2027-04-01T08:00")),
    ("Australia/Lord_Howe", datetime.fromisoformat("2027-10-01T08:00")),
]


@asynccontextmanager
async def a_town_in(zone: str, local: datetime) -> AsyncIterator[tuple[Town, ZoneInfo]]:
    """A town in that zone, where the clock on the wall shows this."""
    config = config_of(add_up(FEATURES))(
        community=Community(zone=zone), database=DatabaseSection(url="sqlite:///:memory:")
    )
    clock, platform = HandClock(local.replace(tzinfo=ZoneInfo(zone))), Platform()
    async with open_core(config, clock, 0, FEATURES) as core:
        await core.serve(platform)
        town = Town(core, platform, clock)
        await town.joined("sport")
        yield town, ZoneInfo(zone)


@pytest.mark.parametrize(("zone", "local"), CHANGES)
async def test_a_week_is_a_week_on_the_clock(zone: str, local: datetime) -> None:
    async with a_town_in(zone, local) as (town, here):
        poll = await asked(town, '!poll open "Wat?" A | B')
        assert poll.closes_at.astimezone(here).replace(tzinfo=None) == local + timedelta(days=7)


@pytest.mark.parametrize(("zone", "local"), CHANGES)
@pytest.mark.parametrize("span", ["7d", "5d", "1w"])
async def test_a_span_of_days_keeps_its_hour(zone: str, local: datetime, span: str) -> None:
    async with a_town_in(zone, local) as (town, here):
        poll = await asked(town, f'!poll open "Wat?" A | B --closes {span}')
        days = timedelta(days=5 if span == "5d" else 7)
        assert poll.closes_at.astimezone(here).replace(tzinfo=None) == local + days


@pytest.mark.parametrize(("zone", "local"), CHANGES)
async def test_again_lasts_as_many_days_over_a_change(zone: str, local: datetime) -> None:
    before = local - timedelta(days=20)
    async with a_town_in(zone, before) as (town, here):
        await asked(town, '!poll open "Wat?" A | B --closes 5d')
        town.clock.turn_to(local.replace(tzinfo=here))
        await town.core.run_due()
        poll = await asked(town, "!poll again 1")
        assert poll.closes_at.astimezone(here).replace(tzinfo=None) == local + timedelta(days=5)


@pytest.mark.parametrize(("zone", "local"), CHANGES)
async def test_hours_are_hours_over_a_change(zone: str, local: datetime) -> None:
    async with a_town_in(zone, local) as (town, _):
        poll = await asked(town, '!poll open "Wat?" A | B --closes 120h')
        assert poll.closes_at - poll.opened_at == timedelta(hours=120)


@pytest.mark.parametrize(("zone", "local"), CHANGES)
async def test_a_reminder_comes_at_that_hour_the_day_before(zone: str, local: datetime) -> None:
    async with a_town_in(zone, local) as (town, here):
        poll = await asked(town, '!poll open "Wat?" A | B --closes 4d')
        reminders = select(jobs.c.due_at).where(jobs.c.kind == "poll.remind")
        due: datetime = await town.core.store.run(lambda tx: db(tx).execute(reminders).scalar())
        assert due < poll.closes_at
        assert due.astimezone(here).replace(tzinfo=None) == local + timedelta(days=3)


@given(
    st.datetimes(
        datetime.fromisoformat("2026-01-01T00:00"),
        datetime.fromisoformat("2028-01-01T00:00"),
        timezones=st.sampled_from(ZONES),
    ),
    st.timedeltas(timedelta(), timedelta(days=30)),
)
def test_what_lies_between_leads_to_the_end_again(start: datetime, lasted: timedelta) -> None:
    zone = start.tzinfo
    assert zone
    end = start.astimezone(UTC) + timedelta(seconds=int(lasted.total_seconds()))
    span = when.between(start, end, zone)
    assert when.after(start, span, zone) == end
    assert abs(span.seconds) < 86_400 + 3600

"""When what comes back is due next, against a walk over the days that shares no code with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features.reminders.records import Repeated, first_after, missed_and_next, moment
from bot.when import Rule

BRUSSELS, LISBON, NEW_YORK = map(ZoneInfo, ("Europe/Brussels", "Europe/Lisbon", "America/New_York"))
# Where the clocks change by half an hour, and at midnight.
ODD = map(ZoneInfo, ("Australia/Lord_Howe", "America/Havana"))
ZONES = st.sampled_from([BRUSSELS, LISBON, NEW_YORK, *ODD])
WALLS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
START = date(2026, 12, 1)


def walked(weekdays: set[int], wall: time, zone: ZoneInfo, first: date, until: datetime) -> list[datetime]:
    """Day after day: those on these weekdays, at that time, or after the hour that the clocks skip."""
    found: list[datetime] = []
    day = first
    while True:
        naive = datetime.combine(day, wall)
        # Of an hour that is skipped, what was before the change decides.
        at = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if at > until:
            return [*found, at] if day.weekday() in weekdays else found
        if day.weekday() in weekdays:
            found.append(at)
        day += timedelta(days=1)


@settings(max_examples=200, deadline=None)
@given(
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    wall=WALLS,
    zone=ZONES,
    after=st.timedeltas(timedelta(0), timedelta(days=500)),
)
def test_the_last_that_was_missed_and_the_next(
    weekdays: set[int], wall: time, zone: ZoneInfo, after: timedelta
) -> None:
    rule = Rule.weekly(*weekdays)
    begins = datetime.combine(START, time(), UTC)
    due = first_after(Repeated(rule, wall, START), begins, zone)
    assert due
    now = due + after
    last, following = missed_and_next(rule, wall, zone, due, now)
    walk = walked(weekdays, wall, zone, START, now)
    assert last == max(at for at in walk if at <= now)
    assert following
    assert last <= now < following
    assert following == min(at for at in walked(weekdays, wall, zone, START, following) if at > now)


@given(every=st.integers(1, 20), after=st.integers(0, 400), wall=WALLS)
def test_every_so_many_days_are_counted_from_the_first(every: int, after: int, wall: time) -> None:
    rule = Rule.daily(every)
    due = moment(START, wall, BRUSSELS)
    last, following = missed_and_next(rule, wall, BRUSSELS, due, due + timedelta(days=after))
    assert following
    passed = [at.astimezone(BRUSSELS).date() - START for at in (last, following)]
    assert all(by.days % every == 0 for by in passed)
    assert (passed[1] - passed[0]).days == every


@pytest.mark.parametrize(
    ("day", "wall", "at"),
    [
        # The clocks go from two to three, and back from three to two.
        (date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (date(2027, 10, 31), time(2, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (date(2027, 3, 28), time(3, 0), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice(day: date, wall: time, at: datetime) -> None:
    assert moment(day, wall, BRUSSELS) == at


def test_what_has_no_end_ends_somewhere() -> None:
    due = datetime(2200, 12, 31, 8, tzinfo=UTC)
    assert first_after(Repeated(Rule.daily(), time(9), date(2300, 1, 1)), due, BRUSSELS) is None
    assert missed_and_next(Rule.daily(), time(9), BRUSSELS, due, due) == (due, None)

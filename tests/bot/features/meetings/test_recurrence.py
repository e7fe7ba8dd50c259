"""On which days a series falls, and when that is: against an oracle that counts days by itself."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features.meetings.records import Recurrence
from bot.when import LAST, LeftOut, Rule

ZONES = [ZoneInfo(name) for name in ("Europe/Brussels", "Europe/Lisbon", "America/New_York")]
DAY = timedelta(days=1)
THREE_YEARS = 3 * 366
# Both changes of the clocks are at one of these in each of the zones; and a meeting is in the evening.
WALLS = [time(0, 30), time(1, 0), time(1, 30), time(2, 0), time(2, 30), time(3, 0), time(19, 30)]
# With a leap day in them.
firsts = st.dates(date(2026, 11, 28), date(2028, 3, 2))
weekdays = st.integers(0, 6)
nths = st.sampled_from([1, 2, 3, 4, 5, LAST])
days_of_month = st.sampled_from([1, 15, 28, 29, 30, 31, LAST])
rules = st.one_of(
    st.builds(Rule.daily, st.integers(1, 40)),
    st.builds(
        lambda days, every: Rule.weekly(*days, every=every),
        st.sets(weekdays, min_size=1, max_size=3),
        st.integers(1, 5),
    ),
    st.builds(Rule.by_weekday, nths, weekdays, st.integers(1, 6)),
    st.builds(Rule.by_day, days_of_month, st.integers(1, 6)),
    st.builds(lambda month, day: Rule.yearly(month, day), st.sampled_from([1, 2, 12]), st.integers(1, 29)),
    st.builds(
        lambda month, nth, day: Rule.yearly(month, nth=nth, weekday=day), st.integers(1, 12), nths, weekdays
    ),
)


def falls_on(rule: Rule, day: date) -> bool:
    """Whether it may, however often it does."""
    if rule.unit == "days":
        return True
    if rule.unit == "weeks":
        return day.weekday() in rule.weekdays
    if rule.month and day.month != rule.month:
        return False
    last = monthrange(day.year, day.month)[1]
    if rule.day:
        return day.day == (last if rule.day == LAST else rule.day)
    counted = day.day + 7 > last if rule.nth == LAST else day.day in range(7 * rule.nth - 6, 7 * rule.nth + 1)
    return counted and day.weekday() == rule.weekdays[0]


def apart(rule: Rule, begin: date, day: date) -> int:
    """How many of its days, weeks, months or years there are between."""
    if rule.unit == "days":
        return (day - begin).days
    if rule.unit == "weeks":
        return ((day - day.weekday() * DAY) - (begin - begin.weekday() * DAY)).days // 7
    if rule.unit == "years":
        return day.year - begin.year
    return (day.year - begin.year) * 12 + day.month - begin.month


def moment(day: date, wall: time, zone: ZoneInfo) -> datetime | None:
    """The first instant at which the clocks there show that; None where they never do."""
    shown = datetime.combine(day, wall)
    midnight = datetime.combine(day - DAY, time(), UTC)
    quarters = (midnight + timedelta(minutes=15) * number for number in range(4 * 72))
    return next((at for at in quarters if at.astimezone(zone).replace(tzinfo=None) == shown), None)


def expected(recurrence: Recurrence, end: date) -> Iterator[date]:
    """The days of three years on which it falls."""
    begin = None
    for number in range(THREE_YEARS):
        day = recurrence.first + number * DAY
        if day > min(recurrence.until or end, end):
            return
        if falls_on(recurrence.rule, day):
            begin = begin or day
            if apart(recurrence.rule, begin, day) % recurrence.rule.every == 0:
                yield day


@given(
    rule=rules,
    first=firsts,
    wall=st.sampled_from(WALLS),
    zone=st.sampled_from(ZONES),
    lasts=st.none() | st.integers(0, 900),
    gap=st.none() | st.tuples(st.integers(0, 500), st.integers(0, 60)),
)
def test_its_days_are_those_that_a_calendar_has(
    rule: Rule,
    first: date,
    wall: time,
    zone: ZoneInfo,
    lasts: int | None,
    gap: tuple[int, int] | None,
) -> None:
    span = (first + gap[0] * DAY, first + (gap[0] + gap[1]) * DAY) if gap else None
    recurrence = Recurrence(
        rule=rule,
        wall=wall,
        zone=zone,
        first=first,
        until=None if lasts is None else first + lasts * DAY,
        left_out=LeftOut(spans=(span,)) if span else LeftOut(),
    )
    end = first + (THREE_YEARS - 1) * DAY
    found = {}
    for occurrence in recurrence.occurrences():
        if occurrence.day > end:
            break
        found[occurrence.day] = occurrence
    days = list(expected(recurrence, end))
    assert list(found) == days
    for day in days:
        away = span is not None and span[0] <= day <= span[1]
        at = None if away else moment(day, wall, zone) if wall.hour < 4 else found[day].start
        assert found[day].start == at, day
        assert (found[day].why is None) == (at is not None)
        if at:
            assert at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, wall)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "at"),
    [
        ("Europe/Brussels", date(2027, 3, 28), time(2, 30), None),
        ("Europe/Brussels", date(2027, 10, 31), time(2, 30), "2027-10-31T00:30"),
        ("Europe/Brussels", date(2027, 3, 28), time(19, 30), "2027-03-28T17:30"),
        ("Europe/Brussels", date(2027, 10, 31), time(19, 30), "2027-10-31T18:30"),
        ("Europe/Lisbon", date(2027, 3, 28), time(1, 30), None),
        ("Europe/Lisbon", date(2027, 10, 31), time(1, 30), "2027-10-31T00:30"),
        ("America/New_York", date(2027, 3, 14), time(2, 30), None),
        ("America/New_York", date(2027, 11, 7), time(1, 30), "2027-11-07T05:30"),
        ("Europe/Brussels", date(2028, 2, 29), time(19, 30), "2028-02-29T18:30"),
    ],
)
def test_when_the_clocks_change(zone: str, day: date, wall: time, at: str | None) -> None:
    recurrence = Recurrence(
        rule=Rule.daily(), wall=wall, zone=ZoneInfo(zone), first=day - 3 * DAY, until=day + 3 * DAY
    )
    found = {occurrence.day: occurrence.start for occurrence in recurrence.occurrences()}
    assert found[day] == (datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None)
    assert len([start for start in found.values() if start]) == (7 if at else 6)


@given(rule=rules, first=firsts, later=st.integers(0, 400), wall=st.sampled_from(WALLS))
def test_moved_it_begins_on_that_day_and_comes_back_as_often(
    rule: Rule, first: date, later: int, wall: time
) -> None:
    before = Recurrence(rule=rule, wall=time(20), zone=ZONES[0], first=first)
    day = first + later * DAY
    if len(rule.weekdays) > 1 and day.weekday() not in rule.weekdays:
        with pytest.raises(UserError) as caught:
            before.begun_by(day, wall)
        assert caught.value.text.key == "meeting.series.weekdays"
        return
    now = before.begun_by(day, wall)
    assert next(now.occurrences()).day == day
    assert (now.rule.unit, now.rule.every, now.wall) == (rule.unit, rule.every, wall)
    assert bool(now.rule.nth) == bool(rule.nth)
    assert list(expected(now, day))[:1] == [day]


@pytest.mark.parametrize(
    ("rule", "first", "often", "in_the_year"),
    [
        (Rule.weekly(0, 3), date(2027, 2, 15), False, 105),
        (Rule.weekly(0, 3), date(2027, 2, 18), False, 105),
        (Rule.weekly(0, 2, 4), date(2027, 2, 15), True, None),
        (Rule.daily(), date(2027, 2, 15), True, None),
        (Rule.daily(4), date(2027, 2, 15), False, 92),
        (Rule.by_day(1), date(2027, 1, 1), False, 12),
        (Rule.yearly(1, 1), date(2027, 1, 1), False, 1),
        (Rule.yearly(2, 29), date(2028, 2, 29), False, 1),
        (Rule.weekly(1), date(2026, 12, 8), False, 53),
    ],
)
def test_how_often_in_a_year(rule: Rule, first: date, often: bool, in_the_year: int | None) -> None:
    recurrence = Recurrence(rule=rule, wall=time(20), zone=ZONES[0], first=first)
    assert recurrence.is_too_often is often
    if in_the_year is not None:
        assert len(recurrence.within_a_year()) == in_the_year

"""What comes back as a value: as it is written, on which days it falls, and when that is."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from time import thread_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import when
from bot.errors import UserError
from bot.texts import Texts, Voice
from bot.when import Rule
from bot.when.rule import LAST, Never
from tests.chat import BRUSSELS, NOW

MO, TU, WE, TH, FR, SA, SU = range(7)
TEXTS = Texts()
# A Tuesday, the second of its month.
TUESDAY = date(2026, 12, 8)


def written(rule: Rule, locale: str) -> str:
    return TEXTS.write(when.in_words(rule), Voice(locale, BRUSSELS, NOW))


def gaps(rule: Rule, locale: str = "nl") -> str | None:
    found = when.gaps(rule)
    return TEXTS.write(found, Voice(locale, BRUSSELS, NOW)) if found else None


# --- as it is written ---


@pytest.mark.parametrize(
    ("rule", "dutch", "english"),
    [
        (Rule.weekly(TU, TH), "elke dinsdag en donderdag", "every Tuesday and Thursday"),
        (Rule.weekly(TU, TH, every=2), "om de 2 weken op dinsdag en donderdag",
         "every 2 weeks on Tuesday and Thursday"),
        (Rule.weekly(0, 1, 2, 3, 4), "elke werkdag", "every weekday"),
        (Rule.by_weekday(1, MO), "elke eerste maandag van de maand", "the first Monday of every month"),
        (Rule.by_weekday(LAST, FR, 3), "om de 3 maanden op de laatste vrijdag",
         "every 3 months on the last Friday"),
        (Rule.by_day(31), "elke 31ste van de maand", "the 31st of every month"),
        (Rule.by_day(2, 2), "om de 2 maanden op de 2de", "every 2 months on the 2nd"),
        (Rule.by_day(LAST), "elke laatste dag van de maand", "the last day of every month"),
        (Rule.yearly(7, 11), "elk jaar op 11 juli", "every year on 11 July"),
        (Rule.yearly(9, nth=1, weekday=SU), "elk jaar op de eerste zondag van september",
         "every year on the first Sunday of September"),
        (Rule.daily(), "elke dag", "every day"),
        (Rule.daily(3), "om de 3 dagen", "every 3 days"),
    ],
)  # fmt: skip
def test_it_is_written_as_people_write_it(rule: Rule, dutch: str, english: str) -> None:
    assert (written(rule, "nl"), written(rule, "en")) == (dutch, english)


def test_what_it_does_without_is_said() -> None:
    assert gaps(Rule.by_day(31)) == "maanden zonder 31ste vallen weg"
    assert gaps(Rule.by_day(31), "en") == "months without a 31st are left out"
    assert gaps(Rule.by_day(29)) == "februari valt weg, behalve in een schrikkeljaar"
    assert gaps(Rule.yearly(2, 29)) == "enkel in een schrikkeljaar"
    assert gaps(Rule.by_weekday(5, TU)) == "maanden zonder vijfde dinsdag vallen weg"
    assert gaps(Rule.yearly(5, nth=5, weekday=TU)) == "jaren zonder vijfde dinsdag in die maand vallen weg"
    for rule in (Rule.by_day(28), Rule.by_day(LAST), Rule.by_weekday(4, TU), Rule.yearly(7, 31)):
        assert gaps(rule) is None


WEEKDAYS = st.integers(0, 6)
NTHS = st.sampled_from([1, 2, 3, 4, 5, LAST])
RULES = st.one_of(
    st.builds(Rule.daily, st.integers(1, 366)),
    st.builds(
        lambda weekdays, every: Rule.weekly(*weekdays, every=every),
        st.sets(WEEKDAYS, min_size=1),
        st.integers(1, 53),
    ),
    st.builds(Rule.by_weekday, NTHS, WEEKDAYS, st.integers(1, 24)),
    st.builds(Rule.by_day, st.integers(1, 31) | st.just(LAST), st.integers(1, 24)),
    st.builds(lambda day: Rule.yearly(day.month, day.day), st.dates(date(2028, 1, 1), date(2028, 12, 31))),
    st.builds(lambda month: Rule.yearly(month, LAST), st.integers(1, 12)),
    st.builds(lambda month, nth, weekday: Rule.yearly(month, nth=nth, weekday=weekday),
              st.integers(1, 12), NTHS, WEEKDAYS),
)  # fmt: skip
FIRSTS = st.dates(date(2026, 1, 1), date(2040, 1, 1))


# --- which days ---


def days_by_hand(rule: Rule, first: date, until: date) -> Iterator[date]:
    """Every day looked at, one after the other."""
    begin = None
    for number in range(first.toordinal(), until.toordinal()):
        day = date.fromordinal(number)
        length = calendar.monthrange(day.year, day.month)[1]
        if rule.month and day.month != rule.month:
            continue
        if rule.weekdays and day.weekday() not in rule.weekdays:
            continue
        if rule.nth == LAST and day.day + 7 <= length:
            continue
        if rule.nth > 0 and not 7 * rule.nth - 6 <= day.day <= 7 * rule.nth:
            continue
        if rule.day and day.day != (length if rule.day == LAST else rule.day):
            continue
        begin = begin or day
        passed = {
            "days": (day - begin).days,
            "weeks": (day - begin + timedelta(days=begin.weekday())).days // 7,
            "months": 12 * (day.year - begin.year) + day.month - begin.month,
            "years": 0,
        }
        if passed[rule.unit] % rule.every == 0:
            yield day


@given(RULES, FIRSTS)
@example(Rule.by_day(31, 2), date(2027, 1, 31))
@example(Rule.by_day(29, 12), date(2028, 2, 29))
@example(Rule.yearly(2, 29), date(2026, 12, 1))
def test_it_falls_on_the_days_that_looking_at_each_one_finds(rule: Rule, first: date) -> None:
    until = first + timedelta(days=2200)
    by_hand = list(islice(days_by_hand(rule, first, until), 12))
    found = [day for day in islice(when.dates(rule, first), 12) if day < until]
    assert found == by_hand
    assert all(day >= first for day in found)
    assert when.fits(rule, first) == (by_hand[:1] == [first])


@given(RULES, FIRSTS)
def test_it_ends_and_costs_little(rule: Rule, first: date) -> None:
    began = thread_time()
    assert all(a < b for a, b in zip(*(islice(when.dates(rule, first), n, 105 + n) for n in (0, 1))))  # noqa: B905
    assert thread_time() - began < 5  # a rule that runs on costs minutes
    assert list(when.dates(rule, date(2201, 1, 1))) == []
    assert all(day.year < 2201 for day in when.dates(rule, date(2199, 12, 1)))


@given(RULES)
def test_it_is_kept_as_text(rule: Rule) -> None:
    kept = rule.as_kept()
    assert Rule.from_kept(kept) == rule
    assert len(kept) < 80


@pytest.mark.parametrize(
    "kept",
    [
        *("", "null", "[]", "3", '"elke dinsdag"', "{}", "FREQ=DAILY", '{"unit":"hours"}'),
        *('{"unit":"days","every":0}', '{"unit":"days","every":-1}', '{"unit":"days","every":"2"}'),
        *('{"unit":"weeks"}', '{"unit":"weeks","weekdays":[7]}', '{"unit":"weeks","weekdays":["a"]}'),
        *('{"unit":"weeks","weekdays":[1,1]}', '{"unit":"months"}', '{"unit":"months","day":32}'),
        *('{"unit":"months","nth":1}', '{"unit":"months","nth":6,"weekdays":[1]}', '{"unit":"days","x":1}'),
        *('{"unit":"months","nth":1,"weekdays":[1],"day":1}', '{"unit":"years","day":3}'),
        *(
            '{"unit":"years","month":2,"day":30}',
            '{"unit":"days","every":1.5}',
            '{"unit":"days","every":true}',
        ),
        *(
            '{"unit":"months","day":2.5}',
            '{"unit":"weeks","weekdays":[1.0]}',
            '{"unit":["days"]}',
            "[" * 99_999,
        ),
    ],
)
def test_what_is_kept_and_is_no_rule_is_refused(kept: str) -> None:
    with pytest.raises(ValueError):
        Rule.from_kept(kept)


@given(RULES, st.integers(0, 9_000))
def test_seen_from_a_later_day_they_are_the_same_days(rule: Rule, later: int) -> None:
    since = TUESDAY + timedelta(days=later)
    seen = islice(when.dates(rule, TUESDAY, since), 5)
    assert list(seen) == list(islice((day for day in when.dates(rule, TUESDAY) if day >= since), 5))


def test_what_began_ages_ago_is_not_reckoned_from_there() -> None:
    began = thread_time()
    for rule in (Rule.daily(3), Rule.weekly(*range(7)), Rule.by_day(31), Rule.yearly(2, 29)):
        assert next(when.dates(rule, date(1, 1, 2), TUESDAY)) >= TUESDAY
    assert thread_time() - began < 0.2


def test_a_day_that_no_year_has_is_no_rule() -> None:
    with pytest.raises(Never):
        Rule.yearly(4, 31)
    assert list(islice(when.dates(Rule.yearly(2, 29), TUESDAY), 2)) == [date(2028, 2, 29), date(2032, 2, 29)]


# --- when that is ---

NAMES = ("Europe/Brussels", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe")
ZONES = st.sampled_from([ZoneInfo(name) for name in NAMES])


def walls(day: date, zone: ZoneInfo) -> set[datetime]:
    """Every minute that the clocks there show around that day, by going through them in UTC."""
    begin = datetime.combine(day, time(), UTC) - timedelta(hours=14)
    minutes = (begin + timedelta(minutes=minute) for minute in range(40 * 60))
    return {minute.astimezone(zone).replace(tzinfo=None) for minute in minutes}


@given(ZONES, st.times(), FIRSTS)
@example(BRUSSELS, time(19, 30), date(2027, 3, 22))
@example(BRUSSELS, time(2, 30), date(2027, 3, 22))
@example(BRUSSELS, time(2, 30), date(2027, 10, 25))
def test_the_hour_stays_on_the_wall(zone: ZoneInfo, wall: time, first: date) -> None:
    for day in islice(when.dates(Rule.weekly(SA, SU), first), 60):
        try:
            moment = when.at(day, wall, zone)
        except UserError:
            assert datetime.combine(day, wall.replace(second=0, microsecond=0)) not in walls(day, zone)
            continue
        on_the_wall = moment.astimezone(zone)
        assert (moment.tzinfo, on_the_wall.date(), on_the_wall.time()) == (UTC, day, wall)
        assert on_the_wall.fold == 0


def test_an_hour_that_the_clocks_skip_is_told_and_of_one_that_comes_twice_it_is_the_first() -> None:
    with pytest.raises(UserError) as skipped:
        when.at(date(2027, 3, 28), time(2, 30), BRUSSELS)
    said = TEXTS.write(skipped.value.text, Voice("nl", BRUSSELS, NOW))
    assert said.startswith("Op zondag 28 maart 2027 bestaat 02.30 uur niet")
    assert when.at(date(2027, 10, 31), time(2, 30), BRUSSELS) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    with pytest.raises(UserError):
        when.at(date(2011, 12, 30), time(12), ZoneInfo("Pacific/Apia"))  # the whole day was skipped

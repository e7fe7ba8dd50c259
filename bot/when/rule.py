"""A repetition as a value: which days it falls on, and when that is on a zone's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile
from typing import Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MO, MONTHLY, WEEKLY, YEARLY, rrule
from dateutil.rrule import weekday as on_weekday

from bot.errors import UserError

# Past this nobody has plans, and nothing has to be reckoned.
_END = datetime(2200, 12, 31)  # noqa: DTZ001 - days on the wall, as rrule wants them
LAST = -1
Every = Literal["days", "weeks", "months", "years"]
MOST: Mapping[Every, int] = {"days": 366, "weeks": 53, "months": 24, "years": 1}
_LONGEST_MONTHS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
_FREQUENCIES: Mapping[Every, Literal[0, 1, 2, 3]] = {
    "days": DAILY,
    "weeks": WEEKLY,
    "months": MONTHLY,
    "years": YEARLY,
}


class Never(ValueError):
    """There is no such day in any year: 30 February."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One of five shapes: every so many days; weeks, on weekdays; months, on the nth weekday of the month
    or on a day of it; and every year, on either of these in one month.

    `weekdays` from 0 (Monday) on; `nth` and `day` are `LAST` for the last one of the month.

    Raises: ValueError for anything else, Never for a day that no year has.
    """

    unit: Every
    every: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int = 0
    day: int = 0
    month: int = 0

    def __post_init__(self) -> None:
        numbers = (self.every, self.nth, self.day, self.month, *self.weekdays)
        # No fraction, and no yes or no: it may come from a button.
        if any(type(number) is not int for number in numbers):
            raise ValueError(self)
        if self.unit not in get_args(Every) or not 1 <= self.every <= MOST[self.unit]:
            raise ValueError(self)
        if list(self.weekdays) != sorted({*self.weekdays}) or not {*self.weekdays} <= {*range(7)}:
            raise ValueError(self)
        by_weekday = self.nth in (1, 2, 3, 4, 5, LAST) and len(self.weekdays) == 1 and not self.day
        by_day = (self.day == LAST or 1 <= self.day <= 31) and not self.weekdays and not self.nth
        fits = {
            "days": not (self.weekdays or self.nth or self.day or self.month),
            "weeks": bool(self.weekdays) and not (self.nth or self.day or self.month),
            "months": (by_weekday or by_day) and not self.month,
            "years": (by_weekday or by_day) and 1 <= self.month <= 12,
        }
        if not fits[self.unit]:
            raise ValueError(self)
        if self.month and self.day > _LONGEST_MONTHS[self.month]:
            raise Never(self)

    @classmethod
    def daily(cls, every: int = 1) -> Self:
        """Every so many days."""
        return cls(unit="days", every=every)

    @classmethod
    def weekly(cls, *weekdays: int, every: int = 1) -> Self:
        """On these weekdays, every so many weeks."""
        return cls(unit="weeks", every=every, weekdays=tuple(sorted({*weekdays})))

    @classmethod
    def by_weekday(cls, nth: int, weekday: int, every: int = 1) -> Self:
        """On the nth or last of a weekday in the month, every so many months."""
        return cls(unit="months", every=every, nth=nth, weekdays=(weekday,))

    @classmethod
    def by_day(cls, day: int, every: int = 1) -> Self:
        """On that day of the month, every so many months."""
        return cls(unit="months", every=every, day=day)

    @classmethod
    def yearly(cls, month: int, day: int = 0, *, nth: int = 0, weekday: int | None = None) -> Self:
        """Every year in that month: on a day of it, or on the nth or last of a weekday."""
        weekdays = () if weekday is None else (weekday,)
        return cls(unit="years", month=month, day=day, nth=nth, weekdays=weekdays)

    def as_kept(self) -> str:
        """As it stands in a column: JSON, with no more than its shape needs."""
        said = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def from_kept(cls, kept: str) -> Self:
        """Raises: ValueError where it is none."""
        try:
            values: dict[str, Any] = json.loads(kept)
            return cls(**{**values, "weekdays": tuple(values.get("weekdays", ()))})
        except (TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ValueError(kept) from error


def dates(rule: Rule, first: date, since: date | None = None) -> Iterator[date]:
    """Its days from the first on, which is one of them where it fits, up to the year 2200.

    The first that fits begins it: the weeks, months or days between are counted from there. Of those before
    `since` nothing is said, nor reckoned, however long ago it began.
    """
    begin = next(_days(rule, first, 1), None)
    if begin is None:
        return iter(())
    if since is None or since <= begin:
        return _days(rule, begin, rule.every)
    later = _days(rule, _shortly_before(rule, begin, since), rule.every)
    return dropwhile(lambda day: day < since, later)


def _shortly_before(rule: Rule, begin: date, since: date) -> date:
    """From when on its days are the same as they were from the first on."""
    if rule.unit == "days":
        return since - timedelta(days=(since - begin).days % rule.every)
    if rule.unit == "weeks":
        monday = begin - timedelta(days=begin.weekday())
        return max(begin, since - timedelta(days=(since - monday).days % (7 * rule.every)))
    every = rule.every if rule.unit == "months" else 12
    months = (since.year - begin.year) * 12 + since.month - begin.month
    year, month = divmod(begin.year * 12 + begin.month - 1 + months // every * every, 12)
    return max(begin, date(year, month + 1, 1))


def fits(rule: Rule, day: date) -> bool:
    """Whether a repetition can begin on that day, as one of its own."""
    return next(dates(rule, day), None) == day


def _days(rule: Rule, first: date, every: int) -> Iterator[date]:
    """By dateutil, which is told nothing that anybody wrote."""
    if first > _END.date():
        return
    weekdays = [on_weekday(weekday, rule.nth or None) for weekday in rule.weekdays]
    found = rrule(
        _FREQUENCIES[rule.unit],
        dtstart=datetime.combine(first, time()),
        interval=every,
        until=_END,
        wkst=MO,
        bymonth=rule.month or None,
        bymonthday=rule.day or None,
        byweekday=weekdays or None,
    )
    yield from (moment.date() for moment in found)


def at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """When it is that time on the clocks there, in UTC; of an hour that comes twice that night, the first.

    Raises: UserError where the clocks skip it that night.
    """
    local = datetime.combine(day, wall.replace(tzinfo=None, fold=0), zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise UserError("when.rule.no_such_hour", day=day, hour=f"{wall:%H.%M}")
    return moment

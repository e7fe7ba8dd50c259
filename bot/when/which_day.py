"""Which day it is that the words name: a date, a weekday, a holiday, the end of the month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.when.language import MONTH, WEEK, YEAR, Holiday, Unit
from bot.when.phrase import WHOLE_DAY, Said
from bot.when.tokens import Unread

# Until this hour people who are still up say "morgen" for the day that has begun.
_STILL_UP = 4
# A day without its year that is over only so long may be a slip.
_JUST_OVER = timedelta(days=60)
_SUNDAY = 6
_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)


def days_of(said: Said, now: datetime) -> list[date]:
    """The days that it can be, all but always one. Raises: Unread where what is said does not agree."""
    today = now.date()
    if said.day is not None:
        days = _dated(said, today)
    elif said.holiday is not None:
        days = _on_holiday(said, said.holiday, today)
    elif said.nth is not None:
        days = _nth(said, said.nth, today)
    elif said.closing is not None:
        days = _closing(said, said.closing, today)
    elif said.days_ahead is not None:
        days = _ahead(said, now)
    elif said.weekday is not None:
        days = _on_weekday(said, today, said.weekday)
    elif said.relative_period is not None:
        raise Unread("when.which_day")
    elif said.span is not None:
        if said.span.seconds:
            raise Unread
        said.sure = said.sure and said.within
        return [add_days(today, said.span)]
    else:
        return [today - _A_DAY, today, today + _A_DAY]
    return _agreed(said, today, days)


def _agreed(said: Said, today: date, days: list[date]) -> list[date]:
    """Those days that are also the weekday, the week and the "morgen" that were said."""
    if said.weekday is not None:
        fitting = [day for day in days if day.weekday() == said.weekday]
        days = fitting or [day for day in said.other_days if day.weekday() == said.weekday]
        said.sure = said.sure and days == fitting
        if not days:
            raise Unread("when.other_weekday")
    if said.day is not None and said.days_ahead is not None:
        days = [day for day in days if day == today + timedelta(days=said.days_ahead)]
    if said.relative_period is not None and said.relative_period[0] == WEEK:
        monday = _monday(today, said.relative_period[1])
        days = [day for day in days if 0 <= (day - monday).days < 7]
    if not days:
        raise Unread("when.two_days")
    return days


def _monday(today: date, weeks: int) -> date:
    return today + timedelta(days=7 * weeks - today.weekday())


def _offset(said: Said) -> int:
    """How many days after the day that is named: "vrijdag over een week", "Friday week"."""
    if said.span is None and said.later is None:
        return 0
    if said.span is not None and (said.span.months or said.span.seconds or said.later is not None):
        raise Unread
    said.sure = False
    return said.span.days if said.span is not None else said.later or 0


def _ahead(said: Said, now: datetime) -> list[date]:
    if said.relative_period is not None or said.which is not None:
        raise Unread
    days_ahead = said.days_ahead or 0
    day = now.date() + timedelta(days=days_ahead + _offset(said))
    if days_ahead and now.hour < _STILL_UP:
        said.sure = False
        said.other_days = [day - _A_DAY]
    into_next = said.part is not None and said.part[1] > WHOLE_DAY
    # Past midnight "vannacht" is the night that has begun.
    return [day - _A_DAY, day] if days_ahead == 0 and into_next else [day]


def _on_weekday(said: Said, today: date, weekday: int) -> list[date]:
    coming = today + timedelta(days=(weekday - today.weekday()) % 7)
    if said.relative_period is not None:
        return [_in_week(said, today, weekday)]
    offset = _offset(said)
    if offset:
        return [(today if offset % 7 else coming) + timedelta(days=offset)]
    if said.which == "next":
        said.sure = False
        if coming == today:
            return [coming + _A_WEEK]
        said.other_days = [coming + _A_WEEK]  # that of next week
        return [coming]
    if coming == today:
        said.sure = False
        return [coming + _A_WEEK] if said.which == "coming" else [coming, coming + _A_WEEK]
    return [coming]


def _in_week(said: Said, today: date, weekday: int) -> date:
    """ "volgende week vrijdag" """
    period, weeks = said.relative_period or (WEEK, 0)
    if period != WEEK:
        raise Unread("when.which_day")
    if said.span is not None or said.later is not None or said.which is not None:
        raise Unread
    if _SUNDAY in (weekday, today.weekday()):
        said.sure = False  # not everybody's week begins on Monday
    day = _monday(today, weeks) + timedelta(days=weekday)
    if day < today:
        raise Unread("when.past_day")
    return day


def _dated(said: Said, today: date) -> list[date]:
    """ "1 december", "1/12/26", "de 3e": without a year or month the next to come."""
    if said.span is not None or said.later is not None:
        raise Unread
    months = _months(said, today)
    days = _existing(said.day or 0, months)
    if said.other_date:
        day, month = said.other_date
        with suppress(Unread):
            others = _dated(replace(said, day=day, month=month, other_date=None), today)
            said.other_days = [day for day in others if said.weekday in (None, day.weekday())]
            said.sure = said.sure and not said.other_days
    if len(months) > 1:
        over = [day for day in days if day < today]
        days = [day for day in days if day >= today]
        if said.month is not None and over and today - over[-1] < _JUST_OVER:
            said.sure = False
    if not days:
        raise Unread("when.no_such_day")
    if said.month is None and days[0] == today and len(days) > 1:
        said.sure = False
        return days[:2]
    return days[:1]


def _on_holiday(said: Said, holiday: Holiday, today: date) -> list[date]:
    if said.span is not None or said.later is not None or said.relative_period is not None:
        raise Unread
    years = [said.year] if said.year else [today.year - 1, today.year, today.year + 1]
    days = [holiday.in_year(year) for year in years]
    over = [day for day in days if day < today]
    said.sure = said.sure and not (said.year is None and today - over[-1] < _JUST_OVER)
    return [day for day in days if day >= today][:1] or over[-1:]


def _nth(said: Said, nth: tuple[int, int, int | None], today: date) -> list[date]:
    """ "eerste maandag van de maand": the next one to come, unless its month is said."""
    count, weekday, steps = nth
    this = today.year * 12 + today.month - 1
    if said.month is not None:
        months = [(year, said.month) for year in ([said.year] if said.year else [today.year, today.year + 1])]
    else:
        numbers = [this, this + 1] if steps is None else [this + steps]
        months = [(number // 12, number % 12 + 1) for number in numbers]
    found = [day for year, month in months for day in _nth_of(count, weekday, year, month)]
    if not found:
        raise Unread("when.no_such_day")
    return [day for day in found if day >= today][:1] or found[-1:]


def _nth_of(count: int, weekday: int, year: int, month: int) -> list[date]:
    length = monthrange(year, month)[1]
    days = [date(year, month, day) for day in range(1, length + 1)]
    days = [day for day in days if day.weekday() == weekday]
    return days[-1:] if count < 0 else days[count - 1 : count]


def _closing(said: Said, closing: tuple[Unit, int], today: date) -> list[date]:
    """The last day, which is asked: it may be one of the last. Of a week it may be Friday as well."""
    said.sure = False
    period, steps = closing
    if period == WEEK:
        sunday = _monday(today, steps) + timedelta(days=_SUNDAY)
        said.other_days = [sunday - timedelta(days=2)]
        return [sunday]
    if period == YEAR:
        return [date(today.year + steps, 12, 31)]
    year, month = divmod(today.year * 12 + today.month - 1 + steps, 12)
    if said.month is not None:
        month = said.month - 1
        year = said.year or today.year + (said.month < today.month)
    return [date(year, month + 1, monthrange(year, month + 1)[1])]


def _months(said: Said, today: date) -> list[tuple[int, int]]:
    """The years and months in which the day may be, the nearest first."""
    period, steps = said.relative_period or (WEEK, 0)
    this = today.year * 12 + today.month - 1
    if said.month is None:
        numbers = [this + steps] if period == MONTH else list(range(this, this + 13))
        months = [(number // 12, number % 12 + 1) for number in numbers]
    elif said.year is not None:
        months = [(said.year, said.month)]
    else:
        # The year before shows what is just over. Eight years may lie between two leap days.
        last = today.year + (8 if (said.day, said.month) == (29, 2) else 1)
        years = [today.year + steps] if period == YEAR else range(today.year - 1, last + 1)
        months = [(year, said.month) for year in years]
    if (period == MONTH and said.month is not None) or (period == YEAR and (said.year or not said.month)):
        raise Unread
    return months


def _existing(day: int, months: Iterable[tuple[int, int]]) -> list[date]:
    """That day in each of these months, where there is one."""
    days = []
    for year, month in months:
        try:
            days.append(date(year, month, day))
        except ValueError:
            continue
    return days


def add_days(day: date, span: Unit) -> date:
    months = day.year * 12 + day.month - 1 + span.months
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise Unread("when.too_far")
    if day.day > monthrange(year, month)[1]:
        raise Unread("when.no_such_day")  # a month after the 31st
    return date(year, month, day.day) + timedelta(days=span.days)

"""Which moment it is that the words name, and whether it can be: days, hours, clock changes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.when.language import MONTH, WEEK, YEAR, Unit
from bot.when.likely import is_asked
from bot.when.phrase import EARLIEST, HALF_DAY, WHOLE_DAY, Clock, Said
from bot.when.tokens import Unread

_FURTHEST = timedelta(days=3660)
# Until this hour people who are still up say "morgen" for the day that has begun.
_STILL_UP = 4
# So many other readings are offered at most.
_MOST_OTHERS = 3
# A day without its year that is over only so long may be a slip.
_JUST_OVER = timedelta(days=60)
_SUNDAY = 6
_A_MINUTE, _A_DAY, _A_WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(days=7)
_MIDNIGHT = time()


class Reading(NamedTuple):
    """A moment in UTC, and where one was written, its end.

    Not `sure`: there is another honest reading, so ask before it counts; `others` are the starts of those
    that are known.
    """

    start: datetime
    end: datetime | None
    sure: bool
    others: tuple[datetime, ...] = ()

    @property
    def starts(self) -> tuple[datetime, ...]:
        """All that it may be, the likeliest or else the first one first."""
        return (self.start, *self.others)


def resolve(said: Said, now: datetime, zone: ZoneInfo) -> Reading:
    """Raises Unread where there is no such moment, or no one moment."""
    if said.instant is not None:
        if not said.only("instant"):
            raise Unread
        return Reading(said.instant, None, said.sure)
    try:
        length = lasting(said)
        if length:
            start = _after(said, length, now, zone)
            return Reading(start, None, said.sure, _besides(said, start, now, zone))
        reading = _on_a_day(said, now.astimezone(zone))
        other = _after(said, as_length, now, zone) if (as_length := _as_length(said)) else None
        if other and other not in reading.starts:
            return reading._replace(others=(*reading.others, other))  # "12h"
        return reading
    except OverflowError:
        raise Unread("when.too_far") from None


# --- so long from now ---


def lasting(said: Said) -> Unit | None:
    """The length of time, if that is all that is said."""
    if said.span and said.only("span"):
        return said.span
    as_length = _as_length(said)
    said.sure = said.sure and as_length is None
    if as_length and (as_length.seconds < 3600 * (EARLIEST + 1) or as_length.seconds == 60 * WHOLE_DAY):
        return as_length
    return None


def _as_length(said: Said) -> Unit | None:
    """The hour that is all that is said, where that may as well be a length of time: "2u", not "om 2u"."""
    if said.start is None or said.start.lasting is None or said.introduced or not said.only("start"):
        return None
    return Unit(seconds=60 * said.start.lasting)


def _besides(said: Said, start: datetime, now: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """What a length of time may be as well: another length, or an hour of the day ("2u")."""
    if said.sure:
        return ()
    others: list[datetime] = []
    with suppress(Unread):
        if said.other_span:
            others.append(_after(said, said.other_span, now, zone))
        elif said.start:
            others.extend(_on_a_day(said, now.astimezone(zone)).starts)
    return tuple(other for other in others if other > now and other != start)


def _after(said: Said, span: Unit, now: datetime, zone: ZoneInfo) -> datetime:
    """Days and longer keep the hour on the wall, hours pass as they do."""
    local = now.astimezone(zone)
    day = _add_days(local.date(), span)
    start = now if day == local.date() else _moment(datetime.combine(day, local.time(), zone))
    start = start.astimezone(UTC) + timedelta(seconds=span.seconds)
    if not timedelta() < start - now < _FURTHEST:
        raise Unread("when.too_far")
    return start


def _add_days(day: date, span: Unit) -> date:
    months = day.year * 12 + day.month - 1 + span.months
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise Unread("when.too_far")
    if day.day > monthrange(year, month)[1]:
        raise Unread("when.no_such_day")  # a month after the 31st
    return date(year, month, day.day) + timedelta(days=span.days)


# --- an hour of a day ---


def _on_a_day(said: Said, now: datetime) -> Reading:
    """`now` is in the zone. What is worked out in one zone goes by its clocks on the wall."""
    days = _days(said, now)
    if said.start is None:
        raise Unread("when.unclear" if said.only() else "when.no_hour")
    minutes = _minutes(said, said.start)
    wall = sorted([_at(day, minute, now.tzinfo) for day in days for minute in minutes])
    # The first that is still to come; a named day whose hour is past is read as it is.
    start = next((moment for moment in wall if moment > now), wall[-1])
    if start != wall[0] and (minute := _minute(now)) != start and minute in wall:
        said.sure = False  # "20u" at eight sharp
    found = _moment(start)
    others = (
        () if start <= now else _others(said, found, days, [*minutes, *_more(said, said.start, now)], now)
    )
    end = _end(said, start, said.end) if said.end else None
    return Reading(found, _moment(end) if end else None, said.sure, others)


def _more(said: Said, clock: Clock, now: datetime) -> list[int]:
    """The hours that the clock may mean besides, in minutes like those of `_minutes`."""
    more = list(said.other_minutes)
    if said.part is None and clock.hour == "open":
        more += _fitting(clock, None)
    elif said.part is None and clock.hour == "written":
        since = None if said.names_day() else now.hour * 60 + now.minute
        if is_asked(clock.minutes, since):
            more.append(clock.minutes + HALF_DAY)
    if said.other_half:
        more += [minute - 60 for minute in (*_fitting(clock, said.part), *more)]
    return more


def _others(
    said: Said, start: datetime, days: list[date], minutes: Iterable[int], now: datetime
) -> tuple[datetime, ...]:
    """The other moments to come that may be meant, the first one first.

    Of an hour without a day it is only the next one; what the clocks skip or show twice is none.
    """
    days = days + [day for day in said.other_days if said.weekday in (None, day.weekday())]
    only_next = not said.names_day() or said.days_ahead == 0
    found = set()
    for minute in minutes:
        wall = [moment for day in days if (moment := _at(day, minute, now.tzinfo)) > now]
        for moment in sorted(wall)[:1] if only_next else wall:
            with suppress(Unread):
                found.add(_moment(moment))
    others = tuple(sorted(found - {start}))[:_MOST_OTHERS]
    said.sure = said.sure and not others
    return others


def _at(day: date, minute: int, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, _MIDNIGHT, zone) + minute * _A_MINUTE


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _minutes(said: Said, clock: Clock) -> list[int]:
    """When the hour can be, in minutes from where its day begins; the night goes on after 24:00."""
    minutes = _fitting(clock, said.part)
    if not minutes and said.part_of_end:
        minutes = _fitting(clock, None)  # "van 20u tot 1 uur 's nachts"
    if not minutes:
        raise Unread("when.other_part")
    if len(minutes) > 1:
        said.sure = False
        minutes = [minute for minute in minutes if minute >= EARLIEST * 60]
    latest = max(minutes)
    at_night = latest > WHOLE_DAY or (latest == WHOLE_DAY and said.part is not None)
    tonight = said.days_ahead == 0 and said.part is not None
    if (at_night or clock.midnight) and not tonight and said.names_day():
        said.sure = False  # the night before, or the one after
        said.other_minutes = [latest - WHOLE_DAY if latest >= WHOLE_DAY else latest + WHOLE_DAY]
    if said.day is not None and latest > WHOLE_DAY:
        said.other_minutes = list(minutes)
        return [minute % WHOLE_DAY for minute in minutes]
    return minutes


def _fitting(clock: Clock, part: tuple[int, int] | None) -> list[int]:
    """The hours that the clock may mean in that part of the day; none where they contradict."""
    if part is None:
        open_to = (0, HALF_DAY) if clock.hour == "open" else (0,)
        return [clock.minutes + by for by in open_to]
    first, last = part
    # "8u 's avonds" is 20.00, for all that "8u" alone is 8.00.
    moved = (0, WHOLE_DAY) if clock.hour == "fixed" else (0, WHOLE_DAY, HALF_DAY)
    return [clock.minutes + by for by in moved if first <= clock.minutes + by <= last][:1]


def _end(said: Said, start: datetime, clock: Clock) -> datetime:
    """The first such hour after the start, past midnight if need be."""
    minutes = _fitting(clock, said.part)
    if not minutes and said.part_of_end:
        raise Unread("when.other_part")
    begins = start.hour * 60 + start.minute
    lasts = min((minute - begins) % WHOLE_DAY for minute in minutes or _fitting(clock, None))
    if lasts == 0:
        raise Unread
    if lasts > HALF_DAY and clock.hour == "written":
        said.sure = False
        lasts -= HALF_DAY  # "van 11u tot 1u"
    if lasts > (HALF_DAY / 2 if clock.hour == "open" else HALF_DAY):
        said.sure = False  # "van 21u tot 19u"
    return start + timedelta(minutes=lasts)


# --- the day ---


def _days(said: Said, now: datetime) -> list[date]:
    """The days that it can be, all but always one. Raises Unread where what is said does not agree."""
    today = now.date()
    if said.day is not None:
        days = _dated(said, today)
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
        return [_add_days(today, said.span)]
    else:
        return [today - _A_DAY, today, today + _A_DAY]
    return _agreed(said, today, days)


def _agreed(said: Said, today: date, days: list[date]) -> list[date]:
    """Those days that are also the weekday, the week and the "morgen" that were said."""
    if said.weekday is not None:
        days = [day for day in days if day.weekday() == said.weekday]
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
            said.other_days = _dated(replace(said, day=day, month=month, other_date=None), today)
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


# --- the clock of the zone ---


def _moment(wall: datetime) -> datetime:
    """In UTC. Raises Unread where the clocks skip this hour, or show it twice."""
    moment = wall.astimezone(UTC)
    if wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset():  # only around a change
        if moment.astimezone(wall.tzinfo) != wall:
            raise Unread("when.no_such_hour")
        if not wall.fold:
            raise Unread("when.twice")
    return moment

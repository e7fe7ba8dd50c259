"""Which moment it is that the words name, and whether it can be: days, hours, clock changes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.when.language import Unit
from bot.when.likely import is_asked
from bot.when.phrase import EARLIEST, HALF_DAY, WHOLE_DAY, Clock, Said
from bot.when.tokens import Unread
from bot.when.which_day import add_days, days_of

_FURTHEST = timedelta(days=3660)
# So many other readings are offered at most.
_MOST_OTHERS = 3
_A_MINUTE, _A_DAY = timedelta(minutes=1), timedelta(days=1)
_MIDNIGHT = time()


class Reading(NamedTuple):
    """A moment in UTC, and where one was written, its end.

    Not `sure`: there is another honest reading, so ask before it counts; `others` are the starts of those
    that are known. `bound`: the words say by when, or from which day on, rather than when.
    """

    start: datetime
    end: datetime | None
    sure: bool
    others: tuple[datetime, ...] = ()
    whole_day: bool = False
    bound: bool = False

    @property
    def starts(self) -> tuple[datetime, ...]:
        """All that it may be, the likeliest or else the first one first."""
        return (self.start, *self.others)


def resolve(said: Said, now: datetime, zone: ZoneInfo, *, whole_days: bool = False) -> Reading:
    """Raises: Unread where there is no such moment, or no one moment. A day is one only with `whole_days`."""
    if said.instant is not None:
        if not said.only("instant"):
            raise Unread
        return Reading(said.instant, None, said.sure)
    try:
        length = lasting(said)
        if length:
            start = _after(said, length, now, zone)
            return Reading(start, None, said.sure, _alternatives(said, start, now, zone))
        reading = _named_day(said, now.astimezone(zone), whole_days)
        other = _after(said, as_length, now, zone) if (as_length := _as_length(said)) else None
        if other and other not in reading.starts:
            return reading._replace(others=(*reading.others, other))  # "12h"
        return reading
    except OverflowError:
        raise Unread("when.too_far") from None


def _named_day(said: Said, now: datetime, whole_days: bool) -> Reading:
    """The 8 of "vrijdag 8" is a day where that is a Friday, and else an hour, which is asked."""
    before = replace(said)
    try:
        return _on_a_day(said, now, whole_days)
    except Unread as unread:
        if unread.key != "when.other_weekday" or said.may_be_hour is None or said.start:
            raise
    names = said.names - {"day"} | {"start"}
    as_hour = replace(before, day=None, start=said.may_be_hour, sure=False, names=names)
    return _on_a_day(as_hour, now, whole_days)


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


def _alternatives(said: Said, start: datetime, now: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
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
    day = add_days(local.date(), span)
    start = now if day == local.date() else _moment(datetime.combine(day, local.time(), zone))
    start = start.astimezone(UTC) + timedelta(seconds=span.seconds)
    if not timedelta() < start - now < _FURTHEST:
        raise Unread("when.too_far")
    return start


# --- an hour of a day ---


def _on_a_day(said: Said, now: datetime, whole_days: bool = False) -> Reading:
    """`now` is in the zone. What is worked out in one zone goes by its clocks on the wall."""
    days = days_of(said, now)
    if said.start is None:
        a_day = said.names_day() and said.part is None
        if a_day and whole_days and not said.deadline:
            return _whole_day(said, days, now)
        if a_day and (said.closing or said.deadline):
            return _by_the_end(said, days, now)
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
        more += fitting(clock, None)
    elif said.part is None and clock.hour == "written":
        since = None if said.names_day() else now.hour * 60 + now.minute
        if is_asked(clock.minutes, since):
            more.append(clock.minutes + HALF_DAY)
    if said.other_half:
        more += [minute - 60 for minute in (*fitting(clock, said.part), *more)]
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


def _whole_day(said: Said, days: list[date], now: datetime) -> Reading:
    """Of days that are over, the last: it is read as it is."""
    to_come = [day for day in (*days, *said.other_days) if day >= now.date()] or days[-1:]
    starts = [_at(day, 0, now.tzinfo).astimezone(UTC) for day in dict.fromkeys(to_come)]
    sure = said.sure and len(starts) == 1
    return Reading(starts[0], None, sure, tuple(starts[1:]), whole_day=True)


def _by_the_end(said: Said, days: list[date], now: datetime) -> Reading:
    """ "tegen vrijdag" may be until the end of Friday, or of Thursday: without an hour it is asked."""
    before = [] if said.closing else [days[0] - _A_DAY]
    ends = [_moment(_at(day, WHOLE_DAY - 1, now.tzinfo)) for day in (*days, *said.other_days, *before)]
    to_come = [end for end in dict.fromkeys(ends) if end > now] or ends[:1]
    return Reading(to_come[0], None, False, tuple(to_come[1:]))


def _at(day: date, minute: int, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, _MIDNIGHT, zone) + minute * _A_MINUTE


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _minutes(said: Said, clock: Clock) -> list[int]:
    """When the hour can be, in minutes from where its day begins; the night goes on after 24:00."""
    minutes = fitting(clock, said.part)
    if not minutes and said.part_of_end:
        minutes = fitting(clock, None)  # "van 20u tot 1 uur 's nachts"
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


def fitting(clock: Clock, part: tuple[int, int] | None) -> list[int]:
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
    minutes = fitting(clock, said.part)
    if not minutes and said.part_of_end:
        raise Unread("when.other_part")
    begins = start.hour * 60 + start.minute
    lasts = min((minute - begins) % WHOLE_DAY for minute in minutes or fitting(clock, None))
    if lasts == 0:
        raise Unread
    if lasts > HALF_DAY and clock.hour == "written":
        said.sure = False
        lasts -= HALF_DAY  # "van 11u tot 1u"
    if lasts > (HALF_DAY / 2 if clock.hour == "open" else HALF_DAY):
        said.sure = False  # "van 21u tot 19u"
    return start + timedelta(minutes=lasts)


# --- the clock of the zone ---


def _moment(wall: datetime) -> datetime:
    """In UTC. Raises: Unread where the clocks skip this hour, or show it twice."""
    moment = wall.astimezone(UTC)
    if wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset():  # only around a change
        if moment.astimezone(wall.tzinfo) != wall:
            raise Unread("when.no_such_hour")
        if not wall.fold:
            raise Unread("when.twice")
    return moment

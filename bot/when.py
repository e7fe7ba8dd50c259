"""Moments that people write: `2d`, `36h`, "dinsdag 1 december om 19.30 uur".

Table-driven; a language is a few lists of words. What is not wholly understood is refused
(None), never guessed: a wrong date is worse than a question.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import UserError

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari jan january",
            "februari feb february",
            "maart mrt march mar",
            "april apr",
            "mei may",
            "juni jun june",
            "juli jul july",
            "augustus aug august",
            "september sep sept",
            "oktober okt october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "maandag ma monday mon",
            "dinsdag di tuesday tue",
            "woensdag wo wednesday wed",
            "donderdag do thursday thu",
            "vrijdag vr friday fri",
            "zaterdag za saturday sat",
            "zondag zo sunday sun",
        )
    )
    for name in names.split()
}
_DAYS_AHEAD = {"vandaag": 0, "today": 0, "morgen": 1, "tomorrow": 1, "overmorgen": 2}
_FILLERS = {"om", "op", "at", "on", "uur", "de", "the", "of"}
_UNITS = {
    name: unit
    for names, unit in (
        ("w week weken weeks", timedelta(weeks=1)),
        ("d dag dagen day days", timedelta(days=1)),
        ("h u uur uren hour hours", timedelta(hours=1)),
        ("m min minuut minuten minute minutes", timedelta(minutes=1)),
        ("s sec seconde seconden second seconds", timedelta(seconds=1)),
    )
    for name in names.split()
}
_SPAN = re.compile(r"(\d{1,5})\s*([a-z]+)\s*")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})|u(\d{2})?)")
_FURTHEST = timedelta(days=3660)


def read(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC. Raises UserError where it is not understood, or cannot be."""
    words = " ".join(words.casefold().replace(",", " ").split())
    if len(words) > 100:
        raise UserError("when.unclear", words=words[:40] + "…")
    span = read_span(words)
    if span is not None:
        if not timedelta() < span < _FURTHEST:
            raise UserError("when.too_far")
        return now + span
    return _at(words, now.astimezone(zone), zone)


def read_span(words: str) -> timedelta | None:
    """`2d`, `36h`, `1d 12h`, `2 weken`."""
    total, at = timedelta(), 0
    while at < len(words):
        match = _SPAN.match(words, at)
        if not match or match[2] not in _UNITS:
            return None
        total, at = total + int(match[1]) * _UNITS[match[2]], match.end()
    return total if words else None


def _at(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A day and an hour; every word has to have its meaning, and no meaning may come twice."""
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    hour: time | None = None
    ahead: int | None = None
    unclear = UserError("when.unclear", words=words)

    def once(old: object, new: int) -> int:
        if old is not None:
            raise unclear
        return new

    for word in re.sub(r"(?<=\d)t(?=\d)", " ", words).split():
        if match := _ISO.fullmatch(word):
            year, month, day = once(year, int(match[1])), once(month, int(match[2])), once(day, int(match[3]))
        elif match := _DAY_MONTH.fullmatch(word):
            day, month = once(day, int(match[1])), once(month, int(match[2]))
            year = once(year, int(match[3])) if match[3] else year
        elif match := _CLOCK.fullmatch(word):
            if hour is not None or int(match[1]) > 23 or int(match[2] or match[3] or 0) > 59:
                raise unclear
            hour = time(int(match[1]), int(match[2] or match[3] or 0))
        elif word in _MONTHS:
            month = once(month, _MONTHS[word])
        elif word in _WEEKDAYS:
            weekday = once(weekday, _WEEKDAYS[word])
        elif word in _DAYS_AHEAD:
            ahead = once(ahead, _DAYS_AHEAD[word])
        elif re.fullmatch(r"\d{4}", word):
            year = once(year, int(word))
        elif match := re.fullmatch(r"(\d{1,2})(?:e|ste|de|st|nd|rd|th)?", word):
            day = once(day, int(match[1]))
        elif word not in _FILLERS:
            raise unclear
    if hour is None:
        raise UserError("when.no_hour", words=words)
    return _moment(_day(day, month, year, weekday, ahead, hour, now, unclear), hour, zone, unclear)


def _day(
    day: int | None,
    month: int | None,
    year: int | None,
    weekday: int | None,
    ahead: int | None,
    hour: time,
    now: datetime,
    unclear: UserError,
) -> date:
    if (day is None) != (month is None) or (year is not None and day is None):
        raise unclear
    if day is None or month is None:
        if ahead is None and weekday is not None:
            # A bare weekday is a guess between this one and the next: the date is asked.
            raise UserError("when.which_day", words=unclear.text.values["words"])
        found = now.date() + timedelta(days=ahead or 0)
    else:
        if ahead is not None:
            raise unclear
        # Without a year it is the first such day that is still to come.
        coming = [
            one
            for one in _days(day, month, (year,) if year is not None else (now.year, now.year + 1))
            if year is not None or (one, hour) >= (now.date(), now.time())
        ]
        if not coming:
            raise UserError("when.no_such_day", words=unclear.text.values["words"])
        found = coming[0]
    if weekday is not None and found.weekday() != weekday:
        raise UserError("when.other_weekday", words=unclear.text.values["words"])
    return found


def _days(day: int, month: int, years: Iterable[int]) -> Iterator[date]:
    """That day in each of these years, where there is one."""
    for year in years:
        with contextlib.suppress(ValueError):
            yield date(year, month, day)


def _moment(day: date, hour: time, zone: ZoneInfo, unclear: UserError) -> datetime:
    words = unclear.text.values["words"]
    local = datetime.combine(day, hour, zone)
    try:
        moment, second = (one.astimezone(UTC) for one in (local, local.replace(fold=1)))
    except OverflowError:
        raise UserError("when.too_far") from None
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise UserError("when.no_such_hour", words=words)
    if moment != second:
        raise UserError("when.twice", words=words)
    return moment

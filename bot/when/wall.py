"""Lengths of time on the clock of a zone: days and longer keep the hour on the wall, hours pass."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.when.language import Unit


def after(moment: datetime, span: Unit, zone: tzinfo) -> datetime:
    """The moment that much later, in UTC.

    An hour that the clocks skip becomes the one after it, of one that comes twice it is the first; in a
    month that is too short it is the last day.
    """
    wall = moment.astimezone(zone)
    months = wall.year * 12 + wall.month - 1 + span.months
    year, month = months // 12, months % 12 + 1
    day = date(year, month, min(wall.day, monthrange(year, month)[1])) + timedelta(days=span.days)
    if day != wall.date():  # the second of two equal hours stays the second, where nothing moves
        moment = datetime.combine(day, wall.timetz().replace(fold=0))
    return moment.astimezone(UTC) + timedelta(seconds=span.seconds)


def between(start: datetime, end: datetime, zone: tzinfo) -> Unit:
    """The length of which `after` makes the end again: whole days on the wall, and what is left of hours."""
    walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in (start, end)]
    days = Unit(days=(walls[1] - walls[0]).days)
    return days._replace(seconds=int((end - after(start, days, zone)).total_seconds()))

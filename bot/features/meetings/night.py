"""Quiet hours: what is said in private waits until they end, or comes half an hour before they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.call import Call
from bot.features.meetings.records import Meeting
from bot.model.people import Wishes
from bot.zones import zone_or

# So long before they begin it is said where it cannot wait until they end; and with less than that left, or
# than half of how long before somebody wants to be reminded, a word is of no use any more.
BEFORE_NIGHT = LEAST = timedelta(minutes=30)


def clocks_of(call: Call, wishes: Wishes) -> ZoneInfo:
    """By which clocks it is night for somebody."""
    return zone_or(wishes.zone, call.zone)


def quiet_until(call: Call, wishes: Wishes) -> datetime | None:
    """When somebody's quiet hours end, by their own clocks; None: it is not quiet."""
    return call.settings.quiet_until(call.now, clocks_of(call, wishes))


def is_too_late(morning: datetime | None, meeting: Meeting, least: timedelta = timedelta.resolution) -> bool:
    """Whether it begins before anybody would hear of it then, or so soon after it."""
    return morning is not None and morning.astimezone(UTC) + least > meeting.starts_at


def told_at(call: Call, meeting: Meeting, before: int, at: datetime, wishes: Wishes) -> datetime:
    """When somebody hears in private at the earliest what is due at that moment, so many seconds before it
    begins: then; in the morning, where that is in their quiet hours; or the evening before.
    """
    quiet = call.settings.quiet_at(at, clocks_of(call, wishes))
    if quiet is None:
        return at
    least = min(LEAST, timedelta(seconds=before) / 2)
    return quiet.since - BEFORE_NIGHT if is_too_late(quiet.until, meeting, least) else quiet.until

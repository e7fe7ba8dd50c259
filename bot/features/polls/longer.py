"""Running longer: until a moment, or by a length of time on top of how long it runs already."""

from __future__ import annotations

from datetime import datetime

from bot import when
from bot.call import Call
from bot.commands.types import Longer
from bot.errors import UserError
from bot.features.polls.ask import FURTHEST, check_before_dates, reminder_at
from bot.features.polls.find import check_own, find
from bot.features.polls.records import POLLS, SUBJECT, Poll
from bot.features.polls.steered import announce, count_announcement, leave_trace
from bot.model.message import Message, message, text


def extend_poll(call: Call, until: Longer, *, poll: int | None = None) -> Message:
    """Let it run longer; everybody is told."""
    found, _ = find(call, poll)
    if found.state not in ("open", "planned") or found.closes_at <= call.said_at or found.is_closing:
        raise UserError("poll.is_closed", question=found.question, ended=found.ended_at or found.ends_at)
    check_own(call, found)
    call.check_writes(found.theme)
    closes_at = _closing_at(call, found, until)
    if closes_at <= found.closes_at:
        raise UserError("poll.extend.earlier", until=closes_at, closes=found.closes_at)
    if closes_at > call.now + FURTHEST:
        raise UserError("poll.closes.far", closes=closes_at)
    check_before_dates(call, found, closes_at)
    count_announcement(call)
    call.tx.of(POLLS).change(found.id, {"closes_at": closes_at, "waits_since": None, "unheard": None})
    call.schedule("poll.close", str(found.id), closes_at)
    if not found.reminded and (reminder := reminder_at(call, closes_at)) > call.now:
        call.schedule("poll.remind", str(found.id), reminder)
    trace = leave_trace(call, found, "extended", until=closes_at)
    if found.state == "open":
        call.changed(f"{SUBJECT}:{found.id}")
        said = message(
            text("poll.extended", closes=closes_at, before=found.closes_at),
            *trace,
            title=text("poll.extended.title", question=found.question),
        )
        announce(call, found, "extended", said)
    return message(text("poll.extended.receipt", question=found.question, closes=closes_at))


def _closing_at(call: Call, poll: Poll, longer: Longer) -> datetime:
    """Raises: UserError where that is beyond all calendars."""
    if isinstance(longer, datetime):
        return longer
    try:
        return when.after(poll.closes_at, longer, call.zone)
    except (OverflowError, ValueError):
        raise UserError("when.too_far") from None

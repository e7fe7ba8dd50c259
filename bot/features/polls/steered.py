"""Whoever steers somebody else's poll leaves a trace: who did what, for everybody and for its opener."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.polls.records import POLLS, SUBJECT, Poll
from bot.model.message import Message, Text, message, text
from bot.model.people import Resident
from bot.ports.storage import Transaction

# So often within an hour one person has said aloud what becomes of polls.
MOST_ANNOUNCED, WITHIN = 20, timedelta(hours=1)
_ANNOUNCED = "poll announce"


def count_announcement(call: Call) -> None:
    """All the places of a theme have to hear it, and whatever is to be said there comes after it.

    Raises: UserError where they had much said already, whoever they are.
    """
    if (count := call.used(_ANNOUNCED, WITHIN)) >= MOST_ANNOUNCED:
        raise UserError("poll.announced.often", count=count)
    call.use(_ANNOUNCED, within=WITHIN)


def announce(call: Call, poll: Poll, what: str, said: Message) -> None:
    """Say it once for each use of a command, which may be done again later; of theirs that still waits the
    newest alone.
    """
    key = begins(call, poll, what)
    call.announce(poll.theme, said, f"{key}{call.now.isoformat()}", instead_of=key)


def begins(call: Call, poll: Poll, what: str) -> str:
    """How the keys begin of what is said because that person did that to a poll."""
    return f"{SUBJECT}:{poll.id}:{what}:{call.resident.id}:"


def steering(call: Call, poll: Poll) -> int | None:
    """Who does something to a poll of somebody else's; None where it is their own, or nobody's doing."""
    return call.resident.id if call.resident.id not in (0, poll.opener) else None


def leave_trace(call: Call, poll: Poll, what: str, **values: Any) -> list[Text]:
    """The lines to announce it with, none where they did it to their own; the opener is told.

    Within an hour that is one message, which says the newest of what was done so.

    `what`: closed, cancelled, extended or outcome. `values` are for the words to the opener.
    """
    by = call.resident
    if steering(call, poll) is None:
        return []
    told = text(f"poll.yours.{what}", by=by, question=poll.question, closes=poll.closes_at, **values)
    key = begins(call, poll, f"yours:{what}")
    this_hour = f"{key}{call.now:%Y-%m-%dT%H}"
    call.tell(poll.opener, message(told), this_hour, theme=poll.theme)
    call.change_post(this_hour, message(told))
    return [text(f"poll.by.{what}", by=by, closes=poll.closes_at)]


def trace_of_end(tx: Transaction, poll: Poll) -> list[Text]:
    """The same of who ended it, for its board."""
    by = tx.of(POLLS).who_ended(poll.id)
    return [text(f"poll.by.{poll.state}", by=Resident(by, ""), closes=poll.closes_at)] if by else []

"""Whoever steers somebody else's poll leaves a trace: who did what, for everybody and for its opener."""

from __future__ import annotations

from typing import Any

from bot.call import Call
from bot.features.polls.records import POLLS, Poll
from bot.model.message import Text, message, text
from bot.model.people import Resident
from bot.ports.storage import Transaction


def steering(call: Call, poll: Poll) -> int | None:
    """Who does something to a poll of somebody else's; None where it is their own, or nobody's doing."""
    return call.resident.id if call.resident.id not in (0, poll.opener) else None


def leave_trace(call: Call, poll: Poll, what: str, **values: Any) -> list[Text]:
    """The lines to announce it with, none where they did it to their own; the opener is told.

    `what`: closed, cancelled, extended or outcome. `values` are for the words to the opener.
    """
    by = call.resident
    if steering(call, poll) is None:
        return []
    told = text(f"poll.yours.{what}", by=by, question=poll.question, closes=poll.closes_at, **values)
    # Once for each use of a command, which may be done again later.
    call.tell(poll.opener, message(told), f"poll:{poll.id}:yours:{what}:{call.now.isoformat()}")
    return [text(f"poll.by.{what}", by=by, closes=poll.closes_at)]


def trace_of_end(tx: Transaction, poll: Poll) -> list[Text]:
    """The same of who ended it, for its board."""
    by = tx.of(POLLS).who_ended(poll.id)
    return [text(f"poll.by.{poll.state}", by=Resident(by, ""), closes=poll.closes_at)] if by else []

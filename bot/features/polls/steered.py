"""Whoever steers somebody else's poll leaves a trace: who did what, for everybody and for its opener."""

from __future__ import annotations

from typing import Any

from bot.call import Call
from bot.features.polls.records import Poll
from bot.model.message import Text, message, text


def leave_trace(call: Call, poll: Poll, what: str, **values: Any) -> list[Text]:
    """The lines to announce it with, none where they did it to their own; the opener is told.

    `what`: closed, cancelled, extended or outcome. `values` are for the words to the opener.
    """
    by = call.resident
    if not by.id or by.id == poll.opener:
        return []
    told = text(f"poll.yours.{what}", by=by, question=poll.question, closes=poll.closes_at, **values)
    # Once for each use of a command, which may be done again later.
    call.tell(poll.opener, message(told), f"poll:{poll.id}:yours:{what}:{call.now.isoformat()}")
    return [text(f"poll.by.{what}", by=by, closes=poll.closes_at)]

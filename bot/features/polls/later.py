"""What is due was planned by somebody who may have left: it is not said for them if they may not say it."""

from __future__ import annotations

from datetime import datetime

from bot.call import Call
from bot.features.polls.records import POLLS, Poll
from bot.features.polls.settings import PollsSettings
from bot.model.message import Button, message, text


def may_still_ask(call: Call, poll: Poll, due: datetime) -> bool:
    """Whether who planned the poll might ask it there now; see `Call.may_still_say`."""
    return call.may_still_say([poll.opener], poll.theme, due, call.settings.of(PollsSettings).openers)


def call_off(call: Call, poll: Poll) -> None:
    """A planned poll never opens. Who moderates there hears so once, and can ask it; and who planned it."""
    call.tx.of(POLLS).end(poll, "cancelled", call.now)
    if poll.anonymous:
        call.schedule("poll.burn", str(poll.id), call.now)
    key, about = f"poll:{poll.id}:unasked", {"question": poll.question, "opens": poll.opened_at}
    ask = Button(text("poll.button.again"), "poll again", {"poll": poll.id}, style="primary")
    unasked = message(text("poll.unasked", **about), buttons=[ask])
    call.tell_moderators(poll.theme, unasked, key, but=poll.opener)
    call.tell(poll.opener, message(text("poll.unasked.yours", **about)), f"{key}:yours", theme=poll.theme)


def leave_review(call: Call, poll: Poll) -> None:
    """It is time to look at an outcome again; who moderates there hears so once, and can bring it up."""
    told = message(text("poll.unreviewed", question=poll.question, poll=poll.id))
    key = f"poll:{poll.id}:unreviewed:{poll.review_at}"
    call.tell_moderators(poll.theme, told, key, but=poll.opener)

"""What is due was planned by somebody who may have left: it is not said for them if they may not say it."""

from __future__ import annotations

from datetime import datetime

from bot.call import Call
from bot.features.polls.records import POLLS, Poll
from bot.features.polls.settings import PollsSettings
from bot.model.message import Button, message, text


def still_asks(call: Call, poll: Poll, due: datetime) -> bool:
    """Whether who planned the poll might ask it there now; see `Call.speaks_for`. Else it never opens: who
    moderates there can ask it.
    """
    about = {"question": poll.question, "opens": poll.opened_at}
    ask = Button(text("poll.button.again"), "poll again", {"poll": poll.id}, style="primary")
    asks = call.speaks_for(
        [poll.opener],
        poll.theme,
        due,
        call.settings.of(PollsSettings).openers,
        key=f"poll:{poll.id}:unasked",
        instead=message(text("poll.unasked", **about), buttons=[ask]),
        theirs=message(text("poll.unasked.yours", **about)),
    )
    if not asks:
        call.tx.of(POLLS).end(poll, "cancelled", call.now)
        if poll.anonymous:
            call.schedule("poll.burn", str(poll.id), call.now)
    return asks


def still_reviews(call: Call, poll: Poll, author: int, due: datetime) -> bool:
    """Whether who wrote an outcome might bring it up there now. Else who moderates there can do so."""
    told = message(text("poll.unreviewed", question=poll.question, poll=poll.id))
    key = f"poll:{poll.id}:unreviewed:{poll.review_at}"
    return call.speaks_for([author], poll.theme, due, key=key, instead=told)

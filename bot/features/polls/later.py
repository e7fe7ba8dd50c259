"""What is due was planned by somebody who may have left: it is not said for them if they may not say it."""

from __future__ import annotations

from datetime import datetime

from bot.call import Call
from bot.features.polls.records import POLLS, Poll
from bot.features.polls.settings import PollsSettings
from bot.model.message import Button, Message, message, text
from bot.model.people import Role


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
    _tell_moderators(call, poll, message(text("poll.unasked", **about), buttons=[ask]), key)
    call.tell(poll.opener, message(text("poll.unasked.yours", **about)), f"{key}:yours", theme=poll.theme)


def leave_review(call: Call, poll: Poll) -> None:
    """It is time to look at an outcome again; who moderates there hears so once, and can bring it up."""
    told = message(text("poll.unreviewed", question=poll.question, poll=poll.id))
    _tell_moderators(call, poll, told, f"poll:{poll.id}:unreviewed:{poll.review_at}")


def _tell_moderators(call: Call, poll: Poll, told: Message, key: str) -> None:
    for moderator in call.tx.people.moderators_of(poll.theme):
        # Who moderates the whole community need not be in every theme.
        theme = None if moderator.role >= Role.MODERATOR else poll.theme
        role = Role.RESIDENT if theme is None else Role.MODERATOR
        if moderator.id != poll.opener:
            call.tell(moderator, told, f"{key}:{moderator.id}", theme=theme, role=role)

"""Ending: at its time, by hand, or without a result; and what came of it afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.call import READ_IS_DEALT_WITH, Call
from bot.commands.numbered import numbered
from bot.errors import Unsure, UserError, yes
from bot.features.polls import show
from bot.features.polls.ask import FURTHEST, find_ended
from bot.features.polls.find import check_own, check_running, find, find_own, themes_here, usage
from bot.features.polls.later import still_asks, still_reviews
from bot.features.polls.records import POLLS, SUBJECT, Kind, Poll, reminders_of, secret_of
from bot.features.polls.steered import announce, count_announcement, leave_trace, steering, trace_of_end
from bot.features.polls.unsaid import leave_outcome
from bot.model.message import Attachment, Button, Message, Text, message, text
from bot.model.work import Job
from bot.ports.accounts import Unheard
from bot.ports.storage import Transaction

LATE = timedelta(minutes=5)
LONGEST_OUTCOME = 1_000
# More than can be open in a theme.
ALL = 10_000
SOON, LATER = timedelta(seconds=1), timedelta(seconds=10)
# After so long a wait its board says so.
SAID_AFTER = timedelta(seconds=10)


def close_poll(call: Call, poll: int | None = None, *, sure: bool = False) -> Message:
    """Close it before its time; for whoever opened it, or a moderator."""
    found = find_own(call, poll)
    if not sure:
        return _confirm(found, "close")
    if call.is_behind(found.theme) or call.is_unheard(found.theme):
        _close_soon(call, found)
        return message(text("poll.closing.receipt", question=found.question))
    _end(call, found, "closed")
    return message(text("poll.closed.receipt", question=found.question))


def _close_soon(call: Call, poll: Poll) -> None:
    """It ends now, and waits for what was said before, as it would at its own time."""
    call.tx.of(POLLS).change(poll.id, {"waits_since": call.now})
    if (by := steering(call, poll)) is not None:
        call.tx.of(POLLS).note_end(poll.id, by)
    leave_trace(call, poll, "closed")
    call.schedule("poll.close", str(poll.id), call.now + SOON)


def end_polls(tx: Transaction, theme: int, now: datetime) -> None:
    """All polls of a theme: those that are open as at their own time, those that are planned unseen."""
    for poll, _ in tx.of(POLLS).running((theme,), 0, ALL):
        tx.of(POLLS).change(poll.id, {"waits_since": now})
        tx.jobs.add("poll.close", str(poll.id), now + SOON, f"poll.close:{poll.id}")
    for poll in tx.of(POLLS).planned((theme,), ALL):
        tx.of(POLLS).end(poll, "cancelled", now)
        if poll.anonymous:
            tx.jobs.add("poll.burn", str(poll.id), now, f"poll.burn:{poll.id}")


def cancel_poll(call: Call, poll: int | None = None, *, sure: bool = False) -> Message:
    """Stop it without a result; for whoever opened it, or a moderator."""
    found, _ = find(call, poll)
    if found.state != "planned":
        check_running(call, found)
    check_own(call, found)
    if not sure:
        return _confirm(found, "cancel")
    _end(call, found, "cancelled")
    return message(text("poll.cancelled.receipt", question=found.question))


def close_due(call: Call, job: Job) -> None:
    """The closing time has come; it may have been closed already, or run longer now."""
    found = call.tx.of(POLLS).get(int(job.subject), 0)
    if not found or found[0].ends_at > call.now:
        return
    if found[0].state == "open":
        poll = found[0]
        if not _waits(call, poll):
            _end(call, replace(poll, unheard=_platforms(_not_heard(call, poll))), "closed")
    elif found[0].state == "planned":
        _missed(call, found[0])


def _not_heard(call: Call, poll: Poll) -> Sequence[Unheard]:
    return call.unheard(poll.theme, poll.ends_at)


def _platforms(accounts: Sequence[Unheard]) -> str | None:
    return " ".join(sorted({unheard.platform for unheard in accounts})) or None


def _waits(call: Call, poll: Poll) -> bool:
    """Whether it is too early to close: what was said in time may not have been heard, or dealt with, yet.

    What was read is waited for a little while, a platform that is away longer; then it closes all the same.
    """
    since = poll.waits_since or call.now
    waited = call.now - since
    if not (missing := call.awaited(poll.theme, poll.ends_at, since)):
        return False
    said = _platforms(missing) if waited >= SAID_AFTER else None
    if poll.waits_since is None or said != poll.unheard:
        call.tx.of(POLLS).change(poll.id, {"waits_since": since, "unheard": said})
    if said != poll.unheard:
        call.changed(f"{SUBJECT}:{poll.id}")
    call.schedule("poll.close", str(poll.id), call.now + (SOON if waited < READ_IS_DEALT_WITH else LATER))
    return True


def _missed(call: Call, poll: Poll) -> None:
    """It was to be open while Plein was away, and nobody has seen it."""
    if not still_asks(call, poll, poll.closes_at):
        return
    _end(call, poll, "cancelled")
    title = text("poll.cancelled.title", question=poll.question)
    said = message(
        text("poll.missed", opens=poll.opened_at, closes=poll.closes_at, poll=poll.id), title=title
    )
    call.announce(poll.theme, said, f"poll:{poll.id}:missed")


def burn_due(call: Call, job: Job) -> None:
    """An anonymous poll is over: what could still tell who chose what is destroyed."""
    call.disclose(secret_of(int(job.subject)))
    # Who was reminded had not voted by then.
    call.tx.posts.drop(reminders_of(int(job.subject)))
    if not call.tx.of(POLLS).burn(int(job.subject)):
        call.schedule("poll.burn", job.subject, call.now + SOON)


def give_outcome(
    call: Call, outcome: str, *, review: datetime | None = None, poll: int | None = None
) -> Message:
    """Tell everybody what is done with the result, and when to look at it again."""
    if poll is None:
        _check_number(call, outcome)
    found = find_ended(call, poll)
    if found.state == "cancelled":
        raise UserError("poll.is_cancelled", question=found.question)
    if found.state != "closed":
        raise UserError("poll.outcome.still_open", question=found.question)
    check_own(call, found)
    call.check_writes(found.theme)
    if not outcome.strip():
        raise UserError("poll.outcome.empty")
    if len(outcome) > LONGEST_OUTCOME:
        raise UserError("poll.outcome.long", count=len(outcome), most=LONGEST_OUTCOME)
    if review and not call.now < review <= call.now + FURTHEST:
        raise UserError("poll.outcome.review", review=review)
    count_announcement(call)
    review = review or found.review_at
    if found.outcome and found.outcome != outcome:
        leave_outcome(call, found.id, found.outcome)
    call.tx.of(POLLS).change(found.id, {"outcome": outcome, "review_at": review})
    call.changed(f"{SUBJECT}:{found.id}")
    lines = [text("poll.outcome", outcome=outcome)]
    if review:
        # Whose words they are is looked at when it is due.
        subject, key = f"{found.id} {call.resident.id}", f"poll.review:{found.id}"
        call.schedule("poll.review", subject, review, key)
        lines.append(text("poll.outcome.until", review=review))
    lines += leave_trace(call, found, "outcome", outcome=outcome)
    said = message(*lines, title=text("poll.outcome.title", question=found.question))
    announce(call, found, "outcome", said)
    return message(text("poll.outcome.receipt", question=found.question))


def _check_number(call: Call, outcome: str) -> None:
    """Whether words that begin with a poll's number are about that one: everybody is to read them.

    Raises: Unsure where there is such a poll here.
    """
    begins = numbered(outcome)
    named = call.tx.of(POLLS).get(begins[0], call.resident.id) if begins else None
    if begins is None or named is None or named[0].theme not in themes_here(call):
        return
    meant = {"poll": named[0].id, "outcome": begins[1]}
    choices = [*yes(**meant)]
    with contextlib.suppress(UserError):
        words = {"poll": find_ended(call, None).id, "outcome": outcome}
        choices.append((text("line.words"), words))
    raise Unsure(text("line.meant", line=usage(call, call.command, meant)), choices)


def review_due(call: Call, job: Job) -> None:
    """The day to look at an outcome again; another day may have been chosen since."""
    number, _, author = job.subject.partition(" ")
    found = call.tx.of(POLLS).get(int(number), 0)
    if found and found[0].outcome and (due := found[0].review_at) and due <= call.now:
        poll = found[0]
        call.take_turn(int(author or poll.opener), f"{SUBJECT}:{poll.id}:review:{due}")
        reviews = still_reviews(call, poll, int(author or poll.opener), due)
        call.tx.of(POLLS).change(poll.id, {"review_at": None})
        if not reviews:
            return
        lines = (text("poll.review", outcome=poll.outcome), text("poll.review.how", poll=poll.id))
        said = message(*lines, title=text("poll.review.title", question=poll.question))
        call.announce(poll.theme, said, f"poll:{poll.id}:review:{poll.review_at}")


def _confirm(poll: Poll, what: str) -> Message:
    label, args = text(f"poll.button.{what}.sure"), {"poll": poll.id, "sure": True}
    sure = Button(label, f"poll {what}", args, style="danger")
    if poll.voters:
        lines = [text(f"poll.{what}.sure", question=poll.question, count=poll.voters)]
    else:
        lines = [text(f"poll.{what}.sure.nobody", question=poll.question)]
    if what == "close" and poll.voters < poll.floor:
        lines.append(text("poll.close.few", floor=poll.floor))
    return message(*lines, buttons=[sure])


def _end(call: Call, poll: Poll, state: str) -> None:
    """Closed or cancelled: the last board, and word of it in every place."""
    if poll.waits_since or poll.unheard:
        call.tx.of(POLLS).change(poll.id, {"unheard": poll.unheard})
    call.tx.of(POLLS).end(poll, state, call.now, steering(call, poll))
    if poll.anonymous:
        call.schedule("poll.burn", str(poll.id), call.now)
    trace = leave_trace(call, poll, state) or trace_of_end(call.tx, replace(poll, state=state))
    if poll.state == "planned":
        return  # nobody else has seen it yet
    call.ended(f"{SUBJECT}:{poll.id}")
    title = text(f"poll.{state}.title", question=poll.question)
    if state == "closed":
        said = _result(call, poll, title, trace)
    else:
        said = message(text("poll.cancelled"), *trace, title=title)
    call.announce(poll.theme, said, f"poll:{poll.id}:{state}")


def _result(call: Call, poll: Poll, title: Text, trace: Sequence[Text]) -> Message:
    """What came out, in words and as a picture; and who ended it, where that was not its opener."""
    closed = replace(poll, state="closed")
    count = show.shown_count(call.tx, closed)
    lines = show.result(closed, count)
    if count and poll.kind is Kind.CONSENT:
        lines += show.reasons(call.tx, poll)
    if poll.voters:
        lines.append(text("poll.closed.people", count=poll.voters))
    if count and poll.voters > count.people:
        lines.append(text("poll.closed.unreadable", count=poll.voters - count.people))
    if poll.unheard:
        lines.append(show.not_heard(poll))
    if (poll.waits_since or call.now) > poll.closes_at + LATE:
        lines.append(text("poll.closed.late", closes=poll.closes_at))
    lines += trace
    if not count or not count.people:
        return message(*lines, title=title)
    words = text("poll.picture", question=poll.question, options=show.in_words(poll, count))
    return message(*lines, title=title, files=[Attachment(f"{SUBJECT}:{poll.id}", "png", words)])

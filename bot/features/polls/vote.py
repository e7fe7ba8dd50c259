"""Voting: typed, pressed, or in a platform's own poll; changed and taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.call import Call
from bot.errors import Asked, Unsure, UserError
from bot.features.polls import show
from bot.features.polls.ask import reminder_at
from bot.features.polls.find import LEFT, check_running, check_voter, find
from bot.features.polls.forms import CHOSEN, answer_form, ballot_form, reason_form, whole_form
from bot.features.polls.kinds import BESIDE, METHODS, MOST_WORDS, NO, YES, check_chosen, how_to, read_reason
from bot.features.polls.records import (
    POLLS,
    ROLES,
    SUBJECT,
    Choices,
    Kind,
    Poll,
    Reason,
    begins,
    is_whole_day,
    reminders_of,
    secret_of,
)
from bot.features.polls.unsaid import unsay_reason
from bot.model.message import Button, Form, Message, Text, message, text
from bot.model.people import Role
from bot.model.work import Job
from bot.zones import zone_or

# What help says of it: how each kind is answered.
HOW = (
    *("poll.help.choice", "poll.help.score", "poll.help.ranked", "poll.help.consent", "poll.help.dates"),
    "poll.help.secret",
)
# So often within an hour one person says anew why they object: what was said before is unsaid wherever it is.
_REASON, MOST_REASONS, WITHIN = "poll reason", 20, timedelta(hours=1)


def vote_poll(call: Call, answer: str, *, poll: int | None = None) -> Message:
    """Vote: what is said here, and nothing that was said before."""
    found, before = _find(call, poll, answer)
    if elsewhere := _asked_in_private(call, found):
        return elsewhere
    try:
        return _vote(call, found, before, answer)
    except (UserError, Unsure) as refused:
        raise _openly(found, refused) from None


def _vote(call: Call, found: Poll, before: Choices, answer: str) -> Message:
    """Read what was said as a ballot, and cast it."""
    after: Choices = ()
    try:
        after = METHODS[found.kind].read(found, answer, partial(_mark, call))
        reason = read_reason(found, answer, after)
    except UserError as error:
        named = _dates_named(call, found, answer) if found.kind is Kind.DATES else ()
        if not named:
            return _mended(found, error.asking(answer_form(found, answer, after)))
        after, reason = named, None
    except Unsure as asked:
        # Whichever is pressed, and whenever, it is for this poll.
        choices = [(label, {**meant, "poll": found.id}) for label, meant in asked.choices]
        if found.anonymous:
            # A whole ballot each, which replaces any other: that it was asked is kept nowhere.
            buttons = [Button(label, "poll vote", meant, style="primary") for label, meant in choices]
            return message(asked.question, asked.otherwise, buttons=buttons)
        raise Unsure(asked.question, choices) from None
    return _cast(call, found, before, after, reason)


def ask_for_vote(call: Call, given: Mapping[str, Any]) -> None:
    """Put the poll to whoever has not said what they vote. Raises: Asked, where they may vote in one."""
    number = given.get("poll")
    found, _ = _find(call, number if isinstance(number, int) else None)
    try:
        check_voter(call, found)
    except UserError as refused:
        raise _openly(found, refused) from None
    raise Asked(_question(found, text("poll.asked", question=found.question)), open=not found.secret)


def choose_in_poll(call: Call, numbers: tuple[int, ...], poll: int, *, unless_voted: bool = False) -> Message:
    """Vote by the numbers of options, as a platform's own poll gives them; none: the vote is taken back.

    `unless_voted`: what they said otherwise stands, also that their vote was taken back.
    """
    found, before = _find(call, poll)
    if elsewhere := _asked_in_private(call, found):
        return elsewhere
    if unless_voted and call.tx.of(POLLS).said_at(found.id, call.resident.id):
        return show.receipt(call.tx, found, before, before)
    try:
        after = check_chosen(found, numbers) if numbers else ()
    except UserError as refused:
        raise _openly(found, refused) from None
    return _cast(call, found, before, after)


def tick_poll(call: Call, poll: int, option: int, on: bool | None = None) -> Message:
    """Press the button of one option."""
    found, before = _find(call, poll)
    if elsewhere := _asked_in_private(call, found):
        return elsewhere
    if not 1 <= option <= len(found.options):
        raise UserError("poll.vote.no_option", number=option, most=len(found.options)).openly()
    press = METHODS[found.kind].press
    if (found.anonymous or press is None) and (whole := whole_form(found, before)):
        return _asked_whole(found, whole)
    assert press
    # A secret ballot is what this press says, and nothing that was pressed before.
    stands, on = ((), None) if found.anonymous else (before, on)
    try:
        after = press(found, stands, option, on)
    except UserError as error:
        # A press says who objects, but not why.
        return _mended(found, error.asking(reason_form(found)) if found.kind is Kind.CONSENT else error)
    if on is not False and not found.anonymous:
        call.undo_with("poll tick", poll=poll, option=option, on=False)
    return _cast(call, found, before, after, undoes=on is False)


def fill_in_poll(call: Call, poll: int) -> Message:
    """Open the form of a whole ballot, with what they chose in it."""
    found, before = _find(call, poll)
    return _question(found, text("poll.asked", question=found.question), form=whole_form(found, before))


def withdraw_poll(call: Call, poll: int | None = None) -> Message:
    """Take your vote back."""
    found, before = _find(call, poll)
    return _cast(call, found, before, ())


def take_back_vote(call: Call, poll: int, only: tuple[int, ...]) -> Message:
    """The message that voted for `only` was removed; a vote cast since then stays."""
    found, before = _find(call, poll)
    if found.anonymous:  # nobody can say any more what that message voted for
        return show.receipt(call.tx, found, before, before)
    return _cast(call, found, before, () if before == only else before, undoes=True)


def _find(call: Call, number: int | None, answer: str | None = None) -> tuple[Poll, Choices]:
    """The poll, open, and their ballot. What is said about an anonymous one leaves no trace of its own.

    Of several it is one in which that `answer` can be given.
    """
    found, before = find(call, number, partial(_can_be_said, call, answer) if answer else None)
    if found.anonymous and found.state == "open":
        call.confide(secret_of(found.id))
    try:
        check_running(call, found)
    except UserError as refused:
        raise _openly(found, refused) from None
    return found, before


def _can_be_said(call: Call, answer: str, poll: Poll) -> bool:
    """Whether the answer is one to this poll."""
    try:
        METHODS[poll.kind].read(poll, answer, partial(_mark, call))
    except UserError:
        return poll.kind is Kind.DATES and bool(_dates_named(call, poll, answer))
    except Unsure:
        pass
    return True


def _openly(poll: Poll, refused: UserError | Unsure) -> UserError | Unsure:
    """What is wrong with a vote that everybody may see, everybody may see; but not whose account is whose."""
    is_of_accounts = isinstance(refused, UserError) and refused.text.key == LEFT
    return refused if poll.secret or is_of_accounts else refused.openly()


def _cast(
    call: Call,
    poll: Poll,
    before: Choices,
    after: Choices,
    reason: str | None = None,
    *,
    undoes: bool = False,
) -> Message:
    """Keep the ballot; the receipt says what now stands.

    What only `undoes` something said before says nothing of what was said since: the moment is of what stood.
    """
    if after:
        try:
            check_voter(call, poll)
        except UserError as refused:
            raise _openly(poll, refused) from None
    unsaid = bool(after) and poll.kind is Kind.CONSENT and not call.may_write(poll.theme)
    reason = None if unsaid else reason
    said_at = call.said_at
    if call.waited or undoes:
        last = call.tx.of(POLLS).said_at(poll.id, call.resident.id)
        if call.is_overtaken(last):
            return show.receipt(call.tx, poll, before, before)
        said_at = last if undoes and last else said_at
    if poll.anonymous:
        _cast_sealed(call, poll, before, after, reason)
        return _without_reason(show.receipt(call.tx, poll, before, after), unsaid)
    if after and call.undone_by is None:
        call.undo_with("poll take-back", poll=poll.id, only=list(after))
    _keep(call, poll, before, after, said_at, reason)
    if before != after or reason:
        call.changed(f"{SUBJECT}:{poll.id}")
    call.in_sight = not poll.secret and bool(before or after)
    return _without_reason(show.receipt(call.tx, poll, before, after, reason), unsaid)


def _keep(
    call: Call, poll: Poll, before: Choices, after: Choices, said_at: datetime, reason: str | None
) -> None:
    """Why they objected before this, and not any more, is unsaid: nobody finds it there later."""
    assert call.identity
    store, voter = call.tx.of(POLLS), call.resident.id
    stood = store.said_by(poll.id, voter) if poll.kind is Kind.CONSENT else ()
    if reason and reason not in [before.words for before in stood]:
        if (count := call.used(_REASON, WITHIN)) >= MOST_REASONS:
            raise UserError("poll.reason.often", count=count)
        call.use(_REASON, within=WITHIN)
    reasons = [Reason(reason, call.identity.address)] if reason else []
    store.vote(poll, voter, before, after, said_at, reasons)
    for gone in set(stood).difference(store.said_by(poll.id, voter)) if stood else ():
        unsay_reason(call, poll.id, voter, gone)


def _without_reason(receipt: Message, unsaid: bool) -> Message:
    """Who may not write there has Plein put no words of theirs there; said whatever they chose, which the
    answer in an anonymous poll does not tell.
    """
    return replace(receipt, blocks=(*receipt.blocks, text("poll.receipt.silent"))) if unsaid else receipt


def _cast_sealed(call: Call, poll: Poll, before: Choices, after: Choices, reason: str | None) -> None:
    """Nobody can tell a vote that was changed from one that was repeated: only who takes part is seen."""
    if call.tx.of(POLLS).repeated(poll, call.resident.id, call.id, call.said_at):
        return
    call.tx.of(POLLS).vote(poll, call.resident.id, before, after, call.said_at, reason)
    if bool(before) != bool(after):
        call.changed(f"{SUBJECT}:{poll.id}")


def _mended(poll: Poll, error: UserError) -> Message:
    """What is wrong; in an anonymous poll, of which only the last answer is kept, with its buttons.

    Raises: the error, in any other.
    """
    if not poll.anonymous:
        raise error if poll.secret else error.openly()
    return message(error.text, buttons=show.buttons(poll), form=error.form)


def _asked_in_private(call: Call, poll: Poll) -> Message | None:
    """Where nobody is to see how somebody votes, what others saw is no vote: it is asked in private."""
    if not (poll.secret and call.public):
        return None
    return _question(poll, text("poll.overheard", question=poll.question))


def _asked_whole(poll: Poll, form: Form) -> Message:
    """One press is not all of a ballot: the whole of it is asked for, and nothing is kept until then."""
    how, limit = how_to(poll), tuple[Text, ...]()
    if poll.kind in CHOSEN:
        how = text("poll.how.approval", example="1 2")
        limit = (text("poll.board.at_most", count=poll.at_most),) if poll.at_most < len(poll.options) else ()
    return message(
        text("poll.whole" if poll.anonymous else "poll.whole.score", question=poll.question),
        *show.option_lines(poll, None),
        *limit,
        hints=[text("poll.reminder.how", poll=poll.id, how=how)],
        form=form,
    )


def _question(poll: Poll, *first: Text, form: Form | None = None) -> Message:
    """The question put to one person alone."""
    return message(
        *first,
        *show.option_lines(poll, None),
        hints=[text("poll.reminder.how", poll=poll.id, how=how_to(poll))],
        buttons=show.buttons(poll),
        form=form or ballot_form(poll),
    )


def _dates_named(call: Call, poll: Poll, answer: str) -> Choices:
    """The dates that suit as people write them, `di 8 dec en wo 9 dec`; none where one of them is unclear."""
    words_said = answer.split()
    if len(words_said) > MOST_WORDS:
        return ()
    between = ["|" if _mark(call, word, BESIDE) else word for word in words_said]
    named = [words for words in re.split(r"[|,;]", " ".join(between)) if words.strip()]
    suit = [_dates_meant(call, poll, words) for words in named[: len(poll.options)]]
    if not named or len(named) > len(suit) or any(len(numbers) != 1 for numbers in suit):
        return ()
    numbers = {number for (number,) in suit}
    return tuple(YES if number in numbers else NO for number in range(1, len(poll.options) + 1))


def _dates_meant(call: Call, poll: Poll, words: str) -> list[int]:
    """Which dates these words may mean: that moment, or any on that day."""
    try:
        reading = call.read_moment(words.strip(), whole_days=True)
    except UserError:
        return []
    days = {start.astimezone(call.own_zone).date() for start in reading.starts}
    return [
        number
        for number, option in enumerate(poll.options, start=1)
        if (
            begins(option, call.zone).astimezone(call.zone).date() in days
            if reading.whole_day
            else not is_whole_day(option) and begins(option, call.zone) in reading.starts
        )
    ]


def _mark(call: Call, word: str, marks: Mapping[str, int]) -> int | None:
    """The mark that a word stands for, in any of our languages."""
    for name, mark in marks.items():
        # A form gives the mark's own name.
        if word.casefold() in (name, *call.commands.texts.words(f"poll.word.{name}")):
            return mark
    return None


def remind_due(call: Call, job: Job) -> None:
    """A day before it closes: a word to those who have not voted and want to be reminded, once."""
    found = call.tx.of(POLLS).get(int(job.subject), 0)
    if not found or found[0].state != "open" or found[0].reminded:
        return
    poll = found[0]
    if not reminder_at(call, poll.closes_at) <= call.now < poll.ends_at:
        return  # it runs longer now, and another job comes for that; or it is over
    if ends := call.settings.quiet_until(call.now):
        call.schedule("poll.remind", str(poll.id), ends)
        return
    reminder = text("poll.reminder", question=poll.question, closes=poll.closes_at)
    said = _question(poll, reminder, text("poll.reminder.stop"))
    needed = ROLES.get(poll.who, Role.RESIDENT)
    lacking = call.tx.of(POLLS).without_ballot(poll)
    wishes, mornings = call.tx.people.wishes(lacking), set()
    for resident in lacking:
        key = f"{reminders_of(poll.id)}{resident}"
        morning = call.settings.quiet_until(call.now, zone_or(wishes[resident].zone, call.zone))
        # By their own clocks it may be night still: they are told then, where that is in time.
        if morning and morning < poll.closes_at:
            mornings.add(morning)
            continue
        # It is said in no other way: who is reminded has not voted, which a mention would tell everybody, of
        # an anonymous poll and of any other, as votes are given where nobody sees who did. Nor can those who
        # voted be mentioned beside them: of these nobody knows whether anything reaches them.
        call.tell(resident, said, key, until=poll.closes_at, theme=poll.theme, role=needed)
    if mornings:
        call.schedule(job.kind, job.subject, min(mornings))
    else:
        call.tx.of(POLLS).change(poll.id, {"reminded": True})

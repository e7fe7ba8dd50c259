"""Polls: somebody asks, everybody answers once, and the count is there for all to see.

A poll belongs to a theme and shows the same board in each of its places. A resident has one
ballot, whichever way and on whichever account it was cast; it can be changed and withdrawn
until the poll closes, at its time or by hand. The board shows the count as it stands.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.call import Call
from bot.commands import Command
from bot.errors import UserError
from bot.model import Action, Ballot, Job, Message, Role, Text, text, typed
from bot.ports import Transaction

MOST_OPTIONS = 20
LONGEST_QUESTION = 250
LONGEST_OPTION = 80
OPEN_FOR = timedelta(days=7)
FURTHEST = timedelta(days=366)
LATE = timedelta(minutes=5)
LISTED = 20


# --- records ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Poll:
    """`state` is open, closed or cancelled; `ended_at` is when it stopped being open."""

    id: int
    theme: int
    opener: int
    question: str
    options: tuple[str, ...]
    at_most: int
    opened_at: datetime
    closes_at: datetime
    state: str
    voters: int
    ended_at: datetime | None = None

    def takes_votes(self, at: datetime) -> bool:
        return self.state == "open" and at < self.closes_at


Choices = tuple[int, ...]


class PollStore(Protocol):
    """What polls need kept. Choices are option numbers from 1, ascending; () is no ballot."""

    def add(
        self,
        theme: int,
        opener: int,
        question: str,
        options: Sequence[str],
        at_most: int,
        opened_at: datetime,
        closes_at: datetime,
    ) -> Poll: ...

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        """The poll, held until the transaction ends, and what this voter chose."""
        ...

    def running(self, theme: int | None, voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        """Open polls, the newest first, held like `get`; theme None: everywhere."""
        ...

    def of(self, resident: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        """Polls that this resident opened or voted in, the newest first."""
        ...

    def tally(self, poll: int) -> Sequence[int]:
        """The votes for each option, in order."""
        ...

    def vote(self, poll: int, voter: int, before: Choices, after: Choices, now: datetime) -> None: ...

    def end(self, poll: int, state: str, now: datetime) -> None: ...

    def merge(self, old: int, new: int) -> Sequence[int]:
        """Two residents turn out to be one person: of two ballots in an open poll the later one counts.

        The open polls in which `old` had a ballot. What was closed stays as it was announced.
        """
        ...


# --- rules -----------------------------------------------------------------


def seen_as(words: str) -> str:
    """What tells one from another for a reader: not capitals, width, or joiners, which show nothing."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return plain.replace("\u200c", "").replace("\u200d", "").strip()


def check_question(question: str) -> None:
    if not seen_as(question):
        raise UserError("poll.question.empty")
    if len(question) > LONGEST_QUESTION:
        raise UserError("poll.question.long", count=len(question), most=LONGEST_QUESTION)


def check_options(options: Sequence[str]) -> None:
    if len(options) < 2:
        raise UserError("poll.options.few", count=len(options))
    if len(options) > MOST_OPTIONS:
        raise UserError("poll.options.many", count=len(options), most=MOST_OPTIONS)
    known: set[str] = set()
    for option in options:
        if len(option) > LONGEST_OPTION:
            raise UserError(
                "poll.option.long", option=option[:30] + "…", count=len(option), most=LONGEST_OPTION
            )
        same = seen_as(option)
        if not same:
            raise UserError("typed.unseen")
        if same in known:
            raise UserError("poll.options.double", option=option)
        known.add(same)


def check_choices(poll: Poll, options: Sequence[int]) -> Choices:
    """The choices as a ballot. Raises UserError for a number that is no option, or too many."""
    for number in options:
        if not 1 <= number <= len(poll.options):
            raise UserError("poll.vote.no_option", number=number, most=len(poll.options))
    choices = tuple(sorted(set(options)))
    if not choices:
        raise UserError("poll.vote.nothing", most=len(poll.options))
    if len(choices) > poll.at_most:
        raise UserError("poll.vote.too_many", count=poll.at_most, chosen=len(choices))
    return choices


def ticked(poll: Poll, before: Choices, option: int, on: bool | None) -> Choices:
    """The choices after one press: on, off, or (None) the other way round where several count."""
    if on is None:
        on = poll.at_most == 1 or option not in before
    if not on:
        return tuple(one for one in before if one != option)
    return check_choices(poll, (option,) if poll.at_most == 1 else (*before, option))


def leaders(tally: Sequence[int]) -> Choices:
    """The options with the most votes; none where nobody voted."""
    most = max(tally)
    return tuple(number for number, votes in enumerate(tally, start=1) if votes == most and votes)


def result(poll: Poll, tally: Sequence[int]) -> Text:
    """What came out, in a sentence. A tie is called a tie."""
    first = leaders(tally)
    if not first:
        return text("poll.result.none")
    votes = tally[first[0] - 1]
    if len(first) > 1:
        return text("poll.result.tie", options=_names(poll, first), count=votes)
    return text("poll.result.one", option=poll.options[first[0] - 1], count=votes)


def bar(votes: int, most: int, width: int = 10) -> str:
    """A bar of `width` blocks for the option with the most votes, the others in proportion."""
    full = round(width * votes / most) if most else 0
    return "█" * full + "░" * (width - full)


def _names(poll: Poll, choices: Choices) -> tuple[Text, ...]:
    return tuple(typed(poll.options[number - 1]) for number in choices)


# --- what is shown ---------------------------------------------------------


def show_board(tx: Transaction, subject: str) -> Message | None:
    """The poll as everybody sees it."""
    found = tx.polls.get(int(subject), 0)
    if not found:
        return None
    poll, _ = found
    tally = tx.polls.tally(poll.id)
    lines = [
        text("poll.board.option", number=number, option=option, count=votes, bar=bar(votes, max(tally)))
        for number, (option, votes) in enumerate(zip(poll.options, tally, strict=True), start=1)
    ]
    if poll.voters:
        lines.append(text("poll.board.people", count=poll.voters))
    if poll.state == "open":
        if not poll.voters:
            lines.append(text("poll.board.nobody"))
        if poll.at_most > 1:
            lines.append(text("poll.board.at_most", count=poll.at_most))
        lines.append(text("poll.board.closes", closes=poll.closes_at))
        lines.append(text("poll.board.how", poll=poll.id))
        return Message(tuple(lines), typed(poll.question), _buttons(poll), _ballot(poll, None))
    ended = text(f"poll.board.{poll.state}", ended=poll.ended_at or poll.closes_at)
    if poll.state == "closed":
        lines.append(result(poll, tally))
    lines.append(ended)
    return Message(tuple(lines), typed(poll.question), ballot=_ballot(poll, lines[-2]))


def _buttons(poll: Poll) -> tuple[Action, ...]:
    return tuple(
        Action(typed(option), "poll tick", {"poll": poll.id, "option": number}, switch="on")
        for number, option in enumerate(poll.options, start=1)
    )


def _ballot(poll: Poll, ended: Text | None) -> Ballot:
    options = tuple(typed(option) for option in poll.options)
    return Ballot(typed(poll.question), options, poll.at_most, "poll vote", {"poll": poll.id}, ended)


def _receipt(poll: Poll, before: Choices, after: Choices) -> Message:
    """What now stands, for the voter alone."""
    if not after:
        key = "poll.receipt.withdrawn" if before else "poll.receipt.nothing"
        return Message((text(key, question=poll.question),))
    values = {"question": poll.question, "options": _names(poll, after)}
    if before and before != after:
        line = text("poll.receipt.changed", before=_names(poll, before), **values)
    else:
        line = text("poll.receipt.voted", **values)
    withdraw = Action(text("poll.button.withdraw"), "poll withdraw", {"poll": poll.id})
    return Message((line, text("poll.receipt.until", closes=poll.closes_at)), actions=(withdraw,))


# --- handlers --------------------------------------------------------------


def open_poll(
    call: Call, question: str, options: tuple[str, ...], *, closes: datetime | None = None, choices: int = 1
) -> Message:
    """Ask a question in this place's theme."""
    theme = call.theme()
    check_question(question)
    check_options(options)
    if not 1 <= choices <= len(options):
        raise UserError("poll.choices.range", most=len(options))
    closes_at = closes or call.now + OPEN_FOR
    if closes_at <= call.now:
        raise UserError("poll.closes.past", closes=closes_at)
    if closes_at > call.now + FURTHEST:
        raise UserError("poll.closes.far", closes=closes_at)
    poll = call.tx.polls.add(theme.id, call.resident.id, question, options, choices, call.now, closes_at)
    call.remind("poll.close", str(poll.id), poll.closes_at)
    call.board(f"poll:{poll.id}", theme.id)
    return Message(
        (text("poll.opened", question=question, poll=poll.id), text("poll.opened.closes", closes=closes_at)),
        actions=(
            Action(text("poll.button.close"), "poll close", {"poll": poll.id}),
            Action(text("poll.button.cancel"), "poll cancel", {"poll": poll.id}),
        ),
    )


def vote_poll(call: Call, numbers: tuple[int, ...], *, poll: int | None = None) -> Message:
    """Vote: these options and no others."""
    found, before = _running(call, poll)
    # A native poll answers with nothing chosen when somebody takes their vote back.
    after = check_choices(found, numbers) if numbers or poll is None else ()
    if after:
        call.undo_with("poll take-back", poll=found.id, only=list(after))
    return _vote(call, found, before, after)


def tick_poll(call: Call, poll: int, option: int, on: bool | None = None) -> Message:
    """Press the button of one option."""
    found, before = _running(call, poll)
    check_choices(found, (option,))
    if on is not False:
        call.undo_with("poll tick", poll=poll, option=option, on=False)
    return _vote(call, found, before, ticked(found, before, option, on))


def withdraw_poll(call: Call, poll: int | None = None) -> Message:
    """Take your vote back."""
    found, before = _running(call, poll)
    return _vote(call, found, before, ())


def take_back_vote(call: Call, poll: int, only: tuple[int, ...]) -> Message:
    """The message that voted for `only` was removed; a vote cast since then stays."""
    found, before = _running(call, poll)
    return _vote(call, found, before, () if before == only else before)


def _vote(call: Call, poll: Poll, before: Choices, after: Choices) -> Message:
    if before != after:
        call.tx.polls.vote(poll.id, call.resident.id, before, after, call.now)
        call.changed(f"poll:{poll.id}")
    return _receipt(poll, before, after)


def close_poll(call: Call, poll: int | None = None, *, sure: bool = False) -> Message:
    """Close it before its time; for whoever opened it, or a moderator."""
    found = _own(call, poll)
    if not sure:
        return _confirm(found, "close")
    _end(call, found, "closed")
    return Message((text("poll.closed.receipt", question=found.question),))


def cancel_poll(call: Call, poll: int | None = None, *, sure: bool = False) -> Message:
    """Stop it without a result; for whoever opened it, or a moderator."""
    found = _own(call, poll)
    if not sure:
        return _confirm(found, "cancel")
    _end(call, found, "cancelled")
    return Message((text("poll.cancelled.receipt", question=found.question),))


def show_poll(call: Call, poll: int | None = None) -> Message:
    """How a poll stands, and what you chose."""
    found, mine = _find(call, poll)
    board = show_board(call.tx, str(found.id))
    assert board
    own = text("poll.show.chose", options=_names(found, mine)) if mine else text("poll.show.nothing")
    return Message((*board.lines, own), board.title, board.actions)


def list_polls(call: Call) -> Message:
    """The open polls here; in private, everywhere."""
    theme = call.theme().id if call.place else None
    found = call.tx.polls.running(theme, call.resident.id, LISTED + 1)
    if not found:
        return Message((text("poll.list.none", usage=_usage(call, "poll open")),))
    lines = tuple(
        text("poll.list.one", poll=poll.id, question=poll.question, closes=poll.closes_at, count=poll.voters)
        for poll, _ in found[:LISTED]
    )
    more = (text("list.more"),) if len(found) > LISTED else ()
    return Message((*lines, *more, text("poll.list.how")), text("poll.list.title"))


def my_polls(call: Call) -> Message:
    """The polls you opened and what you voted."""
    found = call.tx.polls.of(call.resident.id, LISTED + 1)
    if not found:
        return Message((text("poll.mine.none"),))
    lines = []
    for poll, choices in found[:LISTED]:
        opened = (text("poll.mine.opened"),) if poll.opener == call.resident.id else ()
        chose = (
            text("poll.mine.chose", options=_names(poll, choices)) if choices else text("poll.mine.nothing")
        )
        state = text(f"poll.mine.{poll.state}", closes=poll.ended_at or poll.closes_at)
        lines.append(
            text("poll.mine.one", poll=poll.id, question=poll.question, facts=(*opened, chose, state))
        )
    more = (text("list.more"),) if len(found) > LISTED else ()
    return Message((*lines, *more), text("poll.mine.title"))


def close_due(call: Call, job: Job) -> None:
    """The closing time has come; somebody may have closed it already."""
    found = call.tx.polls.get(int(job.subject), 0)
    if found and found[0].state == "open":
        _end(call, found[0], "closed")


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who counts once."""
    for poll in tx.polls.merge(old, new):
        tx.boards.mark(f"poll:{poll}")


# --- steps that handlers share ---------------------------------------------


def _find(call: Call, number: int | None) -> tuple[Poll, Choices]:
    """The poll with that number; without one, the only one that is open here."""
    if number is not None:
        found = call.tx.polls.get(number, call.resident.id)
        if not found:
            raise UserError("poll.unknown", poll=number, usage=_usage(call, "poll list"))
        return found
    theme = call.theme().id if call.place else None
    running = call.tx.polls.running(theme, call.resident.id, 4)
    if not running:
        raise UserError("poll.none_open", usage=_usage(call, "poll open"))
    if len(running) > 1:
        known = tuple(text("poll.named", poll=poll.id, question=poll.question) for poll, _ in running)
        raise UserError("poll.which", polls=known, poll=running[0][0].id)
    return running[0]


def _running(call: Call, number: int | None) -> tuple[Poll, Choices]:
    """Like `_find`, for what needs it open; judged by when it was said."""
    poll, choices = _find(call, number)
    if poll.state == "cancelled":
        raise UserError("poll.is_cancelled", question=poll.question)
    if not poll.takes_votes(call.said_at):
        raise UserError("poll.is_closed", question=poll.question, ended=poll.ended_at or poll.closes_at)
    return poll, choices


def _own(call: Call, number: int | None) -> Poll:
    poll, _ = _running(call, number)
    if poll.opener != call.resident.id and not call.may(Role.MODERATOR, poll.theme):
        raise UserError("poll.not_yours", question=poll.question)
    return poll


def _confirm(poll: Poll, what: str) -> Message:
    sure = Action(text(f"poll.button.{what}.sure"), f"poll {what}", {"poll": poll.id, "sure": True})
    return Message((text(f"poll.{what}.sure", question=poll.question, count=poll.voters),), actions=(sure,))


def _end(call: Call, poll: Poll, state: str) -> None:
    """Closed or cancelled: the last board, and word of it in every place."""
    call.tx.polls.end(poll.id, state, call.now)
    call.ended(f"poll:{poll.id}")
    lines = [text(f"poll.{state}")]
    if state == "closed":
        lines = [result(poll, call.tx.polls.tally(poll.id))]
        if poll.voters:
            lines.append(text("poll.closed.people", count=poll.voters))
        if call.now > poll.closes_at + LATE:
            lines.append(text("poll.closed.late", closes=poll.closes_at))
    title = text(f"poll.{state}.title", question=poll.question)
    call.announce(poll.theme, Message(tuple(lines), title), f"poll:{poll.id}:{state}")


def _usage(call: Call, path: str) -> str:
    return call.commands.usage(call.commands.by_path[path], call.locale)


COMMANDS = (
    Command("poll open", open_poll),
    Command("poll vote", vote_poll),
    Command("poll withdraw", withdraw_poll),
    Command("poll show", show_poll),
    Command("poll list", list_polls),
    Command("poll mine", my_polls),
    Command("poll close", close_poll),
    Command("poll cancel", cancel_poll),
    Command("poll tick", tick_poll, listed=False),
    Command("poll take-back", take_back_vote, listed=False),
)
JOBS = {"poll.close": close_due}
BOARDS = {"poll": show_board}

"""Polls: somebody asks, everybody answers once, and the count is there for all to see.

A poll belongs to a theme and shows the same board in each of its places. A resident has one ballot,
whichever way and on whichever account it was cast; it can be changed and withdrawn until the poll
closes, at its time or by hand. What kind it is, who may vote, when its count is shown and whether it
is anonymous is settled before it opens, stands on its board, and never changes.

    records.py   what a poll is, and what must be kept of it
    settings.py  who may open one, and how many
    kinds.py     six ways to answer and to count; ranking.py is Schulze's method
    ask.py       opening, now or later, again; longer.py: running longer
    later.py     whether who planned something may still say it when it is due
    vote.py      voting, changing, taking back; reminding those who have not
    end.py       closing, cancelling, and what came of it
    unsaid.py    what was changed since is looked for wherever it was said
    steered.py   the trace of whoever did that to somebody else's
    forms.py     a ballot in parts, for platforms that can ask for it
    show.py      the board, the result, the receipt
    meet.py      from the date that suits most to a meeting
    read.py      showing, listing, figures to take along
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.polls import ask, end, find, longer, meet, read, show, unsaid, vote
from bot.features.polls.records import POLLS, SUBJECT, Cast, Plan, Poll
from bot.features.polls.settings import PollsSettings
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command("poll open", ask.open_poll, asks=("question", "options", "kind", "closes", "anonymous")),
    _Command("poll vote", vote.vote_poll, secret=True, lacking=vote.ask_for_vote, notes=vote.HOW),
    _Command("poll withdraw", vote.withdraw_poll),
    _Command("poll show", read.show_poll),
    _Command("poll list", read.list_polls),
    # Which are named says in which they took part.
    _Command("poll mine", read.my_polls, confidential=True),
    _Command("poll close", end.close_poll),
    _Command("poll extend", longer.extend_poll),
    _Command("poll cancel", end.cancel_poll),
    _Command("poll outcome", end.give_outcome),
    _Command("poll again", ask.ask_again),
    _Command("poll export", read.export_poll),
    # It is asked of a poll, and plans a meeting by its button.
    _Command(meet.WHEN, meet.best_date, also_named=("poll",)),
    _Command("poll choose", vote.choose_in_poll, listed=False),
    _Command("poll tick", vote.tick_poll, listed=False),
    _Command("poll fill", vote.fill_in_poll, listed=False),
    _Command("poll take-back", vote.take_back_vote, listed=False),
)
_JOBS = {
    "poll.open": ask.open_due,
    "poll.close": end.close_due,
    "poll.remind": vote.remind_due,
    "poll.review": end.review_due,
    "poll.burn": end.burn_due,
    unsaid.UNSAY: unsaid.unsay_due,
}


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who counts once."""
    changed, gone = tx.of(POLLS).merge(old, new)
    for poll in changed:
        tx.boards.mark(f"{SUBJECT}:{poll}")
    for number, reason in gone:
        show.unsay(tx, number, reason)


def part_resident(tx: Transaction, resident: int, new: int, brought: Brought | None) -> None:
    """What was said together counts once, and for whoever stays; what they asked, for either's limits."""
    tx.of(POLLS).part(resident, new)
    if brought is None:
        _count_standing(tx, resident, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Their votes are taken back where that is possible still; of what is over the figures stay alone.

    What they asked and others still answer counts for them, should they come back.
    """
    _count_standing(tx, resident, resident)
    reasons = [*tx.of(POLLS).reasons_of(resident), *tx.of(POLLS).reasons_elsewhere(resident)]
    for number, reason in reasons:
        show.unsay(tx, number, reason)
    for number in {*tx.of(POLLS).forget(resident), *(number for number, _ in reasons)}:
        tx.boards.mark(f"{SUBJECT}:{number}")


def _count_standing(tx: Transaction, opener: int, resident: int) -> None:
    """What the one asked, and others still answer, counts for the other as what they asked."""
    for poll in tx.of(POLLS).opened_by(opener):
        if poll.state in ("open", "planned"):
            tx.uses.add(resident, ask.STANDING, poll.closes_at, str(poll.id))


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they asked, answered and ended; of an anonymous poll only that they answered.

    What came of a poll that they asked is for who takes part in its theme; of an anonymous one nothing below
    its floor is anybody's.
    """
    asked = tx.of(POLLS).opened_by(resident)
    themes = among({poll.theme for poll in asked})
    return {
        "polls": [_exported(poll, came=poll.voters >= poll.floor and poll.theme in themes) for poll in asked],
        "ballots": [_cast(ballot) for ballot in tx.of(POLLS).cast_by(resident)],
        "endings": [{"poll": poll} for poll in tx.of(POLLS).ended_by(resident)],
        "leavers": [{"poll": poll, "account": mark} for poll, mark in tx.of(POLLS).held_by(resident)],
        "marks": [_mark(*mark) for mark in tx.of(POLLS).marks_of(resident)],
    }


def _exported(poll: Poll, *, came: bool) -> Mapping[str, Any]:
    """What they asked; and what came of it, which is not theirs alone."""
    told = dataclasses.fields(Poll if came else Plan)
    fields = {"id": poll.id} | {column.name: getattr(poll, column.name) for column in told}
    del fields["opener"]
    return {name: _plain(value) for name, value in fields.items()}


def _cast(ballot: Cast) -> Mapping[str, Any]:
    if ballot.anonymous:
        return {"poll": ballot.poll, "anonymous": True}
    return {name: _plain(getattr(ballot, name)) for name in ("poll", "choices", "reason", "cast_at")}


def _mark(poll: int, latest: str, said_at: datetime | None) -> Mapping[str, Any]:
    return {"poll": poll, "latest": latest, "said_at": _plain(said_at)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


FEATURE = Feature(
    name="polls",
    commands=_COMMANDS,
    jobs=_JOBS,
    about=("poll.review",),
    boards={SUBJECT: show.show_board},
    files={SUBJECT: read.FILES},
    suggest={"poll": find.suggest_polls},
    ends=end.end_polls,
    came_of=read.came_of_polls,
    merge=merge_residents,
    part=part_resident,
    forget=forget_resident,
    export=export_resident,
    stands=read.standing_polls,
    news={SUBJECT: read.tell_new},
    settings=PollsSettings,
    keeps=POLLS,
)

"""Polls, ballots and their running count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.features.polls import Choices, Poll
from storage.direct import Core
from storage.tables import ballots, polls, tallies

_VOTER = and_(ballots.c.poll == polls.c.id, ballots.c.voter == bindparam("voter_"))
_PEOPLE = and_(tallies.c.poll == polls.c.id, tallies.c.option == 0)
_POLL = select(polls, tallies.c.votes.label("voters"), ballots.c.choices).select_from(
    polls.join(tallies, _PEOPLE).outerjoin(ballots, _VOTER)
)
# Held until the end: a vote and a closing of the same poll never pass each other.
_GET = _POLL.where(polls.c.id == bindparam("poll_")).with_for_update(of=polls)
_NEWEST = polls.c.id.desc()
_OPEN = _POLL.where(polls.c.state == "open").order_by(_NEWEST).limit(bindparam("most_"))
_OPEN_HERE = _OPEN.where(polls.c.theme == bindparam("theme_")).with_for_update(of=polls)
_OF = (
    _POLL.where(or_(polls.c.opener == bindparam("voter_"), ballots.c.choices.is_not(None)))
    .order_by(_NEWEST)
    .limit(bindparam("most_"))
)
_TALLY = (
    select(tallies.c.votes)
    .where(tallies.c.poll == bindparam("poll_"), tallies.c.option > 0)
    .order_by(tallies.c.option)
)
_ADD = insert(polls).returning(polls.c.id)
_ADD_TALLY = insert(tallies)
_COUNT = (
    update(tallies)
    .where(tallies.c.poll == bindparam("poll_"), tallies.c.option == bindparam("option_"))
    .values(votes=tallies.c.votes + bindparam("more_"))
)
_CAST = upsert(ballots)
_CAST = _CAST.on_conflict_do_update(
    index_elements=[ballots.c.poll, ballots.c.voter],
    set_={"choices": _CAST.excluded.choices, "cast_at": _CAST.excluded.cast_at},
)
_ONE = and_(ballots.c.poll == bindparam("poll_"), ballots.c.voter == bindparam("voter_"))
_WITHDRAW = delete(ballots).where(_ONE)
_BALLOTS = select(ballots.c.choices).where(ballots.c.poll == bindparam("poll_"))
_END = (
    update(polls)
    .where(polls.c.id == bindparam("poll_"))
    .values(state=bindparam("state_"), ended_at=bindparam("at_", type_=polls.c.ended_at.type))
)
_BOTH = (
    select(ballots.c.poll, ballots.c.voter, ballots.c.choices, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(
        polls.c.state == "open",
        or_(ballots.c.voter == bindparam("old_"), ballots.c.voter == bindparam("new_")),
    )
    .order_by(ballots.c.poll, ballots.c.cast_at)
    .with_for_update(of=polls)
)
_OPENED = update(polls).where(polls.c.opener == bindparam("old_")).values(opener=bindparam("new_"))


class Polls:
    """Implements PollStore."""

    def __init__(self, db: Core) -> None:
        self._db = db

    def add(
        self,
        theme: int,
        opener: int,
        question: str,
        options: Sequence[str],
        at_most: int,
        opened_at: datetime,
        closes_at: datetime,
    ) -> Poll:
        fields: dict[str, Any] = {
            "theme": theme,
            "opener": opener,
            "question": question,
            "at_most": at_most,
            "opened_at": opened_at,
            "closes_at": closes_at,
            "state": "open",
        }
        kept = orjson.dumps(options).decode()
        number = self._db.execute(_ADD, {**fields, "options": kept}).scalar_one()
        zero = [{"poll": number, "option": option, "votes": 0} for option in range(len(options) + 1)]
        self._db.execute(_ADD_TALLY, zero)
        return Poll(id=number, options=tuple(options), voters=0, **fields)

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        row = self._db.execute(_GET, {"poll_": poll, "voter_": voter}, besides=True).first()
        return self._poll(row, voter) if row else None

    def running(self, theme: int | None, voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        if theme is None:
            rows = self._db.execute(_OPEN, {"voter_": voter, "most_": most}, besides=True)
        else:
            here = {"voter_": voter, "most_": most, "theme_": theme}
            rows = self._db.execute(_OPEN_HERE, here, besides=True)
        return [self._poll(row, voter) for row in rows]

    def of(self, resident: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        rows = self._db.execute(_OF, {"voter_": resident, "most_": most})
        return [self._poll(row, resident) for row in rows]

    def tally(self, poll: int) -> Sequence[int]:
        return list(self._db.execute(_TALLY, {"poll_": poll}).scalars())

    def vote(self, poll: int, voter: int, before: Choices, after: Choices, now: datetime) -> None:
        if after:
            choices = ",".join(map(str, after))
            ballot = {"poll": poll, "voter": voter, "choices": choices, "cast_at": now}
            self._db.later(_CAST, (poll, voter), ballot)
        else:
            self._db.execute(_WITHDRAW, {"poll_": poll, "voter_": voter})
        steps = {option: 1 for option in after if option not in before}
        steps |= {option: -1 for option in before if option not in after}
        steps[0] = bool(after) - bool(before)
        for option, step in steps.items():
            if step:
                row = {"poll_": poll, "option_": option, "more_": step}
                self._db.later(_COUNT, (poll, option), row, adds="more_")

    def merge(self, old: int, new: int) -> Sequence[int]:
        self._db.execute(_OPENED, {"old_": old, "new_": new})
        found = list(self._db.execute(_BOTH, {"old_": old, "new_": new}))
        theirs = {row.poll for row in found if row.voter == old}
        for poll in theirs:
            both = [row for row in found if row.poll == poll]
            last = both[-1]
            for row in both:
                self.vote(poll, row.voter, _choices(row.choices), (), row.cast_at)
            self.vote(poll, new, (), _choices(last.choices), last.cast_at)
        return sorted(theirs)

    def end(self, poll: int, state: str, now: datetime) -> None:
        self._db.execute(_END, {"poll_": poll, "state_": state, "at_": now})

    def _poll(self, row: Any, voter: int) -> tuple[Poll, Choices]:
        """With what has been put off and is not in the row yet."""
        *kept, voters, chosen = row
        people = self._db.waiting(_COUNT, (row.id, 0))
        ballot = self._db.waiting(_CAST, (row.id, voter))
        return (
            _built(*kept, voters + people["more_"] if people else voters),
            _choices(ballot["choices"] if ballot else chosen),
        )


@lru_cache(1024)  # from one vote to the next a poll hardly changes
def _built(
    number: int,
    theme: int,
    opener: int,
    question: str,
    options: str,
    at_most: int,
    opened_at: datetime,
    closes_at: datetime,
    state: str,
    ended_at: datetime | None,
    voters: int,
) -> Poll:
    shown = tuple(orjson.loads(options))
    return Poll(
        number, theme, opener, question, shown, at_most, opened_at, closes_at, state, voters, ended_at
    )


def recount(db: Core, poll: int) -> tuple[int, dict[int, int]]:
    """The people and the votes for each option, counted from the ballots themselves."""
    cast = list(db.execute(_BALLOTS, {"poll_": poll}).scalars())
    votes: dict[int, int] = {}
    for choices in cast:
        for option in choices.split(","):
            votes[int(option)] = votes.get(int(option), 0) + 1
    return len(cast), votes


def _choices(kept: str | None) -> Choices:
    return tuple(map(int, kept.split(","))) if kept else ()

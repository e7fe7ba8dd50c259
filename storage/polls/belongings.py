"""What is kept of somebody in polls: joined with another's, handed out, or forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, delete, or_, select, update

from bot.features.polls.records import Cast, PollStore, Reason
from bot.model.people import Identity
from storage.batch import Batch
from storage.holds import holds
from storage.leavers import Leavers
from storage.marks import Marks
from storage.polls.tables import ballots, endings, polls, read_choices, read_reasons, written_reasons
from storage.tables import identities

_IS_OPEN = polls.c.state == "open"
_THIS = and_(ballots.c.poll == bindparam("poll_"), ballots.c.voter == bindparam("voter_"))
_BOTH = (
    select(ballots.c.poll, ballots.c.voter, ballots.c.cast_as, ballots.c.reason, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(_IS_OPEN, or_(ballots.c.voter == bindparam("old_"), ballots.c.voter == bindparam("new_")))
    # The newest first, as whoever lists them; of two at one moment, whoever came later.
    .order_by(ballots.c.poll.desc(), ballots.c.cast_at, ballots.c.voter)
)
# Where they voted as both in what is over, they have both from then on: its figures stay, and each can have
# theirs back.
_PASS_ON = update(ballots).where(ballots.c.voter == bindparam("old_")).values(voter=bindparam("new_"))
_SET_REASONS = (
    update(ballots)
    .where(_THIS, ballots.c.cast_as == bindparam("cast_as_"))
    .values(reason=bindparam("reason_"), cast_as=bindparam("as_"))
)
_FORGET = delete(ballots).where(ballots.c.voter == bindparam("voter_"))
_VOTES = (
    select(ballots.c.poll, ballots.c.choices, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("voter_"), _IS_OPEN)
    .order_by(polls.c.id.desc())
)
_CAST_BY = (
    select(ballots.c.poll, polls.c.anonymous, ballots.c.choices, ballots.c.reason, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("voter_"))
    .order_by(ballots.c.poll, ballots.c.cast_as)
)
_REASONS_OF = (
    select(ballots.c.poll, ballots.c.reason)
    .where(ballots.c.voter == bindparam("voter_"), ballots.c.reason.is_not(None))
    .order_by(ballots.c.poll, ballots.c.cast_as)
)
_ACCOUNTS = select(identities.c.platform, identities.c.user_id).where(
    identities.c.resident == bindparam("voter_")
)
# It stands there as JSON, in quotation marks.
_SAID_ON = (
    select(ballots.c.poll, ballots.c.voter, ballots.c.cast_as, ballots.c.reason)
    .where(
        ballots.c.voter != bindparam("voter_"),
        ballots.c.reason.is_not(None),
        holds(ballots.c.reason, bindparam("account_", type_=ballots.c.reason.type)),
    )
    .order_by(ballots.c.poll, ballots.c.voter, ballots.c.cast_as)
)
_OPENED_BY = select(polls.c.id).where(polls.c.opener == bindparam("old_"))
_OPENED = update(polls).where(polls.c.opener == bindparam("old_")).values(opener=bindparam("new_"))
_PASS_ON_ENDINGS = (
    update(endings).where(endings.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
)
_FORGET_ENDINGS = delete(endings).where(endings.c.resident == bindparam("voter_"))
_ENDED_BY = select(endings.c.poll).where(endings.c.resident == bindparam("voter_")).order_by(endings.c.poll)


class Belongings:
    """`store` is the one that they are kept in."""

    def __init__(self, db: Batch, store: PollStore, leavers: Leavers, marks: Marks) -> None:
        self._db = db
        self._store = store
        self._leavers = leavers
        self._marks = marks

    def merge(self, old: int, new: int) -> tuple[Sequence[int], Sequence[tuple[int, Reason]]]:
        both, opened = self._ballots_of(old, new), self._opened_by(old)
        while self._db.lock(polls.c.id, *both, *opened):
            both, opened = self._ballots_of(old, new), self._opened_by(old)
        if opened:
            self._db.execute(_OPENED, {"old_": old, "new_": new})
        theirs = [number for number, rows in both.items() if any(row.voter == old for row in rows)]
        gone: list[tuple[int, Reason]] = []
        for number in theirs:
            if len(both[number]) > 1:
                first, last = both[number]
                gone += [(number, reason) for reason in self._merge_in(number, first, last, new)]
        self._db.pass_on(_PASS_ON, old, new)
        self._marks.merge(old, new)
        self._db.pass_on(_PASS_ON_ENDINGS, old, new)
        self._leavers.merge(old, new)
        twice = self._say_once(new)
        return sorted({*theirs, *twice}), [
            *gone,
            *((each, reason) for each, there in twice.items() for reason in there),
        ]

    def _opened_by(self, resident: int) -> Sequence[int]:
        if not self._db.may_have(resident, polls):
            return ()
        found: Sequence[int] = self._db.execute(_OPENED_BY, {"old_": resident}).scalars()
        return found

    def _say_once(self, resident: int) -> Mapping[int, Sequence[Reason]]:
        """Where an account of theirs has its say with somebody else, they have no ballot beside that one; the
        reasons that they gave there.
        """
        twice = self._leavers.outside(resident)
        votes = self._votes_of(resident) if twice else {}
        taken_back: dict[int, list[Reason]] = {number: [] for number in twice if number in votes}
        for number, reason in self.reasons_of(resident) if taken_back else ():
            if number in taken_back:
                taken_back[number].append(reason)
        for number in taken_back:
            self._take_back(number, resident, votes[number].cast_at)
        return taken_back

    def _take_back(self, number: int, resident: int, cast_at: datetime) -> None:
        found = self._store.get(number, resident)
        assert found
        self._store.vote(*(found[0], resident, found[1], ()), cast_at, None)

    def _ballots_of(self, old: int, new: int) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for row in self._db.execute(_BOTH, {"old_": old, "new_": new}):
            found.setdefault(row.poll, []).append(row)
        return found

    def _merge_in(self, number: int, first: Any, last: Any, new: int) -> Sequence[Reason]:
        """The last of these ballots is theirs from now on: of an anonymous poll nobody can read them. It
        stands for the one of `new`, who has it once they part. The reasons that are no longer given.
        """
        found = self._store.get(number, first.voter)
        assert found
        self._store.vote(*(found[0], first.voter, found[1], ()), first.cast_at, None)
        reasons = read_reasons(last.reason)
        # Who objects for two reasons does so for both.
        both = _joined(read_reasons(first.reason), reasons) if reasons else reasons
        cast_as = first.cast_as if first.voter == new else last.cast_as
        if (both, cast_as) != (reasons, last.cast_as):
            self._set_reasons(last, both, cast_as)
        return [reason for reason in (*read_reasons(first.reason), *reasons) if reason not in both]

    def _set_reasons(self, ballot: Any, reasons: Sequence[Reason], cast_as: int) -> None:
        this = {"poll_": ballot.poll, "voter_": ballot.voter, "cast_as_": ballot.cast_as}
        self._db.execute(_SET_REASONS, {**this, "reason_": written_reasons(reasons), "as_": cast_as})

    def reasons_of(self, resident: int) -> Sequence[tuple[int, Reason]]:
        rows = self._db.execute(_REASONS_OF, {"voter_": resident})
        return [(row.poll, reason) for row in rows for reason in read_reasons(row.reason)]

    def reasons_elsewhere(self, resident: int) -> Sequence[tuple[int, Reason]]:
        return [
            (row.poll, reason)
            for account, row in self._said_on_accounts_of(resident)
            for reason in read_reasons(row.reason)
            if reason.account == account
        ]

    def _said_on_accounts_of(self, resident: int) -> list[tuple[str, Any]]:
        accounts = [Identity(*row).address for row in self._db.execute(_ACCOUNTS, {"voter_": resident})]
        return [
            (account, row)
            for account in accounts
            for row in list(
                self._db.execute(_SAID_ON, {"voter_": resident, "account_": orjson.dumps(account).decode()})
            )
        ]

    def forget(self, resident: int) -> Sequence[int]:
        votes = self._votes_of(resident)
        while self._db.lock(polls.c.id, *votes):
            votes = self._votes_of(resident)
        for number, row in votes.items():
            self._take_back(number, resident, row.cast_at)
        self._leavers.forget(resident)
        said = self._said_on_accounts_of(resident)
        theirs = {account for account, _ in said}
        for _, row in said:
            others = [reason for reason in read_reasons(row.reason) if reason.account not in theirs]
            self._set_reasons(row, others, row.cast_as)
        self._db.execute(_FORGET, {"voter_": resident})
        self._marks.forget(resident)
        self._db.execute(_FORGET_ENDINGS, {"voter_": resident})
        return sorted(votes)

    def _votes_of(self, resident: int) -> dict[int, Any]:
        return {row.poll: row for row in self._db.execute(_VOTES, {"voter_": resident})}

    def cast_by(self, resident: int) -> Sequence[Cast]:
        return [
            Cast(row.poll, True, (), None, None)
            if row.anonymous
            else Cast(row.poll, False, read_choices(row.choices), _together(row.reason), row.cast_at)
            for row in self._db.execute(_CAST_BY, {"voter_": resident})
        ]

    def ended_by(self, resident: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_ENDED_BY, {"voter_": resident}).scalars()
        return found


def _joined(*of_each: Sequence[Reason]) -> list[Reason]:
    """All of them, those in the same words once."""
    found: dict[str, Reason] = {}
    for reasons in of_each:
        for reason in reasons:
            found.setdefault(reason.words, reason)
    return list(found.values())


def _together(kept: str | None) -> str | None:
    return " / ".join(reason.words for reason in read_reasons(kept)) or None

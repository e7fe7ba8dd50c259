"""Accounts that left whoever has a ballot in an open poll: with somebody else they can't vote there again.

What is kept of them is a mark that nobody can read without a key apart from the database, until the poll is
over. So it can outlive that the account's own resident is forgotten.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, update

from storage.keyring import KeyGone
from storage.parts import Parts
from storage.polls.tables import ballots, leavers, polls
from storage.tables import identities
from storage.upsert import upsert

_KEY = "accounts"
_IS_OPEN = polls.c.state == "open"
_ACCOUNTS = select(identities.c.platform, identities.c.user_id).where(
    identities.c.resident == bindparam("id_")
)
_VOTED_IN = (
    select(ballots.c.poll)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("id_"), _IS_OPEN)
    .order_by(ballots.c.poll)
)
_IN = select(leavers.c.account, leavers.c.holder).where(leavers.c.poll == bindparam("poll_"))
# Polls that are open, and which anybody left.
_LEFT = (
    select(leavers.c.poll)
    .distinct()
    .join(polls, polls.c.id == leavers.c.poll)
    .where(_IS_OPEN)
    .order_by(leavers.c.poll)
)
_ADD = upsert(leavers)
_ADD = _ADD.on_conflict_do_update(
    index_elements=[leavers.c.poll, leavers.c.account], set_={"holder": _ADD.excluded.holder}
)
_NOTE = update(polls).where(polls.c.id == bindparam("poll_")).values(was_left=True)
_HELD = (
    select(leavers.c.poll, leavers.c.account)
    .where(leavers.c.holder == bindparam("id_"))
    .order_by(leavers.c.poll)
)
_PASS_ON = update(leavers).where(leavers.c.holder == bindparam("old_")).values(holder=bindparam("new_"))
_LET_GO = update(leavers).where(leavers.c.holder == bindparam("id_")).values(holder=None)
_OVER = delete(leavers).where(leavers.c.poll == bindparam("poll_"))


class Leavers:
    """Who is kept out of which open poll."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._keys = parts.keyring

    def part(self, resident: int, new: int) -> None:
        """What the accounts of the new one had a say in with the resident, they have no say in any more."""
        self._keys.make(_KEY)
        voted = self._polls_of(resident)
        while self._db.lock(polls.c.id, *voted):
            voted = self._polls_of(resident)
        holders = {**self._outside(resident), **dict.fromkeys(voted, resident)}
        for poll, holder in holders.items():
            for mark in self._marks(new):
                self._db.execute(_ADD, {"poll": poll, "account": mark, "holder": holder})
            self._db.execute(_NOTE, {"poll_": poll})

    def _polls_of(self, resident: int) -> list[int]:
        return list(self._db.execute(_VOTED_IN, {"id_": resident}).scalars())

    def outside(self, resident: int) -> list[int]:
        """The open polls in which somebody else votes for one of their accounts."""
        return sorted(self._outside(resident))

    def _outside(self, resident: int) -> dict[int, int | None]:
        found: dict[int, int | None] = {}
        for poll in list(self._db.execute(_LEFT).scalars()):
            for holder in self._holders(poll, resident):
                found[poll] = holder
        return found

    def keeps_out(self, poll: int, resident: int) -> bool:
        """Whether one of their accounts has its say there with somebody else."""
        return bool(self._holders(poll, resident))

    def _holders(self, poll: int, resident: int) -> list[int | None]:
        left = list(self._db.execute(_IN, {"poll_": poll}))
        marks = self._marks(resident) if left else []
        return [row.holder for row in left if row.account in marks and row.holder != resident]

    def _marks(self, resident: int) -> list[str]:
        try:
            return [
                self._keys.mark(_KEY, f"{platform}:{user}").hex()
                for platform, user in self._db.execute(_ACCOUNTS, {"id_": resident})
            ]
        except KeyGone:
            return []

    def merge(self, old: int, new: int) -> None:
        self._db.execute(_PASS_ON, {"old_": old, "new_": new})

    def let_go(self, resident: int) -> None:
        """They are forgotten; whoever left them is kept out all the same."""
        self._db.execute(_LET_GO, {"id_": resident})

    def held_by(self, resident: int) -> list[tuple[int, str]]:
        """The polls of which they hold the ballot that accounts had a say in, each with a mark of it."""
        return [tuple(row) for row in self._db.execute(_HELD, {"id_": resident})]

    def over(self, poll: int) -> None:
        self._db.execute(_OVER, {"poll_": poll})

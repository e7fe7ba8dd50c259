"""Accounts that left whoever has a say in what is open: with somebody else they have none there again. Nor
have those of whoever proposed something, and was forgotten and is back.

What is kept of them is a mark that nobody can read without a key apart from the database, until that is over.
So it can outlive that the account's own resident is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Executable, bindparam, delete, select, update

from storage.among import among
from storage.parts import Parts
from storage.tables import identities
from storage.upsert import upsert

_KEY = "accounts"
_ACCOUNTS = select(identities.c.platform, identities.c.user_id).where(
    identities.c.resident == bindparam("id_")
)


class LeaversTable:
    """What a table of who left is asked and told.

    `subject`: its column for what was open; beside it are `account`, the mark, and `holder`, who has the say.
    `number`: the column that `subject` refers to. `had_a_say`: in which of those that are open the resident
    `id_` has a say.
    """

    def __init__(
        self, subject: Column[Any], number: Column[Any], is_open: ColumnElement[bool], had_a_say: Executable
    ) -> None:
        table = subject.table
        of_this, of_holder = subject == bindparam("subject_"), table.c.holder == bindparam("id_")
        self.subject, self.number, self.had_a_say = subject.name, number, had_a_say
        self.there = select(table.c.account, table.c.holder).where(of_this)
        self.anywhere = (
            select(subject, table.c.holder)
            .join(number.table, number == subject)
            .where(is_open, among(table.c.account, "marks_"))
            .order_by(subject)
        )
        add = upsert(table)
        self.add = add.on_conflict_do_update(
            index_elements=[subject, table.c.account], set_={"holder": add.excluded.holder}
        )
        self.held_by = select(subject, table.c.account).where(of_holder).order_by(subject)
        of_old = table.c.holder == bindparam("old_")
        self.pass_on = update(table).where(of_old).values(holder=bindparam("new_"))
        self.forget = update(table).where(of_holder).values(holder=None)
        self.over = delete(table).where(of_this)


class Leavers:
    """Who is kept out of which of those that are open."""

    def __init__(self, parts: Parts, table: LeaversTable) -> None:
        self._db = parts.db
        self._keys = parts.keyring
        self._table = table

    def part(self, resident: int, new: int) -> Sequence[int]:
        """What the accounts of the new one had a say in with the resident, they have no say in any more."""
        theirs = self._had_a_say(resident)
        while self._db.lock(self._table.number, *theirs):
            theirs = self._had_a_say(resident)
        holders = {**self._outside(resident), **dict.fromkeys(theirs, resident)}
        rows = [
            {self._table.subject: number, "account": mark, "holder": holder}
            for mark in (self._marks(new) if holders else ())
            for number, holder in holders.items()
        ]
        if rows:
            self._db.execute(self._table.add, rows)
        return list(holders)

    def keep_out(self, numbers: Sequence[int], resident: int) -> None:
        """Who is about to be forgotten had a say in these, and has none there again."""
        for mark in self._marks(resident) if numbers else ():
            for number in numbers:
                row = {self._table.subject: number, "account": mark, "holder": None}
                self._db.execute(self._table.add, row)

    def _had_a_say(self, resident: int) -> list[int]:
        return sorted(self._db.execute(self._table.had_a_say, {"id_": resident}).scalars())

    def outside(self, resident: int) -> list[int]:
        """Where somebody else has the say of one of their accounts."""
        return sorted(self._outside(resident))

    def _outside(self, resident: int) -> dict[int, int | None]:
        left = self._db.execute(self._table.anywhere, {"marks_": self._marks(resident)})
        return {number: holder for number, holder in left if holder != resident}

    def keeps_out(self, number: int, resident: int) -> bool:
        """Whether one of their accounts has its say there with somebody else."""
        return bool(self._holders(number, resident))

    def _holders(self, number: int, resident: int) -> list[int | None]:
        left = list(self._db.execute(self._table.there, {"subject_": number}))
        marks = self._marks(resident) if left else []
        return [row.holder for row in left if row.account in marks and row.holder != resident]

    def _marks(self, resident: int) -> list[str]:
        return [
            self._keys.lasting_mark(_KEY, f"{platform}:{user}").hex()
            for platform, user in self._db.execute(_ACCOUNTS, {"id_": resident})
        ]

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(self._table.pass_on, old, new)

    def forget(self, resident: int) -> None:
        """They are forgotten; whoever left them is kept out all the same."""
        self._db.execute(self._table.forget, {"id_": resident})

    def held_by(self, resident: int) -> list[tuple[int, str]]:
        """Where they have the say that accounts had a part in, each with a mark of it."""
        return [tuple(row) for row in self._db.execute(self._table.held_by, {"id_": resident})]

    def over(self, number: int) -> None:
        self._db.execute(self._table.over, {"subject_": number})

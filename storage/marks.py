"""What is remembered of who spoke in what is open: nothing counts twice, or after what was said later.

That is when they last said something that is not kept with its own moment. Where nobody may tell who said
what, it is when they last said anything, with marks of their latest events: in rows that look the same
whatever and however often somebody spoke. Nothing of it outlives that it is open.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, and_, bindparam, delete, exists, select, update

from storage.batch import Loader
from storage.keyring import MARK, KeyGone
from storage.parts import Parts
from storage.sealed import key_of_marks
from storage.upsert import upsert

# So many of somebody's latest events are known again; two characters stand for a byte.
REMEMBERED = 16
_WIDTH = 2 * MARK


class Mark(NamedTuple):
    """`said_at` is None in what was kept before anybody noted it."""

    latest: str
    said_at: datetime | None


class MarksTable:
    """What a table of marks is asked and told. `subject` is its column for what they are about, `who` for
    whose they are; beside these are `latest`, the marks, and `said_at`.
    """

    def __init__(self, subject: Column[Any], who: Column[Any]) -> None:
        table = self.table = subject.table
        latest, said_at = table.c.latest, table.c.said_at
        self.subject, self.who = subject.name, who.name
        self.of_one = Loader(select(latest, said_at), by=[subject, who], make=Mark, beside=[table])
        note = upsert(table)
        # What counts was said last, whatever was noted while the clock was ahead.
        self.note = note.on_conflict_do_update(
            index_elements=[subject, who],
            set_={name: note.excluded[name] for name in ("latest", "said_at")},
        )
        others = table.alias()
        of_other, whose_other = others.c[subject.name], others.c[who.name]
        both = and_(of_other == subject, who == bindparam("new_"), whose_other == bindparam("old_"))
        theirs = (others.c.latest.label("others"), others.c.said_at.label("others_said_at"))
        self.double = select(subject.label("subject"), latest, said_at, *theirs).join(others, both)
        self.set = (
            update(table)
            .where(subject == bindparam("subject_"), who == bindparam("who_"))
            .values(latest=bindparam("latest_"), said_at=bindparam("said_at_", type_=said_at.type))
        )
        has_one = exists().where(of_other == subject, whose_other == bindparam("new_"))
        self.pass_on = (
            update(table).where(who == bindparam("old_"), ~has_one).values({who.name: bindparam("new_")})
        )
        self.forget = delete(table).where(who == bindparam("who_"))
        self.of = select(subject, latest, said_at).where(who == bindparam("who_")).order_by(subject)
        self.over = delete(table).where(subject == bindparam("subject_"))


class Marks:
    """Who said what when, as far as what is open has to know. `kind` is as `Sealing` has it."""

    def __init__(self, parts: Parts, table: MarksTable, kind: str) -> None:
        self._db = parts.db
        self._keys = parts.keyring
        self._table = table
        self._kind = kind

    def said_at(self, number: int, who: int) -> datetime | None:
        known = self._known(number, who)
        return known.said_at if known else None

    def note(self, number: int, who: int, said_at: datetime) -> None:
        """Of what is not anonymous: there no event is kept here."""
        self._note(number, who, "", said_at)

    def repeated(self, number: int, who: int, event: str, said_at: datetime) -> bool:
        """Whether that event of theirs was dealt with there; from now on it was."""
        known = self._known(number, who)
        latest = known.latest if known else secrets.token_hex(MARK * REMEMBERED)
        mark = self._mark(number, event)
        if any(latest.startswith(mark, at) for at in range(0, len(latest), _WIDTH)):
            return True
        self._note(number, who, mark + latest[:-_WIDTH], said_at)
        return False

    def _known(self, number: int, who: int) -> Mark | None:
        pending = self._db.pending(self._table.table, (number, who))
        if pending:
            return Mark(pending["latest"], pending["said_at"])
        return self._db.get(self._table.of_one, number, who)

    def _note(self, number: int, who: int, latest: str, said_at: datetime) -> None:
        pending = self._db.pending(self._table.table, (number, who))
        last = max(said_at, pending["said_at"]) if pending else said_at
        row = {self._table.subject: number, self._table.who: who, "latest": latest, "said_at": last}
        self._db.defer(self._table.note, (number, who), row)

    def _mark(self, number: int, event: str) -> str:
        key = key_of_marks(self._kind, number)
        try:
            return self._keys.mark(key, event).hex()
        except KeyGone:
            self._keys.make(key)
            return self._keys.mark(key, event).hex()

    def over(self, number: int) -> None:
        self._db.execute(self._table.over, {"subject_": number})

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        """Of either the latest half, where there are both."""
        if not self._db.may_have(old, self._table.table):
            return
        double = list(self._db.execute(self._table.double, {"old_": old, "new_": new}))
        for row in double:
            latest = row.latest[: len(row.latest) // 2] + row.others[: len(row.others) // 2]
            said_at = max(filter(None, (row.said_at, row.others_said_at)), default=None)
            values = {"latest_": latest, "said_at_": said_at}
            self._db.execute(self._table.set, {"subject_": row.subject, "who_": new, **values})
        self._db.execute(self._table.pass_on, {"old_": old, "new_": new})
        if double:
            self.forget(old)

    def forget(self, resident: int) -> None:
        self._db.execute(self._table.forget, {"who_": resident})

    def of(self, resident: int) -> Sequence[tuple[int, str, datetime | None]]:
        rows: Any = self._db.execute(self._table.of, {"who_": resident})
        return [tuple(row) for row in rows]

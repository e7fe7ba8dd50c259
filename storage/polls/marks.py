"""What an open poll remembers of who spoke in it: nothing counts twice, or after what was said later.

That is when they last took a ballot back, or said once more what stood; one that was cast says it itself. In
an anonymous poll it is when they last said anything, with marks of their latest events: in rows that look the
same whatever and however often somebody voted. Nothing of it outlives that the poll is open.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, exists, select, update

from storage.batch import Loader
from storage.keyring import MARK, KeyGone
from storage.parts import Parts
from storage.polls.tables import marks
from storage.upsert import upsert

# So many of somebody's latest events are known again; two characters stand for a byte.
REMEMBERED = 16
_WIDTH = 2 * MARK


class Mark(NamedTuple):
    """`said_at` is None in what was kept before anybody noted it."""

    latest: str
    said_at: datetime | None


_MARKS = Loader(
    select(marks.c.latest, marks.c.said_at), by=[marks.c.poll, marks.c.voter], make=Mark, beside=[marks]
)
_NOTE = upsert(marks)
# What counts was said last, whatever was noted while the clock was ahead.
_NOTE = _NOTE.on_conflict_do_update(
    index_elements=[marks.c.poll, marks.c.voter],
    set_={name: _NOTE.excluded[name] for name in ("latest", "said_at")},
)
_OTHERS = marks.alias()
_DOUBLE = select(
    *(marks.c.poll, marks.c.latest, marks.c.said_at),
    *(_OTHERS.c.latest.label("others"), _OTHERS.c.said_at.label("others_said_at")),
).join(
    _OTHERS,
    and_(
        _OTHERS.c.poll == marks.c.poll,
        marks.c.voter == bindparam("new_"),
        _OTHERS.c.voter == bindparam("old_"),
    ),
)
_SET = (
    update(marks)
    .where(marks.c.poll == bindparam("poll_"), marks.c.voter == bindparam("voter_"))
    .values(latest=bindparam("latest_"), said_at=bindparam("said_at_", type_=marks.c.said_at.type))
)
_PASS_ON = (
    update(marks)
    .where(
        marks.c.voter == bindparam("old_"),
        ~exists().where(_OTHERS.c.poll == marks.c.poll, _OTHERS.c.voter == bindparam("new_")),
    )
    .values(voter=bindparam("new_"))
)
_FORGET = delete(marks).where(marks.c.voter == bindparam("voter_"))
_OF = select(marks.c.poll, marks.c.latest, marks.c.said_at).where(marks.c.voter == bindparam("voter_"))
_OVER = delete(marks).where(marks.c.poll == bindparam("poll_"))


class Marks:
    """Who said what when, as far as an open poll has to know."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._keys = parts.keyring

    def said_at(self, poll: int, voter: int) -> datetime | None:
        known = self._known(poll, voter)
        return known.said_at if known else None

    def note(self, poll: int, voter: int, said_at: datetime) -> None:
        """Of a poll that is not anonymous: there no event is kept here."""
        self._note(poll, voter, "", said_at)

    def repeated(self, poll: int, voter: int, event: str, said_at: datetime) -> bool:
        known = self._known(poll, voter)
        latest = known.latest if known else secrets.token_hex(MARK * REMEMBERED)
        mark = self._mark(poll, event)
        if any(latest.startswith(mark, at) for at in range(0, len(latest), _WIDTH)):
            return True
        self._note(poll, voter, mark + latest[:-_WIDTH], said_at)
        return False

    def _known(self, poll: int, voter: int) -> Mark | None:
        pending = self._db.pending(marks, (poll, voter))
        return Mark(pending["latest"], pending["said_at"]) if pending else self._db.get(_MARKS, poll, voter)

    def _note(self, poll: int, voter: int, latest: str, said_at: datetime) -> None:
        pending = self._db.pending(marks, (poll, voter))
        last = max(said_at, pending["said_at"]) if pending else said_at
        row = {"poll": poll, "voter": voter, "latest": latest, "said_at": last}
        self._db.defer(_NOTE, (poll, voter), row)

    def _mark(self, poll: int, event: str) -> str:
        try:
            return self._keys.mark(key_of(poll), event).hex()
        except KeyGone:
            self._keys.make(key_of(poll))
            return self._keys.mark(key_of(poll), event).hex()

    def over(self, poll: int) -> None:
        self._db.execute(_OVER, {"poll_": poll})

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        """Of either the latest half, where there are both."""
        if not self._db.may_have(old, marks):
            return
        double = list(self._db.execute(_DOUBLE, {"old_": old, "new_": new}))
        for row in double:
            latest = row.latest[: len(row.latest) // 2] + row.others[: len(row.others) // 2]
            said_at = max(filter(None, (row.said_at, row.others_said_at)), default=None)
            values = {"latest_": latest, "said_at_": said_at}
            self._db.execute(_SET, {"poll_": row.poll, "voter_": new, **values})
        self._db.execute(_PASS_ON, {"old_": old, "new_": new})
        if double:
            self.forget(old)

    def forget(self, resident: int) -> None:
        self._db.execute(_FORGET, {"voter_": resident})

    def of(self, resident: int) -> Sequence[tuple[int, str, datetime | None]]:
        rows: Any = self._db.execute(_OF, {"voter_": resident})
        return [(row.poll, row.latest, row.said_at) for row in rows]


def key_of(poll: int) -> str:
    """The key of an anonymous poll's marks."""
    return f"poll-{poll}-marks"

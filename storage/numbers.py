"""Numbers that people see: each community counts its own, and gives none out twice."""

from __future__ import annotations

from storage.batch import Batch
from storage.tables import numbers
from storage.upsert import upsert

_ADD = upsert(numbers)
_NEXT = _ADD.on_conflict_do_update(
    index_elements=[numbers.c.what], set_={"last": numbers.c.last + _ADD.excluded.last}
).returning(numbers.c.last)


def next_number(db: Batch, what: str) -> int:
    """The next of what is counted under that name: the table's, for example."""
    found: int = db.execute(_NEXT, {"what": what, "last": 1}).scalar_one()
    return found

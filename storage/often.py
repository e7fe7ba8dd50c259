"""A condition that many rows meet, said to a planner that has no statistics.

SQLite believes of any index that a value of its first column leaves ten rows. So it would rather look through
all that a community has than look up a person's. PostgreSQL counts for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement
from sqlalchemy.ext.compiler import compiles

# Of a million rows, which is what SQLite takes a table to have: many more than by any key, and no scan yet.
_PART = 0.001


def often(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same condition, by which rows are looked for only where no other leaves fewer."""
    return _Often(condition)


class _Often(ColumnElement[bool]):
    # It has no type: a boolean would become `... = 1` on SQLite, which uses no index.
    inherit_cache = False

    def __init__(self, condition: ColumnElement[bool]) -> None:
        self.condition = condition

    def get_children(self, **_: Any) -> Iterable[ClauseElement]:
        return (self.condition,)


@compiles(_Often)
def _as_it_is(element: _Often, compiler: Any, **how: Any) -> Any:
    return compiler.process(element.condition, **how)


@compiles(_Often, "sqlite")
def _with_a_hint(element: _Often, compiler: Any, **how: Any) -> Any:
    return f"likelihood({compiler.process(element.condition, **how)}, {_PART})"

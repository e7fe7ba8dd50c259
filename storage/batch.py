"""Writes that can wait for the end of a group of commands: made once, however many asked for them.

A hundred votes mark the same board a hundred times and add to the same few counters; a row for each
answer goes to the database just as well all at once. Whoever reads the tables in question sees them as
if nothing had waited: what waits is written first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.sql import visitors

Row = dict[str, Any]


@cache
def tables_of(statement: Executable) -> frozenset[Table]:
    """Every table that a statement reads or writes."""
    found = visitors.iterate(statement)  # type: ignore[arg-type]
    return frozenset(one for one in found if isinstance(one, Table))


class Late:
    """What waits, by the statement that writes it and by a key of the caller's."""

    def __init__(self) -> None:
        self._rows: dict[Executable, dict[Hashable, Row]] = {}
        self._tables: set[Table] = set()

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, statement: Executable, key: Hashable, row: Row, adds: str | None) -> None:
        """A row for later, in place of one with the same key that waits already; `adds` is summed."""
        waiting = self._rows.get(statement)
        if waiting is None:
            waiting = self._rows[statement] = {}
            self._tables |= tables_of(statement)
        if adds and key in waiting:
            row[adds] += waiting[key][adds]
        waiting[key] = row

    def get(self, statement: Executable, key: Hashable) -> Row | None:
        return self._rows.get(statement, {}).get(key)

    def concerns(self, statement: Executable) -> bool:
        return not self._tables.isdisjoint(tables_of(statement))

    def take(self) -> Iterator[tuple[Executable, list[Row]]]:
        """All of it; nothing waits any more."""
        rows, self._rows, self._tables = self._rows, {}, set()
        for statement, waiting in rows.items():
            yield statement, list(waiting.values())

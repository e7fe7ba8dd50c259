"""Statements compiled once and handed straight to SQLite's driver.

SQLAlchemy builds an execution context, a result and their events for every statement: some forty
microseconds, where SQLite itself needs ten. A vote is a dozen statements, so this is most of what a
vote would cost. The statements stay Core's, and so do the types on the way in and out; only the
ceremony is left out. On PostgreSQL the network costs more than that, and Core executes.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, exc
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
# What either way of executing raises when the database, not the caller, is in trouble.
FAILURES = (SQLAlchemyError, sqlite3.Error)
# Of these, what the statement itself did wrong: the connection is well, and trying again is no use.
FAULTS = (
    *(exc.IntegrityError, exc.DataError, exc.ProgrammingError),
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError),
)
_Convert = Callable[[Any], Any] | None


class Rows(list[Any]):
    """What a statement gave, as named tuples; the part of SQLAlchemy's result that is used here."""

    def first(self) -> Any:
        return self[0] if self else None

    def one(self) -> Any:
        (row,) = self
        return row

    def scalar(self) -> Any:
        return self[0][0] if self else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> list[Any]:
        return [row[0] for row in self]


class _Plan:
    """The text of a statement, and how values go in and come out. `fixed` is False where the text
    depends on the values, as that of `IN` does.
    """

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.sql = str(compiled)
        self.fixed = not any(bind.expanding for bind in compiled.binds.values())
        processors: dict[str, Any] = dict(compiled._bind_processors)
        self.inwards: list[tuple[str, _Convert, Any]] = [
            (name, processors.get(name), compiled.binds[name].value) for name in compiled.positiontup or ()
        ]
        columns = compiled._result_columns
        self.outwards: list[_Convert] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self.converts = any(self.outwards)
        named: Any = namedtuple("Row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
        self.row: Callable[[Iterable[Any]], Any] = named._make

    def values(self, given: Values) -> list[Any]:
        found = []
        for name, convert, default in self.inwards:
            value = given.get(name, default)
            found.append(convert(value) if convert else value)
        return found

    def rows(self, raw: Sequence[Sequence[Any]]) -> Rows:
        if not self.converts:
            return Rows(map(self.row, raw))
        out = self.outwards
        return Rows(
            self.row(convert(value) if convert else value for convert, value in zip(out, row, strict=True))
            for row in raw
        )


# Statements are constants of their modules and live as long as the process; so do their plans.
_PLANS: dict[Executable, _Plan] = {}


class Direct:
    """Executes on one SQLite connection, inside the transaction that SQLAlchemy began on it."""

    def __init__(self, db: Connection) -> None:
        self._core = db
        self._dialect = db.dialect
        self._cursor: Any = db.connection.cursor()

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Rows:
        """Like Connection.execute, with every row read already."""
        plan = _PLANS.get(statement)
        if plan is None:
            plan = _PLANS[statement] = self._plan(statement, values)
        if not plan.fixed:
            result = self._core.execute(statement, values)
            return Rows(result.all() if result.returns_rows else ())
        if isinstance(values, (list, tuple)):
            self._cursor.executemany(plan.sql, [plan.values(one) for one in values])
            return Rows()
        one = values if isinstance(values, Mapping) else {}
        self._cursor.execute(plan.sql, plan.values(one))
        return plan.rows(self._cursor.fetchall()) if self._cursor.description else Rows()

    def _plan(self, statement: Any, values: Values | Sequence[Values] | None) -> _Plan:
        """Inserts name the columns that they are given; the first use shows which."""
        example = values[0] if isinstance(values, (list, tuple)) else values or {}
        is_insert = getattr(statement, "is_insert", False)
        keys = list(example) if is_insert else None
        return _Plan(statement.compile(dialect=self._dialect, column_keys=keys), self._dialect)

    def exec_driver_sql(self, sql: str) -> None:
        self._cursor.execute(sql)


Db = Connection | Direct

"""Statements compiled once and handed straight to the database's driver.

SQLAlchemy builds an execution context, a result and their events for every statement: some forty
microseconds, where SQLite itself needs ten. A vote is a dozen statements, so this is most of what a
vote would cost. The statements stay Core's, and so do the types on the way in and out; only the
ceremony is left out.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable, exc
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import await_only

from storage.batch import Late, Row

T = TypeVar("T")
Values = Mapping[str, Any]
# What either way of executing raises when the database, not the caller, is in trouble.
FAILURES = (SQLAlchemyError, sqlite3.Error, asyncpg.Error, TimeoutError)
# Of these, what the statement itself did wrong: the connection is well, and trying again is no use.
FAULTS = (
    *(exc.IntegrityError, exc.DataError, exc.ProgrammingError),
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError),
    *(asyncpg.IntegrityError, asyncpg.DataError, asyncpg.ProgrammingError),
)
_Convert = Callable[[Any], Any]


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


_NOTHING = Rows()


class _Plan:
    """The text of a statement, and how values go in and come out."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self._sql = str(compiled)
        # SQLite's driver takes values by name, PostgreSQL's in order.
        self._order = compiled.positiontup
        # What the statement itself says, NULL among it: `values(tried_at=None)`.
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._inwards: list[tuple[str, _Convert]] = list(compiled._bind_processors.items())  # type: ignore[arg-type]
        columns = compiled._result_columns
        found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._outwards: list[tuple[int, _Convert]] = [(at, one) for at, one in enumerate(found) if one]
        named: Any = namedtuple("Row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
        self._row: Callable[[Iterable[Any]], Any] = named._make
        self._gives_rows = bool(columns)

    def run(self, cursor: Any, values: Values) -> Rows:
        cursor.execute(self._sql, self._prepared(values))
        if not self._gives_rows:
            return _NOTHING
        raw = cursor.fetchall()
        return Rows(map(self._row, map(self._converted, raw) if self._outwards else raw))

    def run_many(self, cursor: Any, values: Sequence[Values]) -> Rows:
        cursor.executemany(self._sql, [self._prepared(one) for one in values])
        return _NOTHING

    def _prepared(self, given: Values) -> Values | Sequence[Any]:
        values = given
        if self._inwards or self._constants:
            values = {**self._constants, **given}
            for name, convert in self._inwards:
                values[name] = convert(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def _converted(self, raw: Sequence[Any]) -> Sequence[Any]:
        row = list(raw)
        for at, convert in self._outwards:
            row[at] = convert(row[at])
        return row


# Statements are constants of their modules and live as long as the process; so do their plans.
# None: the text depends on the values, as that of `IN` does.
_PLANS: dict[tuple[str, Executable], _Plan | None] = {}


class Executor:
    """Executes on one connection of SQLAlchemy's.

    `writes` counts what may have changed something, `written` those of them that were not put off.
    """

    def __init__(self, db: Connection) -> None:
        self._core = db
        self._late = Late()
        self.writes = 0
        self.written = 0
        self.is_remote = db.dialect.is_async

    def execute(
        self,
        statement: Executable,
        values: Values | Sequence[Values] | None = None,
        *,
        besides: bool = False,
    ) -> Rows:
        """Like Connection.execute, with every row read already.

        `besides`: whoever asks looks at what is still `waiting` as well.
        """
        if self._late and not besides and self._late.concerns(statement):
            self.settle()
        self.writes += statement.is_dml
        self.written += statement.is_dml
        return self._execute(statement, values)

    def _execute(self, statement: Executable, values: Values | Sequence[Values] | None) -> Rows:
        result = self._core.execute(statement, values)
        return Rows(result.all() if result.returns_rows else ())

    def later(self, statement: Executable, key: Hashable, row: Row, *, adds: str | None = None) -> None:
        """Execute this before the commit, or before somebody reads what it changes: see Late.add."""
        self.writes += 1
        self._late.add(statement, key, row, adds)

    def waiting(self, statement: Executable, key: Hashable) -> Row | None:
        """What was put off under this key and is not in the database yet."""
        return self._late.get(statement, key)

    def settle(self) -> None:
        """Execute what was put off."""
        for statement, rows in self._late.take():
            self.written += 1
            self._execute(statement, rows)

    def forget(self) -> None:
        """What was put off is not to happen."""
        self._late = Late()

    def offload(self, work: Callable[[], T]) -> T:
        """Compute something long so that the event loop does not wait for it.

        SQLite's connection has a thread of its own already; PostgreSQL's is driven by the loop.
        """
        if self.is_remote:
            done: T = await_only(asyncio.to_thread(work))
            return done
        return work()

    def exec_driver_sql(self, sql: str) -> None:
        self._core.exec_driver_sql(sql)


class CompiledExecutor(Executor):
    """The same without ceremony, inside the transaction that SQLAlchemy began."""

    def __init__(self, db: Connection) -> None:
        super().__init__(db)
        self._dialect = db.dialect.name
        self._cursor: Any = db.connection.cursor()

    def _execute(self, statement: Executable, values: Values | Sequence[Values] | None) -> Rows:
        key = (self._dialect, statement)
        try:
            plan = _PLANS[key]
        except KeyError:
            plan = _PLANS[key] = self._plan(statement, values)
        if plan is None:
            return super()._execute(statement, values)
        if isinstance(values, (list, tuple)):
            return plan.run_many(self._cursor, values)
        return plan.run(self._cursor, values if isinstance(values, Mapping) else {})

    def _plan(self, statement: Any, values: Values | Sequence[Values] | None) -> _Plan | None:
        """Inserts name the columns that they are given; the first use shows which."""
        example = values[0] if isinstance(values, (list, tuple)) else values or {}
        keys = list(example) if getattr(statement, "is_insert", False) else None
        compiled = statement.compile(dialect=self._core.dialect, column_keys=keys)
        if any(bind.expanding for bind in compiled.binds.values()):
            return None
        return _Plan(compiled, self._core.dialect)

    def exec_driver_sql(self, sql: str) -> None:
        self._cursor.execute(sql)

"""Statements compiled once and handed straight to the database's driver.

SQLAlchemy builds an execution context, a result and their events for every statement: some forty
microseconds, where SQLite itself needs ten. A vote is a dozen statements, so this is most of what a
vote would cost. The statements stay Core's, and so do the types on the way in and out; only the
ceremony is left out.
"""

from __future__ import annotations

import asyncio
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.util import await_only

from storage import community
from storage.connections import BEGIN

T = TypeVar("T")
Values = Mapping[str, Any]
# What executing raises when the database, not the caller, is in trouble.
FAILURES = (SQLAlchemyError, TimeoutError)
# Of these, what the statement itself did wrong: the connection is well.
CONFLICTS = (IntegrityError,)
FAULTS = (*CONFLICTS, DataError, ProgrammingError)
# What PostgreSQL and its driver say of a text with NUL in it, half a character or too large a number; of
# two rows in one that are the same; and of what is too long for an index.
_NO_SUCH_VALUE = ("21", "22", "54", "SQLITE_ERROR", "SQLITE_TOOBIG")
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
    """The text of a statement, and how values go in and come out.

    What is SQLAlchemy's own affair (`_bind_processors`, `_result_columns`) is used here and nowhere else.
    """

    def __init__(
        self, statement: Any, dialect: Dialect, given: Sequence[str], *, confined: bool = True
    ) -> None:
        # A name that ends so is no column's.
        columns_given = [name for name in given if not name.endswith("_")]
        names = columns_given if getattr(statement, "is_insert", False) else None
        compiled = community.compiled(statement, dialect, names, confined=confined)
        binds = compiled.bind_names
        if any(bind.expanding for bind in binds):
            raise TypeError(f"its text depends on its values; use among(): {compiled}")
        self._sql = str(compiled)
        self._order: Sequence[str] = compiled.positiontup
        self._in_order = _picker(self._order)
        self._is_confined = confined
        # What the statement itself says, NULL among it: `values(tried_at=None)`.
        self._constants = {name: bind.value for bind, name in binds.items() if not bind.required}
        self._inwards: list[tuple[str, _Convert]] = list(compiled._bind_processors.items())
        columns = compiled._result_columns
        found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._outwards: list[tuple[int, _Convert]] = [
            (at, convert) for at, convert in enumerate(found) if convert
        ]
        named: Any = namedtuple("Row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
        # Faster than `_make`, which is the same.
        self._row: Callable[[Iterable[Any]], Any] = partial(tuple.__new__, named)
        self._gives_rows = bool(columns)

    def run(self, cursor: Any, values: Values, ours: Values) -> Rows:
        cursor.execute(self._sql, self._prepared(values, ours))
        if not self._gives_rows:
            return _NOTHING
        raw = cursor.fetchall()
        return Rows(map(self._row, map(self._converted, raw) if self._outwards else raw))

    def run_many(self, cursor: Any, values: Sequence[Values], ours: Values) -> Rows:
        cursor.executemany(self._sql, [self._prepared(row, ours) for row in values])
        return _NOTHING

    def _prepared(self, given: Values, ours: Values) -> Sequence[Any]:
        """The values in the order of the text; whose they are nobody else says."""
        values = given
        if self._inwards or self._constants or self._is_confined:
            values = {**self._constants, **given, **ours}
            for name, convert in self._inwards:
                values[name] = convert(values[name])
        return self._in_order(values)

    def _converted(self, raw: Sequence[Any]) -> Sequence[Any]:
        row = list(raw)
        for at, convert in self._outwards:
            row[at] = convert(row[at])
        return row


def _picker(names: Sequence[str]) -> Callable[[Values], Sequence[Any]]:
    """What gives the values of these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


# Statements are constants of their modules and live as long as the process; so do their plans.
_PLANS: dict[tuple[str, Executable], _Plan] = {}


class Executor:
    """Executes on one connection of SQLAlchemy's, and begins and ends transactions there.

    What it executes is for one community, whose number it has, or for nobody in particular (None).
    """

    def __init__(self, db: Connection) -> None:
        self._dialect = db.dialect
        self.enter(None)
        self._driver: Any = db.connection.dbapi_connection
        self._cursor: Any = db.connection.cursor()
        self._errors: type[Exception] = db.dialect.loaded_dbapi.Error
        self.is_remote = db.dialect.is_async
        # Others may write in the meantime. SQLite has one writer, so that nothing has to be locked there.
        self.locks = self.is_remote

    def enter(self, whose: int | None) -> None:
        """What follows is for that community: see storage/community.py."""
        self.community = whose
        self._ours = community.values_for(whose)
        self._plans = self._dialect.name if whose is not None else f"{self._dialect.name} anywhere"

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Rows:
        """Like Connection.execute, with every row read already. Raises: FAILURES."""
        many = isinstance(values, (list, tuple))
        key = (self._plans, statement)
        try:
            plan = _PLANS[key]
        except KeyError:
            # Inserts name the columns that they are given; the first use shows which.
            example: Any = values[0] if many else values or {}  # type: ignore[index]
            confined = self.community is not None
            plan = _PLANS[key] = _Plan(statement, self._dialect, list(example), confined=confined)
        return self._do(plan.run_many if many else plan.run, self._cursor, values or {}, self._ours)

    def run(self, sql: str) -> None:
        self._do(self._cursor.execute, sql)

    def begin(self) -> None:
        """SQLite is told that this will write: two that read first would lose one's writes.

        On PostgreSQL the driver begins with the first statement.
        """
        if not self.is_remote:
            self.run(BEGIN)

    def commit(self) -> None:
        self._do(self._driver.commit)

    def rollback(self) -> None:
        self._do(self._driver.rollback)

    def _do(self, what: Callable[..., T], *given: Any) -> T:
        """Each driver has errors of its own; what is raised is SQLAlchemy's, without the values."""
        try:
            return what(*given)
        except self._errors as error:
            state = str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or "")
            if state.startswith(_NO_SUCH_VALUE):
                # Nobody waits for a database that does not take this; the driver's own words may quote it.
                said = self._errors(f"the database takes no such value ({state})")
                raise DataError(None, None, said) from None
            raise DBAPIError.instance(None, None, error, self._errors) from error

    def offload(self, work: Callable[[], T]) -> T:
        """Compute something long so that the event loop does not wait for it.

        SQLite's connection has a thread of its own already; PostgreSQL's is driven by the loop.
        """
        if self.is_remote:
            done: T = await_only(asyncio.to_thread(work))
            return done
        return work()

"""One community's rows, and no others: seen to where a statement is compiled, for all of them alike.

Every table that holds what people of a community have says in a column whose row it is (`community`). Stores
write statements that know nothing of it. A transaction that was opened for a community runs each of them
confined: of every table that it reads, changes or deletes from, only that community's rows are there for it,
in subqueries too, and what it inserts is that community's.

A transaction for nobody in particular runs only what is marked by `anywhere`: what looks for what is due,
whosever it is, and what asks whose something is. In a community's transaction even that is confined.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    Alias,
    ColumnElement,
    Delete,
    Dialect,
    Executable,
    Integer,
    Join,
    Subquery,
    Table,
    TableValuedAlias,
    Update,
    and_,
    bindparam,
)
from sqlalchemy.sql import visitors

from storage.often import often

S = TypeVar("S", bound=Executable)
COLUMN = "community"
# For a statement that says by itself what is ours: of a table that is nobody's.
OURS = bindparam("community_", type_=Integer)
_ANYWHERE = "anywhere"


def anywhere(statement: S) -> S:
    """The same statement, which a transaction that is no community's may run as well, for all of them."""
    return statement.execution_options(**{_ANYWHERE: True})


def values_for(community: int | None) -> dict[str, int]:
    """What a confined statement needs besides its own values."""
    return {} if community is None else {COLUMN: community, OURS.key: community}


@lru_cache(1024)
def tables_of(statement: Executable) -> frozenset[Table]:
    """Every table that a statement reads or writes."""
    found = visitors.iterate(statement)  # type: ignore[arg-type]
    return frozenset(part for part in found if isinstance(part, Table))


def compiled(statement: Any, dialect: Dialect, names: Sequence[str] | None, *, confined: bool) -> Any:
    """For a community's transaction; or for one that is nobody's, as it stands.

    `names` are the columns that an insert is given. Raises: RuntimeError for what nobody in particular may
    do.
    """
    if confined:
        if names is not None and COLUMN in statement.table.c:
            names = [*names, COLUMN]
        make: Any = dialect.statement_compiler
        return _confining(make)(dialect, statement, column_keys=names)
    if not statement.get_execution_options().get(_ANYWHERE) and any(
        COLUMN in table.c for table in tables_of(statement)
    ):
        raise RuntimeError(f"whose rows? this is for a transaction of a community: {statement}")
    return statement.compile(dialect=dialect, column_keys=names)


class _Confining:
    """What is different in a dialect's own compiler, which it stands before.

    What it relies on is SQLAlchemy's own affair; tests/storage/test_community.py tells when it changes.
    """

    stack: Any

    def _compose_select_body(
        self, text: str, select: Any, state: Any, columns: Any, froms: Any, *rest: Any
    ) -> Any:
        """`froms` has left out already what an enclosing statement reads."""
        if ours := list(_criteria(froms)):
            select = select._clone()
            select._where_criteria += tuple(ours)
        return super()._compose_select_body(text, select, state, columns, froms, *rest)  # type: ignore[misc]

    def visit_join(self, join: Any, *given: Any, **how: Any) -> Any:
        """Where nothing of ours is on the right side of an outer join, the left side stands alone."""
        if join.isouter and (ours := list(_criteria([join.right]))):
            join = join._clone()
            join.onclause = and_(join.onclause, *ours)
        return super().visit_join(join, *given, **how)  # type: ignore[misc]

    def visit_update(self, update: Update, *given: Any, **how: Any) -> Any:
        if COLUMN in {getattr(column, "key", column) for column in update._values or ()}:
            raise TypeError(f"whose it is stays as it is: {update}")
        return super().visit_update(_ours(update), *given, **how)  # type: ignore[misc]

    def visit_delete(self, delete: Delete, *given: Any, **how: Any) -> Any:
        return super().visit_delete(_ours(delete), *given, **how)  # type: ignore[misc]

    def _on_conflict_target(self, clause: Any, **how: Any) -> Any:
        """What may be there once may be there once in each community."""
        target = clause.inferred_target_elements
        if target is not None and COLUMN in self.stack[-1]["selectable"].table.c:
            clause = copy.copy(clause)
            clause.inferred_target_elements = [COLUMN, *target]
        return super()._on_conflict_target(clause, **how)  # type: ignore[misc]


@cache
def _confining(compiler: type[Any]) -> type[Any]:
    return type(f"Confining{compiler.__name__}", (_Confining, compiler), {})


def _ours(statement: Any) -> Any:
    return statement.where(*_criteria([statement.table]))


def _criteria(froms: Iterable[Any]) -> Iterator[ColumnElement[bool]]:
    """That the rows are ours, of all that is not on the right side of an outer join."""
    for each in froms:
        if isinstance(each, Join):
            if each.full:
                raise TypeError(f"which of the two sides is confined? {each}")
            yield from _criteria([each.left] if each.isouter else [each.left, each.right])
        elif isinstance(each, Table) or (type(each) is Alias and isinstance(each.element, Table)):
            if COLUMN in each.c:
                yield often(each.c[COLUMN] == OURS)
        # What a subquery reads is confined within it.
        elif not isinstance(each, (Subquery, TableValuedAlias)):
            raise TypeError(f"whose rows are these? {each!r}")

"""Many values in one parameter, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ClauseElement,
    Column,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    bindparam,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values in the parameter of that name, however many there are.

    Unlike with `IN` the statement's text stays the same then: it is compiled and planned once.
    """
    return _Among(column, name)


class _Among(ColumnElement[bool]):
    # It has no type: a boolean would become `... = 1` on SQLite, which uses no index.
    inherit_cache = False

    def __init__(self, column: Column[Any], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=_Many(column.type))

    def get_children(self, **_: Any) -> Iterable[ClauseElement]:
        return self.column, self.values


@compiles(_Among)
def _in_array(element: _Among, compiler: Any, **how: Any) -> Any:
    return compiler.process(element.column == func.any(element.values), **how)


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: Any, **how: Any) -> Any:
    each = func.json_each(element.values).table_valued("value")
    return compiler.process(element.column.in_(select(each.c.value)), **how)


class _Many(TypeDecorator[Collection[Any]]):
    """Values of a type: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.of))

    def bind_processor(self, dialect: Dialect) -> Callable[[Collection[Any] | None], Any]:
        return _as_json if dialect.name == "sqlite" else _as_list


def _as_json(values: Collection[Any] | None) -> str:
    return orjson.dumps(_as_list(values)).decode()


def _as_list(values: Collection[Any] | None) -> list[Any]:
    return list(values or ())

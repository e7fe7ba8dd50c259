"""Whether what is kept has certain words in it, the same on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Column, ColumnElement, func
from sqlalchemy.ext.compiler import compiles


def holds(column: Column[Any], words: BindParameter[Any]) -> ColumnElement[bool]:
    """Whether these words stand in a column.

    Whatever characters they are, none of them means another, and they may be long; neither is so with `LIKE`.
    """
    return _Holds(column, words)


class _Holds(ColumnElement[bool]):
    # It has no type: a boolean would become `... = 1` on SQLite.
    inherit_cache = False

    def __init__(self, column: Column[Any], words: BindParameter[Any]) -> None:
        self.column = column
        self.words = words

    def get_children(self, **_: Any) -> Iterable[ClauseElement]:
        return self.column, self.words


@compiles(_Holds)
def _strpos(element: _Holds, compiler: Any, **how: Any) -> Any:
    return compiler.process(func.strpos(element.column, element.words) > 0, **how)


@compiles(_Holds, "sqlite")
def _instr(element: _Holds, compiler: Any, **how: Any) -> Any:
    return compiler.process(func.instr(element.column, element.words) > 0, **how)

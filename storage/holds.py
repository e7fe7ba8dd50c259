"""Where what is kept has certain words in it, the same on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Column, ColumnElement, Integer, func
from sqlalchemy.ext.compiler import compiles


def holds(column: Column[Any], words: BindParameter[Any]) -> ColumnElement[bool]:
    """Whether these words stand in a column.

    Whatever characters they are, none of them means another, and they may be long; neither is so with `LIKE`.
    """
    return position(column, words) > 0


def position(column: ColumnElement[Any], words: ColumnElement[Any]) -> ColumnElement[int]:
    """Where they stand there first, counted from 1; 0: nowhere."""
    return _Position(column, words)


class _Position(ColumnElement[int]):
    type = Integer()
    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], words: ColumnElement[Any]) -> None:
        self.column = column
        self.words = words

    def get_children(self, **_: Any) -> Iterable[ClauseElement]:
        return self.column, self.words


@compiles(_Position)
def _strpos(element: _Position, compiler: Any, **how: Any) -> Any:
    return compiler.process(func.strpos(element.column, element.words), **how)


@compiles(_Position, "sqlite")
def _instr(element: _Position, compiler: Any, **how: Any) -> Any:
    return compiler.process(func.instr(element.column, element.words), **how)

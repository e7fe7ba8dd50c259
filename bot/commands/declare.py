"""A command: one definition serves typed text, filled-in arguments, buttons and the help.

What a command takes is read from the signature of the function that runs it. Positional
parameters are typed in order, keyword-only ones as `--name value`. The kinds:

    str               words; "in quotes", or up to the first `|`, or all the rest
    tuple[str, ...]   options, apart by `|` or by new lines: all the rest
    int               a number
    tuple[int, ...]   numbers: `1 3` or `1,3`
    datetime          a moment, as `when` reads it
    bool              yes where it is named
    a StrEnum         one of its words
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.message import Message
from bot.model.people import Role


@dataclass(frozen=True, slots=True)
class Param:
    """One thing that a command takes; `words` are those to choose from, where it is one of a few."""

    name: str
    kind: str
    required: bool
    named: bool
    words: type[StrEnum] | None = None


@dataclass(frozen=True)
class Command:
    """`path` is its English name ("poll open"), `run` the function behind it.

    `private`: the answer is for the person alone. `listed` False: only buttons use it. `asks`: what its
    form asks for, where that is more than it cannot do without.
    """

    path: str
    run: Callable[..., Message | None]
    role: Role = Role.RESIDENT
    private: bool = True
    listed: bool = True
    asks: tuple[str, ...] = ()
    params: tuple[Param, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", tuple(_params(self.run)))


_KINDS = {
    str: "words",
    int: "number",
    bool: "yes",
    datetime: "moment",
    tuple[str, ...]: "options",
    tuple[int, ...]: "numbers",
}


def _params(run: Callable[..., Any]) -> Iterator[Param]:
    hints = typing.get_type_hints(run)
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        kind = hints[parameter.name]
        if typing.get_origin(kind) in (types.UnionType, typing.Union):
            kind = next(one for one in typing.get_args(kind) if one is not types.NoneType)
        words = kind if isinstance(kind, type) and issubclass(kind, StrEnum) else None
        yield Param(
            parameter.name,
            "one" if words else _KINDS[kind],
            required=parameter.default is parameter.empty,
            named=parameter.kind is parameter.KEYWORD_ONLY,
            words=words,
        )

"""A command: one definition serves typed text, filled-in arguments, buttons, forms and the help.

What a command takes is read from the signature of the function that runs it. Positional
parameters are typed in order, keyword-only ones as `--name value`. What each may be annotated with,
and how that is typed, is told in `types`.
"""

from __future__ import annotations

import inspect
import operator
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from bot.model.message import Message
from bot.model.people import Role

# A command's own texts, after which no parameter can be called: both stand behind its path.
TAKEN = ("help", "title", "example", "examples", "meant", "menu")


@dataclass(frozen=True, slots=True)
class Param:
    """One thing that a command takes; `kind` is what it is annotated with, without `None`."""

    name: str
    kind: Any
    required: bool
    named: bool


@dataclass(frozen=True)
class Command:
    """`path` is its English name ("poll open"), `run` the function behind it.

    The answer is for the person alone. `open`: that is to spare others, and no secret, so that where they
    cannot soon be reached in private it is said beside what they said. `listed` False: only
    buttons use it. `confidential`: what it answers is kept sealed, only as long as that is needed. `secret`:
    what is typed behind it may be one, and is not kept to be asked back. `anyone`: not only for who is of the
    community: it is about themselves, or looks itself whether they take part. `adds`: whoever is mentioned
    in it is a resident from then on; what only looks adds nobody. `asks`: what its form asks for, where that
    is more than it cannot do without. `also_named`: what is typed in order, and may be named as well.
    `notes`: the texts that its help ends with.
    `about`: what takes whoever wrote the message that it is about, where somebody puts a sign on one, replies
    to one or chooses one; it takes whatever stands for people. `on_message`, `on_member`: where a platform
    lists what can be done with a message, or a person, this is there, by its text `command.PATH.menu`.
    `quotes`: what such a message's own words are put into, for whoever chose it to change before it is sent.
    `lacking(call, bound)`: looked at before anything that is missing is asked for; it may raise what there
    is to say first, or `Asked`.

    Raises: ValueError for a parameter whose name is taken, or one that is named here and there is none of.
    """

    path: str
    run: Callable[..., Message | None]
    role: Role = Role.RESIDENT
    open: bool = False
    listed: bool = True
    confidential: bool = False
    secret: bool = False
    anyone: bool = False
    adds: bool = False
    asks: tuple[str, ...] = ()
    also_named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    about: str = ""
    on_message: bool = False
    on_member: bool = False
    quotes: str = ""
    lacking: Callable[[Any, Mapping[str, Any]], None] | None = None
    params: tuple[Param, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", tuple(_params(self.run)))
        for param in self.params:
            if param.name in TAKEN:
                raise ValueError(f"{self.path!r}: a parameter cannot be called {param.name!r}")
        for name in filter(None, (self.about, self.quotes)):
            if name not in {param.name for param in self.params}:
                raise ValueError(f"{self.path!r}: it takes no {name!r}")
        if (self.on_message or self.on_member) and not self.about:
            raise ValueError(f"{self.path!r}: nothing takes whom it is chosen for")


def _params(run: Callable[..., Any]) -> Iterator[Param]:
    hints = typing.get_type_hints(run)
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        kind = hints[parameter.name]
        if typing.get_origin(kind) in (types.UnionType, typing.Union):
            kind = reduce(
                operator.or_, (part for part in typing.get_args(kind) if part is not types.NoneType)
            )
        yield Param(
            parameter.name,
            kind,
            required=parameter.default is parameter.empty,
            named=parameter.kind is parameter.KEYWORD_ONLY,
        )

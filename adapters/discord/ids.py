"""What a button carries: its `custom_id`, which Discord keeps with the message and gives back at a press.

It says by itself what a press means, so that a button works after a restart and months later although
nothing about it is stored. What does not fit points to where it is kept: an answer, or a message of
ours. The first character is the version of this spelling, the second what kind it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot.commands.forms import ABOUT

LONGEST = 100
MOST = 2**63


@dataclass(frozen=True, slots=True)
class Filled:
    """A command with its arguments. Lists among them are tuples, as everywhere in Plein.

    `chosen`: what was chosen in a list goes into the argument `numbers`.
    """

    command: str
    args: Mapping[str, Any]
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Referred:
    """An action (counted from 0) of what was answered to an invocation, or with `form` the form of that."""

    invocation_id: str
    number: int
    form: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """The same of the very message that the button is on, or of another one."""

    number: int
    form: bool = False
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The form with which that command is answered, asked for anew."""

    command: str
    args: Mapping[str, Any]


Pressed = Filled | Referred | Own | Asked

_COMMAND, _CHOSEN, _ACTION_OF, _FORM_OF, _OWN_ACTION, _OWN_FORM = "1c", "1n", "1a", "1g", "1p", "1o"
_ASKED = "1f"
_FILLED = re.compile(r"1([cnf])([^{]*)(\{.*\})", re.DOTALL)
_REFERRED = re.compile(r"1([ag])(0|[1-9][0-9]{0,3}) (.+)", re.DOTALL | re.ASCII)
_OWNED = re.compile(r"1([po])(0|[1-9][0-9]{0,3})(?: ([0-9]{1,20}))?", re.ASCII)


def spell(command: str, args: Mapping[str, Any]) -> str | None:
    """A command filled in; None where that does not fit."""
    return _spell(_COMMAND, command, args)


def choose(command: str, args: Mapping[str, Any]) -> str | None:
    """A list to choose from, whose values go into `numbers`; None where that does not fit."""
    return _spell(_CHOSEN, command, args)


def ask(command: str, args: Mapping[str, Any]) -> str | None:
    """The form that this command asks for; None where that does not fit."""
    return _spell(_ASKED, command, args)


def refer(invocation_id: str | None, number: int = 0, *, form: bool = False) -> str:
    """The action with this number, or the form, of what was answered to that invocation.

    Without one, of the message itself: posts and boards are found by their message.
    """
    if invocation_id is None:
        return f"{_OWN_FORM if form else _OWN_ACTION}{number}"
    spelled = f"{_FORM_OF if form else _ACTION_OF}{number} {invocation_id}"
    assert _fits(spelled), spelled
    return spelled


def form_at(message_id: int) -> str:
    """The form of that message, for a button which is on another."""
    return f"{_OWN_FORM}0 {message_id}"


def read(custom_id: str) -> Pressed | None:
    """What one of these wrote; None for anything else, whoever made it up."""
    if not _fits(custom_id):
        return None
    if found := _REFERRED.fullmatch(custom_id):
        return Referred(found[3], int(found[2]), found[1] == "g")
    if found := _OWNED.fullmatch(custom_id):
        return Own(int(found[2]), found[1] == "o", found[3] or "")
    if found := _FILLED.fullmatch(custom_id):
        try:
            args = orjson.loads(found[3])
        except orjson.JSONDecodeError:
            return None
        # Which message something is about is nobody's to make up: that is kept where this points to.
        if not _is_keepable(args) or ABOUT in args:
            return None
        if found[1] == "f":
            return Asked(found[2], _frozen(args))
        return Filled(found[2], _frozen(args), found[1] == "n")
    return None


def _spell(kind: str, command: str, args: Mapping[str, Any]) -> str | None:
    try:
        spelled = f"{kind}{command}{orjson.dumps(args, option=_STRICT).decode()}"
    except orjson.JSONEncodeError:
        return None
    # What would come back as something else (a float that is no number, a moment) is not spelled at all.
    meant = (
        Asked(command, _frozen(args)) if kind == _ASKED else Filled(command, _frozen(args), kind == _CHOSEN)
    )
    return spelled if read(spelled) == meant else None


def _is_keepable(value: Any) -> bool:
    """Whether every database can hold it: Plein never wrote anything else."""
    if isinstance(value, Mapping):
        return all(map(_is_keepable, (*value.keys(), *value.values())))
    if isinstance(value, list):
        return all(map(_is_keepable, value))
    if isinstance(value, str):
        return "\0" not in value
    return type(value) is not int or -MOST <= value < MOST


def _frozen(value: Any) -> Any:
    """Plain values with tuples for lists, also for what JSON knows only as lists."""
    if isinstance(value, Mapping):
        return {name: _frozen(inner) for name, inner in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def _fits(spelled: str) -> bool:
    """Counted in UTF-16, of which there is never less than of characters."""
    return len(spelled.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST


_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

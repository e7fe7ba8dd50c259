"""Forms: what a command still needs, asked for where a platform can ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.types import CHOICE, MOMENT
from bot.model.events import Remark
from bot.model.message import Form, text

# Among the arguments of a form: the message that it is about. No parameter can be called so.
ABOUT = "@about"
_MOST_FIELDS = 5
_THEME = "theme"


def form_for(
    commands: Commands,
    command: Command,
    given: Mapping[str, Any],
    *,
    at_once: bool,
    private: bool = False,
    settled: Collection[str] = (),
    about: Remark | None = None,
) -> Form | None:
    """What the command needs, with what is given in it already; None where it needs nothing.

    `at_once`: nothing is wrong with what is given. `private`: no place says which theme it is for. What is
    `settled` is not asked again. `about`: the message that it is about, and stays about.
    """
    arguments = commands.arguments(command)
    asked = [
        argument
        for argument in arguments
        if (argument.name in command.asks if command.asks else argument.required)
        and argument.name not in settled
    ]
    if not (command.listed and asked):
        return None
    if private:
        asked = [*(argument for argument in arguments if argument.name == _THEME), *asked]
    asked = _most_needed(asked, given)
    fields = tuple(argument.converter.field(argument, given.get(argument.name)) for argument in asked)
    names = {argument.name for argument in asked}
    args = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if name not in names and value is not None
    }
    if about:
        args[ABOUT] = about.kept()
    return Form(text(f"command.{command.path}.title"), command.path, args, fields, at_once)


def _most_needed(asked: Sequence[Argument], given: Mapping[str, Any]) -> list[Argument]:
    """As many as a form has room for. A moment that nobody gave is left out first, then one of a few words:
    both can do without. A moment that was given may have to be mended."""
    spare = [
        argument.name
        for argument in asked
        if argument.converter is MOMENT and given.get(argument.name) is None
    ]
    spare += [argument.name for argument in asked if argument.converter is CHOICE]
    left_out = spare[: max(len(asked) - _MOST_FIELDS, 0)]
    return [argument for argument in asked if argument.name not in left_out][:_MOST_FIELDS]

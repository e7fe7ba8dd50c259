"""A number that stands before the words, though it has a place of its own: `!poll extend 5 2d`.

`!poll close 5` is typed like that, so people type its brothers in the same way. It is asked back, with the
number where it belongs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.errors import Unsure, UserError, yes
from bot.model.message import text

_NUMBERED = re.compile(r"#?(\d{1,9})[:.,]?\s+(\S.*)", re.DOTALL)


def numbered(words: str) -> tuple[int, str] | None:
    """The number that the words begin with, and the rest."""
    match = _NUMBERED.fullmatch(words.strip())
    return (int(match[1]), match[2]) if match else None


def ask_about_number(
    commands: Commands, command: Command, argument: Argument, given: Mapping[str, Any], call: Call
) -> None:
    """Whether what could not be read can be without its number, and that can be named.

    Raises: Unsure with the number where it belongs.
    """
    known = commands.arguments(command)
    named = (other for other in known if other.named and other.converter.plain is int)
    number, found = next(named, None), numbered(str(given[argument.name]))
    if number is None or found is None or argument.named or number.name in given:
        return
    meant = {**given, number.name: found[0], argument.name: found[1]}
    line = commands.usage(command, call.locale, meant)
    try:
        meant[argument.name] = argument.converter.keep(argument.converter.convert(argument, found[1], call))
    except Unsure:
        pass  # that is asked next
    except UserError:
        return
    raise Unsure(text("line.meant", line=line), yes(**meant))

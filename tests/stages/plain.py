"""Lines to type, in one form: `!stem 1` and `/stem antwoord:1` are `poll vote answer=1`.

Both are read, by what they are made of, and not translated into each other: a line that Discord shows
but that means another command or another value is another line here too. What is no command (what
somebody typed wrong, a flag by itself) stays as it is, but for the marks that are a platform's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.read import parse
from bot.commands.types import OPTIONS
from bot.errors import Unsure, UserError

_CODE = re.compile(r"`([^`\n]*)`")
_FLAG = re.compile(r"--([\w-]+)(?: (.+))?")
_SLASH = re.compile(r"/(?P<name>[^:\[]*?)(?P<options> \[?[\w-]+:.*)?")


class Plain:
    """Reads what stands between backticks."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def lines(self, lines: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            _CODE.sub(lambda code: f"`{self._meaning(code[1])}`", line.rstrip())
            for words in lines
            for line in words.split("\n")
        )

    def _meaning(self, line: str) -> str:
        if flag := _FLAG.fullmatch(line):
            return f"{flag[1]}:{_bare(flag[2] or '')}"
        if line.startswith("!"):
            return self._typed(line)
        if line.startswith("/"):
            return self._used(line)
        return line.removesuffix(":True") + ":" if line.endswith(":True") else line

    def _typed(self, line: str) -> str:
        try:
            command, args = parse(self._commands, line, "nl")
        except (Unsure, UserError):
            return line[1:]
        return self._spelled(command, args)

    def _used(self, line: str) -> str:
        parts = _SLASH.fullmatch(line)
        try:
            command, args = parse(self._commands, f"!{parts['name']}" if parts else "", "nl")
        except (Unsure, UserError):
            return line[1:]
        if args or not parts:
            return line[1:]
        arguments = self._commands.arguments(command)
        names = {
            self._label(argument, locale): argument for argument in arguments for locale in self._locales
        }
        apart = re.split(rf" (\[?)({'|'.join(map(re.escape, names))}):", parts["options"] or "")
        found: dict[str, Any] = {}
        for bracket, name, value in zip(apart[1::3], apart[2::3], apart[3::3], strict=True):
            found[names[name].name] = bracket + value
        return self._spelled(command, found)

    def _spelled(self, command: Command, args: dict[str, Any]) -> str:
        given = [
            f"{argument.name}={self._value(argument, args[argument.name])}"
            for argument in self._commands.arguments(command)
            if argument.name in args
        ]
        return " ".join([command.path, *given])

    def _value(self, argument: Argument, value: Any) -> str:
        """What is still to be thought of is the argument's own name where it is typed, dots on Discord."""
        words = str(value)
        parts = words.split("|") if argument.converter is OPTIONS else [words]
        labels = {self._label(argument, locale) for locale in self._locales}
        return " | ".join("…" if _bare(part) in labels else _bare(part) for part in parts)

    def _label(self, argument: Argument, locale: str) -> str:
        return argument.name_in(locale).lower()

    @property
    def _locales(self) -> tuple[str, ...]:
        return self._commands.texts.locales


def _bare(words: str) -> str:
    words = " ".join(words.split())
    return words[1:-1] if re.fullmatch('"[^"]+"', words) else words

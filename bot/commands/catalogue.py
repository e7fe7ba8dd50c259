"""All commands: what they and their arguments are called in every language, and how they are typed."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.argument import Argument, Converters, Extent, Suggest
from bot.commands.declare import Command
from bot.commands.types import CONVERTERS, converter_of
from bot.model.message import Text, text
from bot.texts import Texts

# Of so many words a name is made at most.
MOST_WORDS = 3
_UTC = ZoneInfo("UTC")
_NOBODY: Mapping[str, Suggest] = {}
# Bots that keep order answer to these everywhere: whoever types one alone means another bot.
OF_OTHERS = frozenset({"ban", "kick", "log", "mute", "unmute", "warn"})
# A slip of the finger: other bots have commands of their own, and people exclaim things.
_NEARLY = 0.8


class Commands:
    """All commands, and their names in every language."""

    def __init__(
        self,
        commands: Iterable[Command],
        texts: Texts,
        suggests: Mapping[str, Suggest] = _NOBODY,
        zone: ZoneInfo = _UTC,
        converters: Converters = CONVERTERS,
    ) -> None:
        """`suggests`: by the command and the argument ("poll again.poll"), or by its name alone ("poll");
        `zone`: the community's; `converters`: the kinds of parameters.

        Raises: ValueError for a parameter of no kind.
        """
        self.texts = texts
        self.zone = zone
        self._in_zones: dict[ZoneInfo, Commands] = {zone: self}
        self.by_path = {command.path: command for command in commands}
        self._arguments: dict[str, tuple[Argument, ...]] = {
            path: tuple(
                Argument(
                    param.name,
                    param.kind,
                    param.required,
                    param.named,
                    path,
                    converter_of(converters, param.kind),
                    texts,
                    zone,
                    suggests.get(f"{path}.{param.name}") or suggests.get(param.name),
                )
                for param in command.params
            )
            for path, command in self.by_path.items()
        }
        self._flags = _flags(self.by_path, self._arguments, texts)
        self.by_name: dict[tuple[str, ...], Command] = {}
        for command in self.by_path.values():
            if command.listed:
                for locale in texts.locales:
                    for name in self.names(command, locale):
                        self.by_name.setdefault(tuple(name.split()), command)
        # By the noun that such names begin with, and then the verb behind it.
        self.by_noun: dict[str, dict[str, Command]] = {}
        for (noun, *verbs), command in self.by_name.items():
            for verb in verbs[:1]:
                self.by_noun.setdefault(noun, {})[verb] = command

    def in_zone(self, zone: ZoneInfo) -> Commands:
        """The same commands, whose moments are written as the clocks there say."""
        if zone not in self._in_zones:
            self._in_zones[zone] = found = copy.copy(self)
            found.zone = zone
            found._arguments = {
                path: tuple(replace(argument, zone=zone) for argument in arguments)
                for path, arguments in self._arguments.items()
            }
            found._flags = _flags(self.by_path, found._arguments, self.texts)
        return self._in_zones[zone]

    def arguments(self, command: Command) -> Sequence[Argument]:
        """What it takes, in order."""
        return self._arguments[command.path]

    def flags(self, command: Command) -> Mapping[str, Argument]:
        """What may be named behind `--`, by what it is called in any language."""
        return self._flags[command.path]

    def argument(self, path: str, name: str) -> Argument | None:
        """The argument of that name; None where there is no such command, or it takes none of that name."""
        arguments = self._arguments.get(path, ())
        return next((argument for argument in arguments if argument.name == name), None)

    def names(self, command: Command, locale: str) -> list[str]:
        """What it is called in this language, the usual name first."""
        return (self.texts.find(f"command.{command.path}", locale) or command.path).split("|")

    def first_in(self, typed: str) -> Command | None:
        """The command that a line begins with, by any of its names."""
        first = [word.casefold() for word in typed.strip().removeprefix("!").split(None, MOST_WORDS)]
        lengths = range(min(len(first), MOST_WORDS), 0, -1)
        found = (self.by_name.get(tuple(first[:length])) for length in lengths)
        return next(filter(None, found), None)

    def verbs(self, command: Command) -> Iterator[str]:
        """The word that says what it does, in every language; then what people say that mean the same."""
        for locale in self.texts.locales:
            yield from (name.split()[-1] for name in self.names(command, locale))
        for locale in self.texts.locales:
            yield from (self.texts.find(f"command.{command.path}.meant", locale) or "").split("|")

    def phrases(self, command: Command) -> Iterator[tuple[str, str]]:
        """What people say for it as a whole, in every language, each with what is to be typed behind it."""
        for phrase in self.texts.words(f"command.{command.path}.said"):
            said, _, behind = phrase.partition("=")
            yield said, behind

    def resembles(self, typed: str) -> bool:
        """Whether whoever typed this meant one of these: by name, by what it does, or nearly by name."""
        words = typed.strip().removeprefix("!").casefold().split(None, 1)
        if not words:
            return False
        names = {name[0] for name in self.by_name}
        verbs = {verb for command in self.by_name.values() for verb in self.verbs(command)} - OF_OTHERS
        known = words[0] in names or words[0] in verbs
        return known or bool(get_close_matches(words[0][:40], names, 1, _NEARLY))

    def called(self, command: Command, locale: str, like: str = "") -> str:
        """What it is called in this language in as many words as its path, or as `like`; else just that."""
        like = like or command.path
        names = self.names(command, locale)
        return next((name for name in names if len(name.split()) == len(like.split())), like)

    def about_group(self, noun: str) -> Text:
        """What the commands are for whose names begin with that: "poll"."""
        return text(f"group.{noun}.help")

    def usage(
        self,
        command: Command,
        locale: str,
        given: Mapping[str, Any] | None = None,
        wanted: Argument | None = None,
    ) -> str:
        """The right way to type it, in this language: `!poll open "question" option | option`.

        What is `given` stands in it already. Of what may be named only the one that is `wanted` is shown.
        """
        given = given or {}
        parts = [f"!{self.names(command, locale)[0]}"]
        for argument in self.arguments(command):
            if argument.name in given:
                parts.append(_filled_in(argument, given[argument.name], locale))
            elif argument is wanted and argument.named:
                parts.append(argument.named_usage(locale))
            elif not argument.named:
                shown = argument.converter.placeholder(argument, locale)
                in_full = argument.required or argument.converter.extent is Extent.REST
                parts.append(shown if in_full else f"[{shown}]")
        return " ".join(parts)


def _flags(
    commands: Mapping[str, Command], arguments: Mapping[str, Sequence[Argument]], texts: Texts
) -> dict[str, dict[str, Argument]]:
    """By the path of a command, and by what they are called in any language."""
    return {
        path: {
            argument.name_in(locale): argument
            for argument in its
            if argument.named or argument.name in commands[path].also_named
            for locale in texts.locales
        }
        for path, its in arguments.items()
    }


def _filled_in(argument: Argument, value: Any, locale: str) -> str:
    if argument.named and not argument.needs_value:
        return argument.named_usage(locale)
    converter = argument.converter
    shown = converter.show(argument, value, locale)
    if argument.named:
        return f"--{argument.name_in(locale)} {shown}"
    # One of a few words is known by itself.
    if argument.choices or converter.extent is Extent.REST:
        return shown
    if converter.extent is Extent.WORD and " " not in shown:
        return shown
    # Quotation marks of another kind where the words hold some, so that the line can be copied.
    return f"«{shown}»" if '"' in shown else f'"{shown}"'

"""Slash commands: described from the same definitions as typed ones, and read back into them.

A command's path is its name here ("poll open" is the subcommand `open` of `poll`), whatever language
somebody sees it in. A name of one word that a command has beside its path (`vote`) is a command of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import discord
import orjson

from adapters.discord.menus import ON_MEMBER, ON_MESSAGE, Chosen, chosen_in
from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.model.message import Text, text
from bot.model.people import Role
from bot.texts import Voice

Json = dict[str, Any]
DEFAULT = "en"
_SUBCOMMAND = 1
_STRING, _INTEGER, _BOOLEAN = 3, 4, 5
_TYPES = {str: _STRING, int: _INTEGER, bool: _BOOLEAN}
_IN_SERVERS, _IN_PRIVATE = 0, 1
# Descriptions hold no moments.
_NO_ZONE, _NO_TIME = ZoneInfo("UTC"), datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Used:
    """A command as somebody used it; `focused` is the argument they are typing, and `typed` what so far.
    `chosen`: in the menu of that message or person.
    """

    command: Command
    args: Mapping[str, Any]
    focused: str | None = None
    typed: str = ""
    chosen: Chosen | None = None


class SlashCommands:
    """All commands as Discord knows them.

    `permissions`: what somebody needs on a server to be shown the commands of a role.
    """

    def __init__(self, commands: Commands, permissions: Mapping[Role, discord.Permissions]) -> None:
        self._commands = commands
        self._texts = commands.texts
        self._permissions = permissions
        listed = [command for command in commands.by_path.values() if command.listed]
        self._by_name = {name: command for command in listed for name in _names(commands, command)}
        self._in_menus = {
            (kind, self._called(command, DEFAULT)): command
            for command in listed
            for kind, is_there in ((ON_MEMBER, command.on_member), (ON_MESSAGE, command.on_message))
            if is_there
        }

    # --- describing ---

    def described(self) -> list[Json]:
        """What is sent to Discord: a command for each first word, with the others below it, and the menus."""
        below: dict[str, list[str]] = {}
        for name in self._by_name:
            below.setdefault(name.split()[0], []).append(name)
        menus = (self._in_menu(kind, command) for (kind, _), command in self._in_menus.items())
        return [*(self._described(first, names) for first, names in below.items()), *menus]

    def _in_menu(self, kind: int, command: Command) -> Json:
        """A title of a few words, and nothing else; what it is about is in a place."""
        called = {locale: self._called(command, locale) for locale in self._texts.locales}
        needed = self._needed(command.role)
        return {
            "type": kind,
            "name": called[DEFAULT],
            "name_localizations": _everywhere(called),
            "contexts": [_IN_SERVERS],
            "default_member_permissions": str(needed.value) if needed else None,
        }

    def _called(self, command: Command, locale: str) -> str:
        return self._texts.find(f"command.{command.path}.menu", locale) or command.path

    def _described(self, first: str, names: Sequence[str]) -> Json:
        found = [self._by_name[name] for name in names]
        role = min(command.role for command in found)
        needed = self._needed(role)
        more: Json = {
            "type": 1,
            # In private nobody has a role, and no permission hides it.
            "contexts": [_IN_SERVERS] if role > Role.RESIDENT else [_IN_SERVERS, _IN_PRIVATE],
            "default_member_permissions": str(needed.value) if needed else None,
        }
        if names == [first]:
            return {**self._command(first, 0), **more}
        # Discord knows no group that is a command as well: such a name can only be typed.
        names = [name for name in names if name != first]
        options = [{"type": _SUBCOMMAND, **self._command(name, 1)} for name in names]
        words = self._words(lambda _: self._commands.about_group(first))
        return {**self._named(names[0], 0), **words, **more, "options": options}

    def _needed(self, role: Role) -> discord.Permissions | None:
        """What all who may use it have; None where it is shown to everybody, and Plein says who may.

        Discord asks for all of the permissions at once. One that a higher role can be without would hide
        from moderators what organisers may do.
        """
        needed = self._permissions.get(role)
        above = [permissions for other, permissions in self._permissions.items() if other > role]
        return needed if needed and all(needed <= permissions for permissions in above) else None

    def _command(self, name: str, word: int) -> Json:
        command = self._by_name[name]
        options = [self._option(argument) for argument in self._commands.arguments(command)]
        words = self._words(lambda _: text(f"command.{command.path}.help"))
        return {**self._named(name, word), **words, "options": options}

    def _named(self, name: str, word: int) -> Json:
        """One word of its name, in every language that has as many words for it."""
        command, locales = self._by_name[name], self._texts.locales
        called = {locale: self._commands.called(command, locale, name) for locale in locales}
        localised = {locale: words.split()[word] for locale, words in called.items()}
        return {"name": name.split()[word], "name_localizations": _everywhere(localised)}

    def _option(self, argument: Argument) -> Json:
        """None is required: what is missing is asked for."""
        names = {locale: argument.name_in(locale) for locale in self._texts.locales}
        option: Json = {
            "type": _TYPES[argument.converter.plain],
            "name": names[DEFAULT],
            "name_localizations": _everywhere(names),
            **self._words(argument.about),
        }
        if argument.choices:
            option["choices"] = [self._choice(argument, choice) for choice in argument.choices]
        elif argument.suggest:
            option["autocomplete"] = True
        return option

    def _choice(self, argument: Argument, value: str) -> Json:
        words = {locale: argument.usual_words(locale)[value] for locale in self._texts.locales}
        return {"name": words[DEFAULT], "name_localizations": _everywhere(words), "value": str(value)}

    def _words(self, about: Callable[[str], Text]) -> Json:
        """A description in every language, beginning like a sentence."""
        written = {}
        for locale in self._texts.locales:
            voice = Voice(locale, _NO_ZONE, _NO_TIME, code=("", ""))
            said = self._texts.write(about(locale), voice)
            written[locale] = said[:1].upper() + said[1:]
        return {"description": written[DEFAULT], "description_localizations": _everywhere(written)}

    # --- reading back ---

    def read(self, data: Mapping[str, Any]) -> Used | None:
        """What an interaction says; None for a command that Plein does not have (any more)."""
        name, options = str(data.get("name")), data.get("options") or []
        if data.get("type") in (ON_MEMBER, ON_MESSAGE):
            return self._read_menu(int(data["type"]), name, data)
        while options and options[0].get("type") == _SUBCOMMAND:
            name, options = f"{name} {options[0]['name']}", options[0].get("options") or []
        command = self._by_name.get(name)
        if command is None:
            return None
        arguments = self._commands.arguments(command)
        params = {argument.name_in(DEFAULT): argument.name for argument in arguments}
        options = [option for option in options if option["name"] in params]
        given = {params[option["name"]]: option["value"] for option in options}
        for option in options:
            if option.get("focused"):
                focused = params[option["name"]]
                return Used(command, given, focused, str(given.pop(focused)))
        return Used(command, given)

    def _read_menu(self, kind: int, name: str, data: Mapping[str, Any]) -> Used | None:
        command, chosen = self._in_menus.get((kind, name)), chosen_in(data)
        given = {command.about: chosen.written} if command and command.about else {}
        return Used(command, given, chosen=chosen) if command else None


def fingerprint(described: Sequence[Json]) -> str:
    """Another one if and only if what is described is another."""
    return hashlib.sha256(orjson.dumps(described, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _names(commands: Commands, command: Command) -> Iterator[str]:
    """Its path, and each name of more or fewer words that it has beside that: a group's, or one by itself."""
    yield command.path
    others = {1, 2} - {len(command.path.split())}
    yield from (name for name in commands.names(command, DEFAULT) if len(name.split()) in others)


def _everywhere(words: Mapping[str, str]) -> dict[str, str]:
    """For each of Discord's languages the words of ours that is its own: "en" for en-GB and en-US."""
    codes = [locale.value for locale in discord.Locale]
    return {code: words[code.split("-")[0]] for code in codes if code.split("-")[0] in words}

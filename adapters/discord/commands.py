"""Slash commands: described from the same definitions as typed ones, and read back into them.

A command's path is its name here ("poll open" is the subcommand `open` of `poll`), whatever language
somebody sees it in. A name of one word that a command has beside its path (`vote`) is a command of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import discord
import orjson

from bot.commands.catalogue import Commands
from bot.commands.declare import Command, Param
from bot.model.message import Text, text
from bot.model.people import Role
from bot.texts import Voice

Json = dict[str, Any]
DEFAULT = "en"
_SUBCOMMAND = 1
_STRING, _INTEGER, _BOOLEAN = 3, 4, 5
_TYPES = {"number": _INTEGER, "yes": _BOOLEAN}
_IN_SERVERS, _IN_PRIVATE = 0, 1
# Descriptions hold no moments.
_NO_ZONE, _NO_TIME = ZoneInfo("UTC"), datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Used:
    """A command as somebody used it; `focused` is the argument they are typing, and `typed` what so far."""

    command: Command
    args: Mapping[str, Any]
    focused: str | None = None
    typed: str = ""


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

    # --- describing ---

    def described(self) -> list[Json]:
        """What is sent to Discord: a command for each first word, with the others below it."""
        below: dict[str, list[str]] = {}
        for name in self._by_name:
            below.setdefault(name.split()[0], []).append(name)
        return [self._described(first, names) for first, names in below.items()]

    def fingerprint(self) -> str:
        """Another one if and only if what is described is another."""
        packed = orjson.dumps(self.described(), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(packed).hexdigest()

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
        options = [{"type": _SUBCOMMAND, **self._command(name, 1)} for name in names]
        words = self._words(lambda _: self._commands.about_group(first))
        return {**self._named(names[0], 0), **words, **more, "options": options}

    def _needed(self, role: Role) -> discord.Permissions | None:
        """What all who may use it have; None where it is shown to everybody, and Plein says who may.

        Discord asks for all of the permissions at once. One that a higher role can be without would hide
        from moderators what organisers may do.
        """
        needed = self._permissions.get(role)
        above = [permissions for one, permissions in self._permissions.items() if one > role]
        return needed if needed and all(needed <= one for one in above) else None

    def _command(self, name: str, word: int) -> Json:
        command = self._by_name[name]
        options = [self._option(param) for param in command.params]
        words = self._words(lambda _: text(f"command.{command.path}.help"))
        return {**self._named(name, word), **words, "options": options}

    def _named(self, name: str, word: int) -> Json:
        """One word of its name, in every language that has as many words for it."""
        command, locales = self._by_name[name], self._texts.locales
        called = {locale: self._commands.called(command, locale, name) for locale in locales}
        localised = {locale: one.split()[word] for locale, one in called.items()}
        return {"name": name.split()[word], "name_localizations": _everywhere(localised)}

    def _option(self, param: Param) -> Json:
        """None is required: what is missing is asked for."""
        names = {locale: self._commands.param_name(param, locale) for locale in self._texts.locales}
        option: Json = {
            "type": _TYPES.get(param.kind, _STRING),
            "name": names[DEFAULT],
            "name_localizations": _everywhere(names),
            **self._words(lambda locale: self._commands.about(param, locale)),
        }
        if param.words:
            option["choices"] = [self._choice(param, one) for one in param.words]
        elif self._commands.is_suggested(param):
            option["autocomplete"] = True
        return option

    def _choice(self, param: Param, value: StrEnum) -> Json:
        words = {locale: self._commands.usual_words(param, locale)[value] for locale in self._texts.locales}
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
        while options and options[0].get("type") == _SUBCOMMAND:
            name, options = f"{name} {options[0]['name']}", options[0].get("options") or []
        command = self._by_name.get(name)
        if command is None:
            return None
        params = {self._commands.param_name(param, DEFAULT): param.name for param in command.params}
        given = {params[one["name"]]: one["value"] for one in options if one["name"] in params}
        for one in options:
            if one.get("focused") and one["name"] in params:
                focused = params[one["name"]]
                return Used(command, given, focused, str(given.pop(focused)))
        return Used(command, given)


def _names(commands: Commands, command: Command) -> Iterator[str]:
    """Its path, and each name of one word that it has beside that."""
    yield command.path
    if " " in command.path:
        yield from (one for one in commands.names(command, DEFAULT) if " " not in one)


def _everywhere(words: Mapping[str, str]) -> dict[str, str]:
    """For each of Discord's languages the words of ours that is its own: "en" for en-GB and en-US."""
    codes = [locale.value for locale in discord.Locale]
    return {code: words[code.split("-")[0]] for code in codes if code.split("-")[0] in words}

"""`plein init`: asks the few questions, and writes what was answered into the configuration.

What is in a file already is the default of each question, and stays as it is written there unless something
else is answered. Nothing is written before the last yes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.settings import Snowflake
from adapters.matrix.settings import User
from bot.feature import Features
from bot.main.addresses import shown_address
from bot.main.answers import (
    NOTHING,
    Read,
    a_database,
    a_file_with,
    a_homeserver,
    a_language,
    a_list_of,
    a_server_or,
    a_zone,
    language_here,
    one_of,
    people_not_among,
    shown,
    valid,
    words_for,
    zone_here,
)
from bot.main.config import BadConfig, config_of, load, understand
from bot.main.configfile import CannotChange, ChangedMeanwhile, ConfigFile, Where
from bot.main.secret_files import FILE, secrets_in
from bot.main.sections import ADAPTERS, Community, DatabaseSection, Name, Space
from bot.main.terminal import NoMoreAnswers, NotUnderstood, Terminal
from bot.masking import hide
from bot.model.message import Text, text, typed
from bot.private import open_to_others
from bot.settings import Token

DATABASE = "PLEIN_DATABASE_URL"
MODERATOR = "moderator"
# What config.example.toml has instead of a secret.
PLACEHOLDER = "put-the-"


def init(
    path: Path, features: Features, terminal: Terminal, environment: Mapping[str, str] = os.environ
) -> int:
    """Ask, show, and write once they say yes; the exit status. Raises: BadConfig for a file that is none."""
    file = _opened(path, features, environment)
    questions = _Questions(file, path, features, terminal, environment)
    try:
        questions.introduce()
        while faults := questions.ask():
            for fault in faults:
                terminal.say(fault)
            terminal.say(text("init.once_more"))
        if not file.has_changed:
            terminal.say(text("init.same", file=str(path)))
        elif not questions.confirm():
            terminal.say(text("init.nothing"))
            return 1
        else:
            was_open = open_to_others(path)
            file.write()
            terminal.say(text("init.closed" if was_open else "init.written", file=str(path)))
    except (KeyboardInterrupt, NoMoreAnswers) as stopped:
        terminal.say(text("init.nothing" if isinstance(stopped, KeyboardInterrupt) else "init.ended"))
        return 130 if isinstance(stopped, KeyboardInterrupt) else 1
    except ChangedMeanwhile:
        terminal.say(text("init.meanwhile", file=str(path)))
        return 1
    except CannotChange as cannot:
        terminal.say(text("init.by_hand", file=str(path), setting=str(cannot)))
        return 1
    except OSError as error:
        terminal.say(text("init.unwritten", file=str(path), reason=error.strerror or type(error).__name__))
        return 1
    questions.say_what_is_next()
    return 0


def _opened(path: Path, features: Features, environment: Mapping[str, str]) -> ConfigFile:
    """Raises: BadConfig."""
    try:
        return ConfigFile(path)
    except (OSError, ValueError, RecursionError) as error:
        load(path, features, environment)  # it says what is wrong, and where
        raise BadConfig([text("init.by_hand", file=str(path), setting=type(error).__name__)]) from None


class _Questions:
    """What is asked about one file. Each question puts its answer there, in memory."""

    def __init__(
        self,
        file: ConfigFile,
        path: Path,
        features: Features,
        terminal: Terminal,
        environment: Mapping[str, str],
    ) -> None:
        self._file = file
        self._path = path
        self._features = features
        self._terminal = terminal
        self._environment = environment
        # What is to come from the environment once Plein runs, with something in its place until then.
        self._promised: dict[str, str] = {}
        self._chosen = 0
        self._before = self._faults()

    def introduce(self) -> None:
        say = self._terminal.say
        if self._file.is_new:
            say(text("init.new", file=str(self._path)))
        else:
            say(text("init.there", file=str(self._path)))
            self._terminal.show(self._file.shown(self._secrets()))
            for fault in self._before:
                say(fault)
        say(text("init.how"))

    def ask(self) -> list[Text]:
        """All questions once; what is wrong with the answers together that was not wrong before."""
        platforms = self._ask_about_community()
        if "discord" in platforms:
            self._secret("discord", "token", Token)
        if "matrix" in platforms:
            self._setting("init.homeserver", ("matrix", "homeserver"), a_homeserver)
            self._setting("init.user", ("matrix", "user"), valid(User))
            has_token = self._file.get("matrix", "token") or self._file.get("matrix", f"token{FILE}")
            way = "token" if has_token else "password"
            way = self._choose(text("init.way_in"), way, "password", "token")
            self._secret("matrix", way, Token if way == "token" else SecretStr)
            other = "password" if way == "token" else "token"
            for name in (other, f"{other}{FILE}"):
                self._remove("matrix", name)
        self._ask_about_database()
        known = [_which(fault) for fault in self._before]
        return [fault for fault in self._faults() if _which(fault) not in known]

    def confirm(self) -> bool:
        """What would be written, and whether it is to be."""
        secrets, file = self._secrets(), self._file
        self._terminal.show(f"\n{file.shown(secrets) if file.is_new else file.changes(secrets)}")
        return self._choose(text("init.write", file=str(self._path)), "yes", "yes", "no") == "yes"

    def say_what_is_next(self) -> None:
        for fault in self._faults():
            self._terminal.say(fault)
        needed = [name for name in self._promised if not self._environment.get(name)]
        if needed:
            self._terminal.say(text("init.environment", names=tuple(map(typed, needed))))
        options = "" if self._path == Path("config.toml") else f"--config {self._path} "
        self._terminal.say(text("init.next", check=f"plein {options}check", run=f"plein {options}run"))

    # --- the questions ---

    def _ask_about_community(self) -> list[str]:
        """Its name, language and zone, and what is its; the platforms on which it is."""
        file, where = self._file, self._which_community()
        several = where[0] == "communities"
        new = file.get(*where) is None and several
        common = {} if not several else file.get("community") or {}
        named = file.get(*where, "name")
        self._setting("init.name", (*where, "name"), valid(Name), None if new else Community().name)
        if several and named and not file.get(*where, "key") and file.get(*where, "name") != named:
            file.put(named, *where, "key")  # by that its polls and people are kept
        default = Community()
        language, zone = common.get("language", default.language), common.get("zone", default.zone)
        if file.is_new:
            language, zone = language_here(self._environment), zone_here()
        self._setting("init.language", (*where, "language"), a_language, language)
        self._setting("init.zone", (*where, "zone"), a_zone, zone)
        platforms = self._ask_for_platforms()
        if "discord" in platforms:
            servers: Where = (*where, "servers") if several else ("discord", "guilds")
            self._setting("init.servers", servers, a_list_of(Snowflake), NOTHING)
        if "matrix" in platforms and several:
            self._setting("init.spaces", (*where, "spaces"), a_list_of(Space), NOTHING)
        if platforms:
            self._ask_who_moderates((*where, "residents") if several else ("residents",))
        return platforms

    def _ask_who_moderates(self, where: Where) -> None:
        """Where nobody does yet. Who is on a line already stays as somebody wrote it."""
        known = self._file.get(*where) or []
        if any(resident.get("role") == MODERATOR for resident in known):
            return
        taken = [account for resident in known for account in resident.get("accounts", ())]
        people = self._terminal.ask(text("init.moderators"), people_not_among(taken, self._path), NOTHING)
        for number, (name, accounts) in enumerate(people, len(known)):
            for key, value in (("name", name), ("accounts", accounts), ("role", MODERATOR)):
                self._file.put(value, *where, number, key)

    def _which_community(self) -> Where:
        """Where it is, or is going to be. A file without communities is one community, and stays that."""
        known = self._file.get("communities")
        if self._file.is_new:
            return "communities", 0
        if not known:
            return ("community",)
        for number, community in enumerate(known, 1):
            self._terminal.say(text("init.known", number=number, name=str(community.get("name", "?"))))
        numbers = {str(number): number - 1 for number in range(1, len(known) + 1)} | {"+": len(known)}
        self._chosen = self._terminal.ask(text("init.which"), one_of(numbers, numbers), str(self._chosen + 1))
        return "communities", self._chosen

    def _ask_for_platforms(self) -> list[str]:
        """Each gets its section. One that has a section keeps that: a volunteer wrote it."""
        there = [name for name in ADAPTERS if self._file.get(name) is not None]
        set_here = [name for name in ADAPTERS if self._has_secret(name)]

        def understood(given: str) -> list[str]:
            words = given.casefold().replace(",", " ").split()
            if words == [NOTHING]:
                words = []
            if len(words) == 1 and words[0] in words_for("both"):
                words = list(ADAPTERS)
            if unknown := [word for word in words if word not in ADAPTERS]:
                known = tuple(map(typed, (*ADAPTERS, self._terminal.words("init.word.both"), NOTHING)))
                raise NotUnderstood(text("init.choose", given=unknown[0], known=known))
            if left := [name for name in there if name not in words]:
                raise NotUnderstood(text("init.leave", section=f"[{left[0]}]", file=str(self._path)))
            return words

        default = " ".join(there or set_here) or (None if self._file.is_new else NOTHING)
        platforms = self._terminal.ask(text("init.platforms"), understood, default)
        for name in platforms:
            if self._file.get(name) is None:
                self._file.put({}, name)
        return platforms

    def _has_secret(self, platform: str) -> bool:
        return any(self._environment.get(_variable(platform, key)) for key in ("token", "password"))

    def _secret(self, section: str, key: str, kind: Any) -> None:
        """How it comes to Plein: typed here, in a file of its own, or from the environment."""
        file, variable = self._file, _variable(section, key)
        known = file.get(section, f"{key}{FILE}") or file.get(section, key)
        default = "environment" if {variable} & {*self._environment, *self._promised} else "here"
        ways = ["here", "file", "environment"]
        if known and not str(known).startswith(PLACEHOLDER):
            default = "keep"
            ways.append(default)
        question = text(
            "init.secret.known" if default == "keep" else "init.secret",
            what=text(f"init.secret.{section}.{key}"),
            file=str(self._path),
            variable=variable,
        )
        self._promised.pop(variable, None)
        match self._choose(question, default, *ways):
            case "here":
                secret = self._terminal.ask(text("init.typed"), valid(kind), hidden=True).get_secret_value()
                hide([secret])
                self._remove(section, f"{key}{FILE}")
                file.put(secret, section, key)
            case "file":
                path = self._terminal.ask(text("init.secret_file"), a_file_with(kind))
                self._remove(section, key)
                file.put(path, section, f"{key}{FILE}")
            case "environment":
                self._remove(section, key)
                self._remove(section, f"{key}{FILE}")
                self._promised[variable] = "promised"

    def _ask_about_database(self) -> None:
        if DATABASE in self._environment:
            self._terminal.say(text("init.database.environment", variable=DATABASE))
            return
        now = self._file.get("database", "url")
        holds = shown_address(str(now or DatabaseSection().url))
        default = "postgresql" if DATABASE in self._promised else holds
        self._promised.pop(DATABASE, None)
        url = self._terminal.ask(text("init.database"), a_database, default)
        if url == "postgresql":  # its address has a password in it
            url = self._terminal.ask(
                text("init.database.address"), a_server_or(DATABASE), DATABASE, hidden=True
            )
        if url == DATABASE:
            self._remove("database", "url")
            self._promised[DATABASE] = "postgresql://localhost/plein"
        elif url != holds or (now is None and self._file.is_new):
            self._file.put(url, "database", "url")

    # --- how they are asked ---

    def _setting(self, question: str, where: Where, read: Read, holds: str | None = None) -> None:
        """What is there, else what `holds` where nothing is; written where another is answered."""
        now = self._file.get(*where)
        default = holds if now is None else shown(now)
        answer = self._terminal.ask(text(question), read, default)
        if shown(answer) == default and (now is not None or not self._file.is_new or answer == []):
            return
        self._file.put(answer or None, *where)

    def _choose(self, question: Text, default: str, *names: str) -> str:
        """One of these, by its word in any language: a script may be in another than this terminal."""
        words = {word: name for name in names for word in words_for(name)}
        named = {name: self._terminal.words(f"init.word.{name}") for name in names}
        return self._terminal.ask(question, one_of(words, named.values()), named[default])

    def _remove(self, *where: str) -> None:
        if self._file.get(*where) is not None:
            self._file.put(None, *where)

    def _secrets(self) -> list[str]:
        return list(secrets_in(self._file.values, config_of(self._features)))

    def _faults(self) -> list[Text]:
        environment = {**self._promised, **self._environment}
        try:
            understand(self._file.source, self._path, self._features, environment)
        except BadConfig as bad:
            return bad.faults
        return []


def _variable(section: str, key: str) -> str:
    return f"PLEIN_{section}_{key}".upper()


def _which(fault: Text) -> tuple[str, str]:
    """What a fault is, wherever in the file it stands by now."""
    problem = fault.values.get("problem")
    return str(fault.values.get("path")), problem.key if isinstance(problem, Text) else fault.key

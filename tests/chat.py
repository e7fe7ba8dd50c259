"""Conversations with Plein as tests: transcripts that read like chat.

    language en
    one person: anna@discord anna@matrix
    community Dorp: sport=dorp-sport
    with relays

    # what this is about
    > anna@discord/sport: !poll open "Nieuwe skatebaan?" Ja | Nee
    [discord/sport > anna] Je peiling ...

Lines that begin with `> ` are typed into the console; the lines up to the next of those are
what must be said. `community` names one of several, and its themes with the room that each has on every
platform. `with relays`: what people say may be carried between the places of a theme. `one person:` between
the lines makes one person of two who were known already.
Blank lines and comments count for nothing. In what is typed `{ja # x 3}`
stands for "ja 1ja 2ja 3" and `\\u202e` for that character, so that bad input stays readable. A code, which is
another one each time, is said as `XXXX-XXXX`; typed so, or `xxxx xxxx`, it is the one that was said last.
Of the file with what is kept of somebody the lines are left out. Numbers that are drawn are all the same one;
the code of a meeting is 4821, and of the next 4822; and a hash, in which there may be what a platform calls
people, is `HASH`.

`python -m tests.chat FILE ...` plays the files and writes down what was said.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import re
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from zoneinfo import ZoneInfo

from adapters.console.client import PLATFORM, Console, ConsoleCore, Said, plain
from adapters.console.script import Says, read_line
from bot import lot
from bot.clock import HandClock
from bot.commands.read import parse
from bot.core import PleinCore
from bot.errors import Unsure, UserError
from bot.features.meetings.presence import here
from bot.main.app import open_core
from bot.main.communities import grounds_on
from bot.main.config import Community, DatabaseSection, ResidentSection, config_of
from bot.main.features import FEATURES, Installed, add_up
from bot.model.events import Invocation
from bot.model.message import Message
from bot.texts import Texts
from tests.postgres import keys_of

BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 12, 1, 19, 0, tzinfo=BRUSSELS).astimezone(UTC)
ONE_PERSON = "one person: "
COMMUNITY = re.compile(r"community (.+): (.+)")
CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}\b")
CHECK_IN = 4821
SECRET = "07" * 16
HASH = re.compile(r"\b[0-9a-f]{64}\b")
OWN_FILE = re.compile(r"(?m)(?<=^    \[me-)\d+(\.json\].*)\n    \{\n(?:      .*\n)+    \}$")
SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.chat"))


def first_free_code(taken: Collection[str]) -> str:
    return next(code for code in map(str, count(CHECK_IN)) if code not in taken)


class FilledIn:
    """A core that is given every command filled in, as buttons and slash commands give it.

    What cannot be filled in, because it was typed wrong, stays as it was typed.
    """

    def __init__(self, core: PleinCore) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    async def handle(self, asked: Invocation) -> Message | None:
        if asked.typed is not None:
            with contextlib.suppress(UserError, Unsure):
                command, args = parse(self._core.commands, asked.typed, "nl")
                asked = replace(asked, typed=None, command=command.path, args=args)
        return await self._core.handle(asked)


class Codes:
    """The code that was said last, as `XXXX-XXXX`."""

    def __init__(self) -> None:
        self._last = "XXXX-XXXX"

    def typed(self, words: str) -> str:
        """With the code itself, written as there: in capitals or not, with whatever stands in its middle."""
        halves = self._last.split("-")
        words = re.sub(r"XXXX(\W?)XXXX", lambda found: found[1].join(halves), words)
        return re.sub(r"xxxx(\W?)xxxx", lambda found: found[1].join(halves).lower(), words)

    def said(self, line: str) -> str:
        """Without the code, which is remembered."""
        for found in CODE.findall(line):
            self._last = found
        return HASH.sub("HASH", CODE.sub("XXXX-XXXX", line))


class Chat:
    """Plein with a console on a database, and a clock that only `wait` turns."""

    def __init__(self, core: PleinCore, console: Console, said: list[Said]) -> None:
        self.core = core
        self.console = console
        self._said = said
        self.codes = Codes()

    async def say(self, line: str) -> list[Said]:
        """Type one line; all that is said because of it."""
        self._said.clear()
        await self.console.line(self.codes.typed(line))
        return list(self._said)


@contextlib.asynccontextmanager
async def open_chat(
    database_url: str,
    *,
    language: str = "nl",
    people: Iterable[tuple[str, ...]] = (),
    filled_in: bool = False,
    clock: HandClock | None = None,
    installed: Sequence[Installed] = FEATURES,
    **sections: Any,
) -> AsyncIterator[Chat]:
    """Plein as `plein console` starts it, with these `sections` of features.

    `people` are the accounts of one person each.
    """
    config = config_of(add_up(installed))(
        community=Community(language="en" if language == "en" else "nl"),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        residents=tuple(
            ResidentSection(name=accounts[0], accounts=tuple(f"{PLATFORM}:{name}" for name in accounts))
            for accounts in people
        ),
        **sections,
    )
    clock = clock or HandClock(NOW)
    said: list[Said] = []
    async with open_core(config, clock, board_rest=0, installed=installed) as core:
        grounds = grounds_on(PLATFORM, config, core.communities.served)
        console = Console(core.texts, clock, said.append, grounds=grounds)
        console.core = cast(ConsoleCore, FilledIn(core)) if filled_in else core
        await core.serve(console)
        drawn = patch.object(lot, "new_secret", lambda: SECRET)
        with drawn, patch.object(here, "new_code", first_free_code):
            yield Chat(core, console, said)


@dataclass(slots=True)
class Scenario:
    """A transcript: settings, and lines to type each with what must be said then."""

    language: str = "nl"
    people: list[tuple[str, ...]] = field(default_factory=list)
    # By its name what each has: its themes, with the room of each.
    communities: dict[str, Mapping[str, str]] = field(default_factory=dict)
    # Whether what people say may be carried between the places of a theme.
    relay: bool = False
    turns: list[tuple[str, list[str]]] = field(default_factory=list)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every room that somebody is in, with the platform's label before it. Those that Plein makes in
        the home of the themes are not there yet.
        """
        home = Texts().find("home.name", self.language)
        lines = (read_line(typed, 0) for typed, _ in self.turns)
        found = {(said.label, said.place) for said in lines if isinstance(said, Says) and said.place}
        return sorted(place for place in found if place[0] != home)

    def whose(self, address: Callable[[str, str], str]) -> dict[str, Any]:
        """What the configuration says of the rooms, by how it addresses a platform's room."""

        def themes(rooms: Mapping[str, str]) -> list[dict[str, Any]]:
            return [
                {"name": theme, "places": [address(*place) for place in self.places if place[1] == room]}
                for theme, room in rooms.items()
            ]

        if not self.communities:
            return {"themes": themes({room: room for _, room in self.places})}
        each = [{"name": name, "themes": themes(rooms)} for name, rooms in self.communities.items()]
        return {"communities": each}

    def on_console(self) -> dict[str, Any]:
        whose = self.whose(lambda label, room: f"{PLATFORM}:{label}/{room}")
        return {**whose, "relay": {"on": True}} if self.relay else whose

    async def play(
        self, database_url: str, *, filled_in: bool = False, installed: Sequence[Installed] = FEATURES
    ) -> list[tuple[str, list[str]]]:
        """The same lines, each with what was really said."""
        async with open_chat(
            database_url,
            language=self.language,
            people=self.people,
            filled_in=filled_in,
            installed=installed,
            **self.on_console(),
        ) as chat:
            return [
                (typed, printed(await chat.say(spelled_out(typed)), chat.codes)) for typed, _ in self.turns
            ]


def printed(what: Iterable[Said], codes: Codes | None = None) -> list[str]:
    """As it stands in a transcript."""
    codes = codes or Codes()
    return [codes.said(line) for said in what for line in without_own(plain(said).split("\n"))]


def without_own(lines: Iterable[str]) -> list[str]:
    """What somebody takes along of themselves is other words each time: it is there, under their number."""
    whole = OWN_FILE.sub(r"7\1", "\n".join(lines))
    return whole.split("\n")


def read_scenario(file: Path) -> Scenario:
    scenario = Scenario()
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("> "):
            scenario.turns.append((line[2:], []))
        elif scenario.turns and line.startswith(ONE_PERSON):
            scenario.turns.append((line, []))
        elif scenario.turns:
            scenario.turns[-1][1].append(line)
        elif line.startswith("language "):
            scenario.language = line.split()[1]
        elif line == "with relays":
            scenario.relay = True
        elif line.startswith(ONE_PERSON):
            scenario.people.append(tuple(line.removeprefix(ONE_PERSON).split()))
        elif found := COMMUNITY.fullmatch(line):
            scenario.communities[found[1]] = dict(theme.split("=", 1) for theme in found[2].split())
        else:
            raise ValueError(f"{file.name}: what is {line!r}?")
    return scenario


def spelled_out(typed: str) -> str:
    """What is really typed."""

    def repeat(match: re.Match[str]) -> str:
        return "".join(match[1].replace("#", str(number + 1)) for number in range(int(match[2])))

    typed = re.sub(r"\{(.+?) x (\d+)\}", repeat, typed)
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), typed)


def difference(expected: list[tuple[str, list[str]]], found: list[tuple[str, list[str]]]) -> str:
    """A diff of two transcripts; empty where they are the same."""
    before, after = (
        [line for typed, said in turns for line in (f"> {typed}", *said)] for turns in (expected, found)
    )
    return "\n".join(difflib.unified_diff(before, after, "expected", "said", lineterm="", n=4))


def record(
    file: Path, database_url: str = "sqlite:///:memory:", installed: Sequence[Installed] = FEATURES
) -> None:
    """Write into the file what is said now; to be read before it is believed."""
    said = iter(asyncio.run(read_scenario(file).play(database_url, installed=installed)))
    lines: list[str] = []
    started = False
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("> ") or (started and line.startswith(ONE_PERSON)):
            started = True
            if lines and lines[-1] and not lines[-1].startswith("#"):
                lines.append("")
            lines += [line, *next(said)[1]]
        elif line.startswith("#"):
            lines += ["", line] if lines and lines[-1] and not lines[-1].startswith("#") else [line]
        elif not started:
            lines.append(line)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record(Path(name))

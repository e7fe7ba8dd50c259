"""Whether the stages would notice: what is shown wrong on a platform is no conversation as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.commands.catalogue import Commands
from bot.texts import Texts
from tests.chat import NOW, Scenario, difference, read_scenario
from tests.doubles.discord import Discord, Message
from tests.doubles.installed import FEATURES, KINDS
from tests.homeserver import Homeserver
from tests.stages.discord import DiscordsClock, OnDiscord
from tests.stages.matrix import OnMatrix
from tests.stages.plain import Plain
from tests.stages.play import play
from tests.stages.stage import HandTurned, Seen, Where, Who

SCENES = Path(__file__).parent / "scenarios"
FIRST, ROOMS = (read_scenario(SCENES / f"{name}.chat") for name in ("first_poll", "theme_rooms_english"))


def rewritten(pattern: str, by: str | Callable[[re.Match[str]], str]) -> Callable[[Message], Message]:
    """What Discord shows, with other words in it."""

    def tell(message: Message) -> Message:
        embeds = [
            {name: _other(value, pattern, by) for name, value in embed.items()} for embed in message.embeds
        ]
        return replace(message, content=_other(message.content, pattern, by), embeds=embeds)

    return tell


def _other(value: Any, pattern: str, by: str | Callable[[re.Match[str]], str]) -> Any:
    return re.sub(pattern, by, value) if isinstance(value, str) else value


def without_buttons(message: Message) -> Message:
    return replace(message, components=[])


def without_files(message: Message) -> Message:
    return replace(message, attachments=[])


def with_other_labels(message: Message) -> Message:
    rows = [
        {**row, "components": [{**button, "label": f"{button['label']}!"} for button in row["components"]]}
        for row in message.components
    ]
    return replace(message, components=rows)


class Telling(OnDiscord):
    """Discord, if it showed what it is told to."""

    tell: Callable[[Message], Message]

    async def _seen(self, message: Message, *, edited: bool) -> Seen:
        return await super()._seen(self.tell(message), edited=edited)


class ToSomebodyElse(OnDiscord):
    """What is said to Ben is said to Anna."""

    def _reader(self, message: Message) -> Where | Who:
        reader = super()._reader(message)
        return Who("anna", "discord") if reader == Who("ben", "matrix") else reader


class InFront(OnDiscord):
    """What is said to one person is said in the place."""

    def _reader(self, message: Message) -> Where | Who:
        return Where("discord", "sport") if message.only_for else super()._reader(message)


async def changes_on(stage: OnDiscord, clock: DiscordsClock, folder: Path, scenario: Scenario = FIRST) -> str:
    return difference(*await play(scenario, f"sqlite:///{folder}/plein.db", clock, stage))


LIES = {
    "count": (rewritten("1 stem", "2 stemmen"), "2 stemmen"),
    "line": (rewritten(r"\n1 persoon stemde\.", ""), "-    1 persoon stemde."),
    "another line": (rewritten("$", "\nNog iets"), "+    Nog iets"),
    "date": (rewritten(r"<t:(\d+):F>", lambda at: f"<t:{int(at[1]) + 60}:F>"), "19.01 uur"),
    "markup": (rewritten("Nieuwe skatebaan", r"Nieuwe \*skatebaan\*"), "Nieuwe *skatebaan*"),
    "buttons": (without_buttons, "-    [1] Ja  [2] Nee  [3] Later"),
    "labels": (with_other_labels, "+    [1] Ja!  [2] Nee!  [3] Later!"),
    "picture": (without_files, "-    [poll-1.png]"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_shown_wrong_is_noticed(lie: str, tmp_path: Path) -> None:
    tell, noticed = LIES[lie]
    async with Discord() as double:
        stage = Telling(double, clock := DiscordsClock.at(NOW, double))
        stage.tell = tell
        assert noticed in await changes_on(stage, clock, tmp_path)


@pytest.mark.parametrize(
    ("kind", "noticed"),
    [
        (ToSomebodyElse, "+[discord > anna] “Nieuwe skatebaan?”: je koos Nee."),
        (InFront, "+[discord/sport] Je peiling “Nieuwe skatebaan?” staat open."),
    ],
)
async def test_a_wrong_reader_is_noticed(kind: type[OnDiscord], noticed: str, tmp_path: Path) -> None:
    async with Discord() as double:
        stage = kind(double, clock := DiscordsClock.at(NOW, double))
        assert noticed in await changes_on(stage, clock, tmp_path)


OF_ROOMS = {
    "another kind": (rewritten("the category “Themes”", "the forum “Themes”"), "the forum “Themes”"),
    "nothing lacking": (
        rewritten(r"\nPlein is not on server .*", ""),
        "-    Plein is not on server",
    ),
    "what was made": (rewritten("pulls this theme", "pulls it"), "+    mia pulls it."),
}


@pytest.mark.parametrize("lie", OF_ROOMS)
async def test_what_is_wrong_of_a_home_and_its_rooms_is_noticed(lie: str, tmp_path: Path) -> None:
    tell, noticed = OF_ROOMS[lie]
    async with Discord() as double:
        stage = Telling(double, clock := DiscordsClock.at(NOW, double))
        stage.tell = tell
        assert noticed in await changes_on(stage, clock, tmp_path, ROOMS)


class LateOnMatrix(OnMatrix):
    """The homeserver, if it showed another count and one message to nobody."""

    async def _seen(self, event: dict[str, Any], to: Where | Who) -> Seen:
        seen = await super()._seen(event, to)
        return replace(seen, lines=tuple(line.replace("1 stem", "2 stemmen") for line in seen.lines))

    async def _look(self) -> list[Seen]:
        return [seen for seen in await super()._look() if seen.to != Who("ben", "matrix")]


async def test_what_is_shown_wrong_on_matrix_is_noticed(homeserver: Homeserver, tmp_path: Path) -> None:
    stage = LateOnMatrix(homeserver, tmp_path / "matrix", clock := HandTurned(NOW))
    changes = difference(*await play(FIRST, f"sqlite:///{tmp_path}/plein.db", clock, stage))
    assert "+    ██████████ 2. Nee: 2 stemmen" in changes
    assert "-[matrix > ben] “Nieuwe skatebaan?”: je koos Nee." in changes


PLAIN = Plain(Commands(FEATURES.commands, Texts(), converters=KINDS))


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("!stem 1 2", "/stem antwoord:1 2"),
        ('!peiling open "vraag" keuze | keuze', "/peiling open vraag:… keuze:… | …"),
        (
            '!poll open "Waar: hier?" A | B --closes 2d',
            "/poll open question:Waar: hier? option:A | B closes:2d",
        ),
        ("!peiling toon [nummer]", "/peiling toon [peiling:nummer]"),
        ("!peiling sluit --zeker", "/peiling sluit zeker:True"),
        ("!peling open", "/peling open"),
        ("--anoniem", "anoniem:True"),
        ("--sluit 2w", "sluit:2w"),
        ("2d", "2d"),
    ],
)
def test_a_line_to_type_is_the_same_on_either_platform(typed: str, used: str) -> None:
    assert PLAIN.lines([f"Typ `{typed}`."]) == PLAIN.lines([f"Typ `{used}`."])


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("!stem 1", "/stem antwoord:2"),
        ("!stem 1", "/stem antwoord:1 peiling:1"),
        ("!peiling open vraag", "/peiling open vraag:Waar?"),
        ("!peiling open", "/peiling lijst"),
        ("!peiling sluit --zeker", "/peiling sluit"),
        ("--sluit 2w", "opent:2w"),
        ("2d", "3d"),
    ],
)
def test_another_line_to_type_is_another(typed: str, used: str) -> None:
    assert PLAIN.lines([f"Typ `{typed}`."]) != PLAIN.lines([f"Typ `{used}`."])

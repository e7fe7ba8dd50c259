"""What is said and suggested of a parameter: for its command first, then for all of its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import discord
import pytest

from adapters.discord.commands import SlashCommands
from bot.call import Call
from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.forms import form_for
from bot.commands.read import bind, parse
from bot.errors import UserError
from bot.features.help import show_help
from bot.model.message import Message, Suggestion, typed
from bot.model.people import Role
from bot.texts import FOLDER, Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import a_call
from tests.doubles.installed import FEATURES, KINDS

# What outings say of their own kinds. Of `closes` they say nothing, of its help alone `poll` does not.
OWN = {
    "nl": {
        "command.outing plan": "uitstap plan",
        "command.outing plan.help": "plant een uitstap",
        "command.outing plan.title": "Plan een uitstap",
        "command.outing plan.kind": "vorm",
        "command.outing plan.kind.value": "hoe",
        "command.outing plan.kind.help": "waar jullie elkaar zien: {words}",
        "command.outing plan.kind.label": "Waar jullie elkaar zien",
        "command.outing plan.kind.online": "scherm|online",
        "command.outing plan.kind.choice": "zaal",
        "command.outing plan.kind.online.label": "Elk achter een scherm",
        "command.outing plan.poll.help": "welke peiling het besliste",
    },
    "en": {
        "command.outing plan": "outing plan",
        "command.outing plan.help": "plans an outing",
        "command.outing plan.title": "Plan an outing",
        "command.outing plan.kind": "shape",
        "command.outing plan.kind.value": "how",
        "command.outing plan.kind.help": "where you see each other: {words}",
        "command.outing plan.kind.label": "Where you see each other",
        "command.outing plan.kind.online": "screen|online",
        "command.outing plan.kind.choice": "hall",
        "command.outing plan.kind.online.label": "Each behind a screen",
        "command.outing plan.poll.help": "which poll decided so",
    },
}


class Kind(StrEnum):
    ONLINE = "online"
    # Polls have one of that name, which is called otherwise.
    CHOICE = "choice"


def plan(
    call: Call, kind: Kind, *, poll: int | None = None, closes: datetime | None = None, theme: str = ""
) -> Message:
    raise NotImplementedError


PLAN = Command("outing plan", plan)


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    """Ours, and with them what outings say."""
    for locale, own in OWN.items():
        (tmp_path / locale).mkdir()
        entries = "".join(f'\nmsgid "{key}"\nmsgstr "{words}"\n' for key, words in own.items())
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        (tmp_path / locale / "outings.po").write_text(head + entries, encoding="utf-8")
    return Texts(FOLDER, tmp_path)


@pytest.fixture
def commands(texts: Texts) -> Commands:
    return Commands((*FEATURES.commands, PLAN), texts, converters=KINDS)


def argument(commands: Commands, path: str, name: str) -> Argument:
    found = commands.argument(path, name)
    assert found
    return found


def test_a_command_has_texts_of_its_own_for_what_others_have_too(commands: Commands) -> None:
    ours, theirs = argument(commands, "outing plan", "kind"), argument(commands, "poll open", "kind")
    assert (ours.name_in("nl"), theirs.name_in("nl")) == ("vorm", "soort")
    assert (ours.name_in("en"), theirs.name_in("en")) == ("shape", "kind")
    assert ours.words("nl") == {"scherm": Kind.ONLINE, "online": Kind.ONLINE, "zaal": Kind.CHOICE}
    assert "zaal" not in theirs.words("nl")
    assert ours.about("nl").key == "command.outing plan.kind.help"
    assert ours.about("nl").values["words"] == (typed("scherm"), typed("zaal"))
    assert theirs.about("nl").key == "param.kind.help"


def test_what_it_does_not_say_itself_is_said_by_the_name_alone(commands: Commands) -> None:
    poll, closes = argument(commands, "outing plan", "poll"), argument(commands, "outing plan", "closes")
    assert (poll.named_usage("nl"), poll.about("nl").key) == (
        "--peiling nummer",
        "command.outing plan.poll.help",
    )
    assert (closes.named_usage("nl"), closes.about("nl").key) == ("--sluit wanneer", "param.closes.help")


def test_what_is_typed_goes_by_the_words_of_the_command(commands: Commands) -> None:
    def bound(words: str) -> dict[str, Any]:
        command, given = parse(commands, words, "nl")
        return bind(commands, command, given, a_call())

    assert bound("!uitstap plan scherm")["kind"] is Kind.ONLINE
    assert bound("!outing plan hall")["kind"] is Kind.CHOICE
    with pytest.raises(UserError) as error:
        # How people answer is none of the ways to meet.
        bound("!uitstap plan volgorde")
    said = commands.texts.write(error.value.text, Voice("nl", BRUSSELS, NOW))
    assert said == "“volgorde” kan niet bij vorm. Kies scherm of zaal. Typ het zo: `!uitstap plan hoe`"


def test_a_form_asks_in_the_words_of_the_command(commands: Commands) -> None:
    form = form_for(commands, PLAN, {"kind": "scherm"}, at_once=True)
    assert form
    (kind,) = form.fields
    assert (kind.label.key, kind.value) == ("command.outing plan.kind.label", "online")
    assert [label.key for _, label in kind.choices] == [
        "command.outing plan.kind.online.label",
        "param.kind.choice.label",
    ]


def test_the_help_explains_each_command_in_its_own_words(commands: Commands) -> None:
    call = a_call()
    call.commands = commands
    said = [line.values["what"].key for line in show_help(call, "uitstap").lines]
    assert said == [
        "command.outing plan.help",
        "command.outing plan.poll.help",
        "param.closes.help",
        "param.theme.help",
    ]


def test_slash_commands_are_described_in_the_words_of_the_command(commands: Commands) -> None:
    permissions: Mapping[Role, discord.Permissions] = {}
    slash = SlashCommands(commands, permissions)
    groups = {group["name"]: group for group in slash.described()}
    (command,) = groups["outing"]["options"]
    options = {option["name"]: option for option in command["options"]}
    assert list(options) == ["shape", "poll", "closes", "theme"]
    assert options["shape"]["description"] == "Where you see each other: screen and hall"
    assert [choice["name"] for choice in options["shape"]["choices"]] == ["screen", "hall"]
    used = slash.read(
        {
            "name": "outing",
            "options": [{"type": 1, "name": "plan", "options": [{"name": "shape", "value": "online"}]}],
        }
    )
    assert used
    assert (used.command.path, used.args) == ("outing plan", {"kind": "online"})


def test_suggestions_go_by_command_then_by_name_then_by_kind(texts: Texts) -> None:
    def named(call: Call, given: str) -> list[Suggestion]:
        return [Suggestion("by name", typed(given))]

    def own(call: Call, given: str) -> list[Suggestion]:
        return [Suggestion("by command", typed(given))]

    suggests = {"poll": named, "theme": named, "outing plan.theme": own, "outing plan.closes": own}
    commands = Commands((*FEATURES.commands, PLAN), texts, suggests, converters=KINDS)

    def suggested(path: str, name: str) -> object:
        suggest = argument(commands, path, name).suggest
        return suggest(a_call(), "2d")[0].value if suggest else None

    assert suggested("outing plan", "theme") == "by command"
    assert suggested("poll open", "theme") == "by name"
    assert suggested("outing plan", "poll") == suggested("poll show", "poll") == "by name"
    assert suggested("outing plan", "closes") == "by command"
    assert suggested("poll open", "closes") == "2026-12-03T18:00:00+00:00"
    assert suggested("outing plan", "kind") is None

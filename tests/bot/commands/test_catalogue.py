"""What commands are called, and the right way to type them."""

from __future__ import annotations

import pytest

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.read import parse
from bot.features.polls.records import Kind
from bot.model.message import Message
from bot.texts import Texts
from tests.doubles.calls import COMMANDS
from tests.doubles.installed import FEATURES


@pytest.mark.parametrize("command", FEATURES.commands, ids=lambda command: command.path)
@pytest.mark.parametrize("locale", ["nl", "en"])
def test_every_name_of_every_command_leads_to_it(command: Command, locale: str) -> None:
    if command.listed:
        for name in COMMANDS.names(command, locale):
            assert parse(COMMANDS, f"!{name}", locale)[0].path == command.path
        assert COMMANDS.usage(command, locale).startswith(f"!{COMMANDS.names(command, locale)[0]}")


def test_a_name_of_as_many_words() -> None:
    vote = COMMANDS.by_path["poll vote"]
    assert COMMANDS.names(vote, "nl")[0] == "stem"
    assert COMMANDS.called(vote, "nl") == "peiling stem"
    assert COMMANDS.called(vote, "nl", "vote") == "stem"
    # Where there is none it keeps its own.
    assert COMMANDS.called(COMMANDS.by_path["poll tick"], "nl") == "poll tick"
    assert COMMANDS.called(COMMANDS.by_path["poll list"], "nl", "list") == "list"


def test_what_is_given_stands_in_the_right_way_to_type_it_as_it_can_be_typed() -> None:
    given = {"question": 'Wat is "hier"?', "options": ["A", "B  C"], "kind": "ranked", "anonymous": True}
    usage = COMMANDS.usage(COMMANDS.by_path["poll open"], "nl", given)
    assert usage == '!peiling open «Wat is "hier"?» A | B C --soort volgorde --anoniem'
    _, read = parse(COMMANDS, usage, "nl")
    assert read == {**given, "options": "A | B C", "kind": "volgorde"}


def test_what_a_command_takes_is_found_by_its_name() -> None:
    kind = COMMANDS.argument("poll open", "kind")
    assert kind in COMMANDS.arguments(COMMANDS.by_path["poll open"])
    assert kind
    assert list(kind.choices) == list(Kind)
    assert COMMANDS.argument("poll open", "juggle") is None
    assert COMMANDS.argument("poll juggle", "kind") is None


def test_what_is_of_no_kind_fails_at_start() -> None:
    def weigh(call: Call, kilos: float) -> Message:
        raise NotImplementedError

    with pytest.raises(ValueError, match="float"):
        Commands([Command("test weigh", weigh)], Texts())

"""Somebody who asks, for what needs no database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.read import bind, parse
from bot.errors import Unsure, UserError
from bot.model.people import Resident, Role
from bot.ports.storage import Transaction
from bot.settings import Settings
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.installed import FEATURES, KINDS

# Nothing is looked up in the database before something that is missing is asked for: there is none.
COMMANDS = Commands(
    [replace(command, lacking=None) for command in FEATURES.commands],
    Texts(),
    zone=BRUSSELS,
    converters=KINDS,
)


def a_call(locale: str = "nl") -> Call:
    """Anna, who asks in this language, now and in private."""
    nothing = cast(Transaction, None)
    call = Call(
        tx=nothing,
        id="test:1",
        now=NOW,
        configured=Settings("nl", BRUSSELS),
        catalogue=COMMANDS,
        belongings=FEATURES,
        wanted=locale,
        resident=Resident(1, "anna"),
        role_here=Role.RESIDENT,
    )
    call.settings = call.configured
    return call


def read(typed: str, locale: str = "nl", commands: Commands = COMMANDS) -> tuple[str, dict[str, Any]]:
    """The command that was typed, with its arguments as its function takes them."""
    command, given = parse(commands, typed, locale)
    return command.path, bind(commands, command, given, a_call(locale))


def refused(typed: str, locale: str = "nl", commands: Commands = COMMANDS) -> str:
    """What is said to whoever typed that wrong: how to type it, or whether it is meant as it could be."""
    with pytest.raises((UserError, Unsure)) as caught:
        read(typed, locale, commands)
    error = caught.value
    assert isinstance(error, (UserError, Unsure))
    said = error.question if isinstance(error, Unsure) else error.text
    return Texts().write(said, Voice(locale, BRUSSELS, NOW))

"""Somebody who asks, for what needs no database."""

from __future__ import annotations

from typing import cast

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.model.people import Resident, Role
from bot.ports.storage import Transaction
from bot.settings import Settings
from bot.texts import Texts
from tests.chat import BRUSSELS, NOW
from tests.doubles.installed import FEATURES

COMMANDS = Commands(FEATURES.commands, Texts(), zone=BRUSSELS)


def a_call(locale: str = "nl") -> Call:
    """Anna, who asks in this language, now and in private."""
    nothing = cast(Transaction, None)
    settings = Settings("nl", BRUSSELS)
    return Call(
        tx=nothing,
        id="test:1",
        now=NOW,
        settings=settings,
        commands=COMMANDS,
        locale=locale,
        resident=Resident(1, "anna"),
        role_here=Role.RESIDENT,
    )

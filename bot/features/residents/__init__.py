"""Residents: who they are to Plein, which is what they say of themselves and no more.

wishes.py   the language that each of them reads, whether they are reminded
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.commands.declare import Command
from bot.feature import Feature
from bot.features.residents import wishes
from bot.model.message import Suggestion, typed
from bot.model.people import Resident
from bot.people import RESIDENT


def suggest_themes(call: Call, given: str) -> Sequence[Suggestion]:
    """The themes they take part in."""
    names = [theme.name for theme in call.themes()]
    return [Suggestion(name, typed(name)) for name in names if given.casefold() in name.casefold()]


FEATURE = Feature(
    name="residents",
    commands=(
        Command("language", wishes.set_language, open=True),
        Command("reminders", wishes.set_reminders),
    ),
    suggest={"theme": suggest_themes},
    kinds={Resident: RESIDENT},
)

"""Themes: which there are for somebody, who pulls them, and what somebody is to them.

A theme is what has places (see Theme); here is what people are to one, by their own word. Only who may see a
theme hears of it, so all begins with finding it among those (`which.py`).

    records.py   what somebody is to a theme, and what must be kept of it
    which.py     themes as arguments of commands
    show.py      listing, and showing one
    involved.py  following, taking part, leaving
    pull.py      pulling one, for which somebody says yes
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Feature
from bot.features.themes import involved, pull, show, which
from bot.features.themes.records import THEMES
from bot.model.people import Theme
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself among the themes that they take part in.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command("theme list", show.list_themes),
    _Command(show.SHOW, show.show_theme),
    _Command("theme follow", involved.follow_theme),
    _Command("theme take-part", involved.take_part_in_theme),
    _Command("theme pull", pull.pull_theme),
    _Command("theme leave", involved.leave_theme),
    _Command(pull.AGREE, pull.agree_to_pull, listed=False),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either is to a theme is the one person that they are."""
    tx.of(THEMES).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """They are nothing to any theme."""
    pull.forget_requests(tx, resident)
    tx.of(THEMES).forget(resident)


def export_resident(tx: Transaction, resident: int) -> Exported:
    """What they are to which theme, and which they asked to pull."""
    return {
        "involvements": [_plain(row) for row in tx.of(THEMES).involvements_of(resident)],
        "pull_requests": [_plain(row) for row in tx.of(THEMES).requests_of(resident)],
    }


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


FEATURE = Feature(
    name="themes",
    commands=_COMMANDS,
    jobs={pull.LAPSE: pull.lapse_due},
    kinds={Theme: which.THEME},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    keeps=THEMES,
)

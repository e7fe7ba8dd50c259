"""Draws for meetings as a feature: its commands, and what becomes of who was in a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.draw import run
from bot.features.meetings.draw.records import TURNS
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What was drawn for either, or asked by them, is one person's."""
    tx.of(TURNS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """In what was published they are a resident; the outcome can still be repeated."""
    tx.of(TURNS).forget(resident)


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """In which lists they were, and which draws they asked for."""
    return {table: [_plain(row) for row in rows] for table, rows in tx.of(TURNS).rows_of(resident).items()}


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("resident", "asker", "community")
    }


FEATURE = Feature(
    name="turns",
    commands=(
        _Command(run.DRAW, run.draw_meeting, also_named=("meeting",)),
        _Command(run.REPEAT, run.give_file, listed=False),
    ),
    files={run.SUBJECT: run.FILES},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    keeps=TURNS,
)

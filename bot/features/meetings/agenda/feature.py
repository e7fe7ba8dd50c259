"""Agendas as a feature: their commands, and what becomes of what people put on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.agenda import change, lines, show
from bot.features.meetings.agenda.records import AGENDAS
from bot.features.meetings.agenda.words import KINDS
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command(show.ADD, change.add_item, asks=("called", "lasting")),
    _Command(show.SUPPORT, change.support_item),
    _Command(change.STOP, change.stop_supporting, listed=False),
    _Command(change.ORDER, change.order_items),
    _Command(change.DROP, change.drop_item),
    _Command(change.PUT_BACK, change.put_back, listed=False),
    _Command(lines.SHOW, show.show_agenda, also_named=("meeting",)),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either added or wanted too is one person's."""
    tx.of(AGENDAS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """What they added stays there, by “a resident”; what they wanted too they do no more."""
    tx.of(AGENDAS).forget(resident)


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they added, and what of others they wanted too."""
    return {table: [_plain(row) for row in rows] for table, rows in tx.of(AGENDAS).rows_of(resident).items()}


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("resident", "community")
    }


FEATURE = Feature(
    name="agenda",
    commands=_COMMANDS,
    kinds=KINDS,
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    keeps=AGENDAS,
)

"""Minutes: what is said in a meeting, written down in the chat by those who are there.

Nothing is listened to: what stands in the minutes somebody handed in. Whoever chairs approves them, and by
that they are a version, which stays as it is.

    records.py  what a line and a version are, and what must be kept of them
    lines.py    how they are shown
    write.py    writing down, mending, taking back
    show.py     reading them, and the board
    approve.py  making a version of them
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.minutes import approve, show, write
from bot.features.meetings.minutes.records import MINUTES, SUBJECT
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command(write.NOTE, write.note),
    _Command(write.DECIDE, write.decide),
    _Command(write.DROP, write.drop_line),
    _Command(write.SHOW, show.show_minutes),
    _Command(approve.APPROVE, approve.approve),
    _Command(approve.SEAL, approve.seal, listed=False),
)


def merge_minutes(tx: Transaction, old: int, new: int) -> None:
    """What either wrote and approved is one person's."""
    tx.of(MINUTES).merge(old, new)


def forget_minutes(tx: Transaction, resident: int) -> None:
    """What they wrote stays for the others, and is nobody's."""
    for meeting in tx.of(MINUTES).forget(resident):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def export_minutes(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they wrote and approved."""
    kept = tx.of(MINUTES).rows_of(resident)
    return {table: [_plain(row, "resident") for row in rows] for table, rows in kept.items()}


def _plain(row: Mapping[str, Any], *whose: str) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in (*whose, "community")
    }


FEATURE = Feature(
    name="minutes",
    commands=_COMMANDS,
    boards={SUBJECT: show.show_board},
    merge=merge_minutes,
    forget=forget_minutes,
    export=export_minutes,
    keeps=MINUTES,
)

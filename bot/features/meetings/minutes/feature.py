"""Minutes and promises as features: their commands, and what becomes of what people wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.minutes import approve, export, find, promise, remind, settle, show, words, write
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, SUBJECT
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command(write.NOTE, write.note),
    _Command(write.DECIDE, write.decide),
    _Command(write.DROP, write.drop_line),
    _Command(write.SHOW, show.show_minutes),
    _Command(promise.NOTE, promise.note_action, adds=True, lacking=words.ask_for_owner),
    _Command(approve.APPROVE, approve.approve),
    _Command(approve.SEAL, approve.seal, listed=False),
    _Command("minutes export", export.export_minutes),
)
_OF_ACTIONS = (
    _Command(find.LIST, settle.list_actions),
    _Command(find.DONE, settle.action_done),
    _Command(find.DROP, settle.action_dropped),
    _Command(find.TAKE, settle.take),
    _Command(find.REOPEN, settle.reopen, listed=False),
    _Command(find.GIVE_BACK, settle.give_back, listed=False),
    _Command(promise.BACK, promise.take_back, listed=False),
)
# Who noted, promised or does it.
_WHOSE = ("noted_by", "promised_by", "owner")


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


def merge_actions(tx: Transaction, old: int, new: int) -> None:
    """What either noted, promised and does is one person's."""
    tx.of(ACTIONS).merge(old, new)


def forget_actions(tx: Transaction, resident: int) -> None:
    """What they promised and have not done is the theme's, for anybody to take."""
    for meeting in tx.of(ACTIONS).forget(resident):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def export_actions(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they noted, promised and do; what others noted is for who takes part in its theme."""
    rows = tx.of(ACTIONS).rows_of(resident)["actions"]
    themes = among({row["theme"] for row in rows})
    whole = [row["theme"] in themes or row["noted_by"] == resident for row in rows]
    return {
        "actions": [
            {
                name: value
                for name, value in _plain(row, *_WHOSE).items()
                if all_of_it or name in ("id", "theme")
            }
            for row, all_of_it in zip(rows, whole, strict=True)
        ]
    }


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
    files={SUBJECT: export.FILES},
    merge=merge_minutes,
    forget=forget_minutes,
    export=export_minutes,
    keeps=MINUTES,
)

# Kept apart from what is said: a promise outlives its meeting.
PROMISES = Feature(
    name="actions",
    commands=_OF_ACTIONS,
    jobs={
        remind.TOLD: remind.told_due,
        remind.REMIND: remind.remind_due,
        remind.ALOUD: remind.aloud_due,
        remind.THANK: remind.thank_due,
    },
    suggest={"action": find.suggest_actions},
    kinds=words.KINDS,
    merge=merge_actions,
    forget=forget_actions,
    export=export_actions,
    stands=settle.standing_actions,
    ends=settle.end_actions,
    together={"action": settle.who_did},
    keeps=ACTIONS,
)

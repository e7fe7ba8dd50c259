"""Reminders: somebody is told in private what they asked for, or everybody in a theme by an organiser.

A reminder is said at one moment, or comes back by a rule. What it says is nobody else's business: in private
it is said, and answered, wherever it was asked for.

    records.py   what one is, and when it is due next
    words.py     a moment or a repetition, as people type it
    ask.py       asking for one
    say.py       saying it when it is due
    find.py      which one somebody means, and the list
    stop.py      stopping, going on after all, and putting off
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.reminders import ask, find, say, stop
from bot.features.reminders.records import REMINDERS, RemindersSettings, said_of
from bot.features.reminders.words import KINDS
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

# What people ask to be reminded of is theirs alone.
_Command = partial(Command, confidential=True)
_COMMANDS = (
    _Command(ask.ME, ask.remind_me, lacking=ask.ask_for_words),
    _Command(ask.HERE, ask.remind_here, lacking=ask.ask_for_words, anyone=True),
    _Command(find.LIST, find.list_reminders, anyone=True),
    _Command(find.STOP, stop.stop_reminder, anyone=True),
    _Command(stop.RESTORE, stop.restore_reminder, listed=False, anyone=True),
    _Command(say.SNOOZE, stop.snooze_reminder, listed=False, anyone=True),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either is to be reminded of, the person that they are is."""
    tx.of(REMINDERS).merge(old, new)


def part_resident(tx: Transaction, resident: int, new: int, brought: Brought | None) -> None:
    """What an account asked for goes with it, also where it did so while they were one person; and so does
    what waits to be said of it, on whichever of their accounts that was to be.
    """
    theirs = tx.people.accounts([new]).get(new, ())
    tx.of(REMINDERS).part(resident, new, [account.address for account in theirs])
    for whose, other in ((resident, new), (new, resident)):
        for reminder in tx.of(REMINDERS).rows_of(whose):
            tx.told.hand_over(said_of(reminder["id"]), other, whose)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Nothing is said any more of what they asked for, and their words are not kept."""
    for reminder in tx.of(REMINDERS).forget(resident):
        tx.posts.drop(said_of(reminder))


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they are to be reminded of, and when."""
    return {"reminders": [_plain(row) for row in tx.of(REMINDERS).rows_of(resident)]}


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("resident", "community")
    }


def end_reminders(tx: Transaction, theme: int, now: datetime) -> None:
    """Nothing is said in a theme that ends."""
    for reminder in tx.of(REMINDERS).end(theme):
        tx.posts.drop(said_of(reminder))


FEATURE = Feature(
    name="reminders",
    commands=_COMMANDS,
    jobs={say.SAY: say.say_due, say.DROP: say.drop_due},
    suggest={"reminder": find.suggest_reminders},
    kinds=KINDS,
    merge=merge_residents,
    part=part_resident,
    forget=forget_resident,
    export=export_resident,
    ends=end_reminders,
    settings=RemindersSettings,
    keeps=REMINDERS,
)

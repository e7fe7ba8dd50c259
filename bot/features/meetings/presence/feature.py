"""What checking in at a meeting, and saying how it was, are: a value each."""

from __future__ import annotations

from datetime import datetime

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.presence import here, lines, rate
from bot.features.meetings.presence.records import PRESENCE, RATINGS
from bot.features.meetings.records import MEETINGS, SUBJECT
from bot.ports.people import Exported
from bot.ports.storage import Transaction


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who is there once."""
    for meeting in tx.of(PRESENCE).merge(old, new):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def forget_resident(tx: Transaction, resident: int) -> None:
    """Where they were nobody knows any more; how many were there stays, and they are not counted again."""
    tx.of(MEETINGS).keep_out(resident)
    for meeting in tx.of(PRESENCE).forget(resident):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """The meetings where they checked in, and whether others may see it."""
    return {"check_ins": tx.of(PRESENCE).of(resident)}


def merge_ratings(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who says how it was once."""
    tx.of(RATINGS).merge(old, new)


def forget_ratings(tx: Transaction, resident: int) -> None:
    """What they said counts no more, where it was not counted yet."""
    tx.of(RATINGS).forget(resident)


def export_ratings(tx: Transaction, resident: int, among: Among) -> Exported:
    """Of which meetings they said how they were; not what, which nobody can read."""
    kept = tx.of(RATINGS).of(resident)
    return {
        table: [
            {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in kept.items()
    }


FEATURE = Feature(
    name="presence",
    commands=(
        # Each looks itself whether they take part in the theme that it is about.
        Command(lines.HERE, here.check_in, anyone=True, confidential=True, secret=True, asks=("code",)),
        Command(here.NOT_HERE, here.take_back, anyone=True, listed=False),
    ),
    jobs={lines.OPEN: here.open_due, lines.CLOSE: here.close_due},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    keeps=PRESENCE,
)

RATING = Feature(
    name="ratings",
    commands=(
        Command(rate.RATE, rate.rate_meeting, anyone=True, secret=True, lacking=rate.ask_for_rating),
        Command(rate.FILL, rate.fill_in_rating, anyone=True, listed=False),
    ),
    jobs={
        rate.OPEN: rate.open_due,
        rate.ASK: rate.ask_due,
        rate.CLOSE: rate.close_due,
        rate.BURN: rate.burn_due,
    },
    merge=merge_ratings,
    forget=forget_ratings,
    export=export_ratings,
    keeps=RATINGS,
)

"""What checking in at a meeting is, as one value."""

from __future__ import annotations

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.presence import here, lines
from bot.features.meetings.presence.records import PRESENCE
from bot.features.meetings.records import SUBJECT
from bot.ports.people import Exported
from bot.ports.storage import Transaction


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who is there once."""
    for meeting in tx.of(PRESENCE).merge(old, new):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def forget_resident(tx: Transaction, resident: int) -> None:
    """Where they were nobody knows any more; how many were there stays."""
    for meeting in tx.of(PRESENCE).forget(resident):
        tx.boards.mark(f"{SUBJECT}:{meeting}")


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """The meetings where they checked in, and whether others may see it."""
    return {"check_ins": tx.of(PRESENCE).of(resident)}


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

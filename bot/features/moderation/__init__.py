"""Moderation: whoever moderates a theme mutes somebody there for a while, warns, and reads what was done.

records.py   mutes and the log, and what keeps them
settings.py  for how long the log is kept
words.py     for how long, as people type it
mute.py      muting, letting speak again, warning
log.py       what moderators did
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.commands.declare import Command
from bot.feature import Among, Feature, Mutes
from bot.features.moderation import ban, log, mute
from bot.features.moderation.records import MODERATION
from bot.features.moderation.settings import ModerationSettings
from bot.features.moderation.words import KINDS
from bot.model.carried import BANNED
from bot.model.work import UNSILENCED
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

_LONG_AGO = datetime.fromtimestamp(0, UTC)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Where either is muted, so is the one person that they are."""
    tx.of(MODERATION).merge(old, new)


def part_resident(tx: Transaction, old: int, new: int, _brought: Brought | None) -> None:
    """Where one of two who were one person is muted, so is the other: nobody gets free by parting."""
    _mute_alike(tx, (old, new))


def unlist_resident(tx: Transaction, old: int, parted: Sequence[int]) -> None:
    """So it is with those whom no line joins any more."""
    _mute_alike(tx, (old, *parted))


def _mute_alike(tx: Transaction, people: Sequence[int]) -> None:
    kept = tx.of(MODERATION)
    theirs = {person: kept.themes_of(person, _LONG_AGO) for person in people}
    for theme in sorted({theme for themes in theirs.values() for theme in themes}):
        until = max(themes[theme] for themes in theirs.values() if theme in themes)
        for person in people:
            if theirs[person].get(theme) != until:
                kept.mute(theme, person, until)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Nobody knows whom it was done to, or who did it; whoever is muted stays so with each account."""
    tx.of(MODERATION).forget(resident)


def export_resident(tx: Transaction, resident: int, _among: Among) -> Exported:
    """Where they are muted, and what was done to them and by them, without by whom and to whom."""
    return tx.of(MODERATION).export(resident)


FEATURE = Feature(
    name="moderation",
    commands=(
        Command(mute.MUTE, mute.mute, adds=True),
        Command(mute.UNMUTE, mute.unmute, adds=True),
        Command("mod warn", mute.warn, adds=True),
        Command(log.LOG, log.show_log, anyone=True),
        Command(ban.YES, ban.erase, listed=False, adds=True),
        Command(ban.NO, ban.spare, listed=False, adds=True),
    ),
    jobs={
        mute.ENDS: mute.ends_due,
        UNSILENCED: mute.unsilenced_due,
        BANNED: ban.banned_due,
        ban.ERASES: ban.erases_due,
        log.FORGET: log.forget_due,
    },
    about=(BANNED, ban.ERASES),
    kinds=KINDS,
    mutes=Mutes(
        until=lambda tx, theme, account, resident, now: tx.of(MODERATION).until(
            theme, account, resident, now
        ),
        people=lambda tx, now: tx.of(MODERATION).muted(now),
    ),
    settings=ModerationSettings,
    keeps=MODERATION,
    merge=merge_residents,
    part=part_resident,
    unlisted=unlist_resident,
    forget=forget_resident,
    export=export_resident,
)

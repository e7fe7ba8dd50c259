"""Kudos: somebody thanks somebody for something, for the others of a theme to read.

There are no points and no ranks: what is kept is who thanked whom, for what.

    records.py   what one is
    words.py     whom somebody thanks, as people type it
    give.py      thanking, and thanking back
    show.py      what it looks like: in its theme, on the wall, to whom it thanks
    undo.py      taking it back
    taste.py     how somebody likes to be thanked
    month.py     what a month brought, told in each theme
    totals.py    how often this year, where moderators want that shown
    rings.py     groups that thank nearly nobody else, for moderators
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.kudos import give, month, rings, show, taste, totals, undo
from bot.features.kudos.records import KUDOS, KudosSettings
from bot.features.kudos.words import KINDS, ask_for_reason
from bot.ports.people import Exported
from bot.ports.storage import Transaction

_AT_ONCE = datetime.fromtimestamp(0, UTC)
_Private = partial(Command, confidential=True)
_COMMANDS = (
    Command(give.GIVE, give.thank, adds=True, lacking=ask_for_reason),
    _Private(give.BACK, give.thank_back, listed=False),
    _Private(undo.WITHDRAW, undo.withdraw, anyone=True),
    _Private(show.MINE, show.show_mine, anyone=True),
    _Private(show.OF, show.show_of),
    Command(show.WALL, show.show_wall),
    _Private(show.HIDE, undo.hide, anyone=True),
    _Private(taste.SETTINGS, taste.choose, anyone=True),
    _Private(undo.REMOVE, undo.remove),
    Command(month.MONTH, month.tell_month),
    _Private(totals.TOTALS, totals.show_totals),
    _Private(rings.RINGS, rings.show_rings),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either gave or was thanked for is one person's; what they gave themselves by that is void."""
    tx.of(KUDOS).merge(old, new)
    tx.jobs.add(undo.VOID, str(new), _AT_ONCE, f"{undo.VOID}:{new}")


def forget_resident(tx: Transaction, resident: int) -> None:
    """What they gave, and what thanked them, stays for the others: it says neither any more."""
    for number in tx.of(KUDOS).forget(resident):
        tx.boards.mark(show.subject(number))


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they gave, and what thanked them."""
    rows = tx.of(KUDOS).rows_of(resident)
    return {table: [_plain(row) for row in found] for table, found in rows.items()}


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("giver", "resident", "community")
    }


FEATURE = Feature(
    name="kudos",
    commands=_COMMANDS,
    jobs={
        undo.VOID: undo.void_due,
        month.DUE: month.month_due,
        month.NOW: month.now_due,
        month.THEMES: month.themes_due,
    },
    about=(undo.VOID,),
    boards={"kudos": show.show_board},
    news={"kudos": show.tell_new},
    kinds={**KINDS, **taste.KINDS},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    settings=KudosSettings,
    keeps=KUDOS,
)

"""Kudos: somebody thanks somebody for something, for the others of a theme to read.

There are no points and no ranks: what is kept is who thanked whom, for what.

    records.py   what one is
    words.py     whom somebody thanks, as people type it
    give.py      thanking, and thanking back
    show.py      what it looks like: in its theme, on the wall, to whom it thanks
    undo.py      taking it back
    claim.py     whose a name without an account is
    named.py     what names somebody who was forgotten
    taste.py     how somebody likes to be thanked
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.kudos import claim, give, named, show, taste, undo
from bot.features.kudos.records import KUDOS, KudosSettings
from bot.features.kudos.words import KINDS, ask_for_reason
from bot.model.message import Button, text
from bot.ports.people import Exported
from bot.ports.storage import Transaction

_AT_ONCE = datetime.fromtimestamp(0, UTC)
_Private = partial(Command, confidential=True)
_COMMANDS = (
    Command(give.GIVE, give.thank, adds=True, lacking=ask_for_reason),
    Command(give.TOGETHER, give.thank_group),
    _Private(give.BACK, give.thank_back, listed=False),
    _Private(undo.WITHDRAW, undo.withdraw, anyone=True),
    _Private(show.MINE, show.show_mine, anyone=True),
    _Private(show.OF, show.show_of),
    Command(show.WALL, show.show_wall),
    _Private(show.HIDE, undo.hide, anyone=True),
    _Private(claim.CLAIM, claim.claim),
    _Private(taste.SETTINGS, taste.choose, anyone=True),
    _Private(undo.REMOVE, undo.remove),
    _Private(claim.AGREE, claim.agree, listed=False),
    _Private(named.BLANK, named.blank, listed=False),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either gave or was thanked for is one person's; what they gave themselves by that is void."""
    tx.of(KUDOS).merge(old, new)
    tx.jobs.add(undo.VOID, str(new), _AT_ONCE, f"{undo.VOID}:{new}")


def forget_resident(tx: Transaction, resident: int) -> None:
    """What they gave, and what thanked them, stays for the others: it says neither any more.

    What names them in others' words a moderator can take away.
    """
    named.show_named(tx, resident)
    claim.drop_claims(tx, resident)
    for number in tx.of(KUDOS).forget(resident):
        tx.boards.mark(show.subject(number))


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they gave, and what thanked them."""
    rows = tx.of(KUDOS).rows_of(resident)
    return {table: [_plain(row) for row in found] for table, found in rows.items()}


def offer_thanks(subject: str) -> Sequence[Button]:
    """Thanking those who were at a meeting."""
    kind, _, number = subject.partition(":")
    if kind != "meeting":
        return ()
    return [Button(text("kudos.button.together"), give.TOGETHER, {"meeting": int(number)})]


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("giver", "resident", "claimant", "community")
    }


FEATURE = Feature(
    name="kudos",
    commands=_COMMANDS,
    jobs={undo.VOID: undo.void_due, named.NAMED: named.named_due},
    about=(undo.VOID,),
    boards={"kudos": show.show_board},
    after=offer_thanks,
    news={"kudos": show.tell_new},
    kinds={**KINDS, **taste.KINDS},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    settings=KudosSettings,
    keeps=KUDOS,
)

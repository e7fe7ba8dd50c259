"""Kudos: somebody thanks somebody for something, for the others of a theme to read.

There are no points and no ranks: what is kept is who thanked whom, for what.

    records.py   what one is
    words.py     whom somebody thanks, as people type it
    give.py      thanking, and thanking back
    sign.py      thanking by a sign on a message
    certify.py   what somebody was thanked for in a year, on a page that anybody can check
    show.py      what it looks like: in its theme, on the wall, to whom it thanks
    undo.py      taking it back
    claim.py     whose a name without an account is
    named.py     what names somebody who was forgotten
    known.py     thanks for what somebody says that they know
    taste.py     how somebody likes to be thanked
    month.py     what a month brought, told in each theme
    totals.py    how often this year, where moderators want that shown
    rings.py     groups that thank nearly nobody else, for moderators
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.kudos import (
    certify,
    claim,
    give,
    known,
    month,
    named,
    rings,
    show,
    sign,
    taste,
    totals,
    undo,
)
from bot.features.kudos.records import CERTIFICATES, KUDOS, KudosSettings
from bot.features.kudos.words import KINDS, ask_for_reason
from bot.model.message import Button, text
from bot.model.people import Role
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction
from bot.reactions import Reaction

_AT_ONCE = datetime.fromtimestamp(0, UTC)
_Private = partial(Command, confidential=True)
_COMMANDS = (
    Command(
        give.GIVE,
        give.thank,
        adds=True,
        lacking=ask_for_reason,
        about="who",
        on_message=True,
        on_member=True,
        quotes="reason",
    ),
    _Private(sign.SIGN, sign.thank_by_sign, listed=False, adds=True, about="who"),
    Command(give.TOGETHER, give.thank_group),
    Command(give.OFFERED, give.thank_for_offer),
    Command(give.DONE, give.thank_for, listed=False),
    _Private(give.BACK, give.thank_back),
    _Private(undo.WITHDRAW, undo.withdraw, anyone=True),
    _Private(show.MINE, show.show_mine, anyone=True),
    _Private(show.OF, show.show_of),
    Command(show.WALL, show.show_wall, also_named=("month",)),
    _Private(show.HIDE, undo.hide, anyone=True),
    _Private(undo.UNHIDE, undo.unhide, listed=False, anyone=True),
    _Private(claim.CLAIM, claim.claim),
    _Private(taste.SETTINGS, taste.choose, anyone=True, notes=taste.HOW),
    _Private(undo.REMOVE, undo.remove),
    _Private(claim.AGREE, claim.agree, listed=False),
    _Private(named.BLANK, named.blank, listed=False),
    Command(month.MONTH, month.tell_month),
    _Private(totals.TOTALS, totals.show_totals),
    _Private(rings.RINGS, rings.show_rings),
)

_CERTIFYING = (
    _Private(certify.MAKE, certify.make_certificate, anyone=True, also_named=("chosen",)),
    _Private(certify.WITHDRAW, certify.withdraw_certificate, anyone=True),
    Command(certify.CHECK, certify.check_certificate, anyone=True),
    _Private(certify.LIST, certify.list_year, role=Role.ORGANISER),
    _Private(certify.ENLIST, certify.enlist, anyone=True),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either gave or was thanked for is one person's; what they gave themselves by that is void."""
    tx.of(KUDOS).merge(old, new)
    taste.show_anew(tx, new)
    tx.jobs.add(undo.VOID, str(new), _AT_ONCE, f"{undo.VOID}:{new}")


def part_resident(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """Where linking is undone either has back what they gave, what thanked them and how they like that."""
    if brought:
        tx.of(KUDOS).bring_back({new: brought.noted, old: brought.whom_noted})
        for resident in (old, new):
            taste.show_anew(tx, resident)


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
    return {
        # Whether they want to be thanked as a giver is no giver.
        table: [_plain(row, *(("giver",) if table == "kudos" else ())) for row in found]
        for table, found in rows.items()
    }


def offer_thanks(subject: str) -> Sequence[Button]:
    """Thanking those who were at a meeting, who brought something to it, or who did what is over."""
    kind, _, number = subject.partition(":")
    if kind == "meeting":
        return [Button(text("kudos.button.together"), give.TOGETHER, {"meeting": int(number)})]
    if kind == "offer":
        label = text("kudos.button.offer", offer=int(number))
        return [Button(label, give.OFFERED, {"offer": int(number)})]
    return [Button(text("kudos.button.done"), give.DONE, {"done": subject})]


def _plain(row: Mapping[str, Any], *theirs: str) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in ("resident", "first", "claimant", "community", *theirs)
    }


FEATURE = Feature(
    name="kudos",
    commands=_COMMANDS,
    jobs={
        undo.VOID: undo.void_due,
        named.NAMED: named.named_due,
        taste.ANEW: taste.anew_due,
        month.DUE: month.month_due,
        month.NOW: month.now_due,
        month.THEMES: month.themes_due,
    },
    about=(undo.VOID, taste.ANEW),
    boards={"kudos": show.show_board},
    after=offer_thanks,
    news={"kudos": show.tell_new},
    kinds={**KINDS, **taste.KINDS},
    merge=merge_residents,
    part=part_resident,
    forget=forget_resident,
    export=export_resident,
    recognised=known.recognised,
    unsaid=known.unsay,
    settings=KudosSettings,
    reaction=Reaction("sign", sign.SIGN),
    gone=sign.lose,
    keeps=KUDOS,
)


def merge_certificates(tx: Transaction, old: int, new: int) -> None:
    """What either made is the person's that they are."""
    tx.of(CERTIFICATES).merge(old, new)


def part_certificates(tx: Transaction, resident: int, new: int, brought: Brought | None) -> None:
    """What an account made goes with it; what it tells of may stay behind, or go."""
    theirs = tx.people.accounts([new]).get(new, ())
    tx.of(CERTIFICATES).part(resident, new, [account.address for account in theirs])
    if brought:
        notes = {new: brought.noted, resident: brought.whom_noted}
        lists = {who: noted.get("year_listed", ()) for who, noted in notes.items()}
        tx.of(CERTIFICATES).bring_back(lists)
    for each in (resident, new):
        tx.jobs.add(certify.PARTED, str(each), _AT_ONCE, f"{certify.PARTED}:{each}")


def unlist_certificates(tx: Transaction, resident: int, parted: Sequence[int]) -> None:
    """The same of those whom a line of the configuration joins no more."""
    for new in parted:
        part_certificates(tx, resident, new, None)


def forget_certificates(tx: Transaction, resident: int) -> None:
    """What they made is withdrawn."""
    tx.of(CERTIFICATES).forget(resident)


def export_certificates(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they made, and on which lists they are."""
    rows = tx.of(CERTIFICATES).rows_of(resident)
    return {table: [_plain(row) for row in found] for table, found in rows.items()}


CERTIFYING = Feature(
    name="certificates",
    commands=_CERTIFYING,
    jobs={certify.PARTED: certify.parted_due},
    about=(certify.PARTED,),
    files=certify.FILES,
    merge=merge_certificates,
    part=part_certificates,
    unlisted=unlist_certificates,
    forget=forget_certificates,
    export=export_certificates,
    keeps=CERTIFICATES,
)

"""Offers as a feature: their commands and jobs, and what becomes of what people offer."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings.offers import change, lapse, lines, show
from bot.features.meetings.offers.records import OFFERS, SUBJECT
from bot.features.meetings.records import MEETINGS
from bot.features.meetings.records import SUBJECT as MEETING
from bot.model.people import Together
from bot.ports.people import Exported
from bot.ports.storage import Transaction

# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)


def who_offered(tx: Transaction, offer: int) -> Together | None:
    """Whoever brought it, once the meeting that it was for was held."""
    found = tx.of(OFFERS).get(offer)
    meeting = tx.of(MEETINGS).get(found.meeting) if found and found.meeting else None
    if found is None or meeting is None or meeting.state != "held":
        return None
    return Together(found.theme, found.what, [found.resident])


def end_offers(tx: Transaction, theme: int, now: datetime) -> None:
    """Nothing is offered any more in a theme that ends."""
    for offer in tx.of(OFFERS).of_theme(theme):
        tx.of(OFFERS).withdraw(offer.id)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either offers is one person's."""
    tx.of(OFFERS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """What they offered is withdrawn."""
    for offer in tx.of(OFFERS).of_resident(resident):
        tx.of(OFFERS).withdraw(offer.id)
        if offer.meeting is not None:
            tx.boards.mark(f"{MEETING}:{offer.meeting}")


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they offer."""
    rows = tx.of(OFFERS).rows_of(resident)
    hidden = ("resident", "community")
    return {
        "offers": [
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in row.items()
                if name not in hidden
            }
            for row in rows
        ]
    }


FEATURE = Feature(
    name="offers",
    commands=(
        _Command(show.ADD, change.add_offer, asks=("what",)),
        _Command(lines.LIST, show.list_offers),
        _Command(show.WITHDRAW, change.withdraw_offer),
    ),
    jobs={lapse.WARN: lapse.warn_due, lapse.OVER: lapse.over_due},
    suggest={"offer": show.suggest_offers},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    stands=show.standing_offers,
    ends=end_offers,
    together={SUBJECT: who_offered},
    keeps=OFFERS,
)

"""What follows for its other places where there are fewer signs on a message, or it is known by now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.model.people import Place
from bot.ports.storage import Transaction


def recount(tx: Transaction, changed: Mapping[int, Collection[str]], now: datetime) -> None:
    """Of these messages these signs are fewer now: none is to stand anywhere that does not."""
    for message, signs in changed.items():
        tx.signs.recount(message, signs, (), now)


def count_early(tx: Transaction, place: Place, ref: str, message: int, now: datetime) -> None:
    """What stands there ("": nothing) is that message: what was put on it before that was known counts."""
    if ref and (signs := tx.signs.found(place, ref, message, now)):
        tx.signs.recount(message, signs, tx.copies.places_of(message), now)

"""Somebody was banned by hand: what they said in the last day may have to go everywhere, which who moderates
decides; and they are out of each theme whose room it was, on every platform.
"""

from __future__ import annotations

from datetime import datetime

from bot.delivery.rooms import Rooms, have_said
from bot.model.carried import BANNED, LAST_SAID
from bot.model.events import Banned, PutOut
from bot.model.people import Place
from bot.names import called
from bot.ports.storage import Transaction


def note(tx: Transaction, rooms: Rooms, banned: Banned, places: tuple[Place, ...], now: datetime) -> None:
    """These places are of one community."""
    for place in places:
        rooms.note_put_out(tx, place, [PutOut(banned.account.user_id, BANNED, banned.event)])
    for theme in _themes(tx, places):
        spoke = tx.copies.said_since(banned.account, tx.places.of_theme(theme), now - LAST_SAID, now)
        resident = tx.people.by_identity(banned.account)
        if spoke and resident is None and not tx.forgotten.at(banned.account):
            resident = tx.people.add(banned.account, called(banned.name))
        if spoke and resident:
            have_said(tx, BANNED, f"{theme}:{resident.id}", now)


def _themes(tx: Transaction, places: tuple[Place, ...]) -> list[int]:
    known = [tx.places.known(place) for place in places]
    return sorted({found[0].id for found in known if found})

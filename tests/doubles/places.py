"""Places that Plein is in."""

from __future__ import annotations

from bot.model.people import Place
from bot.ports.storage import Transaction


def served(tx: Transaction, *places: Place, theme: str = "sport") -> int:
    """A theme with these places, each served by an account that is called as its platform is; its number."""
    number = tx.places.theme_named(theme).id
    for place in places:
        tx.places.bind(place, number, theme, None, place.platform)
    return number

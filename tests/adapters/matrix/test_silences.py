"""Whoever is muted in a theme cannot write in its rooms on Matrix, and can again after, as they could."""

from __future__ import annotations

from tests.homeserver import Homeserver, Person
from tests.on_matrix import OnMatrix
from tests.town import numbers

PLEIN = 100


async def in_room(
    homeserver: Homeserver, plein: OnMatrix, power: int = PLEIN, **named: int
) -> tuple[Person, Person, str]:
    """Mo, who moderates, Ben, and their room; Plein has that power there."""
    mo, ben = [await homeserver.person(f"{name}{next(numbers)}") for name in ("mo", "ben")]
    users = {mo.user_id: 100, plein.user_id: power} | ({ben.user_id: named["ben"]} if "ben" in named else {})
    room = await mo.create_room(
        invite=[plein.user_id], public=True, power_level_content_override={"users": users}
    )
    await ben.join(room)
    return mo, ben, room

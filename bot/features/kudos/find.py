"""Which one somebody means by its number, and what is theirs to know of by a number at all."""

from __future__ import annotations

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos import show
from bot.features.kudos.records import KUDOS, Kudos
from bot.model.people import Role


def find(call: Call, number: int, unknown: str) -> Kudos:
    """The one with that number, which everybody may read where they take part. Raises: UserError."""
    found = call.tx.of(KUDOS).get(number)
    # What is for one person alone nobody else reads, no moderator either.
    if not is_theirs(call, found.theme if found and show.seen_by_all(found) else None) or found is None:
        raise UserError(unknown, kudos=number)
    return found


def is_theirs(call: Call, theme: int | None) -> bool:
    """Whether what they mean is of a theme where they take part; None: there is no such thing.

    Of what is elsewhere, what nobody else reads and what there is not their platform is asked the same: what
    it is asked, and how long that takes, would tell which it is.
    """
    if call.resident.role >= Role.MODERATOR:
        return theme is not None
    if theme is None or call.theme_here is None or call.theme_here.id != theme:
        call.themes_among(call.tx.places.inhabited())
    return theme is not None and call.takes_part(theme)

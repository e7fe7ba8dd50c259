"""Which one somebody means by its number, and what is theirs to know of by a number at all."""

from __future__ import annotations

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos import show
from bot.features.kudos.records import KUDOS, Kudos


def find(call: Call, number: int, unknown: str) -> Kudos:
    """The one with that number, which everybody may read where they take part. Raises: UserError."""
    found = call.tx.of(KUDOS).get(number)
    # What is for one person alone nobody else reads, no moderator either.
    if not is_theirs(call, found.theme if found and show.seen_by_all(found) else None) or found is None:
        raise UserError(unknown, kudos=number)
    return found


def is_theirs(call: Call, theme: int | None) -> bool:
    """Whether what they mean is of a theme where they take part; None: there is no such thing."""
    return call.is_theirs(theme, call.tx.places.inhabited)

"""What a theme may be called: a name that people can read and type, and that looks like no other theme's."""

from __future__ import annotations

import re

from bot.call import Call
from bot.errors import UserError
from bot.features.themes.records import OPENINGS
from bot.lookalikes import alike_among
from bot.unseen import has_unseen

SHORTEST, LONGEST = 2, 60
MOST_SAID = 300
# It stands for what nobody could read.
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
# Plein itself writes so which theme, account or place it means.
_ADDRESS = re.compile(r"\w++:\S")


def checked_name(call: Call, given: str, but: int = 0) -> str:
    """The name as it is kept.

    Raises: UserError where no theme can be called so, or where it looks like that of another than `but` which
        was opened, or which they know of.
    """
    name = " ".join(given.split())
    if not SHORTEST <= len(name) <= LONGEST or has_unseen(name) or _UNREADABLE in name:
        raise UserError("theme.bad_name", least=SHORTEST, most=LONGEST)
    if not any(map(str.isalpha, name)) or name[0] in "!/" or _ADDRESS.match(name):
        raise UserError("theme.bad_letters", name=name)
    words = tuple(name.casefold().split())
    if words in call.commands.by_name:
        raise UserError("theme.is_command", name=name)
    others = call.themes(call.tx.places.inhabited(unless_opened=True))
    known = [*call.tx.places.names_opened(but), *(theme.name for theme in others if theme.id != but)]
    known += [proposal.name for proposal in call.tx.of(OPENINGS).open() if call.takes_part(proposal.theme)]
    if other := alike_among(known, name):
        raise UserError("theme.there", name=other)
    return name


def checked_about(given: str) -> str:
    """Raises: UserError where that is too long to be read above a conversation."""
    about = " ".join(given.split())
    if len(about) > MOST_SAID or not any(map(str.isalpha, about)):
        raise UserError("theme.bad_about", most=MOST_SAID)
    return about


def is_taken(call: Call, name: str, but: int = 0) -> bool:
    """Whether one was opened meanwhile that is called so, for a reader, and is not `but`."""
    return alike_among(call.tx.places.names_opened(but), name) is not None

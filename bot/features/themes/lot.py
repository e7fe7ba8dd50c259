"""The rule of a draw, and how anybody repeats one: nothing but arithmetic on what was published.

A number is drawn and its hash published before the list is known. Then the list is fixed, by the alphabet,
and published with a code of its own. Those go first who had no turn; where all had one, those whose turn is
longest ago. The number, divided by how many these are, leaves a remainder, and that says which of them it is:
0 is the first. So the list says among whom it is, and the number, which was fixed before it, says who.

The code is a hash of all that stands in the list. Each name is in it as a hash, with a random salt, so that a
list can still be repeated when somebody in it was forgotten: then their name and salt are gone, and the hash
tells nobody anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.errors import UserError
from bot.features.themes.records import Entrant

# Bytes of a number, and of a salt: too many to be guessed from a hash.
BYTES = 16
# Whatever is longer is no draw.
LONGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Published:
    """All that was published of a draw, with which its outcome can be repeated.

    `seal` is the hash of the number, `code` that of the list, and `drawn` who it is, counted from 1.
    """

    theme: str
    seal: str
    number: str
    entrants: Sequence[Entrant]
    code: str
    drawn: int


def entrant(name: str, last: date | None, salt: str) -> Entrant:
    """Somebody who can be drawn."""
    return Entrant(name, last, salt, _hash(f"{salt} {name}"))


def seal_of(number: str) -> str:
    """What is published of a number before it may be known."""
    return _hash(number)


def code_of(seal: str, entrants: Sequence[Entrant]) -> str:
    """What is another one wherever anything in the list is."""
    lines = [f"{each.hashed} {each.last.isoformat() if each.last else '-'}" for each in entrants]
    return _hash("\n".join([seal, *lines]))


def first_in_line(entrants: Sequence[Entrant]) -> Sequence[int]:
    """Among whom it is drawn, counted from 1: who had no turn, or else whose turn is longest ago."""
    turns = [each.last for each in entrants]
    longest_ago = None if None in turns else min((turn for turn in turns if turn), default=None)
    return [place for place, turn in enumerate(turns, start=1) if turn == longest_ago]


def remainder(number: str, among: int) -> int:
    """What is left of the number, divided by how many it is drawn among."""
    return int(number, 16) % among


def drawn_by(number: str, entrants: Sequence[Entrant]) -> int:
    """Who it is, counted from 1. Raises: ValueError for a list with nobody in it."""
    candidates = first_in_line(entrants)
    if not candidates:
        raise ValueError("nobody can be drawn from an empty list")
    return candidates[remainder(number, len(candidates))]


# --- repeating one ---


def check(published: Published) -> None:
    """Raises: UserError that says what is not as the rule has it."""
    if seal_of(published.number) != published.seal:
        raise UserError("theme.check.number")
    for each in published.entrants:
        if each.name is not None and entrant(each.name, each.last, each.salt or "").hashed != each.hashed:
            raise UserError("theme.check.name", name=each.name)
    if code_of(published.seal, published.entrants) != published.code:
        raise UserError("theme.check.list")
    names = [each.name for each in published.entrants if each.name is not None]
    if names != sorted(names, key=alphabet):
        raise UserError("theme.check.order")
    if drawn_by(published.number, published.entrants) != published.drawn:
        raise UserError("theme.check.outcome")


def written(published: Published) -> str:
    """As it is kept in a file."""
    kept = {
        "theme": published.theme,
        "hash": published.seal,
        "number": published.number,
        "list": [_kept(each) for each in published.entrants],
        "code": published.code,
        "drawn": published.drawn,
    }
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def read(words: str) -> Published:
    """What a file says. Raises: UserError where that is no draw."""
    try:
        kept = json.loads(words)
        published = Published(
            _words(kept["theme"]),
            _hex(kept["hash"]),
            _hex(kept["number"]),
            [_entrant(each) for each in kept["list"]],
            _hex(kept["code"]),
            kept["drawn"],
        )
        if not published.entrants or published.drawn not in range(1, len(published.entrants) + 1):
            raise ValueError("nobody in it was drawn")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UserError("theme.check.unreadable") from None
    return published


def _kept(each: Entrant) -> Mapping[str, Any]:
    named = {"name": each.name, "salt": each.salt} if each.name is not None else {"name": None}
    return {**named, "hash": each.hashed, "last": each.last.isoformat() if each.last else None}


def _entrant(kept: Mapping[str, Any]) -> Entrant:
    last = date.fromisoformat(kept["last"]) if kept["last"] is not None else None
    if kept["name"] is None:
        return Entrant(None, last, None, _hex(kept["hash"]))
    return Entrant(_words(kept["name"]), last, _hex(kept["salt"]), _hex(kept["hash"]))


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no words")
    value.encode()  # half a character is no part of a name
    return value


def _hex(value: object) -> str:
    """The one way in which such a number is written: any other has another hash."""
    words = _words(value)
    if not words or set(words) - set("0123456789abcdef"):
        raise ValueError("no number")
    return words


def alphabet(name: str) -> tuple[str, str]:
    """By which names stand in a list, so that nobody chooses who stands where."""
    return name.casefold(), name


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()

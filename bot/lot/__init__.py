"""The rule of a draw, and how anybody repeats one: nothing but arithmetic on what was published.

A number is drawn and its hash published before the list is known. Then the list is fixed, by the alphabet,
and published with a code of its own. Those go first who had no turn; where all had one, those whose turn is
longest ago. The number, divided by how many these are, leaves a remainder, and that says which of them it is:
0 is the first. So the list says among whom it is, and the number, which was fixed before it, says who.

Where several are drawn, each next one is drawn among the others in the same way, with a number of its own:
the hash of "NUMBER 2", "NUMBER 3" and so on.

Of a list that is drawn for a meeting some do not let it be seen that they come. They stand behind the others,
by their hash, which is chance, without a name unless they are drawn. Of a turn that they had the list says no
more than that they had one: its day is that of the draw, so that they come last.

The code is a hash of all that stands in the list. Each name is in it as a hash, with a random salt, so that a
list can still be repeated when somebody in it was forgotten: then their name and salt are gone, and the hash
tells nobody anything.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.errors import UserError

# Bytes of a number, and of a salt: too many to be guessed from a hash.
BYTES = 16
# Whatever is longer is no draw.
LONGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody in the list, and the day of their last turn. Who was forgotten has no name and no salt."""

    name: str | None
    last: date | None
    salt: str | None
    hashed: str


@dataclass(frozen=True, slots=True)
class Published:
    """All that was published of a draw, with which its outcome can be repeated.

    `seal` is the hash of the number, `code` that of the list, and `drawn` who they are, counted from 1, one
    after the other. `hides`: some may be in the list unseen.
    """

    theme: str
    seal: str
    number: str
    entrants: Sequence[Entrant]
    code: str
    drawn: tuple[int, ...]
    hides: bool = False


def new_secret() -> str:
    """What nobody can guess: a number, or a salt."""
    return secrets.token_hex(BYTES)


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


def first_in_line(entrants: Sequence[Entrant], but: Collection[int] = ()) -> Sequence[int]:
    """Among whom it is drawn, counted from 1: who had no turn, or else whose turn is longest ago; none of
    those who are drawn already.
    """
    turns = {place: each.last for place, each in enumerate(entrants, start=1) if place not in but}
    longest_ago = None if None in turns.values() else min(filter(None, turns.values()), default=None)
    return [place for place, turn in turns.items() if turn == longest_ago]


def unseen(entrants: Sequence[Entrant], day: date) -> Sequence[Entrant]:
    """Those who are in a list of that day unseen, as they stand in it behind the others."""
    found = (replace(each, last=day if each.last else None) for each in entrants)
    return sorted(found, key=lambda each: each.hashed)


def number_of(number: str, turn: int) -> str:
    """The number that says whose a turn is, the first being 1."""
    return number if turn == 1 else _hash(f"{number} {turn}")


def remainder(number: str, among: int) -> int:
    """What is left of the number, divided by how many it is drawn among."""
    return int(number, 16) % among


def drawn_by(number: str, entrants: Sequence[Entrant], turns: int = 1) -> tuple[int, ...]:
    """Who they are, counted from 1. Raises: ValueError for a list with fewer people in it."""
    drawn: tuple[int, ...] = ()
    for turn in range(1, turns + 1):
        candidates = first_in_line(entrants, drawn)
        if not candidates:
            raise ValueError("nobody is left in the list")
        drawn += (candidates[remainder(number_of(number, turn), len(candidates))],)
    return drawn


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
    names = _by_alphabet(published)
    if names != sorted(names, key=alphabet):
        raise UserError("theme.check.order")
    if drawn_by(published.number, published.entrants, len(published.drawn)) != published.drawn:
        raise UserError("theme.check.outcome")


def _by_alphabet(published: Published) -> Sequence[str]:
    """The names that stand in that order: not of those behind all others, named only as they were drawn."""
    named = [(place, each.name) for place, each in enumerate(published.entrants, start=1) if each.name]
    while published.hides and named and named[-1][0] in published.drawn:
        named.pop()
    return [name for _, name in named]


def written(published: Published) -> str:
    """As it is kept in a file."""
    kept = {
        "theme": published.theme,
        "hash": published.seal,
        "number": published.number,
        "list": [_kept(each) for each in published.entrants],
        "code": published.code,
        "drawn": published.drawn[0] if len(published.drawn) == 1 else published.drawn,
        **({"unseen": "last"} if published.hides else {}),
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
            _places(kept["drawn"]),
            kept.get("unseen") == "last",
        )
        if not published.drawn or not {*published.drawn} <= {*range(1, len(published.entrants) + 1)}:
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


def _places(value: object) -> tuple[int, ...]:
    """One of them, or each in turn."""
    places = value if isinstance(value, list) else [value]
    if not all(type(place) is int for place in places) or len({*places}) < len(places):
        raise TypeError("no places")
    return tuple(places)


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

"""Signs that people put on each other's messages, where these stand in several places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.emoji import in_full
from bot.model.people import FIRST_COMMUNITY, Identity, Place
from bot.model.work import Reference
from bot.unseen import visible

# What is longer is no sign that anybody reads.
LONGEST = 64
# An emoji that somebody made for one place is known by its name.
_NAMED = re.compile(r":([A-Za-z0-9_+\-]{1,60}):")


def tidy(sign: str) -> str:
    """The same for all ways of writing it: an emoji in full, `:name:` of one that somebody made, or else any
    text in one line; "" where there is nothing to see.
    """
    sign = sign.strip()
    if full := in_full(sign):
        return full
    line = " ".join(
        visible(" ".join(sign[: 4 * LONGEST].split())).replace("\N{REPLACEMENT CHARACTER}", "").split()
    )
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def name_of(sign: str) -> str | None:
    """The name of a custom emoji; None for any other sign."""
    found = _NAMED.fullmatch(sign)
    return found[1] if found else None


class Why(StrEnum):
    """Why a sign cannot stand somewhere: no emoji, and only these can; none that goes by that name, or of
    that form; as many as there can be; whoever wrote it lets Plein put none there; nobody lets it there; the
    message is gone; nothing can; it failed, again and again.
    """

    WORDS = "words"
    UNKNOWN = "unknown"
    FULL = "full"
    BLOCKED = "blocked"
    REFUSED = "refused"
    GONE = "gone"
    NOBODY = "nobody"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody put a sign on the message that stands there, or took it away: all of theirs, without a sign.

    Without an author these are gone whosever they were. `event`: as what the platform knows it, if it does;
    `name` is what they are called there.
    """

    place: Place
    ref: str
    author: Identity | None
    sign: str
    on: bool
    at: datetime
    name: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """A sign that somebody put on a message, where they did."""

    place: Place
    author: Identity
    name: str
    sign: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign as it is to stand on a message in a place, put there by Plein for people elsewhere.

    So many did (`count`); nobody: it is to be gone. `stands` is where that message is, part by part, which
    was `said` there or is a copy. `event` is as what its platform knows the sign where it stands. `named`:
    what else people elsewhere put on it that goes by a name, this one included, and how often. `tried_at`:
    when this was first tried, if it may have been done.
    """

    id: int
    message: int
    place: Place
    account: str
    sign: str
    count: int
    stands: Reference
    said: bool
    event: str = ""
    named: tuple[tuple[str, int], ...] = ()
    tried_at: datetime | None = None
    attempts: int = 0
    community: int = FIRST_COMMUNITY

    @property
    def key(self) -> str:
        """The platform's idempotency key for putting it there, the same for every try."""
        return f"sign:{self.community}:{self.id}"

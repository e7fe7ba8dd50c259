"""What the core needs kept of what could not be carried: why, and the mark where it was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.message import Text
from bot.model.people import FIRST_COMMUNITY, Identity, Place


@dataclass(frozen=True, slots=True)
class Mark:
    """Plein's mark on a message that could not be carried, as it is to be.

    `ref` is where that message stands in the place where it was said, and `author` who said it; None where
    that is not known any more, or it is gone. `uncarried`: something of it is not carried. `mark` is where
    the mark stands, as far as is known; `tried`: it may stand there without that being known. `since` tells
    it from one that was there before.
    """

    message: int
    place: Place
    account: str
    ref: str
    author: Identity | None
    uncarried: bool
    mark: str | None
    tried: bool
    since: datetime
    version: int
    attempts: int = 0
    community: int = FIRST_COMMUNITY

    @property
    def key(self) -> str:
        """The platform's idempotency key for it, the same for every try."""
        return f"mark:{self.community}:{self.message}:{self.since.isoformat()}"


class UncarriedStore(Protocol):
    """Which messages could not be carried to a place, or not all of them."""

    def note(self, message: int, place: Place, reason: Text, now: datetime) -> None:
        """That, and why; it is to be marked where it was said."""
        ...

    def carried(self, message: int, place: Place, now: datetime) -> None:
        """All of it stands there after all, or is to be there no more."""
        ...

    def ended(self, message: int, now: datetime) -> None:
        """It is gone where it was said."""
        ...

    def why(self, message: int) -> Mapping[Place, Text]:
        """To which places it could not be carried, each with why."""
        ...

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Mark]:
        """Of each place the first mark that is to be looked to."""
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, marks: Sequence[Mark]) -> None: ...

    def marked(self, mark: Mark, stands_at: str) -> None:
        """It stands there."""
        ...

    def settled(self, mark: Mark, now: datetime, *, there: bool) -> None:
        """It is as it is to be, or can be; without one `there` nothing is kept of it."""
        ...

    def later(self, mark: Mark, when: datetime, *, failed: bool) -> None: ...

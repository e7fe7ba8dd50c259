"""What an offer is, and what offers need kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.ports.storage import StoreKey

SUBJECT = "offer"
# So long it stands, unless it is offered again.
STANDS_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody can bring, in their own words: to a meeting, or to whatever a theme does. It is withdrawn
    by itself at that moment.
    """

    id: int
    theme: int
    resident: int
    what: str
    until: datetime
    meeting: int | None = None


class OfferStore(Protocol):
    """What offers need kept. One that is withdrawn is gone."""

    def add(
        self, theme: int, meeting: int | None, resident: int, what: str, at: datetime, until: datetime
    ) -> Offer: ...

    def get(self, offer: int) -> Offer | None: ...

    def open(self, themes: Collection[int]) -> Sequence[Offer]:
        """Those of these themes whose meeting, if they are for one, was not held yet; the newest first."""
        ...

    def of_meeting(self, meeting: int) -> Sequence[Offer]:
        """Those for a meeting, the first first."""
        ...

    def of_resident(self, resident: int) -> Sequence[Offer]: ...

    def of_theme(self, theme: int) -> Sequence[Offer]:
        """All of a theme."""
        ...

    def change(self, offer: int, meeting: int | None, until: datetime) -> None:
        """It is for that meeting, and stands until then."""
        ...

    def withdraw(self, offer: int) -> None: ...

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of theirs."""
        ...

    def merge(self, old: int, new: int) -> None: ...


OFFERS: StoreKey[OfferStore] = StoreKey("offers")

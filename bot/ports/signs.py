"""What the core needs kept of the signs that people put on messages that are carried."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.people import Identity, Place
from bot.model.signs import Put, Sign, Signed, Why


class SignStore(Protocol):
    """Who put which sign on which message, and what of that is to stand in its other places."""

    # --- what people do ---

    def put(self, signed: Signed, message: int | None, now: datetime) -> bool:
        """Whether that is news. Of a message that is not known yet it waits for it, for a minute; of what is
        more than anybody reads nothing is kept.
        """
        ...

    def take(self, signed: Signed) -> Mapping[int, Collection[str]]:
        """Of which messages which signs there are fewer now."""
        ...

    def take_event(self, place: Place, event: str) -> Mapping[int, Collection[str]]:
        """The same for what the platform knows as that."""
        ...

    def found(self, place: Place, ref: str, message: int, now: datetime) -> Collection[str]:
        """What stands there is that message: the signs that waited for it."""
        ...

    def end_waits(self, now: datetime) -> bool:
        """What waited for its message for its minute is kept no longer. Whether anything still waits."""
        ...

    def vanished(self, message: int, place: Place) -> Collection[str]:
        """It stands there no more, nor do the signs on it."""
        ...

    def drop(self, message: int) -> None:
        """It is no more anywhere: nor is anything of its signs, and nothing is to be done about them."""
        ...

    def some_of(self, speaker: int, limit: int) -> Mapping[int, Collection[str]]:
        """So many of what that one put on messages is put there by nobody any more: of which, which signs."""
        ...

    def on(self, message: int) -> Sequence[Put]:
        """Who put what on it, and where; first what was put first."""
        ...

    def left_out(self, message: int) -> Sequence[tuple[Place, str, Why]]:
        """Which sign cannot stand on it in which place, and why."""
        ...

    def at(self, place: Place, refs: Collection[str]) -> Mapping[str, Mapping[str, Collection[Identity]]]:
        """Who put what on what stands there, by where that is and by the sign."""
        ...

    # --- what is wanted ---

    def recount(self, message: int, signs: Collection[str], places: Collection[Place], now: datetime) -> None:
        """These are to stand on it in each place if somebody put them there elsewhere; new only in these
        places.
        """
        ...

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Sign]:
        """Those that are not as they are wanted on what stands already, and need not wait."""
        ...

    def next_in(self, place: Place, account: str, now: datetime) -> Sign | None:
        """The first of these in that place."""
        ...

    def next_try(self, account: str, now: datetime) -> datetime | None: ...

    def tried(self, signs: Sequence[Sign], now: datetime) -> None:
        """They are being made so."""
        ...

    def done(self, sign: Sign, event: str, now: datetime) -> None:
        """It is so; `event` is as what it stands there."""
        ...

    def later(self, sign: Sign, when: datetime, *, failed: bool, undone: bool) -> None:
        """`undone`: nothing was done of it yet, by this or an earlier try."""
        ...

    def park(self, sign: Sign, why: Why, now: datetime, until: datetime | None = None) -> None:
        """It cannot be so there, unless something changes; it is tried again then, or after that moment."""
        ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits or was refused in that place (None: for that account) is to be tried."""
        ...

"""Who is at a meeting, and what that needs kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from bot.ports.storage import StoreKey

# So long before a meeting begins people check in.
BEFORE = timedelta(minutes=15)


class PresenceStore(Protocol):
    """What checking in needs kept: that somebody is there, and never when they came or how long they stay."""

    def code(self, meeting: int) -> str | None:
        """What is said in the room, where it is open."""
        ...

    def codes(self) -> Collection[str]:
        """Those of all meetings that are open."""
        ...

    def open(self, meeting: int, code: str) -> None: ...

    def close(self, meeting: int) -> None:
        """Its code is of no use any more."""
        ...

    def is_here(self, meeting: int, resident: int) -> bool: ...

    def check_in(self, meeting: int, resident: int, *, shown: bool) -> None:
        """They are there. `shown`: others may see it."""
        ...

    def take_back(self, meeting: int, resident: int) -> None: ...

    def count(self, meeting: int) -> int:
        """How many people are there: one person once, and whoever was forgotten since."""
        ...

    def here(self, meeting: int, most: int) -> Sequence[int]:
        """Who is there, in no order that tells who came first."""
        ...

    def shown(self, meeting: int, most: int) -> Sequence[int]:
        """Those of them who want that to be seen."""
        ...

    def of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of where they were."""
        ...

    def merge(self, old: int, new: int) -> Collection[int]:
        """Two residents are one person, who is there once. The meetings where the first one was."""
        ...

    def forget(self, resident: int) -> Collection[int]:
        """How many were there stays. The meetings where they were."""
        ...


PRESENCE: StoreKey[PresenceStore] = StoreKey("presence")

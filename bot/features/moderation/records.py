"""Who is muted where until when, and what moderators did, as far as it has to be kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.model.people import Identity, Resident
from bot.ports.storage import StoreKey


class Deed(StrEnum):
    """What a moderator did."""

    MUTED = "muted"
    UNMUTED = "unmuted"
    WARNED = "warned"
    ERASED = "erased"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Over:
    """A mute whose time is over. `resident`: whose it was; None: somebody of whom nothing is kept."""

    id: int
    resident: int | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log. `by` and `whom`: None where nothing is kept of them any more."""

    id: int
    theme: int
    at: datetime
    deed: Deed
    by: Resident | None
    whom: Resident | None
    reason: str
    until: datetime | None


class ModerationStore(Protocol):
    """Mutes, and the log."""

    def mute(self, theme: int, resident: int, until: datetime) -> int:
        """They are muted there until then, whatever held before; the number of that."""
        ...

    def unmute(self, theme: int, resident: int) -> bool:
        """Whether they were muted there."""
        ...

    def until(
        self, theme: int, account: Identity | None, resident: int | None, now: datetime
    ) -> datetime | None:
        """Until when an account, or any of a resident's, is muted there; None: it is not."""
        ...

    def themes_of(self, resident: int, now: datetime) -> Mapping[int, datetime]:
        """Where any account of theirs is muted, each with until when."""
        ...

    def muted(self, now: datetime) -> Collection[tuple[int, int]]:
        """All who are: the theme, and the resident."""
        ...

    def is_any(self) -> bool:
        """Whether anybody is, or was until just now."""
        ...

    def take_over(self, theme: int, now: datetime) -> Sequence[Over]:
        """The mutes there whose time is over; they are none any more."""
        ...

    # --- the log ---

    def note(
        self,
        theme: int,
        deed: Deed,
        by: int,
        whom: int | None,
        now: datetime,
        *,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        """Whether it is the first line of that theme's."""
        ...

    def log(
        self, limit: int, *, theme: int | None = None, whom: int | None = None, older: int | None = None
    ) -> Sequence[Line]:
        """The newest first, of a theme, or about somebody; `older` than that line."""
        ...

    def forget_log(self, theme: int, before: datetime) -> datetime | None:
        """Its lines from before then go; when the first was written that is left."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...
    def forget(self, resident: int) -> None: ...
    def export(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]: ...


MODERATION: StoreKey[ModerationStore] = StoreKey("moderation")

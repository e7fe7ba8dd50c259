"""Who is at a meeting and how it was, and what these need kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Protocol

from bot.features.meetings.records import Meeting
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


# --- how it was ---

# From 1 to this; from so many answers on they are read, so long after the end.
BEST, FLOOR, OPEN_FOR = 5, 5, timedelta(days=3)
# In characters, whatever they are: what is sealed has room for so many.
LONGEST_REMARK = 280


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """When people say how a meeting was. Once that is over (`ended_at`), how many did; and of enough of them,
    how often each of the `scores` was given, the lowest first, and remarks in no order that tells anything.

    `waits_since`: it is to close, and waits for what was said in time.
    """

    meeting: int
    closes_at: datetime
    waits_since: datetime | None = None
    ended_at: datetime | None = None
    people: int = 0
    scores: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


class Earlier(NamedTuple):
    """How an earlier meeting was."""

    starts_at: datetime
    scores: tuple[int, ...]

    def day(self, zone: tzinfo) -> date:
        return self.starts_at.astimezone(zone).date()


def mean(scores: Sequence[int]) -> float:
    """Of how often each was given."""
    return sum(score * count for score, count in enumerate(scores, 1)) / sum(scores)


def secret_of(meeting: int) -> str:
    """What is said of how a meeting was is kept under this name (Call.confide)."""
    return f"rating-{meeting}"


class RatingStore(Protocol):
    """What saying how a meeting was needs kept: until it is over, nothing that anybody could read."""

    def open(self, meeting: int, closes_at: datetime) -> None: ...

    def get(self, meeting: int) -> Round | None: ...

    def open_in(self, themes: Collection[int]) -> Sequence[int]:
        """The meetings of these themes of which people say it now, that which ended last first."""
        ...

    def wait(self, meeting: int, since: datetime) -> None: ...

    def repeated(self, meeting: int, resident: int, event: str, said_at: datetime) -> bool:
        """Whether that event of theirs was dealt with; from now on it was. Nothing of it can be counted."""
        ...

    def said_at(self, meeting: int, resident: int) -> datetime | None:
        """When they said so last."""
        ...

    def rate(self, meeting: int, resident: int, score: int, remark: str) -> None:
        """What they say of it, instead of what they said before."""
        ...

    def take_back(self, meeting: int, resident: int) -> None:
        """What they say of it counts no more."""
        ...

    def end(self, meeting: int, now: datetime) -> None:
        """It is counted, and what anybody said is thrown away."""
        ...

    def burn(self, meeting: int) -> bool:
        """Destroy the keys under which all of it stood. False until that was seen to have happened."""
        ...

    def earlier(self, meeting: Meeting, most: int) -> Sequence[Earlier]:
        """How those before it were, of its series or else its theme, where enough said so; the last first."""
        ...

    def of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of them, by table: not what they said."""
        ...

    def merge(self, old: int, new: int) -> None:
        """Two residents are one person, of whom the later one counts."""
        ...

    def forget(self, resident: int) -> None: ...


RATINGS: StoreKey[RatingStore] = StoreKey("ratings")

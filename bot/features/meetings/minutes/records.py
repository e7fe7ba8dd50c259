"""What is written down of a meeting, what somebody promised there, and what these need kept.

A version of the minutes is no copy: each line says from which version on it stands there, and in which it
does not any more. So whoever is forgotten is nobody in all of them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.ports.people import Exported
from bot.ports.storage import StoreKey

SUBJECT = "minutes"
# More than stand in any minutes.
ALL = 1_000_000


class Kind(StrEnum):
    """What somebody writes down."""

    NOTE = "note"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What stands in the minutes of a meeting; `resident` wrote it, None of whoever was forgotten.

    `number` tells it from the others of its meeting, also where it says something else in a later version:
    it stands there `since` that version, and in all before the one in which it ends (`until`; None: it does
    not).
    """

    meeting: int
    number: int
    kind: Kind
    resident: int | None
    words: str
    said_at: datetime
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A version of the minutes that stands; `resident` approved it, None of whoever was forgotten."""

    meeting: int
    version: int
    resident: int | None
    approved_at: datetime


class MinutesStore(Protocol):
    """What minutes need kept. Whoever changes any holds their meeting."""

    def last(self, meeting: int) -> int:
        """The number of the line that was written last; 0: none was. No number is given out again."""
        ...

    def own(self, meeting: int, resident: int) -> int:
        """How many lines somebody wrote of a meeting, also those that were taken back."""
        ...

    def add(self, line: Line) -> None: ...

    def count(self, meeting: int, version: int) -> int:
        """How many stand in a version."""
        ...

    def lines(self, meeting: int, version: int, *, after: int = 0, most: int = ALL) -> Sequence[Line]:
        """Those that stand in a version, but for so many, the first first."""
        ...

    def line(self, meeting: int, number: int, version: int) -> Line | None:
        """The one that is called so in a version."""
        ...

    def reword(self, line: Line, kind: Kind, words: str) -> None:
        """That is what it says, in the version in which it began and those after it."""
        ...

    def end(self, line: Line, version: int) -> None:
        """From that version on it does not stand there any more."""
        ...

    def drop(self, line: Line) -> None:
        """It stands in no version, and its words are not kept."""
        ...

    def is_changed(self, meeting: int, version: int) -> bool:
        """Whether anything began or ended with that version."""
        ...

    def approval(self, meeting: int, version: int | None = None) -> Approval | None:
        """Who approved that version, or the newest."""
        ...

    def approve(self, approval: Approval) -> None: ...

    def merge(self, old: int, new: int) -> None:
        """What either wrote and approved is one person's."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """What they wrote and approved is nobody's. The meetings of which that is."""
        ...

    def rows_of(self, resident: int) -> Exported:
        """All that is kept of what they wrote and approved."""
        ...


MINUTES: StoreKey[MinutesStore] = StoreKey("minutes")


# --- what was promised ---


class State(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is to be done, as it was noted in a meeting: by `noted_by`, in its theme, and its series if any.

    `promised_by` said so, and `owner` does it now; None: nobody yet or any more, or somebody who was
    forgotten. `for_nobody`: it was noted without anybody. `due_on`: by when, where that was said. It stands
    in the minutes since a version, and until one, as a line does.
    """

    theme: int
    meeting: int
    series: int | None
    words: str
    noted_by: int | None
    promised_by: int | None
    owner: int | None
    for_nobody: bool
    due_on: date | None
    noted_at: datetime
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Promise):
    """A promise by its number, and what became of it since `ended_at`."""

    id: int
    state: State = State.OPEN
    ended_at: datetime | None = None


class ActionStore(Protocol):
    """What promises need kept."""

    def add(self, promise: Promise) -> Action: ...

    def get(self, action: int) -> Action | None:
        """The action, held until the transaction ends."""
        ...

    def themes(self) -> Collection[int]:
        """In which any is open."""
        ...

    def open_in(self, themes: Collection[int]) -> Sequence[Action]:
        """Those that are open in these themes, the first to be due first."""
        ...

    def open_of(self, theme: int) -> Iterable[tuple[int, int, int | None]]:
        """The numbers of those that are open in a theme, and of the meeting in which each was made and its
        series, the first to be due first.
        """
        ...

    def those(self, actions: Sequence[int]) -> Sequence[Action]:
        """The ones with these numbers, in that order."""
        ...

    def noted(self, meeting: int, version: int) -> Sequence[Action]:
        """Those that stand in a version of the minutes, the first first."""
        ...

    def is_changed(self, meeting: int, version: int) -> bool:
        """Whether any began or ended to stand there with that version."""
        ...

    def change(self, action: Action, **changes: Any) -> Action:
        """The action as it is with these fields changed."""
        ...

    def drop(self, action: Action) -> None:
        """It was never noted."""
        ...

    def end(self, theme: int, at: datetime) -> None:
        """All that is open there is dropped."""
        ...

    def merge(self, old: int, new: int) -> None:
        """What either noted, promised and does is one person's."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """What they noted, promised and do is nobody's; what they have not done is the theme's. The meetings
        of which that is.
        """
        ...

    def rows_of(self, resident: int) -> Exported:
        """All that is kept of what they noted, promised and do."""
        ...


ACTIONS: StoreKey[ActionStore] = StoreKey("actions")

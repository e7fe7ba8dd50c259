"""What a draw for a meeting is, and what is kept of turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.lot.listing import Listed
from bot.ports.storage import StoreKey


class Duty(StrEnum):
    """What somebody does at a meeting, when it is their turn."""

    CHAIR = "chair"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw for a meeting: its list, the number that decided it, and who does what, by their place in the
    list, from 1, in the order in which they were drawn.
    """

    id: int
    theme: int
    meeting: int
    number: str
    code: str
    at: datetime
    listed: Sequence[Listed]
    turns: Mapping[Duty, int]


class TurnStore(Protocol):
    """What draws for meetings need kept."""

    def add(
        self,
        theme: int,
        meeting: int,
        asker: int,
        number: str,
        code: str,
        at: datetime,
        listed: Sequence[Listed],
        turns: Mapping[Duty, int],
    ) -> int:
        """The number of the draw."""
        ...

    def get(self, draw: int) -> Drawn | None: ...

    def holders(self, theme: int, meeting: int) -> Mapping[Duty, int]:
        """Who was drawn last for each duty at a meeting of a theme; nobody who was forgotten."""
        ...

    def turns(self, theme: int) -> Mapping[int, datetime]:
        """When who had a turn in a theme was drawn last."""
        ...

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of them, by table."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None:
        """In every list they are nobody, and what they asked was asked by nobody."""
        ...


TURNS: StoreKey[TurnStore] = StoreKey("turns")

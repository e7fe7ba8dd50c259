"""What somebody is to a theme, and what has to be kept of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol

from bot.model.people import Resident
from bot.ports.storage import StoreKey


class Involvement(IntEnum):
    """What somebody is to a theme; whoever is more is the rest as well."""

    FOLLOWS = 1
    TAKES_PART = 2
    PULLS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """That somebody wants to pull a theme, which somebody else has to say yes to."""

    id: int
    theme: int
    resident: Resident


class ThemeStore(Protocol):
    """What people are to themes, which they said themselves, and who wants to pull one."""

    def hold(self, theme: int) -> None:
        """Nobody else changes what people are to it until the end."""
        ...

    def of(self, resident: int) -> Mapping[int, Involvement]:
        """What somebody is to each theme that they are something to."""
        ...

    def counts(self, themes: Collection[int]) -> Mapping[int, Mapping[Involvement, int]]:
        """Of each theme for how many people it is the most that they are."""
        ...

    def pulling(self, themes: Collection[int]) -> Mapping[int, Sequence[Resident]]:
        """Who pulls each of them, the first that did first."""
        ...

    def involve(self, theme: int, resident: int, how: Involvement | None, at: datetime) -> None:
        """They are that to it from now on, and nothing else."""
        ...

    # --- who wants to pull one ---

    def ask(self, theme: int, resident: int, at: datetime) -> int:
        """They want to; the number of that."""
        ...

    def request(self, number: int) -> Request | None: ...

    def requests(self, theme: int) -> Sequence[Request]:
        """Those that wait, the first first."""
        ...

    def requests_by(self, resident: int) -> Sequence[Request]: ...

    def drop(self, number: int) -> None:
        """It waits no more."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None: ...

    def involvements_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they are to themes, by column."""
        ...

    def requests_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they want to pull, by column."""
        ...


THEMES: StoreKey[ThemeStore] = StoreKey("themes")

"""Since when what people say is carried between the places of a theme, and what has to be kept of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.model.people import Resident
from bot.ports.storage import StoreKey


@dataclass(frozen=True, slots=True)
class Relay:
    """`resident`: who switched it on; None: somebody of whom nothing is kept any more."""

    theme: int
    since: datetime
    resident: Resident | None


class RelayStore(Protocol):
    """The themes whose relay is on."""

    def of(self, theme: int) -> Relay | None: ...

    def all(self) -> Mapping[int, datetime]:
        """Each with since when."""
        ...

    def begin(self, theme: int, resident: int, now: datetime) -> bool:
        """Whether it was off."""
        ...

    def end(self, theme: int) -> bool:
        """Whether it was on."""
        ...

    def merge(self, old: int, new: int) -> None: ...
    def forget(self, resident: int) -> None: ...
    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]: ...


RELAYS: StoreKey[RelayStore] = StoreKey("relay")

"""Since when what people say is carried between the places of a theme, and what has to be kept of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.model.people import Place, Resident
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

    # --- where what people say is encrypted ---

    def agree(self, theme: int, places: Collection[Place], resident: int, now: datetime) -> None:
        """Words may leave these places of it, until it is off."""
        ...

    def agreed(self, theme: int) -> Collection[Place]: ...

    # --- whose words stay where they are ---

    def stay_out(self, resident: int, since: datetime) -> bool:
        """Whether that is news."""
        ...

    def come_back(self, resident: int) -> bool:
        """Whether they stayed out."""
        ...

    def out_since(self, resident: int) -> datetime | None: ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...
    def forget(self, resident: int) -> None: ...
    def export(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]: ...


RELAYS: StoreKey[RelayStore] = StoreKey("relay")

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

    def begin(
        self, theme: int, resident: int, now: datetime, *, encrypted: bool = False
    ) -> Collection[Place]:
        """From now on what is said in its places is carried; where that is encrypted only if they say so.
        Which did not take part yet.
        """
        ...

    def end(self, theme: int) -> bool:
        """Nothing is carried any more. Whether it was on."""
        ...

    # --- whose words stay where they are ---

    def stay_out(self, resident: int, since: datetime) -> bool:
        """Whether that is news."""
        ...

    def come_back(self, resident: int, now: datetime) -> bool:
        """Whether they stayed out. What they said before now does, heard later or not."""
        ...

    def out_since(self, resident: int) -> datetime | None: ...

    def was_out(self, resident: int, at: datetime) -> bool:
        """Whether they stayed out at that moment, and came back since."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...
    def forget(self, resident: int) -> None: ...
    def export(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]: ...


RELAYS: StoreKey[RelayStore] = StoreKey("relay")

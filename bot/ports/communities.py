"""Which communities there are, and whose something is that says so itself: asked by nobody in particular."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.people import Identity, Place, Resident


@dataclass(frozen=True, slots=True)
class Community:
    """A community that is kept. `key`: by what the configuration knows it; `served`: it names it now."""

    number: int
    name: str
    key: str
    served: bool


@dataclass(frozen=True, slots=True)
class Change:
    """That somebody set something for a community. Without a value: as the configuration says; without `by`:
    somebody of whom nothing is kept any more.
    """

    name: str
    value: str | None
    at: datetime
    by: Resident | None


class CommunityStore(Protocol):
    def all(self) -> Sequence[Community]:
        """By their numbers."""
        ...

    def add(self, name: str) -> int:
        """Make a community of that name; its number."""
        ...

    def put(self, community: Community) -> None:
        """The one of that number is called and known so from now on."""
        ...

    def of_place(self, place: Place) -> int | None:
        """None where Plein does not know that place."""
        ...

    def places_on(self, platform: str) -> Mapping[Place, int]:
        """All places on that platform where Plein is, each with whose it is."""
        ...

    def of_residents(self, numbers: Collection[int]) -> Mapping[int, int]:
        """Whose each resident is; those that do not exist are left out."""
        ...

    def that_handled(self, event: str) -> int | None:
        """Where the event of that id was dealt with already."""
        ...

    def used_by(self, who: Identity) -> Mapping[int, datetime | None]:
        """Those that an account used, each with when that chose it for what it says in private."""
        ...

    # --- of the transaction's own community ---

    def settings(self) -> Mapping[str, str]:
        """What was set in the chat, by name, as it was written; all else is as the configuration says."""
        ...

    def change(self, name: str, value: str | None, by: int, now: datetime) -> None:
        """A resident sets it; None: it is as the configuration says again."""
        ...

    def changes(self, most: int) -> Sequence[Change]:
        """Who set what, the last first."""
        ...

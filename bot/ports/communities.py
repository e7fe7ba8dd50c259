"""Which communities there are, and whose something is that says so itself: asked by nobody in particular."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from bot.model.people import Identity, Place


class CommunityStore(Protocol):
    def all(self) -> Mapping[int, str]:
        """Each by its number, with its name."""
        ...

    def add(self, name: str) -> int:
        """Make a community of that name; its number."""
        ...

    def of_place(self, place: Place) -> int | None:
        """None where Plein does not know that place."""
        ...

    def of_residents(self, numbers: Collection[int]) -> Mapping[int, int]:
        """Whose each resident is; those that do not exist are left out."""
        ...

    def that_handled(self, event: str) -> int | None:
        """Where the event of that id was dealt with already."""
        ...

    def used_last(self, who: Identity) -> int | None:
        """In which of them that account was used last; None where it never was."""
        ...

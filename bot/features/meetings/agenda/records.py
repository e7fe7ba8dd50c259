"""What an item of an agenda is, and what agendas need kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.ports.storage import StoreKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to speak of at a meeting, by the number that it has on that agenda for good.

    `resident` added it: nobody, once they were forgotten. `place` is where an organiser put it, from 0; None:
    nowhere yet. `supports`: so many others want it too. `taken_off`: who dropped it organises the meeting.
    """

    id: int
    meeting: int
    number: int
    resident: int | None
    called: str
    minutes: int
    place: int | None = None
    supports: int = 0
    taken_off: bool = False

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Total:
    """How many items there are, and how long they last together."""

    count: int
    minutes: int

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def too_long_for(self, time: timedelta) -> timedelta:
        """By how much they are longer than that; nothing where they are not."""
        return max(self.lasts - time, timedelta())


class AgendaStore(Protocol):
    """What agendas need kept. Whoever changes one holds its meeting."""

    def add(self, meeting: int, resident: int, called: str, minutes: int, at: datetime) -> Item:
        """Its number is the next on that agenda."""
        ...

    def items(self, meeting: int) -> Sequence[Item]:
        """What stands on an agenda: first as an organiser put it, then what most want."""
        ...

    def total(self, meeting: int) -> Total: ...

    def dropped(self, meeting: int, number: int) -> Item | None:
        """One that was dropped from it."""
        ...

    def change_length(self, item: Item, minutes: int) -> None: ...

    def drop(self, item: Item, *, taken_off: bool) -> None: ...

    def put_back(self, item: Item) -> None:
        """One that was dropped is there again, where it was."""
        ...

    def order(self, items: Sequence[Item]) -> None:
        """These come one behind the other from now on."""
        ...

    def support(self, item: Item, resident: int, at: datetime) -> None: ...

    def stop_supporting(self, item: Item, resident: int) -> None: ...

    def supported_by(self, meeting: int, resident: int) -> Collection[int]:
        """The numbers of the items there that they support, of others and of their own."""
        ...

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of them, by table."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None:
        """What they added stays, as nobody's; what they supported they do no more."""
        ...


AGENDAS: StoreKey[AgendaStore] = StoreKey("agendas")

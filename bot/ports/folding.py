"""What the core needs kept of folds, in which several messages stand as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.people import Place
from bot.ports.carrying import Wanted


@dataclass(frozen=True, slots=True)
class Share:
    """What one message has of several that stand as one: so long as it is written there, and whether it
    stands under the name of whoever said it.
    """

    message: int
    length: int
    named: bool


class FoldStore(Protocol):
    """Which messages stand as one, or are being sent so."""

    def following(self, wanted: Wanted, limit: int) -> Sequence[Wanted]:
        """It, and what waits in its place behind it without a gap and may go with it."""
        ...

    def begin(
        self, wanted: Sequence[Wanted], lengths: Sequence[int], now: datetime, *, named: bool
    ) -> int | None:
        """These are being sent as one, by that number; None where one of them is otherwise by now."""
        ...

    def sending(self, fold: int, place: Place) -> Sequence[Wanted]:
        """Those that are being sent as one."""
        ...

    def undo(self, fold: int, *, refused: bool) -> None:
        """They are sent each by itself after all; where they were `refused` as one, never again as one."""
        ...

    def done(self, fold: int) -> None:
        """All of them stand there; nothing is kept of their words."""
        ...

    def shares(self, fold: int) -> Sequence[Share]:
        """What stands there, in order."""
        ...

    def reworded(self, fold: int, message: int, length: int) -> None:
        """One of them is so long from now on."""
        ...

    def take_out(self, fold: int, message: int) -> None:
        """One of them stands there no more."""
        ...

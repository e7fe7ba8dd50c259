"""What the core needs kept of Plein's own accounts: which are at work, and what each has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.events import Arrival


class AccountStore(Protocol):
    def serve(self, account: str, platform: str, now: datetime) -> None:
        """It is at work now. What belonged to none of its platform's accounts so far is its own."""
        ...

    def is_away(self, account: str, since: datetime) -> bool:
        """Whether it was not at work any more at that moment, or never was."""
        ...

    def succeed(self, account: str, platform: str, since: datetime) -> None:
        """People to whom an account talked that was not at work any more at that moment talk to this one."""
        ...


class KeepsStore(Protocol):
    """Small things that one of Plein's accounts keeps, each under a name."""

    def get(self, account: str, name: str) -> str | None: ...

    def put(self, account: str, name: str, value: str) -> None: ...

    def all(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """Those whose names begin like that."""
        ...


class InboxStore(Protocol):
    def add(
        self, account: str, arrivals: Sequence[Arrival], cursor: str, now: datetime, stream: str = ""
    ) -> Sequence[Arrival]: ...

    def waiting(self, account: str, undecryptable: bool, stream: str = "") -> Sequence[Arrival]: ...

    def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """How far each stream was read whose name begins like that."""
        ...

    def done(self, account: str, seqs: Sequence[int]) -> None: ...

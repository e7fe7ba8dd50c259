"""What the core needs kept of Plein's own accounts: which are at work, and what each has read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.model.events import Arrival
from bot.model.people import Place


@dataclass(frozen=True, slots=True)
class HeardUntil:
    """All that was said until then, by its platform's clock, an account has in its inbox or has dealt with;
    in these places until earlier. None: in private.
    """

    until: datetime
    behind: Mapping[Place | None, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unheard:
    """An account that has not dealt with all that was said; `is_read`: it has read it, and it waits."""

    account: str
    platform: str
    is_read: bool


class AccountStore(Protocol):
    """Plein's own accounts: which are at work, and until when each has heard."""

    def serve(self, account: str, platform: str, now: datetime) -> None:
        """It is at work now. What belonged to none of its platform's accounts so far is its own."""
        ...

    def is_away(self, account: str, since: datetime) -> bool:
        """Whether it was not at work any more at that moment, or never was."""
        ...

    def at_work(self, platform: str, since: datetime) -> Sequence[str]:
        """Those of a platform that were at work since then, in an order that stays."""
        ...

    def succeed(self, account: str, platform: str, since: datetime) -> None:
        """People to whom an account talked that was not at work any more at that moment talk to this one."""
        ...

    def heard(self, hearing: Mapping[str, HeardUntil]) -> None:
        """How far each account has heard."""
        ...

    def heard_until(self, account: str) -> datetime | None:
        """How far it had, as that was said last."""
        ...

    def unheard(
        self, theme: int, until: datetime, now: datetime, awaited: Collection[str] = ()
    ) -> Sequence[Unheard]:
        """Which accounts with places of a theme may not have dealt yet with all that was said until then, in
        these places or in private.

        Those count that were at work within a day, and all on platforms that are `awaited`.
        """
        ...

    def is_behind(self, theme: int, until: datetime, now: datetime, asking: int = 0) -> bool:
        """Whether anything said until then waits in the inbox of an account with places of a theme: of what
        was said there, or in private.

        `asking`: the number there of what asks, which does not wait for itself.
        """
        ...


class KeepsStore(Protocol):
    """Small things that one of Plein's accounts keeps, each under a name."""

    def get(self, account: str, name: str) -> str | None: ...

    def put(self, account: str, name: str, value: str) -> None: ...

    def all(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """Those whose names begin like that."""
        ...

    def drop(self, account: str, name: str) -> None: ...


class InboxStore(Protocol):
    """What arrived and was not dealt with yet, by Plein's accounts, and how far each stream was read."""

    def add(
        self, account: str, arrivals: Sequence[Arrival], cursor: str | None, now: datetime, stream: str = ""
    ) -> Sequence[Arrival]: ...

    def waiting(self, account: str, undecryptable: bool, stream: str = "") -> Sequence[Arrival]: ...

    def holds(self, account: str, place: Place) -> bool:
        """Whether something waits there that was said in that place, and can be read."""
        ...

    def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """How far each stream was read whose name begins like that."""
        ...

    def done(self, account: str, seqs: Sequence[int]) -> None: ...

    def close(self, account: str, stream: str) -> None:
        """Nothing comes there any more: how far it was read is forgotten."""
        ...

"""What a reminder is, its settings, and what reminders need kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from pydantic import Field

from bot import when
from bot.errors import UserError
from bot.ports.storage import StoreKey
from bot.settings import Section

SUBJECT = "reminder"


def said_of(reminder: int) -> str:
    """How the keys begin of all that was said of it: that goes with it, for who is forgotten later."""
    return f"{SUBJECT}:{reminder}:"


class RemindersSettings(Section):
    """How many reminders one person has at once."""

    most: Annotated[int, Field(ge=1, le=1000)] = 50


class Repeated(NamedTuple):
    """What comes back at that time on the clock, from its first day on."""

    rule: when.Rule
    wall: time
    first: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to be reminded of, by whom it is theirs.

    `account` is the address of the one of theirs that asked. With a `theme` it is said in all of its places,
    else to them alone. One that is repeated comes back by its `rule`, at that time on the `wall` by the
    clocks of `zone`.
    """

    resident: int
    theme: int | None
    words: str
    due_at: datetime | None
    rule: when.Rule | None = None
    wall: time | None = None
    zone: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Asked):
    """`due_at`: when it is said next; None once it was said, and does not come back. `snoozed_to`: when what
    was said is said once more. `version` is raised by each change.
    """

    id: int
    snoozed_to: datetime | None = None
    stopped: bool = False
    version: int = 1

    @property
    def next_at(self) -> datetime | None:
        """When something of it is said next; None: nothing is, as things stand."""
        moments = [at for at in (self.due_at, self.snoozed_to) if at and not self.stopped]
        return min(moments, default=None)


def first_after(repeated: Repeated, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment that is still to come."""
    # Where they are from, the clocks may be in another day.
    since = now.astimezone(zone).date() - timedelta(days=1)
    moments = (moment(day, repeated.wall, zone) for day in when.dates(repeated.rule, repeated.first, since))
    return next((at for at in moments if at > now), None)


def missed_and_next(
    rule: when.Rule, wall: time, zone: ZoneInfo, due: datetime, now: datetime
) -> tuple[datetime, datetime | None]:
    """Of what was due then the last moment that has come, and the first that has not."""
    last = due
    for day in when.dates(rule, due.astimezone(zone).date()):
        at = moment(day, wall, zone)
        if at > now:
            return last, at
        last = max(last, at)
    return last, None


def moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """When it is that time on the clocks there. An hour that they skip is the one after it; of one that comes
    twice it is the first.
    """
    try:
        return when.at(day, wall, zone)
    except UserError:
        return datetime.combine(day, wall, zone).astimezone(UTC)


class ReminderStore(Protocol):
    """What reminders need kept. Those that are to be said again are those that there are for people."""

    def add(self, asked: Asked) -> Reminder: ...

    def get(self, reminder: int) -> Reminder | None:
        """It is held until the transaction ends."""
        ...

    def of(self, resident: int) -> Sequence[Reminder]:
        """Theirs that are to be said; the first to be said first."""
        ...

    def themes(self) -> Collection[int]:
        """In which any is to be said."""
        ...

    def in_theme(self, theme: int) -> Sequence[Reminder]:
        """Those to be said in that theme, whosever they are."""
        ...

    def change(self, reminder: int, changes: Mapping[str, Any]) -> None: ...

    def drop(self, reminder: int) -> None: ...

    def end(self, theme: int) -> Sequence[int]:
        """Which there were in that theme, kept no more."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def part(self, resident: int, new: int, accounts: Sequence[str]) -> None:
        """What these accounts asked for is the new one's from now on."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """Which they had, kept no more."""
        ...

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of theirs, by column."""
        ...


REMINDERS: StoreKey[ReminderStore] = StoreKey("reminders")

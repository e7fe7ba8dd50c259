"""What a poll is, and what polls need kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from bot.model.people import Role
from bot.ports.storage import StoreKey

SUBJECT = "poll"
DAY = timedelta(days=1)


class Kind(StrEnum):
    """How people answer, and how that is counted."""

    CHOICE = "choice"
    APPROVAL = "approval"
    SCORE = "score"
    RANKED = "ranked"
    CONSENT = "consent"
    DATES = "dates"


class Results(StrEnum):
    """When the count is shown: as it stands, to those who voted, or after closing."""

    LIVE = "live"
    VOTED = "voted"
    CLOSED = "closed"


class Voters(StrEnum):
    """Who may vote."""

    EVERYONE = "everyone"
    MEMBERS = "members"
    ORGANISERS = "organisers"
    MODERATORS = "moderators"


# The role that somebody needs there; who takes part and has none may vote where the others may.
ROLES = {Voters.ORGANISERS: Role.ORGANISER, Voters.MODERATORS: Role.MODERATOR}
# What a ballot says, as its kind counts it: numbers of options (in order of preference where they are
# ranked), or one mark for each option, in order. () is no ballot.
Choices = tuple[int, ...]
# There is a ballot, and nobody reads it before the end; or the key to it is gone: it still counts as one,
# until a new one takes its place.
SEALED: Choices = (-1,)
UNREADABLE: Choices = (0,)
# In characters, whatever they are: what is sealed has room for so many.
LONGEST_REASON = 280


class Reason(NamedTuple):
    """Why somebody objects: in which words, and on which account they said so, where that is known."""

    words: str
    account: str = ""


# How many ballots say the same.
Ballots = Sequence[tuple[Choices, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is settled before a poll opens, and never changes after it, but for a later closing time.

    `floor`: with fewer ballots that can be counted an anonymous poll has no result; 0 in any other.
    """

    theme: int
    opener: int
    question: str
    options: tuple[str, ...]
    kind: Kind = Kind.CHOICE
    at_most: int = 1
    results: Results = Results.LIVE
    anonymous: bool = False
    who: Voters = Voters.EVERYONE
    quorum: int = 0
    floor: int = 0
    opened_at: datetime
    closes_at: datetime

    @property
    def secret(self) -> bool:
        """Nobody is to see how somebody votes, or how it stands, before the end."""
        return self.anonymous or self.results is not Results.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll(Plan):
    """`state` is planned, open, closed or cancelled; `ended_at` is when it stopped being open."""

    id: int
    state: str = "open"
    voters: int = 0
    ended_at: datetime | None = None
    outcome: str | None = None
    review_at: datetime | None = None
    reminded: bool = False
    # Since when it waits for what was said in time; on which platforms that is, or in the end was.
    waits_since: datetime | None = None
    unheard: str | None = None
    # An account left somebody who voted in it, and is kept out of it.
    was_left: bool = False

    @property
    def ends_at(self) -> datetime:
        """Until when what is said counts; it waits since before its time where somebody closed it."""
        return min(self.closes_at, self.waits_since or self.closes_at)

    @property
    def is_closing(self) -> bool:
        """Whether it was closed by hand, as soon as what was said before that is counted."""
        return self.state == "open" and self.ends_at < self.closes_at

    def takes_votes(self, at: datetime) -> bool:
        return self.state == "open" and at < self.ends_at


@dataclass(frozen=True, slots=True)
class Cast:
    """A ballot as it was cast: of one in an anonymous poll nothing but that there is one."""

    poll: int
    anonymous: bool
    choices: Choices
    reason: str | None
    cast_at: datetime | None


def shown_date(option: str) -> datetime | date:
    """What an option of a poll about dates stands for: a moment, or a whole day."""
    return date.fromisoformat(option) if is_whole_day(option) else datetime.fromisoformat(option)


def is_whole_day(option: str) -> bool:
    """Whether it is kept as "2026-12-08", without an hour."""
    return "T" not in option


def begins(option: str, zone: tzinfo) -> datetime:
    """When a date begins; a whole day at its midnight there."""
    moment = datetime.fromisoformat(option)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def first_date(options: Sequence[str], zone: tzinfo) -> str:
    """The option that comes first."""
    return min(options, key=lambda option: begins(option, zone))


def secret_of(poll: int) -> str:
    """What is said of an anonymous poll is kept under this name (Call.confide)."""
    return f"poll-{poll}"


def reminders_of(poll: int) -> str:
    """How the keys begin of what reminds those who have not voted in it."""
    return f"{SUBJECT}:{poll}:reminder:"


class PollStore(Protocol):
    """What polls need kept."""

    def add(self, plan: Plan, state: str) -> Poll: ...

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        """The poll, held until the transaction ends, and what this voter chose: SEALED if it is anonymous."""
        ...

    def themes(self) -> Collection[int]:
        """In which any poll was asked."""
        ...

    def running(self, among: Collection[int], voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        """The open polls of these themes, the newest first, held like `get`."""
        ...

    def planned(self, among: Collection[int], most: int) -> Sequence[Poll]:
        """Their polls that open later, the first to open first."""
        ...

    def of(self, resident: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        """Polls that this resident opened or voted in, the newest first."""
        ...

    def latest(self, among: Collection[int], most: int) -> Sequence[Poll]:
        """All that were asked there, the open ones first, then those that open later, the newest first.

        They are not held.
        """
        ...

    def last_closed(self, theme: int) -> Poll | None: ...

    def standing(self, opener: int) -> Sequence[int]:
        """The numbers of their polls that are open or planned."""
        ...

    def ballots(self, poll: Poll) -> Iterator[Ballots]:
        """How often each ballot was cast, page by page. An anonymous poll has none before it is closed."""
        ...

    def reasons(self, poll: Poll) -> Sequence[str]:
        """Why people objected, without their names."""
        ...

    def vote(
        self,
        poll: Poll,
        voter: int,
        before: Choices,
        after: Choices,
        said_at: datetime,
        reason: str | Sequence[Reason] | None,
    ) -> None:
        """`after` is their ballot, as they said at that moment; () takes it back."""
        ...

    def said_by(self, poll: int, voter: int) -> Sequence[Reason]:
        """Why they object in that poll, as it stands; of who was several people, why each did."""
        ...

    def said_at(self, poll: int, voter: int) -> datetime | None:
        """When they said what stands in that open poll, or took it back; None where they never did."""
        ...

    def repeated(self, poll: Poll, voter: int, event: str, said_at: datetime) -> bool:
        """Whether that event of theirs was dealt with in this anonymous poll; from now on it was.

        Nothing that can be counted is kept of it, and nothing at all once the poll is over.
        """
        ...

    def change(self, poll: int, changes: Mapping[str, Any]) -> None:
        """Fields of a poll, by their names."""
        ...

    def end(self, poll: Poll, state: str, now: datetime, by: int | None = None) -> None:
        """The ballots of an anonymous poll are counted, or thrown away where it was cancelled or they are
        fewer than its floor. `by`: who ended it, where that was neither its time nor its opener.
        """
        ...

    def note_end(self, poll: int, by: int) -> None:
        """Who ends it, where that is neither its opener nor its time."""
        ...

    def burn(self, poll: int) -> bool:
        """Destroy the key under which ballots stood, and those under which people's words stood.

        That happens after the commit; False until it was seen to have happened: once more then.
        """
        ...

    def who_ended(self, poll: int) -> int | None:
        """Who ended it, where that was noted and they were not forgotten since."""
        ...

    def voted(self, poll: int, residents: Collection[int]) -> Collection[int]:
        """Those of these residents who have a ballot in it."""
        ...

    def without_ballot(self, poll: Poll) -> Sequence[int]:
        """The residents who wants to be reminded, knows of this poll, and has not voted."""
        ...

    def merge(self, old: int, new: int) -> tuple[Sequence[int], Sequence[tuple[int, Reason]]]:
        """Two residents turn out to be one person: of two ballots in an open poll the later one counts.

        The open polls in which `old` had a ballot; and by poll the reasons that they no longer give. What was
        closed stays as it was announced: there they have both.
        """
        ...

    def part(self, resident: int, new: int) -> None:
        """Accounts of a resident are a new one's: that one is kept out of the open polls where the resident
        has a ballot, in which they had a say together, and so is whoever these accounts are with later.
        """
        ...

    def keeps_out(self, poll: Poll, resident: int) -> bool:
        """Whether an account of theirs has its say there with somebody whom it left."""
        ...

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        """The polls of which they have the ballot that an account which left them had a say in; its mark."""
        ...

    def reasons_of(self, resident: int) -> Sequence[tuple[int, Reason]]:
        """In which polls they said why they object, and why; but for what is sealed."""
        ...

    def reasons_elsewhere(self, resident: int) -> Sequence[tuple[int, Reason]]:
        """The same of what their accounts said, that stands with the ballot of whoever they were one with."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """Their ballots go, and count no more in polls that are open: those are returned. So does what their
        accounts gave as a reason with the ballot of somebody else.

        What was closed keeps its figures. The polls that they opened stay too, as nobody's.
        """
        ...

    def opened_by(self, resident: int) -> Sequence[Poll]:
        """All the polls that they opened, the first one first."""
        ...

    def cast_by(self, resident: int) -> Sequence[Cast]:
        """All the ballots that they have."""
        ...

    def ended_by(self, resident: int) -> Sequence[int]:
        """The polls of others that they ended."""
        ...

    def marks_of(self, resident: int) -> Sequence[tuple[int, str, datetime | None]]:
        """What `repeated` and `said_at` go by, beside the ballots: the poll's number, marks and a moment."""
        ...


POLLS: StoreKey[PollStore] = StoreKey("polls")

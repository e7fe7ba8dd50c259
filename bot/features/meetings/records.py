"""What a meeting is, who comes and how, and what meetings need kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.ports.storage import StoreKey

SUBJECT = "meeting"
# Whoever comes brings so many others at most.
MOST_GUESTS = 9


class Way(StrEnum):
    """How somebody answers: where they will be, if they come."""

    ON_SITE = "on-site"
    ONLINE = "online"
    MAYBE = "maybe"
    NO = "no"


# Those that take a place.
PLACES = (Way.ON_SITE, Way.ONLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is settled when a meeting is planned; by nobody, once whoever did was forgotten.

    `remind`: how many seconds before it begins people are reminded, the first first: "86400 3600".
    `place` is where it is in person, `link` where it is online; there is at least one of them. `room` and
    `online_room` are for how many people there is place; None: for however many.
    """

    theme: int
    organiser: int | None
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None = None
    link: str | None = None
    about: str | None = None
    room: int | None = None
    online_room: int | None = None
    remind: str = ""

    @property
    def moments(self) -> Sequence[int]:
        """How many seconds before it begins people are reminded."""
        return [int(before) for before in self.remind.split()]

    @property
    def ways(self) -> Sequence[Way]:
        """The ways in which one can be there."""
        return [way for way, where in ((Way.ON_SITE, self.place), (Way.ONLINE, self.link)) if where]

    def room_for(self, way: Way) -> int | None:
        """For how many people there is place that way; None: for however many."""
        return self.room if way is Way.ON_SITE else self.online_room


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Plan):
    """`state` is planned, held or cancelled, and then `why` says for what reason. `version` is raised by each
    change.

    `moved_from`: when it was to begin, until it was moved. `told`: when and where it is, and its state, as
    those who come were told last; and who changed it since.
    """

    id: int
    state: str = "planned"
    version: int = 1
    why: str | None = None
    moved_from: datetime | None = None
    told: str = ""

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at

    def is_over(self, at: datetime) -> bool:
        return self.ends_at <= at

    def takes_answers(self, at: datetime) -> bool:
        return self.state == "planned" and not self.has_begun(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said of a meeting. `party` counts them and whom they bring.

    `seat` is the way in which they have a place: where that is not `way`, they wait for one since `since`.
    `known` is the place that they were told of last, and `said_at` when they said so, the last time.
    `resident` is None of whoever has no account: that is `name`, for whom an organiser answered. `shown`:
    others may see that they come.
    """

    id: int
    meeting: int
    resident: int | None
    way: Way
    seat: Way | None
    since: datetime
    said_at: datetime
    known: Way | None = None
    party: int = 1
    shown: bool = False
    name: str | None = None

    @property
    def waits(self) -> bool:
        return self.way in PLACES and self.seat is not self.way


@dataclass(frozen=True, slots=True)
class Figures:
    """How many people said what of a meeting: by their way, and where they have a place."""

    people: Mapping[tuple[Way, Way | None], int]

    def said(self, way: Way) -> int:
        """How many answered that way, with a place or without."""
        return sum(count for (said, _), count in self.people.items() if said is way)

    def taken(self, way: Way) -> int:
        """How many have a place that way."""
        return sum(count for (_, seat), count in self.people.items() if seat is way)

    def waiting(self, way: Way) -> int:
        """How many wait for a place that way."""
        return sum(count for (said, seat), count in self.people.items() if said is way and seat is not way)

    @property
    def coming(self) -> int:
        return sum(count for (_, seat), count in self.people.items() if seat)


class MeetingStore(Protocol):
    """What meetings need kept."""

    def add(self, plan: Plan, told: str) -> Meeting: ...

    def get(self, meeting: int) -> Meeting | None:
        """The meeting, held until the transaction ends."""
        ...

    def themes(self) -> Collection[int]:
        """In which any meeting was planned."""
        ...

    def coming(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        """Those of these themes that are planned, the first to begin first."""
        ...

    def latest(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        """All of these themes, those that begin last first."""
        ...

    def held(self, theme: int, most: int) -> Sequence[Meeting]:
        """Those of a theme that took place, the latest first."""
        ...

    def of(self, resident: int, now: datetime, most: int) -> Sequence[Meeting]:
        """Those that they planned or answered and that are not over, also cancelled; the first first."""
        ...

    def standing(self, organiser: int) -> Mapping[int, datetime]:
        """Those that they planned and that are still to be held, with when each is over."""
        ...

    def planned_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of what they planned."""
        ...

    def change(self, meeting: int, changes: Mapping[str, Any]) -> None:
        """Fields of a meeting, by their names; its version is one more than it was."""
        ...

    def end(self, meeting: int) -> None:
        """Its time is over: it was held, where it was planned. Of whoever has no account the name goes."""
        ...

    def note_told(self, meeting: int, told: str) -> None:
        """What those who come were told last; nothing of the meeting changes by that."""
        ...

    def figures(self, meeting: int) -> Figures: ...

    def answer(self, meeting: int, resident: int) -> Answer | None:
        """What they said of it."""
        ...

    def untold(self, meeting: int, most: int) -> Sequence[Answer]:
        """Those who have a place that they were not told of, the first first."""
        ...

    def waiting(self, meeting: int) -> Sequence[Answer]:
        """Those who wait for a place, in the order in which they chose their way."""
        ...

    def for_others(self, meeting: int) -> Sequence[Answer]:
        """What organisers said for those who have no account."""
        ...

    def shown(self, meeting: int, most: int) -> Sequence[Answer]:
        """Of those who come and want that to be seen."""
        ...

    def answers(self, meeting: int, most: int) -> Sequence[Answer]:
        """What was said of it, the first first."""
        ...

    def answered_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of their answers."""
        ...

    def answered_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        """Answers in the order of their numbers, from the next after that number on."""
        ...

    def reminded_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        """The same, of those who may come and want to be reminded."""
        ...

    def keep(self, answer: Answer) -> int:
        """The answer as it is from now on, and its number; a new one has the number 0."""
        ...

    def drop(self, answer: Answer) -> None: ...

    def merge(self, old: int, new: int) -> Collection[int]:
        """Two residents turn out to be one person, who has the later of their answers to a meeting.

        The meetings that either of them answered.
        """
        ...

    def part(self, resident: int, new: int) -> Collection[int]:
        """Accounts of a resident are a new one's: that one is kept out of the meetings to come that the
        resident answered, and so is whoever these accounts are with later.

        The resident is seen to come there no more, as either may have said so. The meetings where they were.
        """
        ...

    def keeps_out(self, meeting: int, resident: int) -> bool:
        """Whether an account of theirs answered there with somebody whom it left."""
        ...

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        """The meetings that they answered with an account which left them; its mark."""
        ...

    def forget(self, resident: int) -> Collection[int]:
        """Their answers go where a meeting is to come; of what was held the figures stay, as nobody's. So
        do the meetings that they planned. Those of which they had an answer.
        """
        ...


MEETINGS: StoreKey[MeetingStore] = StoreKey("meetings")

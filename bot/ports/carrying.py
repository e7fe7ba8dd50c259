"""What the core needs kept of what is carried from place to place: where it stands, and what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.carried import Copy, Spoken, Standing
from bot.model.people import Identity, Place
from bot.model.work import Reference


@dataclass(frozen=True, slots=True)
class Stands:
    """Which message it is that stands somewhere.

    `said`: it was said there, at that moment, and answers the message of that number; else it is a copy, or
    part of one. `author` is who said it, as long as that is known and it is not gone; `changed_at` when they
    changed it last, by their platform's clock. `thread` is the number of the message in whose thread it is.
    """

    message: int
    said: bool
    at: datetime | None = None
    answers: int | None = None
    author: Identity | None = None
    gone: bool = False
    changed_at: datetime | None = None
    thread: int | None = None
    # What stands there as one with it.
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Early:
    """What somebody did with a message before anybody here knew it: changed it, or took it away (None)."""

    edition: str
    author: Identity | None
    spoken: Spoken | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made true in a place. `said`: it was said there, and can only be taken away; `first`:
    nothing of it stood there when it was wanted; `missed`: it was heard long after it was said; `uncarried`:
    it is known that it, or something of it, could not be carried there. `since` when it is wanted. `fold`: by
    which number it stands there as one with others, or is being sent so just now (`sending`)."""

    id: int
    copy: Copy
    said: bool
    first: bool
    missed: bool = False
    uncarried: bool = False
    since: datetime | None = None
    fold: int | None = None
    sending: bool = False
    speaker: int | None = None


class CopyStore(Protocol):
    """Which message is which in the places of a theme, and what is to stand there that does not yet."""

    def at(self, place: Place, ref: str) -> Stands | None:
        """What stands there."""
        ...

    def refs(self, message: int, place: Place) -> Reference:
        """Where it stands in that place, part by part."""
        ...

    def standing(self, place: Place, since: datetime) -> Sequence[Standing]:
        """What stands there of messages that were said since then, but for those that are gone where they
        were said."""
        ...

    def said(
        self,
        place: Place,
        ref: str,
        author: Identity,
        at: datetime,
        answers: int | None,
        now: datetime,
        thread: int | None = None,
    ) -> int:
        """The number of a message that somebody said there."""
        ...

    def thread_of(self, place: Place, thread: str) -> int | None:
        """The message in whose thread is what is said there in that thread; None where that is not known."""
        ...

    def keep_thread(self, place: Place, thread: str, message: int) -> None:
        """What is said in that thread there from now on is in the thread of that message."""
        ...

    def in_thread(self, place: Place, thread: str) -> Sequence[str]:
        """Where that stands there which is in the thread of the same message, and that message itself."""
        ...

    def changed(self, message: int, at: datetime) -> None:
        """Whoever said it changed it at that moment, by their platform's clock."""
        ...

    def ended(self, message: int, now: datetime) -> None:
        """It is no more where it was said: nothing changes it any more."""
        ...

    def places_of(self, message: int) -> Sequence[Place]:
        """Where it was said, first, and where a copy of it stands or is wanted."""
        ...

    def author_of(self, message: int) -> Identity | None:
        """Who said it; None where that is not known any more."""
        ...

    def speaker(self, author: Identity) -> int | None:
        """By which number it is known what they said; None: nothing is."""
        ...

    def elsewhere(self, author: Identity, until: datetime) -> int:
        """How many messages that they said until then stand elsewhere, or are to."""
        ...

    def take_away(self, speaker: int, until: datetime, limit: int, now: datetime) -> bool:
        """So many of what was said by whoever goes by that number until then are to be gone elsewhere, and
        are nobody's from then on; whether there may be more, or any of it stands there still.
        """
        ...

    def said_since(
        self, author: Identity, places: Collection[Place], since: datetime, until: datetime
    ) -> int:
        """How many messages they said in these places between these moments, which are not gone."""
        ...

    def take_everywhere(
        self,
        author: Identity,
        places: Collection[Place],
        since: datetime,
        until: datetime,
        limit: int,
        now: datetime,
    ) -> bool:
        """So many of these are to be gone everywhere, where they were said too; whether there may be more."""
        ...

    def disown(self, author: Identity) -> int | None:
        """What they said is nobody's from now on, and what is not said elsewhere yet never is; by which
        number it is still known what else that is.
        """
        ...

    def unname(self, speaker: int, limit: int, now: datetime) -> bool:
        """So much of what was said by whoever went by that number is to stay elsewhere in nobody's name;
        whether there may be more.
        """
        ...

    def want(
        self,
        message: int,
        places: Collection[Place],
        spoken: Spoken | None,
        edition: str,
        now: datetime,
        *,
        missed: bool = False,
        by: Identity | None = None,
    ) -> None:
        """It is to stand so in these places; None: nowhere there. `missed`: it was heard long after it was
        said. `by`: they said it just now, and nothing of it stands or is wanted anywhere.

        What was not tried yet is that from now on, and is nothing at all where it is to be gone. What is
        being tried is made true first.
        """
        ...

    def unanswer(self, message: int, places: Collection[Place], now: datetime) -> None:
        """What answers it in these places answers nothing there any more, so that nothing of it is quoted."""
        ...

    def wants_gone(self, message: int, place: Place) -> bool:
        """Whether the last that is wanted of it there is that it is gone."""
        ...

    def is_under_way(self, message: int, place: Place) -> bool:
        """Whether something of it is being made true there, or may have been."""
        ...

    def wait(self, place: Place, ref: str, early: Early, now: datetime) -> None:
        """Keep what came before its message, for a minute; what is gone stays so, else the latest counts."""
        ...

    def taken(self, message: int, place: Place) -> Sequence[str]:
        """Where it stands in that place, of which somebody took away meanwhile what stood there."""
        ...

    def waited(self, place: Place, ref: str, now: datetime) -> Early | None:
        """What came before that message, which is kept no longer."""
        ...

    def end_waits(self, now: datetime) -> bool:
        """What waited for its message for its minute is kept no longer. Whether anything still waits."""
        ...

    # --- what is to be done ---

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Wanted]:
        """Of each place the first that is still to be made true, unless it has to wait."""
        ...

    def next_for(self, place: Place, account: str, now: datetime) -> Wanted | None:
        """The same for one place."""
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, wanted: Sequence[Wanted], now: datetime) -> None: ...

    def note(self, copy: Copy, part: int, ref: str, *, is_new: bool = False) -> None:
        """A part stands there now; "" nowhere any more. `is_new`: none stood there before."""
        ...

    def done(self, wanted: Wanted) -> None:
        """It is true; nothing is kept of the words."""
        ...

    def drop(self, wanted: Wanted) -> None:
        """It can never be true there; nor what else is wanted of it there."""
        ...

    def later(self, wanted: Wanted, when: datetime, *, failed: bool, in_doubt: bool) -> None: ...

    def leave_out(self, message: int, place: Place, most: int) -> Sequence[int]:
        """Of what was missed where that message was said, and of which nothing can stand in that place yet,
        only so many are still wanted there, the last; which are not.
        """
        ...

    def talking(self, place: Place, before: datetime) -> Sequence[Place]:
        """Where that was said which is wanted in that place since before then, and stands there not yet."""
        ...

    def park(self, wanted: Wanted, reason: str) -> None:
        """Set it aside, without its words; what is wanted of it next is tried again."""
        ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits in that place (None: for that account) need wait no longer."""
        ...

    def waiting(self, place: Place) -> int:
        """How much is still to be made true there."""
        ...

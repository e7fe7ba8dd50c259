"""What linking needs kept, and what residents say of themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot.model.people import Identity, Resident
from bot.ports.people import Brought
from bot.ports.storage import StoreKey

# For so long a code can be given, and then said yes to; for so long a link can be undone.
LIVES, UNDONE_WITHIN = timedelta(minutes=10), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Request:
    """That an account asked to be linked, by a code; once that was given, by which account of whom.

    `agreed`: whoever gave it said yes; whoever asked did not yet. It is there `until` that moment.
    `handle` and `given_handle`: by what their platforms tell the two accounts from every other.
    """

    id: int
    resident: int
    account: Identity
    other: int | None
    given_by: Identity | None
    agreed: bool
    until: datetime
    handle: str
    given_handle: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Accounts that joined a resident, and what they brought: it can be undone."""

    id: int
    resident: int
    accounts: Sequence[Identity]
    brought: Brought


class LinkStore(Protocol):
    """What linking needs kept. What is over at `now` is not there any more."""

    def lapse(self, now: datetime, guessed_within: timedelta) -> None:
        """What is over by now is kept no more, wrong codes of before that time neither."""
        ...

    def ask(self, account: Identity, resident: int, code: str, until: datetime, handle: str) -> None:
        """A code for that account, instead of any that it had."""
        ...

    def by_code(self, code: str, now: datetime) -> Request | None:
        """Whose code that is, if nobody gave it yet."""
        ...

    def get(self, request: int, now: datetime) -> Request | None: ...

    def waiting(self, account: Identity, now: datetime) -> Request | None:
        """What only waits for the yes of that account."""
        ...

    def give(self, request: int, account: Identity, resident: int, until: datetime, handle: str) -> bool:
        """That account gave its code, which nobody can give again. False: somebody did just now."""
        ...

    def agree(self, request: int) -> None: ...

    def drop(self, request: int) -> None: ...

    def drop_all_of(self, *residents: int) -> None:
        """Whatever they asked for, or gave."""
        ...

    def closed(self, account: Identity, now: datetime, within: timedelta) -> datetime | None:
        """Until when that account can't be linked, for wrong codes that it gave: so long at most."""
        ...

    def wrong(
        self, account: Identity, now: datetime, within: timedelta, most: int, most_together: int
    ) -> None:
        """That account gave a code that is none, which counts `within` that time.

        With the `most` of its own it is closed for as long; with the `most_together` each that gave any is.
        """
        ...

    def add(self, resident: int, accounts: Sequence[Identity], brought: Brought, until: datetime) -> int:
        """These accounts joined them; the number by which that is undone."""
        ...

    def link(self, link: int, now: datetime) -> Linked | None: ...

    def bring(
        self,
        resident: int,
        by: Collection[Identity],
        accounts: Sequence[Identity],
        brought: Brought | None,
    ) -> None:
        """These accounts are theirs as well, with what they `brought`, as they are the same person's as those
        of theirs in `by`: they are on the same side of what linked these and others.
        """
        ...

    def readmit(self, theme: int, resident: int) -> None:
        """Nobody who is one with them now was put out of that theme before."""
        ...

    def forget_link(self, link: int) -> None: ...

    def merge(self, old: int, new: int) -> None: ...

    def part(
        self, resident: int, parted: Sequence[int], brought: Brought | None = None
    ) -> Mapping[str, Any] | None:
        """Some of their accounts are those of these others: what they asked for is no use any more, and links
        can be undone where both sides of one are still one person.

        Who is called otherwise since then is in none of them by a name that may be another's. `brought`: that
        is undone, and each has their own. How they were known before those left whose name it is by now, if
        that is so.
        """
        ...

    def forget(self, resident: int) -> None: ...

    def codes_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they asked for, or gave, by column; `mine`: they asked."""
        ...

    def links_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """Who joined them lately, by column."""
        ...


LINKS: StoreKey[LinkStore] = StoreKey("links")


class About(StrEnum):
    """What somebody says of themselves: what concerns them, what they know, whom they are there for."""

    INTERESTS = "interests"
    EXPERTISE = "expertise"
    ASSOCIATIONS = "associations"


@dataclass(frozen=True, slots=True)
class Listed:
    """What somebody says of themselves about one thing. `shown`: others may know."""

    words: tuple[str, ...]
    shown: bool


class ProfileStore(Protocol):
    """What residents say of themselves, and the associations that there are.

    Words are the same for whoever overlooks capitals and accents. Those that two accounts brought stand once,
    and others may know of a list only if both let them.
    """

    def of(self, resident: int, about: About) -> Listed: ...

    def add(self, resident: int, about: About, words: Sequence[str], *, shown: bool) -> None: ...

    def remove(self, resident: int, about: About, words: Sequence[str]) -> None: ...

    def clear(self, resident: int, about: About) -> None: ...

    def show(self, resident: int, about: About, *, shown: bool) -> None:
        """Whether others may know all of that list."""
        ...

    def who(self, about: About, words: str, most: int) -> Sequence[Resident]:
        """Who lists that for others to know, by name; `most` at the most."""
        ...

    def listed(self, about: About, residents: Collection[int]) -> Mapping[int, Collection[str]]:
        """What each of these lists, folded."""
        ...

    def associations(self) -> Sequence[str]:
        """Those that there are, by the alphabet."""
        ...

    def name_association(self, name: str) -> None: ...

    def retire_association(self, name: str) -> None:
        """It is none any more, and nobody's."""
        ...

    def count(self, about: About, words: str) -> int:
        """How many people list that, for others to know or not."""
        ...

    def bring_back(self, resident: int, noted: Sequence[Sequence[Any]]) -> None:
        """What they said of themselves, as it was noted before they and another were one, is that again: with
        what the other one took away, and nothing that they hid is seen. What was taken away is hidden.
        """
        ...

    def entries_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that they say of themselves, by column."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None: ...


PROFILES: StoreKey[ProfileStore] = StoreKey("profile")

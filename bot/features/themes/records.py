"""What somebody is to a theme, and what has to be kept of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from bot.model.people import Identity, Resident
from bot.ports.storage import StoreKey


class Involvement(IntEnum):
    """What somebody is to a theme; whoever is more is the rest as well."""

    FOLLOWS = 1
    TAKES_PART = 2
    PULLS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """That somebody wants to pull a theme, which somebody else has to say yes to."""

    id: int
    theme: int
    resident: Resident


class ThemeStore(Protocol):
    """What people are to themes, which they said themselves, and who wants to pull one."""

    def hold(self, theme: int) -> None:
        """Nobody else changes what people are to it until the end."""
        ...

    def of(self, resident: int) -> Mapping[int, Involvement]:
        """What somebody is to each theme that they are something to."""
        ...

    def counts(self, themes: Collection[int]) -> Mapping[int, Mapping[Involvement, int]]:
        """Of each theme for how many people it is the most that they are."""
        ...

    def pulling(self, themes: Collection[int]) -> Mapping[int, Sequence[Resident]]:
        """Who pulls each of them, the first that did first."""
        ...

    def involve(self, theme: int, resident: int, how: Involvement | None, at: datetime) -> None:
        """They are that to it from now on, and nothing else."""
        ...

    # --- who wants to pull one ---

    def ask(self, theme: int, resident: int, at: datetime) -> int:
        """They want to; the number of that."""
        ...

    def request(self, number: int) -> Request | None: ...

    def requests(self, theme: int) -> Sequence[Request]:
        """Those that wait, the first first."""
        ...

    def requests_by(self, resident: int) -> Sequence[Request]: ...

    def drop(self, number: int) -> None:
        """It waits no more."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None: ...

    def involvements_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they are to themes, by column."""
        ...

    def requests_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they want to pull, by column."""
        ...


THEMES: StoreKey[ThemeStore] = StoreKey("themes")


# --- new ones ---


@dataclass(frozen=True, slots=True)
class Proposal:
    """A theme that somebody proposed in another one, which `needed` others open by supporting it.

    `state`: open, opened, lapsed or withdrawn. `opened`: the theme that it became. Without a proposer it is
    somebody's of whom nothing is kept any more.
    """

    id: int
    theme: int
    name: str
    about: str
    needed: int
    state: str
    opened: int | None
    proposer: Resident | None
    supporters: int


class OpeningStore(Protocol):
    """Which themes were proposed, who supports them, and which were opened."""

    def propose(self, theme: int, name: str, about: str, proposer: int, needed: int, at: datetime) -> int:
        """The number of it."""
        ...

    def get(self, proposal: int) -> Proposal | None: ...

    def hold(self, proposal: int) -> None:
        """Nobody else supports it, or ends it, until the end."""
        ...

    def open(self) -> Sequence[Proposal]:
        """Those that wait for supporters, the first first."""
        ...

    def opened(self) -> Mapping[int, str]:
        """The themes that were opened, each with its name."""
        ...

    def by_theme(self, theme: int) -> Proposal | None:
        """What a theme was proposed as, where it was opened here."""
        ...

    def supports(self, proposal: int, resident: int) -> bool: ...

    def support(self, proposal: int, resident: int) -> None:
        """Twice is once."""
        ...

    def take_back(self, proposal: int, resident: int) -> None: ...

    def end(self, proposal: int, state: str, opened: int | None = None) -> None: ...

    def merge(self, old: int, new: int) -> Sequence[int]:
        """The proposals of which that changes who supports them."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """The same. What they proposed stays, by nobody."""
        ...

    def proposals_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they proposed, by column."""
        ...

    def supported_by(self, resident: int) -> Sequence[int]: ...


OPENINGS: StoreKey[OpeningStore] = StoreKey("openings")


# --- what is new ---


class Often(StrEnum):
    """How often somebody wants to hear of what is new; NOW is asked, and not kept."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Wish:
    """How often they said that they want to hear of it (None: they did not), and until when they did."""

    often: Often | None = None
    told_until: datetime | None = None


class DigestStore(Protocol):
    """How often people hear of what is new, until when they did, and what is still to be said in themes."""

    def among(self, residents: Collection[int]) -> Mapping[int, Wish]:
        """What these said of it, or heard."""
        ...

    def choose(self, resident: int, often: Often) -> None: ...

    def told(self, until: Mapping[int, datetime]) -> None:
        """Each of them has heard of what is new until then."""
        ...

    def followed(self, residents: Collection[int]) -> Mapping[int, Collection[int]]:
        """The themes that each of them is something to."""
        ...

    def opened(self, themes: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """What those of these themes that were opened are called, and what they are about."""
        ...

    def know(self, themes: Collection[int], residents: Collection[int]) -> Mapping[int, Collection[int]]:
        """Of each theme that was opened those of them who know of it: they proposed or supported it, or are
        something to it.
        """
        ...

    def owe(self, theme: int, subject: str, at: datetime) -> None:
        """It is to be said in that theme, in the next message there; twice is once."""
        ...

    def pay(self, before: datetime) -> Mapping[int, Collection[str]]:
        """What is to be said in each theme, and is by that; what was said before that moment is not kept."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None: ...

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they wish and heard, by column."""
        ...


DIGESTS: StoreKey[DigestStore] = StoreKey("digests")


# --- newcomers ---


class WelcomeStore(Protocol):
    """Who was welcomed: kept of very many, for a year at the most, and says nothing of who they are."""

    def first(self, people: Collection[Identity], at: datetime) -> Collection[Identity]:
        """Those of these accounts that were not welcomed yet; from now on they were."""
        ...


WELCOMES: StoreKey[WelcomeStore] = StoreKey("welcomes")

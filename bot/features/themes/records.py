"""What somebody is to a theme, which were proposed, whose turn it is, and what has to be kept of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from bot.lot.listing import Listed
from bot.model.message import Text
from bot.model.people import Identity, Resident
from bot.ports.storage import StoreKey

# The board of a theme that was opened.
SUBJECT = "theme"


def board_of(theme: int) -> str:
    """What the board of that theme is about."""
    return f"{SUBJECT}:{theme}"


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
    """Who follows, takes part in or pulls which theme, and who asked to pull one."""

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

    def count_once(self, resident: int) -> None:
        """What is theirs is others' rows by now: of each theme the most that they are counts."""
        ...

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
    proposed_at: datetime


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

    def rename(self, theme: int, name: str) -> None:
        """One that was opened is called so from now on."""
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

    def keeps_out(self, proposal: int, resident: int) -> bool:
        """Whether one of their accounts has its say there with somebody else, whom it left."""
        ...

    def merge(self, old: int, new: int) -> Sequence[int]:
        """The proposals of which that changes who supports them."""
        ...

    def part(self, resident: int, new: int) -> None:
        """Accounts of a resident are a new one's, with no say in what the resident supports or proposed."""
        ...

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        """The proposals in which others' accounts had a part in their say, with a mark of each."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """The same. What they proposed stays, by nobody."""
        ...

    def proposals_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they proposed, by column."""
        ...

    def supported_by(self, resident: int) -> Sequence[int]: ...


OPENINGS: StoreKey[OpeningStore] = StoreKey("openings")


# --- whose turn it is ---


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw of whose turn it is in a theme.

    `state`: asked (its hash is published), listed (its list is), drawn, or off, where there was nobody left
    to draw among. `number` decides it, and is secret until it is drawn. `repeats` is the draw that it is to
    stand for. `at` is when it came to that state, and `drawn` who it is in the list, counted from 1.
    """

    id: int
    theme: int
    state: str
    number: str
    asker: Resident | None
    why: str | None
    repeats: int | None
    at: datetime
    code: str | None
    drawn: int | None


class DrawStore(Protocol):
    """Which draws there were, who was in their lists, and who does not want to be."""

    def ask(
        self, theme: int, number: str, asker: int, why: str | None, repeats: int | None, at: datetime
    ) -> int:
        """The number of it."""
        ...

    def get(self, draw: int) -> Draw | None: ...

    def under_way(self, theme: int) -> Draw | None:
        """The one that has no outcome yet."""
        ...

    def last(self, theme: int) -> Draw | None:
        """The last one in which somebody was drawn."""
        ...

    def fix(self, draw: int, listed: Sequence[Listed], code: str, at: datetime) -> None:
        """That is its list."""
        ...

    def end(self, draw: int, drawn: int | None, at: datetime) -> None:
        """That is who it is, or it was called off."""
        ...

    def listed(self, draw: int) -> Sequence[Listed]:
        """In the order that was published."""
        ...

    def turns(self, theme: int) -> Mapping[int, datetime]:
        """When who had a turn was drawn last, of draws that no other one stands for."""
        ...

    # --- among whom ---

    def candidates(self, theme: int) -> Sequence[Resident]:
        """Who takes part and may be drawn."""
        ...

    def declined(self, theme: int) -> Collection[int]:
        """Who is not to be drawn there."""
        ...

    def decline(self, theme: int, resident: int) -> bool:
        """They are not to be drawn there; whether that is new."""
        ...

    def accept(self, theme: int, resident: int) -> bool:
        """They may be drawn there again; whether that is new."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None:
        """In every list they are nobody, and what they asked was asked by nobody, for no reason."""
        ...

    def draws_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """Those that they asked, by column; the number only of what is over."""
        ...

    def listed_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """Where they were in a list, by column."""
        ...

    def declined_by(self, resident: int) -> Sequence[int]:
        """In which themes they are not to be drawn."""
        ...


DRAWS: StoreKey[DrawStore] = StoreKey("draws")


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


# --- for how long ---


class Held(StrEnum):
    """What somebody does for a theme, until a day that is known."""

    PULLS = "pulls"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Term:
    """Until when somebody does that for a theme; `asked`: whether they are to go on."""

    id: int
    theme: int
    who: Resident
    held: Held
    until: datetime
    asked: bool


class TermStore(Protocol):
    """Who does what for a theme, until when."""

    def begin(self, theme: int, resident: int, held: Held, until: datetime, *, asked: bool) -> None:
        """They do it until then, whatever was said before."""
        ...

    def of_theme(self, theme: int) -> Sequence[Term]:
        """Those that began first first."""
        ...

    def ask(self, term: int) -> None:
        """They were asked whether they go on."""
        ...

    def drop(self, term: int) -> None: ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None: ...

    def forget(self, resident: int) -> None: ...

    def terms_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """What they do for themes, by column."""
        ...


TERMS: StoreKey[TermStore] = StoreKey("terms")


# --- newcomers ---


class WelcomeStore(Protocol):
    """Who was welcomed: kept of very many, for a year at the most, and says nothing of who they are."""

    def first(self, people: Collection[Identity], at: datetime) -> Collection[Identity]:
        """Those of these accounts that were not welcomed yet; from now on they were."""
        ...


WELCOMES: StoreKey[WelcomeStore] = StoreKey("welcomes")


# --- archived ones ---


@dataclass(frozen=True, slots=True)
class Archive:
    """That a theme was archived, and what it was called until then; `reopened_at`: it is no more.

    Of those who pulled it `named` agreed to be named, and `unnamed` is how many did not. `came_of` says what
    came of what was open in it, a line for each.
    """

    id: int
    theme: int
    name: str
    begun_on: date
    archived_on: date
    reopened_at: datetime | None
    came_of: Sequence[Text]
    named: Sequence[Resident]
    unnamed: int


class ArchiveStore(Protocol):
    """Which themes were archived, and who pulled them."""

    def archive(
        self, theme: int, name: str, begun_on: date, archived_on: date, pulled: Collection[int]
    ) -> int:
        """The number of that; nobody who pulled it is named yet."""
        ...

    def get(self, archive: int) -> Archive | None: ...

    def of_theme(self, theme: int) -> Archive | None:
        """How it was archived, where it is."""
        ...

    def called(self) -> Mapping[int, str]:
        """What the themes that are archived were called before."""
        ...

    def sum_up(self, archive: int, came_of: Sequence[Text]) -> None:
        """That came of what was open in it."""
        ...

    def reopen(self, archive: int, at: datetime) -> None: ...

    def name(self, archive: int, resident: int, *, named: bool) -> bool:
        """They may be named there, or not; False where they did not pull it."""
        ...

    # --- whose it is ---

    def merge(self, old: int, new: int) -> Sequence[int]:
        """The archives of which that changes who is named."""
        ...

    def concerning(self, resident: int) -> Sequence[int]:
        """Those of themes that they pulled."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """The same."""
        ...

    def archives_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """Those of what they pulled, by column."""
        ...


ARCHIVES: StoreKey[ArchiveStore] = StoreKey("archives")

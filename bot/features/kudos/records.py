"""What a thank-you is, its settings, and what kudos need kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field

from bot.ports.storage import StoreKey
from bot.settings import Section

SUBJECT = "kudos"


class KudosSettings(Section):
    """How often one person thanks others in a day."""

    a_day: Annotated[int, Field(ge=1, le=100)] = 5


class Receives(StrEnum):
    """What becomes of what somebody is thanked for: all may read it, they alone, or nobody thanks them."""

    OPENLY = "openly"
    PRIVATELY = "privately"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Taste:
    """How somebody likes to be thanked. `wall`: whether it may stand on the wall of thanks; None: they did
    not say so, which is no. `asked`: they were asked.
    """

    receives: Receives = Receives.OPENLY
    wall: bool | None = None
    asked: bool = False


class Receiver(NamedTuple):
    """Who is thanked: a resident, or by a name that is nobody's account."""

    resident: int | None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """That somebody thanks others, in a theme, for what they say. `giver` is None once they were forgotten.

    `day` is the day on which it counts as given, by the community's clocks: "2026-11-28". `replies_to`: the
    number of the one that it thanks back for. `is_early`: the account that gave it was new, so that it counts
    nowhere but where it is read. `of_group`: what those whom it thanks did together, by its name.
    """

    theme: int
    giver: int | None
    given_at: datetime
    day: str
    reason: str
    replies_to: int | None = None
    is_early: bool = False
    of_group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kudos(Given):
    """`state`: it stands; who gave it took it back; a moderator removed it; or it is void, as who gave it is
    whom it thanks. `why` says so. `receivers` are those who are thanked and did not hide it. `blanked`: its
    reason named somebody who was forgotten, and was taken away.
    """

    id: int
    state: str
    why: str | None
    receivers: tuple[Receiver, ...]
    blanked: bool = False

    @property
    def stands(self) -> bool:
        return self.state == "given"

    @property
    def residents(self) -> Sequence[int]:
        return [receiver.resident for receiver in self.receivers if receiver.resident is not None]


class KudosStore(Protocol):
    """What kudos need kept."""

    def add(self, given: Given, receivers: Sequence[Receiver], tastes: Mapping[int, Taste]) -> Kudos: ...

    def get(self, kudos: int) -> Kudos | None:
        """It is held until the transaction ends."""
        ...

    def look(self, kudos: int) -> Kudos | None:
        """As it is just now."""
        ...

    def own(self, resident: int) -> Sequence[int]:
        """Those that stand by which somebody thanks themselves, being one person by now."""
        ...

    def given_on(self, giver: int, day: str) -> int:
        """How many somebody gave that day, those that they took back among them; but what thanks back."""
        ...

    def thanked_on(self, giver: int, receivers: Collection[int], day: str) -> Set[int]:
        """Whom of these somebody thanked that day, with what stands still."""
        ...

    def last_from(self, giver: int, receiver: int, since: datetime) -> Kudos | None:
        """The last that stands, since then, by which one of them thanked the other alone."""
        ...

    def replies(self, kudos: int) -> Sequence[Kudos]:
        """What stands of those that thank back for it; the first first."""
        ...

    def change(self, kudos: int, *, state: str, why: str | None = None) -> None:
        """It stands no more, or again."""
        ...

    def hide(self, kudos: int, resident: int) -> None:
        """They are not shown among those whom it thanks any more."""
        ...

    def drop(self, kudos: int, resident: int) -> None:
        """They are not among those whom it thanks."""
        ...

    def thanks(self, kudos: int, resident: int) -> bool:
        """Whether they are, hidden or not."""
        ...

    def names(self, kudos: int) -> Mapping[str, int | None]:
        """The names in it that are nobody's account, each with who says that they are called so."""
        ...

    def claim(self, kudos: int, name: str, resident: int) -> None:
        """They say that they are called so there."""
        ...

    def settle(self, kudos: int, resident: int, *, agreed: bool) -> None:
        """They are whom it thanks by the name that they said is theirs; or they are not."""
        ...

    def reasons(self) -> Iterator[tuple[int, str]]:
        """All that is thanked for in what stands, with the number of each."""
        ...

    def blank(self, kudos: int) -> None:
        """What it thanks for is not kept any more."""
        ...

    def received(self, resident: int, before: int | None, most: int) -> Sequence[Kudos]:
        """What stands of what thanks them, what they hid left out; the last first, before that number."""
        ...

    def given_by(self, giver: int, since: datetime) -> Sequence[Kudos]:
        """What stands of what they gave since then; the last first."""
        ...

    def wall(
        self,
        themes: Collection[int],
        most: int,
        *,
        before: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        receiver: int | None = None,
    ) -> Sequence[tuple[Kudos, Collection[int]]]:
        """What stands on the wall of these themes, the last first, each with whom of its receivers it shows:
        those who agreed. `before`: older than that one. `receiver`: what thanks them alone.
        """
        ...

    def tastes(self, residents: Collection[int]) -> Mapping[int, Taste]:
        """How these like to be thanked, as far as they said so or were asked."""
        ...

    def choose(self, resident: int, taste: Taste) -> None:
        """From now on they like it so."""
        ...

    def merge(self, old: int, new: int) -> None:
        """What both have is one person's from now on, who likes it as the one who shows less."""
        ...

    def forget(self, resident: int) -> Sequence[int]:
        """Which they gave or which thank them: these say neither any more."""
        ...

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of theirs by table: what they gave, what thanks them, how they like it."""
        ...

    def new(self, numbers: Sequence[int]) -> Sequence[Kudos]:
        """Those of these that stand."""
        ...


KUDOS: StoreKey[KudosStore] = StoreKey("kudos")

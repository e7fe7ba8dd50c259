"""What a thank-you is, its settings, and what kudos need kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import Field

from bot.ports.storage import StoreKey
from bot.settings import Section
from bot.signs import ReactionSign

SUBJECT = "kudos"


class KudosSettings(Section):
    """How often one person thanks others in a day, which sign on a message thanks whoever wrote it, and
    whether it is told how often all do in a year.
    """

    thanks_a_day: Annotated[int, Field(ge=1, le=100)] = 5
    sign: ReactionSign = "\N{PERSON WITH FOLDED HANDS}"
    totals: Literal["off", "on"] = "off"


class Receives(StrEnum):
    """What becomes of what somebody is thanked for: all may read it, they alone, or nobody thanks them."""

    OPENLY = "openly"
    PRIVATELY = "privately"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Taste:
    """How somebody likes to be thanked. `wall`: whether it may stand on the wall of thanks; None: they did
    not say so, which is no. `asked`: they were asked. `giver`: they want to be thanked for thanking others.
    `expertise`: what others thank them for may be said of what they say that they know; None: they did not
    say so, which is no.
    """

    receives: Receives = Receives.OPENLY
    wall: bool | None = None
    asked: bool = False
    giver: bool = False
    expertise: bool | None = None


class Totals(NamedTuple):
    """How often somebody thanked others and was thanked, and how often the whole community thanked."""

    given: int
    received: int
    all: int


class Receiver(NamedTuple):
    """Who is thanked: a resident, or by a name that is nobody's account. `alone`: nobody else reads it.
    `unseen`: they are one of those who did something together, and others may not see that they did.
    """

    resident: int | None
    name: str = ""
    alone: bool = False
    unseen: bool = False


def thanks_openly(receivers: Iterable[Receiver], resident: int | None) -> bool:
    """Whether everybody may see them thanked among these; None: somebody who is nobody's account."""
    return any(each.resident == resident and not each.alone for each in receivers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """That somebody thanks others, in a theme, for what they say. `giver` is None once they were forgotten.

    `day` is the day on which it counts as given, by the community's clocks: "2026-11-28". `replies_to`: the
    number of the one that it thanks back for. `is_early`: the account that gave it was new, so that it counts
    nowhere but where it is read. `of_group`: what those whom it thanks did together, by its name. By a sign
    on a message that is the reason: `message` says which it is on its platform, and `link` opens it.
    """

    theme: int
    giver: int | None
    given_at: datetime
    day: str
    reason: str
    replies_to: int | None = None
    is_early: bool = False
    message: str | None = None
    link: str | None = None
    of_group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kudos(Given):
    """`state`: it stands; who gave it took it back; a moderator removed it; or it is void, as who gave it is
    whom it thanks. `why` says so. `receivers` are those who are thanked and did not hide it. `is_gone`: the
    message that it is for is no more. `blanked`: its reason named somebody who was forgotten, and was taken
    away.
    """

    id: int
    state: str
    why: str | None
    receivers: tuple[Receiver, ...]
    is_gone: bool = False
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

    def for_message(self, giver: int, message: str) -> Kudos | None:
        """By which somebody thanked for that message, whether it stands or not. It is held."""
        ...

    def lose(self, messages: Collection[str]) -> Sequence[int]:
        """Which are for one of these, that is no more."""
        ...

    def whom(self, numbers: Collection[int]) -> frozenset[int]:
        """Whom those of these thank that stand."""
        ...

    def last_from(self, giver: int, receiver: int, since: datetime) -> Kudos | None:
        """The last that stands, since then, by which one of them thanked the other alone."""
        ...

    def replied(self, kudos: int, giver: int) -> bool:
        """Whether somebody thanked back for it, also where that does not stand any more."""
        ...

    def replies(self, kudos: int) -> Sequence[Kudos]:
        """What stands of those that thank back for it; the first first."""
        ...

    def change(self, kudos: int, *, state: str, why: str | None = None) -> None:
        """It stands no more, or again."""
        ...

    def hide(self, kudos: int, resident: int, *, hidden: bool) -> None:
        """They are not shown among those whom it thanks any more; or they are again."""
        ...

    def void_for(self, kudos: int, resident: int) -> None:
        """They are not among those whom it thanks, for as long as they are who gave it."""
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

    def words(self) -> Iterator[tuple[int, str]]:
        """All words that people wrote, with the number of what they belong to: what somebody is thanked for,
        why that was taken away, and what people without an account are called.
        """
        ...

    def blank(self, kudos: int) -> None:
        """Nothing of its words is kept any more."""
        ...

    def endorse(self, kudos: int, resident: int, words: Collection[str]) -> bool:
        """It thanks them for these, folded, of what they say that they know; whether nothing did before."""
        ...

    def endorsed(self, resident: int) -> Collection[str]:
        """For which of that, folded, what stands thanks them, for others to read; nothing where they do not
        want that said.
        """
        ...

    def unsay(self, resident: int, words: Collection[str]) -> None:
        """Nothing thanks them for these, folded, of what they say that they know."""
        ...

    def received(self, resident: int, before: int | None, most: int) -> Sequence[Kudos]:
        """What stands of what thanks them, what they hid left out; the last first, before that number."""
        ...

    def shown(self, resident: int, before: int | None, most: int) -> Sequence[tuple[int, int]]:
        """All that thanks them, each with the one that it is shown under: itself, or what it thanks back for.
        The last first, before that number.
        """
        ...

    def counted(self, resident: int, since: datetime, until: datetime) -> Sequence[Kudos]:
        """What thanks them in that time, stands and is not early, nor thanks back; the first first."""
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
        those who agreed. `before`: older than that one. `since` and `until` go together. `receiver`: what
        thanks them alone, whenever that was.
        """
        ...

    def told_until(self, theme: int) -> datetime | None:
        """Until when it was told in a theme what was done there; None: it never was."""
        ...

    def told(self, theme: int, until: datetime) -> None:
        """It was told until then."""
        ...

    def givers(self, theme: int, since: datetime, until: datetime) -> Sequence[int]:
        """Who thanked others there in that time, and wants to be thanked for it."""
        ...

    def themes_with(self, since: datetime, until: datetime) -> Collection[int]:
        """The themes in which anybody was thanked in that time, by what stands."""
        ...

    def there_since(self, theme: int, since: datetime, until: datetime) -> Sequence[int]:
        """Who of those who agreed to the wall came into a theme in that time, and takes part still as was
        said last.
        """
        ...

    def totals(self, resident: int, since: datetime, until: datetime) -> Totals:
        """What counts of that time: what stands, thanks nobody back, and was not given by a new account."""
        ...

    def pairs(self, themes: Collection[int], since: datetime) -> Sequence[tuple[int, int, int]]:
        """Who thanked whom in these themes since then, where others read it, and how often; thanking back
        among it.
        """
        ...

    def tastes(self, residents: Collection[int]) -> Mapping[int, Taste]:
        """How these like to be thanked, as far as they said so or were asked."""
        ...

    def hold_tastes(self, people: Collection[int]) -> Mapping[int, Taste]:
        """The same; until the transaction ends none of these chooses otherwise, nor is one with another."""
        ...

    def choose(self, resident: int, taste: Taste) -> None:
        """From now on they like it so. In private: what thanked them until now is theirs alone too, and stays
        so whatever they like later. Where they want nothing said of what they know, none of that is kept.
        """
        ...

    def merge(self, old: int, new: int) -> None:
        """What both have is one person's from now on, who likes it as the one who shows less."""
        ...

    def bring_back(self, notes: Mapping[int, Mapping[str, Sequence[Sequence[Any]]]]) -> None:
        """They are not one person after all. Each likes it as they did, by what was noted of them; what was
        void by their being one stands again.
        """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A certificate. `mark`: by which it is known outside. `account`: the address of the one that made it,
    with which it goes. Of one that was withdrawn there are neither `words`, as they were signed, nor the
    `code` that proves them, nor `account`; nor whose it is, where they were forgotten.
    """

    id: int
    resident: int | None
    account: str | None
    mark: str
    made_at: datetime
    words: str | None
    code: str | None
    withdrawn_at: datetime | None


class CertificateStore(Protocol):
    """What certificates need kept, and the list of those who were thanked in a year."""

    def hold(self, numbers: Collection[int]) -> Collection[int]:
        """Those of these kudos that stand. They are held until the transaction ends."""
        ...

    def add(
        self,
        resident: int,
        *,
        account: str | None,
        mark: str,
        words: str,
        code: str,
        made_at: datetime,
        says: Collection[int],
    ) -> int:
        """Its number. `says`: the kudos that it tells of."""
        ...

    def get(self, certificate: int) -> Kept | None: ...

    def marked(self, mark: str) -> Kept | None: ...

    def of(self, resident: int) -> Sequence[Kept]:
        """Theirs that were not withdrawn; the first first."""
        ...

    def saying(self, kudos: int) -> Sequence[Kept]:
        """Those that tell of it and were not withdrawn; the first first."""
        ...

    def stands(self, certificate: int) -> bool:
        """Whether all that it tells of stands, in its own words, and thanks whoever has it."""
        ...

    def withdraw(self, certificate: int, at: datetime) -> None: ...

    def listed(self, year: int) -> Mapping[int, datetime | None]:
        """Who wants to be on that year's list, each with since when they know that it is to be made."""
        ...

    def enlist(self, year: int, resident: int) -> None: ...

    def unlist(self, year: int, resident: int) -> None: ...

    def bring_back(self, notes: Mapping[int, Sequence[Sequence[Any]]]) -> None:
        """Each of these is on the lists of the years noted of them, where nobody came off it since."""
        ...

    def told(self, year: int, residents: Collection[int], at: datetime) -> None:
        """These know since then that it is to be made."""
        ...

    def merge(self, old: int, new: int) -> None: ...

    def part(self, resident: int, new: int, accounts: Sequence[str]) -> None:
        """What these accounts made is the new one's from now on."""
        ...

    def forget(self, resident: int) -> None:
        """Their certificates are withdrawn, and nobody's; they are on no list."""
        ...

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of theirs, by table."""
        ...


CERTIFICATES: StoreKey[CertificateStore] = StoreKey("certificates")

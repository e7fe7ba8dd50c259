"""What the core needs kept of people: who they are, where they take part, what they did."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from bot.model.events import Undo
from bot.model.message import Message, Text
from bot.model.people import Identity, Known, Part, Place, Resident, Role, Theme, Wishes

# What is kept of a resident: rows by the name of their table, each by its columns. Values are as JSON has
# them; moments are in ISO 8601, with their offset.
Exported = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody had before they and another were one person.

    `wishes` are theirs, with how they were known, and `before` those of the other one. `rows` are what
    referred to them, by column (`polls.opener`), each by the rest of its key. `put_out`: the themes that
    they were put out of by hand already, and `whom_put_out` the other one; None, in what was noted once: the
    first are those of either. `noted` is what stood in rows of theirs that the other one may change, by
    table, the number first, and `whom_noted` in the other one's. `whom`: the accounts of the other one. All
    as JSON has it.
    """

    wishes: Mapping[str, Any]
    before: Mapping[str, Any]
    rows: Mapping[str, Sequence[Sequence[Any]]]
    put_out: Sequence[int] = ()
    whom: Sequence[str] = ()
    whom_put_out: Sequence[int] | None = None
    noted: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
    whom_noted: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)


class Account(NamedTuple):
    """Whose account it is, and what is known of how they are heard.

    `heard_by` is the account of Plein's over which it was heard last, `heard_as` the account that its owner
    used last. `name_is_chosen`: it is not what their platform calls them. `unheard`: something waits until
    they use Plein again. `apart`: what was granted to their other accounts does not count for this one yet.
    `forgotten_at`: its owner was forgotten then, and what it said before is nobody's. `gone_at`: since when
    its platform says that it does not exist any more. `talks`: they said something to Plein in private
    with it. `told_aloud`: something was said to them where others read it, and they do not know why.
    """

    resident: Resident
    heard_by: str | None = None
    heard_as: str | None = None
    name_is_chosen: bool = False
    unheard: bool = False
    apart: bool = False
    forgotten_at: datetime | None = None
    gone_at: datetime | None = None
    talks: bool = False
    told_aloud: bool = False


class Used(NamedTuple):
    """That an account of somebody's takes part in a theme, as was said last; and when it used Plein there
    last, to some minutes. None: never.
    """

    theme: int
    said_at: datetime
    used_at: datetime | None


class Recognised(NamedTuple):
    """Who asks, where, and whether that was asked before.

    `answer` is None for an invocation that is new, else what was answered, in a tuple of one; `account` is
    None where it is nobody's yet. `place_locale` is the language that was chosen for the place; `part` what
    their platform said last of that account in its theme, None if it never did. `is_as_configured`: nothing
    is set in the chat for the place's community, so that its settings need not be read.
    """

    answer: tuple[Message | None] | None
    account: Account | None
    theme: Theme | None
    place_locale: str | None
    part: Part | None
    is_as_configured: bool = False

    @property
    def resident(self) -> Resident | None:
        return self.account.resident if self.account else None


class HandledStore(Protocol):
    """Which events were dealt with, with what was answered and what takes each back."""

    def recognise(self, invocation_id: str, author: Identity, place: Place | None) -> Recognised: ...

    def add(
        self,
        invocation_id: str,
        now: datetime,
        answer: Message | None,
        undo: Undo | None,
        *,
        author: Identity | None = None,
        by_mark: bool = False,
        confidential: bool = False,
    ) -> None:
        """`author`: the account that is answered. `by_mark`: that is kept as a mark alone, as its owner was
        forgotten just now or was never known; it has its share of what is kept all the same.

        `confidential`: the answer may quote what is nobody else's business, and is not kept for long."""
        ...

    def drop(self, invocation_id: str) -> None:
        """It is as if it was never dealt with."""
        ...

    def unsay(self, line: Text) -> None:
        """It is not kept that anybody was answered that line. Not of what is confidential."""
        ...

    def unsay_page(self, lines: Sequence[Text], after: str, most: int) -> str | None:
        """The same of several, in so many answers after that one; up to which one that was, None: to the
        end.
        """
        ...

    def answer(self, invocation_id: str, who: Identity | None) -> Message | None:
        """What that account (None: whichever) was answered to it; None where nothing was, or it is not
        remembered.
        """
        ...

    def undo(self, invocation_id: str) -> Undo | None: ...


class PeopleStore(Protocol):
    """Residents, their accounts, and in which themes these take part."""

    def by_identity(self, identity: Identity) -> Resident | None: ...

    def add(self, identity: Identity, name: str) -> Resident: ...

    def talks_to(self, identity: Identity, account: str) -> None:
        """That account of Plein's is the one they talk to: what is still to be said to them goes over it."""
        ...

    def link(
        self, identities: Sequence[Identity], name: str | None, role: Role | None
    ) -> tuple[int, Sequence[int]]:
        """These accounts are one person's: who that is, and who they were taken to be.

        Without a name or role they keep those that they have; a name that they chose themselves they keep
        whatever is said here.
        """
        ...

    def call(self, resident: int, name: str, *, chosen: bool, own: bool = False) -> None:
        """That is their name from now on. `chosen`: whatever their platform calls them. `own`: they chose it
        themselves, and are shown by it everywhere.
        """
        ...

    def kept_in(self, resident: int) -> Collection[str]:
        """The names of the features' stores that may keep something of them."""
        ...

    def brought(self, resident: int, to: int) -> Brought:
        """What they have, who are about to be one with another, but for where their accounts take part."""
        ...

    def part(self, resident: int, accounts: Sequence[Identity], brought: Brought | None) -> int:
        """The number of who these accounts are from now on, with what they `brought`, or else with nothing.

        Where they take part goes with them. Without `brought` what waits to be said to them is said to those
        who stay.
        """
        ...

    def set_apart(self, granted: Mapping[Identity, Role]) -> None:
        """Only what was granted to each of these very accounts counts for it: that role, until `trust`."""
        ...

    def trust(self, resident: int) -> None:
        """What was granted to one account of theirs counts for each."""
        ...

    def clear_listed(self, lines: Sequence[Sequence[Identity]]) -> Mapping[int, Sequence[int]]:
        """Nothing holds any more that a configuration said of people before: names, roles, and whose accounts
        are one person's. Those who still are by one of these `lines` stay one; who is parted from somebody is
        a resident of their own: the numbers of these, by that of whom they are parted from.
        """
        ...

    def by_line(self, residents: Collection[int]) -> Mapping[int, Sequence[Identity]]:
        """Of each of these the accounts that the configuration names."""
        ...

    def note_listed(self, lines: Sequence[Sequence[Identity]]) -> None:
        """That the configuration says whose these accounts are, a line for each person."""
        ...

    def remove(self, resident: int) -> None:
        """Nobody is this resident any more, and nothing refers to them: they were merged with another."""
        ...

    def hold(self, resident: int) -> None:
        """Nothing new is kept of them until the transaction ends, but by itself."""
        ...

    def keep(self, resident: int) -> bool:
        """They are neither forgotten nor somebody else's by another process until the transaction ends.

        True where that may have been waited for: what was asked about them before may not hold any more.
        """
        ...

    def export(self, resident: int) -> Exported:
        """What the core keeps of them."""
        ...

    def forget(self, resident: int, at: datetime, now: datetime) -> None:
        """Keep nothing of them, but a row without a name where something else refers to them.

        What their accounts said before `at` is not dealt with again.
        """
        ...

    def grant(self, identity: Identity, role: Role) -> None: ...

    def heard(self, resident: Resident, identity: Identity, name: str) -> Resident:
        """They use Plein with this account just now, which their platform calls that; as they are now."""
        ...

    def numbered(
        self, number: int, themes: Collection[int] | None, *, aloof: bool = False
    ) -> Sequence[Resident]:
        """The resident of that number, if they are among the people of `named`; `aloof`: or take part in
        nothing.
        """
        ...

    def at(self, address: str, themes: Collection[int] | None) -> Sequence[Resident]:
        """Whose account has that address on its platform, among the same people."""
        ...

    def named(self, name: str, themes: Collection[int] | None) -> Sequence[Resident]:
        """Everybody whom a reader would call that, among the people of these themes; None: among all."""
        ...

    def suggested(self, part: str, themes: Collection[int] | None, most: int) -> Sequence[Resident]:
        """Those of the same people in whose names that stands, by the alphabet; `most` at the most."""
        ...

    def accounts(self, residents: Collection[int]) -> Mapping[int, Sequence[Identity]]:
        """Those of each of them who has any, in the order of their addresses."""
        ...

    def accounts_in(self, theme: int, residents: Collection[int]) -> Sequence[Identity]:
        """One account of each of them who is in that theme, in the order of their addresses."""
        ...

    def known(self, residents: Collection[int]) -> Mapping[int, Known]:
        """How these residents are shown; one who was forgotten is not among them."""
        ...

    def numbers(self, most: int) -> Sequence[int]:
        """The numbers of residents who have an account; those who came first."""
        ...

    def set_locale(self, resident: int, locale: str) -> None: ...

    def set_zone(self, resident: int, zone: str | None) -> None:
        """By which clocks moments are told them; None: by the community's."""
        ...

    def set_wishes(self, resident: int, wishes: Wishes) -> None:
        """How they want to be told what they may be about to miss; their zone stays what it is."""
        ...

    def wishes(self, residents: Collection[int]) -> Mapping[int, Wishes]:
        """How each of these wants that."""
        ...

    def take_part(
        self, account: Identity, resident: int, theme: int, part: Part, *, uses: bool = False
    ) -> None:
        """Their platform says so. Since when stays as it was said first. `uses`: they use Plein there."""
        ...

    def page(self, after: int, most: int) -> Sequence[int]:
        """So many residents of whom something is known, by their numbers, behind that number."""
        ...

    def talks(self, identity: Identity, *, talks: bool = True) -> None:
        """They say something to Plein in private with that account; or take nothing there any more."""
        ...

    def talks_with(self, identity: Identity) -> bool:
        """Whether they did so with that account."""
        ...

    def talking(self, among: Collection[int]) -> Collection[int]:
        """Those of these residents who did so, with any account."""
        ...

    def talking_in(self, theme: int, among: Collection[int]) -> Collection[int]:
        """Those of them who did so with an account that takes part in that theme, as was said last."""
        ...

    def only_in(self, theme: int, among: Collection[int]) -> Collection[int]:
        """Those of them who take part in that theme, as was said last, and never did so."""
        ...

    def parts_of(self, among: Collection[int]) -> Mapping[int, Sequence[Used]]:
        """Where each of these residents takes part, as was said last; what was said last comes last."""
        ...

    def leave(self, account: Identity, theme: int) -> None:
        """Their platform says that this account takes no part in a theme, or not any more."""
        ...

    def parted(self, platform: str, users: Collection[str], theme: int) -> None:
        """These accounts left a place of that theme: what was said of them there is forgotten."""
        ...

    def doubt(self, platform: str, theme: int) -> None:
        """What was said of that platform's accounts there grants nothing until it is said anew."""
        ...

    def part_of(self, account: Identity, theme: int) -> Part | None:
        """What their platform said last of an account, however long ago."""
        ...

    def part_now(self, account: Identity, theme: int, kept: Part | None) -> Part | None:
        """What is kept of it, with what this transaction changes."""
        ...

    def parts(self, resident: int, theme: int | None = None) -> Sequence[tuple[Identity, int, Part]]:
        """The same of all accounts of a resident, in that theme or each; with the theme's number."""
        ...

    def turns_here(self, identity: Identity, now: datetime) -> None:
        """That account, which was used in another community, is used in this one from now on."""
        ...

    def note_gone(self, identity: Identity, at: datetime) -> Resident | None:
        """Its platform says that it does not exist any more; whose it was, where that is news."""
        ...

    def is_back(self, identity: Identity) -> None:
        """It speaks after all."""
        ...

    def long_gone(self, before: datetime) -> Sequence[tuple[int, Identity]]:
        """Accounts that do not exist any more since then or longer, each with whose it was."""
        ...

    def highest_role(self, identity: Identity) -> Role:
        """In the community; in whichever, where nobody in particular asks."""
        ...

    def moderators(self) -> Sequence[Resident]:
        """Who moderates the community, or a place of its own, as far as that was ever said."""
        ...

    def moderators_of(self, theme: int) -> Sequence[Resident]:
        """Who moderates the community, or that theme, as was said last."""
        ...

    def organisers_of(self, theme: int) -> Sequence[Resident]:
        """The same of who organises there, or may more."""
        ...

    def accounts_with(self, role: Role, resident: int) -> Sequence[Identity]:
        """Those of somebody that have it."""
        ...

    def with_role(self, role: Role) -> Sequence[Identity]: ...


class ForgottenStore(Protocol):
    """Accounts whose owners were forgotten: known again by marks that nobody reads without a key."""

    def at(self, account: Identity) -> datetime | None:
        """When it was forgotten; what it said before is not dealt with again. None: it never was."""
        ...

    def pending(self) -> Sequence[tuple[int, Identity, datetime]]:
        """Accounts of which a farewell may still be on its way: whose community's, and since when."""
        ...

    def end(self, account: Identity) -> bool:
        """Nothing carries that account any more; a list beside the database has its mark.

        False: there is more of it than goes at once.
        """
        ...

    def to_wipe(self) -> str | None:
        """The last of those of whom the database's files may still hold something; None: nothing."""
        ...

    def wiped(self, last: str) -> None:
        """They hold nothing any more of anybody up to that one."""
        ...

    def unknown(self) -> Mapping[tuple[int, int], Sequence[Identity]]:
        """Residents whom the list has, and this database still knows, by their community and number: which
        accounts of theirs the list does not have. Those had parted with them before.
        """
        ...

    def note_known(self) -> None:
        """All that the list has by now holds for this database."""
        ...


class EnvelopeStore(Protocol):
    """What may be read only for a while, under keys that are changed in all communities together."""

    def turned(self) -> Sequence[int]:
        """The communities that still have keys of before."""
        ...

    def leave_old_keys(self) -> bool:
        """Seal anew what still waits, let go of the rest, and destroy this community's old keys.

        False: not all of them are gone yet, here or in other communities; or somebody is just sealing.
        """
        ...


class PlaceStore(Protocol):
    """Themes and their places, and which account of Plein's serves each."""

    def known(self, place: Place) -> tuple[Theme, str | None] | None:
        """The place's theme, and the language place_locale there if one was chosen."""
        ...

    def theme_named(self, name: str) -> Theme: ...

    def open_theme(self, name: str) -> Theme:
        """A new one of that name, whatever others there are: nobody learns of them by it.

        Whoever is of the community may see that it is there.
        """
        ...

    def opened(self, only: Collection[int] | None = None) -> Mapping[int, str]:
        """Those of these themes (None: of all) that were opened so, each with its name."""
        ...

    def names_opened(self, but: int) -> Sequence[str]:
        """The names of all themes that were opened, but not that one's."""
        ...

    def perhaps_called(self, name: str) -> Collection[int]:
        """The themes that may be called so for a reader: by their own name, or as their places are."""
        ...

    def listed(self, words: str, most: int) -> tuple[Sequence[Theme], int]:
        """At most so many of those that were opened and have these words in their name, and how many there
        are: those that are closed last.
        """
        ...

    def themes(self, only: Collection[int] | None = None) -> Sequence[Theme]:
        """These themes (None: all), as people call them, each by another name.

        Only those that have a place where Plein is.
        """
        ...

    def served_by(self, place: Place) -> str | None:
        """The account that is there for Plein; None where none is."""
        ...

    def named_as(self, place: Place) -> str | None:
        """The room as which the configuration named it, where its theme is from there; it may have moved."""
        ...

    def bind(
        self,
        place: Place,
        theme: int,
        name: str,
        locale: str | None,
        account: str,
        *,
        ours: bool = False,
        listed: bool = False,
    ) -> bool:
        """The account serves the place. True if it is new, or back, or was served by another one.

        `ours`: it is the community's own. `listed`: the configuration says which theme it belongs to. What
        another theme that it belonged to shows there is not kept up to date any more.
        """
        ...

    def rename_theme(self, theme: int, name: str) -> None:
        """It is called so from now on, whatever others there are."""
        ...

    def close_theme(self, theme: int, *, closed: bool) -> None:
        """Nothing new begins in it, and nobody says anything in its places; or not `closed` any more."""
        ...

    def carried(self, theme: int) -> Mapping[Place, datetime]:
        """Those of its places between which what people say is carried, each with since when."""
        ...

    def encrypted(self, theme: int) -> Sequence[Place]:
        """Those of its places in which what people say is encrypted."""
        ...

    def encrypt(self, place: Place) -> int | None:
        """What people say there is encrypted from now on, and not carried; whose theme it is, where that is
        news.
        """
        ...

    def drop_pending(self, theme: int) -> None:
        """What was said in one of its places and waits to be said in the others is not."""
        ...

    def closed(self) -> Collection[int]:
        """The themes that are."""
        ...

    def called(self, place: Place) -> str | None:
        """What people call the place itself, where Plein is there."""
        ...

    def attach(self, place: Place, theme: int) -> None:
        """It is that theme's from now on, and else as it was."""
        ...

    def detach(self, place: Place) -> None:
        """It has a theme of its own from now on."""
        ...

    def use(self, place: Place, at: datetime | None) -> None:
        """Plein is used there at that moment, and the place is there for a while only; None: it lasts."""
        ...

    def of_theme(self, theme: int) -> Sequence[Place]: ...

    def on(self, platform: str, only: Collection[int] | None = None) -> Mapping[int, Sequence[Place]]:
        """The places of these themes (None: of all) that are on a platform, by theme."""
        ...

    def is_nowhere(self) -> bool:
        """Whether Plein was told to leave every place of the community that it was in."""
        ...

    def is_ours(self, theme: int) -> bool:
        """Whether it has a place that is the community's own."""
        ...

    def inhabited(self, *, unless_opened: bool = False) -> Collection[int]:
        """The themes that have a place where Plein is; all but those that were opened, if so."""
        ...

    def ours(self) -> Collection[int]:
        """The themes that have such a place."""
        ...

    def served(self, account: str) -> Sequence[Place]:
        """Where that account is there for Plein."""
        ...

    def leave(self, place: Place, at: datetime) -> None: ...

    def drop(self, place: Place) -> None:
        """As if Plein had never been there."""
        ...

    def move(self, old: Place, new: Place) -> None: ...


class UseStore(Protocol):
    """How often somebody did what is held within limits."""

    def add(self, resident: int, what: str, until: datetime, which: str | None = None) -> None:
        """They did that, and it counts until then. `which`: what tells that time from any other; None: it is
        one of its own.
        """
        ...

    def drop(self, resident: int, what: str) -> None:
        """That counts for them no more, however often they did it."""
        ...

    def count(
        self,
        resident: int,
        what: str,
        now: datetime,
        within: timedelta | None = None,
        excluding: Collection[str] = (),
    ) -> int:
        """How often they did that, of what still counts: for so long at the most, where that is said.

        Each time counts once, and those of `excluding` do not.
        """
        ...

    def names(self, resident: int, begins: str, now: datetime) -> Collection[str]:
        """What they did that begins so, of what still counts: each once, by the rest of its name."""

    def until(self, resident: int, what: str, now: datetime, within: timedelta) -> Sequence[datetime]:
        """Until when each of these times counts, the first first."""
        ...

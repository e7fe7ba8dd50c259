"""What the core needs kept: a transaction and its parts, each a Protocol that storage implements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from bot.model.events import Arrival, Invocation, Undo
from bot.model.message import Message
from bot.model.people import Identity, Known, Part, Place, Resident, Role, Theme
from bot.model.work import Board, Job, Post, Receipt, Reference

T = TypeVar("T")
# What is kept of a resident: rows by the name of their table, each by its columns. Values are as JSON has
# them; moments are in ISO 8601, with their offset.
Exported = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, eq=False)
class StoreKey(Generic[T]):
    """Names what a feature needs kept: with `POLLS: StoreKey[PollStore]`, `tx.of(POLLS)` is a PollStore."""

    name: str


class Transaction(Protocol):
    """One unit of work: all of it is kept, or none."""

    def of(self, key: StoreKey[T]) -> T:
        """What a feature keeps, for as long as this transaction lasts."""
        ...

    @property
    def people(self) -> PeopleStore: ...
    @property
    def places(self) -> PlaceStore: ...
    @property
    def handled(self) -> HandledStore: ...
    @property
    def posts(self) -> PostStore: ...
    @property
    def told(self) -> ToldStore: ...
    @property
    def boards(self) -> BoardStore: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def uses(self) -> UseStore: ...
    @property
    def inbox(self) -> InboxStore: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def kept(self) -> KeepsStore: ...

    def offload(self, work: Callable[[], T]) -> T:
        """Compute something long so that nobody else's commands or clocks wait for it meanwhile."""
        ...

    def savepoint(self, *, eager: bool = False) -> AbstractContextManager[None]:
        """What is done inside is undone if it raises; the whole work may then run once more.

        `eager`: never that, for a work of many parts of which some may well raise.
        """
        ...


class Store(Protocol):
    """What is kept."""

    async def run(self, work: Callable[[Transaction], T], about: Invocation | None = None) -> T:
        """Returns only after the commit. `about`: what the work will ask to be recognised first."""
        ...

    def on_commit(self, what: str, listener: Callable[[], None]) -> None:
        """Call this on the event loop after each commit that has something new for whoever waits for it.

        `what` is "post" (something is to be said), "board" (something shown is out of date) or "job"
        (something is due later).
        """
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """What the work finds in what is committed. It waits for nobody who writes, and nobody for it.

        Raises RuntimeError where the work would write, and StoreFailed.
        """
        ...

    async def forget(self, now: datetime) -> None:
        """Delete what nobody needs any more, by the rules that operators know. Nobody waits for it."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who asks, where, and whether that was asked before.

    `answer` is None for an invocation that is new, else what was answered, in a tuple of one.
    `place_locale` is the language that was chosen for the place; `part` what their platform said last
    of that account in its theme, None if it never did; `heard_by` the account of Plein's over which they
    were heard last, `heard_as` the account of theirs that they used last. `name_is_chosen`: it is not what
    their platform calls them. `unheard`: something waits until they use Plein again.
    """

    answer: tuple[Message | None] | None
    resident: Resident | None
    theme: Theme | None
    place_locale: str | None
    part: Part | None
    heard_by: str | None = None
    heard_as: str | None = None
    name_is_chosen: bool = False
    unheard: bool = False


class HandledStore(Protocol):
    def recognise(self, invocation_id: str, author: Identity, place: Place | None) -> Recognised: ...

    def add(
        self,
        invocation_id: str,
        now: datetime,
        answer: Message | None,
        undo: Undo | None,
        *,
        confidential: bool = False,
    ) -> None:
        """`confidential`: the answer may quote what is nobody else's business, and is not kept for long."""
        ...

    def answer(self, invocation_id: str) -> Message | None:
        """What was answered to it; None where nothing was, or it is not remembered."""
        ...

    def undo(self, invocation_id: str) -> Undo | None: ...


class PeopleStore(Protocol):
    def by_identity(self, identity: Identity) -> Resident | None: ...

    def add(self, identity: Identity, name: str) -> Resident: ...

    def talks_to(self, identity: Identity, account: str) -> None:
        """That account of Plein's is the one they talk to: what is still to be said to them goes over it."""
        ...

    def link(
        self, identities: Sequence[Identity], name: str | None, role: Role | None
    ) -> tuple[int, Sequence[int]]:
        """These accounts are one person's: who that is, and who they were taken to be.

        Without a name or role they keep those that they have.
        """
        ...

    def clear_listed(self, lines: Sequence[Sequence[Identity]]) -> None:
        """Nothing holds any more that a configuration said of people before: names, roles, and whose accounts
        are one person's. Those who still are by one of these `lines` stay one; who is parted from somebody is
        a resident of their own.
        """
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

    def export(self, resident: int) -> Exported:
        """What the core keeps of them."""
        ...

    def forget(self, resident: int) -> None:
        """Keep nothing of them, but a row without a name where something else refers to them."""
        ...

    def grant(self, identity: Identity, role: Role) -> None: ...

    def heard(self, resident: Resident, identity: Identity, name: str) -> Resident:
        """They use Plein with this account just now, which their platform calls that; as they are now."""
        ...

    def of(self, identity: Identity, name: str) -> Resident:
        """Whose account that is; a new resident of that name where it is nobody's yet."""
        ...

    def numbered(self, number: int, themes: Collection[int] | None) -> Sequence[Resident]:
        """The resident of that number, if they are among the people of `named` or take part in nothing."""
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

    def known(self, residents: Collection[int]) -> Mapping[int, Known]:
        """How these residents are shown; one who was forgotten is not among them."""
        ...

    def set_locale(self, resident: int, locale: str) -> None: ...

    def set_reminded(self, resident: int, wanted: bool) -> None: ...

    def take_part(self, account: Identity, resident: int, theme: int, part: Part) -> None:
        """Their platform says so. Since when stays as it was said first."""
        ...

    def leave(self, account: Identity, theme: int) -> None:
        """Their platform says that this account takes no part in a theme, or not any more."""
        ...

    def part_of(self, account: Identity, theme: int) -> Part | None:
        """What their platform said last of an account, however long ago."""
        ...

    def parts(self, resident: int, theme: int | None = None) -> Sequence[tuple[Identity, int, Part]]:
        """The same of all accounts of a resident, in that theme or each; with the theme's number."""
        ...

    def with_role(self, role: Role) -> Sequence[Identity]: ...


class PlaceStore(Protocol):
    def known(self, place: Place) -> tuple[Theme, str | None] | None:
        """The place's theme, and the language place_locale there if one was chosen."""
        ...

    def theme_named(self, name: str) -> Theme: ...

    def themes(self, only: Collection[int] | None = None) -> Sequence[Theme]:
        """These themes (None: all), as people call them, each by another name.

        Only those that have a place where Plein is.
        """
        ...

    def served_by(self, place: Place) -> str | None:
        """The account that is there for Plein; None where none is."""
        ...

    def bind(
        self, place: Place, theme: int, name: str, locale: str | None, account: str, *, ours: bool = False
    ) -> bool:
        """The account serves the place. True if it is new, or back, or was served by another one.

        `ours`: it is the community's own.
        """
        ...

    def of_theme(self, theme: int) -> Sequence[Place]: ...

    def on(self, platform: str, only: Collection[int] | None = None) -> Mapping[int, Sequence[Place]]:
        """The places of these themes (None: of all) that are on a platform, by theme."""
        ...

    def is_ours(self, theme: int) -> bool:
        """Whether it has a place that is the community's own."""
        ...

    def served(self, account: str) -> Sequence[Place]:
        """Where that account is there for Plein."""
        ...

    def leave(self, place: Place) -> None: ...

    def move(self, old: Place, new: Place) -> None: ...


class PostStore(Protocol):
    def add(
        self,
        post_id: str,
        to: Place | Identity,
        message: Message,
        now: datetime,
        *,
        confidential: bool = False,
        account: str = "",
        mentions: Sequence[Identity] = (),
        reply_to: str | None = None,
    ) -> None:
        """A second one with the same id changes nothing. `confidential`: kept only until it was said.

        `account`: which is to say it, where that is not the one that serves the place or hears the person.
        """
        ...

    def change(self, post_id: str, message: Message, now: datetime) -> None:
        """It is to say this, whether it went out already or not. Not for one that is confidential."""
        ...

    def withdraw(self, post_id: str, now: datetime) -> None:
        """It is not to be said, or to be taken away."""
        ...

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Post]:
        """Of each place and person the oldest that is still to be made true, unless it has to wait."""
        ...

    def next_for(self, to: Place | Identity, account: str, now: datetime) -> Post | None:
        """The same for one place or person."""
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, post_ids: Sequence[str], now: datetime) -> None: ...

    def shown(self, post: Post, receipt: Receipt, now: datetime) -> None:
        """It stands there; without a reference, it is to be said anew."""
        ...

    def retracted(self, post: Post, now: datetime) -> None: ...

    def later(self, post_id: str, when: datetime, *, failed: bool, in_doubt: bool = True) -> None:
        """`in_doubt`: it may have arrived, or may still arrive."""
        ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits in that place (None: for that account) need wait no longer."""
        ...

    def park(self, post_id: str, reason: str) -> None: ...

    def parked(self) -> Sequence[tuple[str, str]]: ...

    def message_at(self, account: str, ref: str) -> Message | None: ...


class ToldStore(Protocol):
    """Posts that are for a person, on whichever of their accounts they can be reached.

    `since`: an account of Plein's that has been at work since then is at work.
    """

    def add(
        self,
        post_id: str,
        resident: int,
        message: Message,
        now: datetime,
        since: datetime,
        *,
        confidential: bool = False,
        until: datetime | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
    ) -> None:
        """For the account that they used last, among those that an account of Plein's at work can write to.

        A second one with the same id changes nothing. After `until` it goes to no other account any more.
        With a `theme` it is said only to who takes part there by then, with that role.
        """
        ...

    def pass_on(self, post: Post, now: datetime, since: datetime) -> None:
        """It certainly does not arrive there: to their next account; without one, until they use Plein."""
        ...

    def redirect(self, now: datetime, since: datetime) -> None:
        """The same for what waits for accounts of Plein's that are not at work; and what waits for people
        goes to an account of theirs that can be reached now.
        """
        ...

    def resume(self, resident: int, identity: Identity, now: datetime) -> None:
        """They use Plein with that account just now: what waited for that goes there."""
        ...

    def unreached(self, since: datetime) -> int:
        """For how many people something has been waiting, since later than that, until they use Plein."""
        ...

    def linked(self, resident: int) -> None:
        """What waited for somebody whom they turned out to be waits for them, until they use Plein."""
        ...


class BoardStore(Protocol):
    def open(self, subject: str, theme: int, places: Sequence[Place]) -> None:
        """Show it there. Where it is shown already nothing changes."""
        ...

    def mark(self, subject: str) -> None: ...

    def end(self, subject: str) -> None:
        """No new place will show it any more; those that do are kept up to date."""
        ...

    def show_open(self, theme: int, place: Place) -> None: ...

    def stale(self, account: str, now: datetime, limit: int) -> Sequence[Board]:
        """Those that are behind, unless they have to wait: those of one subject together."""
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, boards: Sequence[Board], now: datetime) -> None: ...

    def shown(self, board: Board, ref: Reference, message: Message, next_at: datetime) -> None:
        """It stands there; without a reference, it is to be posted anew."""
        ...

    def later(self, board: Board, when: datetime, *, failed: bool) -> None: ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits in that place (None: for that account) need wait no longer."""
        ...

    def drop(self, subject: str, place: Place) -> None: ...

    def message_at(self, account: str, ref: str) -> Message | None: ...


class AccountStore(Protocol):
    def serve(self, account: str, platform: str, now: datetime) -> None:
        """It is at work now. What belonged to none of its platform's accounts so far is its own."""
        ...

    def is_away(self, account: str, since: datetime) -> bool:
        """Whether it was not at work any more at that moment, or never was."""
        ...

    def succeed(self, account: str, platform: str, since: datetime) -> None:
        """People to whom an account talked that was not at work any more at that moment talk to this one."""
        ...


class KeepsStore(Protocol):
    """Small things that one of Plein's accounts keeps, each under a name."""

    def get(self, account: str, name: str) -> str | None: ...

    def put(self, account: str, name: str, value: str) -> None: ...

    def all(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """Those whose names begin like that."""
        ...


class JobStore(Protocol):
    def add(self, kind: str, subject: str, due_at: datetime, key: str | None = None) -> None:
        """Under a key, in place of what was planned under it and is not done yet."""
        ...

    def remove(self, key: str) -> None:
        """What was planned under that key is not to be done."""
        ...

    def claim(self, now: datetime, limit: int) -> Sequence[Job]: ...

    def done(self, job_id: int, now: datetime) -> bool:
        """False where it is not due any more: done, called off, or planned for later."""
        ...

    def later(self, job_id: int, due_at: datetime) -> None: ...

    def next_due(self) -> datetime | None: ...


class UseStore(Protocol):
    def add(self, resident: int, what: str, until: datetime) -> None:
        """They did that, and it counts until then."""
        ...

    def count(self, resident: int, what: str, now: datetime) -> int:
        """How often they did that, of what still counts."""
        ...


class InboxStore(Protocol):
    def add(
        self, account: str, arrivals: Sequence[Arrival], cursor: str, stream: str = ""
    ) -> Sequence[Arrival]: ...

    def waiting(self, account: str, undecryptable: bool, stream: str = "") -> Sequence[Arrival]: ...

    def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """How far each stream was read whose name begins like that."""
        ...

    def done(self, account: str, seqs: Sequence[int]) -> None: ...


Args = Mapping[str, Any]

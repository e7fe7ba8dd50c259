"""What the core needs kept: a transaction and its parts, each a Protocol that storage implements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from bot.model.events import Invocation
from bot.model.people import FIRST_COMMUNITY
from bot.ports.accounts import AccountStore, InboxStore, KeepsStore
from bot.ports.carrying import CopyStore
from bot.ports.communities import CommunityStore
from bot.ports.delivery import (
    BoardStore,
    JobStore,
    PostStore,
    QuestionStore,
    SilenceStore,
    ToldStore,
    WantedGuestStore,
    WantedRoomStore,
)
from bot.ports.folding import FoldStore
from bot.ports.people import EnvelopeStore, ForgottenStore, HandledStore, PeopleStore, PlaceStore, UseStore
from bot.ports.signing import SigningStore
from bot.ports.signs import SignStore
from bot.ports.uncarried import UncarriedStore

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class StoreKey(Generic[T]):
    """Names what a feature needs kept: with `POLLS: StoreKey[PollStore]`, `tx.of(POLLS)` is a PollStore."""

    name: str


# A community, or what finds it: it only reads, and may be asked again before another attempt.
Whose = int | Callable[["Transaction"], int]


class Transaction(Protocol):
    """One unit of work: all of it is kept, or none.

    It is opened for one community, and reaches nothing of another's. One that is opened for nobody in
    particular finds what is due, or whose something is, in any of them, and goes `within` one for all else.
    """

    def of(self, key: StoreKey[T]) -> T:
        """What a feature keeps, for as long as this transaction lasts."""
        ...

    @property
    def community(self) -> int | None:
        """Whose it is just now; None: nobody's in particular."""
        ...

    def within(self, community: int) -> AbstractContextManager[None]:
        """What is done inside is that community's, in a transaction of nobody's in particular.

        What is raised out of it has to undo all. Raises: RuntimeError in a transaction of another community.
        """
        ...

    @property
    def communities(self) -> CommunityStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def forgotten(self) -> ForgottenStore: ...
    @property
    def envelopes(self) -> EnvelopeStore: ...
    @property
    def places(self) -> PlaceStore: ...
    @property
    def handled(self) -> HandledStore: ...
    @property
    def posts(self) -> PostStore: ...
    @property
    def questions(self) -> QuestionStore: ...
    @property
    def told(self) -> ToldStore: ...
    @property
    def boards(self) -> BoardStore: ...
    @property
    def copies(self) -> CopyStore: ...
    @property
    def signs(self) -> SignStore: ...
    @property
    def folds(self) -> FoldStore: ...
    @property
    def uncarried(self) -> UncarriedStore: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def wanted(self) -> WantedRoomStore: ...
    @property
    def guests(self) -> WantedGuestStore: ...
    @property
    def silences(self) -> SilenceStore: ...
    @property
    def uses(self) -> UseStore: ...
    @property
    def signing(self) -> SigningStore: ...
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

    async def run(
        self,
        work: Callable[[Transaction], T],
        about: Invocation | None = None,
        *,
        community: Whose = FIRST_COMMUNITY,
    ) -> T:
        """Returns only after the commit. `about`: what the work will ask to be recognised first.

        `community` is whose it is, or what finds that within the same transaction, where it is nobody's yet;
        whoever serves several says so each time.
        """
        ...

    async def run_anywhere(self, work: Callable[[Transaction], T]) -> T:
        """The same for nobody in particular: for workers that look what is due, whosever it is."""
        ...

    def on_commit(self, what: str, listener: Callable[[], None]) -> None:
        """Call this on the event loop after each commit that has something new for whoever waits for it.

        `what` is "post" (something is to be said), "copy" (what somebody said is to stand elsewhere),
        "sign" (so is a sign on it, or no more),
        "board" (something shown is out of date), "job" (something is due later), "room" (a theme ought to
        have one), "silence" (somebody is to be kept from writing, or no more), "carried" (what people say is
        carried elsewhere, or between other places), "forgotten" (somebody is to be) or "turned" (old keys are
        to go).
        """
        ...

    async def read(self, work: Callable[[Transaction], T], *, community: int = FIRST_COMMUNITY) -> T:
        """What the work finds in what is committed. It waits for nobody who writes, and nobody for it.

        Raises: RuntimeError where the work would write, and StoreFailed.
        """
        ...

    async def read_anywhere(self, work: Callable[[Transaction], T]) -> T:
        """The same for nobody in particular."""
        ...

    async def forget(self, now: datetime, keep: Mapping[str, timedelta] | None = None) -> None:
        """Delete what nobody needs any more, by the rules that operators know. Nobody waits for it.

        `keep`: for how long what is kept under that name, where the configuration says.
        """
        ...

    async def wipe_log(self) -> bool:
        """The database's files hold nothing that was deleted. False: somebody reads; try again."""
        ...

    async def close(self) -> None: ...

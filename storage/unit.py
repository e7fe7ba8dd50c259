"""A transaction, and a group of works that share one."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from bot.errors import StoreFailed
from bot.model.events import Invocation
from bot.ports.storage import StoreKey, Transaction, Whose
from storage.accounts import Accounts
from storage.batch import Batch, LockFirst, Locks
from storage.boards import Boards
from storage.communities import Communities
from storage.copies import Copies
from storage.envelopes import Envelopes
from storage.executor import CONFLICTS, FAILURES, FAULTS, Executor
from storage.folds import Folds
from storage.forgotten import Forgotten
from storage.guests import WantedGuests
from storage.handled import Handled
from storage.inbox import Inbox
from storage.jobs import Jobs
from storage.kept import Kept
from storage.keyring import Keyring
from storage.own_keys import OwnKeys
from storage.parts import Parts, Stores
from storage.people import People
from storage.places import Places
from storage.posts import Posts
from storage.questions import Questions
from storage.signing import OwnSigning, SigningKeys
from storage.signs import Signs
from storage.silences import Silences
from storage.told import Told
from storage.uncarried import Uncarried
from storage.uses import Uses
from storage.wanted import WantedRooms

T = TypeVar("T")
log = logging.getLogger(__name__)

Work = Callable[[Transaction], Any]

# A work, what it will ask about first, and whose it is; None: nobody's in particular.
Task = tuple[Work, Invocation | None, Whose | None]

Outcome = tuple[Any, Exception | None]

TRIES = 5


class Tx:
    """Implements Transaction on one connection, which it uses again and again."""

    def __init__(self, executor: Executor, seals: Keyring, signing: SigningKeys, stores: Stores) -> None:
        self._executor = executor
        self._needs_savepoint = False
        self.seals = seals
        self.db = db = Batch(executor)
        sealing = Envelopes(db, seals)
        keys = OwnKeys(seals, db)
        self._parts = Parts(db, keys, sealing)
        self._stores = stores
        self._made: dict[StoreKey[Any], Any] = {}
        self._expecting = [key for key, stored in stores.items() if hasattr(stored.make, "expect")]
        self.communities = Communities(db)
        self.accounts = Accounts(db)
        self.kept = Kept(db)
        self.inbox = Inbox(db, sealing, self.kept)
        self.envelopes = sealing
        self.forgotten = Forgotten(db, seals, self.kept)
        self.people = People(db, self.forgotten, {key.name: stored.tables for key, stored in stores.items()})
        self.places = Places(db)
        self.handled = Handled(db, sealing, self.people, self.forgotten)
        self.posts = Posts(db, sealing, self.forgotten.marks_in)
        self.uncarried = Uncarried(db, self.posts.account_for)
        self.copies = Copies(db, sealing, self.posts.account_for, self.uncarried)
        self.folds = Folds(db, self.copies)
        self.signs = Signs(db, self.copies, self.posts.account_for)
        self.questions = Questions(db)
        self.jobs = Jobs(db)
        self.told = Told(db, self.posts, self.jobs)
        self.boards = Boards(db)
        self.wanted = WantedRooms(db)
        self.guests = WantedGuests(db)
        self.silences = Silences(db)
        self.uses = Uses(db, keys)
        self.signing = OwnSigning(signing, db, executor.offload)

    def of(self, key: StoreKey[T]) -> T:
        """Made when it is first asked for, from what the composition root named for this key."""
        if key not in self._made:
            self._made[key] = self._stores[key].make(self._parts)
        store: T = self._made[key]
        return store

    def offload(self, work: Callable[[], T]) -> T:
        return self._executor.offload(work)

    @property
    def community(self) -> int | None:
        return self.db.community

    @contextlib.contextmanager
    def within(self, community: int) -> Iterator[None]:
        with self.db.within(community):
            yield
            self._flush()

    def savepoint(self, *, eager: bool = False) -> AbstractContextManager[None]:
        return _Savepoint(self.db, eager=eager or self._needs_savepoint)

    def run(
        self, tasks: Sequence[Task], *, first: Locks | None = None, needs_savepoint: bool = False
    ) -> tuple[list[Any], set[str]]:
        """Run these in one transaction, which holds the `first` rows from its beginning: what each gives, and
        whom to wake now that it is kept.
        """
        self._needs_savepoint = needs_savepoint
        self.db.begin()
        results: list[Any] = [None] * len(tasks)
        try:
            self._executor.begin()
            self.db.lock_first(first or {})
            for community, numbers in _by_community(self._find(tasks)).items():
                self.db.enter(community)
                if len(numbers) > 1:
                    self._expect([about for number in numbers if (about := tasks[number][1])])
                for number in numbers:
                    results[number] = tasks[number][0](self)
                self._flush()
            self._executor.commit()
        except BaseException:
            self.db.discard()
            with contextlib.suppress(*FAILURES):  # the connection is gone, and the transaction with it
                self._executor.rollback()
            raise
        self._destroy_keys()
        return results, self.db.woken

    def read(self, work: Callable[[Transaction], T], community: int | None) -> T:
        """Run it within a transaction that somebody else begins and ends.

        Raises: RuntimeError where it would write.
        """
        self.db.enter(community)
        found = work(self)
        self.db.flush()
        return found

    def _find(self, tasks: Sequence[Task]) -> Sequence[int | None]:
        """Whose each of them is: some have that found now, for nobody in particular."""
        finding = [about for _, about, whose in tasks if callable(whose)]
        if finding:
            self.db.enter(None)
        if len(finding) > 1:
            self.handled.expect([about for about in finding if about])
        return [whose(self) if callable(whose) else whose for _, _, whose in tasks]

    def _expect(self, group: Sequence[Invocation]) -> None:
        self.handled.expect(group)
        for key in self._expecting:
            self.of(key).expect(group)

    def _flush(self) -> None:
        try:
            self.db.flush()
        except FAULTS as fault:
            if self._needs_savepoint:
                raise
            # Which part asked for it shows when each flushes its own.
            raise _NeedsSavepoint("deferred") from fault

    def _destroy_keys(self) -> None:
        for key in self.db.destroyed:
            try:
                self.seals.destroy(key)
            except OSError:
                # It is kept all the same; whoever wants the key gone looks again whether it is.
                log.exception("The key %s could not be destroyed", key)


def _by_community(whose: Sequence[int | None]) -> Mapping[int | None, Sequence[int]]:
    """The tasks' numbers, always in the same order of communities: rows of several are locked in it."""
    found: dict[int | None, list[int]] = {}
    for number, community in enumerate(whose):
        found.setdefault(community, []).append(number)
    if len(found) < 2:
        return found
    return dict(sorted(found.items(), key=lambda part: (part[0] is None, part[0])))


class _NeedsSavepoint(StoreFailed):
    """A part has to be undone and nothing marks where it began: once more, with real savepoints."""


class _Savepoint(AbstractContextManager[None]):
    """A part of a transaction that is undone if it raises.

    Most that raise have written nothing yet, and most that write do not raise. So a savepoint, two
    more trips to the database, is set only where the first attempt showed that one is needed.
    """

    def __init__(self, db: Batch, *, eager: bool) -> None:
        self._db = db
        self._eager = eager

    def __enter__(self) -> None:
        self._before = self._db.writes
        if self._eager:
            self._db.savepoint()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FAILURES) and not isinstance(error, FAULTS):
            # The whole transaction is lost; whoever runs it decides what then.
            raise StoreFailed(type(error).__name__) from error
        if isinstance(error, StoreFailed):
            return
        if self._eager:
            self._end(error)
        elif isinstance(error, FAULTS) or (error is not None and self._db.writes != self._before):
            raise _NeedsSavepoint("part") from error

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            self._db.undo()
            return
        try:
            self._db.release()  # with what it deferred, so that it fails as part of this
        except FAULTS:
            self._db.undo()
            raise


def run_group(tx: Tx, tasks: Sequence[Task]) -> tuple[list[Outcome], set[str]]:
    """Run these in one transaction; if one fails, each in one of its own. And whom to wake."""
    if len(tasks) > 1:
        with contextlib.suppress(Exception):
            results, woken = _run_in_order(tx, tasks)
            return [(result, None) for result in results], woken
    outcomes, woken = [], set()
    for task in tasks:
        outcome, others = _run_alone(tx, task)
        outcomes.append(outcome)
        woken |= others
    return outcomes, woken


def _run_in_order(
    tx: Tx, tasks: Sequence[Task], *, needs_savepoint: bool = False
) -> tuple[list[Any], set[str]]:
    """Run it; where it met others out of turn, again with the rows that it takes known beforehand."""
    first: Locks | None = None
    for _ in range(TRIES):
        try:
            return tx.run(tasks, first=first, needs_savepoint=needs_savepoint)
        except LockFirst as found:
            first = found.locks
    return tx.run(tasks, first=first, needs_savepoint=needs_savepoint)


def _run_alone(tx: Tx, task: Task) -> tuple[Outcome, set[str]]:
    """Run it; again where that may help: others were in the way, or the connection stumbled."""
    needs_savepoint = False
    failed: Exception
    for _ in range(TRIES):
        try:
            (result,), woken = _run_in_order(tx, [task], needs_savepoint=needs_savepoint)
            return (result, None), woken
        except _NeedsSavepoint as error:
            needs_savepoint = True
            failed = error
        except CONFLICTS as error:
            # Somebody else may have written the same row just now, which then is found.
            failed = error
        except FAULTS as error:
            return (None, error), set()
        except (*FAILURES, StoreFailed) as error:
            failed = StoreFailed(f"{type(error).__name__}: {getattr(error, 'orig', error)}")
            failed.__cause__ = error
        except Exception as error:
            return (None, error), set()
    return (None, failed), set()

"""A transaction, and a group of works that share one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.errors import StoreFailed
from bot.model.events import Invocation
from bot.ports.storage import StoreKey, Transaction
from storage.accounts import Accounts
from storage.boards import Boards
from storage.envelopes import Envelopes
from storage.executor import FAILURES, FAULTS, CompiledExecutor, Executor
from storage.handled import Handled
from storage.inbox import Inbox
from storage.jobs import Jobs
from storage.kept import Kept
from storage.keyring import Keyring
from storage.parts import Parts, Stores
from storage.people import People
from storage.places import Places
from storage.posts import Posts
from storage.uses import Uses

T = TypeVar("T")

Work = Callable[[Transaction], Any]

# A work, and what it will ask about first.
Task = tuple[Work, Invocation | None]

Outcome = tuple[Any, Exception | None]

TRIES = 3


class Tx:
    """Implements Transaction on one connection."""

    def __init__(self, db: Executor, seals: Keyring, stores: Stores) -> None:
        self.db = db
        self.needs_savepoint = False
        # Keys to be destroyed once all of this is kept, and not a moment earlier.
        self.doomed: set[str] = set()
        self.seals = seals
        sealing = Envelopes(db, seals, self.doomed.add)
        self._parts = Parts(db, seals, sealing, self.doomed.add)
        self._makes = stores
        self._made: dict[StoreKey[Any], Any] = {}
        self._ahead = [key for key, make in stores.items() if hasattr(make, "look_ahead")]
        self.accounts = Accounts(db)
        self.kept = Kept(db)
        self.inbox = Inbox(db, sealing, self.kept)
        self.people = People(db)
        self.places = Places(db)
        self.handled = Handled(db, sealing)
        self.posts = Posts(db, sealing)
        self.boards = Boards(db)
        self.jobs = Jobs(db)
        self.uses = Uses(db)

    def of(self, key: StoreKey[T]) -> T:
        """Made when it is first asked for, from what the composition root named for this key."""
        if key not in self._made:
            self._made[key] = self._makes[key](self._parts)
        store: T = self._made[key]
        return store

    def look_ahead(self, about: Sequence[Invocation]) -> None:
        """These will be asked for, one after the other in this transaction."""
        residents = self.handled.look_ahead(about)
        for key in self._ahead:
            self.of(key).look_ahead(residents)

    def offload(self, work: Callable[[], T]) -> T:
        return self.db.offload(work)

    def savepoint(self, *, eager: bool = False) -> AbstractContextManager[None]:
        return _Savepoint(self.db, eager=eager or self.needs_savepoint)


class _NeedsSavepoint(StoreFailed):
    """A part has to be undone and nothing marks where it began: once more, with real savepoints."""


class _Savepoint(AbstractContextManager[None]):
    """A part of a transaction that is undone if it raises.

    Most that raise have written nothing yet, and most that write do not raise. So a savepoint, two
    more trips to the database, is set only where the first attempt showed that one is needed.
    """

    def __init__(self, db: Executor, *, eager: bool) -> None:
        self._db = db
        self._eager = eager

    def __enter__(self) -> None:
        self._before = self._db.writes
        if self._eager:
            self._db.settle()
            self._db.exec_driver_sql("SAVEPOINT part")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FAILURES) and not isinstance(error, FAULTS):
            # The whole transaction is lost; whoever runs it decides what then.
            raise StoreFailed(type(error).__name__) from error
        if self._eager:
            self._end(error)
        elif isinstance(error, FAULTS) or (error is not None and self._db.writes != self._before):
            raise _NeedsSavepoint("part") from error

    def _end(self, error: BaseException | None) -> None:
        try:
            if error is None:
                self._db.settle()  # here, so that it fails as part of this
        except FAULTS as fault:
            error = fault
            raise
        finally:
            if error is not None:
                self._db.forget()
                self._db.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
            self._db.exec_driver_sql("RELEASE SAVEPOINT part")


def run_group(db: Connection, tx: Tx, tasks: Sequence[Task]) -> list[Outcome]:
    """Run these in one transaction; if one fails, each in one of its own."""
    tx.needs_savepoint = False
    for attempt in range(TRIES):
        tx.db.forget()
        tx.doomed.clear()
        try:
            with db.begin():
                tx.look_ahead([about for _, about in tasks if about])
                results = [work(tx) for work, _ in tasks]
                _settle_late(tx)
            for name in tx.doomed:
                tx.seals.destroy(name)
            return [(result, None) for result in results]
        except Exception as error:
            if len(tasks) > 1:
                return [run_group(db, tx, [task])[0] for task in tasks]
            if isinstance(error, _NeedsSavepoint):
                tx.needs_savepoint = True
                continue
            if isinstance(error, FAULTS) or not isinstance(error, (*FAILURES, StoreFailed)):
                return [(None, error)]
            if attempt == TRIES - 1 or db.closed:
                failure = StoreFailed(f"{type(error).__name__}: {getattr(error, 'orig', error)}")
                failure.__cause__ = error
                return [(None, failure)]
            db.rollback()
    raise AssertionError


def _settle_late(tx: Tx) -> None:
    try:
        tx.db.settle()
    except FAULTS as fault:
        if tx.needs_savepoint:
            raise
        # Which part asked for it shows when each writes its own.
        raise _NeedsSavepoint("late") from fault


def run_once(db: Connection, tasks: Sequence[Task], seals: Keyring, stores: Stores) -> list[Outcome]:
    """The same, on a connection that was taken from the pool for this group."""
    return run_group(db, Tx(CompiledExecutor(db), seals, stores), tasks)

"""One transaction's way to the database: asked once for a whole group of commands, written once for it.

A vote by itself is six small questions and five small writes. Thirty-two votes that share a
transaction need no more than that either, if each question is asked for all of them at once and each
write made for all of them at once. This is how, without any of the thirty-two knowing of the others:

1. **Expect.** Before the group starts, whoever knows what it is about says so by columns:
   `expect(handled.c.id, ids)`. A column that refers to another stands for that one: whoever is expected as
   `residents.id` is expected as `ballots.voter`.
2. **Get.** A `Loader` is a question by key that can be asked for many keys at once. The first that asks
   for a row of it has it asked for all that are expected; the others find theirs there. Rows can tell
   what to expect next: an account tells its resident.
3. **Lock**, and only then get. `lock(polls.c.id, 3)` locks all the polls that are expected, in the order
   of their keys, by a statement that does nothing else. What was got before from that table, or from one
   that refers to it, may come from before the wait and is asked for again. Nobody waits for a row that
   comes before one they hold, as two that do so wait for each other: where another holds it, all is begun
   again with these rows first (`LockFirst`). What is not there yet is reserved, before all rows and in the
   same way: whoever inserts what another has inserted waits for that one too.
4. **Defer.** A write that can wait does so under its table and key. The last one stands, or their numbers
   add up. Whoever asks for these rows looks at what is `pending` as well, and says so to its loader
   (`beside`); before any other statement reads or writes that table, what is pending for it is flushed.
5. **Flush**: what was deferred is executed, all rows of a statement at once, in the order in which they
   were first put off. That is before the commit at the latest.

Whose rows all this is about is said by `enter`: a community's, each in its turn where several share a
transaction. Nothing is known of one that was known of another.

Nothing that was got outlives a write to one of the tables it came from. A deferred write is no such
write until it is flushed, as its row tells by itself what holds now.

What is to happen once it is all kept, and not a moment earlier, waits here too: whom to wake, and which
keys to destroy.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Executable,
    MetaData,
    Select,
    Table,
    bindparam,
    func,
    select,
    text,
)

from bot.errors import StoreFailed
from bot.model.people import FIRST_COMMUNITY
from storage.among import among
from storage.community import tables_of
from storage.executor import Executor, Rows, Values

T = TypeVar("T")
Row = dict[str, Any]
Key = tuple[Hashable, ...]

# Whose rows are locked, by which column, and whether others may refer to them anew; by their keys.
Locks = Mapping[tuple[int | None, Column[Any], bool], Collection[Any]]

# So often a question that a write made stale is asked anew for the whole group; after that each asks for
# itself, so that a group of which everybody writes costs no more than its commands one by one.
RELOADS = 8
# Rows that are not there yet, by a number that goes by what they will be called.
_RESERVED = Column("number", BigInteger)
Table("reserved", MetaData(), _RESERVED)


class LockFirst(StoreFailed):
    """Another holds what comes before rows that are held already: once more, with all of these first."""

    def __init__(self, locks: Locks) -> None:
        super().__init__("locked out of order")
        self.locks = locks


class Loader(Generic[T]):
    """A question that is asked by key, for many keys at once.

    `rows` says what is wanted, and `make` what becomes of each row; `by` are the columns that a key
    consists of. `beside` are the tables of which whoever asks looks at the pending rows as well.
    `tells` is a column of `rows`: its values are expected from then on.
    """

    def __init__(
        self,
        rows: Select[Any],
        by: Sequence[Column[Any]],
        make: Callable[..., T],
        *,
        beside: Collection[Table] = (),
        tells: Column[Any] | None = None,
    ) -> None:
        wanted = list(rows.selected_columns)
        self.by = [identity(column) for column in by]
        self.make = make
        self.width = len(wanted)
        self.names = [f"keys_{number}" for number in range(len(by))]
        keys = (column.label(f"key_{number}") for number, column in enumerate(by))
        self.for_many = rows.add_columns(*keys).where(*map(among, by, self.names))
        self.for_one = rows.where(*map(_equals, by, self.names))
        self.tables = tables_of(self.for_many)
        self.flushed = self.tables.difference(beside)
        referred = {key.column.table for table in self.tables for key in table.foreign_keys}
        self.guarded_by = self.tables | referred
        self.tells = tells
        self.tells_at = next((at for at, column in enumerate(wanted) if column is tells), None)


def own_name(community: int, name: str) -> str:
    """What a community calls so, under a name that nobody else's has."""
    return name if community == FIRST_COMMUNITY else f"c{community}-{name}"


def owner_of(name: str, begins: str) -> int | None:
    """Whose name that is, where its owner's begins so."""
    found = re.match(rf"(?:c(\d+)-)?{begins}", name)
    return int(found[1] or FIRST_COMMUNITY) if found else None


class Batch:
    """What stores ask and write through; see above."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.offload = executor.offload
        self.discard()
        self.begin()

    def begin(self) -> None:
        """Another transaction, which somebody enters next."""
        self._expected: dict[Column[Any], set[Any]] = {}
        self._reloads: Counter[Loader[Any]] = Counter()
        self.woken: set[str] = set()
        self.destroyed: set[str] = set()
        # What these two were where each part began that may still be undone.
        self._parts: list[tuple[set[str], set[str], Locks]] = []
        self._locked: dict[tuple[int | None, Column[Any], bool], set[Any]] = {}
        # How many writes were made or deferred.
        self.writes = 0

    def discard(self) -> None:
        """What was deferred is not to happen; what was got or locked may not hold any more."""
        self._pending: dict[Table, dict[Hashable, tuple[Executable, Row]]] = {}
        self._loaded: defaultdict[Loader[Any], dict[Key, Sequence[Any]]] = defaultdict(dict)
        self._without: dict[int, set[Table]] = {}
        self._shares_sealing = False

    # --- whose it is ---

    @property
    def community(self) -> int | None:
        """Whose rows these are; None for nobody's in particular."""
        return self._executor.community

    def enter(self, community: int | None) -> None:
        """What follows is that community's. What was deferred is written first."""
        self.flush()
        self.discard()
        self._expected.clear()
        self._executor.enter(community)

    @contextlib.contextmanager
    def within(self, community: int) -> Iterator[None]:
        """What is done inside is that community's; what is raised out of it undoes all.

        Raises: RuntimeError where all is another community's.
        """
        before = self.community
        if before not in (None, community):
            raise RuntimeError(f"what is for community {before} may not reach {community}")
        if before is not None:
            yield
            return
        self.enter(community)
        try:
            yield
        except BaseException:
            self.discard()
            raise
        finally:
            self.enter(before)

    def own(self, name: str) -> str:
        """What nobody else calls so who uses names that all communities share, such as those of keys."""
        if self.community is None:
            raise RuntimeError(f"whose {name}?")
        return own_name(self.community, name)

    # --- once it is kept ---

    def wake(self, what: str) -> None:
        """Whoever waits for this is to look once the transaction is kept: see Store.on_commit."""
        self.woken.add(what)

    def destroy(self, key: str) -> None:
        """Have the key of that name destroyed once the transaction is kept."""
        self.destroyed.add(key)

    # --- asking ---

    def expect(self, column: Column[Any], values: Iterable[Any]) -> None:
        """The group will ask for rows where this column, or one that refers to it, has these values."""
        self._expected.setdefault(identity(column), set()).update(values)

    def get(self, loader: Loader[T], *key: Hashable) -> T | None:
        """The row with that key, as the loader makes it; None where there is none."""
        rows = self.get_all(loader, *key)
        return rows[0] if rows else None

    def get_all(self, loader: Loader[T], *key: Hashable) -> Sequence[T]:
        """The rows with that key, in the order of the loader's statement."""
        if not loader.flushed.isdisjoint(self._pending):
            self.flush(loader.flushed)
        known = self._loaded[loader]
        if key not in known:
            known.update(self._load(loader, key))
        return known[key]

    def _load(self, loader: Loader[T], key: Key) -> Mapping[Key, Sequence[T]]:
        wanted = list(map(self._with_expected, loader.by, key))
        found: dict[Key, list[T]]
        if max(map(len, wanted)) == 1 or self._reloads[loader] > RELOADS:
            rows = self._executor.execute(loader.for_one, dict(zip(loader.names, key, strict=True)))
            found = {key: [loader.make(*row) for row in rows]}
        else:
            rows = self._executor.execute(loader.for_many, dict(zip(loader.names, wanted, strict=True)))
            found = {key: [] for key in product(*wanted)}
            for row in rows:
                found[row[loader.width :]].append(loader.make(*row[: loader.width]))
        if loader.tells is not None:
            self.expect(loader.tells, (row[loader.tells_at] for row in rows))
        return found

    def _with_expected(self, column: Column[Any], part: Hashable) -> Collection[Any]:
        expected = self._expected.get(column, ())
        return expected if part in expected else (part,)

    def lock(self, column: Column[Any], *keys: Any, weakly: bool = False) -> bool:
        """Hold these rows, and all that are expected, until the end. `weakly`: others may refer to them anew.

        False if they were held already; else what was asked before may come from before the wait.
        Raises: LockFirst.
        """
        if not self._executor.locks:
            return False
        held = self._locked.setdefault((self.community, column, False), set())
        locked = self._locked.setdefault((self.community, column, weakly), set())
        if (held | locked).issuperset(keys):
            return False
        new = sorted(self._expected.get(column, set()).union(keys) - locked - held)
        if self._is_in_order(column, new[0]):
            self._hold(column, new, weakly)
        else:
            self._lock_free(column, new, weakly)
        locked.update(new)
        self._forget([loader for loader in self._loaded if column.table in loader.guarded_by])
        return True

    def lock_first(self, locks: Locks) -> None:
        """Begin with these. Where one of a column was held for itself alone, all of that column are."""
        strong = {(whose, column) for whose, column, weakly in locks if not weakly}
        for (whose, column, _), keys in sorted(locks.items(), key=lambda lock: _rank(*lock[0][:2])):
            self.enter(whose)
            self.expect(column, keys)
            self.lock(column, *keys, weakly=(whose, column) not in strong)

    def _is_in_order(self, column: Column[Any], first: Any) -> bool:
        rank = _rank(self.community, column)
        for (whose, other, _), keys in self._locked.items():
            if keys and (_rank(whose, other), max(keys)) >= (rank, first):
                return False
        return True

    def _lock_free(self, column: Column[Any], new: Sequence[Any], weakly: bool) -> None:
        """Without waiting for anybody."""
        got = self._hold(column, new, weakly, waits=False)
        others = sorted(set(new).difference(got))
        if others and (column is _RESERVED or self._executor.execute(_there(column), {"keys": others})):
            wanted = {(self.community, column, weakly): {*new}}
            raise LockFirst(_joined(self._locked, wanted))

    def _hold(
        self, column: Column[Any], keys: Sequence[Any], weakly: bool, *, waits: bool = True
    ) -> Collection[Any]:
        """Those that are held from now on."""
        if column is not _RESERVED:
            return self._executor.execute(_locking(column, weakly, waits), {"keys": keys}).scalars()
        reserving = _reserving(waits)
        return [key for key in keys if self._executor.execute(reserving, {"key_": key}).scalar() is not False]

    def reserve(self, table: Table, *names: str) -> bool:
        """Have nobody else insert what is called so, for all who reserve it, until the end.

        False if that was so already; else what was asked of that table before may come from before the wait.
        Raises: LockFirst.
        """
        numbers = [_number(f"{self.community}:{table.name}:{name}") for name in names]
        if not self.lock(_RESERVED, *numbers):
            return False
        self._make_stale([table])
        return True

    def share_sealing(self) -> None:
        """What is written from here on is sealed under keys that nobody leaves before it is kept."""
        if self._executor.locks and not self._shares_sealing:
            self._executor.execute(_sealing("pg_advisory_xact_lock_shared"))
            self._shares_sealing = True

    def seals_alone(self) -> bool:
        """Whether nobody else is about to write what they sealed already; nor is anybody until the end."""
        return not self._executor.locks or bool(
            self._executor.execute(_sealing("pg_try_advisory_xact_lock")).scalar()
        )

    # --- writing ---

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Rows:
        """Execute this now, as if nothing had been deferred."""
        if self._pending:
            # What is deleted, a deferred row may still refer to.
            self.flush(None if statement.is_delete else tables_of(statement))
        rows = self._executor.execute(statement, values)
        if statement.is_dml:
            self.writes += 1
            self._make_stale([_table(statement)])
        return rows

    def note_without(self, resident: int, tables: Iterable[Table]) -> None:
        """Nothing of somebody who is locked stands in these, until somebody writes there."""
        self._without[resident] = set(tables)

    def is_known_of(self, resident: int) -> bool:
        """Whether it was noted where nothing of somebody stands."""
        return resident in self._without

    def may_have(self, resident: int, table: Table) -> bool:
        """Whether something of theirs may stand there."""
        return table not in self._without.get(resident, ())

    def pass_on(self, statement: Executable, old: int, new: int) -> None:
        """Execute this, which makes what is `old_`'s in its table `new_`'s: where there may be any."""
        if self.may_have(old, _table(statement)):
            self.execute(statement, {"old_": old, "new_": new})

    def defer(self, statement: Executable, key: Hashable, row: Row, *, adds: str | None = None) -> None:
        """Execute this later, in place of what is pending for this key of its table.

        `adds` is the field that is added to what is pending. To be deferred are rows that no others refer to.
        """
        self.writes += 1
        table = _table(statement)
        self._may_have_since(table)
        pending = self._pending.setdefault(table, {})
        if adds and key in pending:
            row[adds] += pending[key][1][adds]
        pending[key] = statement, row

    def pending(self, table: Table, key: Hashable) -> Row | None:
        """The row that was deferred under this key and is not in the database yet."""
        deferred = self._pending.get(table)
        found = deferred.get(key) if deferred else None
        return found[1] if found else None

    def pends(self, table: Table) -> bool:
        """Whether anything was deferred for that table and is not in the database yet."""
        return table in self._pending

    def flush(self, tables: Collection[Table] | None = None) -> None:
        """Execute what was deferred: for these tables, or all of it."""
        flushed = [table for table in self._pending if tables is None or table in tables]
        self._make_stale(flushed)
        for table in flushed:
            statements: dict[Executable, list[Row]] = {}
            for statement, row in self._pending.pop(table).values():
                statements.setdefault(statement, []).append(row)
            for statement, rows in statements.items():
                self._executor.execute(statement, rows if len(rows) > 1 else rows[0])

    def _may_have_since(self, table: Table) -> None:
        if self._without:
            for without in self._without.values():
                without.discard(table)

    def _make_stale(self, tables: Collection[Table]) -> None:
        for table in tables:
            self._may_have_since(table)
        self._forget([loader for loader in self._loaded if not loader.tables.isdisjoint(tables)])

    def _forget(self, loaders: Sequence[Loader[Any]]) -> None:
        for loader in loaders:
            del self._loaded[loader]
            self._reloads[loader] += 1

    # --- the transaction itself ---

    def savepoint(self) -> None:
        """From here on it can be undone, until it is released."""
        self.flush()
        self._executor.run("SAVEPOINT part")
        locked = {what: set(keys) for what, keys in self._locked.items()}
        self._parts.append((set(self.woken), set(self.destroyed), locked))

    def release(self) -> None:
        self.flush()
        self._executor.run("RELEASE SAVEPOINT part")
        self._parts.pop()

    def undo(self) -> None:
        """Back to the last savepoint."""
        self.discard()
        self.woken, self.destroyed, locked = self._parts.pop()
        self._locked = {what: set(keys) for what, keys in locked.items()}
        self._executor.run("ROLLBACK TO SAVEPOINT part")
        self._executor.run("RELEASE SAVEPOINT part")


def _equals(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column == bindparam(name, type_=column.type)


# --- which tables and columns belong together ---


def _table(statement: Any) -> Table:
    """The one that it writes."""
    table: Table = statement.table
    return table


@lru_cache(1024)
def identity(column: Column[Any]) -> Column[Any]:
    """The column whose values these are: the one that it refers to, or itself."""
    return next((key.column for key in column.foreign_keys), column)


@lru_cache(1024)
def _locking(column: Column[Any], weakly: bool = False, waits: bool = True) -> Select[Any]:
    rows = _there(column).order_by(column)
    return rows.with_for_update(key_share=weakly, skip_locked=not waits)


@lru_cache(1024)
def _there(column: Column[Any]) -> Select[Any]:
    return select(column).where(among(column, "keys"))


@lru_cache(1024)
def _rank(community: int | None, column: Column[Any]) -> tuple[bool, int, int, str]:
    """Rows are locked in the order of this and then of their keys: what others refer to before those."""
    return community is None, community or 0, _depth(column.table), column.table.name


@cache
def _depth(table: Table) -> int:
    referred = {key.column.table for key in table.foreign_keys} - {table}
    return 1 + max(map(_depth, referred), default=0)


def _joined(some: Locks, others: Locks) -> Locks:
    return {what: {*some.get(what, ()), *others.get(what, ())} for what in (*some, *others)}


@cache
def _reserving(waits: bool) -> Select[Any]:
    how = func.pg_advisory_xact_lock if waits else func.pg_try_advisory_xact_lock
    return select(how(bindparam("key_", type_=BigInteger)))


def _number(name: str) -> int:
    """As large as such a lock's may be; two that share one by chance wait for each other, and that is all."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


@cache
def _sealing(how: str) -> Select[Any]:
    """Whoever seals holds this together with all others who do, until what they sealed is kept, on a database
    that has several writers. Any number will do that nobody else there uses.
    """
    lock: Select[Any] = select(getattr(func, how)(text("1397047628")))
    return lock

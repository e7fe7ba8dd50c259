"""The database behind the core: plain functions in, committed results out.

`run(work)` is the only way to write. On SQLite one thread holds the one writing connection,
takes whatever is waiting and commits it together (`synchronous=FULL`: kept even when the
machine fails); on PostgreSQL the same happens on one asyncpg connection. A group that fails is
rolled back and run again one by one, so that nobody shares another's failure. Nothing is
acknowledged before its commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.errors import StoreFailed
from bot.model import Invocation
from bot.ports import Transaction
from storage.boards import Boards
from storage.direct import FAILURES, FAULTS, Core, Direct
from storage.inbox import Inbox
from storage.jobs import Jobs
from storage.people import People
from storage.places import Places
from storage.polls import Polls
from storage.posts import Posts
from storage.sealing import Sealing
from storage.seals import Seals
from storage.seen import Seen

T = TypeVar("T")
Work = Callable[[Transaction], Any]
# A work, and what it will ask about first.
Task = tuple[Work, Invocation | None]
Outcome = tuple[Any, Exception | None]
GROUP = 256
# FULL: what was acknowledged survives the machine. The others save work: a larger log is folded into
# the file less often, and 16 MB of it are kept at hand.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "wal_autocheckpoint=4000",
    "cache_size=-16000",
)
TRIES = 3
MIGRATIONS = Path(__file__).parent / "migrations"


class Tx:
    """Implements Transaction on one connection."""

    def __init__(self, db: Core, seals: Seals) -> None:
        self.db = db
        self.careful = False
        # Keys to be destroyed once all of this is kept, and not a moment earlier.
        self.doomed: set[str] = set()
        self.seals = seals
        sealing = Sealing(db, seals, self.doomed.add)
        self.inbox = Inbox(db, sealing)
        self.polls = Polls(db, seals, sealing, self.doomed.add)
        self.people = People(db)
        self.places = Places(db)
        self.seen = Seen(db, sealing)
        self.posts = Posts(db, sealing)
        self.boards = Boards(db)
        self.jobs = Jobs(db)

    def apart(self, work: Callable[[], T]) -> T:
        return self.db.apart(work)

    def savepoint(self, *, marked: bool = False) -> AbstractContextManager[None]:
        return _Part(self.db, marked=marked or self.careful)


class _Carefully(StoreFailed):
    """A part has to be undone and nothing marks where it began: once more, with real savepoints."""


class _Part(AbstractContextManager[None]):
    """A part of a transaction that is undone if it raises.

    Most that raise have written nothing yet, and most that write do not raise. So a savepoint, two
    more trips to the database, is set only where the first attempt showed that one is needed.
    """

    def __init__(self, db: Core, *, marked: bool) -> None:
        self._db = db
        self._marked = marked

    def __enter__(self) -> None:
        self._before = self._db.writes
        if self._marked:
            self._db.settle()
            self._db.exec_driver_sql("SAVEPOINT part")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FAILURES) and not isinstance(error, FAULTS):
            # The whole transaction is lost; whoever runs it decides what then.
            raise StoreFailed(type(error).__name__) from error
        if self._marked:
            self._end(error)
        elif isinstance(error, FAULTS) or (error is not None and self._db.writes != self._before):
            raise _Carefully("part") from error

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
    tx.careful = False
    for attempt in range(TRIES):
        tx.db.forget()
        tx.doomed.clear()
        try:
            with db.begin():
                tx.polls.look_ahead(tx.seen.look_ahead([about for _, about in tasks if about]))
                results = [work(tx) for work, _ in tasks]
                _settle_late(tx)
            for name in tx.doomed:
                tx.seals.destroy(name)
            return [(result, None) for result in results]
        except Exception as error:
            if len(tasks) > 1:
                return [run_group(db, tx, [task])[0] for task in tasks]
            if isinstance(error, _Carefully):
                tx.careful = True
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
        if tx.careful:
            raise
        # Which part asked for it shows when each writes its own.
        raise _Carefully("late") from fault


def run_once(db: Connection, tasks: Sequence[Task], seals: Seals) -> list[Outcome]:
    """The same, on a connection that was taken from the pool for this group."""
    return run_group(db, Tx(Direct(db), seals), tasks)


class SQLite:
    """A file: one writer thread, shared commits."""

    def __init__(self, engine: Engine, seals: Seals) -> None:
        self._engine = engine
        self._seals = seals
        self._queue: queue.SimpleQueue[tuple[Task, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write, name="plein-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Transaction], T], about: Invocation | None = None) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(((work, about), future))
        return await future

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._engine.dispose()

    def _write(self) -> None:
        with self._engine.connect() as db:
            tx = Tx(Direct(db), self._seals)
            while (group := self._waiting()) is not None:
                outcomes = run_group(db, tx, [task for task, _ in group])
                futures = [future for _, future in group]
                with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                    self._loop.call_soon_threadsafe(_settle, futures, outcomes)

    def _waiting(self) -> list[tuple[Task, asyncio.Future[Any]]] | None:
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            group.append(following)
        return group


class PostgreSQL:
    """A server: the same functions through one asyncpg connection, commits shared."""

    def __init__(self, url: str, seals: Seals) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine

        self._seals = seals
        self._engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
        self._queue: asyncio.Queue[tuple[Task, asyncio.Future[Any]]] = asyncio.Queue()
        self._task = asyncio.create_task(self._write())

    async def run(self, work: Callable[[Transaction], T], about: Invocation | None = None) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(((work, about), future))
        return await future

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._engine.dispose()

    async def _write(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                async with self._engine.connect() as db:
                    outcomes = await db.run_sync(run_once, [task for task, _ in group], self._seals)
            except (SQLAlchemyError, OSError) as error:
                # The server is away. Nothing was kept; each is told so and may try again.
                failure = StoreFailed(type(error).__name__)
                outcomes = [(None, failure) for _ in group]
            _settle([future for _, future in group], outcomes)


Database = SQLite | PostgreSQL


def _settle(futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome]) -> None:
    for future, (result, error) in zip(futures, outcomes, strict=True):
        if future.done():
            continue  # whoever asked has gone
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)


def sqlite_engine(url: str) -> Engine:
    """A connection that keeps what it was told to keep.

    The driver's own transactions are off and BEGIN IMMEDIATE is sent instead: its deferred
    BEGIN lets two writers read the same state and silently lose one of them.
    """
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, poolclass=StaticPool, paramstyle="named", connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def newest_schema() -> str:
    """The newest migration's number; their files are named by it."""
    return max(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def schema_of(url: str) -> str | None:
    """The migration that the database stands at; None where there are no tables, or no file, yet.

    Changes nothing. Raises StoreFailed where the database cannot be reached.
    """
    from sqlalchemy import inspect, text
    from sqlalchemy.ext.asyncio import create_async_engine

    path = make_url(url).database
    if url.startswith("sqlite") and not await asyncio.to_thread(Path(path or "").is_file):
        return None
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            if not await db.run_sync(lambda on: inspect(on).has_table("alembic_version")):
                return None
            return str((await db.execute(text("SELECT version_num FROM alembic_version"))).scalar())
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{type(error).__name__}: {getattr(error, 'orig', error)}") from error
    finally:
        await engine.dispose()


def async_url(url: str) -> str:
    """`sqlite:///x` and `postgresql://x` with the drivers that do not block the loop."""
    return url.replace("sqlite://", "sqlite+aiosqlite://", 1).replace(
        "postgresql://", "postgresql+asyncpg://", 1
    )


def keys_beside(url: str) -> Path | None:
    """Where the keys of a database are kept where nothing else was chosen: never in the database itself."""
    parts = make_url(url)
    if url.startswith("postgresql"):
        # A server's socket stands in the query: `?host=/run/postgresql`.
        host = str(parts.host or parts.query.get("host", "local")).strip("/").replace("/", "-")
        return Path("data/keys") / f"{host}-{parts.port or 5432}-{parts.database}"
    return Path(f"{parts.database}-keys") if parts.database and parts.database != ":memory:" else None


async def open_database(url: str, keys: Path | None = None) -> Database:
    """Open it, bringing its tables up to date first; `keys` is the folder of what is sealed for a while.

    Raises StoreFailed with what is wrong.
    """
    seals = Seals(keys or keys_beside(url))
    try:
        seals.probe()
    except OSError as error:
        raise StoreFailed(f"the folder for keys cannot be used: {error}") from error
    if url.startswith("postgresql"):
        if await schema_of(url) != newest_schema():
            await upgrade(url)
        return PostgreSQL(async_url(url), seals)
    try:
        engine = sqlite_engine(url)
        if _sqlite_schema(engine) != newest_schema():
            await upgrade(url, engine)
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{url}: {getattr(error, 'orig', error)}") from error
    return SQLite(engine, seals)


def _sqlite_schema(engine: Engine) -> str | None:
    with engine.connect() as db, db.begin():
        known = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").first()
        return str(db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()) if known else None


async def upgrade(url: str, engine: Engine | None = None, to: str = "head") -> None:
    """Run the migrations. Alembic is loaded only now: a start with a current database needs none."""
    from storage.migrations import migrate

    if engine is not None:
        with engine.begin() as db:
            migrate(db, to)
        return
    from sqlalchemy.ext.asyncio import create_async_engine

    found = create_async_engine(async_url(url))
    try:
        async with found.begin() as db:
            await db.run_sync(migrate, to)
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{type(error).__name__}: {getattr(error, 'orig', error)}") from error
    finally:
        await found.dispose()

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
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.errors import StoreFailed
from bot.model.events import Invocation
from bot.ports.storage import Transaction
from storage.executor import CompiledExecutor
from storage.keyring import Keyring
from storage.parts import Stored, Stores
from storage.unit import Outcome, T, Task, Tx, run_group, run_once

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
MIGRATIONS = Path(__file__).parent / "migrations"


class SQLite:
    """A file: one writer thread, shared commits."""

    def __init__(self, engine: Engine, seals: Keyring, stores: Stores) -> None:
        self._engine = engine
        self._seals = seals
        self._stores = stores
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
            tx = Tx(CompiledExecutor(db), self._seals, self._stores)
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

    def __init__(self, url: str, seals: Keyring, stores: Stores) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine

        self._seals = seals
        self._stores = stores
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
                    tasks = [task for task, _ in group]
                    outcomes = await db.run_sync(run_once, tasks, self._seals, self._stores)
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


async def open_database(url: str, keys: Path | None = None, stored: Iterable[Stored[Any]] = ()) -> Database:
    """Open it, bringing its tables up to date first; `keys` is the folder of what is sealed for a while.

    `stored` are the stores that features ask for.
    Raises StoreFailed with what is wrong.
    """
    seals = Keyring(keys or keys_beside(url))
    stores = {each.key: each.make for each in stored}
    try:
        seals.probe()
    except OSError as error:
        raise StoreFailed(f"the folder for keys cannot be used: {error}") from error
    if url.startswith("postgresql"):
        if await schema_of(url) != newest_schema():
            await upgrade(url)
        return PostgreSQL(async_url(url), seals, stores)
    try:
        engine = sqlite_engine(url)
        if _sqlite_schema(engine) != newest_schema():
            await upgrade(url, engine)
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{url}: {getattr(error, 'orig', error)}") from error
    return SQLite(engine, seals, stores)


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

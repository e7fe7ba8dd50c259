"""The database behind the core: plain functions in, committed results out.

`run(work)` is the only way to write. On SQLite one thread holds the one writing connection,
takes whatever is waiting and commits it together (`synchronous=FULL`: kept even when the
machine fails); on PostgreSQL the same happens on one asyncpg connection. A group that fails is
rolled back and run again one by one, so that nobody shares another's failure. Nothing is
acknowledged before its commit.

`read(work)` goes beside that, on connections that cannot write. What it sees is committed; whoever
waited for a commit and reads then sees what they wrote.

A database that is locked, away or silent fails a group as a whole, within ten seconds: nothing of it
was kept, each is told so and may try again. The log says so once, and once more when it is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.util import await_only

from bot.errors import StoreFailed
from bot.model.events import Invocation
from bot.model.people import FIRST_COMMUNITY
from bot.ports.storage import Store, Transaction, Whose
from bot.private import check_private_folder, make_private_folder
from storage import deserted
from storage.connections import (
    ANSWERS_WITHIN,
    READERS,
    postgres_engine,
    postgres_readers,
    sqlite_engine,
    sqlite_file,
    sqlite_readers,
)
from storage.executor import FAILURES, Executor
from storage.keyring import Keyring
from storage.parts import Stored, Stores
from storage.reading import ReadingExecutor, Turn, Turns
from storage.retention import forget
from storage.ring import check_keys, leave_ring, plan_keys
from storage.schema import failure, upgrade_postgres, upgrade_sqlite
from storage.signing import SigningKeys
from storage.unit import Outcome, T, Task, Tx, run_group

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.getLogger(__name__)
GROUP = 256
# Seconds after which a connection that nobody used is looked at before it is used again.
IDLE = 1.0
# Seconds for which those who write wait at most while the log is cut.
CUTS_WITHIN = 0.2
# A file of so many bytes is written anew in less than two seconds.
MOST_WRITTEN_ANEW = 100_000_000
Asked = tuple[Task, asyncio.Future[Any]]


class Answering:
    """Whether the database answers; said in the log when that changes."""

    def __init__(self) -> None:
        self.lost: StoreFailed | None = None
        self._was_lost = False

    def begin(self) -> None:
        """A group begins: perhaps the database is back."""
        self.lost = None

    def check(self) -> None:
        """Raises: StoreFailed where this group waited in vain already: once is enough for all of it."""
        if self.lost:
            raise self.lost

    def lose(self, error: BaseException) -> None:
        self.lost = self.lost or failure(error)

    def end(self) -> None:
        if self.lost and not self._was_lost:
            log.error("The database does not answer (%s). What is asked meanwhile is refused", self.lost)
        elif self._was_lost and not self.lost:
            log.warning("The database answers again")
        self._was_lost = self.lost is not None


class WritingExecutor(Executor):
    """Begins a transaction only where the database answers: that is what waits for other processes."""

    def __init__(self, db: Connection, answering: Answering) -> None:
        super().__init__(db)
        self._answering = answering

    def begin(self) -> None:
        self._answering.check()
        try:
            super().begin()
        except FAILURES as error:
            self._answering.lose(error)
            raise


@dataclass(frozen=True, slots=True)
class Means:
    """What every transaction of a database is begun with."""

    seals: Keyring
    signing: SigningKeys
    stores: Stores

    def begin(self, executor: Executor) -> Tx:
        return Tx(executor, self.seals, self.signing, self.stores)


class _Served(ABC):
    """What both databases are for whoever uses them: works for a community (the first, where none is named),
    or for nobody in particular; and who is to hear of what was committed.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._turns = Turns()
        self._waiting_for: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    async def run(
        self,
        work: Callable[[Transaction], T],
        about: Invocation | None = None,
        *,
        community: Whose = FIRST_COMMUNITY,
    ) -> T:
        return await self._run(work, about, community)

    async def run_anywhere(self, work: Callable[[Transaction], T]) -> T:
        return await self._run(work, None, None)

    async def read(self, work: Callable[[Transaction], T], *, community: int = FIRST_COMMUNITY) -> T:
        return await self._read(work, community)

    async def read_anywhere(self, work: Callable[[Transaction], T]) -> T:
        return await self._read(work, None)

    @abstractmethod
    async def _run(
        self, work: Callable[[Transaction], T], about: Invocation | None, whose: Whose | None
    ) -> T: ...

    @abstractmethod
    async def _read(self, work: Callable[[Transaction], T], whose: int | None) -> T: ...

    @abstractmethod
    async def wipe_log(self) -> bool: ...

    async def forget(self, now: datetime, keep: Mapping[str, timedelta] | None = None) -> None:
        tables = tuple(stored.tables for stored in self._means.stores.values())
        await forget(cast(Store, self), now, deserted.rules(tables), keep)

    def on_commit(self, what: str, listener: Callable[[], None]) -> None:
        self._waiting_for[what].append(listener)

    def _tell(
        self, futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome], woken: Collection[str]
    ) -> None:
        for what in woken:
            for listener in self._waiting_for[what]:
                listener()
        for future, (result, error) in zip(futures, outcomes, strict=True):
            if future.done():
                continue  # whoever asked has gone
            if error:
                future.set_exception(error)
            else:
                future.set_result(result)
        self._turns.written(len(futures))


class SQLite(_Served):
    """A file: one writer thread with shared commits, and a few threads that read."""

    def __init__(self, url: str, engine: Engine, means: Means, answers_within: float) -> None:
        super().__init__(means)
        self._engine = engine
        self._answering = Answering()
        self._queue: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        # A database in memory is one connection's alone.
        self._file = sqlite_file(url)
        self._readers = sqlite_readers(url, answers_within) if self._file else None
        self._reading = ThreadPoolExecutor(READERS, "plein-reader")
        self._thread = threading.Thread(target=self._write, name="plein-writer", daemon=True)
        self._thread.start()

    async def _run(
        self, work: Callable[[Transaction], T], about: Invocation | None, whose: Whose | None
    ) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        self._turns.write()
        self._queue.put(((work, about, whose), future))
        return await future

    async def _read(self, work: Callable[[Transaction], T], whose: int | None) -> T:
        if self._readers is None:
            return await self._run(partial(self._read_among_works, work, whose), None, whose)
        turn = Turn(self._turns)
        await turn.take()
        try:
            return await self._loop.run_in_executor(
                self._reading, self._read_beside, self._readers, work, whose, turn
            )
        finally:
            turn.give()

    async def wipe_log(self) -> bool:
        """All that the log holds is folded into the file, and the log cut to nothing."""
        if self._file is None:
            return True
        return await asyncio.to_thread(_cut_log, self._file)

    async def close(self) -> None:
        await asyncio.to_thread(self._reading.shutdown)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        for engine in (self._readers, self._engine):
            if engine:
                engine.dispose()

    def _read_beside(
        self, readers: Engine, work: Callable[[Transaction], T], whose: int | None, turn: Turn
    ) -> T:
        def before_each() -> None:
            if turn.over:
                asyncio.run_coroutine_threadsafe(turn.take(), self._loop).result()

        try:
            with readers.begin() as db:
                return self._means.begin(ReadingExecutor(db, before_each)).read(work, whose)
        except DataError:
            raise
        except FAILURES as error:
            raise failure(error) from error

    def _read_among_works(self, work: Callable[[Transaction], T], whose: int | None, tx: Transaction) -> T:
        cast(Tx, tx).db.flush()
        return self._means.begin(ReadingExecutor(self._db, lambda: None)).read(work, whose)

    def _write(self) -> None:
        with self._engine.connect() as self._db:
            tx = self._means.begin(WritingExecutor(self._db, self._answering))
            while (group := self._waiting()) is not None:
                self._answering.begin()
                outcomes, woken = run_group(tx, [task for task, _ in group])
                self._answering.end()
                futures = [future for _, future in group]
                with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                    self._loop.call_soon_threadsafe(self._tell, futures, outcomes, woken)

    def _waiting(self) -> list[Asked] | None:
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


def _cut_log(file: Path) -> bool:
    """Beside the writer, who waits meanwhile. False: somebody reads or writes.

    What was moved from page to page as a table grew left copies behind, of which `secure_delete` knows
    nothing: so the file is written anew, in memory, unless it is so large that others would wait too long.
    """
    with contextlib.closing(sqlite3.connect(file, timeout=CUTS_WITHIN, isolation_level=None)) as db:
        try:
            if file.stat().st_size <= MOST_WRITTEN_ANEW:
                db.execute("PRAGMA temp_store=MEMORY")
                db.execute("PRAGMA secure_delete=ON")
                db.execute("VACUUM")
            busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
        return not busy


class PostgreSQL(_Served):
    """A server: the same functions through one asyncpg connection, commits shared; a few more that read."""

    def __init__(self, url: str, means: Means, answers_within: float) -> None:
        super().__init__(means)
        self._answers_within = answers_within
        self._answering = Answering()
        self._engine = postgres_engine(url, answers_within, pool_size=1)
        self._readers = postgres_readers(url, answers_within)
        self._queue: asyncio.Queue[Asked | None] = asyncio.Queue()
        # The connection that the last group used, what is under it, and when that was.
        self._db: AsyncConnection | None = None
        self._driver: Any = None
        self._used = 0.0
        self._task = asyncio.create_task(self._write())

    async def _run(
        self, work: Callable[[Transaction], T], about: Invocation | None, whose: Whose | None
    ) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._turns.write()
        self._queue.put_nowait(((work, about, whose), future))
        return await future

    async def _read(self, work: Callable[[Transaction], T], whose: int | None) -> T:
        turn = Turn(self._turns)
        await turn.take()
        try:
            async with self._readers.connect() as db:
                return await db.run_sync(self._read_beside, work, whose, turn)
        except DataError:
            raise
        except (*FAILURES, OSError) as error:
            raise failure(error) from error
        finally:
            turn.give()

    async def wipe_log(self) -> bool:
        """The server keeps its log, and what was deleted, as long as it is told to (docs/operating.md)."""
        return True

    async def close(self) -> None:
        self._queue.put_nowait(None)
        await self._task
        await self._leave()
        for engine in (self._readers, self._engine):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._answers_within):
                    await engine.dispose()

    def _read_beside(
        self, db: Connection, work: Callable[[Transaction], T], whose: int | None, turn: Turn
    ) -> T:
        def before_each() -> None:
            if turn.over:
                await_only(turn.take())

        with db.begin():
            return self._means.begin(ReadingExecutor(db, before_each)).read(work, whose)

    def _run_all(self, db: Connection, tasks: Sequence[Task]) -> tuple[list[Outcome], set[str]]:
        return run_group(self._means.begin(Executor(db)), tasks)

    async def _write(self) -> None:
        while group := await self._waiting():
            self._answering.begin()
            outcomes: list[Outcome] = []
            woken: set[str] = set()
            try:
                db = await self._connection()
                outcomes, woken = await db.run_sync(self._run_all, [task for task, _ in group])
                if self._driver.is_closed():
                    self._answering.lose(next(error for _, error in outcomes if error))
            except (SQLAlchemyError, OSError) as error:
                self._answering.lose(error)
                outcomes = [(None, self._answering.lost) for _ in group]
            if self._answering.lost:
                await self._leave()
            self._answering.end()
            self._tell([future for _, future in group], outcomes, woken)

    async def _waiting(self) -> list[Asked]:
        """What is to be done together; nothing once there is nothing more to come."""
        group: list[Asked] = []
        while not group or not (self._queue.empty() or len(group) == GROUP):
            asked = await self._queue.get()
            if asked is None:
                self._queue.put_nowait(None)
                break
            group.append(asked)
        return group

    async def _connection(self) -> AsyncConnection:
        """The one of the last group, if that was just now; else one that was looked at."""
        now = asyncio.get_running_loop().time()
        if now - self._used > IDLE:
            await self._leave()
        self._used = now
        if self._db is None:
            self._db = await self._engine.connect()
            self._driver = (await self._db.get_raw_connection()).driver_connection
        return self._db

    async def _leave(self) -> None:
        db, self._db = self._db, None
        if db:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await db.close()


Database = SQLite | PostgreSQL


def keys_beside(url: str, which: str = "keys") -> Path | None:
    """Where the keys of a database are kept where nothing else was chosen: never in the database itself.

    `which`: "keys" that no backup has, or "signing", that every backup has.
    """
    parts = make_url(url)
    if url.startswith("postgresql"):
        # A server's socket stands in the query: `?host=/run/postgresql`.
        host = str(parts.host or parts.query.get("host", "local")).strip("/").replace("/", "-")
        return Path("data") / which / f"{host}-{parts.port or 5432}-{parts.database}"
    return Path(f"{parts.database}-{which}") if parts.database and parts.database != ":memory:" else None


def signing_beside(url: str, keys: Path | None = None) -> Path | None:
    """Where the keys that sign are kept where nothing else was chosen: beside the folder of `keys`."""
    if keys:
        return keys.with_name(f"{keys.name.removesuffix('-keys')}-signing")
    return keys_beside(url, "signing")


async def open_database(
    url: str,
    keys: Path | None = None,
    stored: Iterable[Stored[Any]] = (),
    *,
    signing: Path | None = None,
    answers_within: float = ANSWERS_WITHIN,
) -> Database:
    """Open it, bringing its tables up to date first; `keys` is the folder of what is sealed for a while, and
    `signing` that of what communities sign with.

    `stored` are the stores that features ask for. A call that gets no answer for `answers_within` seconds
    has failed.
    Raises: StoreFailed with what is wrong.
    """
    folder = keys or keys_beside(url)
    signing = signing or signing_beside(url, keys)
    seals = Keyring(folder)
    stores = {entry.key: entry for entry in stored}
    try:
        for each in filter(None, (folder, signing)):
            check_private_folder(each)
        if folder:
            make_private_folder(folder)
        seals.probe()
    except OSError as error:
        raise StoreFailed(f"the folder for keys cannot be used: {error}") from error
    opened = await _open(url, Means(seals, SigningKeys(signing), stores), answers_within)
    try:
        await opened.run_anywhere(partial(plan_keys, seals))
        await opened.run_anywhere(partial(check_keys, seals))
    except BaseException:
        await opened.close()
        raise
    return opened


async def _open(url: str, means: Means, answers_within: float) -> Database:
    if url.startswith("postgresql"):
        await upgrade_postgres(url)
        return PostgreSQL(url, means, answers_within)
    try:
        engine = sqlite_engine(url, answers_within)
    except OSError as error:
        raise StoreFailed(str(error)) from error
    try:
        await upgrade_sqlite(url, engine)
    except BaseException:
        engine.dispose()
        raise
    return SQLite(url, engine, means, answers_within)


async def leave_keys(url: str) -> None:
    """The folder of keys is lost: the one of the next start is the database's. Raises: StoreFailed."""
    opened = await _open(url, Means(Keyring(None), SigningKeys(None), {}), ANSWERS_WITHIN)
    try:
        await opened.run_anywhere(leave_ring)
    finally:
        await opened.close()

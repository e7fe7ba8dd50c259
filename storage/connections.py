"""How each database is connected to: what it must keep, and how long it may take to answer.

Nobody waits for a database that is silent: a call that gets no answer within `ANSWERS_WITHIN` has
failed, and with it the whole group of works that it was part of.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Pool, QueuePool, StaticPool, create_engine, event
from sqlalchemy.engine import make_url

from bot.private import close_to_others, make_private_file, make_private_folder

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

# Seconds. On PostgreSQL asking a silent server to stop may take as long once more: six in all.
ANSWERS_WITHIN = 3.0
# A migration rewrites whole tables.
MIGRATES_WITHIN = 3600.0
# Connections for those who only read.
READERS = 4
# FULL: what was acknowledged survives the machine. What is deleted is overwritten.
# The others save work: a larger log is folded into the file less often, and 16 MB of it are
# kept at hand.
WRITING = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "wal_autocheckpoint=4000",
    "cache_size=-16000",
)
BEGIN = "BEGIN IMMEDIATE"
READING = ("query_only=ON",)


def sqlite_file(url: str) -> Path | None:
    """None where the database is in memory."""
    path = make_url(url).database
    return Path(path) if path and path != ":memory:" else None


def async_url(url: str) -> str:
    """`sqlite:///x` and `postgresql://x` with the drivers that do not block the loop."""
    return url.replace("sqlite://", "sqlite+aiosqlite://", 1).replace(
        "postgresql://", "postgresql+asyncpg://", 1
    )


def sqlite_engine(url: str, answers_within: float = ANSWERS_WITHIN) -> Engine:
    """One connection that keeps what it was told to keep.

    The driver's own transactions are off and BEGIN IMMEDIATE is sent instead: its deferred
    BEGIN lets two writers read the same state and silently lose one of them. Raises: OSError.
    """
    if file := sqlite_file(url):
        _keep_private(file)
    return _sqlite(url, answers_within, WRITING, BEGIN, poolclass=StaticPool)


def _keep_private(file: Path) -> None:
    """SQLite makes what goes with the file (its log and that log's index) as readable as the file is."""
    make_private_folder(file.parent)
    make_private_file(file)
    for ending in ("-wal", "-shm", "-journal"):
        close_to_others(file.with_name(file.name + ending))


def sqlite_readers(url: str, answers_within: float = ANSWERS_WITHIN) -> Engine:
    """Connections that cannot write; each transaction sees what was committed when it began."""
    return _sqlite(
        url, answers_within, READING, "BEGIN", poolclass=QueuePool, pool_size=READERS, max_overflow=0
    )


def _sqlite(
    url: str,
    answers_within: float,
    pragmas: tuple[str, ...],
    begin: str,
    poolclass: type[Pool],
    **pool: Any,
) -> Engine:
    # `timeout` is how long to wait for whoever has locked the file.
    connect = {"check_same_thread": False, "timeout": answers_within}
    engine = create_engine(url, connect_args=connect, poolclass=poolclass, **pool)

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: str, answers_within: float = ANSWERS_WITHIN, **how: Any) -> AsyncEngine:
    """Connections that are looked at before they are used, and given up when they are silent.

    Plans are made anew for each question: one that was right while a table was small reads all of it
    when it has grown.
    """
    from sqlalchemy.ext.asyncio import create_async_engine

    connect = {
        "timeout": min(answers_within, ANSWERS_WITHIN),
        "command_timeout": answers_within,
        "server_settings": {"plan_cache_mode": "force_custom_plan"},
    }
    return create_async_engine(
        async_url(url), pool_pre_ping=True, connect_args=connect, max_overflow=0, **how
    )


def postgres_readers(url: str, answers_within: float = ANSWERS_WITHIN) -> AsyncEngine:
    """Connections that cannot write, nor hold a row; each transaction sees one committed state."""
    how = {"pool_size": READERS, "pool_timeout": answers_within, "isolation_level": "REPEATABLE READ"}
    return postgres_engine(url, answers_within, **how).execution_options(postgresql_readonly=True)

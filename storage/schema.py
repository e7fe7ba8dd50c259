"""Which tables a database has, and bringing them up to date: one process at a time.

Alembic is loaded only when there is something to migrate: a start with a current database needs none.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreFailed
from storage.connections import MIGRATES_WITHIN, async_url, postgres_engine, sqlite_engine, sqlite_file

log = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"
LOOK_AGAIN = 0.1
T = TypeVar("T")
# Whoever opens a database on a server holds this; any number will do that nobody else there uses.
_LOCK = 0x504C45494E


def newest_schema() -> str:
    """The newest migration's number; their files are named by it."""
    return max(_schemas())


def _schemas() -> set[str]:
    return {file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}


async def schema_of(url: str) -> str | None:
    """The migration that the database stands at; None where there are no tables, or no file, yet.

    Changes nothing. Raises: StoreFailed where the database cannot be reached, or is a newer version's.
    """
    from sqlalchemy.ext.asyncio import create_async_engine

    if url.startswith("postgresql"):
        engine = postgres_engine(url)
    else:
        file = sqlite_file(url)
        if file is None or not await asyncio.to_thread(_is_there, file):
            return None
        engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            return await db.run_sync(_known_schema)
    # The driver takes what stands behind `?` in the address for its own parameters.
    except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
        raise failure(error) from error
    finally:
        await engine.dispose()


async def look_into(url: str, look: Callable[[Connection], T]) -> T:
    """What is read in a database that is there, whether or not Plein is using it. Raises: StoreFailed."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = postgres_engine(url) if url.startswith("postgresql") else create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            return await db.run_sync(look)
    except (SQLAlchemyError, OSError) as error:
        raise failure(error) from error
    finally:
        await engine.dispose()


def _is_there(file: Path) -> bool:
    """Raises: StoreFailed where it cannot be used, or cannot be made."""
    try:
        if file.is_dir():
            raise StoreFailed(f"{file} is a folder")
        found = file if file.exists() else next(folder for folder in file.parents if folder.exists())
    except OSError as error:
        raise StoreFailed(str(error)) from error
    if not os.access(found, os.R_OK | os.W_OK | (0 if found is file else os.X_OK)):
        raise StoreFailed(f"Plein may not write in {found}")
    return found is file


def _known_schema(db: Connection) -> str | None:
    """Raises: StoreFailed where it is none of those that there are migrations for."""
    if not inspect(db).has_table("alembic_version"):
        return None
    found: str | None = db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found and found not in _schemas():
        raise StoreFailed(
            f"a newer version of Plein has used it (its tables are at {found}, this version knows those up to"
            f" {newest_schema()}). Install that version, or restore a backup from before"
        )
    return found


async def upgrade(url: str, to: str = "head") -> None:
    """Run the migrations, up to the newest or to another. Raises: StoreFailed."""
    if url.startswith("postgresql"):
        await upgrade_postgres(url, to)
        return
    try:
        engine = sqlite_engine(url)
    except OSError as error:
        raise StoreFailed(str(error)) from error
    try:
        await upgrade_sqlite(url, engine, to)
    finally:
        engine.dispose()


async def upgrade_sqlite(url: str, engine: Engine, to: str = "head") -> None:
    """Connects for the first time as well: that changes a new file, and has to be done alone.

    A table that is made anew is dropped for a moment: nobody looks meanwhile what refers to it.
    """
    try:
        async with _alone_with(sqlite_file(url)):
            with engine.connect() as db:
                # Not through SQLAlchemy: inside the transaction that it would begin this has no effect.
                cursor = db.connection.cursor()
                cursor.execute("PRAGMA foreign_keys=OFF")
                with db.begin():
                    _migrate(db, to)
                cursor.execute("PRAGMA foreign_keys=ON")
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{url}: {getattr(error, 'orig', error)}") from error


async def upgrade_postgres(url: str, to: str = "head") -> None:
    if to == "head" and await schema_of(url) == newest_schema():
        return
    engine = postgres_engine(url, answers_within=MIGRATES_WITHIN)
    try:
        async with engine.begin() as db:

            async def taken() -> bool:
                lock = text("SELECT pg_try_advisory_xact_lock(:lock)")
                return bool((await db.execute(lock, {"lock": _LOCK})).scalar())

            await _wait_for(taken)
            await db.run_sync(_migrate, to)
    except (SQLAlchemyError, OSError) as error:
        raise failure(error) from error
    finally:
        await engine.dispose()


def _migrate(db: Connection, to: str) -> None:
    at = _known_schema(db)
    if at != newest_schema() or to != "head":
        from storage.migrations import migrate

        migrate(db, to)


@contextlib.asynccontextmanager
async def _alone_with(file: Path | None) -> AsyncIterator[None]:
    """Nobody else opens a database in this file's folder meanwhile. The lock goes with its process."""
    if file is None:
        yield
        return
    folder = os.open(file.parent, os.O_RDONLY)

    async def taken() -> bool:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        await _wait_for(taken)
        yield
    finally:
        os.close(folder)


async def _wait_for(taken: Callable[[], Awaitable[bool]]) -> None:
    """Raises: StoreFailed where another process keeps the lock longer than any migration takes."""
    try:
        async with asyncio.timeout(MIGRATES_WITHIN):
            said = False
            while not await taken():
                if not said:
                    log.info("Waiting for another process that opens the database")
                said = True
                await asyncio.sleep(LOOK_AGAIN)
    except TimeoutError:
        raise StoreFailed("another process is opening it, and does not end") from None


def failure(error: BaseException) -> StoreFailed:
    """What is wrong with the database, as the core knows it."""
    return StoreFailed(f"{type(error).__name__}: {getattr(error, 'orig', error)}")

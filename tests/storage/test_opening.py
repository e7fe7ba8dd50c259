"""Several processes may open a database at once, and one that does not answer is said and waited for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import StoreFailed
from bot.features.polls.records import POLLS
from bot.main.cli import main
from bot.main.features import stores_of
from bot.model.message import message, typed
from bot.model.people import Identity
from bot.ports.storage import Transaction
from storage import engines
from storage.communities import settings_kept
from storage.connections import async_url
from storage.engines import Database, open_database
from storage.kept import kept_by
from storage.schema import newest_schema, schema_of, upgrade
from tests.chat import NOW
from tests.postgres import PostgreSQL, keys_of
from tests.storage.test_migrations import fill_old, look

ROOT = Path(__file__).parents[2]

# --- four at once ---

# Everything is loaded before the signal to begin; each then opens the database and keeps something sealed.
OPENS = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
import storage.migrations
from bot.model.message import message, typed
from storage.engines import open_database

async def main(url, keys, name):
    print("ready", flush=True)
    sys.stdin.readline()
    store = await open_database(url, Path(keys))
    answer = message(typed(name))
    await store.run(lambda tx: tx.handled.add(name, datetime.now(UTC), answer, None, confidential=True))
    assert await store.read(lambda tx: tx.handled.answer(name, None)) == answer
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def database_url(bare_database_url: str) -> str:
    """One without tables."""
    return bare_database_url


@pytest.mark.parametrize("before", ["empty", "older"])
async def test_four_processes_open_it_at_once(database_url: str, tmp_path: Path, before: str) -> None:
    if before == "older":
        await upgrade(database_url, to="0001")
        await look(database_url, fill_old)
    pipe = subprocess.PIPE
    keys = tmp_path / "keys"
    names = ["first", "second", "third", "fourth"]
    four = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", OPENS, database_url, str(keys), name),
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        for name in names
    ]
    for process in four:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    ended = await asyncio.gather(*(process.communicate(b"\n") for process in four))
    assert [(process.returncode, words[1].decode()) for process, words in zip(four, ended, strict=True)] == [
        (0, "")
    ] * 4
    assert await schema_of(database_url) == newest_schema()
    store = await open_database(database_url, keys)
    found = await store.read(lambda tx: [tx.handled.answer(name, None) for name in names])
    assert found == [message(typed(name)) for name in names]
    await store.close()


async def test_an_older_one_with_people_and_polls_in_it(database_url: str) -> None:
    await upgrade(database_url, to="0001")
    await look(database_url, fill_old)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    assert await store.read(lambda tx: tx.of(POLLS).get(1, 1))
    await store.close()
    if database_url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(make_url(database_url).database or "")) as db:
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_newer_one_is_left_alone(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(database_url)
    engine = create_async_engine(async_url(database_url))
    async with engine.begin() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    for how in (open_database(database_url, keys_of(database_url)), upgrade(database_url)):
        with pytest.raises(StoreFailed, match="newer version of Plein") as failed:
            await how
        assert "9999" in str(failed.value)
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    for does in (["db", "upgrade"], ["check"]):
        assert await asyncio.to_thread(main, ["--config", str(config), *does]) == 1
        said = "".join(capsys.readouterr())
        assert "newer version of Plein" in said
        assert "Traceback" not in said


# --- silence ---


def count_up(tx: Transaction) -> int:
    number = int(tx.kept.get("count", "cursor:") or 0) + 1
    tx.inbox.add("count", [], str(number), NOW)
    tx.jobs.add("test", str(number), NOW)
    return number


class Silenced:
    """A database that answers until it is told to be silent, and again afterwards."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def fall_silent(self) -> None: ...

    async def answer(self) -> None: ...


class Locked(Silenced):
    """A file that somebody else has locked."""

    async def fall_silent(self) -> None:
        self._db = sqlite3.connect(make_url(self.url).database or "", isolation_level=None)
        self._db.execute("BEGIN IMMEDIATE")

    async def answer(self) -> None:
        self._db.close()


class Stalled(Silenced):
    """A way to a server on which, for a while, nothing comes through and nothing ends."""

    def __init__(self, url: str, folder: Path) -> None:
        address = make_url(url)
        super().__init__(url.replace(str(address.query["host"]), str(folder)))
        self._there = f"{address.query['host']}/.s.PGSQL.5432"
        self._here = folder / ".s.PGSQL.5432"
        self._open = asyncio.Event()
        self._open.set()
        self._busy = set[asyncio.Task[None]]()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._connected, self._here)
        try:
            yield
        finally:
            server.close()
            for task in self._busy:
                task.cancel()
            await asyncio.gather(*self._busy, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._there)
        for way in (self._pass_on(reader, back), self._pass_on(there, writer)):
            task = asyncio.create_task(way)
            self._busy.add(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while words := await reader.read(65_536):
                await self._open.wait()
                writer.write(words)
                await writer.drain()
        await self._open.wait()
        writer.close()

    async def fall_silent(self) -> None:
        self._open.clear()

    async def answer(self) -> None:
        self._open.set()


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """Short, as the path of a socket has to be."""
    folder = Path(tempfile.mkdtemp(prefix="plein-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, socket_folder: Path
) -> AsyncIterator[Silenced]:
    if request.param == "sqlite":
        yield Locked(f"sqlite:///{tmp_path}/plein.db")
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    stalled = Stalled(postgres.new_database(), socket_folder)
    async with stalled.serving():
        yield stalled


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the database, without the reason."""
    return [
        line.getMessage().split(" (")[0]
        for line in caplog.records
        if line.name == "storage.engines" and line.levelno >= logging.WARNING
    ]


async def all_refused(store: Database) -> None:
    asked = [store.run(count_up) for _ in range(20)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(error) for error in found} == {StoreFailed}


@pytest.mark.parametrize("times", [1, 2])
async def test_one_that_is_silent_is_said_and_waited_for(
    database: Silenced, tmp_path: Path, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    store = await open_database(database.url, tmp_path / "keys", answers_within=2.0)
    assert await store.run(count_up) == 1
    assert said(caplog) == []
    await database.fall_silent()
    for _ in range(times):
        await all_refused(store)
        assert said(caplog) == ["The database does not answer"]
    await database.answer()
    assert await store.run(count_up) == 2
    assert await store.run(lambda tx: len(tx.jobs.claim(NOW, 99))) == 2
    assert said(caplog) == ["The database does not answer", "The database answers again"]
    await store.close()


@pytest.mark.parametrize("idle", [60.0, -1.0])
async def test_it_is_said_within_ten_seconds(
    database: Silenced,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    idle: float,
) -> None:
    """With the limits as they are, on a connection that was just used and on one that is looked at first."""
    monkeypatch.setattr(engines, "IDLE", idle)
    store = await open_database(database.url, tmp_path / "keys")
    await store.run(count_up)
    await database.fall_silent()
    async with asyncio.timeout(10):
        await all_refused(store)
    assert said(caplog) == ["The database does not answer"]
    await database.answer()
    assert await store.run(count_up) == 2
    await store.close()


async def test_a_read_does_not_wait_for_ever_either(
    postgres: PostgreSQL, socket_folder: Path, tmp_path: Path
) -> None:
    database = Stalled(postgres.new_database(), socket_folder)
    async with database.serving():
        store = await open_database(database.url, tmp_path / "keys", answers_within=2.0)
        await store.run(count_up)
        assert await store.read(lambda tx: tx.kept.get("count", "cursor:")) == "1"
        await database.fall_silent()
        with pytest.raises(StoreFailed):
            await store.read(lambda tx: tx.kept.get("count", "cursor:"))
        await database.answer()
        assert await store.read(lambda tx: tx.kept.get("count", "cursor:")) == "1"
        await store.close()


async def test_a_server_that_ends_its_connections(
    postgres: PostgreSQL, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.new_database()
    store = await open_database(url, tmp_path / "keys")
    await store.run(count_up)
    engine = create_async_engine(async_url(url))
    async with engine.connect() as db:
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        await db.execute(text(f"{ends} AND pid <> pg_backend_pid()"))
    await engine.dispose()
    with contextlib.suppress(StoreFailed):  # it was in use a moment ago, and so was not looked at
        await store.run(count_up)
    number = int(await store.read(lambda tx: tx.kept.get("count", "cursor:")) or 0)
    assert await store.run(count_up) == number + 1
    await store.close()


async def test_what_was_set_is_read_from_outside_as_from_within(database_url: str) -> None:
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        other = await store.run_anywhere(lambda tx: tx.communities.add("Other"))

        def change(tx: Transaction, *changes: tuple[str, str | None]) -> Mapping[str, str]:
            by = tx.people.add(Identity("test", "mia"), "Mia").id
            for name, value in changes:
                tx.communities.change(name, value, by, NOW)
            return tx.communities.settings()

        first = await store.run(lambda tx: change(tx, ("a", "1"), ("b", "2"), ("a", "3"), ("b", None)))
        second = await store.run(lambda tx: change(tx, ("a", "4")), community=other)
        found = await settings_kept(database_url)
        assert {number: settings for number, (_, settings) in found.items()} == {1: first, other: second}
        assert (first, second) == ({"a": "3"}, {"a": "4"})
        await store.run_anywhere(lambda tx: tx.kept.put("test:plein", "aliases", "{}"))
        assert await kept_by(database_url, "test:plein") == {"aliases": "{}"}
        assert await kept_by(database_url, "test:other") == {}
    finally:
        await store.close()

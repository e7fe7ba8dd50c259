"""The servers that tests ask for: each starts when the first test wants it and serves them all."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.main.features import stores_of
from storage.engines import Database, open_database
from tests.doubles.discord.library import ready_at_once
from tests.homeserver import Homeserver
from tests.long import is_long
from tests.plein import Plein
from tests.postgres import PostgreSQL, keys_of
from tests.tables import Made, made_once

# A busy machine is no fault in what is tested.
settings.register_profile("plein", deadline=None)
settings.load_profile("plein")
# What is there lives in memory: a file that was written is there for every process, killed or not.
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3


def pytest_configure() -> None:
    """Thousands of databases wait for a disk as long as for all else that is done to them."""
    if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """All tests together are no garbage, and need not be looked through for some again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def tables() -> Iterator[Made]:
    with made_once() as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def discord_at_once() -> Iterator[None]:
    with ready_at_once():
        yield


@pytest.fixture(scope="session", autouse=True)
async def nobody_left_behind() -> AsyncIterator[None]:
    """A test that failed may have left its Plein running."""
    yield
    for left in Plein.running:
        if left.returncode is None:
            left.kill()
            await left.wait()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before it is asked which are to be run."""
    for item in items:
        if is_long(item.nodeid):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
async def homeserver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Homeserver]:
    """A Matrix homeserver without limits. Others use it too: take names of your own."""
    async with await Homeserver.start(tmp_path_factory.mktemp("homeserver")) as server:
        yield server


@pytest.fixture(scope="session")
async def limited_homeserver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Homeserver]:
    """A Matrix homeserver that takes ten messages at once and then one a second."""
    folder = tmp_path_factory.mktemp("limited_homeserver")
    async with await Homeserver.start(folder, limits=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A PostgreSQL server; each test asks it for a database of its own."""
    server = PostgreSQL(tmp_path_factory.mktemp("postgres"), durable=False)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: the test runs once on either."""
    return str(request.param)


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, tables: Made, tmp_path: Path
) -> Iterator[str]:
    """An empty database, which may have its tables already."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/plein.db"
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    url = tables.on(server)
    yield url
    tables.give_back(server, url)


@pytest.fixture
def bare_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/plein.db"
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.give_back(url)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Database]:
    """An empty store."""
    opened = await open_database(database_url, keys_of(database_url), stores_of())
    yield opened
    await opened.close()

"""A database knows its folder of keys: what could never be counted is refused before anybody votes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import StoreFailed
from storage.engines import leave_keys, open_database
from storage.keyring import Keyring


async def opens(url: str, keys: Path) -> bool:
    try:
        await (await open_database(url, keys)).close()
    except StoreFailed as error:
        return not (str(keys) in str(error) and "[database] keys" in str(error))
    return True


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "shared"


async def test_a_second_machine_with_a_folder_of_its_own_is_refused(
    database_url: str, shared: Path, tmp_path: Path
) -> None:
    assert await opens(database_url, shared)
    assert not await opens(database_url, tmp_path / "another")
    # Nor once it has keys, of this version or another database's.
    Keyring(tmp_path / "another").make("poll-1")
    assert not await opens(database_url, tmp_path / "another")
    Keyring(tmp_path / "another").belong_to("x" * 32)
    assert not await opens(database_url, tmp_path / "another")
    assert await opens(database_url, shared)


async def test_the_folder_can_be_moved(database_url: str, shared: Path, tmp_path: Path) -> None:
    assert await opens(database_url, shared)
    shutil.move(shared, tmp_path / "elsewhere")
    assert not await opens(database_url, shared)
    assert await opens(database_url, tmp_path / "elsewhere")


async def test_one_that_is_lost_is_given_up_by_hand(database_url: str, shared: Path) -> None:
    assert await opens(database_url, shared)
    shutil.rmtree(shared)
    assert not await opens(database_url, shared)
    await leave_keys(database_url)
    assert await opens(database_url, shared)
    assert await opens(database_url, shared)


async def test_a_start_that_was_cut_short_goes_on(database_url: str, shared: Path) -> None:
    """The folder is told first; the database was not any more."""
    Keyring(shared).belong_to("x" * 32)
    assert await opens(database_url, shared)
    assert Keyring(shared).whose == "x" * 32


async def test_a_folder_from_before_is_the_databases(database_url: str, shared: Path) -> None:
    """With keys in it, and nothing that says whose."""
    Keyring(shared).make("poll-1")
    assert await opens(database_url, shared)
    assert "poll-1" in Keyring(shared).names()

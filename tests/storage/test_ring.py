"""A database knows its folder of keys: what could never be counted is refused before anybody votes."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.errors import StoreFailed
from storage.engines import leave_keys, open_database
from storage.kept import Kept
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


async def test_a_start_that_was_cut_short_goes_on(
    database_url: str, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was told; the database was not any more."""
    first = Kept.first

    def no_more(kept: Kept, account: str, name: str, value: str) -> str:
        assert name != "keys", "killed"
        return first(kept, account, name, value)

    with monkeypatch.context() as cut:
        cut.setattr(Kept, "first", no_more)
        with pytest.raises(AssertionError, match="killed"):
            await open_database(database_url, shared)
    told = Keyring(shared).whose
    assert told
    assert await opens(database_url, shared)
    assert await opens(database_url, shared)
    assert Keyring(shared).whose == told


async def test_of_two_databases_each_has_a_folder_of_its_own(
    database_url: str, shared: Path, tmp_path: Path
) -> None:
    """The first poll of one would share its keys with the first of the other, and destroy them."""
    other = f"sqlite:///{tmp_path}/other.db"
    assert await opens(other, shared)
    assert not await opens(database_url, shared)
    assert not await opens(database_url, shared)
    assert await opens(database_url, tmp_path / "own")
    assert await opens(other, shared)


async def test_the_folder_of_a_database_that_is_no_more_is_given_up_by_hand(
    database_url: str, shared: Path
) -> None:
    Keyring(shared).belong_to("x" * 32)
    assert not await opens(database_url, shared)
    await leave_keys(database_url)
    assert await opens(database_url, shared)
    assert await opens(database_url, shared)


async def test_two_that_start_at_once_share_a_folder_or_one_is_refused(
    database_url: str, shared: Path, tmp_path: Path
) -> None:
    assert await asyncio.gather(*(opens(database_url, shared) for _ in range(3))) == [True] * 3
    await leave_keys(database_url)
    found = await asyncio.gather(*(opens(database_url, tmp_path / f"{number}") for number in range(3)))
    assert sorted(found) == [False, False, True]


async def test_a_folder_from_before_is_the_databases(database_url: str, shared: Path) -> None:
    """With keys in it, and nothing that says whose."""
    Keyring(shared).make("poll-1")
    assert await opens(database_url, shared)
    assert "poll-1" in Keyring(shared).names()

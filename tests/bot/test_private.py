"""What Plein keeps is for its own user alone, whatever the umask is and whoever made the files before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StoreFailed
from bot.main.features import stores_of
from bot.model.message import message, typed
from bot.private import NotPrivate, close_to_others, make_private_file, make_private_folder
from storage.engines import Database, open_database
from tests.chat import NOW

NOBODY = 65534


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """All may look into what is made, or write in it too; or nobody."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, into which others may look."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): mode(path) for path in sorted(folder.rglob("*"))}


async def keep_something(store: Database) -> None:
    answer = message(typed("a secret"))
    await store.run(lambda tx: tx.handled.add("1", NOW, answer, None, confidential=True))


async def test_a_new_database_is_for_us_alone(here: Path) -> None:
    store = await open_database("sqlite:///data/deep/plein.db", None, stores_of())
    try:
        await keep_something(store)
        await store.read(lambda tx: tx.handled.answer("1", None))
        found = everything(here)
    finally:
        await store.close()
    assert {name for name in found if "-wal" in name or "-shm" in name}, found
    folders = {name for name in found if (here / name).is_dir()}
    assert folders == {"data", "data/deep", "data/deep/plein.db-keys"}
    assert {found[name] for name in folders} == {0o700}
    assert {found[name] for name in found.keys() - folders} == {0o600}
    assert mode(here) == 0o755


async def test_one_that_was_open_is_closed(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = "sqlite:///data/plein.db"
    store = await open_database(url, None, stores_of())
    try:
        await keep_something(store)
        # As a crash and an earlier version left them, while they hold what was committed last.
        for path in (here / "data").glob("plein.db*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (here / "data/plein.db-keys").chmod(0o700)
        (here / "data").chmod(0o755)
        again = await open_database(url, None, stores_of())
        found = everything(here)
        assert await again.read(lambda tx: tx.handled.answer("1", None)) == message(typed("a secret"))
        await again.close()
    finally:
        await store.close()
    assert {value for name, value in found.items() if (here / name).is_file()} == {0o600}
    assert found["data"] == 0o700
    assert "Other users of this machine could look into data/plein.db; now they cannot" in caplog.text


def test_only_folders_of_ours_are_closed(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Not the working directory, nor one elsewhere, which may be there for others too."""
    shared = tmp_path_factory.mktemp("shared")
    for folder in (shared, here):
        folder.chmod(0o755)
        make_private_folder(folder)
        assert mode(folder) == 0o755
    make_private_folder(shared / "plein")
    assert (mode(shared), mode(shared / "plein")) == (0o755, 0o700)


@pytest.mark.parametrize("url", ["sqlite:///data/plein.db", "postgresql://nobody@127.0.0.1:1/plein"])
# Only root can make a folder somebody else's.
@pytest.mark.parametrize("how", ["link", "group", "others", *(["foreign"] if os.geteuid() == 0 else [])])
async def test_keys_that_others_may_see_are_refused(here: Path, url: str, how: str) -> None:
    """And nothing is made or opened meanwhile."""
    keys = here / "keys"
    if how == "link":
        (here / "elsewhere").mkdir(mode=0o700)
        keys.symlink_to("elsewhere")
    else:
        keys.mkdir()
        keys.chmod({"group": 0o750, "others": 0o701, "foreign": 0o700}[how])
    if how == "foreign":
        os.chown(keys, NOBODY, NOBODY)
    with pytest.raises(StoreFailed) as error:
        await open_database(url, keys, stores_of())
    wanted = {"link": "is a link", "foreign": "chown"}.get(how, f"chmod 700 {keys}")
    assert wanted in str(error.value)
    assert list(keys.iterdir()) == []
    assert not (here / "data").exists()


def test_what_is_somebody_elses_to_close_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = here / "plein.db"
    make_private_file(file)
    file.chmod(0o644)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(NotPrivate, match="chown"):
        close_to_others(file)


async def test_a_link_that_leads_to_nothing_yet_makes_no_open_file(here: Path) -> None:
    """SQLite would make what it leads to, as the umask says."""
    (here / "plein.db").symlink_to(here / "elsewhere.db")
    store = await open_database("sqlite:///plein.db", None, stores_of())
    await keep_something(store)
    found = everything(here)
    await store.close()
    assert "elsewhere.db" in found
    assert {name for name, mode in found.items() if mode & 0o077} == set()


def test_what_is_no_file_stays_as_it_is(here: Path) -> None:
    pipe = here / "pipe"
    os.mkfifo(pipe, 0o666)
    before = mode(pipe)
    with pytest.raises(NotPrivate, match="is no file"):
        make_private_file(pipe)
    assert mode(pipe) == before

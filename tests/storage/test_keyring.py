"""What was sealed can be read for as long as there is its key, and not one moment longer."""

from __future__ import annotations

import base64
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from storage.engines import keys_beside
from storage.keyring import KeyGone, Keyring


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that is not there yet."""
    return tmp_path / "some" / "keys"


@pytest.fixture(params=["folder", "memory"])
def seals(request: pytest.FixtureRequest, folder: Path) -> Keyring:
    return Keyring(folder if request.param == "folder" else None)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_was_sealed_comes_back(seals: Keyring) -> None:
    seals.make("poll-1")
    for words in (b"", b"2,5", bytes(range(256)), b"\0\0"):
        assert seals.unseal("poll-1", seals.seal("poll-1", words)) == words
        assert seals.unseal("poll-1", seals.seal("poll-1", words, 300)) == words


@given(st.binary(max_size=200), st.integers(0, 300))
def test_whatever_it_was_and_however_long(words: bytes, length: int) -> None:
    seals = Keyring(None)
    seals.make("poll-1")
    assert seals.unseal("poll-1", seals.seal("poll-1", words, length)) == words


@given(st.lists(st.binary(max_size=96), min_size=2, max_size=5))
def test_its_length_says_nothing(ballots: list[bytes]) -> None:
    seals = Keyring(None)
    seals.make("poll-1")
    assert len({len(seals.seal("poll-1", ballot, 96)) for ballot in ballots}) == 1


def test_the_same_twice_looks_different(seals: Keyring) -> None:
    seals.make("poll-1")
    assert len({seals.seal("poll-1", b"2", 96) for _ in range(50)}) == 50


def test_nothing_of_it_can_be_read(seals: Keyring) -> None:
    seals.make("poll-1")
    sealed = seals.seal("poll-1", b"the same words " * 5)
    assert b"words" not in base64.b64decode(sealed)


def test_what_was_changed_is_not_read(seals: Keyring) -> None:
    seals.make("poll-1")
    sealed = seals.seal("poll-1", b"2", 96)
    how, raw = sealed[:2], bytearray(base64.b64decode(sealed[2:]))
    assert seals.unseal("poll-1", how + base64.b64encode(raw).decode()) == b"2"
    for at in range(len(raw)):
        changed = raw.copy()
        changed[at] ^= 1
        with pytest.raises(KeyGone):
            seals.unseal("poll-1", how + base64.b64encode(changed).decode())


def test_what_was_sealed_in_another_mode_before_is_opened(tmp_path: Path) -> None:
    seals = Keyring(tmp_path)
    seals.make("poll-1")
    nonce = bytes(12)
    cipher = AES.new((tmp_path / "poll-1.key").read_bytes(), AES.MODE_GCM, nonce=nonce)
    body, tag = cipher.encrypt_and_digest(b"\0\0\0\1" + b"2".ljust(96, b"\0"))
    assert seals.unseal("poll-1", base64.b64encode(nonce + tag + body).decode()) == b"2"


def test_another_key_does_not_open_it(seals: Keyring) -> None:
    seals.make("poll-1")
    seals.make("poll-2")
    sealed = seals.seal("poll-1", b"2")
    with pytest.raises(KeyGone):
        seals.unseal("poll-2", sealed)


def test_without_a_key_nothing_is_sealed_or_read(seals: Keyring) -> None:
    with pytest.raises(KeyGone):
        seals.seal("poll-1", b"2")
    with pytest.raises(KeyGone):
        seals.unseal("poll-1", base64.b64encode(bytes(60)).decode())


def test_a_key_that_is_made_again_stays(seals: Keyring) -> None:
    seals.make("poll-1")
    sealed = seals.seal("poll-1", b"2")
    seals.make("poll-1")
    assert seals.unseal("poll-1", sealed) == b"2"


def test_a_destroyed_key_is_gone(seals: Keyring) -> None:
    for name in ("poll-1", "poll-2"):
        seals.make(name)
    sealed, kept = seals.seal("poll-1", b"2"), seals.seal("poll-2", b"3")
    assert seals.names() == {"poll-1", "poll-2"}
    seals.destroy("poll-1")
    seals.destroy("poll-1")
    seals.destroy("never made")
    assert seals.names() == {"poll-2"}
    with pytest.raises(KeyGone):
        seals.unseal("poll-1", sealed)
    with pytest.raises(KeyGone):
        seals.seal("poll-1", b"2")
    assert seals.unseal("poll-2", kept) == b"3"
    # Another key of the same name opens nothing of the first.
    seals.make("poll-1")
    with pytest.raises(KeyGone):
        seals.unseal("poll-1", sealed)


def test_no_byte_of_a_destroyed_key_is_left_in_the_folder(folder: Path) -> None:
    seals = Keyring(folder)
    seals.make("poll-1")
    seals.make("poll-2")
    key, kept = (folder / "poll-1.key").read_bytes(), (folder / "poll-2.key").read_bytes()
    assert len(key) == len(kept) == 32
    assert key != kept
    seals.destroy("poll-1")
    assert sorted(path.name for path in folder.iterdir()) == ["poll-2.key"]
    left = everything_in(folder)
    assert left == kept
    assert not any(key[at : at + 4] in left for at in range(len(key) - 3))


def test_a_key_is_overwritten_before_it_is_removed(folder: Path) -> None:
    """Who kept the file open, or its other name, finds something else in it."""
    seals = Keyring(folder)
    seals.make("poll-1")
    key = (folder / "poll-1.key").read_bytes()
    (folder / "other name").hardlink_to(folder / "poll-1.key")
    seals.destroy("poll-1")
    left = (folder / "other name").read_bytes()
    assert len(left) == len(key)
    assert left != key


def test_only_the_owner_reads_keys(folder: Path) -> None:
    Keyring(folder).make("poll-1")
    assert (folder / "poll-1.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_keys_that_others_made_are_found(folder: Path) -> None:
    first, second = Keyring(folder), Keyring(folder)
    first.make("poll-1")
    assert second.names() == {"poll-1"}
    sealed = first.seal("poll-1", b"2")
    second.make("poll-1")
    assert second.unseal("poll-1", sealed) == b"2"
    assert Keyring(folder).unseal("poll-1", second.seal("poll-1", b"3")) == b"3"


def test_a_key_that_was_cut_short_opens_nothing(folder: Path) -> None:
    seals = Keyring(folder)
    seals.make("poll-1")
    sealed = seals.seal("poll-1", b"2")
    (folder / "poll-1.key").write_bytes(b"short")
    with pytest.raises(KeyGone):
        Keyring(folder).unseal("poll-1", sealed)


def test_half_a_key_is_no_key(folder: Path) -> None:
    """Stopped while it was being written down."""
    folder.mkdir(parents=True)
    (folder / "poll-1.new").write_bytes(b"half")
    seals = Keyring(folder)
    assert seals.names() == set()
    seals.make("poll-1")
    assert sorted(path.name for path in folder.iterdir()) == ["poll-1.key"]


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seals = Keyring(None)
    seals.make("poll-1")
    seals.seal("poll-1", b"2")
    assert seals.names() == {"poll-1"}
    assert list(tmp_path.iterdir()) == []
    assert Keyring(None).names() == set()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("sqlite:///data/plein.db", "data/plein.db-keys"),
        ("sqlite:////var/lib/plein.db", "/var/lib/plein.db-keys"),
        ("postgresql://plein:secret@db.example/council", "data/keys/db.example-5432-council"),
    ],
)
def test_keys_are_never_in_the_database(url: str, folder: str | None) -> None:
    assert keys_beside(url) == (Path(folder) if folder else None)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file grows beyond that: as on a full disk, what is beyond is not written, and only then refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("fits", range(0, 32, 4))
def test_a_mark_that_only_partly_fits_is_no_mark(folder: Path, fits: int) -> None:
    seals = Keyring(folder)
    seals.make("forgotten")
    marks = [f"{number:032x}" for number in range(3)]
    seals.note_forgotten(marks[0])
    with room_for(33 + fits), pytest.raises(OSError, match="large"):
        seals.note_forgotten(marks[1])
    assert marks[1] not in seals.forgotten()
    for mark in marks[1:]:
        seals.note_forgotten(mark)
    assert [mark for mark in seals.forgotten() if mark in marks] == marks


def test_a_mark_stands_on_the_list_once(folder: Path) -> None:
    """As whoever is forgotten again and again has it grow by nothing."""
    for seals in (Keyring(folder), Keyring(None)):
        seals.make("forgotten")
        for mark in ("anna", "ben", "anna", "ben", "ben", "cas"):
            seals.note_forgotten(mark)
        assert seals.forgotten() == {"anna": 3, "ben": 5, "cas": 6}
    file = folder / "forgotten.list"
    assert file.read_text() == "anna 3\nben 5\ncas 6\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_list_of_before_numbers_its_marks_by_their_places(folder: Path) -> None:
    seals = Keyring(folder)
    seals.make("forgotten")
    (folder / "forgotten.list").write_text("anna\nben\nanna\n")
    assert seals.forgotten() == {"ben": 2, "anna": 3}
    seals.note_forgotten("cas")
    assert seals.forgotten() == {"ben": 2, "anna": 3, "cas": 4}
    seals.note_forgotten("ben")
    assert list(seals.forgotten().items()) == [("anna", 3), ("cas", 4), ("ben", 5)]


def test_a_key_that_only_partly_fits_is_no_key(folder: Path) -> None:
    seals = Keyring(folder)
    with room_for(20), pytest.raises(OSError, match="large"):
        seals.make("poll-1")
    assert seals.names() == set()
    seals.make("poll-1")
    assert seals.unseal("poll-1", seals.seal("poll-1", b"2")) == b"2"

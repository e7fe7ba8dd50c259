"""Each community signs with a pair of its own, which has successors, and stays when Plein is started anew."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.errors import StoreFailed
from bot.ports.signing import PublicKey
from bot.ports.storage import Transaction
from storage.engines import open_database, signing_beside
from storage.signing import SigningKeys, verifies
from tests.postgres import keys_of

WORDS = b"buren bedankten Anna"


@pytest.fixture(params=["folder", "memory"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "signing" if request.param == "folder" else None)


def test_what_one_community_signs_is_that_community_s(keys: SigningKeys) -> None:
    signature = keys.sign(1, WORDS)
    assert (len(signature), keys.sign(1, WORDS)) == (64, signature)
    assert verifies(keys.current(1), WORDS, signature)
    assert not verifies(keys.current(1), WORDS + b".", signature)
    assert not verifies(keys.current(2), WORDS, signature)
    assert list(keys.known()) == [keys.current(1), keys.current(2)]
    assert [key.community for key in keys.known()] == [1, 2]


@pytest.mark.parametrize("raw", [b"", b"short", bytes(32), b"\xff" * 32])
def test_what_is_no_key_or_no_signature_verifies_nothing(keys: SigningKeys, raw: bytes) -> None:
    assert not verifies(PublicKey(raw), WORDS, keys.sign(1, WORDS))
    assert not verifies(keys.current(1), WORDS, raw)


def test_another_library_says_the_same(keys: SigningKeys, tmp_path: Path) -> None:
    Ed25519PublicKey.from_public_bytes(keys.current(1).raw).verify(keys.sign(1, WORDS), WORDS)
    for secret in tmp_path.rglob("*.key"):
        assert Ed25519PrivateKey.from_private_bytes(secret.read_bytes()).sign(WORDS) == keys.sign(1, WORDS)


def test_a_key_has_a_successor_and_proves_still_what_it_signed(keys: SigningKeys) -> None:
    before, signature = keys.current(1), keys.sign(1, WORDS)
    after = keys.succeed(1)
    assert keys.current(1) == after != before
    assert after.id != before.id
    assert list(keys.known()) == [before, after]
    assert verifies(before, WORDS, signature)
    assert not verifies(before, WORDS, keys.sign(1, WORDS))
    assert keys.succeed(1) == keys.current(1) == keys.known()[-1]


def test_the_half_that_signs_is_gone_once_there_is_a_successor(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "signing")
    keys.sign(1, WORDS)
    secret = (tmp_path / "signing" / "community-1.1.key").read_bytes()
    keys.succeed(1)
    assert secret not in [path.read_bytes() for path in (tmp_path / "signing").iterdir()]
    names = sorted(path.name for path in (tmp_path / "signing").iterdir())
    assert names == ["community-1.1.pub", "community-1.2.key", "community-1.2.pub"]


def test_one_that_was_lost_has_a_successor_by_itself(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    before = keys.current(1)
    (tmp_path / "community-1.1.key").unlink()
    assert keys.current(1) != before
    assert list(keys.known()) == [before, keys.current(1)]


def test_only_their_owner_reads_them_and_nothing_is_made_by_looking(tmp_path: Path) -> None:
    keys = SigningKeys(folder := tmp_path / "signing")
    assert list(keys.known()) == []
    assert not folder.exists()
    keys.current(1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_whoever_makes_one_at_the_same_moment_makes_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: SigningKeys(tmp_path).current(1), range(24)))
    assert len(made) == 1


async def test_they_are_beside_the_database_and_there_when_it_is_opened_again(database_url: str) -> None:
    def sign(tx: Transaction) -> tuple[PublicKey, bytes]:
        return tx.signing.current(), tx.signing.sign(WORDS)

    def read(tx: Transaction) -> bool:
        (key,) = tx.signing.known()
        return key == signed[0][0] and tx.signing.verifies(key, WORDS, signed[0][1])

    signed = []
    for _ in range(2):
        store = await open_database(database_url, keys_of(database_url))
        signed.append(await store.run(sign))
        assert await store.read(read)
        await store.close()
    assert signed[0] == signed[1]
    folder = signing_beside(database_url, keys_of(database_url))
    assert folder
    assert list(SigningKeys(folder).known()) == [signed[0][0]]


async def test_a_folder_that_others_can_look_into_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "signing").mkdir()
    (tmp_path / "signing").chmod(0o755)
    with pytest.raises(StoreFailed, match="chmod 700"):
        await open_database(f"sqlite:///{tmp_path}/plein.db", signing=tmp_path / "signing")


@pytest.mark.parametrize(
    ("url", "keys", "folder"),
    [
        ("sqlite:///data/plein.db", None, "data/plein.db-signing"),
        ("sqlite:///data/plein.db", "/var/lib/keys", "/var/lib/keys-signing"),
        ("sqlite:///data/plein.db", "/var/lib/plein.db-keys", "/var/lib/plein.db-signing"),
        ("postgresql://plein@db/town", None, "data/signing/db-5432-town"),
        ("sqlite:///:memory:", None, None),
    ],
)
def test_where_they_are_kept(url: str, keys: str | None, folder: str | None) -> None:
    assert signing_beside(url, Path(keys) if keys else None) == (Path(folder) if folder else None)

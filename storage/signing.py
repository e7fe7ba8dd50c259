"""The pairs of keys that communities sign with, each half a small file in a folder that is backed up.

Whoever has the half that signs is the community to all who check, so nobody but Plein's user reads it. The
half that everybody may have stays when a pair has a successor, and the other one is destroyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bot.ports.signing import PublicKey
from storage.batch import Batch
from storage.keyring import Keyring

T = TypeVar("T")
# Of which community, and its how manieth.
_NAME = re.compile(r"community-([0-9]+)\.([0-9]+)")


class _Offload(Protocol):
    def __call__(self, work: Callable[[], T], /) -> T: ...


class SigningKeys:
    """All communities' pairs (Ed25519, RFC 8032). Without a folder they are held in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._ring = Keyring(folder)

    def current(self, community: int) -> PublicKey:
        return PublicKey(self._ring.verifying(self._signing(community)), community)

    def sign(self, community: int, words: bytes) -> bytes:
        return self._ring.sign(self._signing(community), words)

    def succeed(self, community: int) -> PublicKey:
        """The new one is there before the half that signs of the old one is destroyed."""
        numbers = self._numbers(community)
        self._ring.make_signing_pair(name := _name(community, max(numbers, default=0) + 1))
        for number in numbers:
            self._ring.retire(_name(community, number))
        return PublicKey(self._ring.verifying(name), community)

    def known(self) -> Sequence[PublicKey]:
        """By community, the oldest first."""
        found = sorted(
            (int(of[1]), int(of[2])) for name in self._ring.pairs() if (of := _NAME.fullmatch(name))
        )
        return [PublicKey(self._ring.verifying(_name(*each)), each[0]) for each in found]

    def _signing(self, community: int) -> str:
        """The pair that signs: the newest whose both halves are there, or else a new one."""
        numbers = self._numbers(community)
        for number in reversed(numbers):
            if self._ring.signs(name := _name(community, number)):
                return name
        # Whoever else makes one at this moment makes the same.
        self._ring.make_signing_pair(name := _name(community, max(numbers, default=0) + 1))
        return name

    def _numbers(self, community: int) -> list[int]:
        names = (_NAME.fullmatch(name) for name in self._ring.pairs())
        return sorted(int(name[2]) for name in names if name and int(name[1]) == community)


class OwnSigning:
    """Implements SigningStore for the community of a transaction; the reckoning holds up no loop."""

    def __init__(self, keys: SigningKeys, db: Batch, offload: _Offload) -> None:
        self._keys = keys
        self._db = db
        self._offload = offload

    def current(self) -> PublicKey:
        return self._offload(partial(self._keys.current, self._whose()))

    def sign(self, words: bytes) -> bytes:
        return self._offload(partial(self._keys.sign, self._whose(), words))

    def succeed(self) -> PublicKey:
        return self._offload(partial(self._keys.succeed, self._whose()))

    def known(self) -> Sequence[PublicKey]:
        return self._offload(self._keys.known)

    def verifies(self, key: PublicKey, words: bytes, signature: bytes) -> bool:
        return self._offload(partial(verifies, key, words, signature))

    def _whose(self) -> int:
        if self._db.community is None:
            raise RuntimeError("whose signature?")
        return self._db.community


def verifies(key: PublicKey, words: bytes, signature: bytes) -> bool:
    """Implements Verifier."""
    from Crypto.Signature import eddsa

    try:
        eddsa.new(eddsa.import_public_key(key.raw), "rfc8032").verify(words, signature)
    except ValueError:
        return False
    return True


def _name(community: int, number: int) -> str:
    return f"community-{community}.{number}"

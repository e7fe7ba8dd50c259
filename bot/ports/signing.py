"""With what a community signs, and by what anybody knows that it did."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# So many bytes of its hash are what a key is known by.
KEY_ID = 3


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a pair that everybody may have (Ed25519, 32 bytes), and the community whose it is.

    Without a community: a key that somebody brought along.
    """

    raw: bytes
    community: int | None = None

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.raw).digest()[:KEY_ID]


class Verifier(Protocol):
    def __call__(self, key: PublicKey, words: bytes, signature: bytes) -> bool:
        """Whether that key's other half signed these words (Ed25519, RFC 8032)."""
        ...


class SigningStore(Protocol):
    """The keys of the transaction's own community. They are files: what a transaction undoes stays made."""

    def current(self) -> PublicKey:
        """The one that signs from now on; made where there was none."""
        ...

    def sign(self, words: bytes) -> bytes:
        """64 bytes, by the current one; the same for the same words."""
        ...

    def succeed(self) -> PublicKey:
        """A successor signs from now on. What the one before it signed can still be verified, and nobody can
        sign with that one any more.
        """
        ...

    def known(self) -> Sequence[PublicKey]:
        """All keys that ever signed here, those of other communities too."""
        ...

    def verifies(self, key: PublicKey, words: bytes, signature: bytes) -> bool:
        """As a Verifier."""
        ...

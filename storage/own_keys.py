"""The keys of one community: no two communities share one, though both call it `poll-3`."""

from __future__ import annotations

from collections.abc import Callable

from storage.batch import Batch
from storage.keyring import Keyring


class OwnKeys:
    """A community's keys in the Keyring, by the names that its stores give them."""

    def __init__(self, keyring: Keyring, db: Batch) -> None:
        self._keyring = keyring
        self._db = db

    def make(self, name: str, *, anew: bool = False) -> None:
        self._keyring.make(self._db.own(name), anew=anew)

    def seal(self, name: str, words: bytes, length: int = 0) -> str:
        return self._keyring.seal(self._db.own(name), words, length)

    def unseal(self, name: str, sealed: str) -> bytes:
        return self._keyring.unseal(self._db.own(name), sealed)

    def mark(self, name: str, words: str) -> bytes:
        return self._keyring.mark(self._db.own(name), words)

    def lasting_mark(self, name: str, words: str) -> bytes:
        return self._keyring.lasting_mark(self._db.own(name), words)

    def make_pair(self, name: str, *, anew: bool = False) -> None:
        self._keyring.make_pair(self._db.own(name), anew=anew)

    def seal_to(self, name: str, words: bytes, length: int) -> str:
        return self._keyring.seal_to(self._db.own(name), words, length)

    def public(self, name: str) -> bytes:
        return self._keyring.public(self._db.own(name))

    def opener(self, name: str) -> Callable[[str], bytes]:
        return self._keyring.opener(self._db.own(name))

    def has(self, name: str) -> bool:
        return self._db.own(name) in self._keyring.names()

    def destroy(self, name: str) -> None:
        """Once the transaction is kept, and not a moment earlier."""
        self._db.destroy(self._db.own(name))

"""What many say and one opens at the end: sealed, to a pair of keys of its own, until it is counted (see
keyring.py).

Whoever says it seals; only whoever counts at the end opens.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence

from storage.keyring import KeyGone
from storage.parts import Parts


class Sealing:
    """Seals what is said of one kind of thing, and opens it. `kind` begins the names of its keys."""

    def __init__(self, parts: Parts, kind: str) -> None:
        self._db = parts.db
        self._keys = parts.keyring
        self._envelopes = parts.envelopes
        self._kind = kind

    def open(self, number: int) -> None:
        """All that is said of it from now on is sealed under keys that no copy of before holds.

        For whoever holds what it is about: what was there under its number nobody spoke with.
        """
        self._keys.make_pair(self._pair(number), anew=True)
        self._keys.make(key_of_marks(self._kind, number), anew=True)
        self._envelopes.turn()
        self._db.wake("turned")

    def seal(self, number: int, words: bytes, length: int) -> str:
        """As long as any other of that `length`; with what tells to which pair, for where that one is lost
        and made anew.
        """
        name = self._pair(number)
        try:
            sealed = self._keys.seal_to(name, words, length)
        except KeyGone:
            self._keys.make_pair(name)
            sealed = self._keys.seal_to(name, words, length)
        return f"{self._which(name)}:{sealed}"

    def is_readable(self, number: int, kept: str) -> bool:
        """Whether it can be opened at the end, which is all that can be said of it before."""
        which, _, _ = kept.rpartition(":")
        with contextlib.suppress(KeyGone):
            return bool(which) and which == self._which(self._pair(number))
        return False

    def read(self, number: int, kept: Sequence[str]) -> list[bytes | None]:
        """What each says; None where nobody can open it. The key is held for these, and no longer."""
        opened: Callable[[str], bytes] | None = None
        with contextlib.suppress(KeyGone):
            opened = self._keys.opener(self._pair(number))
        return [_read(each, opened) for each in kept]

    def over(self) -> None:
        """What was said of it goes no longer under keys that outlive it: there are new ones."""
        self._envelopes.turn()

    def burn(self, number: int, *others: str) -> bool:
        """Destroy its keys, and these others, after the commit; False until that was seen to be done."""
        names = (self._pair(number), key_of_marks(self._kind, number), *others)
        there = [name for name in names if self._keys.has(name)]
        for name in there:
            self._keys.destroy(name)
        return self._envelopes.leave_old_keys() and not there

    def _pair(self, number: int) -> str:
        return f"{self._kind}-{number}-ballots"

    def _which(self, pair: str) -> str:
        return hashlib.sha256(self._keys.public(pair)).hexdigest()[:8]


def _read(kept: str, opened: Callable[[str], bytes] | None) -> bytes | None:
    which, _, sealed = kept.rpartition(":")
    if opened and which:
        with contextlib.suppress(KeyGone):
            return opened(sealed)
    return None


def key_of_marks(kind: str, number: int) -> str:
    """The key of the marks of who spoke there (see marks.py)."""
    return f"{kind}-{number}-marks"

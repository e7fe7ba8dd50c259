"""What may be read only for a while: sealed under a key that is changed whenever a secret is over.

A platform's words wait in the inbox, and an answer to a mistake quotes what was typed: either may be how
somebody tried to vote in an anonymous poll. When such a poll ends there is a new key; what still waits is
sealed anew, the rest is let go, and the old key is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Table, and_, bindparam, delete, null, select, update

from storage.executor import Executor
from storage.keyring import KeyGone, Keyring
from storage.tables import inbox, posts, seen

_KEY = "now-{}"
# A sealed text is as long as many others: its length is not to tell what was said.
_SMALLEST = 1_024


class Envelopes:
    """Keyring texts under the newest key. `doom` has a key destroyed once the transaction is committed."""

    def __init__(self, db: Executor, seals: Keyring, doom: Callable[[str], None]) -> None:
        self._db = db
        self._seals = seals
        self._doom = doom

    def seal(self, words: str) -> tuple[str, str]:
        """The name of the key, and the sealed text."""
        numbers = self._numbers()
        if not numbers:
            self._seals.make(_KEY.format(1))
        return self._under(_KEY.format(numbers[-1] if numbers else 1), words)

    def _under(self, key: str, words: str) -> tuple[str, str]:
        said = words.encode()
        length = _SMALLEST
        while length < len(said):
            length *= 2
        return key, self._seals.seal(key, said, length)

    def unseal(self, key: str, kept: str) -> str | None:
        """What was said; None where it cannot be read any more. Without a key it was never sealed."""
        try:
            return self._seals.unseal(key, kept).decode() if key else kept
        except KeyGone:
            return None

    def turn(self) -> None:
        """From now on there is a new key; the old ones go when nothing needs them any more."""
        if numbers := self._numbers():
            self._seals.make(_KEY.format(numbers[-1] + 1))

    def leave_old_keys(self) -> bool:
        """Seal anew what still waits, let go of the rest, and destroy the old keys. False: not yet gone."""
        *old, newest = self._numbers() or [0]
        key = _KEY.format(newest)
        for table, body, waits in _SEALED:
            for row in self._db.execute(_under_others(table, body, waits), {"key_": key}):
                words = self.unseal(row.key, row.body) if row.waits else None
                self._put(table, body, row.id, *(("", None) if words is None else self._under(key, words)))
        for number in old:
            self._doom(_KEY.format(number))
        return not old

    def _put(self, table: Table, body: Column[Any], row: Any, key: str, kept: str | None) -> None:
        where = table.c[_ID[table]] == bindparam("id_")
        if kept is None and table is inbox:
            self._db.execute(delete(inbox).where(where), {"id_": row})
            return
        values = {"key": bindparam("newkey_"), body.name: bindparam("body_") if kept else _gone(body)}
        found = {"id_": row, "newkey_": key, **({"body_": kept} if kept else {})}
        self._db.execute(update(table).where(where).values(values), found)

    def _numbers(self) -> list[int]:
        prefix = _KEY.format("")
        return sorted(
            int(name.removeprefix(prefix)) for name in self._seals.names() if name.startswith(prefix)
        )


_ID = {inbox: "seq", posts: "seq", seen: "id"}
# Each table with its sealed column, and what still needs it: an answer to a replay can be spared.
_SEALED: tuple[tuple[Table, Column[Any], Any], ...] = (
    (inbox, inbox.c.body, inbox.c.seq.is_not(None)),
    (posts, posts.c.message, and_(posts.c.sent_at.is_(None), posts.c.parked.is_(None))),
    (seen, seen.c.answer, seen.c.id.is_(None)),
)


def _under_others(table: Table, body: Column[Any], waits: Any) -> Any:
    columns = (table.c[_ID[table]].label("id"), table.c.key, body.label("body"), waits.label("waits"))
    return select(*columns).where(table.c.key != "", table.c.key != bindparam("key_"))


def _gone(body: Column[Any]) -> Any:
    return null() if body.nullable else ""

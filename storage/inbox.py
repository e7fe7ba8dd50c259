"""What a platform brought, kept until it was dealt with, and how far it was read.

What was said is kept sealed: it may be how somebody votes in an anonymous poll. When such a poll ends
there is a new key, what still waits is sealed anew, and the old key is destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.ports import Arrival
from storage.direct import Core
from storage.seals import KeyGone, Seals
from storage.tables import bookmarks, inbox

log = logging.getLogger(__name__)
_ADD = upsert(inbox).on_conflict_do_nothing(index_elements=["account", "id"]).returning(inbox.c.seq)
_KEEP = upsert(bookmarks)
_KEEP = _KEEP.on_conflict_do_update(index_elements=["account"], set_={"token": _KEEP.excluded.token})
_WAITING = (
    select(inbox.c.id, inbox.c.room, inbox.c.body, inbox.c.seq, inbox.c.sealed, inbox.c.key)
    .where(inbox.c.account == bindparam("account_"), inbox.c.sealed == bindparam("sealed_"))
    .order_by(inbox.c.seq)
)
_BOOKMARK = select(bookmarks.c.token).where(bookmarks.c.account == bindparam("account_"))
_DONE = delete(inbox).where(
    inbox.c.account == bindparam("account_"), inbox.c.seq.in_(bindparam("seqs_", expanding=True))
)
_SEAL = (
    update(inbox)
    .where(inbox.c.account == bindparam("account_"), inbox.c.seq == bindparam("seq_"))
    .values(sealed=True)
)
_UNDER_OTHERS = select(inbox.c.seq, inbox.c.key, inbox.c.body).where(
    inbox.c.key != "", inbox.c.key != bindparam("key_")
)
_SEAL_ANEW = (
    update(inbox)
    .where(inbox.c.seq == bindparam("seq_"))
    .values(key=bindparam("key_"), body=bindparam("body_"))
)
_GIVE_UP = delete(inbox).where(inbox.c.seq == bindparam("seq_"))


class Inbox:
    """Implements InboxStore."""

    def __init__(self, db: Core, seals: Seals) -> None:
        self._db = db
        self._seals = seals

    def add(self, account: str, arrivals: Sequence[Arrival], bookmark: str) -> Sequence[Arrival]:
        fresh = []
        key = self._key() if arrivals else ""
        for one in arrivals:
            body = self._seals.seal(key, one.body.encode())
            fields = {"account": account, "id": one.id, "room": one.room, "key": key, "body": body}
            seq = self._db.execute(_ADD, {**fields, "sealed": one.sealed}).scalar()
            if seq is not None:
                fresh.append(Arrival(one.id, one.room, one.body, seq, one.sealed))
        self._db.execute(_KEEP, {"account": account, "token": bookmark})
        return fresh

    def waiting(self, account: str, sealed: bool) -> Sequence[Arrival]:
        return list(self._readable(account, sealed))

    def _readable(self, account: str, sealed: bool) -> Iterator[Arrival]:
        for row in self._db.execute(_WAITING, {"account_": account, "sealed_": sealed}):
            try:
                body = self._seals.unseal(row.key, row.body).decode() if row.key else row.body
            except KeyGone:
                log.error("What was said in %s cannot be read any more: its key is gone", row.id)
                continue
            yield Arrival(row.id, row.room, body, row.seq, row.sealed)

    def bookmark(self, account: str) -> str | None:
        found: str | None = self._db.execute(_BOOKMARK, {"account_": account}).scalar()
        return found

    def done(self, account: str, seqs: Sequence[int]) -> None:
        self._db.execute(_DONE, {"account_": account, "seqs_": list(seqs)})

    def seal(self, account: str, seq: int) -> None:
        self._db.execute(_SEAL, {"account_": account, "seq_": seq})

    # --- keys ---

    def _keys(self) -> list[int]:
        return sorted(
            int(name.removeprefix("inbox-")) for name in self._seals.names() if name.startswith("inbox-")
        )

    def _key(self) -> str:
        numbers = self._keys()
        if not numbers:
            self._seals.make("inbox-1")
        return f"inbox-{numbers[-1] if numbers else 1}"

    def turn_key(self) -> None:
        """From now on there is a new key; the old ones go when nothing needs them any more."""
        if numbers := self._keys():
            self._seals.make(f"inbox-{numbers[-1] + 1}")

    def leave_old_keys(self) -> bool:
        """Seal anew what stands under old keys; once nothing does, destroy them. False: not yet."""
        *old, newest = self._keys() or [0]
        key = f"inbox-{newest}"
        rows = self._db.execute(_UNDER_OTHERS, {"key_": key})
        for row in rows:
            try:
                body = self._seals.seal(key, self._seals.unseal(row.key, row.body))
            except KeyGone:
                self._db.execute(_GIVE_UP, {"seq_": row.seq})
                continue
            self._db.execute(_SEAL_ANEW, {"seq_": row.seq, "key_": key, "body_": body})
        if rows:
            return False
        for number in old:
            self._seals.destroy(f"inbox-{number}")
        return True

"""What a platform brought, kept until it was dealt with, and how far it was read.

What was said is kept sealed: it may be how somebody votes in an anonymous poll.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import String, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.model.events import Arrival
from storage.envelopes import Envelopes
from storage.executor import Executor
from storage.tables import cursors, inbox

log = logging.getLogger(__name__)
_ADD = upsert(inbox).on_conflict_do_nothing(index_elements=["account", "id"]).returning(inbox.c.seq)
_KEEP = upsert(cursors)
_KEEP = _KEEP.on_conflict_do_update(index_elements=["account"], set_={"token": _KEEP.excluded.token})
_WAITING = (
    select(inbox.c.id, inbox.c.room, inbox.c.body, inbox.c.seq, inbox.c.sealed, inbox.c.key)
    .where(inbox.c.account == bindparam("account_"), inbox.c.sealed == bindparam("sealed_"))
    .order_by(inbox.c.seq)
)
_BOOKMARK = select(cursors.c.token).where(cursors.c.account == bindparam("account_"))
# Not LIKE, to which some characters mean more, and on SQLite capitals nothing.
_BEGINS = bindparam("prefix_", type_=String)
_BOOKMARKS = select(cursors.c.account, cursors.c.token).where(
    func.substr(cursors.c.account, 1, func.length(_BEGINS)) == _BEGINS
)
_DONE = delete(inbox).where(
    inbox.c.account == bindparam("account_"), inbox.c.seq.in_(bindparam("seqs_", expanding=True))
)
_SEAL = (
    update(inbox)
    .where(inbox.c.account == bindparam("account_"), inbox.c.seq == bindparam("seq_"))
    .values(sealed=True)
)


class Inbox:
    """Implements InboxStore."""

    def __init__(self, db: Executor, sealing: Envelopes) -> None:
        self._db = db
        self._sealing = sealing

    def add(self, account: str, arrivals: Sequence[Arrival], cursor: str) -> Sequence[Arrival]:
        fresh = []
        for one in arrivals:
            key, body = self._sealing.seal(one.body)
            fields = {"account": account, "id": one.id, "room": one.room, "key": key, "body": body}
            seq = self._db.execute(_ADD, {**fields, "sealed": one.sealed}).scalar()
            if seq is not None:
                fresh.append(Arrival(one.id, one.room, one.body, seq, one.sealed))
        self._db.execute(_KEEP, {"account": account, "token": cursor})
        return fresh

    def waiting(self, account: str, sealed: bool) -> Sequence[Arrival]:
        return list(self._readable(account, sealed))

    def _readable(self, account: str, sealed: bool) -> Iterator[Arrival]:
        for row in self._db.execute(_WAITING, {"account_": account, "sealed_": sealed}):
            body = self._sealing.unseal(row.key, row.body)
            if body is None:
                log.error("What was said in %s cannot be read any more: its key is gone", row.id)
                continue
            yield Arrival(row.id, row.room, body, row.seq, row.sealed)

    def cursor(self, account: str) -> str | None:
        found: str | None = self._db.execute(_BOOKMARK, {"account_": account}).scalar()
        return found

    def cursors(self, prefix: str) -> Mapping[str, str]:
        return {row.account: row.token for row in self._db.execute(_BOOKMARKS, {"prefix_": prefix})}

    def done(self, account: str, seqs: Sequence[int]) -> None:
        self._db.execute(_DONE, {"account_": account, "seqs_": list(seqs)})

    def seal(self, account: str, seq: int) -> None:
        self._db.execute(_SEAL, {"account_": account, "seq_": seq})

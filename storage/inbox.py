"""What a platform brought, kept until it was dealt with, and how far it was read.

What was said is kept sealed: it may be how somebody votes in an anonymous poll. Nor do the numbers of what
arrived say how much that was: whoever objects may need one line or two.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, func, select

from bot.model.events import Arrival
from bot.model.people import Place
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.envelopes import ROOM, ROOM_FOR_UNREAD, Envelopes
from storage.kept import Kept
from storage.tables import inbox, places
from storage.upsert import upsert

log = logging.getLogger(__name__)
# How far each stream of an account was read is kept under this name, and the stream's.
CURSOR = "cursor:"
_WHOSE = select(places.c.community).where(
    places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_")
)
_LAST = anywhere(select(func.max(inbox.c.seq)))
# So far apart are the numbers of what arrives at once, at most: a microsecond.
STEP, A_SECOND = 1000, 1_000_000_000
_ADD = anywhere(
    upsert(inbox)
    .values(whose=_WHOSE.scalar_subquery())
    .on_conflict_do_nothing(index_elements=["account", "id"])
    .returning(inbox.c.seq)
)
_WAITING = (
    select(inbox.c.id, inbox.c.room, inbox.c.body, inbox.c.seq, inbox.c.undecryptable, inbox.c.key)
    .where(
        inbox.c.account == bindparam("account_"),
        inbox.c.stream == bindparam("stream_"),
        inbox.c.undecryptable == bindparam("undecryptable_"),
    )
    .order_by(inbox.c.seq)
)
_HOLDS = anywhere(
    select(inbox.c.seq)
    .where(
        inbox.c.account == bindparam("account_"),
        inbox.c.room == bindparam("room_"),
        inbox.c.undecryptable.is_(False),
    )
    .limit(1)
)
_DONE = delete(inbox).where(inbox.c.account == bindparam("account_"), among(inbox.c.seq, "seqs_"))


class Inbox:
    """Implements InboxStore."""

    def __init__(self, db: Batch, sealing: Envelopes, kept: Kept) -> None:
        self._db = db
        self._sealing = sealing
        self._kept = kept

    def add(
        self, account: str, arrivals: Sequence[Arrival], cursor: str | None, now: datetime, stream: str = ""
    ) -> Sequence[Arrival]:
        fresh = []
        # By the clock, and above what still waits: in order, none twice, and nobody can count by them.
        since = now - datetime.fromtimestamp(0, UTC)
        by_clock = (since // timedelta(microseconds=1)) * STEP
        number = max(by_clock, self._db.execute(_LAST).scalar() or 0) if arrivals else 0
        for arrival in arrivals:
            number += 1 + secrets.randbelow(STEP)
            key, body = self._sealing.seal_arrived(
                arrival.body, ROOM_FOR_UNREAD if arrival.undecryptable else ROOM
            )
            fields: dict[str, object] = {
                "seq": number,
                "account": account,
                "stream": stream,
                "id": arrival.id,
            }
            fields |= {"room": arrival.room, "key": key, "body": body, "undecryptable": arrival.undecryptable}
            fields |= {"arrived_at": now, "said_at": arrival.at}
            fields |= {"platform_": account.partition(":")[0], "room_": arrival.room}
            seq = self._db.execute(_ADD, fields).scalar()
            if seq is not None:
                fresh.append(replace(arrival, seq=seq))
        if cursor is not None:
            self._kept.put(account, CURSOR + stream, cursor)
        return fresh

    def waiting(self, account: str, undecryptable: bool, stream: str = "") -> Sequence[Arrival]:
        return list(self._readable(account, undecryptable, stream))

    def _readable(self, account: str, undecryptable: bool, stream: str) -> Iterator[Arrival]:
        where = {"account_": account, "stream_": stream, "undecryptable_": undecryptable}
        for row in self._db.execute(_WAITING, where):
            body = self._sealing.unseal(row.key, row.body)
            if body is None:
                log.error("What was said in %s cannot be read any more: its key is gone", row.id)
                continue
            yield Arrival(row.id, row.room, body, row.seq, row.undecryptable)

    def holds(self, account: str, place: Place) -> bool:
        where = {"account_": account, "room_": place.room_id}
        return self._db.execute(_HOLDS, where).scalar() is not None

    def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        found = self._kept.all(account, CURSOR + prefix)
        return {name.removeprefix(CURSOR): cursor for name, cursor in found.items()}

    def done(self, account: str, seqs: Sequence[int]) -> None:
        self._db.execute(_DONE, {"account_": account, "seqs_": list(seqs)})

    def close(self, account: str, stream: str) -> None:
        self._kept.drop(account, CURSOR + stream)

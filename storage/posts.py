"""What is still to be said, and what was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.model.codec import pack, unpack
from bot.model.message import Message
from bot.model.people import Identity, Place
from bot.model.work import Post
from storage.envelopes import Envelopes
from storage.executor import Executor
from storage.tables import posts, refs

_WAITING = and_(posts.c.sent_at.is_(None), posts.c.parked.is_(None))
_MINE = posts.c.platform.in_(bindparam("platforms_", expanding=True))
_ADD = upsert(posts).on_conflict_do_nothing(index_elements=["id"])
_NEXT = (
    select(posts.c.id, posts.c.message, posts.c.key, posts.c.attempts, posts.c.tried_at, posts.c.next_at)
    .where(
        _WAITING,
        posts.c.platform == bindparam("platform_"),
        posts.c.room == bindparam("room_"),
        posts.c.private == bindparam("private_"),
    )
    .order_by(posts.c.seq)
    .limit(1)
)
# The oldest of each place decides: the others wait behind it, whatever their own time.
_OLDEST = (
    select(func.min(posts.c.seq))
    .where(_WAITING, _MINE)
    .group_by(posts.c.platform, posts.c.room, posts.c.private)
)
# The order of first words keeps a console's transcript the same on every run.
_TARGETS = (
    select(posts.c.platform, posts.c.room, posts.c.private)
    .where(posts.c.seq.in_(_OLDEST), posts.c.next_at <= bindparam("now_", type_=posts.c.next_at.type))
    .order_by(posts.c.seq)
)
_NEXT_TRY = select(func.min(posts.c.next_at)).where(posts.c.seq.in_(_OLDEST))
_ID = posts.c.id == bindparam("id_")
_TRIED = (
    update(posts)
    .where(_ID, posts.c.tried_at.is_(None))
    .values(tried_at=bindparam("now_", type_=posts.c.tried_at.type))
)
_SENT = update(posts).where(_ID).values(sent_at=bindparam("now_", type_=posts.c.sent_at.type))
_LATER = (
    update(posts)
    .where(_ID)
    .values(
        next_at=bindparam("when_", type_=posts.c.next_at.type), attempts=posts.c.attempts + bindparam("more_")
    )
)
_PARK = update(posts).where(_ID).values(parked=bindparam("reason_"))
_PARKED = select(posts.c.id, posts.c.parked).where(posts.c.parked.is_not(None)).order_by(posts.c.seq)
_REF = upsert(refs).on_conflict_do_nothing()
_AT = (
    select(posts.c.message, posts.c.key)
    .join(refs, refs.c.post == posts.c.id)
    .where(refs.c.platform == bindparam("platform_"), refs.c.ref == bindparam("ref_"))
)


class Posts:
    """Implements PostStore."""

    def __init__(self, db: Executor, sealing: Envelopes) -> None:
        self._db = db
        self._sealing = sealing

    def add(
        self,
        post_id: str,
        to: Place | Identity,
        message: Message,
        now: datetime,
        *,
        confidential: bool = False,
    ) -> None:
        packed = pack(message)
        assert packed
        key, kept = self._sealing.seal(packed) if confidential else ("", packed)
        self._db.execute(_ADD, {"id": post_id, "message": kept, "key": key, "next_at": now, **_target(to)})

    def next_for(self, to: Place | Identity, now: datetime) -> Post | None:
        where = {f"{name}_": value for name, value in _target(to).items()}
        row = self._db.execute(_NEXT, where).first()
        if row is None or row.next_at > now:
            return None
        packed = self._sealing.unseal(row.key, row.message)
        message = unpack(packed)
        if message is None:
            self.park(row.id, "its key is gone")
            return None
        return Post(row.id, to, message, row.attempts, row.tried_at)

    def waiting(self, platforms: Iterable[str], now: datetime) -> Sequence[Place | Identity]:
        rows = self._db.execute(_TARGETS, {"platforms_": list(platforms), "now_": now})
        return [Identity(row[0], row[1]) if row[2] else Place(row[0], row[1]) for row in rows]

    def next_try(self, platforms: Iterable[str]) -> datetime | None:
        found: datetime | None = self._db.execute(_NEXT_TRY, {"platforms_": list(platforms)}).scalar()
        return found

    def tried(self, post_id: str, now: datetime) -> None:
        self._db.execute(_TRIED, {"id_": post_id, "now_": now})

    def sent(self, post_id: str, platform: str, ref: str, now: datetime) -> None:
        self._db.execute(_SENT, {"id_": post_id, "now_": now})
        for one in ref.split():
            self._db.execute(_REF, {"platform": platform, "ref": one, "post": post_id})

    def later(self, post_id: str, when: datetime, *, failed: bool) -> None:
        self._db.execute(_LATER, {"id_": post_id, "when_": when, "more_": int(failed)})

    def park(self, post_id: str, reason: str) -> None:
        self._db.execute(_PARK, {"id_": post_id, "reason_": reason})

    def parked(self) -> Sequence[tuple[str, str]]:
        return [(row[0], row[1]) for row in self._db.execute(_PARKED)]

    def message_at(self, platform: str, ref: str) -> Message | None:
        row = self._db.execute(_AT, {"platform_": platform, "ref_": ref}).first()
        packed = self._sealing.unseal(row.key, row.message) if row else None
        return unpack(packed or None)


def _target(to: Place | Identity) -> dict[str, object]:
    room = to.room_id if isinstance(to, Place) else to.user_id
    return {"platform": to.platform, "room": room, "private": isinstance(to, Identity)}

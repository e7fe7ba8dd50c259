"""Of which message a thread is, by what that goes by in a place: also where that does not stand there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, literal, or_, select

from storage.batch import Batch
from storage.tables import copies, threads
from storage.upsert import upsert

_THERE = threads.c.place == bindparam("place_")
_OF = threads.c.message == bindparam("message_")
_AT = select(threads.c.message).where(_THERE, threads.c.ref == bindparam("ref_", type_=threads.c.ref.type))
_KEEP = upsert(threads)
_KEEP = _KEEP.on_conflict_do_update(index_elements=["place", "ref"], set_={"message": _KEEP.excluded.message})
_REF = select(threads.c.ref).where(_THERE, _OF).order_by(threads.c.ref).limit(1)
_ROOT = select(copies.c.thread).where(copies.c.message == bindparam("message_"), copies.c.at.is_not(None))
_IN = copies.alias("in_thread")
_ITS = select(_IN.c.message).where(_IN.c.thread == bindparam("message_"))
_ITSELF = copies.alias("itself")
_IS_SAID = select(literal(1)).where(
    _ITSELF.c.message == bindparam("message_"), _ITSELF.c.at.is_not(None), _ITSELF.c.speaker.is_not(None)
)
_MAY_GO_ON = select(literal(1)).where(or_(_IS_SAID.exists(), _ITS.exists()))
_STANDING = (
    select(copies.c.ref)
    .where(
        copies.c.place == bindparam("place_"),
        or_(copies.c.message == bindparam("message_"), copies.c.message.in_(_ITS)),
    )
    .order_by(copies.c.message, copies.c.part)
)


class Threads:
    """By the numbers of places and messages."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def at(self, place: int, ref: str) -> int | None:
        """The message whose thread goes by that."""
        found: int | None = self._db.execute(_AT, {"place_": place, "ref_": ref}).scalar()
        return found

    def keep(self, place: int, ref: str, message: int) -> None:
        """That is its thread from now on."""
        self._db.execute(_KEEP, {"place": place, "ref": ref, "message": message})

    def root_of(self, message: int) -> int:
        """The message in whose thread it is, or itself."""
        found: int | None = self._db.execute(_ROOT, {"message_": message}).scalar()
        return message if found is None else found

    def may_go_on(self, message: int) -> bool:
        """Whether that message is not gone, or something is in its thread already."""
        return self._db.execute(_MAY_GO_ON, {"message_": message}).first() is not None

    def of(self, place: int, message: int) -> str | None:
        """What the thread of that message goes by."""
        found: str | None = self._db.execute(_REF, {"place_": place, "message_": message}).scalar()
        return found

    def standing(self, place: int, message: int) -> Sequence[str]:
        """Where that message stands, and all that is in its thread."""
        return list(self._db.execute(_STANDING, {"place_": place, "message_": message}).scalars())

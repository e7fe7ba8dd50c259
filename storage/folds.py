"""Which messages stand as one in a place, or are being sent so.

What they are together has a number below zero in the map, which nobody said: so each message that stands
there is found by its own number, and what is done with the whole reaches all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, null, select, update

from bot.model.people import Place
from bot.ports.carrying import Wanted
from bot.ports.folding import Share
from storage.among import among
from storage.batch import Batch
from storage.copies import Copies, in_place, wanted_rows
from storage.numbers import next_number
from storage.tables import copies, fold_shares, wanted_copies

_FOLD = wanted_copies.c.fold == bindparam("fold_")
_FOLLOWING = (
    wanted_rows(in_place(), wanted_copies.c.parked.is_(None), wanted_copies.c.seq >= bindparam("seq_"))
    .order_by(wanted_copies.c.seq)
    .limit(bindparam("limit_"))
)
_SENDING = wanted_rows(in_place(), _FOLD).order_by(wanted_copies.c.seq)
_THESE = select(wanted_copies.c.seq, wanted_copies.c.edition, wanted_copies.c.in_doubt, wanted_copies.c.fold)
_THESE = _THESE.where(among(wanted_copies.c.seq, "seqs_")).order_by(wanted_copies.c.seq)
_BEGIN = (
    update(wanted_copies)
    .where(wanted_copies.c.seq == bindparam("seq_"))
    .values(
        fold=bindparam("fold_"),
        in_doubt=True,
        tried_at=bindparam("tried_", type_=wanted_copies.c.tried_at.type),
    )
)
_UNDO = update(wanted_copies).where(_FOLD)
_UNDO = _UNDO.values(fold=null(), in_doubt=False, attempts=wanted_copies.c.attempts + bindparam("more_"))
_DONE = delete(wanted_copies).where(_FOLD, ~wanted_copies.c.gone)
_ITS = fold_shares.c.fold == bindparam("fold_")
_ADD = insert(fold_shares)
_SHARES = select(fold_shares).where(_ITS).order_by(fold_shares.c.share)
_DROP = delete(fold_shares).where(_ITS)
_ONE = and_(_ITS, fold_shares.c.message == bindparam("message_"))
_REWORDED = update(fold_shares).where(_ONE).values(length=bindparam("length_"))
_TAKE_OUT = delete(fold_shares).where(_ONE)
_DROP_PARTS = delete(copies).where(copies.c.message == bindparam("fold_"))


class Folds:
    """Implements FoldStore."""

    def __init__(self, db: Batch, copies: Copies) -> None:
        self._db = db
        self._copies = copies

    def following(self, wanted: Wanted, limit: int) -> Sequence[Wanted]:
        values = {**_in(wanted.copy.place), "seq_": wanted.id, "limit_": limit}
        first, *others = self._db.execute(_FOLLOWING, values) or [None]
        if first is None or first.edition != wanted.copy.edition:
            return []
        found = [self._copies.read(row) for row in takewhile(_may_go_with, others)]
        return [wanted, *takewhile(_is_plain, (each for each in found if each))]

    def begin(
        self, wanted: Sequence[Wanted], lengths: Sequence[int], now: datetime, *, named: bool
    ) -> int | None:
        known = [(each.id, each.copy.edition, not number, None) for number, each in enumerate(wanted)]
        rows = self._db.execute(_THESE, {"seqs_": [each.id for each in wanted]})
        if [(row.seq, row.edition, bool(row.in_doubt), row.fold) for row in rows] != known:
            return None
        fold = -next_number(self._db, "copies")
        tried_at = wanted[0].copy.tried_at or now
        self._db.execute(_BEGIN, [{"seq_": each.id, "fold_": fold, "tried_": tried_at} for each in wanted])
        place = self._copies.number_of(wanted[0].copy.place)
        new = {"place": place, "fold": fold, "named": named}
        shares = [
            {**new, "message": each.copy.message, "share": number, "length": length}
            for number, (each, length) in enumerate(zip(wanted, lengths, strict=True))
        ]
        self._db.execute(_ADD, shares)
        return fold

    def sending(self, fold: int, place: Place) -> Sequence[Wanted]:
        rows = self._db.execute(_SENDING, {**_in(place), "fold_": fold})
        return [found for row in rows if (found := self._copies.read(row))]

    def undo(self, fold: int, *, refused: bool) -> None:
        self._db.execute(_UNDO, {"fold_": fold, "more_": int(refused)})
        for statement in (_DROP, _DROP_PARTS):
            self._db.execute(statement, {"fold_": fold})

    def done(self, fold: int) -> None:
        self._db.execute(_DONE, {"fold_": fold})
        # What is to be gone by now comes next.
        self._db.execute(_UNDO, {"fold_": fold, "more_": 0})

    def shares(self, fold: int) -> Sequence[Share]:
        rows = self._db.execute(_SHARES, {"fold_": fold})
        return [Share(row.message, row.length, bool(row.named)) for row in rows]

    def reworded(self, fold: int, message: int, length: int) -> None:
        self._db.execute(_REWORDED, {"fold_": fold, "message_": message, "length_": length})

    def take_out(self, fold: int, message: int) -> None:
        self._db.execute(_TAKE_OUT, {"fold_": fold, "message_": message})
        if not self.shares(fold):
            self._db.execute(_DROP_PARTS, {"fold_": fold})


def _in(place: Place) -> dict[str, Any]:
    return {"platform_": place.platform, "room_": place.room_id}


def _may_go_with(row: Any) -> bool:
    """Nothing of it was tried, or failed."""
    is_new = row.first and not (row.in_doubt or row.missed or row.gone or row.attempts)
    return bool(is_new and row.fold is None)


def _is_plain(wanted: Wanted) -> bool:
    return wanted.copy.spoken is not None and wanted.copy.spoken.is_plain

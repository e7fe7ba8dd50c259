"""Invocations that were dealt with, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)

from bot.model.codec import pack, unpack
from bot.model.events import Invocation, Undo
from bot.model.message import Message
from bot.model.people import Identity, Place, Resident, Role, Theme
from bot.ports.storage import Recognised
from storage.envelopes import Envelopes
from storage.executor import Executor
from storage.tables import identities, members, places, residents, seen, themes

# One question instead of three: every command begins with it.
_FIELDS = ("id", "author_platform", "author", "platform", "room")


def _recognising(asked: FromClause) -> Select[Any]:
    """Everything about each row of `asked`, which has those fields."""
    return select(
        asked.c.id.label("asked"),
        seen.c.id,
        seen.c.answer,
        seen.c.key,
        residents.c.id.label("resident"),
        residents.c.name,
        residents.c.locale,
        residents.c.role,
        themes.c.id.label("theme"),
        themes.c.name.label("theme_name"),
        places.c.locale.label("place_locale"),
        members.c.role.label("theme_role"),
        identities.c.account.label("heard_by"),
    ).select_from(
        asked.outerjoin(seen, seen.c.id == asked.c.id)
        .outerjoin(
            identities,
            and_(identities.c.platform == asked.c.author_platform, identities.c.user_id == asked.c.author),
        )
        .outerjoin(residents, residents.c.id == identities.c.resident)
        .outerjoin(places, and_(places.c.platform == asked.c.platform, places.c.room == asked.c.room))
        .outerjoin(themes, themes.c.id == places.c.theme)
        .outerjoin(members, and_(members.c.theme == themes.c.id, members.c.resident == residents.c.id))
    )


_RECOGNISE = _recognising(
    select(*(cast(bindparam(f"{field}_"), String).label(field) for field in _FIELDS)).subquery("asked")
)
# PostgreSQL answers for a whole group at once: each question costs a way to the server and back.
_RECOGNISE_ALL = _recognising(
    func.unnest(*(bindparam(f"{field}_", type_=ARRAY(String)) for field in _FIELDS))
    .table_valued(*(column(field, String) for field in _FIELDS), name="asked")
    .render_derived()
)
_ANSWER = select(seen.c.key, seen.c.answer).where(seen.c.id == bindparam("id_"))
_UNDO = select(seen.c.undo).where(seen.c.id == bindparam("id_"))
_ADD = insert(seen)


class Handled:
    """Implements HandledStore."""

    def __init__(self, db: Executor, sealing: Envelopes) -> None:
        self._db = db
        self._sealing = sealing
        # What was asked for a whole group, and after how many writes: another one, and it may be wrong.
        self._ahead: dict[str, Any] = {}
        self._as_of = 0

    def look_ahead(self, group: Sequence[Invocation]) -> set[int]:
        """These will be recognised one after the other in this transaction; the residents among them."""
        self._ahead = {}
        if len(group) > 1 and self._db.is_remote:
            asked = list(zip(*(_asked(one.id, one.author, one.place) for one in group), strict=True))
            values = {f"{field}_": list(column) for field, column in zip(_FIELDS, asked, strict=True)}
            self._ahead = {row.asked: row for row in self._db.execute(_RECOGNISE_ALL, values)}
            self._as_of = self._db.written
        return {row.resident for row in self._ahead.values() if row.resident}

    def recognise(self, invocation_id: str, author: Identity, place: Place | None) -> Recognised:
        row = self._ahead.get(invocation_id) if self._db.written == self._as_of else None
        if row is None:
            fields = zip(_FIELDS, _asked(invocation_id, author, place), strict=True)
            row = self._db.execute(_RECOGNISE, {f"{name}_": one for name, one in fields}, besides=True).one()
        resident = row.resident and Resident(row.resident, row.name, row.locale, Role(row.role))
        theme = row.theme and Theme(row.theme, row.theme_name)
        fresh = self._db.waiting(_ADD, invocation_id)
        answer = None
        if fresh or row.id:
            key, packed = (fresh["key"], fresh["answer"]) if fresh else (row.key, row.answer)
            answer = (unpack(self._sealing.unseal(key, packed) if packed else None),)
        theme_role = None if row.theme_role is None else Role(row.theme_role)
        return Recognised(answer, resident, theme, row.place_locale, theme_role, row.heard_by)

    def add(
        self,
        invocation_id: str,
        now: datetime,
        answer: Message | None,
        undo: Undo | None,
        *,
        confidential: bool = False,
    ) -> None:
        kept = None
        if undo:
            author = [undo.author.platform, undo.author.user_id]
            kept = orjson.dumps({"author": author, "command": undo.command, "args": undo.args}).decode()
        packed = pack(answer)
        key, packed = self._sealing.seal(packed) if confidential and packed else ("", packed)
        row = {"id": invocation_id, "at": now, "answer": packed, "undo": kept, "key": key}
        self._db.later(_ADD, invocation_id, row)

    def answer(self, invocation_id: str) -> Message | None:
        row = self._db.execute(_ANSWER, {"id_": invocation_id}).first()
        return unpack(self._sealing.unseal(*row)) if row and row.answer else None

    def undo(self, invocation_id: str) -> Undo | None:
        kept = self._db.execute(_UNDO, {"id_": invocation_id}).scalar()
        if not kept:
            return None
        fields = orjson.loads(kept)
        return Undo(Identity(*fields["author"]), fields["command"], fields["args"])


def _asked(invocation_id: str, author: Identity, place: Place | None) -> tuple[str | None, ...]:
    return (
        invocation_id,
        author.platform,
        author.user_id,
        place.platform if place else None,
        place.room_id if place else None,
    )

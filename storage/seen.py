"""Invocations that were dealt with, and what was answered."""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import and_, bindparam, delete, insert, literal_column, select

from bot.model import Identity, Message, Place, Resident, Role, Theme, Undo, pack, unpack
from bot.ports import Recognised
from storage.direct import Core
from storage.tables import identities, members, places, residents, seen, themes

# One question instead of three: every command begins with it.
_ONE = select(literal_column("1").label("one")).subquery()
_RECOGNISE = select(
    seen.c.id,
    seen.c.answer,
    residents.c.id.label("resident"),
    residents.c.name,
    residents.c.locale,
    residents.c.role,
    themes.c.id.label("theme"),
    themes.c.name.label("theme_name"),
    places.c.locale.label("spoken"),
    members.c.theme.label("member"),
).select_from(
    _ONE.outerjoin(seen, seen.c.id == bindparam("id_"))
    .outerjoin(
        identities,
        and_(
            identities.c.platform == bindparam("author_platform_"),
            identities.c.user_id == bindparam("author_"),
        ),
    )
    .outerjoin(residents, residents.c.id == identities.c.resident)
    .outerjoin(places, and_(places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_")))
    .outerjoin(themes, themes.c.id == places.c.theme)
    .outerjoin(members, and_(members.c.theme == themes.c.id, members.c.resident == residents.c.id))
)
_UNDO = select(seen.c.undo).where(seen.c.id == bindparam("id_"))
_ADD = insert(seen)
_FORGET = delete(seen).where(seen.c.at < bindparam("at_", type_=seen.c.at.type))


class Seen:
    """Implements SeenStore."""

    def __init__(self, db: Core) -> None:
        self._db = db

    def recognise(self, invocation_id: str, author: Identity, place: Place | None) -> Recognised:
        asked = {
            "id_": invocation_id,
            "author_platform_": author.platform,
            "author_": author.user_id,
            "platform_": place and place.platform,
            "room_": place and place.room_id,
        }
        row = self._db.execute(_RECOGNISE, asked, besides=True).one()
        resident = row.resident and Resident(row.resident, row.name, row.locale, Role(row.role))
        theme = row.theme and Theme(row.theme, row.theme_name)
        fresh = self._db.waiting(_ADD, invocation_id)
        answer = (unpack(fresh["answer"]),) if fresh else (unpack(row.answer),) if row.id else None
        return Recognised(answer, resident, theme, row.spoken, row.member is not None)

    def add(self, invocation_id: str, now: datetime, answer: Message | None, undo: Undo | None) -> None:
        kept = None
        if undo:
            author = [undo.author.platform, undo.author.user_id]
            kept = orjson.dumps({"author": author, "command": undo.command, "args": undo.args}).decode()
        row = {"id": invocation_id, "at": now, "answer": pack(answer), "undo": kept}
        self._db.later(_ADD, invocation_id, row)

    def undo(self, invocation_id: str) -> Undo | None:
        kept = self._db.execute(_UNDO, {"id_": invocation_id}).scalar()
        if not kept:
            return None
        fields = orjson.loads(kept)
        return Undo(Identity(*fields["author"]), fields["command"], fields["args"])

    def forget_before(self, moment: datetime) -> None:
        self._db.execute(_FORGET, {"at_": moment})

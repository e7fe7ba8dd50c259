"""Invocations that were dealt with, and what was answered."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from bot.model import Identity, Message, Undo, pack, unpack
from storage.direct import Db
from storage.tables import seen

_ANSWER = select(seen.c.answer).where(seen.c.id == bindparam("id_"))
_UNDO = select(seen.c.undo).where(seen.c.id == bindparam("id_"))
_ADD = insert(seen)
_FORGET = delete(seen).where(seen.c.at < bindparam("at_", type_=seen.c.at.type))


class Seen:
    """Implements SeenStore."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def answer(self, invocation_id: str) -> tuple[Message | None] | None:
        row = self._db.execute(_ANSWER, {"id_": invocation_id}).first()
        return (unpack(row[0]),) if row else None

    def add(self, invocation_id: str, now: datetime, answer: Message | None, undo: Undo | None) -> None:
        kept = None
        if undo:
            author = [undo.author.platform, undo.author.user_id]
            kept = json.dumps({"author": author, "command": undo.command, "args": undo.args})
        self._db.execute(_ADD, {"id": invocation_id, "at": now, "answer": pack(answer), "undo": kept})

    def undo(self, invocation_id: str) -> Undo | None:
        kept = self._db.execute(_UNDO, {"id_": invocation_id}).scalar()
        if not kept:
            return None
        fields = json.loads(kept)
        return Undo(Identity(*fields["author"]), fields["command"], fields["args"])

    def forget_before(self, moment: datetime) -> None:
        self._db.execute(_FORGET, {"at_": moment})

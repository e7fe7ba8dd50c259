"""Invocations that were dealt with, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import and_, bindparam, case, delete, insert, select, update

from bot.model.codec import begin_alike, pack, pack_text, unpack, without
from bot.model.events import Invocation, Undo
from bot.model.message import Message, Text
from bot.model.people import Identity, Part, Place, Theme
from bot.ports.people import Recognised
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.envelopes import Envelopes
from storage.forgotten import Forgotten
from storage.holds import holds
from storage.people import PART, People, read_part
from storage.places import CALLED
from storage.tables import handled, identities, members, places, settings, themes


class _Answered(NamedTuple):
    """An answer as it is kept, the key that it is sealed with if any, and whose it is."""

    key: str
    answer: str | None
    author: str | None


_ANSWERED = Loader(
    anywhere(select(handled.c.key, handled.c.answer, handled.c.author)),
    by=[handled.c.id],
    make=_Answered,
    beside=[handled],
)


class _Where(NamedTuple):
    """What is known of the place that somebody speaks in, and as what its platform last knew them there."""

    theme: Theme | None = None
    locale: str | None = None
    is_as_configured: bool = False
    part: Part | None = None


_NOWHERE = _Where()
_THEME_THERE = select(
    *(themes.c.id, CALLED, places.c.locale, select(settings.c.id).exists().label("is_set"))
).join(places, places.c.theme == themes.c.id)
_PLACE = Loader(
    _THEME_THERE,
    by=[places.c.platform, places.c.room],
    make=lambda number, name, locale, is_set: _Where(Theme(number, name), locale, not is_set),
    tells=themes.c.id,
)
# Most who speak somewhere did so before: one question for both.
_PLACE_AND_PART = Loader(
    _THEME_THERE.add_columns(*PART).join(members, members.c.theme == themes.c.id),
    by=[places.c.platform, places.c.room, members.c.platform, members.c.user_id],
    make=lambda number, name, locale, is_set, *part: _Where(
        Theme(number, name), locale, not is_set, read_part(*part)
    ),
    beside=[members],
    tells=themes.c.id,
)
_UNDO = select(handled.c.key, handled.c.undo).where(handled.c.id == bindparam("id_"))
_ADD = insert(handled)
_DROP = delete(handled).where(handled.c.id == bindparam("id_"))
_QUOTES = and_(handled.c.key == "", holds(handled.c.answer, bindparam("line_", type_=handled.c.answer.type)))
_QUOTED = select(handled.c.id, handled.c.answer).where(_QUOTES)
_PAGE = (
    select(handled.c.id, case((_QUOTES, handled.c.answer)).label("answer"))
    .where(handled.c.id > bindparam("after_"))
    .order_by(handled.c.id)
    .limit(bindparam("most_"))
)
_REWRITE = update(handled).where(handled.c.id == bindparam("id_")).values(answer=bindparam("answer_"))


class Handled:
    """Implements HandledStore."""

    def __init__(self, db: Batch, sealing: Envelopes, people: People, past: Forgotten) -> None:
        self._db = db
        self._sealing = sealing
        self._people = people
        self._past = past

    def expect(self, group: Sequence[Invocation]) -> None:
        """These will be recognised, one after the other."""
        self._db.expect(handled.c.id, (invocation.id for invocation in group))
        authors = [invocation.author for invocation in group]
        self._db.expect(identities.c.platform, (author.platform for author in authors))
        self._db.expect(identities.c.user_id, (author.user_id for author in authors))
        where = [invocation.place for invocation in group if invocation.place]
        self._db.expect(places.c.platform, (place.platform for place in where))
        self._db.expect(places.c.room, (place.room_id for place in where))

    def recognise(self, invocation_id: str, author: Identity, place: Place | None) -> Recognised:
        packed = self._answered(invocation_id)
        answer = (self._read(packed),) if packed else None
        account = self._people.account(author)
        theme, locale, as_configured, part = self._where(place, author) if place else _NOWHERE
        part = self._people.part_now(author, theme.id, part) if theme and account else None
        return Recognised(answer, account, theme, locale, part, as_configured)

    def _where(self, place: Place, author: Identity) -> _Where:
        there = (place.platform, place.room_id)
        return (
            self._db.get(_PLACE_AND_PART, *there, author.platform, author.user_id)
            or self._db.get(_PLACE, *there)
            or _NOWHERE
        )

    def _answered(self, invocation_id: str) -> _Answered | None:
        fresh = self._db.pending(handled, invocation_id)
        if fresh:
            return _Answered(fresh["key"], fresh["answer"], fresh["author"])
        return self._db.get(_ANSWERED, invocation_id)

    def _read(self, found: _Answered) -> Message | None:
        return unpack(self._sealing.unseal(found.key, found.answer) if found.answer else None)

    def add(
        self,
        invocation_id: str,
        now: datetime,
        answer: Message | None,
        undo: Undo | None,
        *,
        author: Identity | None = None,
        by_mark: bool = False,
        confidential: bool = False,
    ) -> None:
        kept = None
        if undo:
            by = [undo.author.platform, undo.author.user_id]
            kept = orjson.dumps({"author": by, "command": undo.command, "args": undo.args}).decode()
        packed = pack(answer)
        names = self._past.marks_in(packed, author) if confidential and packed else None
        key = ""
        if confidential and (said := [each for each in (packed, kept) if each]):
            key, *sealed = self._sealing.seal(*said)
            packed, kept = (sealed.pop(0) if each else None for each in (packed, kept))
        row = {"id": invocation_id, "at": now, "answer": packed, "undo": kept, "key": key, "names": names}
        row |= {"author": author and (self._past.mark_of(author) if by_mark else author.address)}
        self._db.defer(_ADD, invocation_id, row)

    def drop(self, invocation_id: str) -> None:
        self._db.execute(_DROP, {"id_": invocation_id})

    def unsay(self, line: Text) -> None:
        for row in list(self._db.execute(_QUOTED, {"line_": pack_text(line)})):
            self._db.execute(_REWRITE, {"id_": row.id, "answer_": without(row.answer, line)})

    def unsay_page(self, lines: Sequence[Text], after: str, most: int) -> str | None:
        which = {"line_": begin_alike(lines), "after_": after, "most_": most}
        rows = list(self._db.execute(_PAGE, which))
        for row in rows:
            answer = row.answer
            for line in lines:
                answer = answer and without(answer, line)
            if answer != row.answer:
                self._db.execute(_REWRITE, {"id_": row.id, "answer_": answer})
        return rows[-1].id if len(rows) == most else None

    def answer(self, invocation_id: str, who: Identity | None) -> Message | None:
        found = self._answered(invocation_id)
        is_theirs = found is not None and (who is None or found.author == who.address)
        return self._read(found) if found and is_theirs else None

    def undo(self, invocation_id: str) -> Undo | None:
        found = self._db.execute(_UNDO, {"id_": invocation_id}).first()
        kept = self._sealing.unseal(found.key, found.undo) if found and found.undo else None
        if not kept:
            return None
        fields = orjson.loads(kept)
        return Undo(Identity(*fields["author"]), fields["command"], fields["args"])

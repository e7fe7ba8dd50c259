"""Messages that show a state: which version each place shows, and which there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from bot.model.codec import pack, pack_text, unpack, without
from bot.model.message import Message, Text
from bot.model.people import Place
from bot.model.work import Board, Reference, key_in
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.holds import holds
from storage.often import often
from storage.retry import retry, retrying
from storage.tables import boards, places, refs, subjects
from storage.upsert import upsert

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ADD_SUBJECT = upsert(subjects).on_conflict_do_nothing().returning(subjects.c.subject)
_THIS_SUBJECT = subjects.c.subject == bindparam("subject_")
_MARK = update(subjects).where(_THIS_SUBJECT).values(version=subjects.c.version + 1, behind=1)
_BEHIND = update(subjects).where(_THIS_SUBJECT).values(behind=1)
_CAUGHT_UP = (
    update(subjects)
    .where(
        _THIS_SUBJECT,
        ~exists().where(boards.c.subject == subjects.c.subject, boards.c.version < subjects.c.version),
    )
    .values(behind=0)
)
_END = update(subjects).where(subjects.c.subject == bindparam("subject_")).values(open=False)
_OPENED_BY = select(subjects.c.subject).where(subjects.c.opener == bindparam("old_"))
_PASS_ON = update(subjects).where(subjects.c.opener == bindparam("old_")).values(opener=bindparam("new_"))
_OPEN = (
    select(subjects.c.subject, subjects.c.version)
    .where(subjects.c.theme == bindparam("theme_"), subjects.c.open)
    .order_by(subjects.c.subject)
)
_NEW = (
    select(subjects.c.subject, subjects.c.shown_at)
    .where(subjects.c.shown_at > bindparam("since_", type_=subjects.c.shown_at.type))
    .order_by(subjects.c.shown_at, subjects.c.subject)
)
# Whoever serves a place shows it there: in one, or in all of a theme.
_SHOWN_IN = (places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_"))
_SHOWN_IN_ALL = (places.c.theme == bindparam("theme_"), places.c.here)
_ADD, _ADD_IN_ALL = (
    upsert(boards)
    .from_select(
        ["community", "subject", "platform", "room", "account", "edition", "next_at"],
        select(
            *(places.c.community, bindparam("subject_", type_=String()), places.c.platform),
            *(places.c.room, places.c.account, bindparam("edition_", type_=Integer())),
            bindparam("next_", type_=boards.c.next_at.type),
        ).where(*where),
    )
    .on_conflict_do_nothing()
    for where in (_SHOWN_IN, _SHOWN_IN_ALL)
)
_NOW = bindparam("now_", type_=boards.c.next_at.type)
_MINE = boards.c.account == bindparam("account_")
# Where Plein is not any more a board rests, and is brought up to date once it is back.
_LEFT = exists().where(
    places.c.platform == boards.c.platform, places.c.room == boards.c.room, places.c.here.is_(False)
)
# As it stands in the index: a value that is given with the statement would not do.
_SOME_BEHIND = subjects.c.behind == literal_column("1")
_STALE = and_(_SOME_BEHIND, boards.c.version < subjects.c.version, often(_MINE), ~_LEFT)
_ITS = and_(subjects.c.community == boards.c.community, subjects.c.subject == boards.c.subject)
_THERE = (boards.c.platform, boards.c.room)
# Where it is nobody's turn yet; what was never posted waits for none.
_RESTS = among(boards.c.room, "resting_")
_DUE = (
    select(
        *(boards.c.community, boards.c.subject, boards.c.platform, boards.c.room, boards.c.edition),
        *(boards.c.sent_as, boards.c.account, boards.c.attempts, boards.c.tried_at, boards.c.next_at),
        *(subjects.c.version.label("newest"), subjects.c.opener),
        func.row_number()
        .over(partition_by=(*_THERE, subjects.c.opener), order_by=(boards.c.next_at, boards.c.subject))
        .label("of_opener"),
    )
    .join(subjects, _ITS)
    .where(_STALE, boards.c.next_at <= _NOW, or_(boards.c.sent_as.is_(None), not_(_RESTS)))
    .subquery("due")
)
_IN_ORDER = (_DUE.c.of_opener, _DUE.c.next_at, _DUE.c.community, _DUE.c.subject)
# Places take turns, and so do openers: whoever has one board waits neither for a place full of others, nor
# for somebody who has them in many places.
_TURN_OF_PLACE = func.row_number().over(partition_by=(_DUE.c.platform, _DUE.c.room), order_by=_IN_ORDER)
_TURN_OF_OPENER = func.row_number().over(
    partition_by=(_DUE.c.community, _DUE.c.opener), order_by=(*_IN_ORDER, _DUE.c.platform, _DUE.c.room)
)
_TO_SHOW = anywhere(
    select(_DUE)
    .order_by(_TURN_OF_PLACE + _TURN_OF_OPENER, *(*_IN_ORDER, _DUE.c.platform, _DUE.c.room))
    .limit(bindparam("limit_"))
)
_NEXT_TRY = anywhere(
    select(func.min(boards.c.next_at))
    .select_from(boards.join(subjects, _ITS))
    .where(_STALE, boards.c.next_at > _NOW)
)
_THIS = and_(
    boards.c.subject == bindparam("subject_"),
    boards.c.platform == bindparam("platform_"),
    boards.c.room == bindparam("room_"),
)
_TRIED = update(boards).where(_THIS, boards.c.tried_at.is_(None)).values(tried_at=_NOW)
_SHOWN = (
    update(boards)
    .where(_THIS)
    .values(
        version=bindparam("version_"),
        sent_as=bindparam("ref_"),
        shown=bindparam("shown_"),
        next_at=bindparam("when_", type_=boards.c.next_at.type),
        attempts=0,
    )
)
# It cannot be edited any more: the next showing is a new message.
_ANEW = update(boards).where(_THIS).values(sent_as=None, tried_at=None, edition=bindparam("edition_"))
_LATER = (
    update(boards)
    .where(_THIS)
    .values(
        next_at=bindparam("when_", type_=boards.c.next_at.type),
        attempts=boards.c.attempts + bindparam("more_"),
    )
)
_RETRY = retrying(boards)
_SAYING = select(boards.c.subject, boards.c.platform, boards.c.room, boards.c.shown).where(
    boards.c.subject == bindparam("subject_"),
    holds(boards.c.shown, bindparam("line_", type_=boards.c.shown.type)),
)
_REWRITE = update(boards).where(_THIS).values(shown=bindparam("shown_"))
_DROP = delete(boards).where(_THIS)
_REF = upsert(refs).on_conflict_do_nothing()
_AT = anywhere(
    select(boards.c.shown, boards.c.community)
    .join(
        refs,
        and_(
            refs.c.community == boards.c.community,
            refs.c.subject == boards.c.subject,
            refs.c.platform == boards.c.platform,
            refs.c.room == boards.c.room,
        ),
    )
    .where(refs.c.account == bindparam("account_"), refs.c.ref == bindparam("ref_"))
)


class Boards:
    """Implements BoardStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def open(
        self,
        subject: str,
        theme: int,
        places: Sequence[Place] | None = None,
        opener: int | None = None,
        at: datetime | None = None,
        *,
        lasting: bool = True,
    ) -> None:
        row = {"subject": subject, "theme": theme, "version": 1, "open": lasting, "opener": opener}
        is_new = self._db.execute(_ADD_SUBJECT, {**row, "shown_at": at}).first() is not None
        if places is None:
            self._db.execute(_ADD_IN_ALL, {"theme_": theme, **_begun(subject, 1)})
        for place in places or ():
            self._add(subject, place, 1)
        if not is_new:
            self._db.execute(_BEHIND, {"subject_": subject})
        self._db.wake("board")

    def _add(self, subject: str, place: Place, edition: int) -> None:
        where = {"platform_": place.platform, "room_": place.room_id}
        self._db.execute(_ADD, {**where, **_begun(subject, edition)})

    def mark(self, subject: str) -> None:
        self._db.defer(_MARK, subject, {"subject_": subject})
        self._db.wake("board")

    def unsay(self, line: Text, subject: str) -> None:
        for row in list(self._db.execute(_SAYING, {"subject_": subject, "line_": pack_text(line)})):
            where = {f"{name}_": getattr(row, name) for name in ("subject", "platform", "room")}
            self._db.execute(_REWRITE, {**where, "shown_": without(row.shown, line)})
            self.mark(row.subject)

    def end(self, subject: str) -> None:
        self._db.execute(_END, {"subject_": subject})

    def new_since(self, since: datetime) -> Sequence[tuple[str, datetime]]:
        rows = self._db.execute(_NEW, {"since_": since})
        return [(row.subject, row.shown_at) for row in rows]

    def pass_on(self, old: int, new: int) -> None:
        opened = self._opened_by(old) if self._db.may_have(old, subjects) else ()
        while self._db.lock(subjects.c.subject, *opened):
            opened = self._opened_by(old)
        if opened:
            self._db.execute(_PASS_ON, {"old_": old, "new_": new})

    def _opened_by(self, resident: int) -> Sequence[str]:
        found: Sequence[str] = self._db.execute(_OPENED_BY, {"old_": resident}).scalars()
        return found

    def show_open(self, theme: int, place: Place) -> None:
        for subject, version in list(self._db.execute(_OPEN, {"theme_": theme})):
            self._add(subject, place, version)
            self._db.execute(_BEHIND, {"subject_": subject})
            self._db.wake("board")

    def stale(
        self, account: str, now: datetime, limit: int, resting: Collection[Place] = ()
    ) -> Sequence[Board]:
        which = {"account_": account, "now_": now, "resting_": [place.room_id for place in resting]}
        rows = self._db.execute(_TO_SHOW, {**which, "limit_": limit})
        return [
            Board(
                row.subject,
                Place(row.platform, row.room),
                row.newest,
                tuple((row.sent_as or "").split()),
                key_in(row.community, f"board:{row.subject}:{row.room}:{row.edition}"),
                row.account,
                row.attempts,
                row.tried_at,
                row.community,
                row.opener,
            )
            for row in rows
        ]

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        asked = [{"account_": account, "now_": now} for account in accounts]
        found = [self._db.execute(_NEXT_TRY, values).scalar() for values in asked]
        return min(filter(None, found), default=None)

    def tried(self, boards: Sequence[Board], now: datetime) -> None:
        if boards:
            self._db.execute(
                _TRIED, [{**_where(board.subject, board.place), "now_": now} for board in boards]
            )

    def shown(self, board: Board, ref: Reference, message: Message, next_at: datetime) -> None:
        where = _where(board.subject, board.place)
        if not ref:
            self._db.execute(_ANEW, {**where, "edition_": board.version})
            return
        kept = {"version_": board.version, "ref_": " ".join(ref), "shown_": pack(message), "when_": next_at}
        self._db.execute(_SHOWN, {**where, **kept})
        self._catch_up(board.subject)
        there = {"account": board.account, "subject": board.subject}
        there |= {"platform": board.place.platform, "room": board.place.room_id}
        for part in ref if ref != board.ref else ():
            self._db.execute(_REF, {**there, "ref": part})

    def later(self, board: Board, when: datetime, *, failed: bool) -> None:
        self._db.execute(_LATER, {**_where(board.subject, board.place), "when_": when, "more_": int(failed)})

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        retry(self._db, _RETRY, account, place, now)
        self._db.wake("board")

    def drop(self, subject: str, place: Place) -> None:
        self._db.execute(_DROP, _where(subject, place))
        self._catch_up(subject)

    def _catch_up(self, subject: str) -> None:
        """Unless some board of it is behind still: also one that somebody else wrote down just now."""
        self._db.lock(subjects.c.subject, subject)
        self._db.execute(_CAUGHT_UP, {"subject_": subject})

    def message_at(self, account: str, ref: str) -> Message | None:
        row = self._db.execute(_AT, {"account_": account, "ref_": ref}).first()
        shown = unpack(row.shown) if row else None
        return replace(shown, community=row.community) if row and shown else None


def _begun(subject: str, edition: int) -> dict[str, Any]:
    """The edition goes into the key: the state that a place's message began with."""
    return {"subject_": subject, "edition_": edition, "next_": _LONG_AGO}


def _where(subject: str, place: Place) -> dict[str, str]:
    return {"subject_": subject, "platform_": place.platform, "room_": place.room_id}

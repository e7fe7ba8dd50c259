"""Which accounts were welcomed, as marks that nobody reads without a key: most of them never use Plein."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Column, Index, String, Table, bindparam, delete, select

from bot.features.themes.records import WELCOMES
from bot.model.people import Identity
from storage.among import among
from storage.parts import Parts, Stored
from storage.tables import Holds, Moment, of_community, own_tables
from storage.upsert import upsert

TABLES = own_tables()
# Of so many, and for so long, it is kept that they were.
MOST, KEPT_FOR = 20_000, timedelta(days=365)

welcomed = Table(
    "welcomed",
    TABLES,
    of_community(key=True),
    Column("mark", String, primary_key=True, info=Holds.MARK.info),
    Column("at", Moment, nullable=False),
    Index("ix_welcomed_community_at", "community", "at"),
    sqlite_with_rowid=False,
)

_KEY = "welcomed"
_KNOWN = select(welcomed.c.mark).where(among(welcomed.c.mark, "marks_"))
_ADD = upsert(welcomed).on_conflict_do_nothing()
_BEFORE = bindparam("before_", type_=welcomed.c.at.type)
_OLD = delete(welcomed).where(welcomed.c.at < _BEFORE)
_LAST = select(welcomed.c.at).order_by(welcomed.c.at.desc()).offset(MOST).limit(1)


class Welcomes:
    """Implements WelcomeStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._keys = parts.keyring

    def first(self, people: Collection[Identity], at: datetime) -> Collection[Identity]:
        marks = {self._keys.lasting_mark(_KEY, who.address).hex(): who for who in people}
        known = set(self._db.execute(_KNOWN, {"marks_": [*marks]}).scalars())
        new = {mark: who for mark, who in marks.items() if mark not in known}
        if new:
            self._db.execute(_ADD, [{"mark": mark, "at": at} for mark in sorted(new)])
            last: datetime | None = self._db.execute(_LAST, {}).scalar()
            self._db.execute(_OLD, {"before_": max(at - KEPT_FOR, last or at - KEPT_FOR)})
        return list(new.values())


STORED = Stored(WELCOMES, Welcomes, TABLES)

"""Which themes were archived, and which of those who pulled one may be named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    delete,
    false,
    func,
    insert,
    select,
    update,
)

from bot.features.themes.records import ARCHIVES, Archive
from bot.model.codec import pack, unpack
from bot.model.message import Text, message
from bot.model.people import Resident, Role
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

archives = Table(
    "archives",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False),
    # What it was called until then.
    Column("name", String, nullable=False),
    # The days, by the clocks of its community.
    Column("begun_on", String, nullable=False),
    Column("archived_on", String, nullable=False),
    Column("reopened_at", Moment),
    # What came of what was open in it; nobody is named there.
    Column("came_of", String),
    Index("ix_archives_community_theme", "community", "theme"),
    Index("ix_archives_community_reopened_at", "community", "reopened_at"),
    sqlite_autoincrement=True,
)

# Who pulled it when it was archived, and whether that may be said: of two accounts of somebody that did,
# by the word of each, which each has back when linking is undone.
archive_pullers = Table(
    "archive_pullers",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("archive", ForeignKey(archives.c.id), nullable=False),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("named", Boolean, nullable=False, server_default=false()),
    Index("ix_archive_pullers_archive_resident", "archive", "resident"),
    sqlite_autoincrement=True,
)

_ID: BindParameter[Any] = bindparam("id_")
_WHOM: BindParameter[Any] = bindparam("resident_")
_ARCHIVE = insert(archives).returning(archives.c.id)
_ADD = insert(archive_pullers)
_GET = select(archives).where(archives.c.id == _ID)
_OF_THEME = select(archives).where(archives.c.theme == _ID, archives.c.reopened_at.is_(None))
_CALLED = select(archives.c.theme, archives.c.name).where(archives.c.reopened_at.is_(None))
_WHO = (residents.c.id, residents.c.name, residents.c.locale, residents.c.role)
_NOT_NAMED = func.count().filter(~archive_pullers.c.named)
_PULLED = (
    select(*_WHO, _NOT_NAMED.label("unnamed"))
    .join(residents, residents.c.id == archive_pullers.c.resident)
    .where(archive_pullers.c.archive == _ID)
    .group_by(*_WHO)
    .order_by(residents.c.id)
)
_SUM_UP = update(archives).where(archives.c.id == _ID).values(came_of=bindparam("came_of_"))
_REOPEN = update(archives).where(archives.c.id == _ID)
_REOPEN = _REOPEN.values(reopened_at=bindparam("at_", type_=archives.c.reopened_at.type))
_NAME = (
    update(archive_pullers)
    .where(archive_pullers.c.archive == _ID, archive_pullers.c.resident == _WHOM)
    .values(named=bindparam("named_", type_=archive_pullers.c.named.type))
    .returning(archive_pullers.c.archive)
)
_CONCERNING = (
    select(archive_pullers.c.archive)
    .distinct()
    .where(archive_pullers.c.resident == _ID)
    .order_by(archive_pullers.c.archive)
)
_PASS_ON = (
    update(archive_pullers)
    .where(archive_pullers.c.resident == bindparam("old_"))
    .values(resident=bindparam("new_"))
)
_FORGET = delete(archive_pullers).where(archive_pullers.c.resident == _ID)
_THEIRS = (
    select(archive_pullers.c.archive, archive_pullers.c.named, archives.c.theme, archives.c.archived_on)
    .join(archives, archives.c.id == archive_pullers.c.archive)
    .where(archive_pullers.c.resident == _ID)
    .order_by(archive_pullers.c.archive)
)


class Archives:
    """Implements ArchiveStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def archive(
        self, theme: int, name: str, begun_on: date, archived_on: date, pulled: Collection[int]
    ) -> int:
        days = {"begun_on": begun_on.isoformat(), "archived_on": archived_on.isoformat()}
        row = {"theme": theme, "name": name, **days}
        number: int = self._db.execute(_ARCHIVE, row).scalar_one()
        for resident in sorted(pulled):
            self._db.execute(_ADD, {"archive": number, "resident": resident})
        return number

    def get(self, archive: int) -> Archive | None:
        return self._found(_GET, archive)

    def of_theme(self, theme: int) -> Archive | None:
        return self._found(_OF_THEME, theme)

    def called(self) -> Mapping[int, str]:
        return {row.theme: row.name for row in self._db.execute(_CALLED, {})}

    def _found(self, statement: Any, number: int) -> Archive | None:
        row = self._db.execute(statement, {"id_": number}).first()
        if row is None:
            return None
        pulled = list(self._db.execute(_PULLED, {"id_": row.id}))
        named = [Resident(who.id, who.name, who.locale, Role(who.role)) for who in pulled if not who.unnamed]
        came_of = said.lines if (said := unpack(row.came_of)) else ()
        return Archive(
            id=row.id,
            theme=row.theme,
            name=row.name,
            begun_on=date.fromisoformat(row.begun_on),
            archived_on=date.fromisoformat(row.archived_on),
            reopened_at=row.reopened_at,
            came_of=came_of,
            named=named,
            unnamed=len(pulled) - len(named),
        )

    def sum_up(self, archive: int, came_of: Sequence[Text]) -> None:
        self._db.execute(_SUM_UP, {"id_": archive, "came_of_": pack(message(*came_of))})

    def reopen(self, archive: int, at: datetime) -> None:
        self._db.execute(_REOPEN, {"id_": archive, "at_": at})

    def name(self, archive: int, resident: int, *, named: bool) -> bool:
        values = {"id_": archive, "resident_": resident, "named_": named}
        return self._db.execute(_NAME, values).first() is not None

    # --- whose it is ---

    def merge(self, old: int, new: int) -> Sequence[int]:
        changed = self.concerning(old)
        self._db.pass_on(_PASS_ON, old, new)
        return changed

    def forget(self, resident: int) -> Sequence[int]:
        changed = self.concerning(resident)
        self._db.execute(_FORGET, {"id_": resident})
        return changed

    def concerning(self, resident: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_CONCERNING, {"id_": resident}).scalars()
        return list(found)

    def archives_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_THEIRS, {"id_": resident})]


STORED = Stored(ARCHIVES, Archives, TABLES)

"""Who is muted in which theme, and the log of what moderators did.

Of whoever is forgotten while muted a mark of each account stays until the mute's time is over, which nobody
reads without a key apart from the database: nobody gets free by being forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from bot.features.moderation.records import MODERATION, Deed, Line, Over
from bot.model.people import Identity, Resident, Role
from storage.parts import Parts, Stored
from storage.tables import (
    GOES_ALONG,
    Holds,
    Moment,
    Number,
    identities,
    of_community,
    own_tables,
    residents,
    themes,
)

TABLES = own_tables()
_KEY = "mutes"

mutes = Table(
    "mutes",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info={GOES_ALONG: True}),
    # None: they were forgotten, and it is the account's of that mark.
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("account", String, info=Holds.MARK.info),
    Column("until", Moment, nullable=False),
    # It is named in what is planned.
    sqlite_autoincrement=True,
)
deeds = Table(
    "moderation_log",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info={GOES_ALONG: True}),
    Column("at", Moment, nullable=False),
    Column("deed", String, nullable=False),
    # None: they were forgotten.
    Column("moderator", ForeignKey(residents.c.id), index=True),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("reason", Text, nullable=False, server_default=""),
    Column("until", Moment),
    sqlite_autoincrement=True,
)

_OF_THEME, _OF_ONE = mutes.c.theme == bindparam("theme_"), mutes.c.resident == bindparam("id_")
_THERE = select(mutes.c.id, mutes.c.resident, mutes.c.account, mutes.c.until).where(_OF_THEME)
_ANYWHERE = select(mutes.c.theme, mutes.c.resident, mutes.c.account, mutes.c.until).order_by(mutes.c.id)
_THEIRS = select(mutes.c.id, mutes.c.theme, mutes.c.until).where(_OF_ONE).order_by(mutes.c.id)
_MUTE = insert(mutes).returning(mutes.c.id)
_DROP = delete(mutes).where(mutes.c.id == bindparam("mute_"))
_ACCOUNTS = select(identities.c.platform, identities.c.user_id).where(
    identities.c.resident == bindparam("id_")
)
_NOTE = insert(deeds)
_LINE_OF_THEME = deeds.c.theme == bindparam("theme_")
_FIRST = select(func.min(deeds.c.at)).where(_LINE_OF_THEME)
_BEFORE = bindparam("before_", type_=deeds.c.at.type)
_FORGET_LOG = delete(deeds).where(_LINE_OF_THEME, deeds.c.at < _BEFORE)
_BY, _WHOM = residents.alias("by_"), residents.alias("whom_")
_LINES = (
    select(
        *(deeds.c.id, deeds.c.theme, deeds.c.at, deeds.c.deed, deeds.c.reason, deeds.c.until),
        *(_BY.c[name].label(f"by_{name}") for name in ("id", "name", "locale", "role")),
        *(_WHOM.c[name].label(f"whom_{name}") for name in ("id", "name", "locale", "role")),
    )
    .join(_BY, _BY.c.id == deeds.c.moderator, isouter=True)
    .join(_WHOM, _WHOM.c.id == deeds.c.resident, isouter=True)
    .where(deeds.c.id < bindparam("older_"))
    .order_by(deeds.c.id.desc())
    .limit(bindparam("limit_"))
)
_LOG_OF_THEME = _LINES.where(_LINE_OF_THEME)
_LOG_OF_ONE = _LINES.where(deeds.c.resident == bindparam("id_"))
_LATEST = 2**62
_OWNED = (mutes.c.resident, deeds.c.moderator, deeds.c.resident)
_MERGE = tuple(
    update(owner.table).where(owner == bindparam("old_")).values({owner: bindparam("new_")})
    for owner in _OWNED
)
_FORGET = (
    update(deeds).where(deeds.c.moderator == bindparam("id_")).values(moderator=None),
    # What was said of them is theirs.
    update(deeds).where(deeds.c.resident == bindparam("id_")).values(resident=None, reason=""),
)
_EXPORT = {
    "mutes": select(mutes.c.theme, mutes.c.until).where(_OF_ONE).order_by(mutes.c.id),
    "moderation_log": (
        select(deeds.c.theme, deeds.c.at, deeds.c.deed, deeds.c.reason, deeds.c.until)
        .where(deeds.c.resident == bindparam("id_"))
        .order_by(deeds.c.id)
    ),
    # What they did themselves, without to whom.
    "moderation_log_by": (
        select(deeds.c.theme, deeds.c.at, deeds.c.deed)
        .where(deeds.c.moderator == bindparam("id_"))
        .order_by(deeds.c.id)
    ),
}


class Moderation:
    """Implements ModerationStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._keys = parts.keyring

    def mute(self, theme: int, resident: int, until: datetime) -> int:
        self._drop(theme, resident)
        row = {"theme": theme, "resident": resident, "account": None, "until": until}
        self._db.wake("silence")
        return int(self._db.execute(_MUTE, row).scalar_one())

    def unmute(self, theme: int, resident: int) -> bool:
        self._db.wake("silence")
        return self._drop(theme, resident)

    def _drop(self, theme: int, resident: int) -> bool:
        rows = list(self._db.execute(_THERE, {"theme_": theme}))
        found = self._of(rows, None, resident)
        for row in found:
            self._db.execute(_DROP, {"mute_": row.id})
        return bool(found)

    def until(
        self, theme: int, account: Identity | None, resident: int | None, now: datetime
    ) -> datetime | None:
        rows = [row for row in self._db.execute(_THERE, {"theme_": theme}) if row.until > now]
        return max((row.until for row in self._of(rows, account, resident)), default=None)

    def themes_of(self, resident: int, now: datetime) -> Mapping[int, datetime]:
        rows = [row for row in self._db.execute(_ANYWHERE) if row.until > now]
        found: dict[int, datetime] = {}
        for row in self._of(rows, None, resident):
            found[row.theme] = max(row.until, found.get(row.theme, row.until))
        return found

    def _of(self, rows: Sequence[Any], account: Identity | None, resident: int | None) -> Sequence[Any]:
        """Those that are about that account, or about one of that resident's."""
        marks: set[str] = set()
        if any(row.resident is None for row in rows):
            marks = {self._mark(account)} if account else set()
            marks |= self._marks(resident) if resident else set()
        return [row for row in rows if row.account in marks or (row.resident and row.resident == resident)]

    def _marks(self, resident: int) -> set[str]:
        return {self._mark(Identity(*row)) for row in self._db.execute(_ACCOUNTS, {"id_": resident})}

    def _mark(self, account: Identity) -> str:
        return self._keys.lasting_mark(_KEY, account.address).hex()

    def muted(self, now: datetime) -> Collection[tuple[int, int]]:
        rows = self._db.execute(_ANYWHERE)
        return {(row.theme, row.resident) for row in rows if row.resident and row.until > now}

    def is_any(self) -> bool:
        return bool(list(self._db.execute(_ANYWHERE)))

    def take_over(self, theme: int, now: datetime) -> Sequence[Over]:
        rows = self._db.execute(_THERE, {"theme_": theme})
        found = [Over(row.id, row.resident, row.until) for row in rows if row.until <= now]
        for over in found:
            self._db.execute(_DROP, {"mute_": over.id})
        if found:
            self._db.wake("silence")
        return found

    # --- the log ---

    def note(
        self,
        theme: int,
        deed: Deed,
        by: int,
        whom: int | None,
        now: datetime,
        *,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        is_first = self._db.execute(_FIRST, {"theme_": theme}).scalar() is None
        people = {"moderator": by or None, "resident": whom}
        row = {"theme": theme, "at": now, "deed": deed.value, "reason": reason, "until": until, **people}
        self._db.execute(_NOTE, row)
        return is_first

    def log(
        self, limit: int, *, theme: int | None = None, whom: int | None = None, older: int | None = None
    ) -> Sequence[Line]:
        asked = {"older_": older or _LATEST, "limit_": limit}
        if theme is not None:
            rows = self._db.execute(_LOG_OF_THEME, {**asked, "theme_": theme})
        else:
            rows = self._db.execute(_LOG_OF_ONE, {**asked, "id_": whom})
        return [_line(row) for row in rows]

    def forget_log(self, theme: int, before: datetime) -> datetime | None:
        self._db.execute(_FORGET_LOG, {"theme_": theme, "before_": before})
        first: datetime | None = self._db.execute(_FIRST, {"theme_": theme}).scalar()
        return first

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)
        self._db.wake("silence")

    def forget(self, resident: int) -> None:
        """The mute stays with each of their accounts, under its mark."""
        marks = sorted(self._marks(resident))
        for mute in list(self._db.execute(_THEIRS, {"id_": resident})):
            self._db.execute(_DROP, {"mute_": mute.id})
            for mark in marks:
                row = {"theme": mute.theme, "resident": None, "account": mark, "until": mute.until}
                self._db.execute(_MUTE, row)
        for statement in _FORGET:
            self._db.execute(statement, {"id_": resident})

    def export(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """By the name of the table; what they did to others says not to whom."""
        found = {
            name: [_plain(row) for row in self._db.execute(statement, {"id_": resident})]
            for name, statement in _EXPORT.items()
        }
        by = [{**row, "by": "you"} for row in found.pop("moderation_log_by")]
        return {**found, "moderation_log": [*found["moderation_log"], *by]}


def _line(row: Any) -> Line:
    by = Resident(row.by_id, row.by_name, row.by_locale, Role(row.by_role)) if row.by_id else None
    whom = Resident(row.whom_id, row.whom_name, row.whom_locale, Role(row.whom_role)) if row.whom_id else None
    return Line(row.id, row.theme, row.at, Deed(row.deed), by, whom, row.reason, row.until)


def _plain(row: Any) -> Mapping[str, Any]:
    fields = row._asdict().items()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields}


STORED = Stored(MODERATION, Moderation, TABLES)

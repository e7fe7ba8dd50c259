"""Reminders that people asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    false,
    insert,
    or_,
    select,
    update,
)

from bot.features.reminders.records import REMINDERS, Asked, Reminder
from bot.when import Rule
from storage.among import among
from storage.batch import Loader
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

reminders = Table(
    "reminders",
    TABLES,
    # People say "reminder 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    # Where it is said; None: to them alone.
    Column("theme", ForeignKey(themes.c.id), index=True, info={GOES_ALONG: True}),
    Column("words", Text, nullable=False),
    Column("due_at", Moment),
    Column("snoozed_to", Moment),
    # How it comes back, as JSON; when that is on the clock, and by which clocks: "09:00".
    Column("rule", String),
    Column("wall", String),
    Column("zone", String),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    Column("version", Integer, nullable=False, server_default="1"),
    # Which of their accounts asked for it: it goes where that one goes.
    Column("account", String),
)

_KEPT = [column for column in reminders.c if column.name != "community"]
_ALL = select(*_KEPT)
_TO_COME = and_(
    reminders.c.stopped.is_(False), or_(reminders.c.due_at.is_not(None), reminders.c.snoozed_to.is_not(None))
)
_THEIRS = reminders.c.resident == bindparam("resident_")
_THERE = reminders.c.theme == bindparam("theme_")
_OF = _ALL.where(_THEIRS, _TO_COME)
_IN_THEME = _ALL.where(_THERE, _TO_COME)
_THEMES = select(reminders.c.theme).where(reminders.c.theme.is_not(None)).distinct()
_ROWS_OF = select(reminders).where(_THEIRS).order_by(reminders.c.id)
_ADD = insert(reminders)
_THIS = reminders.c.id == bindparam("id_")
_DROP = delete(reminders).where(_THIS)
_END = delete(reminders).where(_THERE)
_NUMBERS_THERE = select(reminders.c.id).where(_THERE).order_by(reminders.c.id)
_FORGET = delete(reminders).where(_THEIRS)
_PART = (
    update(reminders)
    .where(_THEIRS, among(reminders.c.account, "accounts_"))
    .values(resident=bindparam("new_"))
)
_MERGE = update(reminders).where(reminders.c.resident == bindparam("old_")).values(resident=bindparam("new_"))


def _reminder(*values: Any) -> Reminder:
    fields = dict(zip([column.name for column in _KEPT], values, strict=True))
    rule, wall = fields["rule"], fields["wall"]
    fields["rule"] = Rule.from_kept(rule) if rule else None
    fields["wall"] = time.fromisoformat(wall) if wall else None
    fields["stopped"] = bool(fields["stopped"])
    return Reminder(**fields)


_REMINDER = Loader(_ALL, by=[reminders.c.id], make=_reminder)


class Reminders:
    """Implements ReminderStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(self, asked: Asked) -> Reminder:
        fields = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
        found = Reminder(id=next_number(self._db, reminders.name), **fields)
        rule, wall = found.rule and found.rule.as_kept(), found.wall and f"{found.wall:%H:%M}"
        self._db.execute(_ADD, {**fields, "id": found.id, "rule": rule, "wall": wall})
        return found

    def get(self, reminder: int) -> Reminder | None:
        self._db.lock(reminders.c.id, reminder)
        return self._db.get(_REMINDER, reminder)

    def of(self, resident: int) -> Sequence[Reminder]:
        return self._listed(_OF, resident_=resident)

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def in_theme(self, theme: int) -> Sequence[Reminder]:
        return self._listed(_IN_THEME, theme_=theme)

    def _listed(self, statement: Any, **values: Any) -> Sequence[Reminder]:
        found = [_reminder(*row) for row in self._db.execute(statement, values)]
        return sorted(found, key=lambda each: (each.next_at, each.id))

    def change(self, reminder: int, changes: Mapping[str, Any]) -> None:
        values = {f"{name}_": value for name, value in changes.items()}
        self._db.execute(_changing(tuple(changes)), {"id_": reminder, **values})

    def drop(self, reminder: int) -> None:
        self._db.execute(_DROP, {"id_": reminder})

    def end(self, theme: int) -> Sequence[int]:
        there = list(self._db.execute(_NUMBERS_THERE, {"theme_": theme}).scalars())
        self._db.execute(_END, {"theme_": theme})
        return there

    def merge(self, old: int, new: int) -> None:
        self._db.execute(_MERGE, {"old_": old, "new_": new})

    def part(self, resident: int, new: int, accounts: Sequence[str]) -> None:
        self._db.execute(_PART, {"resident_": resident, "new_": new, "accounts_": list(accounts)})

    def forget(self, resident: int) -> Sequence[int]:
        theirs = [row["id"] for row in self.rows_of(resident)]
        self._db.execute(_FORGET, {"resident_": resident})
        return theirs

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_ROWS_OF, {"resident_": resident})]


STORED = Stored(REMINDERS, Reminders, TABLES)


@lru_cache(16)
def _changing(names: tuple[str, ...]) -> Any:
    """The statement that changes these fields, and raises the version."""
    values = {name: bindparam(f"{name}_", type_=reminders.c[name].type) for name in names}
    return update(reminders).where(_THIS).values(**values, version=reminders.c.version + 1)

"""What residents say of themselves, and the associations that a community knows.

Each word is a row of its own, with a number, even where another account of the same person brought the same
word: so each account gets back what it brought when linking is undone. A list shows such a word once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

from bot.features.residents.records import PROFILES, About, Listed
from bot.model.people import Resident
from bot.names import folded
from storage.among import among
from storage.parts import Parts, Stored
from storage.people import PERSON, person_of
from storage.tables import NOTED, Number, of_community, own_tables, residents
from storage.upsert import upsert

TABLES = own_tables()
entries = Table(
    "profile_entries",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("resident", ForeignKey(residents.c.id), nullable=False),
    Column("kind", String, nullable=False),
    Column("words", String, nullable=False),
    # As it is looked for (see bot/names.py).
    Column("folded", String, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=false()),
    Index("ix_profile_entries_resident_kind", "resident", "kind"),
    Index("ix_profile_entries_community_kind_folded", "community", "kind", "folded"),
    info={NOTED: ("id", "kind", "words", "folded", "shown")},
    sqlite_autoincrement=True,
)

# Those that a moderator named.
associations = Table(
    "associations",
    TABLES,
    of_community(key=True),
    Column("folded", String, primary_key=True),
    Column("name", String, nullable=False),
    sqlite_with_rowid=False,
)

_ID: BindParameter[Any] = bindparam("id_")
_ABOUT = entries.c.kind == bindparam("about_")
_THEIRS = (entries.c.resident == _ID, _ABOUT)
_WORD = entries.c.folded == bindparam("folded_")
_ADD = insert(entries)
# Under the number that it had, which is given out no second time.
_ADD_AGAIN = insert(entries)
_LIST = select(entries.c.words, entries.c.folded, entries.c.shown).where(*_THEIRS).order_by(entries.c.id)
_LISTED = select(entries.c.resident, entries.c.folded).where(among(entries.c.resident, "residents_"), _ABOUT)
_REMOVE = delete(entries).where(*_THEIRS, among(entries.c.folded, "words_"))
_CLEAR = delete(entries).where(*_THEIRS)
_SHOW = update(entries).where(*_THEIRS).values(shown=bindparam("shown_", type_=entries.c.shown.type))
_others = entries.alias()
_HIDES = select(_others.c.id).where(
    _others.c.resident == entries.c.resident, _others.c.kind == entries.c.kind, ~_others.c.shown
)
_WHO = (
    PERSON.where(residents.c.id.in_(select(entries.c.resident).where(_ABOUT, _WORD, ~_HIDES.exists())))
    .order_by(residents.c.folded, residents.c.id)
    .limit(bindparam("most_"))
)
_COUNT = select(func.count(entries.c.resident.distinct())).where(_ABOUT, _WORD)
_NAMES = select(associations.c.name).order_by(associations.c.folded)
_NAME = upsert(associations).on_conflict_do_nothing()
_RETIRE = delete(associations).where(associations.c.folded == bindparam("folded_"))
_NOBODYS = delete(entries).where(_ABOUT, _WORD)
_ENTRIES = (
    select(entries.c.kind, entries.c.words, entries.c.folded, entries.c.shown)
    .where(entries.c.resident == _ID)
    .order_by(entries.c.id)
)
_MERGE = update(entries).where(entries.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
_HIDE = update(entries).where(entries.c.resident == _ID, among(entries.c.id, "ids_")).values(shown=False)
_THERE = select(entries.c.id).where(among(entries.c.id, "ids_"))
_FORGET = delete(entries).where(entries.c.resident == _ID)


class Profiles:
    """Implements ProfileStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def of(self, resident: int, about: About) -> Listed:
        rows = self._db.execute(_LIST, {"id_": resident, "about_": str(about)})
        words: dict[str, str] = {}
        for row in rows:
            words.setdefault(row.folded, row.words)
        return Listed(tuple(words.values()), bool(rows) and all(row.shown for row in rows))

    def add(self, resident: int, about: About, words: Sequence[str], *, shown: bool) -> None:
        row = {"resident": resident, "kind": str(about), "shown": shown}
        for word in words:
            self._db.execute(_ADD, {**row, "words": word, "folded": folded(word)})

    def remove(self, resident: int, about: About, words: Sequence[str]) -> None:
        these = {"id_": resident, "about_": str(about), "words_": [folded(word) for word in words]}
        self._db.execute(_REMOVE, these)

    def clear(self, resident: int, about: About) -> None:
        self._db.execute(_CLEAR, {"id_": resident, "about_": str(about)})

    def show(self, resident: int, about: About, *, shown: bool) -> None:
        self._db.execute(_SHOW, {"id_": resident, "about_": str(about), "shown_": shown})

    def who(self, about: About, words: str, most: int) -> Sequence[Resident]:
        asked = {"about_": str(about), "folded_": folded(words), "most_": most}
        return [*map(person_of, self._db.execute(_WHO, asked))]

    def count(self, about: About, words: str) -> int:
        found: int = self._db.execute(_COUNT, {"about_": str(about), "folded_": folded(words)}).scalar_one()
        return found

    def listed(self, about: About, residents: Collection[int]) -> Mapping[int, Collection[str]]:
        found: dict[int, set[str]] = {}
        for row in self._db.execute(_LISTED, {"about_": str(about), "residents_": residents}):
            found.setdefault(row.resident, set()).add(row.folded)
        return found

    # --- associations ---

    def associations(self) -> Sequence[str]:
        return [row.name for row in self._db.execute(_NAMES, {})]

    def name_association(self, name: str) -> None:
        self._db.execute(_NAME, {"folded": folded(name), "name": name})

    def retire_association(self, name: str) -> None:
        self._db.execute(_RETIRE, {"folded_": folded(name)})
        self._db.execute(_NOBODYS, {"about_": str(About.ASSOCIATIONS), "folded_": folded(name)})

    # --- whose it is ---

    def entries_of(self, resident: int) -> Sequence[dict[str, Any]]:
        rows = self._db.execute(_ENTRIES, {"id_": resident})
        return [row._asdict() | {"shown": bool(row.shown)} for row in rows]

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(_MERGE, old, new)

    def bring_back(self, resident: int, noted: Sequence[Sequence[Any]]) -> None:
        rows = {row[0]: row for row in noted}
        if not rows:
            return
        hidden = [number for number, *_, shown in rows.values() if not shown]
        self._db.execute(_HIDE, {"id_": resident, "ids_": hidden})
        there = set(self._db.execute(_THERE, {"ids_": [*rows]}).scalars())
        known = {folded(name) for name in self.associations()}
        for number, kind, words, looked_for, _ in rows.values():
            if number not in there and (kind != About.ASSOCIATIONS or looked_for in known):
                row = {"id": number, "resident": resident, "kind": kind, "words": words}
                self._db.execute(_ADD_AGAIN, {**row, "folded": looked_for, "shown": False})

    def forget(self, resident: int) -> None:
        self._db.execute(_FORGET, {"id_": resident})


STORED = Stored(PROFILES, Profiles, TABLES)

"""How often people want to hear of what is new, and until when each of them heard.

A resident's row has a number of its own, so that each account gets back what it brought when linking is
undone. Where two accounts brought one each, what was chosen last counts, and what either heard they both did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    String,
    Table,
    bindparam,
    delete,
    false,
    insert,
    select,
    update,
)

from bot.features.themes.records import DIGESTS, Often, Wish
from storage.among import among
from storage.parts import Parts, Stored
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes
from storage.themes import involvements
from storage.themes.openings import proposals, supporters
from storage.upsert import upsert

TABLES = own_tables()

digests = Table(
    "digests",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    # None: they did not say.
    Column("often", String),
    # What is new since earlier they heard.
    Column("told_until", Moment),
    sqlite_autoincrement=True,
)

# What is said in a theme to those who can be told nothing in private: there once, so it is kept that it was.
notes = Table(
    "digest_notes",
    TABLES,
    of_community(key=True),
    Column("theme", ForeignKey(themes.c.id), primary_key=True, info={GOES_ALONG: True}),
    Column("subject", String, primary_key=True),
    Column("said", Boolean, nullable=False, server_default=false()),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

_ID: BindParameter[Any] = bindparam("id_")
_THEIRS = among(digests.c.resident, "residents_")
_WISHES = (
    select(digests.c.resident, digests.c.often, digests.c.told_until).where(_THEIRS).order_by(digests.c.id)
)
_ADD = insert(digests)
_DROP = delete(digests).where(digests.c.resident == _ID)
_TOLD = update(digests).where(_THEIRS).values(told_until=bindparam("until_", type_=digests.c.told_until.type))
_FOLLOWED = select(involvements.c.resident, involvements.c.theme).where(
    among(involvements.c.resident, "residents_")
)
_INVOLVED = select(involvements.c.theme, involvements.c.resident).where(
    among(involvements.c.theme, "themes_"), among(involvements.c.resident, "residents_")
)
_BACKERS = (
    select(proposals.c.opened, supporters.c.resident)
    .join(supporters, proposals.c.id == supporters.c.proposal)
    .where(among(proposals.c.opened, "themes_"), among(supporters.c.resident, "residents_"))
)
_OPENED = select(proposals.c.opened, proposals.c.name, proposals.c.about, proposals.c.proposer).where(
    among(proposals.c.opened, "themes_")
)
_OWE = upsert(notes).on_conflict_do_nothing()
_OWED = select(notes.c.theme, notes.c.subject).where(~notes.c.said).order_by(notes.c.theme, notes.c.at)
_SAID = update(notes).where(~notes.c.said).values(said=True)
_OLD = delete(notes).where(notes.c.said, notes.c.at < bindparam("before_", type_=notes.c.at.type))
_ROWS = (
    select(*(column for column in digests.c if column is not digests.c.resident))
    .where(digests.c.resident == _ID)
    .order_by(digests.c.id)
)
_MERGE = update(digests).where(digests.c.resident == bindparam("old_")).values(resident=bindparam("new_"))


class Digests:
    """Implements DigestStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def among(self, residents: Collection[int]) -> Mapping[int, Wish]:
        found: dict[int, Wish] = {}
        for row in self._db.execute(_WISHES, {"residents_": residents}):
            before = found.get(row.resident, Wish())
            moments = [moment for moment in (row.told_until, before.told_until) if moment]
            often = Often(row.often) if row.often else before.often
            found[row.resident] = Wish(often, max(moments, default=None))
        return found

    def choose(self, resident: int, often: Often) -> None:
        before = self.among([resident]).get(resident, Wish())
        self._db.execute(_DROP, {"id_": resident})
        row = {"resident": resident, "often": str(often), "told_until": before.told_until}
        self._db.execute(_ADD, row)

    def told(self, until: Mapping[int, datetime]) -> None:
        known = self.among(until.keys())
        heard: dict[datetime, list[int]] = {}  # of the same news, most of them
        for who in known:
            heard.setdefault(until[who], []).append(who)
        for at, whose in heard.items():
            self._db.execute(_TOLD, {"residents_": whose, "until_": at})
        new = [{"resident": who, "often": None, "told_until": at} for who, at in until.items()]
        if new := [row for row in new if row["resident"] not in known]:
            self._db.execute(_ADD, new)

    def followed(self, residents: Collection[int]) -> Mapping[int, Collection[int]]:
        found: dict[int, set[int]] = {}
        for row in self._db.execute(_FOLLOWED, {"residents_": residents}):
            found.setdefault(row.resident, set()).add(row.theme)
        return found

    def opened(self, themes: Collection[int]) -> Mapping[int, tuple[str, str]]:
        rows = self._db.execute(_OPENED, {"themes_": themes})
        return {row.opened: (row.name, row.about) for row in rows}

    def know(self, themes: Collection[int], residents: Collection[int]) -> Mapping[int, Collection[int]]:
        asked = {"themes_": themes, "residents_": residents}
        found: dict[int, set[int]] = {}
        for statement in (_INVOLVED, _BACKERS):
            for theme, resident in self._db.execute(statement, asked):
                found.setdefault(theme, set()).add(resident)
        for row in self._db.execute(_OPENED, {"themes_": themes}):
            found.setdefault(row.opened, set()).add(row.proposer)
        return found

    # --- what is said in themes ---

    def owe(self, theme: int, subject: str, at: datetime) -> None:
        self._db.execute(_OWE, {"theme": theme, "subject": subject, "at": at})

    def pay(self, before: datetime) -> Mapping[int, Collection[str]]:
        found: dict[int, list[str]] = {}
        for row in self._db.execute(_OWED, {}):
            found.setdefault(row.theme, []).append(row.subject)
        self._db.execute(_SAID, {})
        self._db.execute(_OLD, {"before_": before})
        return found

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(_MERGE, old, new)

    def forget(self, resident: int) -> None:
        self._db.execute(_DROP, {"id_": resident})

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_ROWS, {"id_": resident})]


STORED = Stored(DIGESTS, Digests, TABLES)

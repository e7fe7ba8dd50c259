"""Until when somebody does something for a theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    insert,
    select,
    update,
)

from bot.features.themes.records import TERMS, Held, Term
from bot.model.people import Resident, Role
from storage.parts import Parts, Stored
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

# Where two accounts of somebody brought one each, the later one counts.
terms = Table(
    "terms",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info={GOES_ALONG: True}),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("held", String, nullable=False),
    Column("until", Moment, nullable=False),
    Column("asked", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

_ID: BindParameter[Any] = bindparam("id_")
_BEGIN = insert(terms)
# What two accounts brought each keeps, so that neither does it without an end once they are two people again.
_ANEW = (
    update(terms)
    .where(
        terms.c.theme == bindparam("theme_"),
        terms.c.resident == bindparam("resident_"),
        terms.c.held == bindparam("held_"),
    )
    .values(until=bindparam("until_", type_=terms.c.until.type), asked=bindparam("asked_"))
    .returning(terms.c.id)
)
_OF_THEME = (
    select(
        *(terms.c.id, terms.c.theme, terms.c.resident, terms.c.held, terms.c.until, terms.c.asked),
        *(residents.c.name, residents.c.locale, residents.c.role),
    )
    .join(residents, residents.c.id == terms.c.resident)
    .where(terms.c.theme == bindparam("theme_"))
    .order_by(terms.c.id)
)
_ASK = update(terms).where(terms.c.id == _ID).values(asked=True)
_DROP = delete(terms).where(terms.c.id == _ID)
_MERGE = update(terms).where(terms.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
_FORGET = delete(terms).where(terms.c.resident == _ID)
_THEIRS = (
    select(*(column for column in terms.c if column is not terms.c.resident))
    .where(terms.c.resident == _ID)
    .order_by(terms.c.id)
)


class Terms:
    """Implements TermStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def begin(self, theme: int, resident: int, held: Held, until: datetime, *, asked: bool) -> None:
        where = {"theme_": theme, "resident_": resident, "held_": str(held)}
        if self._db.execute(_ANEW, {**where, "until_": until, "asked_": asked}).first() is not None:
            return
        row = {"theme": theme, "resident": resident, "held": str(held), "until": until, "asked": asked}
        self._db.execute(_BEGIN, row)

    def of_theme(self, theme: int) -> Sequence[Term]:
        return [_term(row) for row in self._db.execute(_OF_THEME, {"theme_": theme})]

    def ask(self, term: int) -> None:
        self._db.execute(_ASK, {"id_": term})

    def drop(self, term: int) -> None:
        self._db.execute(_DROP, {"id_": term})

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(_MERGE, old, new)

    def forget(self, resident: int) -> None:
        self._db.execute(_FORGET, {"id_": resident})

    def terms_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_THEIRS, {"id_": resident})]


def _term(row: Any) -> Term:
    who = Resident(row.resident, row.name, row.locale, Role(row.role))
    return Term(row.id, row.theme, who, Held(row.held), row.until, row.asked)


STORED = Stored(TERMS, Terms, TABLES)

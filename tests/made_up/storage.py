"""What is out of the shed, and with whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, bindparam, delete, insert, select, update

from storage.parts import Parts, Stored
from storage.tables import Moment, Number, of_community, own_tables, residents, themes
from tests.made_up.tools import TOOLS, Loan

TABLES = own_tables()
loans = Table(
    "loans",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("tool", String, nullable=False),
    Column("back_at", Moment, nullable=False),
)
_ADD = insert(loans).returning(loans.c.id)
_THIS = loans.c.id == bindparam("id_")
_LOANS = select(loans.c.id, loans.c.theme, loans.c.resident, loans.c.tool, loans.c.back_at)
_GET = _LOANS.where(_THIS)
_OUT = _LOANS.where(loans.c.theme == bindparam("theme_")).order_by(loans.c.id)
_WITH = _LOANS.where(loans.c.resident == bindparam("resident_")).order_by(loans.c.id)
_KEEP = update(loans).where(_THIS).values(back_at=bindparam("back_", type_=loans.c.back_at.type))
_PASS_ON = update(loans).where(_THIS).values(resident=bindparam("to_"))
_BRING_BACK = delete(loans).where(_THIS)
_MERGE = update(loans).where(loans.c.resident == bindparam("old_")).values(resident=bindparam("new_"))


class Tools:
    """Implements ToolStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def lend(self, theme: int, resident: int, tool: str, back_at: datetime) -> Loan:
        fields = {"theme": theme, "resident": resident, "tool": tool, "back_at": back_at}
        return Loan(self._db.execute(_ADD, fields).scalar_one(), theme, resident, tool, back_at)

    def get(self, loan: int) -> Loan | None:
        row = self._db.execute(_GET, {"id_": loan}).first()
        return Loan(*row) if row else None

    def out(self, theme: int) -> Sequence[Loan]:
        return [Loan(*row) for row in self._db.execute(_OUT, {"theme_": theme})]

    def with_resident(self, resident: int) -> Sequence[Loan]:
        return [Loan(*row) for row in self._db.execute(_WITH, {"resident_": resident})]

    def keep(self, loan: Loan, back_at: datetime) -> None:
        self._db.execute(_KEEP, {"id_": loan.id, "back_": back_at})

    def pass_on(self, loan: Loan, resident: int) -> None:
        self._db.execute(_PASS_ON, {"id_": loan.id, "to_": resident})

    def bring_back(self, loan: Loan) -> None:
        self._db.execute(_BRING_BACK, {"id_": loan.id})

    def merge(self, old: int, new: int) -> None:
        self._db.execute(_MERGE, {"old_": old, "new_": new})


STORED = Stored(TOOLS, Tools, TABLES)

"""Certificates that people made, and who is on a year's list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, insert, null, select, update

from bot.features.kudos.records import CERTIFICATES, Kept
from storage.among import among
from storage.kudos.tables import (
    CERTIFYING,
    certificates,
    certified,
    kudos,
    thanked,
    year_listed,
)
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.upsert import upsert

_FIELDS = [column for column in certificates.c if column.name != "community"]
_THIS = certificates.c.id == bindparam("certificate_")
_WHO: Any = bindparam("resident_")
_THEIRS = certificates.c.resident == _WHO
_GET = select(*_FIELDS).where(_THIS)
_MARKED = select(*_FIELDS).where(certificates.c.mark == bindparam("mark_"))
_OF = select(*_FIELDS).where(_THEIRS, certificates.c.withdrawn_at.is_(None)).order_by(certificates.c.id)
_TELLS = and_(
    certificates.c.community == certified.c.community, certificates.c.id == certified.c.of_certificate
)
_SAYING = (
    select(*_FIELDS)
    .join_from(certified, certificates, _TELLS)
    .where(certified.c.of_kudos == bindparam("kudos_"))
    .order_by(certificates.c.id)
)
_IN_ITS_WORDS = and_(kudos.c.state == "given", ~kudos.c.blanked)
_HELD = select(kudos.c.id).where(among(kudos.c.id, "numbers_"), _IN_ITS_WORDS)
_FALLEN = (
    select(certified.c.of_kudos)
    .join_from(certified, certificates, _TELLS)
    .where(
        certified.c.of_certificate == bindparam("certificate_"),
        ~and_(
            exists().where(kudos.c.id == certified.c.of_kudos, _IN_ITS_WORDS),
            exists().where(
                thanked.c.of_kudos == certified.c.of_kudos,
                thanked.c.resident == certificates.c.resident,
                ~thanked.c.void,
            ),
        ),
    )
    .limit(1)
)
_ADD = insert(certificates)
_SAYS = insert(certified)
_SAYS_NOTHING = delete(certified).where(certified.c.of_certificate == bindparam("certificate_"))
_SAY_NOTHING = delete(certified).where(
    certified.c.of_certificate.in_(select(certificates.c.id).where(_THEIRS))
)
_MOMENT = certificates.c.withdrawn_at.type
_GONE: dict[str, Any] = {"words": null(), "code": null(), "account": null()}
_WITHDRAW = update(certificates).where(_THIS).values(withdrawn_at=bindparam("at_", type_=_MOMENT), **_GONE)
# When they asked for that is kept of nobody.
_FORGET = (
    _SAY_NOTHING,
    update(certificates).where(_THEIRS).values(resident=null(), withdrawn_at=certificates.c.made_at, **_GONE),
    delete(year_listed).where(year_listed.c.resident == _WHO),
)
_ROWS_OF = (
    select(certificates).where(_THEIRS).order_by(certificates.c.id),
    select(year_listed).where(year_listed.c.resident == _WHO).order_by(year_listed.c.year),
)
_OLD: Any = bindparam("old_")
_NEW: Any = bindparam("new_")
_others = year_listed.alias()
_MERGE = (
    update(certificates).where(certificates.c.resident == _OLD).values(resident=_NEW),
    # Who is on a year's list with both is on it once.
    delete(year_listed).where(
        year_listed.c.resident == _OLD,
        exists().where(_others.c.year == year_listed.c.year, _others.c.resident == _NEW),
    ),
    update(year_listed).where(year_listed.c.resident == _OLD).values(resident=_NEW),
)
_PART = (
    update(certificates)
    .where(_THEIRS, among(certificates.c.account, "accounts_"))
    .values(resident=bindparam("new_"))
)
_YEAR: Any = bindparam("year_")
_LISTED = (
    select(year_listed.c.resident, year_listed.c.told_at)
    .where(year_listed.c.year == _YEAR)
    .order_by(year_listed.c.resident)
)
_ENLIST = upsert(year_listed).on_conflict_do_nothing()
_UNLIST = delete(year_listed).where(year_listed.c.year == _YEAR, year_listed.c.resident == _WHO)
_TOLD = (
    update(year_listed)
    .where(year_listed.c.year == _YEAR, among(year_listed.c.resident, "residents_"))
    .values(told_at=bindparam("at_", type_=_MOMENT))
)


class Certificates:
    """Implements CertificateStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def hold(self, numbers: Collection[int]) -> Collection[int]:
        self._db.lock(kudos.c.id, *numbers)
        return set(self._db.execute(_HELD, {"numbers_": sorted(numbers)}).scalars())

    def add(
        self,
        resident: int,
        *,
        account: str | None,
        mark: str,
        words: str,
        code: str,
        made_at: datetime,
        says: Collection[int],
    ) -> int:
        number = next_number(self._db, certificates.name)
        row = {"resident": resident, "account": account, "mark": mark, "words": words, "code": code}
        self._db.execute(_ADD, {"id": number, **row, "made_at": made_at})
        rows = [{"of_certificate": number, "of_kudos": each} for each in sorted(says)]
        self._db.execute(_SAYS, rows if len(rows) > 1 else rows[0])
        return number

    def get(self, certificate: int) -> Kept | None:
        return self._first(_GET, certificate_=certificate)

    def marked(self, mark: str) -> Kept | None:
        return self._first(_MARKED, mark_=mark)

    def _first(self, which: Any, **values: Any) -> Kept | None:
        return next((Kept(**row._asdict()) for row in self._db.execute(which, values)), None)

    def of(self, resident: int) -> Sequence[Kept]:
        return [Kept(**row._asdict()) for row in self._db.execute(_OF, {"resident_": resident})]

    def saying(self, kudos: int) -> Sequence[Kept]:
        return [Kept(**row._asdict()) for row in self._db.execute(_SAYING, {"kudos_": kudos})]

    def stands(self, certificate: int) -> bool:
        return self._db.execute(_FALLEN, {"certificate_": certificate}).first() is None

    def withdraw(self, certificate: int, at: datetime) -> None:
        self._db.execute(_SAYS_NOTHING, {"certificate_": certificate})
        self._db.execute(_WITHDRAW, {"certificate_": certificate, "at_": at})

    def listed(self, year: int) -> Mapping[int, datetime | None]:
        return {row.resident: row.told_at for row in self._db.execute(_LISTED, {"year_": year})}

    def enlist(self, year: int, resident: int) -> None:
        self._db.execute(_ENLIST, {"year": year, "resident": resident})

    def unlist(self, year: int, resident: int) -> None:
        self._db.execute(_UNLIST, {"year_": year, "resident_": resident})

    def bring_back(self, notes: Mapping[int, Sequence[Sequence[Any]]]) -> None:
        rows = [row for who in notes for row in self.rows_of(who)[year_listed.name]]
        told_at = {row["year"]: row["told_at"] for row in rows}
        for resident, noted in notes.items():
            before = {year for (year,) in noted}
            for year, at in told_at.items():
                self.unlist(year, resident)
                if year in before:
                    self._db.execute(_ENLIST, {"year": year, "resident": resident, "told_at": at})

    def told(self, year: int, residents: Collection[int], at: datetime) -> None:
        self._db.execute(_TOLD, {"year_": year, "residents_": list(residents), "at_": at})

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.execute(statement, {"old_": old, "new_": new})

    def part(self, resident: int, new: int, accounts: Sequence[str]) -> None:
        self._db.execute(_PART, {"resident_": resident, "new_": new, "accounts_": list(accounts)})

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"resident_": resident})

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        certified, listed = (
            [row._asdict() for row in self._db.execute(which, {"resident_": resident})] for which in _ROWS_OF
        )
        return {"certificates": certified, "year_listed": listed}


STORED = Stored(CERTIFICATES, Certificates, CERTIFYING)

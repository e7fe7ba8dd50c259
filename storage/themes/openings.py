"""Themes that were proposed, who supports them, and which of them were opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from bot.features.themes.records import OPENINGS, Proposal
from bot.model.people import Resident, Role
from storage.leavers import Leavers, LeaversTable
from storage.parts import Parts, Stored
from storage.tables import STAYS, Holds, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

proposals = Table(
    "proposals",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("about", String, nullable=False),
    # Nobody, once whoever it was is forgotten.
    Column("proposer", ForeignKey(residents.c.id), index=True),
    Column("needed", Integer, nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("opened", ForeignKey(themes.c.id), index=True),
    Index("ix_proposals_community_state", "community", "state"),
    sqlite_autoincrement=True,
)

supporters = Table(
    "supporters",
    TABLES,
    of_community(key=True),
    Column("proposal", ForeignKey(proposals.c.id), primary_key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, index=True),
    # The number of whom they were when they said so: who was two people when one ended supports it as both.
    Column("said_as", Number, primary_key=True),
    sqlite_with_rowid=False,
)

# Which accounts are kept out of one that is proposed, as marks of them; who has the say they had a part in.
proposal_leavers = Table(
    "proposal_leavers",
    TABLES,
    of_community(key=True),
    Column("proposal", ForeignKey(proposals.c.id), primary_key=True),
    Column("account", String, primary_key=True, info=Holds.MARK.info),
    Column("holder", ForeignKey(residents.c.id), index=True, info={STAYS: True}),
    sqlite_with_rowid=False,
)

_IS_OPEN = proposals.c.state == "open"
# Support for what is still proposed stays with whoever has it, where an account leaves them.
supporters.c.resident.info[STAYS] = exists().where(proposals.c.id == supporters.c.proposal, _IS_OPEN)

_ID: BindParameter[Any] = bindparam("id_")
_WHOM: BindParameter[Any] = bindparam("resident_")
_PROPOSE = insert(proposals).returning(proposals.c.id)
# Who proposed it needs no support of their own, which two accounts of one person may have brought.
_COUNT = (
    select(func.count())
    .where(
        supporters.c.proposal == proposals.c.id,
        or_(proposals.c.proposer.is_(None), supporters.c.resident != proposals.c.proposer),
    )
    .scalar_subquery()
)


def _proposals(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            *(proposals.c.id, proposals.c.theme, proposals.c.name, proposals.c.about, proposals.c.needed),
            *(proposals.c.state, proposals.c.opened, proposals.c.proposer, residents.c.name.label("who")),
            *(residents.c.locale, residents.c.role, _COUNT.label("supporters"), proposals.c.proposed_at),
        )
        .join(residents, residents.c.id == proposals.c.proposer, isouter=True)
        .where(which)
        .order_by(proposals.c.id)
    )


_GET = _proposals(proposals.c.id == _ID)
_OPEN = _proposals(_IS_OPEN)
_BY_THEME = _proposals(proposals.c.opened == _ID)
_THIS = (supporters.c.proposal == _ID, supporters.c.resident == _WHOM)
_SUPPORTS = select(supporters.c.resident).where(*_THIS)
_SUPPORT = insert(supporters)
_TAKE_BACK = delete(supporters).where(*_THIS)
_END = (
    update(proposals)
    .where(proposals.c.id == _ID)
    .values(state=bindparam("state_"), opened=bindparam("opened_"))
)
_RENAME = update(proposals).where(proposals.c.opened == _ID).values(name=bindparam("name_"))
_THEIRS = select(proposals.c.id).where(proposals.c.proposer == _ID)
_STILL_THEIRS = _THEIRS.where(_IS_OPEN).order_by(proposals.c.id)
_SUPPORTED = (
    select(supporters.c.proposal)
    .distinct()
    .where(supporters.c.resident == _ID)
    .order_by(supporters.c.proposal)
)
_PROPOSED = (
    select(*(column for column in proposals.c if column is not proposals.c.proposer))
    .where(proposals.c.proposer == _ID)
    .order_by(proposals.c.id)
)
_PASS_ON = (
    update(proposals).where(proposals.c.proposer == bindparam("old_")).values(proposer=bindparam("new_"))
)
_BOTH = supporters.alias()
# Who supports as both what is still proposed does so once; of what ended each can have theirs back.
_SUPPORT_ONCE = delete(supporters).where(
    supporters.c.resident == bindparam("old_"),
    exists().where(_BOTH.c.proposal == supporters.c.proposal, _BOTH.c.resident == bindparam("new_")),
    exists().where(proposals.c.id == supporters.c.proposal, _IS_OPEN),
)
_SUPPORT_AS_ONE = (
    update(supporters).where(supporters.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
)
# Whoever proposed one has as much of a say as who supports it.
LEAVERS = LeaversTable(
    proposal_leavers.c.proposal,
    proposals.c.id,
    _IS_OPEN,
    union(
        select(proposals.c.id).where(proposals.c.proposer == _ID, _IS_OPEN),
        select(proposals.c.id)
        .join(supporters, supporters.c.proposal == proposals.c.id)
        .where(supporters.c.resident == _ID, _IS_OPEN),
    ),
)
_UNSUPPORT = delete(supporters).where(supporters.c.resident == _ID)
_NOBODYS = update(proposals).where(proposals.c.proposer == _ID).values(proposer=None)


class Openings:
    """Implements OpeningStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._leavers = Leavers(parts, LEAVERS)

    def propose(self, theme: int, name: str, about: str, proposer: int, needed: int, at: datetime) -> int:
        row = {"theme": theme, "name": name, "about": about, "proposer": proposer, "needed": needed}
        number: int = self._db.execute(_PROPOSE, {**row, "proposed_at": at}).scalar_one()
        return number

    def get(self, proposal: int) -> Proposal | None:
        row = self._db.execute(_GET, {"id_": proposal}).first()
        return _proposal(row) if row else None

    def hold(self, proposal: int) -> None:
        self._db.lock(proposals.c.id, proposal)

    def open(self) -> Sequence[Proposal]:
        return [_proposal(row) for row in self._db.execute(_OPEN, {})]

    def rename(self, theme: int, name: str) -> None:
        self._db.execute(_RENAME, {"id_": theme, "name_": name})

    def by_theme(self, theme: int) -> Proposal | None:
        row = self._db.execute(_BY_THEME, {"id_": theme}).first()
        return _proposal(row) if row else None

    def supports(self, proposal: int, resident: int) -> bool:
        return self._db.execute(_SUPPORTS, {"id_": proposal, "resident_": resident}).first() is not None

    def keeps_out(self, proposal: int, resident: int) -> bool:
        return self._leavers.keeps_out(proposal, resident)

    def support(self, proposal: int, resident: int) -> None:
        # Whoever an account of theirs leaves just now has supported it before that, or does so after it.
        self._db.lock(residents.c.id, resident, weakly=True)
        if not self.supports(proposal, resident):
            self._db.execute(_SUPPORT, {"proposal": proposal, "resident": resident, "said_as": resident})

    def take_back(self, proposal: int, resident: int) -> None:
        self._db.execute(_TAKE_BACK, {"id_": proposal, "resident_": resident})

    def end(self, proposal: int, state: str, opened: int | None = None) -> None:
        self._db.execute(_END, {"id_": proposal, "state_": state, "opened_": opened})
        self._leavers.over(proposal)

    # --- whose it is ---

    def merge(self, old: int, new: int) -> Sequence[int]:
        if changed := self._concerning(old):
            self._db.pass_on(_PASS_ON, old, new)
            self._db.execute(_SUPPORT_ONCE, {"old_": old, "new_": new})
            self._db.execute(_SUPPORT_AS_ONE, {"old_": old, "new_": new})
        self._leavers.merge(old, new)
        return sorted({*changed, *self._say_once(new)})

    def _say_once(self, resident: int) -> Sequence[int]:
        """Where an account of theirs has its say with somebody else, they do not support it beside that."""
        twice = [each for each in self._leavers.outside(resident) if self.supports(each, resident)]
        for proposal in twice:
            self.take_back(proposal, resident)
        return twice

    def part(self, resident: int, new: int) -> None:
        self._leavers.part(resident, new)

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        return self._leavers.held_by(resident)

    def forget(self, resident: int) -> Sequence[int]:
        changed = self._concerning(resident)
        # Whoever proposed one and comes back supports it beside that no more than before.
        self._leavers.keep_out(list(self._db.execute(_STILL_THEIRS, {"id_": resident}).scalars()), resident)
        self._db.execute(_UNSUPPORT, {"id_": resident})
        self._db.execute(_NOBODYS, {"id_": resident})
        self._leavers.forget(resident)
        return changed

    def _concerning(self, resident: int) -> Sequence[int]:
        proposed = self._db.execute(_THEIRS, {"id_": resident}).scalars()
        return sorted({*proposed, *self.supported_by(resident)})

    def proposals_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_PROPOSED, {"id_": resident})]

    def supported_by(self, resident: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_SUPPORTED, {"id_": resident}).scalars()
        return list(found)


def _proposal(row: Any) -> Proposal:
    who = Resident(row.proposer, row.who, row.locale, Role(row.role)) if row.proposer else None
    return Proposal(
        *(row.id, row.theme, row.name, row.about, row.needed, row.state, row.opened, who, row.supporters),
        row.proposed_at,
    )


STORED = Stored(OPENINGS, Openings, TABLES)

"""Codes that make one person of two accounts, what came of them, and codes that were none.

A code is kept as a mark that only whoever has a key apart from the database can make again; so is the account
that gave a wrong one, which outlives that its resident is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.clock import latest_end
from bot.features.residents.records import LINKS, LIVES, UNDONE_WITHIN, Linked, Request
from bot.model.people import Identity
from bot.ports.people import Brought
from storage.among import among
from storage.parts import Parts, Stored
from storage.tables import STAYS, Holds, Moment, Number, identities, of_community, own_tables, residents

_KEY = "codes"
# By what they are of, rows each by their columns.
Rows = Mapping[str, Sequence[Sequence[Any]]]
TABLES = own_tables()
_STAYS = {STAYS: True}

# A code that was asked for; once it was given, by which account, and whether that one said yes.
link_codes = Table(
    "link_codes",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("code", String, nullable=False, index=True),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True, info=_STAYS),
    Column("account", String, nullable=False, index=True),
    Column("other", ForeignKey(residents.c.id), index=True, info=_STAYS),
    Column("given_by", String),
    Column("agreed", Boolean, nullable=False, server_default=false()),
    Column("until", Moment, nullable=False),
    Column("handle", String),
    Column("given_handle", String),
    sqlite_autoincrement=True,
)

# Accounts that joined a resident, and what they brought, for as long as that can be undone.
links = Table(
    "links",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True, info=_STAYS),
    Column("joined", Text, nullable=False),
    Column("brought", Text, nullable=False),
    Column("until", Moment, nullable=False),
    sqlite_autoincrement=True,
)

# When an account gave a code that was none, and until when it can give no other.
wrong_codes = Table(
    "wrong_codes",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("account", String, nullable=False, index=True, info=Holds.MARK.info),
    Column("at", Moment, nullable=False, index=True),
    Column("closed_until", Moment),
)

_MOMENT = link_codes.c.until.type
_NOW = bindparam("now_", type_=_MOMENT)
_UNTIL = bindparam("until_", type_=_MOMENT)
_SINCE = bindparam("since_", type_=_MOMENT)
_ID: BindParameter[Any] = bindparam("id_")
_LATEST = bindparam("latest_", type_=_MOMENT)
_LIVES = and_(link_codes.c.until > _NOW, link_codes.c.until <= _LATEST)
_REQUEST = select(
    *(link_codes.c.id, link_codes.c.resident, link_codes.c.account),
    *(link_codes.c.other, link_codes.c.given_by, link_codes.c.agreed),
    *(link_codes.c.until, link_codes.c.handle, link_codes.c.given_handle),
).order_by(link_codes.c.id)
_ADD = insert(link_codes)
_BY_CODE = _REQUEST.where(link_codes.c.code == bindparam("code_"), link_codes.c.given_by.is_(None), _LIVES)
_BY_ID = _REQUEST.where(link_codes.c.id == _ID, _LIVES)
_WAITING = _REQUEST.where(link_codes.c.account == bindparam("account_"), link_codes.c.agreed, _LIVES)
_GIVE = (
    update(link_codes)
    .where(link_codes.c.id == _ID, link_codes.c.given_by.is_(None))
    .values(
        other=bindparam("other_"),
        given_by=bindparam("account_"),
        given_handle=bindparam("handle_"),
        until=_UNTIL,
    )
    .returning(link_codes.c.id)
)
_AGREE = update(link_codes).where(link_codes.c.id == _ID).values(agreed=True)
_DROP = delete(link_codes).where(link_codes.c.id == _ID)
_DROP_OF_ACCOUNT = delete(link_codes).where(link_codes.c.account == bindparam("account_"))
_DROP_OF = delete(link_codes).where(or_(link_codes.c.resident == _ID, link_codes.c.other == _ID))
_LAPSE = tuple(
    delete(table).where(moment < _NOW)
    for table, moment in ((link_codes, link_codes.c.until), (links, links.c.until))
)
_LAPSE_WRONG = delete(wrong_codes).where(
    wrong_codes.c.at < _SINCE, or_(wrong_codes.c.closed_until.is_(None), wrong_codes.c.closed_until < _NOW)
)
_OWN = wrong_codes.c.account == bindparam("account_")
_LATELY = and_(wrong_codes.c.at > _SINCE, wrong_codes.c.at <= _LATEST)
_ADD_WRONG = insert(wrong_codes)
_COUNT = select(func.count()).where(_LATELY)
_COUNT_OWN = _COUNT.where(_OWN)
# What is closed stays so for as long as it was told: who guesses later keeps nobody else waiting.
_IS_OPEN = or_(wrong_codes.c.closed_until.is_(None), wrong_codes.c.closed_until <= _NOW)
_CLOSE = update(wrong_codes).where(_LATELY, _IS_OPEN).values(closed_until=_UNTIL)
_CLOSE_OWN = _CLOSE.where(_OWN)
_CLOSED = select(func.max(wrong_codes.c.closed_until)).where(
    _OWN, wrong_codes.c.closed_until > _NOW, wrong_codes.c.closed_until <= _LATEST
)
_ADD_LINK = insert(links).returning(links.c.id)
_LINK = select(links.c.id, links.c.resident, links.c.joined, links.c.brought).where(
    links.c.id == _ID, links.c.until > _NOW, links.c.until <= _LATEST
)
_DROP_LINK = delete(links).where(links.c.id == _ID)
_DROP_LINKS = delete(links).where(links.c.resident == _ID)
_OLD: Any = bindparam("old_")
_NEW: Any = bindparam("new_")
_MERGE = (
    update(link_codes)
    .where(or_(link_codes.c.resident == _OLD, link_codes.c.other == _OLD))
    .values(
        {
            column: case((column == _OLD, _NEW), else_=column)
            for column in (link_codes.c.resident, link_codes.c.other)
        }
    ),
    update(links).where(links.c.resident == _OLD).values(resident=_NEW),
)
_CODES_OF = (
    select(link_codes).where(or_(link_codes.c.resident == _ID, link_codes.c.other == _ID)).order_by("id")
)
_LINKS_OF = select(links).where(links.c.resident == _ID).order_by(links.c.id)
_ACCOUNTS = (
    select(identities.c.resident, residents.c.name, identities.c.platform, identities.c.user_id)
    .join(residents, residents.c.id == identities.c.resident)
    .where(among(identities.c.resident, "ids_"))
    .order_by(identities.c.platform, identities.c.user_id)
)
_KEEP_LINK = (
    update(links)
    .where(links.c.id == _ID)
    .values(resident=_NEW, joined=bindparam("joined_"), brought=bindparam("brought_"))
)


class Links:
    """Implements LinkStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._keys = parts.keyring

    def _mark(self, words: str) -> str:
        return self._keys.lasting_mark(_KEY, words).hex()

    # --- codes ---

    def lapse(self, now: datetime, guessed_within: timedelta) -> None:
        for statement in _LAPSE:
            self._db.execute(statement, {"now_": now})
        self._db.execute(_LAPSE_WRONG, {"since_": now - guessed_within, "now_": now})

    def ask(self, account: Identity, resident: int, code: str, until: datetime, handle: str) -> None:
        self._db.execute(_DROP_OF_ACCOUNT, {"account_": account.address})
        row = {"code": self._mark(code), "resident": resident, "account": account.address, "until": until}
        self._db.execute(_ADD, {**row, "handle": handle})

    def by_code(self, code: str, now: datetime) -> Request | None:
        return self._request(_BY_CODE, {"code_": self._mark(code)}, now)

    def get(self, request: int, now: datetime) -> Request | None:
        return self._request(_BY_ID, {"id_": request}, now)

    def waiting(self, account: Identity, now: datetime) -> Request | None:
        return self._request(_WAITING, {"account_": account.address}, now)

    def _request(self, statement: Any, values: dict[str, Any], now: datetime) -> Request | None:
        row = self._db.execute(statement, {**values, **_alive(now, LIVES)}).first()
        if row is None:
            return None
        given_by = _account(row.given_by) if row.given_by else None
        account = _account(row.account)
        return Request(
            *(row.id, row.resident, account, row.other, given_by, bool(row.agreed), row.until),
            handle=row.handle or account.user_id,
            given_handle=row.given_handle or (given_by.user_id if given_by else ""),
        )

    def give(self, request: int, account: Identity, resident: int, until: datetime, handle: str) -> bool:
        values = {"id_": request, "account_": account.address, "other_": resident, "until_": until}
        values["handle_"] = handle
        return bool(self._db.execute(_GIVE, values))

    def agree(self, request: int) -> None:
        self._db.execute(_AGREE, {"id_": request})

    def drop(self, request: int) -> None:
        self._db.execute(_DROP, {"id_": request})

    def drop_all_of(self, *residents: int) -> None:
        for resident in residents:
            self._db.execute(_DROP_OF, {"id_": resident})

    # --- wrong ones ---

    def closed(self, account: Identity, now: datetime, within: timedelta) -> datetime | None:
        asked = {"account_": self._mark(account.address), "now_": now, "latest_": latest_end(now, within)}
        found: datetime | None = self._db.execute(_CLOSED, asked).scalar()
        return found

    def wrong(
        self, account: Identity, now: datetime, within: timedelta, most: int, most_together: int
    ) -> None:
        mark, since, until = self._mark(account.address), now - within, now + within
        self._db.execute(_ADD_WRONG, {"account": mark, "at": now})
        lately = {"since_": since, "latest_": latest_end(now, timedelta()), "until_": until, "now_": now}
        if self._db.execute(_COUNT, lately).scalar_one() >= most_together:
            self._db.execute(_CLOSE, lately)
        elif self._db.execute(_COUNT_OWN, {**lately, "account_": mark}).scalar_one() >= most:
            self._db.execute(_CLOSE_OWN, {**lately, "account_": mark})

    # --- what can be undone ---

    def add(self, resident: int, accounts: Sequence[Identity], brought: Brought, until: datetime) -> int:
        row = {
            "joined": _json([account.address for account in accounts]),
            "brought": _json(brought),
        }
        number: int = self._db.execute(_ADD_LINK, {**row, "resident": resident, "until": until}).scalar_one()
        return number

    def link(self, link: int, now: datetime) -> Linked | None:
        row = self._db.execute(_LINK, {"id_": link, **_alive(now, UNDONE_WITHIN)}).first()
        if row is None:
            return None
        accounts = tuple(_account(address) for address in orjson.loads(row.joined))
        return Linked(row.id, row.resident, accounts, Brought(**orjson.loads(row.brought)))

    def bring(
        self,
        resident: int,
        by: Collection[Identity],
        accounts: Sequence[Identity],
        brought: Brought | None,
    ) -> None:
        named = {account.address for account in by}
        more = {account.address for account in accounts}
        for link in list(self._db.execute(_LINKS_OF, {"id_": resident})):
            joined, noted = set(orjson.loads(link.joined)), Brought(**orjson.loads(link.brought))
            whom = set(noted.whom)
            if named & joined and not named & whom:
                joined |= more
                noted = _with_more(noted, brought) if brought else noted
            elif named & whom and not named & joined:
                whom |= more
                more_noted = _joined(noted.whom_noted, brought.noted) if brought else noted.whom_noted
                noted = replace(noted, whom_noted=more_noted)
            self._keep(link.id, resident, sorted(joined), replace(noted, whom=sorted(whom)))

    def readmit(self, theme: int, resident: int) -> None:
        for link in list(self._db.execute(_LINKS_OF, {"id_": resident})):
            noted = Brought(**orjson.loads(link.brought))
            out, whom_out = (
                themes and [each for each in themes if each != theme]
                for themes in (noted.put_out, noted.whom_put_out)
            )
            noted = replace(noted, put_out=out or (), whom_put_out=whom_out)
            self._keep(link.id, resident, orjson.loads(link.joined), noted)

    def _keep(self, link: int, whose: int, joined: Sequence[str], brought: Any) -> None:
        kept = {"joined_": _json(joined), "brought_": _json(brought)}
        self._db.execute(_KEEP_LINK, {"id_": link, "new_": whose, **kept})

    def forget_link(self, link: int) -> None:
        self._db.execute(_DROP_LINK, {"id_": link})

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def part(
        self, resident: int, parted: Sequence[int], undone: Brought | None = None
    ) -> Mapping[str, Any] | None:
        self.drop_all_of(resident)
        people: dict[int, set[str]] = {number: set() for number in (resident, *parted)}
        names: dict[int, str] = {}
        had: Mapping[str, Any] | None = None
        for row in self._db.execute(_ACCOUNTS, {"ids_": [*people]}):
            people[row.resident].add(Identity(row.platform, row.user_id).address)
            names[row.resident] = row.name
        everybody = set[str]().union(*people.values())
        for link in list(self._db.execute(_LINKS_OF, {"id_": resident})):
            brought, joined = orjson.loads(link.brought), set(orjson.loads(link.joined))
            sides = {"wishes": joined, "before": set(brought.get("whom", ())) or everybody - joined}
            # Where some that joined are still with some whom they joined.
            together = [
                number for number, theirs in people.items() if all(theirs & side for side in sides.values())
            ]
            if together:
                if undone:
                    others = undone.noted if together[0] == resident else undone.whom_noted
                    brought |= _without(brought, others)
                self._keep_link(
                    link.id, together[0], sides, brought, people, names, undone=undone is not None
                )
                continue
            self.forget_link(link.id)
            for own, other in (("wishes", "before"), ("before", "wishes")):
                left = not people[resident] & sides[other]
                if left and names[resident] == brought[other]["name"] != brought[own]["name"]:
                    had = brought[own]
        return had

    def _keep_link(
        self,
        link: int,
        whose: int,
        sides: Mapping[str, set[str]],
        brought: dict[str, Any],
        people: Mapping[int, set[str]],
        names: Mapping[int, str],
        *,
        undone: bool,
    ) -> None:
        """It can still be undone, among the accounts that are left of either side."""
        here = people[whose]
        away = set[str]().union(*people.values()) - here
        others = {name for number, name in names.items() if number != whose}
        for side, accounts in sides.items():
            if away & accounts and (not undone or brought[side]["name"] in others):
                brought[side] |= _called_as(min(accounts & here))
        brought["whom"] = sorted(sides["before"] & here)
        self._keep(link, whose, sorted(sides["wishes"] & here), brought)

    def forget(self, resident: int) -> None:
        self.drop_all_of(resident)
        self._db.execute(_DROP_LINKS, {"id_": resident})

    def codes_of(self, resident: int) -> Sequence[dict[str, Any]]:
        return [
            row._asdict() | {"mine": row.resident == resident}
            for row in self._db.execute(_CODES_OF, {"id_": resident})
        ]

    def links_of(self, resident: int) -> Sequence[dict[str, Any]]:
        return [row._asdict() for row in self._db.execute(_LINKS_OF, {"id_": resident})]


def _alive(now: datetime, lasts: timedelta) -> dict[str, datetime]:
    """Between which moments lies the end of what lasts so long and is not over."""
    return {"now_": now, "latest_": latest_end(now, lasts)}


def _with_more(noted: Brought, more: Brought) -> Brought:
    """What somebody brought, with what was another's who is the same person."""
    rows, values = _joined(noted.rows, more.rows), _joined(noted.noted, more.noted)
    # What anybody was put out of since then already keeps out the others.
    out = [theme for theme in more.put_out if theme not in (more.whom_put_out or ())]
    return replace(noted, rows=rows, noted=values, put_out=[*noted.put_out, *out])


def _joined(some: Rows, more: Rows) -> Rows:
    return {name: [*some.get(name, ()), *more.get(name, ())] for name in {**some, **more}}


def _without(brought: Mapping[str, Any], others: Rows) -> dict[str, Any]:
    """What was noted of either side, but for what is somebody else's by now."""
    theirs = {(name, row[0]) for name, rows in others.items() for row in rows}
    return {
        side: {name: [row for row in rows if (name, row[0]) not in theirs] for name, rows in noted.items()}
        for side in ("noted", "whom_noted")
        if (noted := brought.get(side))
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _called_as(address: str) -> dict[str, Any]:
    """How somebody is known whose name may be that of an account which left them."""
    return {"name": _account(address).user_id, "name_is_chosen": False, "name_is_own": False}


def _account(address: str) -> Identity:
    return Identity(*address.split(":", 1))


STORED = Stored(LINKS, Links, TABLES)

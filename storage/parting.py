"""Accounts of a resident become those of a new one, who has nothing, or has back what they brought.

What somebody brought is noted before the two become one, as the keys of their rows: of every table that
refers to residents, but for those that go by account. Where a table names columns under NOTED in its `info`,
what stands there in the rows of both is noted as well, as either may change the other one's. A column of
which some rows stay with whoever has them by then says so in its `info`, under STAYS: by a condition, or True
where that is all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    CompoundSelect,
    Integer,
    MetaData,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    insert,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)

from bot.model.people import Identity
from bot.names import folded
from bot.ports.people import Brought
from storage import tables
from storage.batch import Batch, Loader
from storage.community import COLUMN as COMMUNITY
from storage.tables import HOLDS, NOTED, NOWHERE, STAYS, Holds, guests, identities, members, posts, residents

# Given back in the order of their tables, the features' first: votes hold a poll's row before its subject's.
# These go by account.
_BY_ACCOUNT = (identities, guests, members, posts)
# How they came by their name.
_NAMED = ("name_is_chosen", "name_is_own")
# And what else they chose; nothing where they did not.
_CHOSEN: Mapping[str, Any] = {
    "locale": None,
    "zone": None,
    "wants_reminders": False,
    "wants_mention": False,
    "remind_before": None,
}
_WISHED = ("name", *_NAMED, "role", *_CHOSEN)
_WISHES = Loader(
    select(*(residents.c[name] for name in _WISHED)),
    by=[residents.c.id],
    make=lambda *values: dict(zip(_WISHED, values, strict=True)),
)
_PUT_OUT, _WHOM, _THERE = "put out", "whom", "there: "
_SET = {
    name: update(residents).where(residents.c.id == bindparam("id_")).values({name: bindparam("before_")})
    for name in ("name", "folded", *_NAMED, "role", *_CHOSEN)
}
_NOTHING = {**dict.fromkeys(_NAMED, False), **_CHOSEN, "role": 0}
_ADD = insert(residents).returning(residents.c.id)
_NEW: Any = bindparam("new_")
_MOVE = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(resident=_NEW, role=bindparam("role_")),
    *(
        update(table)
        .where(table.c.platform == bindparam("platform_"), table.c.user_id == bindparam("user_"))
        .values(resident=_NEW)
        for table in (members, guests)
    ),
)
_SAID_TO = and_(
    *(posts.c.platform == bindparam("platform_"), posts.c.room == bindparam("user_"), posts.c.private),
    posts.c.resident == bindparam("id_"),
)
_PASS_ON = update(posts).where(_SAID_TO).values(resident=_NEW)
# It waits for those who stay, and is said where they can be reached.
_KEEP_BACK = (
    update(posts)
    .where(_SAID_TO, posts.c.sent_at.is_(None), posts.c.ref.is_(None), posts.c.parked.is_(None))
    .values(account=NOWHERE)
)
_UNHEARD = update(residents).where(residents.c.id == bindparam("id_")).values(unheard=True)
_OTHERS = (
    select(identities.c.platform, identities.c.user_id)
    .where(identities.c.resident == bindparam("id_"))
    .order_by(identities.c.platform, identities.c.user_id)
)
_OWN_ROLES = select(
    (identities.c.platform + ":" + identities.c.user_id).label("address"),
    *(identities.c.role, identities.c.listed),
).where(identities.c.resident == bindparam("id_"))
_HEARD_AS = (
    update(residents)
    .where(residents.c.id == bindparam("id_"), residents.c.heard_as == bindparam("was_"))
    .values(heard_as=bindparam("as_"))
)
# A name that nobody chose is what the account is called that was heard last; one that stayed when accounts
# were joined may be any account's. Whoever stays is called by their own, until their platform says how.
_LISTED = exists().where(identities.c.resident == residents.c.id, identities.c.listed.is_not(None))
_CALLED_AS = (
    update(residents)
    .where(
        residents.c.id == bindparam("id_"),
        or_(
            and_(residents.c.heard_as == bindparam("was_"), residents.c.name_is_chosen.is_(False)),
            and_(residents.c.name_is_chosen, residents.c.name_is_own.is_(False), ~_LISTED),
        ),
    )
    .values(name=bindparam("name_"), folded=bindparam("folded_"), name_is_chosen=False)
)


class _Owned(NamedTuple):
    """How the rows of one column are noted and given back."""

    keys: Sequence[Column[Any]]
    noted: ColumnElement[bool]
    given_back: Update


@lru_cache(16)
def _owned(metadatas: tuple[MetaData, ...]) -> Mapping[str, _Owned]:
    return {str(column): _statements(column) for column in _columns(metadatas)}


@lru_cache(16)
def _noted(metadatas: tuple[MetaData, ...]) -> CompoundSelect[Any]:
    """The keys of the rows of all of these columns as text, each row with its column's name, and what stands
    in those that are noted, with their table's; what either was put out of, with whom they will be, and in
    which tables anything is at all. Most have few or none of them, and to ask for each by itself costs more
    than all else.
    """
    asked: dict[str, tuple[Sequence[Column[Any]], ColumnElement[bool]]] = {
        name: (each.keys, each.noted) for name, each in _owned(metadatas).items()
    }
    either = or_(*(guests.c.resident == bindparam(who) for who in ("old_", "new_")))
    asked[_PUT_OUT] = (guests.c.resident, guests.c.theme), and_(either, guests.c.put_out)
    asked[_WHOM] = (identities.c.platform, identities.c.user_id), identities.c.resident == bindparam("new_")
    for name, columns in _values(metadatas).items():
        asked[name] = (columns, or_(*(columns[0] == bindparam(who) for who in ("old_", "new_"))))
    for name, (_, there) in _mentions(metadatas).items():
        asked[f"{_THERE}{name}"] = (), there
    most = max(len(columns) for columns, _ in asked.values())
    return union_all(
        *(
            select(
                literal_column(f"'{name}'"), *map(_as_text, columns), *[null()] * (most - len(columns))
            ).where(noted)
            for name, (columns, noted) in asked.items()
        )
    )


@lru_cache(16)
def _values(metadatas: tuple[MetaData, ...]) -> Mapping[str, Sequence[Column[Any]]]:
    """Of each table that is noted whose its rows are, as its first such column says, and what is noted."""
    found: dict[str, Sequence[Column[Any]]] = {}
    for table in (table for metadata in metadatas for table in metadata.sorted_tables if NOTED in table.info):
        whose = next(column for column in table.c if _refers(column))
        found[table.name] = [whose, *(table.c[name] for name in table.info[NOTED])]
    return found


def _as_text(column: Column[Any]) -> ColumnElement[str]:
    is_yes_or_no = isinstance(column.type, Boolean)
    return cast(cast(column, Integer) if is_yes_or_no else column, Text)


def _read(column: Column[Any], word: str | None) -> Any:
    if word is None:
        return None
    return bool(int(word)) if isinstance(column.type, Boolean) else column.type.python_type(word)


def _columns(metadatas: Sequence[MetaData]) -> Iterator[Column[Any]]:
    for metadata in metadatas:
        for table in metadata.sorted_tables:
            for column in table.c:
                if _refers(column) and table not in _BY_ACCOUNT and column.info.get(STAYS) is not True:
                    yield column


def _refers(column: Column[Any]) -> bool:
    return any(key.column is residents.c.id for key in column.foreign_keys)


def _statements(column: Column[Any]) -> _Owned:
    table = column.table
    keys = [key for key in table.primary_key if key is not column and key.name != COMMUNITY]
    noted = column == bindparam("old_")
    if column.primary_key:
        # Where both have one, the one of who stays stands for both.
        other = table.alias()
        same = [other.c[key.name] == key for key in keys]
        noted = and_(noted, ~exists().where(*same, other.c[column.name] == bindparam("new_")))
    these = [key == bindparam(f"key_{key.name}") for key in keys]
    stays = column.info.get(STAYS)
    given_back = (
        update(table)
        .where(column == bindparam("old_"), *these, true() if stays is None else not_(stays))
        .values({column: bindparam("new_")})
    )
    return _Owned(keys, noted, given_back)


@lru_cache(16)
def _mentions(metadatas: tuple[MetaData, ...]) -> Mapping[str, tuple[Table, ColumnElement[bool]]]:
    """By their names the tables that refer to residents, and where a row of somebody's is there, or may be:
    whose a mark is nobody reads.
    """
    return {
        table.name: (table, or_(*conditions))
        for metadata in metadatas
        for table in metadata.sorted_tables
        if (conditions := _may_be_theirs(table))
    }


@lru_cache(16)
def _mentioning(metadatas: tuple[MetaData, ...]) -> CompoundSelect[Any]:
    """The names of those in which there may be one."""
    found = _mentions(metadatas).items()
    return union_all(*(select(literal_column(f"'{name}'")).where(there) for name, (_, there) in found))


def _may_be_theirs(table: Table) -> Sequence[ColumnElement[bool]]:
    whose = [column for column in table.c if _refers(column) and table is not identities]
    is_features = table.metadata is not tables.metadata
    # What stands under a mark the core passes on to nobody; a feature looks itself whose it is.
    if whose and is_features and any(column.info.get(HOLDS) is Holds.MARK for column in table.c):
        return [exists(select(table))]
    return [exists().where(column == bindparam("old_")) for column in whose]


def look_through(db: Batch, metadatas: tuple[MetaData, ...], resident: int) -> None:
    """Note in which tables nothing is of somebody who is locked: most have something in few of them, and
    nothing is passed on in the others.
    """
    if not db.is_known_of(resident):
        there = set(db.execute(_mentioning(metadatas), {"old_": resident}).scalars())
        _note_without(db, metadatas, resident, there)


def _note_without(db: Batch, metadatas: tuple[MetaData, ...], resident: int, there: Collection[str]) -> None:
    found = _mentions(metadatas).items()
    db.note_without(resident, (table for name, (table, _) in found if name not in there))


def kept_in(db: Batch, of_features: Mapping[str, MetaData], resident: int) -> Collection[str]:
    """The names of the stores that may keep something of somebody who was looked through for."""
    return {
        name
        for name, metadata in of_features.items()
        if any(db.may_have(resident, table) for table, _ in _mentions((metadata,)).values())
    }


def wishes(db: Batch, *numbers: int) -> Sequence[dict[str, Any]]:
    """How each of them is called, and what they chose, in this order."""
    db.expect(residents.c.id, numbers)
    return [dict(found) for number in numbers if (found := db.get(_WISHES, number)) is not None]


def brought(db: Batch, metadatas: Sequence[MetaData], resident: int, to: int) -> Brought:
    """What they have, who are about to be one with another."""
    theirs, others = wishes(db, resident, to)
    owned = _owned((*metadatas, tables.metadata))
    values = _values((*metadatas, tables.metadata))
    rows: dict[str, list[list[Any]]] = {}
    found: dict[int, dict[str, list[list[Any]]]] = {resident: {}, to: {}}
    put_out: dict[int, set[int]] = {resident: set(), to: set()}
    whom: list[str] = []
    there: set[str] = set()
    for name, *words in db.execute(_noted((*metadatas, tables.metadata)), {"old_": resident, "new_": to}):
        if name.startswith(_THERE):
            there.add(name.removeprefix(_THERE))
            continue
        if name == _PUT_OUT:
            put_out[int(words[0])].add(int(words[1]))
            continue
        if name == _WHOM:
            whom.append(Identity(words[0], words[1]).address)
            continue
        columns = values[name] if name in values else owned[name].keys
        row = [_read(column, word) for column, word in zip(columns, words, strict=False)]
        if name in values:
            found[row[0]].setdefault(name, []).append(row[1:])
        else:
            rows.setdefault(name, []).append(row)
    _note_without(db, (*metadatas, tables.metadata), resident, there)
    keys = {name: sorted(these) for name, these in rows.items()}
    return Brought(
        *(theirs, others, keys, sorted(put_out[resident]), sorted(whom), sorted(put_out[to])),
        *({name: sorted(these) for name, these in found[whose].items()} for whose in (resident, to)),
    )


def part(
    db: Batch,
    metadatas: Sequence[MetaData],
    resident: int,
    accounts: Sequence[Identity],
    brought: Brought | None,
) -> int:
    """The number of who these accounts are from now on."""
    db.lock(residents.c.id, resident)
    (now,) = wishes(db, resident)
    own = {row.address: row for row in db.execute(_OWN_ROLES, {"id_": resident})}
    leaving = [own.pop(account.address) for account in accounts]
    staying = [*own.values()]
    role, roles = _roles_of_leaving(leaving, staying, brought, now)
    beginning = _beginning(accounts[0], brought) | {"role": role}
    takes_name = _is_named(leaving) and not _is_named(staying) and _named_by_line(now, brought)
    if takes_name and not beginning.get("name_is_own"):
        beginning |= {"name": now["name"], "folded": folded(now["name"]), "name_is_chosen": True}
    new: int = db.execute(_ADD, beginning).scalar_one()
    for account, own_role in zip(accounts, roles, strict=True):
        _move(db, account, resident, new, own_role, passes_on=brought is not None)
    if stay := db.execute(_OTHERS, {"id_": resident}).first():
        first = Identity(*stay)
        for account in accounts:
            was = {"id_": resident, "was_": account.address}
            if brought is None:
                called = {"name_": first.user_id, "folded_": folded(first.user_id)}
                db.execute(_CALLED_AS, {**was, **called})
            db.execute(_HEARD_AS, {**was, "as_": first.address})
    if staying and (left := _role_of_staying(leaving, staying, brought, now)) != now["role"]:
        db.execute(_SET["role"], {"id_": resident, "before_": left})
    if brought:
        _give_back(db, metadatas, brought, resident, new)
        _take_back(db, now, brought, resident, named_by_line=takes_name)
    return new


def _is_named(accounts: Sequence[Any]) -> bool:
    """Whether the configuration names one of them."""
    return any(account.listed is not None for account in accounts)


def _named_by_line(now: Mapping[str, Any], brought: Brought | None) -> bool:
    """Whether what they are called is what the configuration says."""
    before = (brought.wishes["name"], brought.before["name"]) if brought else ()
    return now["name_is_chosen"] and not now["name_is_own"] and now["name"] not in before


def _roles_of_leaving(
    leaving: Sequence[Any], staying: Sequence[Any], brought: Brought | None, now: Mapping[str, Any]
) -> tuple[int, Sequence[int | None]]:
    """The role of whoever leaves, and which counts for each of these accounts alone: what was granted to one
    passes to none of the others by leaving together. What was taken from them meanwhile nobody brings back,
    and what the configuration gives goes with whom it names.
    """
    own = [account.role for account in leaving]
    if _is_named(leaving):
        named = [account.role for account in leaving if account.listed is not None]
        given = max(now["role"] if role is None else role for role in named)
        granted = [
            given if account.listed is not None or account.role is None else account.role
            for account in leaving
        ]
    elif set(own) == {None}:
        back = brought.wishes["role"] if brought and not _is_named(staying) else 0
        return min(back, now["role"]), own
    else:
        granted = [role or 0 for role in own]
    return max(granted), granted if len(set(granted)) > 1 else [None] * len(granted)


def _role_of_staying(
    leaving: Sequence[Any], staying: Sequence[Any], brought: Brought | None, now: Mapping[str, Any]
) -> int:
    """What was granted to those who leave goes with them, as long as it counted for nobody else; and always
    where the configuration gives it.
    """
    own = [account.role for account in staying]
    if None not in own or (_is_named(leaving) and not _is_named(staying)):
        return max(role or 0 for role in own)
    if brought and now["role"] == brought.wishes["role"] > brought.before["role"] and not _is_named(staying):
        return int(brought.before["role"])
    return int(now["role"])


def _beginning(account: Identity, brought: Brought | None) -> dict[str, Any]:
    """Who has nothing is called by their account until their platform says how: not by another's name."""
    wishes: Mapping[str, Any] = brought.wishes if brought else {**_NOTHING, "name": account.user_id}
    return {**wishes, "folded": folded(wishes["name"]), "heard_as": account.address}


def _move(
    db: Batch, account: Identity, resident: int, new: int, role: int | None, *, passes_on: bool
) -> None:
    where = {"platform_": account.platform, "user_": account.user_id, "id_": resident, "new_": new}
    for statement in _MOVE:
        db.execute(statement, {**where, "role_": role})
    if passes_on:
        db.execute(_PASS_ON, where)
    else:
        db.execute(_KEEP_BACK, where)
        db.execute(_UNHEARD, {"id_": resident})


def _give_back(db: Batch, metadatas: Sequence[MetaData], brought: Brought, resident: int, new: int) -> None:
    owned = _owned((*metadatas, tables.metadata))
    for name, rows in brought.rows.items():
        keys, statement = owned[name].keys, owned[name].given_back
        for row in rows:
            these = {f"key_{key.name}": value for key, value in zip(keys, row, strict=True)}
            db.execute(statement, {"old_": resident, "new_": new, **these})


def _take_back(
    db: Batch, now: Mapping[str, Any], brought: Brought, resident: int, *, named_by_line: bool
) -> None:
    """What whoever stays had from them, they have no more: it is as it was before. So is a zone that was
    chosen meanwhile: it says where somebody lives, and nobody knows of which of them.
    """
    lent = {
        name: before
        for name, before in brought.before.items()
        if name in _CHOSEN and now[name] != before and (name == "zone" or now[name] == brought.wishes[name])
    }
    if named_by_line or now["name"] in (brought.wishes["name"], brought.before["name"]):
        # What was noted before anybody could choose a name says nothing of that.
        lent |= {name: brought.before.get(name, False) for name in ("name", *_NAMED)}
        lent["folded"] = folded(brought.before["name"])
    for name, before in lent.items():
        db.execute(_SET[name], {"id_": resident, "before_": before})

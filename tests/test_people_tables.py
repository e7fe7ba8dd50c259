"""Whatever is kept of residents goes along when two are one person, and is handed out and forgotten.

Every column that refers to residents is tried, of the core, of each feature and of the made-up one: a row is
made for somebody, from nothing but the table's own columns. A table that nobody looks after fails.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from bot.feature import Among, Feature, Features
from bot.main.features import FEATURES, Installed, add_up, stores_of
from bot.model.people import FIRST_COMMUNITY, Identity, Resident
from bot.ports.people import Exported
from bot.ports.storage import StoreKey, Transaction
from storage import tables
from storage.community import COLUMN
from storage.connections import async_url
from storage.engines import Database, open_database
from storage.parts import Parts, Stored
from storage.posts import pack_people
from storage.tables import HOLDS, Holds, Moment, Number, of_community, own_tables, residents
from storage.unit import Tx
from tests.chat import NOW
from tests.made_up import INSTALLED, make_tables
from tests.postgres import keys_of

# Where somebody who was forgotten still is, as a row of `residents` that says nothing; and why.
TOMBSTONES = {
    "polls.opener": "a poll stays, with what others voted in it; it is opened by nobody that anybody can find"
}
ANNA, BEN, CAS = (Identity("test", name) for name in ("anna", "ben", "cas"))


def referring(installed: Sequence[Installed]) -> list[Column[Any]]:
    """Every column that refers to residents."""
    every = [tables.metadata, *(stored.tables for stored in stores_of(installed))]
    return [
        column
        for metadata in every
        for table in metadata.sorted_tables
        for column in table.c
        if any(key.column is residents.c.id for key in column.foreign_keys)
    ]


COLUMNS = referring(INSTALLED)


@dataclass
class Rows:
    """Makes rows of any table: what must be there is made up, parents first and once for all."""

    tx: Transaction
    parents: dict[Table, Any] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1000))

    def add(self, column: Column[Any], resident: int) -> dict[str, Any]:
        """A row whose column refers to that resident; its others refer to somebody else."""
        if not column.primary_key and all(key.foreign_keys for key in column.table.primary_key):
            # Its key has no room for two that are of the same.
            for key in column.table.primary_key:
                self.parents.pop(next(iter(key.foreign_keys)).column.table, None)
        values = {
            sibling.name: resident if sibling is column else self._value(sibling)
            for sibling in column.table.c
            if sibling is column or self._is_needed(sibling)
        }
        return self._insert(column.table, values)

    def _is_needed(self, column: Column[Any]) -> bool:
        is_key = isinstance(column.type, type(Number)) and [*column.table.primary_key] == [column]
        is_numbered = is_key and column.autoincrement is not False
        # Whose row it is the store says.
        is_given = column.nullable or column.server_default is not None or column.name == COLUMN
        return not (is_given or is_numbered)

    def _value(self, column: Column[Any]) -> Any:
        for key in column.foreign_keys:
            return self._parent(key.column.table)[key.column.name]
        if isinstance(column.type, Moment):
            return NOW
        if isinstance(column.type, Boolean):
            return False
        number = next(self.numbers)
        if isinstance(column.type, Text):
            return f"[{number}]"
        return str(number) if isinstance(column.type, String | tables.Ref) else number

    def _parent(self, table: Table) -> dict[str, Any]:
        if table not in self.parents:
            needed = {column.name: self._value(column) for column in table.c if self._is_needed(column)}
            self.parents[table] = self._insert(table, needed)
        return cast(dict[str, Any], self.parents[table])

    def _insert(self, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        keys = db(self.tx).execute(insert(table).returning(*table.primary_key), values).one()
        return {**values, **keys._asdict()}


def db(tx: Transaction) -> Any:
    return cast(Tx, tx).db


def rows_of(tx: Transaction, column: Column[Any], resident: int) -> int:
    found: int = (
        db(tx).execute(select(func.count()).select_from(column.table).where(column == resident)).scalar()
    )
    return found


@contextlib.asynccontextmanager
async def opened(url: str, installed: Sequence[Installed] = INSTALLED) -> AsyncIterator[Database]:
    await make_tables(url)
    store = await open_database(url, keys_of(url), stores_of(installed))
    try:
        yield store
    finally:
        await store.close()


def people(tx: Transaction) -> list[Resident]:
    return [tx.people.add(who, who.user_id) for who in (ANNA, BEN, CAS)]


def check_link(features: Features, column: Column[Any], both: bool, tx: Transaction) -> None:
    """What was one's is the other's, where both had the same as well."""
    anna, ben, _ = people(tx)
    rows = Rows(tx)
    before = {who: rows_of(tx, column, who) for who in (anna.id, ben.id)}
    for who in (anna, ben) if both else (ben,):
        rows.add(column, who.id)
    assert features.link(tx, [ANNA, BEN]) == anna.id
    assert rows_of(tx, column, ben.id) == 0
    assert rows_of(tx, column, anna.id) > before[anna.id]


def everywhere(themes: Collection[int]) -> Collection[int]:
    """Who takes part in all of them."""
    return themes


def check_export(features: Features, column: Column[Any], tx: Transaction) -> None:
    """Of the one whose it is, all that the row says."""
    anna, ben, _ = people(tx)
    before = len(features.export(tx, anna.id, everywhere).get(column.table.name, ()))
    row = Rows(tx).add(column, anna.id)
    found = features.export(tx, anna.id, everywhere)
    found = {name: list(rows) for name, rows in found.items()}
    # As it is written for them.
    assert json.loads(orjson.dumps(found)) == found
    assert [kept["name"] for kept in found["residents"]] == ["anna"]
    exported = found.get(column.table.name, ())
    assert len(exported) == before + 1, f"{column} is not exported"
    own_keys = {key.name for key in column.table.primary_key if not key.foreign_keys and key.type is Number}
    assert row.keys() - {column.name, COLUMN} - own_keys <= exported[-1].keys()
    assert len(features.export(tx, ben.id, everywhere).get(column.table.name, ())) == before


def check_forget(features: Features, column: Column[Any], tx: Transaction) -> None:
    """Nothing refers to them, or to a row that says nothing; what others have stays."""
    anna, ben, _ = people(tx)
    rows = Rows(tx)
    rows.add(column, anna.id)
    rows.add(column, ben.id)
    of_ben = rows_of(tx, column, ben.id)
    features.forget(tx, anna.id, NOW)
    assert rows_of(tx, column, ben.id) == of_ben
    kept = db(tx).execute(select(residents).where(residents.c.id == anna.id))
    if str(column) in TOMBSTONES:
        assert rows_of(tx, column, anna.id) == 1
        assert tuple(kept.one()) == (
            *(anna.id, FIRST_COMMUNITY, "", None, 0),
            *(None, False, False, None, "", False, False, None, False, False),
        )
        assert not tx.people.known([anna.id])
        assert not tx.people.named("", None)
        assert not tx.people.numbered(anna.id, None)
        others = [other for other in COLUMNS if str(other) not in TOMBSTONES]
        assert not any(rows_of(tx, other, anna.id) for other in others)
    else:
        assert not kept, f"{column} still refers to somebody who was forgotten"
    assert tx.people.by_identity(ANNA) is None
    assert not features.export(tx, anna.id, everywhere)["identities"]
    # Whoever comes back is somebody new.
    assert tx.people.add(ANNA, "anna").id != anna.id or str(column) not in TOMBSTONES


def test_all_are_found() -> None:
    found = {str(column) for column in COLUMNS}
    assert found >= {
        *("identities.resident", "members.resident", "uses.resident"),
        *("polls.opener", "ballots.voter", "loans.resident"),
    }
    assert found >= TOMBSTONES.keys()


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.parametrize("both", [False, True], ids=["of-one", "of-both"])
async def test_it_goes_along_when_two_are_one(column: Column[Any], both: bool, database_url: str) -> None:
    async with opened(database_url) as store:
        await store.run(lambda tx: check_link(add_up(INSTALLED), column, both, tx))


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_it_is_exported(column: Column[Any], database_url: str) -> None:
    async with opened(database_url) as store:
        await store.run(lambda tx: check_export(add_up(INSTALLED), column, tx))


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_it_is_forgotten(column: Column[Any], database_url: str) -> None:
    async with opened(database_url) as store:
        await store.run(lambda tx: check_forget(add_up(INSTALLED), column, tx))


# --- what holds people in another way ---

# Words that say nothing of people, where no row refers to any.
NOBODYS = {
    "accounts.account accounts.platform communities.key communities.name numbers.what",
    "themes.name themes.seen",
    "inbox.account inbox.stream inbox.id inbox.room inbox.key",
    "places.platform places.room places.name places.locale places.account places.listed",
    "boards.subject boards.platform boards.room boards.sent_as boards.account",
    "answer_counts.way answer_counts.seat check_in_codes.code",
    "rating_rounds.scores rating_rounds.remarks",
    "tallies.choices associations.folded associations.name digest_notes.subject",
    # Of a person's own number at the most, which nobody has after them.
    "jobs.kind jobs.subject jobs.key",
    # What is done that is held within limits: a command, or that of one thing by its number, beside a mark.
    "spent.what",
    # They go with the post, or with the account that was answered.
    "refs.account refs.ref refs.post refs.subject refs.platform refs.room",
    "handled.id handled.undo handled.key",
    # What a theme is called and about: what its community opened, by whoever proposed it.
    "wanted_rooms.platform wanted_rooms.name wanted_rooms.topic wanted_rooms.mark wanted_rooms.account",
    "wanted_rooms.room wanted_rooms.why wanted_rooms.called given_up.platform given_up.room given_up.account",
    "archives.name archives.begun_on archives.archived_on archives.came_of",
    # How far an account of Plein's read, and on whose word it is in a room, for as long as it is there.
    "kept.account kept.name kept.value",
    # Where somebody's words stand, by numbers, and what is to stand there, whose words are sealed.
    "copied_in.platform copied_in.room wanted_copies.account wanted_copies.edition wanted_copies.key",
    "wanted_copies.parked early_acts.edition early_acts.key",
    # Whom a platform keeps from writing, for as long as it does: by that it lets them again.
    "silences.platform silences.room silences.user_id silences.before silences.why",
    # Which signs they put on these, and what they are called there, until they are forgotten.
    "signs.sign signs.name placed_signs.account placed_signs.sign placed_signs.parked",
    # Why it does not, by what the catalogue says of that; and Plein's own sign.
    "uncarried.reason uncarried_marks.account uncarried_marks.ref",
}


def every_table(installed: Sequence[Installed] = FEATURES) -> list[Table]:
    every = [tables.metadata, *(stored.tables for stored in stores_of(installed))]
    return [table for metadata in every for table in metadata.sorted_tables]


def held(how: Holds | None) -> list[Column[Any]]:
    return [column for table in every_table() for column in table.c if column.info.get(HOLDS) is how]


def test_every_column_of_words_says_whose_they_are() -> None:
    """It goes with a row that refers to somebody, says how it holds people, or is named here as nobody's."""
    owned = {column.table for column in referring(FEATURES)} | {residents}
    left = {str(column) for column in held(None) if column.table not in owned and is_of_words(column)}
    assert left == set(" ".join(NOBODYS).split())


def is_of_words(column: Column[Any]) -> bool:
    return isinstance(column.type, String | LargeBinary)


@pytest.mark.parametrize("column", held(Holds.ACCOUNT), ids=str)
async def test_what_goes_by_account_goes(column: Column[Any], database_url: str) -> None:
    """And nobody else's."""
    written: dict[str, Callable[[Identity], dict[str, Any]]] = {
        "posts.room": lambda who: {"room": who.user_id, "platform": who.platform, "private": True},
        "wanted_rooms.rules": lambda who: {"rules": f'[{{"id": "{who.user_id}"}}]', "platform": who.platform},
        "posts.mentions": lambda who: {"mentions": pack_people([who])},
    }
    otherwise = str(column).split(".")[1]

    def check(tx: Transaction) -> None:
        anna, _, _ = people(tx)
        rows = Rows(tx)
        # That somebody was forgotten is noted by forgetting itself.
        for who in (BEN,) if column.table is tables.forgotten else (ANNA, BEN):
            values = written[str(column)](who) if str(column) in written else {otherwise: who.address}
            rows.parents.clear()  # each in a theme of its own
            needed = {each.name: rows._value(each) for each in column.table.c if rows._is_needed(each)}
            db(tx).execute(insert(column.table), {**needed, **values})
        add_up(INSTALLED).forget(tx, anna.id, NOW)
        tx.forgotten.end(ANNA)
        kept = {value for value in db(tx).execute(select(column)).scalars() if value}
        assert any(BEN.user_id in value for value in kept)
        assert not any(ANNA.user_id in value for value in kept)

    async with opened(database_url) as store:
        await store.run(check)


# --- and one that nobody looks after fails ---

KUDOS = own_tables()
medals = Table(
    "medals",
    KUDOS,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("giver", ForeignKey(residents.c.id), nullable=False),
    Column("receiver", ForeignKey(residents.c.id), nullable=False),
    Column("why", String, nullable=False),
)
KEY: StoreKey[Any] = StoreKey("medals")
UNHANDLED = Feature(name="medals", keeps=KEY)


def make_medals(parts: Parts) -> object:
    return parts.db


def merge_medals(tx: Transaction, old: int, new: int) -> None:
    for column in (medals.c.giver, medals.c.receiver):
        db(tx).execute(medals.update().where(column == old).values({column: new}))


def export_medals(tx: Transaction, resident: int, _among: Among) -> Exported:
    found = select(medals).where((medals.c.giver == resident) | (medals.c.receiver == resident))
    rows: list[Mapping[str, Any]] = [row._asdict() for row in db(tx).execute(found)]
    return {"medals": rows}


def forget_medals(tx: Transaction, resident: int) -> None:
    for column in (medals.c.giver, medals.c.receiver):
        db(tx).execute(medals.delete().where(column == resident))


HANDLED = replace(UNHANDLED, merge=merge_medals, export=export_medals, forget=forget_medals)


@pytest.mark.parametrize("column", [medals.c.giver, medals.c.receiver], ids=str)
async def test_a_table_that_nobody_looks_after_fails(column: Column[Any], database_url: str) -> None:
    stored = Stored(KEY, make_medals, KUDOS)
    installed = (*INSTALLED, Installed(UNHANDLED, stored))
    assert column in referring(installed)
    async with opened(database_url, installed) as store:
        engine = create_async_engine(async_url(database_url))
        async with engine.begin() as connection:
            await connection.run_sync(KUDOS.create_all)
        await engine.dispose()
        checks = {
            "merge": lambda features, tx: check_link(features, column, False, tx),
            "export": lambda features, tx: check_export(features, column, tx),
            "forget": lambda features, tx: check_forget(features, column, tx),
        }
        for what, check in checks.items():
            nothing: dict[str, Any] = {what: None}
            lacking = add_up((*INSTALLED, Installed(replace(HANDLED, **nothing), stored)))
            # The foreign key refuses to let go of whom something refers to; the rest is seen.
            with pytest.raises(Exception, match=r"(?i)foreign key|is not exported|still refers"):
                await store.run(lambda tx, check=check, of=lacking: check(of, tx))  # type: ignore[misc]
        whole = add_up((*INSTALLED, Installed(HANDLED, stored)))
        await store.run(lambda tx: check_link(whole, column, True, tx))

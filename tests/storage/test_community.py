"""A transaction reaches one community's rows: every table, every statement, and what shares a commit."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import pkgutil
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Executable,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import IntegrityError

import storage
import storage.executor as executors
from bot.features.polls.records import POLLS, Poll
from bot.model.events import Arrival
from bot.model.people import Identity, Place
from bot.ports.accounts import HeardUntil
from bot.ports.storage import Transaction
from storage.batch import Loader, _locking
from storage.community import COLUMN, anywhere, tables_of
from storage.engines import Database
from storage.executor import Executor, _Plan
from storage.parting import _owned
from storage.polls.tables import polls
from storage.tables import Moment, Ref, places, posts, residents, themes
from tests.chat import NOW
from tests.doubles.installed import METADATA, TABLES
from tests.doubles.polls import a_plan

POSTGRESQL: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
DIALECTS = (sqlite.dialect(), POSTGRESQL)
# The tables of no community, and why.
NOBODYS = {
    "accounts": "Plein's own, which are in many communities",
    "kept": "what these accounts keep for themselves, such as how far they read",
    "inbox": "what came in, before anybody looked for which community it is",
    "communities": "it says which there are",
}
# What may run for nobody in particular changes rows of all: what for.
CHANGES_ANYWHERE = {
    "accounts": "what was kept for a platform is its first account's, what one left its successor's",
    "inbox": "what came in is noted with whose place it came from",
    "boards": "an account, or a place, can be written to again",
    "wanted": "what an account was making when it ended is tried again",
    "guests": "whom an account was letting in when it ended is let in by another try",
    "posts": "an account, or a place, can be written to again",
    "copies": "an account, or a place, can be written to again",
    "signs": "an account, or a place, can be written to again",
    "retention": "what is over is deleted",
    "shares": "what is more than an account's share is deleted",
    "questions": "for which community something is, is asked of one account and dropped in all of them",
    "forgotten": "what goes by one account, whoever's place it was said in",
}


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(storage.__path__, "storage."):
        if "migrations" not in found.name:
            yield importlib.import_module(found.name)


def within(value: Any) -> Iterator[Any]:
    """The statements that a module's value is or has."""
    if isinstance(value, Executable):
        yield value
    elif isinstance(value, Loader):
        yield from (value.for_one, value.for_many)
    elif isinstance(value, dict):
        for each in value.values():
            yield from within(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from within(each)
    elif type(value).__name__ == "Rule":
        yield from (value.first, value.following, value.drop)


def statements() -> list[tuple[str, Any]]:
    """Every statement of the stores, with the module where it stands."""
    found = {
        id(statement): (module.__name__.removeprefix("storage."), statement)
        for module in modules()
        for value in list(vars(module).values())
        for statement in within(value)
    }
    made = [("batch", _locking(polls.c.id)), ("batch", _locking(residents.c.id))]
    return [*found.values(), *made, *(("parting", each) for each in within(_owned(tuple(METADATA))))]


STATEMENTS = statements()


def names_of(statement: Any) -> Sequence[str]:
    return [key for key in list(statement.table.c.keys()) if key != COLUMN] if statement.is_insert else []


# --- tables ---


def test_every_table_says_whose_row_it_is_or_why_not() -> None:
    without = {name for name, table in TABLES.items() if COLUMN not in table.c}
    assert without == NOBODYS.keys()
    assert all(not table.c[COLUMN].nullable for name, table in TABLES.items() if name not in without)


def test_what_may_be_there_once_may_be_there_once_in_each_community() -> None:
    """But for what is numbered for all of them, and what only one of them can have."""
    alone = {
        "places": "a room is one community's",
        "refs": "a message on a platform is one community's",
        "placed_signs": "a message that is carried is one community's",
        **dict.fromkeys(
            ("copied_in", "copies", "early_acts", "fold_shares", "signs", "uncarried"),
            "a room is one community's",
        ),
    }
    for table in TABLES.values():
        if COLUMN in table.c and table.name not in alone and len(table.primary_key) > 1:
            assert COLUMN in table.primary_key.columns, table.name
        unique = [set(index.columns.keys()) for index in table.indexes if index.unique]
        unique += [
            set(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint)
        ]
        assert all(COLUMN in columns for columns in unique) or table.name in {*NOBODYS, *alone}, table.name


# --- statements ---

_READS = re.compile(r"\b(?:FROM|JOIN|UPDATE) (\w+(?: AS \w+)?(?:, \w+(?: AS \w+)?)*)")


def named_in(words: str) -> list[tuple[str, str]]:
    """The tables that a statement reads or writes, each with what it is called there."""
    each = [part.split(" AS ") for found in _READS.findall(words) for part in found.split(", ")]
    return [(part[0], part[-1]) for part in each if part[0] in TABLES]


@pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgresql"])
def test_every_statement_is_confined_wherever_it_names_a_table(dialect: Any) -> None:
    seen = 0
    for module, statement in STATEMENTS:
        words = _Plan(statement, dialect, names_of(statement))._sql
        if statement.is_insert:
            its = COLUMN in statement.table.c
            assert not its or re.search(rf"INTO \w+ \([^)]*\b{COLUMN}\b", words), (module, words)
            target = re.search(r"ON CONFLICT \(([^)]*)\)", words)
            assert not target or not its or target[1].startswith(COLUMN), (module, words)
            continue
        named = named_in(words)
        for table, name in named:
            if COLUMN in TABLES[table].c:
                seen += 1
                confined = re.findall(rf"\b{name}\.{COLUMN} = (?:\?|\$\d+)", words)
                assert len(confined) >= named.count((table, name)), (module, words)
    assert seen > 200


def test_nobody_in_particular_runs_only_what_is_marked() -> None:
    marked = set()
    for module, statement in STATEMENTS:
        touches = any(COLUMN in table.c for table in tables_of(statement))
        if statement.get_execution_options().get("anywhere"):
            _Plan(statement, DIALECTS[0], [], confined=False)
            marked |= {module} if statement.is_dml else set()
        elif touches:
            with pytest.raises(RuntimeError, match="whose rows"):
                _Plan(statement, DIALECTS[0], names_of(statement), confined=False)
    assert {module.split(".")[0] for module in marked} <= CHANGES_ANYWHERE.keys()


@pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgresql"])
def test_the_right_side_of_an_outer_join_is_confined_in_its_condition(dialect: Any) -> None:
    """Else whoever has nothing there would not be found any more."""
    joined = select(themes.c.id).outerjoin(places, places.c.theme == themes.c.id)
    words = _Plan(joined, dialect, [])._sql
    before, after = words.split("WHERE")
    assert "places.community =" in before
    assert "themes.community =" in after
    assert "places.community" not in after


def test_what_cannot_be_confined_is_refused() -> None:
    full = select(themes.c.id).outerjoin(places, places.c.theme == themes.c.id, full=True)
    with pytest.raises(TypeError, match="which of the two"):
        _Plan(full, DIALECTS[0], [])
    with pytest.raises(TypeError, match="stays as it is"):
        _Plan(update(posts).values(community=2), DIALECTS[0], [])


def test_all_that_serves_several_communities_says_whose_a_transaction_is() -> None:
    """Tests and benches are of one; the core and the adapters never are."""
    root, checked = Path(storage.__path__[0]).parent, 0
    for file in [*root.glob("bot/**/*.py"), *root.glob("adapters/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = ast.unparse(node.func.value)
                if node.func.attr in ("run", "read") and of.endswith("store"):
                    checked += 1
                    assert any(word.arg == COLUMN for word in node.keywords), f"{file}:{node.lineno}"
    assert checked > 20


# --- rows ---


def filled(table: Table, community: int, value: int, whole: bool) -> dict[str, Any]:
    """A row of which everything is `value`; what may be missing is there or not."""
    return {
        column.name: community if column.name == COLUMN else of_type(column, value)
        for column in table.c
        if whole or not column.nullable or column.primary_key
    }


def of_type(column: Any, value: int) -> Any:
    if isinstance(column.type, Boolean):
        return value % 2 == 0
    if isinstance(column.type, Moment):
        return NOW
    if isinstance(column.type, Text) or column.name in ("options", "answer", "gone", "undo", "mentions"):
        return "[]"
    return f"x{value}" if isinstance(column.type, String | Ref) else value


def given(statement: Any, value: int) -> dict[str, Any]:
    """What would find the rows that are filled with `value`."""
    if statement.is_insert and statement.select is None:
        return {name: of_type(statement.table.c[name], value) for name in names_of(statement)}
    found = {}
    for bind in statement.compile(dialect=DIALECTS[0]).binds.values():
        many = type(bind.type).__name__ == "_Many"
        of = Column("x", bind.type.of if many else bind.type)
        if bind.required:
            found[bind.key] = [of_type(of, value)] if many else of_type(of, value)
    # Parameters without a type of their own stand for texts, numbers or both: by their names.
    texts = (
        "platform_",
        "room_",
        "user_",
        "account_",
        "subject_",
        "ref_",
        "what_",
        "key_",
        "name_",
        "folded_",
    )
    for name in found:
        if name in texts and not isinstance(found[name], list):
            found[name] = f"x{value}"
    return found


def rows_of(db: Any, community: int, tables: Collection[Table] = TABLES.values()) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(repr, db.execute(select(table).where(table.c[COLUMN] == community))))
        for table in tables
        if COLUMN in table.c
    }


def test_no_statement_reaches_another_communitys_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is given just what would find them: it finds, changes and deletes nothing of theirs."""
    # Here inserts are given other columns than their stores give them.
    monkeypatch.setattr(executors, "_PLANS", {})
    engine = create_engine("sqlite://")
    reached = 0
    with engine.connect() as db:
        for metadata in METADATA:
            metadata.create_all(db)
        db.commit()
        db.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for table in TABLES.values():
            for value in (1, 2, 3, 4):
                db.execute(insert(table), filled(table, 1, value, whole=value > 2))
        db.commit()
        theirs = rows_of(db, 1)
        executor = Executor(db)
        for module, statement in STATEMENTS:
            if not any(COLUMN in table.c for table in tables_of(statement)) or module == "inbox":
                continue
            for value in (1, 2, 3, 4):
                values = given(statement, value)
                # As whoever has no community would reach them: so that this is no test of nothing.
                if not statement.is_insert:
                    executor.enter(None)
                    open_wide = anywhere(statement)
                    found = executor.execute(open_wide, values)
                    reached += bool(found) or executor._cursor.rowcount > 0
                    executor.rollback()
                executor.enter(2)
                # A number that is theirs cannot be inserted again.
                with contextlib.suppress(IntegrityError):
                    told = {each for row in executor.execute(statement, values) for each in row}
                    assert told <= {None, 0} or statement.is_insert, (module, str(statement), told)
                changed = [statement.table] if statement.is_dml else []
                for name, rows in rows_of(db, 1, changed).items():
                    assert rows == theirs[name], (module, str(statement))
                executor.rollback()
        assert rows_of(db, 1) == theirs
    engine.dispose()
    assert reached > 150


# --- works that share a commit ---

ANNA, HOUR = Identity("test", "anna"), timedelta(hours=1)
SPORT = Place("test", "sport")


def settle(tx: Transaction) -> Poll:
    """A resident, a theme with a place, and a poll, of the same names everywhere but for the place."""
    theme = tx.places.theme_named("sport")
    anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "anna")
    return tx.of(POLLS).add(a_plan(theme=theme.id, opener=anna.id), "open")


async def two(store: Database) -> tuple[int, int]:
    return 1, await store.run_anywhere(lambda tx: tx.communities.add("Other"))


async def test_numbers_that_people_see_are_counted_by_each(store: Database) -> None:
    first, other = await two(store)
    found = [await store.run(settle, community=whose) for whose in (first, first, other, first, other)]
    assert [poll.id for poll in found] == [1, 2, 1, 3, 2]


async def test_the_same_account_is_two_residents(store: Database) -> None:
    first, other = await two(store)
    for whose in (first, other):
        await store.run(settle, community=whose)
    known = [
        await store.run(lambda tx: tx.people.by_identity(ANNA), community=whose) for whose in (first, other)
    ]
    assert known[0]
    assert known[1]
    assert known[0].id != known[1].id
    seen = await store.run(lambda tx: tx.people.known([each.id for each in known if each]), community=other)
    assert list(seen) == [known[1].id]
    assert seen[known[1].id].name == "anna", "no namesake is known there"


async def test_those_who_share_a_commit_know_nothing_of_each_other(store: Database) -> None:
    """Votes in two polls of one number, asked for and written together: each is in its own."""
    whose = await two(store)
    for each in whose:
        await store.run(settle, community=each)

    def vote(number: int, chosen: int, tx: Transaction) -> None:
        voter = tx.people.add(Identity("test", f"v{number}"), "x").id
        found = tx.of(POLLS).get(1, voter)
        assert found
        tx.of(POLLS).vote(found[0], voter, found[1], (chosen,), NOW, None)

    works = [store.run(partial(vote, number, each), community=each) for number in range(40) for each in whose]
    await asyncio.gather(*works)
    for each in whose:

        def counted(tx: Transaction) -> list[Any]:
            found = tx.of(POLLS).get(1, 0)
            assert found
            return [found[0].voters, *tx.of(POLLS).ballots(found[0])]

        assert await store.run(counted, community=each) == [40, [((each,), 40)]]


async def test_a_transaction_of_one_goes_into_no_other(store: Database) -> None:
    first, other = await two(store)

    def reach(tx: Transaction) -> None:
        with tx.within(other):
            pass

    with pytest.raises(RuntimeError, match="may not reach"):
        await store.run(reach, community=first)
    with pytest.raises(RuntimeError, match="whose rows"):
        await store.run_anywhere(lambda tx: tx.places.theme_named("sport"))


async def test_what_was_put_off_within_one_is_written_there(store: Database) -> None:
    """And what is known of one is not known of the next."""
    whose = await two(store)

    def work(tx: Transaction) -> list[bool]:
        fresh = []
        for each in (*whose, *whose):
            with tx.within(each):
                fresh.append(tx.handled.recognise("event", ANNA, None).answer is None)
                if fresh[-1]:
                    tx.handled.add("event", NOW, None, None)
        return fresh

    assert await store.run_anywhere(work) == [True, True, False, False]
    for each in whose:
        answer = await store.run(lambda tx: tx.handled.recognise("event", ANNA, None).answer, community=each)
        assert answer == (None,)


async def test_a_keys_name_is_its_communitys(store: Database) -> None:
    """Anonymous polls of one number are sealed to pairs of their own; the end of one leaves the other."""
    whose = await two(store)

    def ask(tx: Transaction) -> Poll:
        theme = tx.places.theme_named("sport")
        anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "anna")
        poll = tx.of(POLLS).add(a_plan(theme=theme.id, opener=anna.id, anonymous=True), "open")
        tx.of(POLLS).vote(poll, anna.id, (), (2,), NOW, None)
        return poll

    asked = {each: await store.run(ask, community=each) for each in whose}
    first, other = whose

    def end(poll: Poll, tx: Transaction) -> list[Any]:
        tx.of(POLLS).end(poll, "closed", NOW)
        return list(tx.of(POLLS).ballots(poll))

    assert await store.run(partial(end, asked[first]), community=first) == [[((2,), 1)]]
    while not await store.run(lambda tx: tx.of(POLLS).burn(1), community=first):
        pass
    assert await store.run(partial(end, asked[other]), community=other) == [[((2,), 1)]]


async def test_what_waits_in_ones_rooms_holds_up_no_other(store: Database) -> None:
    """A poll that closes waits for what was said in time in its own community, or nobody knows in which."""
    first, other = await two(store)
    account, rooms = "test:plein", {first: "square", other: "market", None: "alone"}

    def settle_in(room: str, tx: Transaction) -> int:
        theme = tx.places.theme_named("sport").id
        tx.places.bind(Place("test", room), theme, room, None, account)
        return theme

    await store.run_anywhere(lambda tx: tx.accounts.serve(account, "test", NOW))
    await store.run_anywhere(lambda tx: tx.accounts.heard({account: HeardUntil(NOW + HOUR)}))
    themes_of = {
        each: await store.run(partial(settle_in, rooms[each]), community=each) for each in (first, other)
    }

    async def waited_for() -> list[bool]:
        return [
            bool(await store.run(partial(unheard, themes_of[each]), community=each))
            for each in (first, other)
        ]

    def unheard(theme: int, tx: Transaction) -> Any:
        return tx.accounts.unheard(theme, NOW + HOUR, NOW)

    found = [await waited_for()]
    for whose in (other, None):
        said = [Arrival(f"${whose}", rooms[whose], "said", at=NOW)]
        await store.run_anywhere(lambda tx, said=said: tx.inbox.add(account, said, "", NOW))  # type: ignore[misc]
        found.append(await waited_for())
    assert found == [[False, False], [False, True], [True, True]]

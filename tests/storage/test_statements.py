"""What holds for every statement that storage executes, and what of SQLAlchemy's own it relies on."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Executable, bindparam, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

import storage
from storage.batch import Loader, _locking
from storage.community import tables_of
from storage.executor import _Plan
from storage.polls import _BALLOT
from storage.polls.sealed import _THROW_AWAY
from storage.polls.tables import ballots, polls
from storage.retention import RULES, Rule
from storage.tables import posts, subjects
from tests.doubles.installed import TABLES

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(storage.__path__, "storage.")
    if not module.name.startswith("storage.migrations")
)
POSTGRESQL: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
DIALECTS = (sqlite.dialect(), POSTGRESQL)


def statements() -> Iterator[Any]:
    """Every statement of the modules, those of their loaders too, and that which locks."""
    for name in MODULES:
        yield from statements_in([*vars(importlib.import_module(name)).values()])
    for weakly in (False, True):
        yield _locking(polls.c.id, weakly)


def statements_in(value: Any) -> Iterator[Any]:
    """What can be executed of it, wherever it stands."""
    if isinstance(value, Executable):
        yield value
    elif isinstance(value, Loader):
        yield from (value.for_one, value.for_many)
    elif isinstance(value, Rule):
        yield from (value.first, value.following, value.delete)
    elif isinstance(value, dict):
        yield from statements_in([*value.values()])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from statements_in(part)


def locks_of(statement: Any) -> Any:
    """What it says of locking, if anything."""
    return statement._for_update_arg if statement.is_select else None


def test_they_are_found() -> None:
    """Also those in folders and in tables; none that locks is built anywhere else."""
    found = {*statements()}
    assert len(found) > 200
    assert found > {_BALLOT.for_many, _THROW_AWAY, RULES[0].delete}
    sources = Path(storage.__path__[0]).rglob("*.py")
    spelled = sum(source.read_text(encoding="utf-8").count("with_for_update(") for source in sources)
    # One of the two locks in two ways.
    assert spelled + 1 == sum(locks_of(statement) is not None for statement in found) == 3


def test_the_tables_of_every_statement_are_known() -> None:
    """Also those within a subquery: a reader that is overlooked would read what is out of date."""
    inner = select(subjects.c.version).where(subjects.c.subject == "x").scalar_subquery()
    assert tables_of(select(polls.c.id, inner)) == {polls, subjects}
    for statement in statements():
        words = str(statement.compile()).split()
        named = {table for table in TABLES.values() if {table.name, f"{table.name},"} & set(words)}
        assert named <= tables_of(statement), words


def test_none_both_locks_and_joins() -> None:
    """What is joined comes from before the wait for the lock, what is locked from after it."""
    for statement in statements():
        if locks_of(statement) is not None:
            words = str(statement.compile(dialect=POSTGRESQL))
            assert " FOR UPDATE" in words or " FOR NO KEY UPDATE" in words
            assert len(tables_of(statement)) == 1, words
            assert words.count("SELECT") == 1, words
            assert " ORDER BY " in words, words


def test_whoever_waits_for_a_lock_reads_afterwards() -> None:
    """In a statement of its own: the one that waits reads nothing but the keys."""
    for statement in statements():
        locks = locks_of(statement)
        if locks is not None and not locks.skip_locked:
            assert [column.primary_key for column in statement.selected_columns] == [True]


def test_the_text_of_none_depends_on_its_values() -> None:
    for dialect in DIALECTS:
        for statement in statements():
            _Plan(statement, dialect, statement.table.c.keys() if statement.is_insert else [])
        with pytest.raises(TypeError, match="among"):
            _Plan(select(polls).where(polls.c.id.in_([1, 2])), dialect, [])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_sqlalchemys_own_affair_is_still_so(dialect: Any) -> None:
    """Looked at with version 2.1: after another, this file says whether plans may still be made this way."""
    assert sqlalchemy.__version__.startswith("2.1.")
    changed = update(posts).where(posts.c.id == bindparam("id_")).values(tried_at=None, attempts=3)
    plan = _Plan(changed, dialect, [])
    assert not plan._gives_rows
    assert plan._constants == {"attempts": 3, "tried_at": None}
    read = _Plan(select(ballots.c.voter, ballots.c.cast_at), dialect, [])
    assert read._row((1, 2))._fields == ("voter", "cast_at")
    assert [at for at, _ in read._outwards] == [1], "moments are made from numbers, numbers stay"
    when = _Plan(select(polls.c.id).where(polls.c.closes_at < bindparam("at_")), dialect, [])
    assert [name for name, _ in when._inwards] == ["at_"]

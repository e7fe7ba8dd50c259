"""What holds for every statement that storage executes, and what of SQLAlchemy's own it relies on."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, Executable, bindparam, create_engine, select, update
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
from storage.shares import Share
from storage.tables import boards, posts, subjects
from tests.doubles.installed import METADATA, TABLES

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(storage.__path__, "storage.")
    if not module.name.startswith("storage.migrations")
)
POSTGRESQL: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
DIALECTS = (sqlite.dialect(), POSTGRESQL)


# Which are large in no community, whoever uses Plein and however long.
SMALL = {"accounts", "associations", "communities", "inbox", "kept", "numbers", "places", "themes"}
# One for each theme that was opened, on each platform.
SMALL |= {"wanted_rooms"}
# And one for each of those whose relay is on.
SMALL |= {"relays"}
# Changed by moderators, now and then.
SMALL |= {"settings"}
# Kept for minutes, or for a day.
SMALL |= {"link_codes", "links", "wrong_codes", "leavers", "meeting_leavers", "check_in_codes"}
SMALL |= {"early_acts"}
# What was said to be new in a theme, for some weeks.
SMALL |= {"digest_notes"}
# And indexes that hold a few rows of a table alone.
SMALL |= {
    "ix_identities_listed",
    "ix_identities_apart",
    "ix_identities_gone",
    "ix_posts_due",
    "ix_posts_waiting",
}
# What may look through all that a community has, or all there is: none of it is somebody's everyday command.
LOOKS_THROUGH = {
    "a part of others": {
        *("people.PERSON", "residents.profile.PERSON", "residents.profile._HIDES", "polls._POLLS"),
        *("meetings._MEETINGS", "meetings._ANSWERS", "meetings.actions._ALL", "meetings.offers._OFFERS"),
        "reminders._ALL",
        "told._AT_WORK",
    },
    "at the start": {"listed._NO_ROLE"},
    "somebody is parted or forgotten": {
        *("listed._MOVE", "parting._MOVE", "belongings._SAY_ANEW"),
        *("belongings._SHOW_ANEW", "forgotten._KNOWN", "forgotten._PENDING"),
        "forgotten._UNSAY",
        *("handled._QUOTED", "people._NUMBERS", "posts._SAID", "told._GONE_FROM"),
        *("polls.belongings._SAID_ON", "kudos._WORDS"),
    },
    "two turn out to be one person, among what is still to be done": {"jobs._END_WITH"},
    "a room is left, replaced or another account's": {
        *("places._SET_ASIDE", "places._DROP_ENDED", "places._DROP_BOARDS", "places._DROP_REFS"),
        *("places._MOVE_POSTS", "places._MOVE_BOARDS", "places._ALL_BEHIND", "places._HAND_OVER"),
        "places._CARRY_NOTHING",
    },
    "an anonymous poll is over": {"posts._THEIR_REFS", "posts._FORGET"},
    "some of a list, within a community": {
        *("people._BY_PART", "people._BY_START", "people._LOOKUPS", "people._WITH_ROLE"),
        *("people._MODERATORS", "people._MODERATORS_OF", "polls._THEMES", "polls._OF"),
        *("meetings._THEMES", "meetings._OF", "meetings.actions._THEMES", "reminders._THEMES"),
    },
    "what is new is told, once a day": {"people._PAGE"},
    "somebody new comes, among so many at the most": {"themes.welcomes._LAST"},
    "twice a day, or for whoever operates Plein": {"retention.RULES", "posts._PARKED"},
    "run for nobody in particular alone": {"jobs._CLAIM", "jobs._NEXT", "told._STRANDED", "guests._DUE"},
}


def statements() -> Iterator[Any]:
    """Every statement of the modules, those of their loaders too, and that which locks."""
    for _, statement in named_statements():
        yield statement
    for weakly in (False, True):
        yield _locking(polls.c.id, weakly)


def named_statements() -> Iterator[tuple[str, Any]]:
    """The same, each with where it stands."""
    for module in MODULES:
        for name, value in [*vars(importlib.import_module(module)).items()]:
            for statement in statements_in(value):
                yield f"{module.removeprefix('storage.')}.{name}", statement


def statements_in(value: Any) -> Iterator[Any]:
    """What can be executed of it, wherever it stands."""
    if isinstance(value, Executable):
        yield value
    elif isinstance(value, Loader):
        yield from (value.for_one, value.for_many)
    elif isinstance(value, Rule):
        yield from (value.first, value.following, value.drop)
    elif isinstance(value, Share):
        yield from (value.count, value.since, value.older, value.delete)
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
    assert found > {_BALLOT.for_many, _THROW_AWAY, RULES[0].drop}
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


def test_none_looks_through_what_others_have() -> None:
    """As SQLite plans it, which keeps no statistics: whatever somebody does costs as much among few as among
    many.
    """
    allowed = {name for names in LOOKS_THROUGH.values() for name in names}
    found: dict[str, list[str]] = {}
    with create_engine("sqlite://").connect() as db:
        for metadata in METADATA:
            metadata.create_all(db)
        for name, statement in named_statements():
            if statement.is_select or statement.is_update or statement.is_delete:
                for confined in (True, False) if _is_anywhere(statement) else (True,):
                    plan = _Plan(statement, DIALECTS[0], [], confined=confined)
                    steps = _planned(db, plan)
                    found.setdefault(name, []).extend(step for step in steps if _looks_through(step))
    missed = {name: steps for name, steps in found.items() if steps and name not in allowed}
    assert not missed
    assert not {name for name in allowed if not found.get(name)}, "they are allowed more than they need"


def test_what_makes_a_board_fall_behind_says_so() -> None:
    """Only those of a subject that says it has some behind are looked for."""
    counted = {name: values for name, values in _written(subjects) if "version" in values}
    assert counted.keys() == {"belongings._SHOW_ANEW", "boards._MARK"}
    assert all(values["behind"] == 1 for values in counted.values())
    # Those who execute these note it in the same transaction; the last is of what is not behind any more.
    anew = {name for name, values in _written(boards) if "version" in values}
    assert anew == {"places._MOVE_BOARDS", "places._HAND_OVER", "boards._SHOWN"}


def _written(table: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each update of that table gives its columns."""
    for name, statement in named_statements():
        if statement.is_update and statement.table is table:
            values = statement._values.items()
            yield name, {getattr(column, "name", column): getattr(to, "value", to) for column, to in values}


def _is_anywhere(statement: Any) -> bool:
    return bool(statement.get_execution_options().get("anywhere"))


def _planned(db: Connection, plan: Any) -> list[str]:
    """How the database goes about it, a step each."""
    values = (None,) * len(plan._order)
    return [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {plan._sql}", values)]


# What a subquery found, whose own steps say how.
FOUND = ("due", "each")


def _looks_through(step: str) -> bool:
    """Whether a step reads all of a large table, or all that a community has in it."""
    verb, table, *how = step.split()
    if verb not in ("SCAN", "SEARCH") or not SMALL.isdisjoint((table, table.removesuffix("_1"), *how)):
        return False
    if verb == "SCAN":
        return table not in FOUND and not table.startswith(("(", "CONSTANT")) and "VIRTUAL" not in how
    return how[-1] in ("(community=?)", "(resident>?)", "KEY")


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

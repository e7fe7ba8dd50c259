"""The tables of an empty database: made by the migrations once, and had cheaply after that.

Most tests begin with an empty database, and the migrations take one and a half seconds for one; to drop and
make tables costs PostgreSQL much as well. What the migrations themselves do is tested in
tests/storage/test_migrations.py, which has each of them run.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect
from sqlalchemy.engine import make_url

from storage import migrations
from storage.connections import BEGIN
from tests.postgres import ALONE, PostgreSQL, keys_of

Statement = tuple[str, Any]
MIGRATE = migrations.migrate
# Another one when a table, column, constraint or index was made, changed or dropped, or a version noted.
SHAPE = """
SELECT string_agg(shape::text, ' ') FROM (
    SELECT count(*), max(xmin::text::bigint) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_attribute
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_attrdef
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_constraint
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_index
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_trigger
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_proc
    UNION ALL SELECT count(*), max(xmin::text::bigint) FROM alembic_version
) AS shape
"""
WITHOUT_ROWS = """
SET session_replication_role = replica;
DO $$
DECLARE it record;
BEGIN
    FOR it IN SELECT oid::regclass AS name, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
    LOOP
        IF it.relkind = 'S' THEN
            PERFORM setval(it.name, 1, false);
        ELSIF it.name <> ALL ('{alembic_version,communities}'::regclass[]) THEN
            EXECUTE format('DELETE FROM %s', it.name);
        END IF;
    END LOOP;
    -- The first community is one of those rows that the migrations made.
    DELETE FROM communities WHERE id > 1;
    UPDATE communities SET name = '', key = '', served = true;
    PERFORM setval('communities_id_seq', 1, true);
END $$
"""
# Rows that were deleted are still in the way of whoever reads the table.
LARGE = """
SELECT count(*) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 65536
"""


class Made:
    """How databases get their tables in the tests, and those on a server that have them already."""

    def __init__(self) -> None:
        self._sqlite: sqlite3.Connection | None = None
        self._statements: list[Statement] = []
        # Of databases on the server, by their names: as the migrations left them.
        self._shapes: dict[str, str] = {}
        self._free: list[str] = []

    def migrate(self, db: Connection, to: str = "head") -> None:
        """Takes the place of the migrations: an empty database gets what they made in another."""
        if to != "head" or inspect(db).get_table_names():
            MIGRATE(db, to)
            return
        if db.dialect.name == "sqlite":
            self._migrate_sqlite(db)
            return
        if self._statements:
            for statement, values in self._statements:
                db.exec_driver_sql(statement, values)
        else:
            with _listening(db) as heard:
                MIGRATE(db)
            self._statements = heard
        self._shapes[str(db.engine.url.database)] = str(db.exec_driver_sql(SHAPE).scalar())

    def _migrate_sqlite(self, db: Connection) -> None:
        """A file is copied page by page, once its tables are as they are in the end without the ways that
        led there.
        """
        connection = db.connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        if self._sqlite is None:
            MIGRATE(db)
            self._sqlite = sqlite3.connect(":memory:", check_same_thread=False)
            self._sqlite.executescript("\n".join(connection.iterdump()))
            return
        # Nobody else uses a file that has no tables: it can be let go of between two statements.
        connection.execute("ROLLBACK")
        self._sqlite.backup(connection)
        connection.execute(BEGIN)

    def close(self) -> None:
        if self._sqlite:
            self._sqlite.close()

    def on(self, server: PostgreSQL) -> str:
        """The URL of an empty database on a server, which may have its tables already."""
        return self._free.pop() if self._free else server.new_database()

    def give_back(self, server: PostgreSQL, url: str) -> None:
        """Empty it for the next, whoever is still connected to it. As long as its tables are as they were
        made, and small, it keeps them.
        """
        name = str(make_url(url).database)
        if made := self._shapes.get(name):
            shape, large = server.ask(url, ALONE, WITHOUT_ROWS, SHAPE, LARGE).split("\n")[-3:-1]
            if (shape, large) == (made, "0"):
                shutil.rmtree(f"{keys_of(url)}", ignore_errors=True)
                self._free.append(url)
                return
            del self._shapes[name]
        server.give_back(url)


@contextlib.contextmanager
def made_once() -> Iterator[Made]:
    """Within it, empty databases get their tables so."""
    made = Made()
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(migrations, "migrate", made.migrate)
        yield made
    made.close()


@contextlib.contextmanager
def _listening(db: Connection) -> Iterator[list[Statement]]:
    """What is executed meanwhile, apart from questions."""
    heard: list[Statement] = []

    def hear(_db: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            heard.append((statement, values or None))

    event.listen(db, "before_cursor_execute", hear)
    yield heard
    event.remove(db, "before_cursor_execute", hear)

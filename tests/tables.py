"""The tables of an empty database: made once by the migrations, and by the same statements after that.

Most tests begin with an empty database, and Alembic thinks about one for a sixth of a second. What the
migrations themselves do is tested in tests/storage/test_migrations.py, which has each of them run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from storage import migrations

Statement = tuple[str, Any]
MIGRATE = migrations.migrate


@contextlib.contextmanager
def made_once() -> Iterator[None]:
    """Within it, empty databases get their tables so."""
    made: dict[str, list[Statement]] = {}

    def quickly(db: Connection, to: str = "head") -> None:
        if to != "head" or inspect(db).get_table_names():
            MIGRATE(db, to)
        elif db.dialect.name in made:
            for statement, values in made[db.dialect.name]:
                db.exec_driver_sql(statement, values)
        else:
            with _listening(db) as heard:
                MIGRATE(db)
            made[db.dialect.name] = heard

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(migrations, "migrate", quickly)
        yield


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

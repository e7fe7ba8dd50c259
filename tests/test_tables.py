"""A database that one test leaves is empty for the next, and has the tables that the migrations made."""

from __future__ import annotations

import pytest

from storage.engines import open_database
from tests.postgres import PostgreSQL, keys_of
from tests.tables import Made


async def theme_in(url: str) -> int:
    """The number of a new theme there."""
    store = await open_database(url, keys_of(url))
    number = await store.run(lambda tx: tx.places.theme_named("sport").id)
    await store.close()
    return number


async def test_what_was_kept_is_gone_and_numbers_begin_anew(postgres: PostgreSQL, tables: Made) -> None:
    url = postgres.new_database()  # in one that many tests had before, tables may be nearly too large already
    assert await theme_in(url) == 1
    first = postgres.ask(url, "SELECT * FROM communities")
    postgres.ask(url, "UPDATE communities SET name = 'Dorp', key = 'Dorp', served = false")
    tables.give_back(postgres, url)
    assert tables.on(postgres) == url
    assert postgres.ask(url, "SELECT * FROM communities") == first
    assert postgres.ask(url, "SELECT count(*) FROM themes") == "0\n"
    assert await theme_in(url) == 1
    tables.give_back(postgres, url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE themes ADD COLUMN more text",
        "ALTER TABLE themes ALTER COLUMN name DROP NOT NULL",
        "CREATE TABLE more (id int)",
        "DROP TABLE refs",
        "CREATE INDEX more ON themes (name)",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO residents (community, name) SELECT 1, repeat('x', 100) FROM generate_series(1, 1000)",
    ],
)
async def test_changed_tables_are_made_anew(postgres: PostgreSQL, tables: Made, change: str) -> None:
    url = tables.on(postgres)
    await theme_in(url)
    postgres.ask(url, change)
    tables.give_back(postgres, url)
    assert (
        postgres.ask(url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        == "0\n"
    )

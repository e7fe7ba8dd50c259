"""The migrations make the tables that the code means, and can be taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import StoreFailed
from storage.database import async_url, newest_schema, open_database, schema_of, upgrade
from storage.tables import metadata

T = TypeVar("T")


async def look(url: str, how: Callable[[Connection], T]) -> T:
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            return await db.run_sync(how)
    finally:
        await engine.dispose()


def differences(db: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(db), metadata))


def tables(db: Connection) -> set[str]:
    return set(inspect(db).get_table_names()) - {"alembic_version"}


async def test_up_down_and_up_again(database_url: str) -> None:
    for _ in range(2):
        await upgrade(database_url)
        assert await schema_of(database_url) == newest_schema()
        assert await look(database_url, tables) == set(metadata.tables)
        assert await look(database_url, differences) == []
        await upgrade(database_url, to="base")
        assert await look(database_url, tables) == set()


async def test_opening_brings_the_tables_up_to_date(database_url: str) -> None:
    await (await open_database(database_url)).close()
    assert await schema_of(database_url) == newest_schema()
    assert await look(database_url, differences) == []


async def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    await upgrade(database_url)
    store = await open_database(database_url)
    await store.run(lambda tx: tx.places.theme_named("sport"))
    await store.close()
    await upgrade(database_url)
    store = await open_database(database_url)
    assert await store.run(lambda tx: tx.places.theme_named("sport").id) == 1
    await store.close()


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert await schema_of(f"sqlite:///{tmp_path}/plein.db") is None
    assert os.listdir(tmp_path) == []


async def test_an_empty_server_has_no_schema(database_url: str) -> None:
    assert await schema_of(database_url) is None


async def test_looking_at_what_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        await schema_of(f"postgresql://plein@/plein?host={tmp_path}")

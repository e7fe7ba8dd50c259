"""A feature that is made up: a town's shed that lends its tools. It shows that one can be added from outside.

    tools.py     the feature: what it keeps, its settings, commands, board, job and suggestions
    storage.py   its table, and what keeps it
    locales      its texts
    tools.chat   what it does, as it is heard

Nothing of it stands in `bot/`, `adapters/` or `storage/`; it is switched on by `INSTALLED`.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import create_async_engine

from bot.main.features import FEATURES, Installed
from storage.connections import async_url
from storage.schema import upgrade
from tests.made_up.storage import STORED
from tests.made_up.tools import FEATURE

INSTALLED = (*FEATURES, Installed(FEATURE, STORED))


async def make_tables(url: str) -> None:
    """The tables of an empty database with those of the shed, which has no migration."""
    await upgrade(url)
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as db:
            await db.run_sync(STORED.tables.create_all)
    finally:
        await engine.dispose()

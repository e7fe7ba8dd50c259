"""Plein on the homeserver of the tests, in the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.matrix.client import Matrix as Adapter
from adapters.matrix.settings import Matrix as Settings
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.features.polls.settings import PollsSettings
from bot.main.app import open_core
from bot.main.communities import grounds_on
from bot.main.config import Community, DatabaseSection, config_of
from bot.main.features import FEATURES, Installed, add_up
from tests.homeserver import PASSWORD, Homeserver
from tests.postgres import keys_of


@dataclass(frozen=True, slots=True)
class OnMatrix:
    """Plein, reading along."""

    user_id: str
    core: PleinCore
    adapter: Adapter


@contextlib.asynccontextmanager
async def plein_on(
    server: Homeserver,
    folder: Path,
    user_id: str,
    *,
    installed: Sequence[Installed] = FEATURES,
    url: str = "",
    **settings: Any,
) -> AsyncIterator[OnMatrix]:
    """Plein with these `settings` under [matrix], which keeps what it has in that folder."""
    database = f"sqlite:///{folder}/plein.db"
    sections: dict[str, Any] = {"polls": PollsSettings(quiet="")}
    config = config_of(add_up(installed))(
        community=Community(language="nl", board_rest=0),
        database=DatabaseSection(url=database, keys=keys_of(database)),
        **sections,
    )
    matrix = Settings.model_validate(
        {
            "homeserver": url or server.url,
            "user": user_id,
            "password": PASSWORD,
            "store": folder / "matrix",
            **settings,
        }
    )
    config = config.model_copy(update={"matrix": matrix})
    clock = SystemClock()
    async with open_core(config, clock, installed=installed) as core:
        adapter = Adapter(matrix, grounds_on("matrix", config, core.communities.served), core.texts, clock)
        core.platforms.expect(adapter)
        workers = (core.outbox.worker, core.boards.worker, core.making.worker)
        tasks = [
            asyncio.create_task(adapter.run(core)),
            *(asyncio.create_task(each.run()) for each in workers),
        ]
        try:
            async with asyncio.timeout(120):
                await adapter.caught_up()
            yield OnMatrix(user_id, core, adapter)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

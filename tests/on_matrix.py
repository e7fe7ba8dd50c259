"""Plein on the homeserver of the tests, in the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.matrix.client import Matrix as Adapter
from adapters.matrix.settings import Matrix as Settings
from bot.clock import Clock, SystemClock
from bot.core import PleinCore
from bot.features.polls.settings import PollsSettings
from bot.features.relay.settings import RelaySettings
from bot.main.app import open_core
from bot.main.communities import grounds_on
from bot.main.config import Community, DatabaseSection, ThemeSection, config_of
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
    themes: Iterable[ThemeSection] = (),
    relays: bool = False,
    clock: Clock | None = None,
    ready: bool = True,
    url: str = "",
    **settings: Any,
) -> AsyncIterator[OnMatrix]:
    """Plein with these `settings` under [matrix], which keeps what it has in that folder.

    `relays`: what people say may be carried to a theme's other places. `ready`: wait until it reads along.
    """
    database = f"sqlite:///{folder}/plein.db"
    sections: dict[str, Any] = {"polls": PollsSettings(quiet="")}
    if relays:
        sections["relay"] = RelaySettings(on=True, messages=1000)
    config = config_of(add_up(installed))(
        community=Community(language="nl", board_rest=0),
        database=DatabaseSection(url=database, keys=keys_of(database)),
        themes=tuple(themes),
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
    clock = clock or SystemClock()
    async with open_core(config, clock, installed=installed) as core:
        adapter = Adapter(matrix, grounds_on("matrix", config, core.communities.served), core.texts, clock)
        core.platforms.expect(adapter)
        workers = (
            core.outbox.worker,
            core.carrying.worker,
            core.signing.worker,
            core.marking.worker,
            core.boards.worker,
            core.making.worker,
        )
        tasks = [
            asyncio.create_task(adapter.run(core)),
            *(asyncio.create_task(each.run()) for each in (*workers, core.carried)),
        ]
        try:
            async with asyncio.timeout(120 if ready else None):
                if ready:
                    await adapter.caught_up()
            yield OnMatrix(user_id, core, adapter)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

"""Start-up: the one place that sees the core, the adapters and the storage, and wires them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from adapters.discord.settings import Discord as DiscordSettings
from adapters.matrix.settings import Matrix as MatrixSettings
from bot.clock import Clock, SystemClock
from bot.core import PleinCore
from bot.feature import Features
from bot.main.communities import establish, grounds_on, on_servers
from bot.main.config import Config, ResidentSection
from bot.main.features import FEATURES, Installed, add_up, stores_of
from bot.model.people import Identity
from bot.ports.adapter import Listener
from bot.ports.storage import Transaction
from bot.texts import FOLDER, Texts
from storage.engines import open_database

if TYPE_CHECKING:
    from aiohttp import BaseConnector

log = logging.getLogger(__name__)
Connector = Callable[[], "BaseConnector"]
CATCH_UP = 60.0
# So many new objects are looked through for garbage at a time.
GARBAGE = 10_000


@contextlib.asynccontextmanager
async def open_core(
    config: Config,
    clock: Clock,
    board_rest: float | None = None,
    installed: Sequence[Installed] = FEATURES,
) -> AsyncIterator[PleinCore]:
    """The core over its database, with the residents and roles that the configuration names.

    Raises: Clash where two features have the same sign in a community.
    """
    features = add_up(installed)
    kept = config.database
    store = await open_database(kept.url, kept.keys, stores_of(installed), signing=kept.signing)
    try:
        served = await store.run_anywhere(partial(establish, config))
        settings = {
            number: config.settings_of(line, features.settings.values()) for number, line in served.items()
        }
        for configured in settings.values():
            features.check_signs(configured)
        rest = config.community.board_rest if board_rest is None else board_rest
        first = next(iter(settings.values()))
        core = PleinCore(store, clock, texts_of(features), first, features, rest)
        core.communities.serve(settings)
        await core.erasing.begin()
        await core.carried.refresh()
        known = await store.run_anywhere(lambda tx: [known.number for known in tx.communities.all()])
        residents = {number: served[number].residents if number in served else () for number in known}
        # Together, so that they share a commit.
        await asyncio.gather(
            *(
                store.run(partial(_name_residents, named, features), community=number)
                for number, named in residents.items()
            )
        )
        yield core
    finally:
        await store.close()


def texts_of(features: Features) -> Texts:
    """The texts of the core, the adapters and these features."""
    return Texts(FOLDER, *features.locales)


def _name_residents(residents: Sequence[ResidentSection], features: Features, tx: Transaction) -> None:
    """Names, roles and who is one person are what the configuration says now, nothing that it said before.

    Those who turn out to be one person are one from now on, in what they voted too.
    """
    lines = [[Identity(*account.split(":", 1)) for account in resident.accounts] for resident in residents]
    features.clear_listed(tx, lines)
    for resident, accounts in zip(residents, lines, strict=True):
        features.link_listed(tx, accounts, resident.name, resident.as_role())
    tx.people.note_listed(lines)


async def run_platforms(config: Config, *, discord_by: Connector | None = None) -> int:
    """Serve the platforms that the configuration names, until told to stop.

    `discord_by` makes the way to Discord, where that is not the usual one.
    """
    clock = SystemClock()
    async with open_core(config, clock) as core:
        adapters: list[Listener] = []
        if matrix := config.of(MatrixSettings):
            from adapters.matrix.client import Matrix

            grounds = grounds_on("matrix", config, core.communities.served)
            adapters.append(Matrix(matrix, grounds, core.texts, clock))
        if discord := config.of(DiscordSettings):
            from adapters.discord.client import Discord

            grounds = grounds_on("discord", config, core.communities.served)
            adapters.append(Discord(on_servers(discord, config), grounds, core.texts, clock, discord_by))
        return await _serve(core, adapters)


async def _serve(core: PleinCore, adapters: Sequence[Listener]) -> int:
    """Run everything until a signal comes, or an adapter ends because it cannot go on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    for adapter in adapters:
        core.platforms.expect(adapter)
    running = [asyncio.create_task(adapter.run(core)) for adapter in adapters]
    work = [
        core.outbox.worker.run(),
        core.carrying.worker.run(),
        core.signing.worker.run(),
        core.marking.worker.run(),
        core.carried.run(),
        core.describing.run(),
        core.silencing.run(),
        core.boards.worker.run(),
        core.making.worker.run(),
        core.rooms.stay(),
        core.agenda.run(),
        core.erasing.run(),
        core.leaving.run(),
        _freeze_after_catching_up(adapters),
    ]
    tasks = [*running, *(asyncio.create_task(worker) for worker in work), asyncio.create_task(stop.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    failed = [task.exception() for task in done if not task.cancelled() and task.exception()]
    for error in failed:
        log.critical("Plein stops: %s", error, exc_info=None if isinstance(error, ConnectionError) else error)
    return 1 if failed else 0


async def _freeze_after_catching_up(adapters: Sequence[Listener]) -> None:
    """And then go on for ever, as the others do."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP):
            for adapter in adapters:
                await adapter.caught_up()
    freeze_startup_objects()
    await asyncio.Event().wait()


def freeze_startup_objects() -> None:
    """It lives as long as the process: collecting garbage need not look through it again and again, and
    holds the loop for a moment instead of forty milliseconds. Until then there is nothing to collect.

    Nor are the few thousand objects of a group of commands, most of which are gone once it is kept.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()

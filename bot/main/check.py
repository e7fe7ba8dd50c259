"""`plein check`: what is well, and what to do about what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.discord.settings import Discord
from adapters.matrix.settings import Matrix
from bot.errors import StoreFailed
from bot.main.communities import grounds_on, on_servers
from bot.main.config import Config, holds_secrets
from bot.main.features import add_up
from bot.model.message import Text, text
from bot.private import check_private_folder, open_to_others
from storage.engines import keys_beside
from storage.schema import newest_schema, schema_of


async def check(config: Config, say: Callable[[Text], None], file: Path | None = None) -> bool:
    """Try the database and each platform, saying what is well and what to do about what is not.

    `file` is the one that the configuration was read from.
    """
    if file:
        tells = await asyncio.to_thread(_tells_others, file)
        if tells:
            say(text("check.open_file", file=str(file)))
    found: list[Text | None] = []
    try:
        at = await schema_of(config.database.url)
        behind = at is not None and at != newest_schema()
        found.append(text("check.database.behind") if behind else None)
        in_order = text("check.database.ok" if at else "check.database.new", url=config.database.shown)
        say(found[-1] or in_order)
    except StoreFailed as error:
        fails = text("check.database.fails", url=config.database.shown, reason=str(error))
        found.append(fails)
        say(fails)
    try:
        if folder := config.database.keys or keys_beside(config.database.url):
            check_private_folder(folder)
    except OSError as error:
        found.append(text("check.keys", reason=str(error)))
        say(text("check.keys", reason=str(error)))
    if matrix := config.of(Matrix):
        from adapters.matrix.check import check as check_matrix

        found.append(await check_matrix(matrix))
        say(found[-1] or text("matrix.check.ok", user=matrix.user, address=matrix.homeserver))
    if discord := config.of(Discord):
        from adapters.discord.check import check as check_discord

        channels, listens = (
            list(grounds_on("discord", config, range(len(config.each))).themes),
            bool(add_up().hears),
        )
        well, wrong = await check_discord(on_servers(discord, config), channels, listens=listens)
        for line in (*well, *wrong):
            say(line)
        found += wrong
    if not config.serves:
        say(text("check.no_platform"))
    if not await asyncio.to_thread(_joins_letters):
        say(text("check.letters"))
    return not any(found)


def _tells_others(file: Path) -> bool:
    """Whether others on this machine can read a password or a token there."""
    return open_to_others(file) and holds_secrets(file, add_up())


def _joins_letters() -> bool:
    from bot.pictures.runs import shapes

    return shapes()

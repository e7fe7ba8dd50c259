"""`plein check`: what is well, and what to do about what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.discord.settings import Discord
from adapters.matrix.settings import Matrix
from bot.errors import StoreFailed
from bot.main.app import themes_on
from bot.main.config import Config
from bot.main.features import add_up
from bot.model.message import Text, text
from storage.schema import newest_schema, schema_of


async def check(config: Config, say: Callable[[Text], None]) -> bool:
    """Try the database and each platform, saying what is well and what to do about what is not."""
    found: list[Text | None] = []
    try:
        at = await schema_of(config.database.url)
        behind = at is not None and at != newest_schema()
        found.append(text("check.database.behind") if behind else None)
    except StoreFailed as error:
        found.append(text("check.database.fails", url=config.database.shown, reason=str(error)))
    say(found[-1] or text("check.database.ok", url=config.database.shown))
    if matrix := config.of(Matrix):
        from adapters.matrix.check import check as check_matrix

        found.append(await check_matrix(matrix))
        say(found[-1] or text("matrix.check.ok", user=matrix.user, address=matrix.homeserver))
    if discord := config.of(Discord):
        from adapters.discord.check import check as check_discord

        channels, listens = list(themes_on("discord", config)), bool(add_up().hears)
        well, wrong = await check_discord(discord, channels, listens=listens)
        for line in (*well, *wrong):
            say(line)
        found += wrong
    if not config.serves:
        say(text("check.no_platform"))
    if not await asyncio.to_thread(_joins_letters):
        say(text("check.letters"))
    return not any(found)


def _joins_letters() -> bool:
    from bot.pictures.runs import shapes

    return shapes()

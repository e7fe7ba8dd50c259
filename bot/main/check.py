"""`plein check`: what is well, and what to do about what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from adapters.discord.settings import Discord
from adapters.matrix.settings import Matrix
from bot.errors import StoreFailed
from bot.main.communities import grounds_on, homes_of, on_servers
from bot.main.config import Config, files_of_secrets, holds_secrets
from bot.main.features import add_up
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.private import check_private_folder, open_to_others, writable_above
from storage.communities import settings_kept
from storage.connections import sqlite_file
from storage.engines import keys_beside, signing_beside
from storage.kept import kept_by
from storage.schema import newest_schema, schema_of


async def check(config: Config, say: Callable[[Text], None], file: Path | None = None) -> bool:
    """Try the database and each platform, saying what is well and what to do about what is not.

    `file` is the one that the configuration was read from.
    """
    for told in await asyncio.to_thread(_tell_others, file) if file else ():
        say(text("check.open_file", file=str(told)))
    found: list[Text | None] = []
    homes: Mapping[int, Mapping[str, Home]] = {}
    kept: Mapping[str, str] = {}
    try:
        at = await schema_of(config.database.url)
        behind = at is not None and at != newest_schema()
        found.append(text("check.database.behind") if behind else None)
        in_order = text("check.database.ok" if at else "check.database.new", url=config.database.shown)
        say(found[-1] or in_order)
        if at and not behind:
            homes = homes_of(config, await settings_kept(config.database.url))
            if matrix := config.of(Matrix):
                kept = await kept_by(config.database.url, f"matrix:{matrix.user}")
    except StoreFailed as error:
        fails = text("check.database.fails", url=config.database.shown, reason=str(error))
        found.append(fails)
        say(fails)
    database = config.database
    folders = [
        database.keys or keys_beside(database.url),
        database.signing or signing_beside(database.url, database.keys),
    ]
    paths = [path for path in (sqlite_file(database.url), *folders) if path]
    for folder in dict.fromkeys(filter(None, map(writable_above, paths))):
        above = text("check.above", folder=str(folder))
        found.append(above)
        say(above)
    for keys in filter(None, folders):
        try:
            check_private_folder(keys)
        except OSError as error:
            found.append(text("check.keys", reason=str(error)))
            say(text("check.keys", reason=str(error)))
    if matrix := config.of(Matrix):
        from adapters.matrix.check import check as check_matrix

        grounds = grounds_on("matrix", config, range(len(config.each)))
        carried = _carried(config)
        wrong, lacks, useful = await check_matrix(matrix, grounds, _on("matrix", homes), kept, carried)
        say(wrong or text("matrix.check.ok", user=matrix.user, address=matrix.homeserver))
        if not wrong:
            say(text("matrix.check.limits", user=matrix.user))
        found += [wrong, *_told_of_each(config, lacks, say)]
        _told_of_each(config, useful, say)
    if discord := config.of(Discord):
        from adapters.discord.check import check as check_discord

        grounds, listens = grounds_on("discord", config, range(len(config.each))), bool(add_up().hears)
        there = await check_discord(
            on_servers(discord, config),
            grounds,
            listens=listens,
            homes=_on("discord", homes),
            carried={
                room: named.community
                for room, named in grounds.themes.items()
                if named.community in _carried(config)
            },
        )
        for line in (*there.well, *there.wrong):
            say(line)
        found += [*there.wrong, *_told_of_each(config, there.lacks, say)]
        _told_of_each(config, there.useful, say)
    if not config.serves:
        say(text("check.no_platform"))
    if not await asyncio.to_thread(_joins_letters):
        say(text("check.letters"))
    return not any(found)


def _on(platform: str, homes: Mapping[int, Mapping[str, Home]]) -> Mapping[int, Home]:
    return {line: chosen[platform] for line, chosen in homes.items() if platform in chosen}


def _carried(config: Config) -> Collection[int]:
    """The communities where what people say elsewhere may be carried, by their lines."""
    features = add_up()
    kinds = features.settings.values()
    return {
        number
        for number, line in enumerate(config.each)
        if features.may_carry(config.settings_of(line, kinds))
    }


def _told_of_each(
    config: Config, lacks: Mapping[int, Sequence[Text]], say: Callable[[Text], None]
) -> list[Text]:
    """What each community lacks, under its name where there are several."""
    lines = []
    for number, community in enumerate(config.each):
        for line in lacks.get(number, ()):
            named = text("check.of", name=community.name, line=line)
            lines.append(named if len(config.each) > 1 else line)
            say(lines[-1])
    return lines


def _tell_others(file: Path) -> list[Path]:
    """In which files others on this machine can read a password or a token."""
    features = add_up()
    holds = [file] if holds_secrets(file, features) else []
    return [path for path in (*holds, *files_of_secrets(file, features)) if open_to_others(path)]


def _joins_letters() -> bool:
    from bot.pictures.runs import shapes

    return shapes()

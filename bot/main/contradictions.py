"""What in a configuration cannot be, though each line of it could: told with where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from adapters.discord.settings import Discord
from bot.main.addresses import is_in_memory
from bot.main.sections import CommunitySection, Config
from bot.model.message import Text, text
from bot.names import folded

# Where something stands, and what it is.
Entry = tuple[str, str]


def contradictions(config: Config, source: str) -> Iterator[Text]:
    """An account is one person's in a community, and a place one theme's; what is whose is said once."""
    if config.communities:
        yield from _said_for_all(config)
        yield from _of_nobody(config.communities)
    paths = [f"communities[{number}]." for number in range(1, len(config.communities) + 1)] or [""]
    every = list(zip(paths, config.each, strict=True))
    for path, section in every:
        accounts = ((f"{path}residents", person.accounts) for person in section.residents)
        yield from _twice("residents", _numbered("accounts", accounts), source)
        themes = [(f"{path}themes[{at}].name", theme.name) for at, theme in enumerate(section.themes, 1)]
        yield from _twice("theme_names", themes, source)
    places = [
        entry
        for path, section in every
        for entry in _numbered("places", ((f"{path}themes", theme.places) for theme in section.themes))
    ]
    yield from _twice("themes", places, source)
    for name in ("servers", "spaces"):
        yield from _twice(name, _listed(name, every), source)
    yield from _twice("names", [(f"{path}name", section.name) for path, section in every], source)
    keys = [(f"{path}{'key' if section.key else 'name'}", section.known_as) for path, section in every]
    if len({folded(section.name) for section in config.each}) == len(config.each):
        yield from _twice("keys", keys, source)
    if is_in_memory(config.database.url):
        yield text("config.fault", path="database.url", problem=text("config.database.file"))
    discord = config.of(Discord)
    if discord and discord.commands == "guild" and not servers_of(config):
        yield text("config.fault", path="discord", problem=text("config.discord.no_guilds"))


def servers_of(config: Config) -> Sequence[str]:
    """All servers on Discord that the configuration names."""
    discord = config.of(Discord)
    theirs = [server for section in config.each for server in section.servers]
    return [*(discord.guilds if discord else ()), *theirs]


def _said_for_all(config: Config) -> Iterator[Text]:
    """What one community's alone can be stands under its own line, where there are several."""
    discord = config.of(Discord)
    named = "name" in config.community.model_fields_set
    misplaced = (
        ("community", ".name", "name" if named else ""),
        ("themes", "", "[[communities.themes]]" if config.themes else ""),
        ("residents", "", "[[communities.residents]]" if config.residents else ""),
        ("discord", ".guilds", "servers" if discord and discord.guilds else ""),
    )
    for section, key, instead in misplaced:
        if instead:
            problem = text("config.communities.own", instead=f"`{instead}`")
            yield text("config.fault", path=f"{section}{key}", problem=problem)


def _of_nobody(communities: Sequence[CommunitySection]) -> Iterator[Text]:
    """Of several each says what is its; only a single one may have all that there is."""
    for number, section in enumerate(communities, 1):
        has_places = any(theme.places for theme in section.themes)
        if len(communities) > 1 and not (section.servers or section.spaces or has_places):
            path = f"communities[{number}]"
            yield text("config.fault", path=path, problem=text("config.communities.nowhere"))


def _numbered(key: str, entries: Iterable[tuple[str, Sequence[str]]]) -> list[Entry]:
    """Each address with where it stands: `themes[2].places[1]`."""
    return [
        (f"{path}[{number}].{key}[{at}]", address)
        for number, (path, addresses) in enumerate(entries, 1)
        for at, address in enumerate(addresses, 1)
    ]


def _listed(name: str, every: Iterable[tuple[str, CommunitySection]]) -> list[Entry]:
    return [
        (f"{path}{name}[{at}]", address)
        for path, section in every
        for at, address in enumerate(getattr(section, name), 1)
    ]


def _twice(what: str, entries: Iterable[Entry], source: str) -> Iterator[Text]:
    """What stands there a second time, with its lines; names however they are written."""
    known: dict[str, str] = {}
    for path, address in entries:
        seen = folded(address) if what in ("names", "theme_names", "keys") else address
        if first := known.get(seen):
            lines = _lines_of(source, address)
            problem = text(f"config.twice.{what}", address=address, first=first, lines=lines)
            yield text("config.fault", path=path, problem=problem)
        known.setdefault(seen, path)


def _lines_of(source: str, address: str) -> tuple[str, ...]:
    """On which lines of the file an address stands."""
    quoted = re.compile(rf"""["']{re.escape(address)}["']""")
    number = re.compile(rf"(?<![\w\"'.]){re.escape(address)}(?![\w\"'.])")
    lines = enumerate(source.splitlines(), 1)
    is_number = address.isdecimal()
    return tuple(str(at) for at, line in lines if quoted.search(line) or (is_number and number.search(line)))

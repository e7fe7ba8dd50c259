"""The communities of the configuration: which of the database each is, and what of a platform is whose."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.discord.settings import Discord
from bot.main.config import BadConfig, CommunitySection, Config
from bot.main.contradictions import servers_of
from bot.model.homes import Home, homes_in
from bot.model.message import text
from bot.model.people import FIRST_COMMUNITY, Grounds, Named
from bot.ports.communities import Community
from bot.ports.storage import Transaction


def establish(config: Config, tx: Transaction) -> Mapping[int, CommunitySection]:
    """By its number which community each line is; those that are new are made. Others rest: nobody is theirs.

    Raises: BadConfig where one is gone and another new, which may well be the same under a new name.
    """
    kept = {known.number: known for known in tx.communities.all()}
    numbers = _numbers(config, kept)
    gone = [known for number, known in kept.items() if known.served and number not in numbers.values()]
    new = [section for section in config.each if section.known_as not in numbers]
    if gone and new:
        raise BadConfig([text("config.communities.renamed", old=gone[0].key, new=new[0].name)])
    for section in new:
        numbers[section.known_as] = tx.communities.add(section.known_as)
    for number, known in kept.items():
        if number not in numbers.values():
            tx.communities.put(Community(number, known.name, known.key, served=False))
    for section in config.each:
        tx.communities.put(Community(numbers[section.known_as], section.name, section.known_as, served=True))
    return {numbers[section.known_as]: section for section in config.each}


def _numbers(config: Config, kept: Mapping[int, Community]) -> dict[str, int]:
    """Those that are known, by their keys. That of a database which knows no key yet is the first line's."""
    if not config.communities:
        return {config.each[0].known_as: FIRST_COMMUNITY}
    known = {community.key: number for number, community in kept.items() if community.key}
    names = [section.known_as for section in config.each]
    numbers = {name: known[name] for name in names if name in known}
    if not kept[FIRST_COMMUNITY].key:
        numbers[names[0]] = FIRST_COMMUNITY
    return numbers


def homes_of(
    config: Config, kept: Mapping[int, tuple[str, Mapping[str, str]]]
) -> Mapping[int, Mapping[str, Home]]:
    """By the number of its line and by platform: the homes that were chosen. `kept`: each community's key,
    and what was set for it, by its number.
    """
    if not kept:
        return {}  # nobody started it yet
    known = {number: Community(number, "", key, served=True) for number, (key, _) in kept.items()}
    numbers = _numbers(config, known)
    found = {line: kept.get(numbers.get(section.known_as, 0)) for line, section in enumerate(config.each)}
    return {line: homes_in(of_it[1]) for line, of_it in found.items() if of_it}


def grounds_on(platform: str, config: Config, served: Collection[int]) -> Grounds:
    """What of that platform is whose. `served`: the communities' numbers, in the order of their lines."""
    numbered = list(zip(served, config.each, strict=True))
    prefix = f"{platform}:"
    themes = {
        address.removeprefix(prefix): Named(theme.name, theme.language, number)
        for number, section in numbered
        for theme in section.themes
        for address in theme.places
        if address.startswith(prefix)
    }
    groups = {
        group: number
        for number, section in numbered
        for group in {"discord": section.servers, "matrix": section.spaces}.get(platform, ())
    }
    if platform == "discord" and not config.communities:
        groups = dict.fromkeys(servers_of(config), next(iter(served)))
    # A single community that names none has all that there is; so it always was on Matrix.
    has_all = len(numbered) == 1 and not (groups and (platform == "discord" or config.communities))
    # Servers under [discord] are those in which Plein takes part at all.
    closed = platform == "discord" and not config.communities and bool(groups)
    return Grounds(themes, groups, next(iter(served)) if has_all else None, closed)


def on_servers(discord: Discord, config: Config) -> Discord:
    """The settings of the account there, with all servers that the communities name."""
    return discord.model_copy(update={"guilds": tuple(servers_of(config))})

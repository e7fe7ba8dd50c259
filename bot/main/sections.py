"""What stands in the configuration of the core's own: a community, its themes and residents, the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from adapters.discord.settings import Discord, Snowflake
from adapters.matrix.settings import Matrix
from bot.main.addresses import check_address, shown_address
from bot.model.people import Role
from bot.settings import Folder, Section, Settings
from bot.texts import LOCALES
from bot.unseen import has_unseen, seen_as

# Each adapter's section; Plein serves a platform where its section is there.
ADAPTERS: Mapping[str, type[Section]] = {"matrix": Matrix, "discord": Discord}
S = TypeVar("S", bound=Section)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("config.zone") from None
    return name


def _address(name: str, on_matrix: str, wrong: str) -> str:
    """`on_matrix`: what an address there looks like, and `wrong` what is said of one that does not."""
    platform, _, address = name.partition(":")
    if not (platform and address):
        raise ValueError("config.account")
    if platform not in ADAPTERS and get_close_matches(platform.lower(), ADAPTERS, 1):
        raise ValueError("config.platform")
    if platform == "discord" and not re.fullmatch(r"[1-9][0-9]*", address):
        raise ValueError("config.snowflake")
    if platform == "matrix" and not re.fullmatch(on_matrix, address):
        raise ValueError(wrong)
    return name


def _account(name: str) -> str:
    return _address(name, r"@[^:\s]+:\S+", "config.matrix.person")


def _place(name: str) -> str:
    # The id of a room need not name a server.
    return _address(name, r"#[^:\s]+:\S+|!\S+", "config.matrix.room")


def _space(name: str) -> str:
    if not re.fullmatch(r"#[^:\s]+:\S+|!\S+", name):
        raise ValueError("config.matrix.space")
    return name


def _language(name: str) -> str:
    if name not in LOCALES:
        raise ValueError("config.language")
    return name


def _name(name: str) -> str:
    if has_unseen(name) or not seen_as(name):
        raise ValueError("typed.unseen")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Account = Annotated[str, AfterValidator(_account)]
Place = Annotated[str, AfterValidator(_place)]
Space = Annotated[str, AfterValidator(_space)]
Language = Annotated[str, AfterValidator(_language)]
Zone = Annotated[str, AfterValidator(_zone)]


class Community(Section):
    """The community's name, language and zone, and how many seconds a board rests between two edits.

    Where there are several communities: what holds for those that say nothing else.
    """

    name: Name = "Voorbeeldgemeente"
    language: Language = "nl"
    zone: Zone = "Europe/Brussels"
    board_rest: Annotated[float, Field(ge=0, le=3600)] = 2.0


class DatabaseSection(Section):
    """Where everything is kept, in which folder the keys of what is sealed, and in which those that sign."""

    url: Annotated[str, AfterValidator(check_address), Field(repr=False)] = "sqlite:///data/plein.db"
    keys: Folder | None = None
    signing: Folder | None = None

    @property
    def shown(self) -> str:
        """The address without the password that may be in it."""
        return shown_address(self.url)


class ThemeSection(Section):
    """A theme, with the places where it is talked about."""

    name: Name
    language: Language | None = None
    places: tuple[Place, ...] = ()


class ResidentSection(Section):
    """A person, with their accounts and what they may do."""

    name: Name
    accounts: Annotated[tuple[Account, ...], Field(min_length=1)]
    role: Literal["resident", "organiser", "moderator"] = "resident"

    def as_role(self) -> Role:
        return Role[self.role.upper()]


class CommunitySection(Section):
    """One of several communities: what is its own, and the servers and spaces that are its.

    `key` is what it is known by in the database: the name that it began with, where it has another one now.
    """

    name: Name
    key: Name | None = None
    language: Language | None = None
    zone: Zone | None = None
    servers: tuple[Snowflake, ...] = ()
    spaces: tuple[Space, ...] = ()
    themes: tuple[ThemeSection, ...] = ()
    residents: tuple[ResidentSection, ...] = ()

    @property
    def known_as(self) -> str:
        return self.key or self.name


class Config(Section):
    """What the communities themselves have to say; `config_of` adds the sections of features and adapters.

    With `communities` each has its own themes and residents; without, all is one community's.
    """

    community: Community = Community()
    database: DatabaseSection = DatabaseSection()
    themes: tuple[ThemeSection, ...] = ()
    residents: tuple[ResidentSection, ...] = ()
    communities: tuple[CommunitySection, ...] = ()

    @property
    def each(self) -> Sequence[CommunitySection]:
        """The communities: those that are written down as such, or the only one."""
        only = CommunitySection(name=self.community.name, themes=self.themes, residents=self.residents)
        return self.communities or (only,)

    def settings_of(self, line: CommunitySection, kinds: Iterable[type[Section]]) -> Settings:
        """What that community's line says, and else what holds for all of them."""
        found = []
        for kind in kinds:
            common, own = self.of(kind) or kind(), _section_in(line, kind)
            changes = {name: getattr(own, name) for name in own.model_fields_set} if own else {}
            found.append(common.model_copy(update=changes))
        language, zone = line.language or self.community.language, line.zone or self.community.zone
        names = bool(line.servers or line.spaces or any(theme.places for theme in line.themes))
        return Settings(language, ZoneInfo(zone), tuple(found), line.name, names)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.community.zone)

    @property
    def serves(self) -> bool:
        """Whether there is any platform to serve; without one there is the console."""
        return any(self.of(section) for section in ADAPTERS.values())

    def of(self, section: type[S]) -> S | None:
        """The section of a feature or an adapter, where it is there."""
        return _section_in(self, section)


def _section_in(part: Section, kind: type[S]) -> S | None:
    return next((found for found in vars(part).values() if isinstance(found, kind)), None)

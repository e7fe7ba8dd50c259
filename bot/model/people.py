"""Who takes part, and where: residents, their accounts, themes and places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    RESIDENT = 0
    ORGANISER = 1
    MODERATOR = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """An account: one resident as one platform knows them."""

    platform: str
    user_id: str

    @property
    def address(self) -> str:
        """Both in one word, as configurations have it: `discord:1234`."""
        return f"{self.platform}:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or room on one platform."""

    platform: str
    room_id: str


@dataclass(frozen=True, slots=True)
class Resident:
    """A person, who may own several identities and counts once everywhere."""

    id: int
    name: str
    locale: str | None = None
    role: Role = Role.RESIDENT


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject and its places: one theme, at most one conversation, on any number of platforms."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Presence:
    """That somebody is in a place, with which role there and since when, as their platform knows it.

    `writes`: they may say things there themselves.
    """

    place: Place
    role: Role
    since: datetime
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """How a resident is shown: by a name that nobody else has here, and their accounts.

    The account that they used last comes first.
    """

    name: str
    accounts: tuple[Identity, ...]

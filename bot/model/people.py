"""Who takes part, and where: residents, their accounts, themes and places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    RESIDENT = 0
    ORGANISER = 1
    MODERATOR = 2


# The community of a database that knows of no other.
FIRST_COMMUNITY = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """An account: one resident as one platform knows them."""

    platform: str
    user_id: str

    @property
    def address(self) -> str:
        """Both in one word, as configurations have it: `discord:1234`."""
        return f"{self.platform}:{self.user_id}"

    @property
    def network(self) -> str:
        """Where people would say that it is. The console stands in for others: its `anna@matrix` is there."""
        _, at, label = self.user_id.rpartition("@")
        return label if at and self.platform == "console" else self.platform


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or room on one platform."""

    platform: str
    room_id: str


@dataclass(frozen=True, slots=True)
class Resident:
    """A person, who may own several identities and counts once everywhere.

    `zone`: by whose clocks moments are told them, where that is not the community's.
    """

    id: int
    name: str
    locale: str | None = None
    role: Role = Role.RESIDENT
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to be reminded. `wanted`: at all. `mentioned`: with a mention in the theme, whether
    they talk with Plein in private or not. `before`: how many seconds before something begins, where that is
    not when others are; then in private alone. `zone`: by whose clocks it is night for them.
    """

    wanted: bool = False
    mentioned: bool = False
    before: tuple[int, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject and its places: one theme, at most one conversation, on any number of platforms.

    `alone` is what it is called without that which tells it from others called so, where its name says both.
    """

    id: int
    name: str
    alone: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """What the configuration says of a place: the name of its theme, the language there, and whose it is."""

    theme: str
    locale: str | None = None
    community: int = FIRST_COMMUNITY


@dataclass(frozen=True, slots=True)
class Grounds:
    """What of one platform is whose, by the platform's own names for it.

    `themes` has the places that the configuration names. `groups` are what places are part of, a server or a
    space, each with whose all of it is. `otherwise`: whose is what is in neither; None: nobody's. `closed`:
    what is part of no such group is nobody's, also where the configuration names the place.
    """

    themes: Mapping[str, Named] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    otherwise: int | None = FIRST_COMMUNITY
    closed: bool = False

    def whose(self, room: str | None, group: str | None) -> int | None:
        """Whose that place is, which is part of that group; None: nobody's."""
        if room is not None and (named := self.themes.get(room)):
            return named.community
        return self.groups.get(group or "", self.otherwise)


@dataclass(frozen=True, slots=True)
class Presence:
    """That somebody is in a place, with which role there and since when, as their platform knows it.

    `writes`: they may say things there themselves. `not_before`: who left and came back was not there before
    that, whatever is kept of them.
    """

    place: Place
    role: Role
    since: datetime
    writes: bool = True
    not_before: datetime | None = None


# Where somebody is of the places that were asked about, and where not (None). What a platform cannot say
# just now is left out.
Presences = Mapping[Place, Presence | None]


@dataclass(frozen=True, slots=True)
class Part:
    """That somebody takes part in a theme: with which role, since when, and when their platform said so.

    `writes`: they may say things there themselves.
    """

    role: Role
    since: datetime
    said_at: datetime
    writes: bool = True


# What a platform said of an account holds so long while that account is silent; older grants nothing.
HOLDS = timedelta(hours=1)


def holds(said_at: datetime, now: datetime) -> bool:
    """Whether that counts still. From a time to come it was noted while the clock was wrong, and does not."""
    return abs(now - said_at) < HOLDS


def part_now(places: Sequence[Place], found: Presences, told: Part | None, now: datetime) -> Part | None:
    """Somebody's part in the theme of these places, of which their platform says this now.

    Where it cannot say, what it `told` last counts, as long as that holds. Since when is as was said first,
    or since they came back, where the platform says of all these places that they were in none before.
    """
    here = [presence for place in places if (presence := found.get(place))]
    if here:
        since = min([now, *(presence.since for presence in here), *([told.since] if told else ())])
        not_before = [presence.not_before for presence in here if presence.not_before]
        if len(not_before) == len(here) and all(place in found for place in places):
            since = min(max(since, min(not_before)), now)
        writes = any(presence.writes for presence in here)
        return Part(max(presence.role for presence in here), since, now, writes)
    unknown = any(place not in found for place in places)
    return told if unknown and told and holds(told.said_at, now) else None


def joined(parts: Iterable[Part]) -> Part | None:
    """What somebody is who takes part in several ways: the highest role, since the first time."""
    found = list(parts)
    if not found:
        return None
    return Part(
        max(part.role for part in found),
        min(part.since for part in found),
        max(part.said_at for part in found),
        any(part.writes for part in found),
    )


@dataclass(frozen=True, slots=True)
class Together:
    """Who did something together in a theme, by their numbers, and what that was called; it is over.

    `others`: so many more did of whom nothing is known but that. `seen`: of whom others may see it; None: of
    all.
    """

    theme: int
    name: str
    people: Sequence[int]
    others: int = 0
    seen: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """How a resident is shown: by a name that nobody else has here, and their accounts.

    The account that they used last comes first. `own`: they chose the name themselves, and are called by it
    where their platform shows another.
    """

    name: str
    accounts: tuple[Identity, ...]
    own: bool = False

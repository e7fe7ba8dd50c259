"""Where a community's themes get their channels or rooms: its home on each platform."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from bot.model.message import Text, text
from bot.model.people import FIRST_COMMUNITY, Place

# What a community's settings call it, before the word for the platform.
KEPT = "home."
# The jobs of a feature, for a channel or room of a theme's that somebody renamed, removed, took out of its
# home or replaced by another. Their subject is the theme and the platform: `7:discord`.
RENAMED, REMOVED, MOVED, REPLACED = "room.renamed", "room.removed", "room.moved", "room.replaced"
# The same for somebody who was put out of one by hand. Its subject is the theme and the resident: `7:12`.
PUT_OUT = "room.put_out"


@dataclass(frozen=True, slots=True)
class Home:
    """On one platform: what the channels or rooms of a community's themes are made in.

    `ref` is the platform's own name for it. `kind` is the key to what such a thing is called there, `name` is
    what people called it, and `within` what it is part of, where it is part of something.
    """

    platform: str
    kind: str
    ref: str
    name: str
    within: str = ""

    @property
    def address(self) -> str:
        """Both in one word, as that of an account or a place: `discord:1234`."""
        return f"{self.platform}:{self.ref}"

    @property
    def called(self) -> Text:
        return text(self.kind, name=self.name, within=self.within)

    def kept(self) -> str:
        """As a setting of the community."""
        return json.dumps([self.kind, self.ref, self.name, self.within], ensure_ascii=False)

    @classmethod
    def read(cls, platform: str, kept: str) -> Self:
        """The one that `kept` made a setting of."""
        return cls(platform, *json.loads(kept))


@dataclass(frozen=True, slots=True)
class Option:
    """What a home could be: something that is there, or with `is_new` what Plein could make.

    Of the latter `ref` says what it would be and where, and it has no name yet. `lacks`: what Plein lacks to
    make it, or lacks there. `hidden`: not everybody who is there sees it.
    """

    home: Home
    is_new: bool = False
    lacks: Text | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Housing:
    """What a community can choose from on one platform; None: that says nothing just now."""

    platform: str
    options: Sequence[Option] | None


@dataclass(frozen=True, slots=True)
class WantedRoom:
    """What a theme ought to have on a platform: a channel or room by that name, about that.

    `mark` is this one's alone, and was kept before anything was asked for: by it Plein finds what it made.
    `account`: which of Plein's sees to it, once one began. `room` is the platform's own name for it, once it
    is there, and `called` what people there called it when that was last looked at. `placed`: it was seen in
    its home, and whoever takes it out of there means that. `closed`: nobody is to say anything there; `rules`
    are those by which people could before, as its platform says that. `version` counts what is wanted of it,
    `shaped` says which of these it was made to be, and `hints` how often there was reason to look.
    """

    theme: int
    platform: str
    name: str
    topic: str
    mark: str
    account: str = ""
    attempts: int = 0
    community: int = FIRST_COMMUNITY
    room: str | None = None
    called: str | None = None
    placed: bool = False
    closed: bool = False
    rules: str | None = None
    version: int = 1
    shaped: int = 0
    hints: int = 0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A room that was a theme's, where nobody is to have by Plein's doing what they had."""

    platform: str
    room: str
    account: str
    attempts: int = 0
    community: int = FIRST_COMMUNITY

    @property
    def place(self) -> Place:
        return Place(self.platform, self.room)


@dataclass(frozen=True, slots=True)
class WantedGuest:
    """An account that is to be let into a theme's channel or room, or with `inside` False to be out of it."""

    theme: int
    platform: str
    user: str
    inside: bool
    room: str
    account: str
    attempts: int = 0
    community: int = FIRST_COMMUNITY
    version: int = 1


@dataclass(frozen=True, slots=True)
class RoomState:
    """How it is with one that is wanted: made, or not yet; `why` says what keeps it from being as it is to
    be, where that is known. `gone`: it is wanted no more, as somebody removed it or took it from its theme.
    """

    platform: str
    room: str | None
    why: Text | None
    gone: bool = False
    called: str | None = None


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """How a channel or room is now: what people call it, by which `rules` they can say something there, as
    its platform says that, whether they talk there by voice, and whether what is said there is encrypted;
    `within` that home it is, of one that was asked about.
    """

    called: str
    rules: str = ""
    is_voice: bool = False
    is_encrypted: bool = False
    within: str = ""


def homes_in(settings: Mapping[str, str]) -> Mapping[str, Home]:
    """The homes among what was set for a community, by platform."""
    found = {name.removeprefix(KEPT): kept for name, kept in settings.items() if name.startswith(KEPT)}
    return {platform: Home.read(platform, kept) for platform, kept in found.items()}

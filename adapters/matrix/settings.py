"""The section [matrix] of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.settings import Folder, Section, Token

PLATFORM = "matrix"
# As the usual bridges name those whom they speak for.
_GHOSTS = {
    **{f"@{name}_*": name.capitalize() for name in ("discord", "telegram", "signal", "slack", "instagram")},
    "@whatsapp_*": "WhatsApp",
    "@facebook_*": "Messenger",
    "@meta_*": "Messenger",
    "@irc_*": "IRC",
    "@_discord_*": "Discord",
    "@_discordpuppet_*": "Discord",
    "@_ooye_*": "Discord",
    "@_telegram_*": "Telegram",
    "@_slack_*": "Slack",
    "@_xmpp_*": "XMPP",
    "@gmessages_*": "sms",
}


def _server(url: str) -> str:
    if not url.startswith(("https://", "http://")) or set("@?#") & set(url):
        raise ValueError("config.homeserver")
    return url.rstrip("/")


def _user(name: str) -> str:
    if not name.startswith("@") or ":" not in name:
        raise ValueError("config.user")
    return name


Server = Annotated[str, AfterValidator(_server)]
User = Annotated[str, AfterValidator(_user)]


def _server_name(name: str) -> str:
    if "/" in name or "@" in name or not name:
        raise ValueError("config.matrix.server")
    return name


def _room(name: str) -> str:
    if not name.startswith("!"):
        raise ValueError("config.matrix.room_id")
    return name


class Invitations(Section):
    """Which invitations are accepted; without a list of servers those from our own.

    `at_most` is in how many rooms Plein is on the word of one person, who has no role in the community.
    """

    servers: tuple[Annotated[str, AfterValidator(_server_name)], ...] | None = None
    rooms: tuple[Annotated[str, AfterValidator(_room)], ...] = ()
    at_most: Annotated[int, Field(ge=1, le=10_000)] = 10


class PowerLevels(Section):
    """From which power level somebody in a room has a role."""

    moderator: int = 50
    organiser: int = 50


class Matrix(Section):
    """The account on Matrix, and what it does there."""

    homeserver: Server
    user: User
    password: SecretStr | None = None
    token: Token | None = None
    store: Folder = Path("data/matrix")
    device_name: str = "Plein"
    native_polls: bool = True
    invitations: Invitations = Invitations()
    power_levels: PowerLevels = PowerLevels()
    ghosts: Mapping[str, str] = _GHOSTS

    @model_validator(mode="after")
    def _one_way_in(self) -> Matrix:
        if not self.password and not self.token:
            raise ValueError("config.matrix.no_secret")
        return self

    def bridged_from(self, user: str) -> str | None:
        """The platform of somebody for whom a bridge speaks."""
        return next((home for pattern, home in self.ghosts.items() if fnmatchcase(user, pattern)), None)

    @property
    def welcome(self) -> frozenset[str]:
        """The servers whose people may invite Plein."""
        servers = self.invitations.servers
        return frozenset([self.user.partition(":")[2]] if servers is None else servers)

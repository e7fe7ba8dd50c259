"""The section [discord] of the configuration."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from bot.settings import Section, Token


def _snowflake(name: object) -> object:
    """Discord's ids are numbers; written as such, or in quotation marks. Each is written in one way alone."""
    if type(name) in (int, str) and re.fullmatch(r"[1-9][0-9]*", str(name)):
        return str(name)
    raise ValueError("config.snowflake")


Snowflake = Annotated[str, BeforeValidator(_snowflake)]

Permission = Literal[
    "administrator",
    "manage_guild",
    "manage_roles",
    "manage_channels",
    "manage_threads",
    "manage_messages",
    "manage_events",
    "moderate_members",
]


class Permissions(Section):
    """With which permission in a channel somebody has a role, by Discord's own names."""

    moderator: Permission = "manage_messages"
    organiser: Permission = "manage_events"


class Discord(Section):
    """The account on Discord, and what it does there."""

    token: Token = SecretStr("")
    guilds: tuple[Snowflake, ...] = ()
    commands: Literal["global", "guild"] = "global"
    native_polls: bool = False
    newcomers: bool = False
    permissions: Permissions = Permissions()
    shards: tuple[Annotated[int, Field(ge=0)], ...] = ()
    shard_count: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Discord:
        if not self.token.get_secret_value():
            raise ValueError("config.discord.no_token")
        if bool(self.shards) != (self.shard_count is not None):
            raise ValueError("config.discord.shards")
        if self.shard_count and max(self.shards) >= self.shard_count:
            raise ValueError("config.discord.shards")
        return self

    def holds(self, guild: int) -> bool:
        """Whether a server is one of this process's."""
        return self.shard_count is None or (guild >> 22) % self.shard_count in self.shards

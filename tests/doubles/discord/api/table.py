"""The table of routes: what a request asks, and which function answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.doubles.discord import permissions
from tests.doubles.discord.errors import Json, refuse
from tests.doubles.discord.state import Application, Channel, Guild, Member, Message, World
from tests.doubles.discord.talk import Uploads


@dataclass(slots=True)
class Ask:
    """One request. `params` are those of the path; `caller` is the bot whose token it carried."""

    world: World
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    uploads: Uploads = field(default_factory=dict)
    caller: Application | None = None
    emit_guild: Callable[[str], None] = lambda guild_id: None

    @property
    def bot(self) -> Application:
        if self.caller is None:
            raise refuse(0)
        return self.caller

    @property
    def json(self) -> Json:
        """The body as an object; an empty one where there is none."""
        return self.body if isinstance(self.body, dict) else {}

    def channel(self, *may: str) -> Channel:
        """The channel of the path, where the bot may do all of this (and see it)."""
        channel = self.world.channel(self.params["channel_id"])
        if channel.guild_id is None and self.bot.user not in channel.recipients:
            raise refuse(50001)
        permissions.demand(self.world.guild_of(channel), self.member_in(channel), channel, *may)
        return channel

    def member_in(self, channel: Channel) -> Member | None:
        guild = self.world.guild_of(channel)
        return guild.members.get(self.bot.user.id) if guild else None

    def may(self, channel: Channel, *names: str) -> bool:
        return permissions.may(self.world.guild_of(channel), self.member_in(channel), channel, *names)

    def message(self, *may: str) -> Message:
        """The message of the path, if it can be seen there."""
        channel = self.channel("read_message_history", *may)
        found = channel.messages.get(self.params["message_id"])
        if found is None or found.only_for:
            raise refuse(10008)
        return found

    def guild(self, *may: str) -> Guild:
        """The guild of the path, which the bot is in and where it may do all of this."""
        guild = self.world.guild(self.params["guild_id"])
        if self.bot.user.id not in guild.members:
            raise refuse(10004)
        permissions.demand_in_guild(guild, guild.members[self.bot.user.id], *may)
        return guild

    @property
    def me(self) -> Member:
        """The bot as a member of the guild of the path."""
        return self.world.guild(self.params["guild_id"]).members[self.bot.user.id]


Answer = Any
"""An object or list is sent with 200, None as 204, a pair with the status it begins with."""


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    run: Callable[[Ask], Answer]
    open: bool
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(
    method: str, template: str, *, open: bool = False
) -> Callable[[Callable[[Ask], Answer]], Callable[[Ask], Answer]]:
    """This function answers that route. `open`: a token in the path is enough, or none."""

    def add(run: Callable[[Ask], Answer]) -> Callable[[Ask], Answer]:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        ROUTES.append(Route(method, template, run, open, re.compile(pattern)))
        ROUTES.sort(key=lambda known: [part.startswith("{") for part in known.template.split("/")])
        return run

    return add


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and its parameters; what is spelled out goes before what is open."""
    for known in ROUTES:
        if known.method == method:
            match = known.pattern.fullmatch(path)
            if match:
                return known, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


def methods_of(path: str) -> Iterator[str]:
    """Which methods there are for a path."""
    return (known.method for known in ROUTES if known.pattern.fullmatch(path))

"""Which channels are places of themes, and who may what in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord

from adapters.discord.trouble import TROUBLE
from bot.config import Discord as Settings
from bot.errors import TryLater
from bot.model import Place, Presence, Role
from bot.ports import Core

log = logging.getLogger(__name__)
PLATFORM = "discord"
# Channel to a theme's name and language.
Themes = Mapping[str, tuple[str, str | None]]
_GONE = 10003, 50001
# After so many seconds Discord is asked again what somebody may do, where it did not answer.
ASK_AGAIN = 2.0


class Places:
    """The channels in which Plein takes part, as the core knows them.

    A channel becomes a place when the configuration names it, or when somebody first uses Plein there. A
    thread belongs to its channel's place.
    """

    def __init__(self, client: discord.Client, core: Core, settings: Settings, themes: Themes) -> None:
        self._client = client
        self._core = core
        self._settings = settings
        self._themes = themes
        self._known: set[str] = set()
        self._not_gone: set[str] = set()

    def are_ours(self, guild_id: int | None) -> bool:
        """Whether a guild belongs to this community, and to this process. Private talk always does."""
        if guild_id is None:
            return True
        allowed = self._settings.guilds
        return (not allowed or str(guild_id) in allowed) and self._settings.holds(guild_id)

    async def settle(self) -> None:
        """At the start: where Plein is that nobody told it of, and is no longer that it thinks it is."""
        here = await self._core.places(PLATFORM)
        self._known = {place.room_id for place in here}
        for room in self._known - set(self._themes):
            if self._client.get_channel(int(room)) is None and await self._is_gone(room):
                await self.leave(int(room))
        for room in self._themes:
            channel = self._client.get_channel(int(room))
            if isinstance(channel, discord.abc.GuildChannel) and self.are_ours(channel.guild.id):
                await self._join(channel.id, channel.name)
            elif channel is None and await self._is_gone(room):
                log.warning("There is no channel %s yet, or Plein may not see it", room)
                if room in self._known:
                    await self.leave(int(room))

    async def _is_gone(self, room: str) -> bool:
        """Whether the channel is nowhere to be seen, also not by another process of a larger set.

        What is somewhere else is asked for once: should it go, that other process hears of it.
        """
        if room in self._not_gone:
            return False
        try:
            await self._client.http.get_channel(int(room))
        except discord.HTTPException as error:
            return error.code in _GONE
        except TROUBLE:
            return False
        self._not_gone.add(room)
        return False

    async def of(self, guild_id: int | None, channel: Any, *, join: bool = True) -> Place | None:
        """The place that a channel of a guild is, if they `join` it from now on; None for private talk."""
        if guild_id is None or channel is None:
            return None
        room = room_of(channel)
        return await self.at(room, channel) if join else Place(PLATFORM, str(room))

    async def at(self, room: int, channel: Any = None) -> Place:
        """The place of that channel, from now on if it can be seen."""
        place = Place(PLATFORM, str(room))
        found = self._client.get_channel(room) or channel
        if found and place.room_id not in self._known:
            await self._join(room, getattr(found, "name", None) or place.room_id)
        return place

    async def _join(self, channel_id: int, name: str) -> None:
        room = str(channel_id)
        theme, language = self._themes.get(room, (None, None))
        await self._core.joined(Place(PLATFORM, room), name, theme, language)
        self._known.add(room)

    async def leave(self, channel_id: int) -> None:
        """A channel is there no more."""
        if str(channel_id) in self._known:
            self._known.discard(str(channel_id))
            await self._core.left(Place(PLATFORM, str(channel_id)))

    async def leave_all(self, channels: Iterable[Any]) -> None:
        """Plein is in this guild no more."""
        for channel in channels:
            await self.leave(channel.id)

    def channels(self) -> Sequence[discord.abc.GuildChannel]:
        """Those that are places, of the guilds that this process can see."""
        found = (self._client.get_channel(int(room)) for room in sorted(self._known))
        return [
            one for one in found if isinstance(one, discord.abc.GuildChannel) and self.are_ours(one.guild.id)
        ]

    # --- who may what ---

    def role_of(self, permissions: discord.Permissions) -> Role:
        """The role that goes with what somebody may do in a channel."""
        needed = self._settings.permissions
        if permissions.administrator or getattr(permissions, needed.moderator):
            return Role.MODERATOR
        return Role.ORGANISER if getattr(permissions, needed.organiser) else Role.RESIDENT

    async def presences(self, user: int, only: Place | None = None) -> tuple[Presence, ...]:
        """The places that somebody shares with Plein, for what is said in private; or `only` that one.

        Raises TryLater where Discord does not say just now who they are.
        """
        channels = [one for one in self.channels() if only is None or str(one.id) == only.room_id]
        guilds = list(dict.fromkeys(channel.guild for channel in channels))
        found = await asyncio.gather(*(self._member(guild, user) for guild in guilds))
        members = dict(zip(guilds, found, strict=True))
        return tuple(
            Presence(Place(PLATFORM, str(channel.id)), self.role_of(may), member.joined_at)
            for channel in channels
            if (member := members[channel.guild]) and member.joined_at
            if (may := channel.permissions_for(member)).view_channel
        )

    @staticmethod
    async def _member(guild: discord.Guild, user: int) -> discord.Member | None:
        try:
            return guild.get_member(user) or await guild.fetch_member(user)
        except (discord.Forbidden, discord.NotFound):
            return None
        except TROUBLE as error:
            raise TryLater(ASK_AGAIN) from error


def room_of(channel: Any) -> int:
    """The channel whose place this is: that of a thread is its channel's.

    In a forum nothing can be said but in its posts, which are places of their own.
    """
    if isinstance(channel, discord.Thread) and not isinstance(channel.parent, discord.ForumChannel):
        return channel.parent_id
    return int(channel.id)

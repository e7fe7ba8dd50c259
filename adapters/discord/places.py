"""Which channels are places of themes, and who may what in them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord

from bot.config import Discord as Settings
from bot.model import Place, Presence, Role
from bot.ports import Core

log = logging.getLogger(__name__)
PLATFORM = "discord"
# Channel to a theme's name and language.
Themes = Mapping[str, tuple[str, str | None]]
_GONE = 10003, 50001


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
        """Whether the channel is nowhere to be seen, also not by another process of a larger set."""
        try:
            await self._client.fetch_channel(int(room))
        except discord.HTTPException as error:
            return error.code in _GONE
        except discord.DiscordException:
            return False
        return False

    async def of(self, guild_id: int | None, channel: Any) -> Place | None:
        """The place that a channel of a guild is, from now on; None for private talk."""
        if guild_id is None or channel is None:
            return None
        if isinstance(channel, discord.Thread):
            parent = self._client.get_channel(channel.parent_id)
            # Nothing can be said in a forum but in its posts.
            channel = channel if isinstance(parent, discord.ForumChannel) else parent or channel
        if str(channel.id) not in self._known:
            await self._join(channel.id, getattr(channel, "name", None) or str(channel.id))
        return Place(PLATFORM, str(channel.id))

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
        """The places that somebody shares with Plein, or just one of them, where nothing else says so."""
        found = []
        members: dict[int, discord.Member | None] = {}
        for channel in self.channels():
            if only and str(channel.id) != only.room_id:
                continue
            guild = channel.guild
            if guild.id not in members:
                members[guild.id] = guild.get_member(user) or await self._fetch(guild, user)
            member = members[guild.id]
            may = channel.permissions_for(member) if member else discord.Permissions.none()
            if member and member.joined_at and may.view_channel:
                place = Place(PLATFORM, str(channel.id))
                found.append(Presence(place, self.role_of(may), member.joined_at))
        return tuple(found)

    @staticmethod
    async def _fetch(guild: discord.Guild, user: int) -> discord.Member | None:
        try:
            return await guild.fetch_member(user)
        except discord.HTTPException:
            return None

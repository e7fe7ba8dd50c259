"""Where people come in on a Discord server, which tells of them only with an intent of its own.

Without it the welcome stands where they come in, and who says their first word to Plein came then.
"""

from __future__ import annotations

import discord

from adapters.discord.channels import PLATFORM, Places, is_refused
from adapters.discord.session import Session
from bot.model.events import Came
from bot.model.people import Identity, Place
from bot.recent import Recent

# Of so many it is known that they said a word since Plein started.
MOST_HEARD = 10_000


class FirstWords:
    """Who was not seen to come, where Discord does not tell."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._standing: set[Place] = set()
        self._heard = Recent[tuple[int, int], bool](MOST_HEARD)

    async def stand(self) -> None:
        """Have the welcome stand where people come in."""
        if self._on.sees_newcomers:
            return
        for server in self._on.client.guilds:
            place = entrance(self._on.places, server) if self._on.places.are_ours(server.id) else None
            if place and place not in self._standing:
                await self._on.core.came(Came(place, (), unseen=True))
                self._standing.add(place)

    async def heard(self, user: int, server: discord.Guild | None) -> None:
        """They say something to Plein: before that is dealt with, as they use it from then on.

        In private they can have come by one server alone, or it is not known by which.
        """
        if self._on.sees_newcomers:
            return
        privately = server is None
        if server is None and len(self._on.client.guilds) == 1:
            server = self._on.client.guilds[0]
        if server is None or self._heard.get((user, server.id)):
            return
        if place := entrance(self._on.places, server):
            who = Identity(PLATFORM, str(user))
            await self._on.core.came(Came(place, (who,), unseen=True, privately=privately))
            self._heard[user, server.id] = True


def entrance(places: Places, server: discord.Guild) -> Place | None:
    """The channel in which Discord says that somebody came, or else the first that everybody sees: of those
    that are places of Plein's, in which it can say something.
    """
    seen = [channel for channel in places.channels() if channel.guild == server and _is_open(places, channel)]
    if not seen:
        return None
    first = min(seen, key=lambda channel: (channel != server.system_channel, channel.position, channel.id))
    return Place(PLATFORM, str(first.id))


def _is_open(places: Places, channel: discord.abc.GuildChannel) -> bool:
    everybody = channel.permissions_for(channel.guild.default_role)
    mine = channel.permissions_for(channel.guild.me)
    is_shown = everybody.view_channel and not is_refused(channel, mine, to_say=True)
    return is_shown and places.is_known(channel.id)

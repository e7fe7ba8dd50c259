"""Where people come in on a Discord server, which tells of them only with an intent of its own."""

from __future__ import annotations

import discord

from adapters.discord.channels import PLATFORM, Places, is_refused
from bot.model.people import Place


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

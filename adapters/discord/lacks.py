"""What Plein lacks on servers and in channels: each permission, with what does not work without it."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.channels import NEEDED, NEEDED_FOR_POLLS, PLATFORM, Places
from adapters.discord.settings import Discord as Settings
from bot.model.events import Lack
from bot.model.message import Text, text
from bot.model.people import Place

# Plein does without these, but for one thing each: in a channel; and on a server, for themes that have or get
# a channel or post there.
USEFUL = ("manage_messages",)
FOR_THEMES = ("manage_channels", "manage_roles", "manage_threads", "pin_messages")
# What is needed where what people say is carried to a channel from elsewhere.
FOR_CARRYING = ("manage_webhooks", "create_public_threads", "add_reactions")
# Who may not do the first may not do these either, whatever is set: that is one thing to mend.
_TAKES = {
    "view_channel": {*NEEDED, NEEDED_FOR_POLLS, *USEFUL} - {"view_channel"},
    "send_messages": {"embed_links", "attach_files"},
}


def lacks_of(places: Places, community: int, settings: Settings) -> list[Lack]:
    """What is lacking where that community is, as Discord told it; last what is only useful."""
    found = [Lack(text("discord.check.no_guild", guild=guild)) for guild in places.unseen_servers(community)]
    for room in places.unseen_channels(community):
        found.append(Lack(text("discord.check.no_channel", channel=room), Place(PLATFORM, room)))
    for names in (wanted(settings), USEFUL):
        for server in places.servers_of(community):
            found += map(Lack, lacks_on(server.name, server.me.guild_permissions, names))
        for channel in places.channels_of(community):
            me, place = channel.guild.me, Place(PLATFORM, str(channel.id))
            lines = lacks_in(channel, channel.permissions_for(me), me.guild_permissions, names)
            found += [Lack(line, place) for line in lines]
            if names is not USEFUL and places.carries(channel):
                lines = lacks_to_carry(channel, channel.permissions_for(me))
                found += [Lack(line, place) for line in lines]
    for server in places.servers_of(community):
        found += map(Lack, lacks_on(server.name, server.me.guild_permissions, FOR_THEMES))
    return found


def wanted(settings: Settings) -> Sequence[str]:
    """What Plein must be allowed where it takes part."""
    return (*NEEDED, *((NEEDED_FOR_POLLS,) if settings.native_polls else ()))


def lacks_on(server: str, may: discord.Permissions, names: Sequence[str]) -> list[Text]:
    """What its role there lacks of these."""
    return [_line("discord.lacks.server", name, server=server) for name in _missing(may, names)]


def lacks_in(
    channel: discord.abc.GuildChannel,
    may: discord.Permissions,
    on_server: discord.Permissions,
    names: Sequence[str],
) -> list[Text]:
    """What is refused in one channel alone: what its role lacks is said once, of the server."""
    role_lacks = _missing(on_server, names)
    missing = [name for name in _missing(may, names) if name not in role_lacks]
    for first, all_else in _TAKES.items():
        if not getattr(may, first):
            missing = [name for name in missing if name not in all_else]
    where = {"channel": channel.name, "server": channel.guild.name}
    return [_line("discord.lacks.channel", name, **where) for name in missing]


def lacks_to_carry(channel: discord.abc.GuildChannel, may: discord.Permissions) -> list[Text]:
    """What is lacking to show there what people say elsewhere, in a channel that Plein sees."""
    missing = _missing(may, FOR_CARRYING) if may.view_channel else ()
    where = {"channel": channel.name, "server": channel.guild.name}
    return [_line("discord.lacks.channel", name, **where) for name in missing]


def _line(key: str, name: str, **where: str) -> Text:
    permission, without = text(f"discord.permission.{name}"), text(f"discord.without.{name}")
    return text(key, permission=permission, without=without, **where)


def _missing(may: discord.Permissions, names: Sequence[str]) -> Sequence[str]:
    return () if may.administrator else [name for name in names if not getattr(may, name)]

"""What somebody may do where: Discord's own algorithm over roles and overwrites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.doubles.discord.errors import refuse

if TYPE_CHECKING:
    from tests.doubles.discord.state import Channel, Guild, Member

BITS: dict[str, int] = {
    "create_instant_invite": 1 << 0,
    "kick_members": 1 << 1,
    "ban_members": 1 << 2,
    "administrator": 1 << 3,
    "manage_channels": 1 << 4,
    "manage_guild": 1 << 5,
    "add_reactions": 1 << 6,
    "view_audit_log": 1 << 7,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18,
    "connect": 1 << 20,
    "speak": 1 << 21,
    "change_nickname": 1 << 26,
    "manage_nicknames": 1 << 27,
    "manage_roles": 1 << 28,
    "manage_webhooks": 1 << 29,
    "use_application_commands": 1 << 31,
    "manage_events": 1 << 33,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "create_private_threads": 1 << 36,
    "send_messages_in_threads": 1 << 38,
    "moderate_members": 1 << 40,
    "create_events": 1 << 44,
    "send_polls": 1 << 49,
    "pin_messages": 1 << 51,
}
ALL = (1 << 53) - 1
EVERYBODY = [
    "create_instant_invite",
    "add_reactions",
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "use_external_emojis",
    "connect",
    "speak",
    "change_nickname",
    "use_application_commands",
    "create_public_threads",
    "send_messages_in_threads",
    "send_polls",
]
"""What a new guild lets everybody do."""
VOICE = (2, 13)
TEXT = (
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "mention_everyone",
    "use_external_emojis",
    "add_reactions",
    "manage_messages",
    "use_application_commands",
    "send_polls",
)
"""What nobody may in a voice channel which they may not come into, and whose words they do not see."""
TIMED_OUT = ("view_channel", "read_message_history")
"""What is left to whoever was timed out. Administrators cannot be."""


def bits(names: Iterable[str]) -> int:
    """Permissions by name as one number."""
    found = 0
    for name in names:
        found |= BITS[name]
    return found


def in_guild(guild: Guild, member: Member) -> int:
    """What the member's roles give, before any channel has its say."""
    if guild.owner_id == member.user.id:
        return ALL
    found = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        found |= guild.roles[role_id].permissions
    return ALL if found & BITS["administrator"] else found & _left_to(guild, member)


def _left_to(guild: Guild, member: Member) -> int:
    return bits(TIMED_OUT) if guild.is_timed_out(member) else ALL


def in_channel(guild: Guild, member: Member, channel: Channel) -> int:
    """What the member may do in a channel; in a thread what its parent says, in a private one if they are
    in it or manage threads."""
    found = in_guild(guild, member)
    if found == ALL:
        return found
    if channel.private and member.user.id not in channel.joined:
        parent = guild.channels[channel.parent_id or ""]
        found = in_channel(guild, member, parent)
        return found if found & BITS["manage_threads"] else 0
    overwrites = (
        guild.channels[channel.parent_id] if channel.thread and channel.parent_id else channel
    ).overwrites
    everybody = overwrites.get(guild.id)
    if everybody:
        found = found & ~everybody.deny | everybody.allow
    theirs = [overwrites[role_id] for role_id in member.role_ids if role_id in overwrites]
    for overwrite in theirs:
        found &= ~overwrite.deny
    for overwrite in theirs:
        found |= overwrite.allow
    own = overwrites.get(member.user.id)
    if own:
        found = found & ~own.deny | own.allow
    if channel.type in VOICE and not found & BITS["connect"]:
        found &= ~bits(TEXT)
    found &= _left_to(guild, member)
    return found if found & BITS["view_channel"] else 0


def may(guild: Guild | None, member: Member | None, channel: Channel, *names: str) -> bool:
    """Whether they may do all of this there; in a direct message everybody in it may."""
    if guild is None:
        return True
    return member is not None and not bits(names) & ~in_channel(guild, member, channel)


def demand(guild: Guild | None, member: Member | None, channel: Channel, *names: str) -> None:
    """Refuse whoever may not see the channel (50001), or may not do this in it (50013)."""
    if guild is None:
        return
    if not may(guild, member, channel, "view_channel"):
        raise refuse(50001)
    if not may(guild, member, channel, *names):
        raise refuse(50013)


def demand_in_guild(guild: Guild, member: Member, *names: str) -> None:
    """Refuse whose roles do not let them do this."""
    if bits(names) & ~in_guild(guild, member):
        raise refuse(50013)


def rank(guild: Guild, member: Member) -> int:
    """The position of their highest role: nobody touches a role or member at or above it."""
    if guild.owner_id == member.user.id:
        return 1_000_000
    return max((guild.roles[role_id].position for role_id in member.role_ids), default=0)

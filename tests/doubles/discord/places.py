"""Guilds, channels, roles and members: made, changed and removed, and who is told."""

from __future__ import annotations

from tests.doubles.discord import permissions
from tests.doubles.discord.clock import iso
from tests.doubles.discord.errors import Json
from tests.doubles.discord.render import channel_json, member_json, role_json, user_json
from tests.doubles.discord.state import Channel, Event, Guild, Member, Role, User, World

GUILDS, MEMBERS, MODERATION, EMOJI = 1 << 0, 1 << 1, 1 << 2, 1 << 3


def new_guild(world: World, name: str, owner: User, *, guild_id: str | None = None) -> Guild:
    """A guild with its owner and the role of everybody."""
    guild = Guild(guild_id or world.clock.new_id(apart=True), name, owner.id, world.clock.now)
    guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.bits(permissions.EVERYBODY), position=0)
    guild.members[owner.id] = Member(owner, joined_at=world.clock.now())
    world.guilds[guild.id] = guild
    return guild


def add_member(world: World, guild: Guild, user: User, role_ids: list[str]) -> Member:
    member = guild.members[user.id] = Member(user, role_ids, joined_at=world.clock.now())
    data = {**member_json(member), "guild_id": guild.id}
    world.emit(Event("GUILD_MEMBER_ADD", data, MEMBERS, guild.id))
    world.bell.ring()
    return member


def member_changed(world: World, guild: Guild, member: Member) -> None:
    data = {**member_json(member), "guild_id": guild.id}
    only = member.user.id if member.user.bot else None
    world.emit(Event("GUILD_MEMBER_UPDATE", data, 0 if only else MEMBERS, guild.id, only=only))
    world.bell.ring()


def remove_member(world: World, guild: Guild, member: Member) -> None:
    """They left or were made to. A bot is told that the guild is gone."""
    del guild.members[member.user.id]
    data: Json = {"guild_id": guild.id, "user": user_json(member.user)}
    world.emit(Event("GUILD_MEMBER_REMOVE", data, MEMBERS, guild.id))
    if member.user.bot:
        world.emit(Event("GUILD_DELETE", {"id": guild.id}, 0, guild.id, only=member.user.id))
    world.bell.ring()


def ban(world: World, guild: Guild, member: Member) -> None:
    """They are out, and stay out. A bot that asked for it and may ban is told."""
    remove_member(world, guild, member)
    guild.banned[member.user.id] = member.user
    data: Json = {"guild_id": guild.id, "user": user_json(member.user)}
    world.emit(Event("GUILD_BAN_ADD", data, MODERATION, guild.id))
    world.bell.ring()


def add_role(world: World, guild: Guild, role: Role) -> None:
    """At the bottom, just above everybody's; the others move up."""
    for above in guild.roles.values():
        if above.id != guild.id:
            above.position += 1
    role.position = 1
    guild.roles[role.id] = role
    world.emit(Event("GUILD_ROLE_CREATE", {"guild_id": guild.id, "role": role_json(role)}, GUILDS, guild.id))


def role_changed(world: World, guild: Guild, role: Role) -> None:
    world.emit(Event("GUILD_ROLE_UPDATE", {"guild_id": guild.id, "role": role_json(role)}, GUILDS, guild.id))


def remove_role(world: World, guild: Guild, role: Role) -> None:
    del guild.roles[role.id]
    for member in guild.members.values():
        if role.id in member.role_ids:
            member.role_ids.remove(role.id)
    world.emit(Event("GUILD_ROLE_DELETE", {"guild_id": guild.id, "role_id": role.id}, GUILDS, guild.id))


def add_channel(world: World, channel: Channel) -> None:
    guild = world.guild(channel.guild_id)
    guild.channels[channel.id] = channel
    name = "THREAD_CREATE" if channel.thread else "CHANNEL_CREATE"
    data = channel_json(channel)
    if channel.thread:
        data["newly_created"] = True
    world.emit(Event(name, data, GUILDS, guild.id, channel))
    world.bell.ring()


def channel_changed(world: World, channel: Channel) -> None:
    name = "THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE"
    world.emit(Event(name, channel_json(channel), GUILDS, channel.guild_id, channel))
    world.bell.ring()


def remove_channel(world: World, channel: Channel) -> None:
    """With its threads and webhooks."""
    guild = world.guild(channel.guild_id)
    name = "THREAD_DELETE" if channel.thread else "CHANNEL_DELETE"
    world.emit(Event(name, channel_json(channel), GUILDS, guild.id, channel))
    del guild.channels[channel.id]
    for thread in [
        thread for thread in guild.channels.values() if thread.thread and thread.parent_id == channel.id
    ]:
        del guild.channels[thread.id]
    for webhook in [webhook for webhook in world.webhooks.values() if webhook.channel_id == channel.id]:
        del world.webhooks[webhook.id]
    world.bell.ring()


def joins_thread(world: World, thread: Channel, user_id: str) -> None:
    """Somebody is in a thread from then on; twice is once."""
    if user_id not in thread.joined:
        thread.joined[user_id] = world.clock.now()
        who = {"id": thread.id, "user_id": user_id, "join_timestamp": iso(world.clock.now()), "flags": 0}
        _tell_of_thread(world, thread, {"added_members": [who]})


def leaves_thread(world: World, thread: Channel, user_id: str) -> bool:
    """Somebody left a thread or was put out, which are told alike; whether they were in it."""
    if thread.joined.pop(user_id, None) is None:
        return False
    _tell_of_thread(world, thread, {"removed_member_ids": [user_id]})
    return True


def _tell_of_thread(world: World, thread: Channel, news: Json) -> None:
    """To bots that may be told of members; what it says of themselves the others are left out of here."""
    count = min(len(thread.joined), 50)
    data = {"id": thread.id, "guild_id": thread.guild_id, "member_count": count, **news}
    world.emit(Event("THREAD_MEMBERS_UPDATE", data, MEMBERS, thread.guild_id, thread))
    world.bell.ring()

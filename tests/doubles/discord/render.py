"""Values as the JSON that Discord sends of them."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from tests.doubles.discord import permissions
from tests.doubles.discord.clock import iso
from tests.doubles.discord.state import (
    LOADING,
    REQUIRE_TAG,
    Application,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Poll,
    Role,
    User,
    Webhook,
    World,
)


def user_json(user: User) -> Json:
    found: Json = {
        "id": user.id,
        "username": user.name,
        "global_name": user.shown_name,
        "discriminator": "0" if not user.bot else "0001",
        "avatar": None,
        "flags": 0,
        "public_flags": 0,
        "primary_guild": None,
    }
    return {**found, "bot": True} if user.bot else found


def member_json(member: Member, *, user: bool = True) -> Json:
    found: Json = {
        "roles": list(member.role_ids),
        "nick": member.nick,
        "joined_at": iso(member.joined_at),
        "flags": 0,
        "deaf": False,
        "mute": False,
        "pending": member.pending,
        "avatar": None,
        "banner": None,
        "premium_since": None,
        "communication_disabled_until": None
        if member.timed_out_until is None
        else iso(member.timed_out_until),
    }
    return {**found, "user": user_json(member.user)} if user else found


def role_json(role: Role) -> Json:
    return {
        "id": role.id,
        "name": role.name,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "mentionable": role.mentionable,
        "managed": role.managed,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel_json(channel: Channel, viewer: User | None = None) -> Json:
    """A direct message shows its viewer only the other one."""
    flags = REQUIRE_TAG if channel.demands_tag else 0
    found: Json = {"id": channel.id, "type": channel.type, "flags": flags, "last_message_id": None}
    for message in reversed(channel.messages.values()):
        # What one person sees is not kept.
        if not message.only_for:
            found["last_message_id"] = message.id
            break
    if channel.guild_id is None:
        others = [
            recipient for recipient in channel.recipients if viewer is None or recipient.id != viewer.id
        ]
        return {**found, "recipients": [user_json(recipient) for recipient in others]}
    found |= {
        "guild_id": channel.guild_id,
        "name": channel.name,
        "parent_id": channel.parent_id,
        "rate_limit_per_user": channel.slowmode,
    }
    if channel.thread:
        return {**found, **_thread_part(channel)}
    overwrites = [
        {
            "id": overwrite.id,
            "type": overwrite.type,
            "allow": str(overwrite.allow),
            "deny": str(overwrite.deny),
        }
        for overwrite in channel.overwrites.values()
    ]
    return found | {
        "position": channel.position,
        "topic": channel.topic,
        "nsfw": channel.nsfw,
        "permission_overwrites": overwrites,
        **({"bitrate": 64_000, "user_limit": 0} if channel.type == 2 else {}),
    }


def _thread_part(thread: Channel) -> Json:
    return {
        "owner_id": thread.owner_id,
        "message_count": len(thread.messages),
        "member_count": len(thread.joined),
        "total_message_sent": len(thread.messages) + len(thread.deleted),
        "thread_metadata": {
            "archived": thread.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": iso(next(iter(thread.joined.values()), 0.0)),
            "locked": thread.locked,
        },
    }


def emojis_json(guild: Guild) -> list[Json]:
    more = {"roles": [], "require_colons": True, "managed": False, "animated": False, "available": True}
    return [{"id": number, "name": name, **more} for name, number in guild.emoji.items()]


def guild_json(guild: Guild) -> Json:
    """As an answer to a request."""
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "preferred_locale": guild.locale,
        "roles": [role_json(role) for role in guild.roles.values()],
        "emojis": emojis_json(guild),
        "stickers": [],
        "features": [],
        "icon": None,
        "splash": None,
        "banner": None,
        "description": None,
        "afk_timeout": 300,
        "afk_channel_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "nsfw_level": 0,
        "nsfw": False,
        "max_members": 500_000,
    }


def guild_create_json(guild: Guild, application: Application) -> Json:
    """As the gateway brings it: with channels, threads, and of the members only the bot itself."""
    channels = [channel for channel in guild.channels.values() if not channel.thread]
    me = guild.members[application.user.id]
    threads = [
        thread
        for thread in guild.channels.values()
        if thread.thread and not thread.archived and permissions.may(guild, me, thread, "view_channel")
    ]
    return guild_json(guild) | {
        "unavailable": False,
        "large": False,
        "joined_at": iso(guild.members[application.user.id].joined_at),
        "member_count": len(guild.members),
        "members": [member_json(guild.members[application.user.id])],
        "channels": [channel_json(channel) for channel in channels],
        "threads": [channel_json(thread) for thread in threads],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": list(guild.events.values()),
        "soundboard_sounds": [],
    }


SIGNED_FOR = 24 * 3600
"""So many seconds the address of a file opens."""


def attachment_json(world: World, folder: str, attachment: Attachment) -> Json:
    until = int(world.clock.now()) + SIGNED_FOR
    place = f"{folder}/{attachment.id}/{quote(attachment.filename)}?ex={until:x}&is={until:x}&hm=00"
    found: Json = {
        "id": attachment.id,
        "filename": attachment.filename,
        "size": len(attachment.data),
        "url": f"https://cdn.discordapp.com/{place}",
        "proxy_url": f"https://media.discordapp.net/{place}",
        "content_type": attachment.content_type,
    }
    return {**found, "description": attachment.description} if attachment.description else found


def content_type_of(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def poll_json(poll: Poll, viewer: User | None, behind: int = 0) -> Json:
    """Until it is finalized the counts shown may be so many votes `behind`."""
    behind = 0 if poll.finalized else behind
    counts = [
        {
            "id": number,
            "count": max(len(voters) - behind, 0),
            "me_voted": viewer is not None and viewer.id in voters,
        }
        for number, voters in poll.votes.items()
        if voters
    ]
    return {
        "question": poll.question,
        "answers": [{"answer_id": number, "poll_media": media} for number, media in poll.answers.items()],
        "expiry": iso(poll.expiry),
        "allow_multiselect": poll.multiselect,
        "layout_type": poll.layout,
        "results": {"is_finalized": poll.finalized, "answer_counts": counts},
    }


def emoji_json(key: str) -> Json:
    """Of a reaction: `name:id` is one of a guild's own."""
    name, _, custom = key.partition(":")
    return {"id": custom or None, "name": name}


def message_json(world: World, message: Message, viewer: User | None = None, *, nested: bool = False) -> Json:
    """As a request gives it: a dispatch adds guild and member."""
    author = user_json(message.author)
    if message.webhook_id and message.shown_as:
        author = {
            **author,
            "id": message.webhook_id,
            "username": message.shown_as,
            "bot": True,
            "discriminator": "0000",
        }
    found: Json = {
        "id": message.id,
        "channel_id": message.channel.id,
        "type": message.type,
        "author": author,
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": [
            attachment_json(world, f"attachments/{message.channel.id}", attachment)
            for attachment in message.attachments
        ],
        "mentions": [user_json(user) for user in message.mentions],
        "mention_roles": message.mention_roles,
        "mention_everyone": message.mention_everyone,
        "timestamp": iso(message.at),
        "edited_timestamp": iso(message.edited_at) if message.edited_at is not None else None,
        "pinned": message.pinned,
        "tts": message.tts,
        "flags": message.flags & ~LOADING if not message.loading else message.flags,
    }
    found |= _optional_part(world, message, viewer)
    if message.reference:
        found["message_reference"] = message.reference
        referred = message.channel.messages.get(str(message.reference.get("message_id")))
        if not nested:
            shown = message_json(world, referred, viewer, nested=True) if referred else None
            found["referenced_message"] = shown
    return found


def _optional_part(world: World, message: Message, viewer: User | None) -> Json:
    """What only some messages have."""
    thread = (
        world.guilds[message.channel.guild_id].channels.get(message.thread_id or "")
        if message.channel.guild_id
        else None
    )
    reactions = [_reaction(key, users, viewer) for key, users in message.reactions.items() if users]
    optional: Json = {
        "nonce": message.nonce,
        "application_id": message.application_id,
        "webhook_id": message.webhook_id,
        "interaction_metadata": message.interaction,
        "reactions": reactions or None,
        "poll": poll_json(message.poll, viewer, world.polls_behind) if message.poll else None,
        "sticker_items": message.stickers or None,
        "message_snapshots": [_snapshot(world, message.snapshot)] if message.snapshot else None,
        "thread": channel_json(thread) if thread else None,
    }
    return {key: value for key, value in optional.items() if value is not None}


def _snapshot(world: World, said: Message) -> Json:
    """What was said, without whoever said it; where its files are as it is just now."""
    parts = (
        *("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions"),
        *("mention_roles", "components", "sticker_items"),
    )
    shown = message_json(world, said, nested=True)
    return {"message": {part: shown[part] for part in parts if part in shown}}


def _reaction(key: str, users: list[str], viewer: User | None) -> Json:
    return {
        "emoji": emoji_json(key),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "me": viewer is not None and viewer.id in users,
        "me_burst": False,
        "burst_colors": [],
    }


def webhook_json(webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "type": 1,
        "token": webhook.token,
        "name": webhook.name,
        "avatar": webhook.avatar,
        "channel_id": webhook.channel_id,
        "guild_id": webhook.guild_id,
        "application_id": webhook.application_id,
        "user": user_json(webhook.user),
    }


def application_json(application: Application) -> Json:
    return {
        "id": application.id,
        "name": application.user.name,
        "description": "",
        "icon": None,
        "bot": user_json(application.user),
        "bot_public": True,
        "bot_require_code_grant": False,
        "flags": application.flags,
        "owner": user_json(application.owner),
        "team": None,
        "verify_key": "0" * 64,
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "redirect_uris": [],
        "tags": [],
        "hook": True,
        "type": None,
        "flags_new": str(application.flags),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


def partial_channel_json(guild: Guild, channel: Channel, member: Member) -> Json:
    """Of an interaction: with what its member may do there."""
    return channel_json(channel) | {"permissions": str(permissions.in_channel(guild, member, channel))}

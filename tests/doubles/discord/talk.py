"""Saying, changing, deleting, reacting, pinning: what bots and people do alike, and who is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.discord import permissions
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.limits import check_message, check_uploads, demand_something, too_many_old_edits
from tests.doubles.discord.looks import numbered
from tests.doubles.discord.places import channel_changed
from tests.doubles.discord.render import (
    channel_json,
    content_type_of,
    emoji_json,
    member_json,
    message_json,
)
from tests.doubles.discord.state import (
    COMPONENTS_V2,
    DEFAULT,
    LOADING,
    PIN,
    REPLY,
    SUPPRESS_EMBEDS,
    Channel,
    Event,
    Message,
    Poll,
    User,
    World,
)

NONCE_WINDOW = 300.0
"""Seconds in which the same nonce gives the same message. Discord says "a few minutes"."""
OLD, OLD_EDITS_WAIT = 3_600.0, 0.05
"""After so many seconds a message is old; the seconds to wait that are answered where too many of the old
were edited in an hour (Discord's are more, and a library tries again five times)."""
IN_GUILD = {"messages": 1 << 9, "reactions": 1 << 10, "polls": 1 << 24}
IN_DM = {"messages": 1 << 12, "reactions": 1 << 13, "polls": 1 << 25}


@dataclass(slots=True)
class Upload:
    """A file in a multipart body."""

    filename: str
    data: bytes
    content_type: str = ""


Uploads = dict[int, Upload]


def tell(world: World, name: str, message: Message, data: Json, kind: str = "messages") -> None:
    """Dispatch something about a message. Of an ephemeral one only its own bot hears, and without guild."""
    channel = message.channel
    if channel.guild_id and not message.ephemeral:
        data = {"guild_id": channel.guild_id, **data}
    intents = (IN_GUILD if channel.guild_id else IN_DM)[kind]
    only = message.application_id if message.ephemeral else None
    guild_id = channel.guild_id
    world.emit(Event(name, data, 0 if only else intents, guild_id, channel, only, message))


def whole(world: World, message: Message) -> Json:
    data = message_json(world, message)
    guild = world.guild_of(message.channel)
    if guild and not message.webhook_id and not message.ephemeral and message.author.id in guild.members:
        data["member"] = member_json(guild.members[message.author.id], user=False)
    if guild and not message.ephemeral:
        for mention in data["mentions"]:
            if mention["id"] in guild.members:
                mention["member"] = member_json(guild.members[mention["id"]], user=False)
    return {**data, "channel_type": message.channel.type}


def post(
    world: World, channel: Channel, author: User, body: Json, uploads: Uploads | None = None, **more: Any
) -> Message:
    """A new message, if it breaks no limit. `more` are further fields of Message."""
    uploads = uploads or {}
    check_uploads([len(upload.data) for upload in uploads.values()])
    check_message(body, files=len(uploads))
    if not more.get("flags", 0) & LOADING:
        demand_something(body, files=len(uploads))
    message = Message(world.clock.new_id(), channel, author, **{"at": world.clock.now(), **more})
    message.flags |= body.get("flags") or 0
    message.nonce = body.get("nonce")
    message.tts = bool(body.get("tts"))
    _refer(world, message, body.get("message_reference"))
    _fill(world, message, body, uploads)
    if body.get("poll"):
        message.poll = _poll(world, body["poll"])
    channel.messages[message.id] = message
    if channel.thread and channel.archived and not message.ephemeral:
        # Whatever is said in it opens it.
        channel.archived = False
        channel_changed(world, channel)
    if channel.private:
        _bring_in(world, channel, message)
    tell(world, "MESSAGE_CREATE", message, whole(world, message))
    world.bell.ring()
    return message


def _bring_in(world: World, thread: Channel, message: Message) -> None:
    """Whoever is named in a private thread is in it from then on, and a bot is told."""
    members = world.guild(thread.guild_id).members
    for user in message.mentions:
        if user.id in members and user.id not in thread.joined:
            thread.joined[user.id] = world.clock.now()
            if user.id in world.applications:
                world.emit(Event("THREAD_CREATE", channel_json(thread), 0, thread.guild_id, only=user.id))


def sent_before(world: World, channel: Channel, author: User, body: Json) -> Message | None:
    """The message that this nonce was sent with some minutes ago; 10008 where it was deleted since."""
    if body.get("nonce") is None or not body.get("enforce_nonce"):
        return None
    for message in reversed([*channel.deleted.values(), *channel.messages.values()]):
        if str(message.nonce) == str(body["nonce"]) and message.author.id == author.id:
            if world.clock.now() - message.at > NONCE_WINDOW:
                continue
            if message.deleted:
                raise refuse(10008)
            return message
    return None


def _fill(world: World, message: Message, body: Json, uploads: Uploads) -> None:
    """What both a new message and an edit may bring; what is not named stays."""
    if "content" in body:
        message.content = str(body["content"] or "").strip()
    if "embeds" in body:
        message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
    if "components" in body:
        message.components = numbered(list(body["components"] or []))
    described = {str(attachment.get("id")): attachment for attachment in body.get("attachments") or []}
    if "attachments" in body:
        message.attachments = [attachment for attachment in message.attachments if attachment.id in described]
    for number, upload in uploads.items():
        more = described.get(str(number), {})
        name = str(more.get("filename") or upload.filename)
        message.attachments.append(
            world.file(name, upload.data, content_type_of(name), more.get("description"))
        )
    _mention(world, message, body)


def _mention(world: World, message: Message, body: Json) -> None:
    """Whom the message pings: those named in it whom `allowed_mentions` lets it ping."""
    allowed = body.get("allowed_mentions")
    parse = ["users", "roles", "everyone"] if allowed is None else allowed.get("parse") or []
    named = dict.fromkeys(re.findall(r"<@!?(\d+)>", message.text))
    wanted = [
        user_id
        for user_id in named
        if "users" in parse or user_id in map(str, (allowed or {}).get("users") or [])
    ]
    message.mentions = [world.users[user_id] for user_id in wanted if user_id in world.users]
    if message.type == REPLY and (allowed is None or allowed.get("replied_user")):
        referred = message.channel.messages.get(str((message.reference or {}).get("message_id")))
        if referred and referred.author not in message.mentions:
            message.mentions.append(referred.author)
    message.rang += [user.id for user in message.mentions]
    guild = world.guild_of(message.channel)
    if not guild:
        return
    roles = dict.fromkeys(re.findall(r"<@&(\d+)>", message.text))
    wanted = [
        role_id
        for role_id in roles
        if "roles" in parse or role_id in map(str, (allowed or {}).get("roles") or [])
    ]
    message.mention_roles = [role_id for role_id in wanted if role_id in guild.roles]
    member = guild.members.get(message.author.id)
    may = permissions.may(guild, member, message.channel, "mention_everyone") or bool(message.webhook_id)
    message.mention_everyone = (
        may and "everyone" in parse and bool(re.search("@(everyone|here)", message.content))
    )
    message.rang += [*message.mention_roles, *(["everyone"] if message.mention_everyone else [])]


def _refer(world: World, message: Message, reference: Json | None) -> None:
    if not reference or not reference.get("message_id"):
        return
    referred = message.channel.messages.get(str(reference["message_id"]))
    if referred is None and reference.get("fail_if_not_exists", True):
        form = Form()
        form.say("REPLIES_UNKNOWN_MESSAGE", "Unknown message", "message_reference")
        form.check()
    message.reference = {
        "type": 0,
        "channel_id": message.channel.id,
        "message_id": str(reference["message_id"]),
    }
    if message.channel.guild_id:
        message.reference["guild_id"] = message.channel.guild_id
    message.type = REPLY if message.type == DEFAULT else message.type


def _poll(world: World, asked: Json) -> Poll:
    answers = {number: answer["poll_media"] for number, answer in enumerate(asked["answers"], 1)}
    hours = float(asked.get("duration") or 24)
    return Poll(
        question={"text": asked["question"]["text"]},
        answers=answers,
        expiry=world.clock.now() + hours * 3600,
        multiselect=bool(asked.get("allow_multiselect")),
        layout=asked.get("layout_type") or 1,
        votes={number: [] for number in answers},
    )


def edit(world: World, message: Message, body: Json, uploads: Uploads | None = None) -> None:
    """Change what is named in `body`. A message that was deferred is said by this."""
    uploads = uploads or {}
    if message.poll and not message.loading:
        raise refuse(520003)
    check_uploads([len(upload.data) for upload in uploads.values()])
    kept = [
        attachment
        for attachment in body.get("attachments") or []
        if any(str(attachment.get("id")) == old.id for old in message.attachments)
    ]
    check_message(body, files=len(uploads) + len(kept), v2=bool(message.flags & COMPONENTS_V2))
    if message.flags & COMPONENTS_V2 and "flags" in body and not (body["flags"] or 0) & COMPONENTS_V2:
        form = Form()
        form.say(
            "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "The IS_COMPONENTS_V2 flag cannot be removed", "flags"
        )
        form.check()
    _demand_something_left(message, body, uploads)
    if not message.ephemeral and world.clock.now() - message.at > OLD:
        _demand_few_old_edits(world, message.channel)
    deferred, message.flags = message.loading, message.flags & ~LOADING
    if "flags" in body:
        settable = SUPPRESS_EMBEDS | COMPONENTS_V2
        message.flags = message.flags & ~SUPPRESS_EMBEDS | (body["flags"] or 0) & settable
    _fill(world, message, body, uploads)
    if body.get("poll") and deferred:
        message.poll = _poll(world, body["poll"])
    if not deferred:
        message.edits += 1
        message.edited_at = world.clock.now()
    tell(world, "MESSAGE_UPDATE", message, whole(world, message))
    world.bell.ring()


def _demand_something_left(message: Message, body: Json, uploads: Uploads) -> None:
    left: Json = {
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
        "poll": body.get("poll") or message.poll,
    }
    left |= {key: body[key] for key in left if key in body and key != "poll"}
    demand_something(left, files=len(uploads))


def _demand_few_old_edits(world: World, channel: Channel) -> None:
    now = world.clock.now()
    done = [at for at in world.old_edits.get(channel.id, []) if now - at < OLD]
    if len(done) >= world.old_edits_allowed:
        raise too_many_old_edits(OLD_EDITS_WAIT)
    world.old_edits[channel.id] = [*done, now]


def preview(world: World, message: Message, url: str) -> None:
    """Discord found what a link leads to: the message changes, and nobody changed it."""
    message.embeds = [{"type": "link", "url": url, "title": "Preview"}]
    tell(world, "MESSAGE_UPDATE", message, whole(world, message))


def delete(world: World, message: Message) -> None:
    """Take a message away, from pins too."""
    _take_away(message)
    tell(world, "MESSAGE_DELETE", message, {"id": message.id, "channel_id": message.channel.id})
    world.bell.ring()


def delete_many(world: World, channel: Channel, messages: Sequence[Message]) -> None:
    """Take them away at once, of which is told once."""
    for message in messages:
        _take_away(message)
    data: Json = {"ids": [message.id for message in messages], "channel_id": channel.id}
    data |= {"guild_id": channel.guild_id} if channel.guild_id else {}
    intents = (IN_GUILD if channel.guild_id else IN_DM)["messages"]
    world.emit(Event("MESSAGE_DELETE_BULK", data, intents, channel.guild_id, channel))
    world.bell.ring()


def _take_away(message: Message) -> None:
    message.deleted = True
    message.channel.messages.pop(message.id, None)
    message.channel.deleted[message.id] = message
    message.channel.pins.pop(message.id, None)


def react(world: World, message: Message, user: User, emoji: str) -> None:
    """Add somebody's reaction; again the same is nothing new."""
    users = message.reactions.get(emoji)
    if user.id in message.author.blocked:
        raise refuse(90001)
    if users is None:
        if len([key for key, by in message.reactions.items() if by]) >= 20:
            raise refuse(30010)
        users = message.reactions[emoji] = []
    if user.id in users:
        return
    users.append(user.id)
    data = _reaction(message, user, emoji) | {"message_author_id": message.author.id}
    guild = world.guild_of(message.channel)
    if guild and user.id in guild.members:
        data["member"] = member_json(guild.members[user.id])
    tell(world, "MESSAGE_REACTION_ADD", message, data, "reactions")
    world.bell.ring()


def unreact(world: World, message: Message, user: User, emoji: str) -> None:
    """Take somebody's reaction back."""
    users = message.reactions.get(emoji, [])
    if user.id in users:
        users.remove(user.id)
        if not users:
            del message.reactions[emoji]
        tell(world, "MESSAGE_REACTION_REMOVE", message, _reaction(message, user, emoji), "reactions")
        world.bell.ring()


def clear_reactions(world: World, message: Message, emoji: str | None = None) -> None:
    """Take away everybody's, or everybody's with that sign: of which is told once, and of nobody by name."""
    if not (message.reactions if emoji is None else message.reactions.get(emoji)):
        return
    data: Json = {"channel_id": message.channel.id, "message_id": message.id}
    if emoji is None:
        message.reactions.clear()
        tell(world, "MESSAGE_REACTION_REMOVE_ALL", message, data, "reactions")
    else:
        del message.reactions[emoji]
        more = {"emoji": emoji_json(emoji)}
        tell(world, "MESSAGE_REACTION_REMOVE_EMOJI", message, data | more, "reactions")
    world.bell.ring()


def _reaction(message: Message, user: User, emoji: str) -> Json:
    return {
        "user_id": user.id,
        "channel_id": message.channel.id,
        "message_id": message.id,
        "emoji": emoji_json(emoji),
        "burst": False,
        "type": 0,
    }


def pin(world: World, message: Message, by: User) -> None:
    """Pin it, and say so in the channel."""
    if message.pinned:
        return
    if len(message.channel.pins) >= 250:
        raise refuse(30003)
    message.channel.pins[message.id] = world.clock.now()
    _pins_changed(world, message)
    notice = Message(world.clock.new_id(), message.channel, by, type=PIN, at=world.clock.now())
    notice.reference = {"type": 0, "channel_id": message.channel.id, "message_id": message.id}
    message.channel.messages[notice.id] = notice
    tell(world, "MESSAGE_CREATE", notice, whole(world, notice))
    world.bell.ring()


def unpin(world: World, message: Message) -> None:
    if message.channel.pins.pop(message.id, None) is not None:
        _pins_changed(world, message)


def _pins_changed(world: World, message: Message) -> None:
    data: Json = {"channel_id": message.channel.id, "last_pin_timestamp": None}
    if message.channel.guild_id:
        data["guild_id"] = message.channel.guild_id
    world.emit(Event("CHANNEL_PINS_UPDATE", data, 1, message.channel.guild_id, message.channel))
    tell(world, "MESSAGE_UPDATE", message, whole(world, message))


def type_in(world: World, channel: Channel, user: User) -> None:
    """ "... is typing"."""
    data: Json = {"channel_id": channel.id, "user_id": user.id, "timestamp": int(world.clock.now())}
    if channel.guild_id:
        data["guild_id"] = channel.guild_id
        guild = world.guild(channel.guild_id)
        if user.id in guild.members:
            data["member"] = member_json(guild.members[user.id])
    world.emit(
        Event("TYPING_START", data, 1 << 11 if channel.guild_id else 1 << 14, channel.guild_id, channel)
    )


def open_dm(world: World, user: User, other: User) -> Channel:
    """Their direct message; bots hear of a new one."""
    known = len(world.dms)
    channel = world.dm(user, other)
    if len(world.dms) > known:
        for recipient in (user, other):
            if recipient.bot:
                world.emit(
                    Event(
                        "CHANNEL_CREATE",
                        channel_json(channel, recipient),
                        0,
                        None,
                        channel,
                        only=recipient.id,
                    )
                )
    return channel

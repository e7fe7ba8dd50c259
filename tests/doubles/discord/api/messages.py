"""Messages: sent, read, changed and deleted."""

from __future__ import annotations

from itertools import islice

from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.gateway import content_shown, without_content
from tests.doubles.discord.render import message_json
from tests.doubles.discord.state import EPHEMERAL, Channel, Message
from tests.doubles.discord.talk import delete, delete_many, edit, post, sent_before, type_in

PLACES = "/channels/{channel_id}/messages"
ONE = "/channels/{channel_id}/messages/{message_id}"
TWO_WEEKS = 14 * 24 * 3600


def shown(ask: Ask, message: Message) -> Json:
    """A message as this bot may read it."""
    found = message_json(ask.world, message, ask.bot.user)
    if ask.bot.privileged & 1 << 15 or message.channel.guild_id is None or content_shown(ask.bot, found):
        return found
    return without_content(found)


@route("POST", PLACES)
def send(ask: Ask) -> Answer:
    channel = ask.channel()
    _may_send(ask, channel)
    before = sent_before(ask.world, channel, ask.bot.user, ask.json)
    if before:
        return shown(ask, before)
    # A flag that only answers to interactions can have is left out, as Discord does.
    body = {**ask.json, "flags": (ask.json.get("flags") or 0) & ~EPHEMERAL}
    return shown(ask, post(ask.world, channel, ask.bot.user, body, ask.uploads))


def _may_send(ask: Ask, channel: Channel) -> None:
    if not channel.talkative:
        raise refuse(50008)
    if channel.guild_id is None:
        if any(not recipient.dms for recipient in channel.recipients if recipient is not ask.bot.user):
            raise refuse(50007)
        people = {recipient.id for recipient in channel.recipients}
        if not any(people <= guild.members.keys() for guild in ask.world.guilds.values()):
            raise refuse(50278)
        return
    if channel.thread and channel.locked and not ask.may(channel, "manage_threads"):
        raise refuse(50083 if channel.archived else 160005)
    needs = ["send_messages_in_threads" if channel.thread else "send_messages"]
    if ask.json.get("embeds"):
        needs.append("embed_links")
    if ask.uploads:
        needs.append("attach_files")
    if ask.json.get("poll"):
        needs.append("send_polls")
    if ask.json.get("message_reference"):
        needs.append("read_message_history")
    if not ask.may(channel, *needs):
        raise refuse(50013)


@route("GET", PLACES)
def history(ask: Ask) -> Answer:
    channel = ask.channel()
    if not ask.may(channel, "read_message_history"):
        return []
    messages = [message for message in channel.messages.values() if not message.only_for]
    limit = int(ask.query.get("limit") or 50)
    form = Form()
    form.number(limit, 1, 100, "limit")
    form.check()
    if "after" in ask.query:
        later = [message for message in messages if int(message.id) > int(ask.query["after"])]
        return [shown(ask, message) for message in reversed(later[:limit])]
    if "around" in ask.query:
        near = sorted(messages, key=lambda message: abs(int(message.id) - int(ask.query["around"])))[:limit]
        messages = sorted(near, key=lambda message: int(message.id))
    if "before" in ask.query:
        messages = [message for message in messages if int(message.id) < int(ask.query["before"])]
    return [shown(ask, message) for message in islice(reversed(messages), limit)]


@route("GET", ONE)
def get(ask: Ask) -> Answer:
    return shown(ask, ask.message())


@route("PATCH", ONE)
def change(ask: Ask) -> Answer:
    message = ask.message()
    if message.author is not ask.bot.user or message.shown_as:
        raise refuse(50005)
    if message.channel.thread and message.channel.archived:
        raise refuse(50083)
    edit(ask.world, message, ask.json, ask.uploads)
    return shown(ask, message)


@route("DELETE", ONE)
def remove(ask: Ask) -> Answer:
    channel = ask.channel()
    message = channel.messages.get(ask.params["message_id"])
    if message is None or message.only_for:
        raise refuse(10008)
    if message.author is not ask.bot.user:
        if channel.guild_id is None:
            raise refuse(50003)
        if not ask.may(channel, "manage_messages"):
            raise refuse(50013)
    delete(ask.world, message)


@route("POST", "/channels/{channel_id}/messages/bulk-delete")
def remove_many(ask: Ask) -> Answer:
    channel = ask.channel("manage_messages")
    ids = list(map(str, ask.json.get("messages") or []))
    if not 2 <= len(ids) <= 100:
        raise refuse(50016)
    if any(ask.world.age(message_id) > TWO_WEEKS for message_id in ids):
        raise refuse(50034)
    delete_many(
        ask.world,
        channel,
        [channel.messages[message_id] for message_id in ids if message_id in channel.messages],
    )


@route("POST", "/channels/{channel_id}/messages/{message_id}/crosspost")
def crosspost(ask: Ask) -> Answer:
    return shown(ask, ask.message("send_messages"))


@route("POST", "/channels/{channel_id}/typing")
def typing(ask: Ask) -> Answer:
    type_in(ask.world, ask.channel("send_messages"), ask.bot.user)

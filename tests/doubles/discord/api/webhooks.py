"""Webhooks, a channel's own and those that interactions bring."""

from __future__ import annotations

import secrets

from tests.doubles.discord import interactions as life
from tests.doubles.discord.api import interactions
from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Form, refuse
from tests.doubles.discord.limits import check_author, check_webhook_name
from tests.doubles.discord.render import message_json, webhook_json
from tests.doubles.discord.state import FORUM, Channel, Event, Message, Webhook
from tests.doubles.discord.talk import delete, edit, post

TOKEN = "/webhooks/{webhook_id}/{webhook_token}"
MESSAGE = TOKEN + "/messages/{message_id}"
MOST = 15


def _told(ask: Ask, channel_id: str, guild_id: str) -> None:
    channel = ask.world.channel(channel_id)
    data = {"channel_id": channel_id, "guild_id": guild_id}
    ask.world.emit(Event("WEBHOOKS_UPDATE", data, 1 << 5, guild_id, channel))


@route("POST", "/channels/{channel_id}/webhooks")
def create(ask: Ask) -> Answer:
    channel = ask.channel("manage_webhooks")
    if channel.guild_id is None:
        raise refuse(50003)
    form = Form()
    check_webhook_name(form, ask.json.get("name"))
    form.check()
    if len([webhook for webhook in ask.world.webhooks.values() if webhook.channel_id == channel.id]) >= MOST:
        raise refuse(30007)
    made = Webhook(
        ask.world.clock.new_id(),
        secrets.token_urlsafe(48),
        channel.id,
        channel.guild_id,
        str(ask.json["name"]),
        ask.bot.user,
        ask.bot.id,
    )
    ask.world.webhooks[made.id] = made
    _told(ask, channel.id, channel.guild_id)
    return webhook_json(made)


@route("GET", "/channels/{channel_id}/webhooks")
def of_channel(ask: Ask) -> Answer:
    channel = ask.channel("manage_webhooks")
    return [
        _shown(ask, webhook) for webhook in ask.world.webhooks.values() if webhook.channel_id == channel.id
    ]


def _shown(ask: Ask, webhook: Webhook) -> Answer:
    """What another application said it with is not told."""
    found = webhook_json(webhook)
    if webhook.application_id not in ("", ask.bot.id):
        del found["token"]
    return found


@route("GET", "/guilds/{guild_id}/webhooks")
def of_guild(ask: Ask) -> Answer:
    guild = ask.guild("manage_webhooks")
    return [_shown(ask, webhook) for webhook in ask.world.webhooks.values() if webhook.guild_id == guild.id]


def _webhook(ask: Ask) -> Webhook:
    found = ask.world.webhooks.get(ask.params["webhook_id"])
    if found is None:
        raise refuse(10015)
    if "webhook_token" in ask.params and found.token != ask.params["webhook_token"]:
        raise refuse(50027)
    return found


@route("GET", TOKEN, open=True)
@route("GET", "/webhooks/{webhook_id}")
def get(ask: Ask) -> Answer:
    return webhook_json(_webhook(ask))


@route("PATCH", TOKEN, open=True)
@route("PATCH", "/webhooks/{webhook_id}")
def change(ask: Ask) -> Answer:
    found = _webhook(ask)
    if "name" in ask.json:
        form = Form()
        check_webhook_name(form, ask.json["name"])
        form.check()
        found.name = str(ask.json["name"])
    if ask.json.get("channel_id"):
        found.channel_id = ask.world.channel(str(ask.json["channel_id"])).id
    return webhook_json(found)


@route("DELETE", TOKEN, open=True)
@route("DELETE", "/webhooks/{webhook_id}")
def remove(ask: Ask) -> Answer:
    found = _webhook(ask)
    del ask.world.webhooks[found.id]
    _told(ask, found.channel_id, found.guild_id)


@route("POST", TOKEN, open=True)
def say(ask: Ask) -> Answer:
    interaction = ask.world.by_token.get(ask.params["webhook_token"])
    if interaction:
        return interactions.follow_up(ask, interaction)
    found = _webhook(ask)
    check_author(ask.json)
    shown_as = str(ask.json.get("username") or found.name)
    message = post(
        ask.world,
        _open(_place(ask, found), to_say=True),
        found.user,
        ask.json,
        ask.uploads,
        webhook_id=found.id,
        application_id=found.application_id,
        shown_as=shown_as,
        shown_avatar=ask.json.get("avatar_url") or found.avatar,
    )
    if ask.query.get("wait", "").lower() in ("1", "true"):
        return message_json(ask.world, message)
    return None


def _place(ask: Ask, webhook: Webhook) -> Channel:
    if "thread_id" not in ask.query:
        channel = ask.world.channel(webhook.channel_id)
        if channel.type == FORUM and "message_id" not in ask.params:
            raise refuse(220001)
        return channel
    thread = ask.world.channel(ask.query["thread_id"])
    if thread.parent_id != webhook.channel_id:
        raise refuse(10003)
    return thread


def _open(thread: Channel, *, to_say: bool) -> Channel:
    """What is said in a thread that was put away opens it, unless it is locked."""
    if thread.thread and to_say and thread.locked:
        raise refuse(50083 if thread.archived else 160005)
    if thread.thread and not to_say and thread.archived:
        raise refuse(50083)
    return thread


def _message(ask: Ask) -> Message:
    interaction = ask.world.by_token.get(ask.params["webhook_token"])
    if interaction:
        return interactions.message_of(ask, interaction)
    found = _webhook(ask)
    message = _place(ask, found).messages.get(ask.params["message_id"])
    if message is None or message.webhook_id != found.id:
        raise refuse(10008)
    return message


@route("GET", MESSAGE, open=True)
def read(ask: Ask) -> Answer:
    return message_json(ask.world, _message(ask))


@route("PATCH", MESSAGE, open=True)
def change_message(ask: Ask) -> Answer:
    message, interaction = _message(ask), ask.world.by_token.get(ask.params["webhook_token"])
    if interaction:
        life.change(ask.world, interaction, message, ask.json, ask.uploads)
    else:
        _open(message.channel, to_say=False)
        edit(ask.world, message, ask.json, ask.uploads)
    return message_json(ask.world, message)


@route("DELETE", MESSAGE, open=True)
def remove_message(ask: Ask) -> Answer:
    delete(ask.world, _message(ask))

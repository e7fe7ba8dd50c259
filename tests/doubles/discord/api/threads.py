"""Threads, as far as a bot needs them."""

from __future__ import annotations

from tests.doubles.discord import places
from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.clock import iso
from tests.doubles.discord.errors import Form, refuse
from tests.doubles.discord.render import channel_json, message_json
from tests.doubles.discord.state import FORUM, PRIVATE_THREAD, THREAD, Channel
from tests.doubles.discord.talk import post

# So many threads of a server can be open at a time.
MOST_ACTIVE = 1000


@route("POST", "/channels/{channel_id}/threads")
def begin(ask: Ask) -> Answer:
    if ask.channel().type == FORUM:
        return _post(ask, ask.channel("send_messages"))
    type = int(ask.json.get("type") or PRIVATE_THREAD)
    channel = ask.channel("create_private_threads" if type == PRIVATE_THREAD else "create_public_threads")
    return 201, channel_json(_begin(ask, channel, type, ask.world.clock.new_id()))


def _post(ask: Ask, forum: Channel) -> Answer:
    """A post begins with a message, which has its id."""
    first = ask.json.get("message")
    if not isinstance(first, dict):
        raise refuse(220001)
    if forum.demands_tag and not ask.json.get("applied_tags"):
        raise refuse(40067)
    thread = _begin(ask, forum, THREAD, ask.world.clock.new_id())
    said = post(ask.world, thread, ask.bot.user, first)
    del thread.messages[said.id]
    said.id = thread.id
    thread.messages[said.id] = said
    return 201, channel_json(thread) | {"message": message_json(ask.world, said, ask.bot.user)}


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def begin_at(ask: Ask) -> Answer:
    message = ask.message("create_public_threads")
    if message.thread_id:
        raise refuse(160004)
    message.thread_id = message.id
    return 201, channel_json(_begin(ask, message.channel, THREAD, message.id))


def _begin(ask: Ask, parent: Channel, type: int, thread_id: str) -> Channel:
    if parent.guild_id is None or parent.thread:
        raise refuse(50024)
    form = Form()
    if not ask.json.get("name"):
        form.required("name")
    form.length(ask.json.get("name"), 100, "name")
    form.check()
    threads = ask.world.guild(parent.guild_id).channels.values()
    if sum(thread.thread and not thread.archived for thread in threads) >= MOST_ACTIVE:
        raise refuse(160006)
    thread = Channel(
        thread_id, type, str(ask.json["name"]), parent.guild_id, parent.id, owner_id=ask.bot.user.id
    )
    thread.joined[ask.bot.user.id] = ask.world.clock.now()
    places.add_channel(ask.world, thread)
    return thread


def _thread(ask: Ask) -> Channel:
    channel = ask.channel()
    if not channel.thread:
        raise refuse(50024)
    return channel


@route("GET", "/channels/{channel_id}/thread-members")
def members(ask: Ask) -> Answer:
    if not ask.bot.privileged & places.MEMBERS:
        raise refuse(50001)
    thread = _thread(ask)
    return [
        {"id": thread.id, "user_id": user_id, "join_timestamp": iso(at), "flags": 0}
        for user_id, at in thread.joined.items()
    ]


@route("GET", "/channels/{channel_id}/thread-members/{user_id}")
def member(ask: Ask) -> Answer:
    thread, user_id = _thread(ask), ask.params["user_id"]
    if user_id not in thread.joined:
        raise refuse(10013)
    return {"id": thread.id, "user_id": user_id, "join_timestamp": iso(thread.joined[user_id]), "flags": 0}


@route("PUT", "/channels/{channel_id}/thread-members/@me")
def join(ask: Ask) -> Answer:
    _thread(ask).joined[ask.bot.user.id] = ask.world.clock.now()


@route("DELETE", "/channels/{channel_id}/thread-members/@me")
def leave(ask: Ask) -> Answer:
    _thread(ask).joined.pop(ask.bot.user.id, None)


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add(ask: Ask) -> Answer:
    if ask.params["user_id"] not in ask.world.users:
        raise refuse(10013)
    places.joins_thread(ask.world, _thread(ask), ask.params["user_id"])


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def put_out(ask: Ask) -> Answer:
    thread = _thread(ask)
    if not ask.may(thread, "manage_threads"):
        raise refuse(50013)
    if not places.leaves_thread(ask.world, thread, ask.params["user_id"]):
        raise refuse(10007)


@route("GET", "/channels/{channel_id}/threads/archived/public")
def archived(ask: Ask) -> Answer:
    parent = ask.channel()
    guild = ask.world.guild(parent.guild_id)
    put_away = [
        thread for thread in guild.channels.values() if thread.parent_id == parent.id and thread.archived
    ]
    return {
        "threads": [channel_json(thread) for thread in put_away if thread.thread and not thread.private],
        "members": [],
        "has_more": False,
    }


@route("GET", "/guilds/{guild_id}/threads/active")
def active(ask: Ask) -> Answer:
    threads = [thread for thread in ask.guild().channels.values() if thread.thread and not thread.archived]
    return {"threads": [channel_json(thread) for thread in threads], "members": []}

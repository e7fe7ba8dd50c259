"""Reactions, pins, and the answers of polls."""

from __future__ import annotations

from tests.doubles.discord.api.messages import shown
from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.clock import iso
from tests.doubles.discord.errors import refuse
from tests.doubles.discord.polls import end
from tests.doubles.discord.render import user_json
from tests.doubles.discord.talk import clear_reactions, pin, react, unpin, unreact

REACTIONS = "/channels/{channel_id}/messages/{message_id}/reactions"
EMOJI = REACTIONS + "/{emoji_name}"
PINS = "/channels/{channel_id}/messages/pins"


def _emoji(ask: Ask) -> str:
    found = ask.params["emoji_name"]
    name, _, number = found.partition(":")
    own = any(guild.emoji.get(name) == number for guild in ask.world.guilds.values())
    if not own and (number or any(each.isalpha() for each in found)):
        raise refuse(10014)
    return found


@route("PUT", EMOJI + "/@me")
def add(ask: Ask) -> Answer:
    message, emoji = ask.message(), _emoji(ask)
    if emoji not in message.reactions and not ask.may(message.channel, "add_reactions"):
        raise refuse(50013)
    react(ask.world, message, ask.bot.user, emoji)


@route("DELETE", EMOJI + "/@me")
def take_mine(ask: Ask) -> Answer:
    unreact(ask.world, ask.message(), ask.bot.user, _emoji(ask))


@route("DELETE", EMOJI + "/{user_id}")
def take(ask: Ask) -> Answer:
    message = ask.message("manage_messages")
    user = ask.world.users.get(ask.params["user_id"])
    if user is None:
        raise refuse(10013)
    unreact(ask.world, message, user, _emoji(ask))


@route("DELETE", REACTIONS)
def clear(ask: Ask) -> Answer:
    clear_reactions(ask.world, ask.message("manage_messages"))


@route("DELETE", EMOJI)
def clear_one(ask: Ask) -> Answer:
    clear_reactions(ask.world, ask.message("manage_messages"), _emoji(ask))


@route("GET", EMOJI)
def who(ask: Ask) -> Answer:
    users = ask.message().reactions.get(_emoji(ask), [])
    after = int(ask.query.get("after") or 0)
    found = sorted((user_id for user_id in users if int(user_id) > after), key=int)
    return [user_json(ask.world.users[user_id]) for user_id in found[: int(ask.query.get("limit") or 25)]]


@route("GET", PINS)
def pinned(ask: Ask) -> Answer:
    channel = ask.channel("read_message_history")
    newest = sorted(channel.pins.items(), key=lambda pin: pin[1], reverse=True)
    items = [
        {"message": shown(ask, channel.messages[message_id]), "pinned_at": iso(at)}
        for message_id, at in newest
    ]
    limit = int(ask.query.get("limit") or 50)
    return {"items": items[:limit], "has_more": len(items) > limit}


@route("GET", "/channels/{channel_id}/pins")
def pinned_formerly(ask: Ask) -> Answer:
    return [item["message"] for item in pinned(ask)["items"]]


@route("PUT", PINS + "/{message_id}")
def pin_it(ask: Ask) -> Answer:
    pin(ask.world, ask.message("pin_messages"), ask.bot.user)


@route("DELETE", PINS + "/{message_id}")
def unpin_it(ask: Ask) -> Answer:
    unpin(ask.world, ask.message("pin_messages"))


route("PUT", "/channels/{channel_id}/pins/{message_id}")(pin_it)
route("DELETE", "/channels/{channel_id}/pins/{message_id}")(unpin_it)


@route("GET", "/channels/{channel_id}/polls/{message_id}/answers/{answer_id}")
def voters(ask: Ask) -> Answer:
    message = ask.message()
    users = message.poll.votes.get(int(ask.params["answer_id"])) if message.poll else None
    if users is None:
        raise refuse(10008)
    after = int(ask.query.get("after") or 0)
    found = sorted((user_id for user_id in users if int(user_id) > after), key=int)
    return {
        "users": [
            user_json(ask.world.users[user_id]) for user_id in found[: int(ask.query.get("limit") or 25)]
        ]
    }


@route("POST", "/channels/{channel_id}/polls/{message_id}/expire")
def expire(ask: Ask) -> Answer:
    message = ask.message()
    if message.poll is None:
        raise refuse(520006)
    if message.author is not ask.bot.user:
        raise refuse(50005)
    if message.poll.finalized:
        raise refuse(520001)
    end(ask.world, message)
    return shown(ask, message)

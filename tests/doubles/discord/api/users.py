"""Who the bot is, and whom it knows."""

from __future__ import annotations

from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Form, refuse
from tests.doubles.discord.render import application_json, channel_json, user_json
from tests.doubles.discord.talk import open_dm


@route("GET", "/users/@me")
def get_me(ask: Ask) -> Answer:
    return {**user_json(ask.bot.user), "verified": True, "mfa_enabled": True, "locale": "en-US", "flags": 0}


@route("PATCH", "/users/@me")
def rename_me(ask: Ask) -> Answer:
    ask.bot.user.name = str(ask.json.get("username") or ask.bot.user.name)
    return get_me(ask)


@route("GET", "/oauth2/applications/@me")
def get_application(ask: Ask) -> Answer:
    return application_json(ask.bot)


@route("GET", "/applications/@me")
def get_my_application(ask: Ask) -> Answer:
    return application_json(ask.bot)


@route("GET", "/users/@me/guilds")
def my_guilds(ask: Ask) -> Answer:
    mine = [guild for guild in ask.world.guilds.values() if ask.bot.user.id in guild.members]
    return [
        {"id": guild.id, "name": guild.name, "icon": None, "owner": False, "permissions": "0", "features": []}
        for guild in mine
    ]


@route("GET", "/users/{user_id}")
def get_user(ask: Ask) -> Answer:
    found = ask.world.users.get(ask.params["user_id"])
    if found is None:
        raise refuse(10013)
    return user_json(found)


@route("POST", "/users/@me/channels")
def write_to(ask: Ask) -> Answer:
    form = Form()
    if not ask.json.get("recipient_id"):
        form.required("recipient_id")
    form.check()
    user = ask.world.users.get(str(ask.json["recipient_id"]))
    if user is None:
        raise refuse(10013)
    if user.bot:
        raise refuse(50007)
    return channel_json(open_dm(ask.world, ask.bot.user, user), ask.bot.user)


@route("GET", "/gateway", open=True)
def gateway(ask: Ask) -> Answer:
    return {"url": "wss://gateway.discord.gg"}


@route("GET", "/gateway/bot")
def gateway_of_bot(ask: Ask) -> Answer:
    limit = {"total": 1_000, "remaining": ask.bot.identifies, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": "wss://gateway.discord.gg", "shards": 1, "session_start_limit": limit}

"""Guilds: their channels, members and roles."""

from __future__ import annotations

from tests.doubles.discord import permissions, places
from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.render import channel_json, guild_json, member_json, role_json, user_json
from tests.doubles.discord.state import FORUM, TEXT, Channel, Guild, Member, Overwrite, Role

MEMBER = "/guilds/{guild_id}/members/{user_id}"
CHANNEL = "/channels/{channel_id}"
ROLE = "/guilds/{guild_id}/roles/{role_id}"
MOST_CHANNELS, MOST_IN_CATEGORY, MOST_OVERWRITES = 500, 50, 1000


@route("GET", "/guilds/{guild_id}")
def get(ask: Ask) -> Answer:
    guild = ask.guild()
    counts = (
        {"approximate_member_count": len(guild.members)}
        if ask.query.get("with_counts") in ("1", "true")
        else {}
    )
    return guild_json(guild) | counts


@route("GET", "/guilds/{guild_id}/channels")
def channels(ask: Ask) -> Answer:
    return [channel_json(channel) for channel in ask.guild().channels.values() if not channel.thread]


@route("POST", "/guilds/{guild_id}/channels")
def open_channel(ask: Ask) -> Answer:
    guild = ask.guild("manage_channels")
    if sum(not channel.thread for channel in guild.channels.values()) >= MOST_CHANNELS:
        raise refuse(30013)
    form = Form()
    if not ask.json.get("name"):
        form.required("name")
    _check_channel(form, guild, ask.json)
    parent = str(ask.json.get("parent_id"))
    if sum(channel.parent_id == parent for channel in guild.channels.values()) >= MOST_IN_CATEGORY:
        words = f"Maximum number of channels in category reached ({MOST_IN_CATEGORY})"
        form.say("CHANNEL_PARENT_MAX_CHANNELS", words, "parent_id")
    form.check()
    _demand_own(ask, guild, ask.json.get("permission_overwrites") or [])
    channel = Channel(ask.world.clock.new_id(), int(ask.json.get("type") or 0), guild_id=guild.id)
    channel.position = len(guild.channels)
    _shape(channel, ask.json)
    places.add_channel(ask.world, channel)
    return 201, channel_json(channel)


def _check_channel(form: Form, guild: Guild, body: Json) -> None:
    form.length(body.get("name"), 100, "name", least=1)
    form.length(body.get("topic"), 1_024, "topic")
    form.number(body.get("rate_limit_per_user"), 0, 21_600, "rate_limit_per_user")
    parent = body.get("parent_id")
    if parent is not None and str(parent) not in guild.channels:
        form.say("CHANNEL_PARENT_INVALID", "Category does not exist", "parent_id")


def _demand_own(ask: Ask, guild: Guild, overwrites: list[Json]) -> None:
    """Nobody gives or takes what they do not have."""
    mine = permissions.in_guild(guild, guild.members[ask.bot.user.id])
    for overwrite in overwrites:
        asked = int(overwrite.get("allow") or 0) | int(overwrite.get("deny") or 0)
        if asked & ~mine or not mine & permissions.BITS["manage_roles"]:
            raise refuse(50013)


def _shape(channel: Channel, body: Json) -> None:
    channel.name = str(body.get("name", channel.name))
    if channel.type in (TEXT, FORUM):
        channel.name = channel.name.strip().lower().replace(" ", "-")
    channel.topic = body.get("topic", channel.topic)
    channel.nsfw = bool(body.get("nsfw", channel.nsfw))
    channel.slowmode = int(body.get("rate_limit_per_user") or 0)
    channel.position = int(body.get("position") or channel.position)
    if "parent_id" in body:
        channel.parent_id = str(body["parent_id"]) if body["parent_id"] else None
    if "permission_overwrites" in body:
        channel.overwrites = {
            str(overwrite["id"]): Overwrite(
                str(overwrite["id"]),
                int(overwrite["type"]),
                int(overwrite.get("allow") or 0),
                int(overwrite.get("deny") or 0),
            )
            for overwrite in body["permission_overwrites"] or []
        }


@route("GET", CHANNEL)
def get_channel(ask: Ask) -> Answer:
    return channel_json(ask.channel(), ask.bot.user)


@route("PATCH", CHANNEL)
def change_channel(ask: Ask) -> Answer:
    channel = ask.channel()
    guild = ask.world.guild_of(channel)
    if guild is None:
        raise refuse(50003)
    needed = ["manage_threads" if channel.thread else "manage_channels"]
    if channel.thread and ask.json == {"archived": False} and not channel.locked:
        # Whoever may speak in it opens it.
        needed = ["send_messages_in_threads"]
    needed += ["manage_roles"] if "permission_overwrites" in ask.json else []
    if not all(ask.may(channel, name) for name in needed):
        raise refuse(50013)
    form = Form()
    _check_channel(form, guild, ask.json)
    form.check()
    if channel.thread:
        channel.name = str(ask.json.get("name", channel.name))
        channel.archived = bool(ask.json.get("archived", channel.archived))
        channel.locked = bool(ask.json.get("locked", channel.locked))
    else:
        _demand_own(ask, guild, ask.json.get("permission_overwrites") or [])
        _shape(channel, ask.json)
    places.channel_changed(ask.world, channel)
    return channel_json(channel)


@route("DELETE", CHANNEL)
def close_channel(ask: Ask) -> Answer:
    channel = ask.channel()
    if channel.guild_id is None:
        return channel_json(channel, ask.bot.user)
    if not ask.may(channel, "manage_threads" if channel.thread else "manage_channels"):
        raise refuse(50013)
    places.remove_channel(ask.world, channel)
    return channel_json(channel)


@route("PUT", "/channels/{channel_id}/permissions/{overwrite_id}")
def overwrite(ask: Ask) -> Answer:
    channel = ask.channel("manage_roles")
    guild = ask.world.guild_of(channel)
    if guild is None:
        raise refuse(50003)
    form = Form()
    form.choice(ask.json.get("type"), (0, 1), "type")
    form.check()
    _demand_own(ask, guild, [ask.json])
    about = ask.params["overwrite_id"]
    given = Overwrite(
        about, int(ask.json["type"]), int(ask.json.get("allow") or 0), int(ask.json.get("deny") or 0)
    )
    if about not in channel.overwrites and len(channel.overwrites) >= MOST_OVERWRITES:
        raise refuse(30060)
    channel.overwrites[about] = given
    places.channel_changed(ask.world, channel)


@route("DELETE", "/channels/{channel_id}/permissions/{overwrite_id}")
def take_overwrite(ask: Ask) -> Answer:
    channel = ask.channel("manage_roles")
    if channel.overwrites.pop(ask.params["overwrite_id"], None) is None:
        raise refuse(10009)
    places.channel_changed(ask.world, channel)


# Members


def _member(ask: Ask, guild: Guild) -> Member:
    found = guild.members.get(ask.params["user_id"])
    if found is None:
        raise refuse(10007 if ask.params["user_id"] in ask.world.users else 10013)
    return found


@route("GET", "/guilds/{guild_id}/members")
def members(ask: Ask) -> Answer:
    if not ask.bot.privileged & 1 << 1:
        raise refuse(50001)
    after = int(ask.query.get("after") or 0)
    found = sorted(
        (member for member in ask.guild().members.values() if int(member.user.id) > after),
        key=lambda m: int(m.user.id),
    )
    return [member_json(member) for member in found[: int(ask.query.get("limit") or 1)]]


@route("GET", "/guilds/{guild_id}/members/search")
def search(ask: Ask) -> Answer:
    words = ask.query.get("query", "").lower()
    found = [
        member
        for member in ask.guild().members.values()
        if (member.nick or member.user.name).lower().startswith(words)
    ]
    return [member_json(member) for member in found[: int(ask.query.get("limit") or 1)]]


@route("GET", MEMBER)
def member(ask: Ask) -> Answer:
    return member_json(_member(ask, ask.guild()))


@route("PATCH", MEMBER)
def change_member(ask: Ask) -> Answer:
    guild = ask.guild()
    found = _member(ask, guild)
    if "roles" in ask.json:
        permissions.demand_in_guild(guild, ask.me, "manage_roles")
        wanted = list(map(str, ask.json["roles"] or []))
        for role_id in {*wanted} ^ {*found.role_ids}:
            _demand_below(ask, guild, role_id)
        found.role_ids = wanted
    if "nick" in ask.json:
        permissions.demand_in_guild(guild, ask.me, "manage_nicknames")
        found.nick = ask.json["nick"] or None
    places.member_changed(ask.world, guild, found)
    return member_json(found)


@route("PATCH", "/guilds/{guild_id}/members/@me")
def change_myself(ask: Ask) -> Answer:
    guild = ask.guild("change_nickname")
    ask.me.nick = ask.json.get("nick") or None
    places.member_changed(ask.world, guild, ask.me)
    return member_json(ask.me)


@route("DELETE", MEMBER)
def kick(ask: Ask) -> Answer:
    guild = ask.guild("kick_members")
    found = _member(ask, guild)
    if permissions.rank(guild, found) >= permissions.rank(guild, ask.me):
        raise refuse(50013)
    places.remove_member(ask.world, guild, found)


def _demand_below(ask: Ask, guild: Guild, role_id: str) -> Role:
    """A role that exists and stands below the bot's own."""
    role = guild.roles.get(role_id)
    if role is None:
        raise refuse(10011)
    if role.position >= permissions.rank(guild, ask.me) or role.managed or role.id == guild.id:
        raise refuse(50013)
    return role


@route("PUT", MEMBER + "/roles/{role_id}")
def give_role(ask: Ask) -> Answer:
    guild = ask.guild("manage_roles")
    found, role = _member(ask, guild), _demand_below(ask, guild, ask.params["role_id"])
    if role.id not in found.role_ids:
        found.role_ids.append(role.id)
        places.member_changed(ask.world, guild, found)


@route("DELETE", MEMBER + "/roles/{role_id}")
def take_role(ask: Ask) -> Answer:
    guild = ask.guild("manage_roles")
    found, role = _member(ask, guild), _demand_below(ask, guild, ask.params["role_id"])
    if role.id in found.role_ids:
        found.role_ids.remove(role.id)
        places.member_changed(ask.world, guild, found)


# Roles


@route("GET", "/guilds/{guild_id}/roles")
def roles(ask: Ask) -> Answer:
    return [role_json(role) for role in ask.guild().roles.values()]


@route("POST", "/guilds/{guild_id}/roles")
def make_role(ask: Ask) -> Answer:
    guild = ask.guild("manage_roles")
    role = Role(ask.world.clock.new_id(), "new role", guild.roles[guild.id].permissions)
    _shape_role(ask, guild, role)
    places.add_role(ask.world, guild, role)
    return role_json(role)


@route("PATCH", ROLE)
def change_role(ask: Ask) -> Answer:
    guild = ask.guild("manage_roles")
    role = _demand_below(ask, guild, ask.params["role_id"])
    _shape_role(ask, guild, role)
    places.role_changed(ask.world, guild, role)
    return role_json(role)


def _shape_role(ask: Ask, guild: Guild, role: Role) -> None:
    form = Form()
    form.length(ask.json.get("name"), 100, "name")
    form.check()
    if ask.json.get("permissions") is not None:
        given = int(ask.json["permissions"])
        if given & ~permissions.in_guild(guild, ask.me):
            raise refuse(50013)
        role.permissions = given
    role.name = str(ask.json.get("name") or role.name)
    role.color = int(ask.json.get("color") or role.color)
    role.hoist = bool(ask.json.get("hoist", role.hoist))
    role.mentionable = bool(ask.json.get("mentionable", role.mentionable))


@route("DELETE", ROLE)
def remove_role(ask: Ask) -> Answer:
    guild = ask.guild("manage_roles")
    places.remove_role(ask.world, guild, _demand_below(ask, guild, ask.params["role_id"]))


@route("GET", "/guilds/{guild_id}/bans")
def bans(ask: Ask) -> Answer:
    guild = ask.guild("ban_members")
    return [{"user": user_json(user), "reason": None} for user in guild.banned.values()]


@route("DELETE", "/users/@me/guilds/{guild_id}")
def leave(ask: Ask) -> Answer:
    guild = ask.guild()
    places.remove_member(ask.world, guild, ask.me)

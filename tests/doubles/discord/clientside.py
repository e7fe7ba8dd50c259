"""What Discord's client makes of a command before it is sent, and what it does not let anybody send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.doubles.discord import permissions
from tests.doubles.discord.command_limits import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    GROUP,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    USER,
)
from tests.doubles.discord.errors import Json
from tests.doubles.discord.render import (
    attachment_json,
    content_type_of,
    member_json,
    message_json,
    partial_channel_json,
    role_json,
    user_json,
)
from tests.doubles.discord.state import Application, Channel, Member, Message, Role

if TYPE_CHECKING:
    from tests.doubles.discord.members import Person


@dataclass(frozen=True, slots=True)
class Chosen:
    """A command ready to be sent."""

    application: Application
    data: Json


def choose(
    person: Person,
    channel: Channel,
    path: str,
    options: Mapping[str, Any],
    *,
    focused: str = "",
    typed: str = "",
    target: Message | Person | None = None,
) -> Chosen:
    """The command that somebody typed there, checked as the client checks it."""
    person._may(channel, "use_application_commands")
    type = 1 if target is None else 3 if isinstance(target, Message) else 2
    application, command, rest = _find(person, channel, path, type)
    _demand_allowed(person, channel, command)
    data: Json = {"id": command["id"], "name": command["name"], "type": type}
    if command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    resolved: Json = {}
    if target is not None:
        data["target_id"] = _aim(person, target, resolved)
    else:
        data["options"] = _options(person, command, rest, dict(options), resolved, focused, typed)
    if resolved:
        data["resolved"] = resolved
    return Chosen(application, data)


def _named(person: Person, part: Json, name: str) -> bool:
    """By its own name, or by the one that this person's client shows."""
    return name in (part["name"], (part.get("name_localizations") or {}).get(person.user.locale))


def _find(person: Person, channel: Channel, path: str, type: int) -> tuple[Application, Json, list[str]]:
    """A guild's own command goes before one that is everywhere."""
    words = path.lstrip("/").split(" ") if type == 1 else [path]
    known = []
    for application in person.world.applications.values():
        guild = person.world.guild_of(channel)
        if guild and application.user.id not in guild.members:
            continue
        for command in sorted(
            application.commands.values(), key=lambda command: command.get("guild_id") is None
        ):
            if command["type"] != type or command.get("guild_id") not in (None, channel.guild_id):
                continue
            if _named(person, command, words[0]):
                return application, command, words[1:]
            known.append(command["name"])
    raise AssertionError(f"there is no command {path!r} here, only {known}")


def _demand_allowed(person: Person, channel: Channel, command: Json) -> None:
    contexts = command.get("contexts")
    dm = channel.guild_id is None
    if dm:
        there = 1 in contexts if contexts is not None else command.get("dm_permission", True)
        there = there and not command.get("guild_id")
        assert there, f"/{command['name']} is not shown in direct messages"
        return
    assert contexts is None or 0 in contexts, f"/{command['name']} is not shown in servers"
    needed = command.get("default_member_permissions")
    if needed is not None:
        guild = person.world.guild(channel.guild_id)
        has = permissions.in_channel(guild, guild.members[person.user.id], channel)
        admin = has == permissions.ALL
        assert admin or (int(needed) and not int(needed) & ~has), (
            f"/{command['name']} is not shown to {person.name}"
        )


def _options(
    person: Person,
    command: Json,
    path: list[str],
    given: dict[str, Any],
    resolved: Json,
    focused: str,
    typed: str,
) -> list[Json]:
    """Down through groups and subcommands to the options proper."""
    there = command.get("options") or []
    nested = [option for option in there if option["type"] in (SUBCOMMAND, GROUP)]
    if nested:
        found = [option for option in nested if path and _named(person, option, path[0])]
        assert found, f"{command['name']!r} has no {path[:1]}, only {[option['name'] for option in nested]}"
        inner = _options(person, found[0], path[1:], given, resolved, focused, typed)
        return [{"type": found[0]["type"], "name": found[0]["name"], "options": inner}]
    assert not path, f"{command['name']!r} has no {path}"
    sent = []
    for option in there:
        names = {option["name"], option["name"].replace("-", "_")}
        names.add((option.get("name_localizations") or {}).get(person.user.locale, option["name"]))
        key = next((name for name in names if name in given), None)
        if focused in names:
            assert option.get("autocomplete"), f"{option['name']!r} does not complete"
            sent.append({"type": option["type"], "name": option["name"], "value": typed, "focused": True})
        elif key is not None:
            value = _value(person, option, given.pop(key), resolved)
            sent.append({"type": option["type"], "name": option["name"], "value": value})
        else:
            assert focused or not option.get("required"), f"{option['name']!r} is required"
    assert not given, f"{command['name']!r} has no {list(given)}, only {[option['name'] for option in there]}"
    return sent


def _value(person: Person, option: Json, value: Any, resolved: Json) -> Any:
    name, type = option["name"], option["type"]
    if option.get("choices"):
        return _choice(person, option, value)
    if type == STRING:
        assert isinstance(value, str), f"{name!r} is a text"
        least, most = option.get("min_length", 0), option.get("max_length", 6_000)
        assert least <= len(value) <= most, f"{name!r} takes {least} to {most} characters"
    elif type in (INTEGER, NUMBER):
        fits = isinstance(value, int | float if type == NUMBER else int) and not isinstance(value, bool)
        assert fits, f"{name!r} is a number"
        assert option.get("min_value", value) <= value <= option.get("max_value", value), (
            f"{value} for {name!r}"
        )
    elif type == BOOLEAN:
        assert isinstance(value, bool), f"{name!r} is true or false"
    elif type in (USER, CHANNEL, ROLE, MENTIONABLE):
        return _entity(person, option, value, resolved)
    elif type == ATTACHMENT:
        return _attach(person, value, resolved)
    return value


def _choice(person: Person, option: Json, value: Any) -> Any:
    for choice in option["choices"]:
        shown = (choice.get("name_localizations") or {}).get(person.user.locale)
        if value in (choice["value"], choice["name"], shown):
            return choice["value"]
    known = [choice["name"] for choice in option["choices"]]
    raise AssertionError(f"{value!r} is no choice for {option['name']!r}, only {known}")


def _entity(person: Person, option: Json, value: Any, resolved: Json) -> str:
    kinds: dict[int, tuple[type, ...]] = {CHANNEL: (Channel,), ROLE: (Role,)}
    allowed = option.get("channel_types")
    if isinstance(value, Channel) and allowed:
        assert value.type in allowed, f"{value!r} is no channel for {option['name']!r}"
    if option["type"] in kinds:
        assert isinstance(value, kinds[option["type"]]), f"{value!r} for {option['name']!r}"
    if option["type"] == USER:
        assert not isinstance(value, Channel | Role), f"{value!r} is nobody"
    return resolve(person, value, resolved)


def resolve(person: Person, value: Any, resolved: Json) -> str:
    """The id of a person, role or channel, which goes among the resolved ones."""
    guild = person.server.guild
    if isinstance(value, Role):
        resolved.setdefault("roles", {})[value.id] = role_json(value)
    elif isinstance(value, Channel):
        resolved.setdefault("channels", {})[value.id] = partial_channel_json(guild, value, person.member)
    else:
        user = value.user
        resolved.setdefault("users", {})[user.id] = user_json(user)
        member: Member | None = guild.members.get(user.id)
        if member:
            more = {"permissions": str(permissions.in_guild(guild, member))}
            resolved.setdefault("members", {})[user.id] = {**member_json(member, user=False), **more}
        return str(user.id)
    return str(value.id)


def _attach(person: Person, value: Any, resolved: Json) -> str:
    filename, data = value
    file = person.world.file(filename, data, content_type_of(filename))
    resolved.setdefault("attachments", {})[file.id] = attachment_json(
        person.world, "ephemeral-attachments/0", file
    )
    return file.id


def _aim(person: Person, target: Message | Person, resolved: Json) -> str:
    if isinstance(target, Message):
        resolved["messages"] = {target.id: message_json(person.world, target)}
        return target.id
    return resolve(person, target, resolved)

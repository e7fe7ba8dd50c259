"""Application commands, everywhere and of one guild."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable

from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.command_limits import COMMANDS, CREATES_A_DAY, check_command
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.state import Application

GLOBAL = "/applications/{application_id}/commands"
OF_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
ONE, ONE_OF_GUILD = GLOBAL + "/{command_id}", OF_GUILD + "/{command_id}"
DAY = 86_400.0


def _application(ask: Ask) -> tuple[Application, str | None]:
    """The bot's own application, and the guild that is spoken of."""
    if ask.params["application_id"] != ask.bot.id:
        raise refuse(50001)
    guild_id = ask.params.get("guild_id")
    if guild_id is None:
        return ask.bot, None
    guild = ask.world.guilds.get(guild_id)
    if guild is None or ask.bot.user.id not in guild.members:
        raise refuse(50001)
    return ask.bot, guild_id


def commands_of(application: Application, guild_id: str | None) -> list[Json]:
    """Those of that guild alone, or those that are everywhere."""
    return [command for command in application.commands.values() if command.get("guild_id") == guild_id]


def _same(command: Json, body: Json) -> bool:
    return (command["name"], command["type"]) == (body.get("name"), body.get("type", 1))


def _put(ask: Ask, application: Application, guild_id: str | None, body: Json) -> tuple[Json, bool]:
    """Write it down; whether it is a new one."""
    known = next((command for command in commands_of(application, guild_id) if _same(command, body)), None)
    if known is None:
        now = ask.world.clock.now()
        application.created = [creation for creation in application.created if now - creation[0] < DAY]
        if len([creation for creation in application.created if creation[1] == guild_id]) >= CREATES_A_DAY:
            raise refuse(30034)
        application.created.append((now, guild_id))
    command: Json = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        "name_localizations": None,
        "description_localizations": None,
        **{key: value for key, value in body.items() if key != "options"},
        "options": [_filled(option) for option in body.get("options") or []],
        "id": known["id"] if known else ask.world.clock.new_id(),
        "application_id": application.id,
        "version": ask.world.clock.new_id(),
    }
    if command["default_member_permissions"] is not None:
        command["default_member_permissions"] = str(command["default_member_permissions"])
    if guild_id:
        command["guild_id"] = guild_id
    else:
        command |= {"dm_permission": body.get("dm_permission", True), "contexts": body.get("contexts")}
        command |= {"integration_types": body.get("integration_types") or [0]}
    application.commands[command["id"]] = command
    return command, known is None


def _filled(option: Json) -> Json:
    found = dict(option)
    if found.get("options"):
        found["options"] = [_filled(inner) for inner in found["options"]]
    return found


def _check(commands: Iterable[tuple[Json, str | None]]) -> None:
    """Refuse if anything is wrong with one of these, each named by its place or not at all."""
    form = Form()
    seen: set[tuple[str, int]] = set()
    for command, place in commands:
        with form.at(*([place] if place is not None else [])):
            if not _is_right(json.dumps(command, sort_keys=True)):
                check_command(form, command)
            key = (str(command.get("name")), command.get("type", 1))
            if key in seen:
                form.say("APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
            seen.add(key)
    form.check()


@functools.lru_cache(1024)
def _is_right(command: str) -> bool:
    """Nearly every test sends the same, and looking through it takes a hundredth of a second."""
    form = Form()
    check_command(form, json.loads(command))
    return not form.errors


@route("GET", GLOBAL)
@route("GET", OF_GUILD)
def list_all(ask: Ask) -> Answer:
    return commands_of(*_application(ask))


@route("PUT", GLOBAL)
@route("PUT", OF_GUILD)
def replace_all(ask: Ask) -> Answer:
    application, guild_id = _application(ask)
    bodies: list[Json] = ask.body if isinstance(ask.body, list) else []
    if any(
        len([body for body in bodies if body.get("type", 1) == type]) > most for type, most in MOST.items()
    ):
        raise refuse(30032)
    _check((body, str(number)) for number, body in enumerate(bodies))
    gone = [
        command
        for command in commands_of(application, guild_id)
        if not any(_same(command, body) for body in bodies)
    ]
    for command in gone:
        del application.commands[command["id"]]
    made = [_put(ask, application, guild_id, body)[0] for body in bodies]
    ask.world.bell.ring()
    return made


MOST = {1: COMMANDS, 2: 15, 3: 15}
"""Commands of each type: typed, on a person, on a message."""


@route("POST", GLOBAL)
@route("POST", OF_GUILD)
def create(ask: Ask) -> Answer:
    application, guild_id = _application(ask)
    _check([(ask.json, None)])
    there = commands_of(application, guild_id)
    type = ask.json.get("type", 1)
    full = len([command for command in there if command["type"] == type]) >= MOST.get(type, COMMANDS)
    if full and not any(_same(command, ask.json) for command in there):
        raise refuse(30032)
    command, new = _put(ask, application, guild_id, ask.json)
    ask.world.bell.ring()
    return (201 if new else 200), command


def _one(ask: Ask) -> Json:
    application, guild_id = _application(ask)
    command = application.commands.get(ask.params["command_id"])
    if command is None or command.get("guild_id") != guild_id:
        raise refuse(10063)
    return command


@route("GET", ONE)
@route("GET", ONE_OF_GUILD)
def get(ask: Ask) -> Answer:
    return _one(ask)


@route("PATCH", ONE)
@route("PATCH", ONE_OF_GUILD)
def change(ask: Ask) -> Answer:
    command = _one(ask)
    _check([({**command, **ask.json}, None)])
    command.update(ask.json, version=ask.world.clock.new_id())
    return command


@route("DELETE", ONE)
@route("DELETE", ONE_OF_GUILD)
def remove(ask: Ask) -> Answer:
    del ask.bot.commands[_one(ask)["id"]]


@route("GET", OF_GUILD + "/permissions")
def permissions_of_all(ask: Ask) -> Answer:
    _application(ask)
    return []

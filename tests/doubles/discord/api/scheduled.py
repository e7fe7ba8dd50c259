"""Guild scheduled events."""

from __future__ import annotations

from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.limits import check_scheduled_event
from tests.doubles.discord.render import user_json
from tests.doubles.discord.state import Event, Guild

ALL = "/guilds/{guild_id}/scheduled-events"
ONE = ALL + "/{guild_scheduled_event_id}"
MOST = 100
PLANNED, UNDER_WAY, OVER, CANCELLED = 1, 2, 3, 4
NEXT = {PLANNED: (UNDER_WAY, CANCELLED), UNDER_WAY: (OVER,), OVER: (), CANCELLED: ()}


def _told(ask: Ask, name: str, event: Json) -> None:
    ask.world.emit(Event(name, event, 1 << 16, event["guild_id"]))
    ask.world.bell.ring()


def _one(ask: Ask, guild: Guild) -> Json:
    found = guild.events.get(ask.params["guild_scheduled_event_id"])
    if found is None:
        raise refuse(10070)
    return found


@route("GET", ALL)
def list_all(ask: Ask) -> Answer:
    guild = ask.guild()
    return [
        event | {"user_count": len(guild.interested.get(event["id"], []))} for event in guild.events.values()
    ]


@route("POST", ALL)
def plan(ask: Ask) -> Answer:
    guild = ask.guild("create_events")
    check_scheduled_event(ask.json, ask.world.clock.now())
    if len([event for event in guild.events.values() if event["status"] in (PLANNED, UNDER_WAY)]) >= MOST:
        raise refuse(30038)
    event: Json = {
        "id": ask.world.clock.new_id(),
        "guild_id": guild.id,
        "channel_id": None,
        "description": None,
        "scheduled_end_time": None,
        "entity_metadata": None,
        "recurrence_rule": None,
        **ask.json,
        "creator_id": ask.bot.user.id,
        "creator": user_json(ask.bot.user),
        "status": PLANNED,
        "entity_id": None,
        "image": None,
        "guild_scheduled_event_exceptions": [],
    }
    guild.events[event["id"]] = event
    _told(ask, "GUILD_SCHEDULED_EVENT_CREATE", event)
    return event


@route("GET", ONE)
def get(ask: Ask) -> Answer:
    guild = ask.guild()
    event = _one(ask, guild)
    return event | {"user_count": len(guild.interested.get(event["id"], []))}


@route("PATCH", ONE)
def change(ask: Ask) -> Answer:
    event = _one(ask, ask.guild("create_events"))
    status = ask.json.get("status")
    if status is not None and status != event["status"] and status not in NEXT[event["status"]]:
        form = Form()
        form.say("TRANSITION_INVALID", "Invalid Guild Scheduled Event Status Transition", "status")
        form.check()
    check_scheduled_event({**event, **ask.json}, ask.world.clock.now(), editing=True)
    event.update({key: value for key, value in ask.json.items() if key != "image"})
    _told(ask, "GUILD_SCHEDULED_EVENT_UPDATE", event)
    return event


@route("DELETE", ONE)
def cancel(ask: Ask) -> Answer:
    guild = ask.guild("create_events")
    event = guild.events.pop(_one(ask, guild)["id"])
    _told(ask, "GUILD_SCHEDULED_EVENT_DELETE", event)


@route("GET", ONE + "/users")
def interested(ask: Ask) -> Answer:
    guild = ask.guild()
    event = _one(ask, guild)
    users = [ask.world.users[user_id] for user_id in guild.interested.get(event["id"], [])]
    return [
        {
            "guild_scheduled_event_id": event["id"],
            "user_id": user.id,
            "user": user_json(user),
            "response": 1,
        }
        for user in users
    ]

"""How a channel or post of a theme's is on Discord, and making it what is wanted of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import aiohttp
import discord

from adapters.discord.homes import ask_once, is_written_as
from adapters.discord.members import ASK_AGAIN
from adapters.discord.new_rooms import LONGEST_NAME
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from bot.described import with_line
from bot.errors import Gone, Refused, TryLater, UserError
from bot.model.homes import Home, RoomSeen, WantedRoom
from bot.model.message import text
from bot.model.people import Place

# Codes: there is no such channel; Plein does not see it; it may not do that there.
NO_SUCH_CHANNEL, NOT_SEEN, NOT_ALLOWED = 10003, 50001, 50013
VOICE, TEXT = (2, 13), 0
LONGEST_TOPIC = 1_024
FOR_ROLE, FOR_ONE = 0, 1
# What is taken from people where a theme is closed; they go on reading, and using commands.
SPEAKING = discord.Permissions(
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,
    add_reactions=True,
)
# What Plein lets somebody do by name, which is also the mark by which it takes that back.
LET_IN = discord.Permissions(
    view_channel=True, send_messages=True, read_message_history=True, use_application_commands=True
)
_LET_IN = {"allow": str(LET_IN.value)}
SEES = discord.Permissions(view_channel=True).value
# A line of permissions, as Discord is told of it.
_Line = dict[str, Any]


async def look_at(on: Session, place: Place, home: Home | None = None) -> RoomSeen:
    """Raises: Gone, Refused, TryLater."""
    return _seen(await fetched(on, place.room_id), home)


async def shape(on: Session, home: Home | None, wanted: WantedRoom) -> RoomSeen:
    """Raises: UserError, Gone, NotNow, OSError."""
    room, name = str(wanted.room), wanted.name[:LONGEST_NAME]
    channel = await fetched(on, room)
    changes: dict[str, object] = {}
    if not is_written_as(str(channel["name"]), name):
        changes["name"] = name
    if wanted.closed or wanted.rules is not None:
        changes |= _let_speak(on, channel, wanted)
    return _seen(await _change(on, room, channel, changes) if changes else channel, home)


async def describe(on: Session, place: Place, line: str, others: Collection[str]) -> bool:
    """See `Carrier.describe`. Threads and posts have nothing that is said of them.

    Raises: UserError, Gone, NotNow, OSError.
    """
    channel = await fetched(on, place.room_id)
    topic = channel.get("topic")
    if not topic:
        return not line
    new = with_line(str(topic), line, others)
    if len(new) > LONGEST_TOPIC:
        return False
    if new != topic:
        await _change(on, place.room_id, channel, {"topic": new})
    return True


def _let_speak(on: Session, channel: Mapping[str, Any], wanted: WantedRoom) -> dict[str, object]:
    """What is to be changed so that nobody can say anything there, or again whoever could before."""
    before = json.loads(wanted.rules or "{}")
    if "thread_metadata" in channel:
        is_locked = bool(channel["thread_metadata"].get("locked"))
        locked = wanted.closed or bool(before.get("locked"))
        return {} if locked == is_locked else {"locked": locked}
    lines = channel.get("permission_overwrites") or []
    rules = _closed(on, channel, lines) if wanted.closed else _opened(on, channel, lines, before["lines"])
    return {} if rules == [_plain(line) for line in lines] else {"permission_overwrites": rules}


def _closed(on: Session, channel: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[_Line]:
    """The lines of permissions by which nobody can say anything but Plein.

    Only what Plein may itself can it forbid. What somebody was let in by stays theirs but for that.
    """
    found = _known(on, channel)
    speaking = SPEAKING.value & found.permissions_for(found.guild.me).value
    everybody, own = str(found.guild.id), str(found.guild.me.id)
    rules = {str(line["id"]): _plain(line) for line in lines}
    rules.setdefault(everybody, {"id": everybody, "type": FOR_ROLE, "allow": "0", "deny": "0"})
    rules.setdefault(own, {"id": own, "type": FOR_ONE, "allow": "0", "deny": "0"})
    return [_shut(line, speaking, own) for line in rules.values()]


def _shut(line: _Line, speaking: int, own: str) -> _Line:
    """What closing makes of a line, where Plein may do so much of speaking itself."""
    allow, deny = int(line["allow"]), int(line["deny"])
    if line["id"] == own:
        return _with(line, allow | speaking, deny & ~speaking)
    return _with(line, allow & ~speaking, deny | (speaking if line["type"] == FOR_ROLE else 0))


def _opened(
    on: Session, channel: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], before: Sequence[_Line]
) -> list[_Line]:
    """Each line as it was before but for what somebody changed since. What they added stays as it is."""
    server, known = _known(on, channel).guild, {str(line["id"]): line for line in before}
    own = str(server.me.id)
    added = {str(server.id), own} - known.keys()
    opened = [
        _open(_plain(line), known.get(str(line["id"])), own, added, is_all=line["id"] == str(server.id))
        for line in lines
    ]
    return [line for line in opened if line["id"] not in added or int(line["allow"]) | int(line["deny"])]


def _open(line: _Line, before: _Line | None, own: str, added: Collection[str], *, is_all: bool) -> _Line:
    """A line as it was before the channel was closed, but for each permission that somebody changed since.
    Whom they keep from seeing it by now is let do nothing more there; where that `is_all`, others who see it
    speak there again.
    """
    if line["id"] in added:
        before = {**line, "allow": "0", "deny": "0"}
    if before is None:
        return line | (_LET_IN if is_let_in(line) else {})
    was, allow, deny = int(before["allow"]), int(line["allow"]), int(line["deny"])
    if not is_all and was & ~allow & SEES:
        return line
    shut = _shut(before, SPEAKING.value, own)
    as_shut = ~((allow ^ int(shut["allow"])) | (deny ^ int(shut["deny"])))
    return _with(
        line, (was & as_shut) | (allow & ~as_shut), (int(before["deny"]) & as_shut) | (deny & ~as_shut)
    )


def _with(line: _Line, allow: int, deny: int) -> _Line:
    return {**line, "allow": str(allow), "deny": str(deny)}


def is_let_in(line: Mapping[str, Any]) -> bool:
    """Whether it is a line of Plein's, also while what is said there is closed."""
    speaks = ~SPEAKING.value
    given = int(line["allow"]) & speaks == LET_IN.value & speaks
    return int(line["type"]) == FOR_ONE and given and not int(line["deny"])


def _known(on: Session, channel: Mapping[str, Any]) -> discord.abc.GuildChannel:
    found = on.client.get_channel(int(channel["id"]))
    if not isinstance(found, discord.abc.GuildChannel):
        raise TryLater(ASK_AGAIN)
    return found


def _plain(line: Mapping[str, Any]) -> _Line:
    return {
        "id": str(line["id"]),
        "type": int(line["type"]),
        "allow": str(line["allow"]),
        "deny": str(line["deny"]),
    }


async def fetched(on: Session, room: str) -> Mapping[str, Any]:
    """As Discord has the channel now. Raises: Gone, Refused, TryLater."""
    try:
        found: Mapping[str, Any] = await on.client.http.get_channel(int(room))
    except TROUBLE as error:
        code = error.code if isinstance(error, discord.HTTPException) else 0
        if code == NO_SUCH_CHANNEL:
            raise Gone("there is no such channel any more") from error
        if code == NOT_SEEN:
            # Perhaps it is hidden from Plein for now; or Plein is not on its server for now.
            raise Refused("Plein does not see the channel") from error
        raise TryLater(ASK_AGAIN) from error
    return found


async def _change(
    on: Session, room: str, channel: Mapping[str, Any], wanted: Mapping[str, object]
) -> Mapping[str, Any]:
    is_thread = "thread_metadata" in channel
    if is_thread and channel["thread_metadata"]["archived"]:
        # What was put away is changed only together with being taken out again.
        wanted = {**wanted, "archived": False}
    try:
        status, answer = await ask_once(on, f"/channels/{room}", wanted, "PATCH")
    except (aiohttp.ClientError, ValueError) as error:
        raise ConnectionError("Discord did not say whether it changed it") from error
    if status == 200:
        return answer
    match int(answer.get("code", 0)):
        case code if code == NO_SUCH_CHANNEL:
            raise Gone("there is no such channel any more")
        case code:
            raise refusal(code, "manage_threads" if is_thread else _needed(wanted))


def _needed(wanted: Mapping[str, object]) -> str:
    return "manage_roles" if "permission_overwrites" in wanted else "manage_channels"


def refusal(code: int, permission: str) -> UserError:
    """What a code says of something for which Plein needs that permission."""
    if code in (NOT_SEEN, NOT_ALLOWED):
        return UserError("discord.room.lacks", permission=text(f"discord.permission.{permission}"))
    return UserError("room.refused", code=str(code))


def _seen(channel: Mapping[str, Any], home: Home | None) -> RoomSeen:
    """Discord writes names of channels small, and without blanks."""
    name, kind = str(channel["name"]), channel["type"]
    if kind == TEXT:
        words = name.replace("-", " ").strip()
        name = words[:1].upper() + words[1:]
    within = home.ref if home and str(channel.get("parent_id")) == home.ref else ""
    return RoomSeen(name, json.dumps(_rules(channel)), is_voice=kind in VOICE, within=within)


def _rules(channel: Mapping[str, Any]) -> dict[str, Any]:
    """By which people can say something there."""
    if "thread_metadata" in channel:
        return {"locked": bool(channel["thread_metadata"].get("locked"))}
    lines = [_plain(line) for line in channel.get("permission_overwrites") or []]
    return {"lines": [line for line in lines if line["type"] == FOR_ROLE or _is_changed_by_hand(line)]}


def _is_changed_by_hand(line: _Line) -> bool:
    """Whether closing changes somebody's line, or could not tell it from one that Plein gave them."""
    is_changed = bool(int(line["allow"]) & SPEAKING.value) or is_let_in(line)
    return is_changed and line["allow"] != _LET_IN["allow"]

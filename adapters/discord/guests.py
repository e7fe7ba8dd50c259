"""Letting people into a theme's channel or post on Discord, and having them out of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import discord

from adapters.discord.channels import PLATFORM
from adapters.discord.homes import ask_once
from adapters.discord.members import ASK_AGAIN, NOBODY, PLEIN
from adapters.discord.session import Session
from adapters.discord.shaping import (
    FOR_ONE,
    LET_IN,
    NO_SUCH_CHANNEL,
    SEES,
    SPEAKING,
    fetched,
    is_let_in,
    refusal,
)
from bot.errors import Gone, Refused, TryLater, UserError
from bot.model.message import Text, text
from bot.model.people import Place

log = logging.getLogger(__name__)
MOST_OVERWRITES = 1000
# Codes: no such member; no such person; no such line; no room for another line.
_NOT_THERE = 10007, 10013
_NO_LINE, _NO_ROOM = 10009, 30060
# After so many seconds it is looked again where Discord or the database did not answer.
LOOKED_AGAIN = 30.0
# Who can do neither of these has no use for seeing it: with one of them a line is known for Plein's.
_USES = discord.Permissions(read_message_history=True, use_application_commands=True).value


async def admit(on: Session, place: Place, user: int, *, inside: bool) -> bool | None:
    """Whether they are in a post, or a line of theirs stands in a channel, by Plein's doing; None: one stands
    that somebody changed or gave.

    Raises: Gone, UserError, NotNow, OSError.
    """
    channel = await fetched(on, place.room_id)
    if "thread_metadata" in channel:
        method = "PUT" if inside else "DELETE"
        path = f"/channels/{place.room_id}/thread-members/{user}"
        await _ask(on, path, None, method, "send_messages_in_threads" if inside else "manage_threads")
        return inside
    lines = channel.get("permission_overwrites") or []
    own = next((line for line in lines if line["id"] == str(user) and int(line["type"]) == FOR_ONE), None)
    is_quiet = own is not None and is_silenced(own)
    if own is not None and not is_ours(own) and not is_quiet:
        return None
    sees = own is not None and bool(int(own["allow"]) & SEES)
    if not inside:
        if is_quiet and sees:
            # They are out, and say nothing there by another way either.
            await ask_for_line(on, place, user, _line(0, own), "PUT", "manage_roles")
        elif own is not None and not is_quiet:
            await ask_for_line(on, place, user, None, "DELETE", "manage_roles")
        return False
    if own is not None and (sees or not is_quiet):
        return True
    if not (allow := await _to_allow(on, int(place.room_id), user, lines)):
        return False
    if own is None and len(lines) >= MOST_OVERWRITES:
        raise UserError("discord.room.overwrites", most=MOST_OVERWRITES)
    try:
        await ask_for_line(on, place, user, _line(allow, own), "PUT", "manage_roles")
    except ConnectionError:
        # Where it stands, whoever takes it away before that was tried again puts them out.
        if not _is_let_in_by(await fetched(on, place.room_id), user):
            raise
    return True


def _is_let_in_by(channel: Mapping[str, Any], user: int) -> bool:
    lines = channel.get("permission_overwrites") or []
    return any(line["id"] == str(user) and is_ours(line) for line in lines)


async def obstacle_to_entering(on: Session, place: Place, user: int) -> Text | None:
    """What keeps somebody from being let in, as Discord told it. Raises: TryLater."""
    channel = on.client.get_channel(int(place.room_id))
    if isinstance(channel, discord.Thread):
        return _lacks(channel, "send_messages_in_threads")
    if not isinstance(channel, discord.abc.GuildChannel):
        return None
    why = _lacks(channel, "manage_roles")
    if len(channel.overwrites) >= MOST_OVERWRITES:
        why = text("discord.room.overwrites", most=MOST_OVERWRITES)
    if why is None or any(whom.id == user for whom in channel.overwrites):
        return None
    members = on.places.members
    member = await members.on(channel.guild, user, members.a_moment_ago, user)
    lines = {str(whom.id): line.pair() for whom, line in channel.overwrites.items()}
    known = {whom: (allow.value, deny.value) for whom, (allow, deny) in lines.items()}
    return why if member is not None and _allowed(channel, member, known) else None


def _lacks(channel: discord.abc.GuildChannel | discord.Thread, permission: str) -> Text | None:
    if getattr(channel.permissions_for(channel.guild.me), permission):
        return None
    return text("discord.room.lacks", permission=text(f"discord.permission.{permission}"))


async def _to_allow(on: Session, room: int, user: int, lines: Sequence[Mapping[str, Any]]) -> int:
    """What a line of their own is to let them do. Raises: Gone where they are not on its server, TryLater."""
    channel = on.client.get_channel(room)
    if not isinstance(channel, discord.abc.GuildChannel):
        raise TryLater(ASK_AGAIN)
    member = await on.places.members.on(channel.guild, user, on.clock.now(), PLEIN)
    if member is None:
        raise Gone("they are not on the server")
    return _allowed(
        channel, member, {str(line["id"]): (int(line["allow"]), int(line["deny"])) for line in lines}
    )


def _allowed(
    channel: discord.abc.GuildChannel, member: discord.Member, lines: Mapping[str, tuple[int, int]]
) -> int:
    """What a line of their own is to let them do beside these; 0 where they need none, or are to have none.

    It goes before what their roles may not there, by which moderators jail and mute people: never is
    anything allowed that one of these keeps from them.
    """
    if channel.permissions_for(member).view_channel:
        return 0
    denied = allowed = 0
    for role in member.roles:
        if not role.is_default() and (line := lines.get(str(role.id))):
            allowed, denied = allowed | line[0], denied | line[1]
    allow = LET_IN.value & ~(denied & ~allowed)
    return allow if allow & SEES and allow & _USES else 0


def lets_in(channel: discord.abc.GuildChannel) -> frozenset[str]:
    """Whom, and which roles, a line of theirs lets see it."""
    lines = channel.overwrites.items()
    return frozenset(str(whom.id) for whom, line in lines if line.pair()[0].view_channel)


async def put_out_of(on: Session, channel: discord.abc.GuildChannel, users: Sequence[str]) -> Sequence[str]:
    """Those of them whose line, by which Plein let them in, lets them in no more, whoever did that.

    Raises: TryLater where Discord does not say.
    """
    stands = lets_in(channel)
    if stands.issuperset(users):
        return []
    try:
        # Plein may have let them in just now, of which Discord tells in a moment.
        lines = (await fetched(on, str(channel.id))).get("permission_overwrites") or []
        stands = frozenset(str(line["id"]) for line in lines if int(line["allow"]) & SEES)
    except (Gone, Refused):
        log.debug("Channel %d cannot be looked at; it is as Discord told", channel.id)
    return [user for user in users if user not in stands]


class Posts:
    """Who is no more in a post of a theme's, into which Plein let them: let in again by their own word, as
    Discord tells alike of who left and whom somebody put out.

    Of others than Plein it tells only where who runs the application allows that.
    """

    def __init__(self, on: Session) -> None:
        self._on = on
        self._look = asyncio.Event()
        self._heard: discord.RawThreadMembersUpdate | None = None

    async def removed(self, told: discord.RawThreadMembersUpdate) -> None:
        """Discord tells of several at once, discord.py of each of them the same. Raises: StoreFailed."""
        if told is not self._heard and self._on.places.is_known(told.thread_id):
            self._heard = told
            gone = [str(user) for user in told.data.get("removed_member_ids", ())]
            await self._on.core.parted(Place(PLATFORM, str(told.thread_id)), gone)

    def look(self) -> None:
        """Something may have been done of which nobody tells any more."""
        if self._on.sees_newcomers:
            self._look.set()

    async def keep_looking(self) -> None:
        """Beside everything else, one post after the other: who is in it."""
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                for place, users in (await self._on.core.let_in(self._on.account)).items():
                    channel = self._on.client.get_channel(int(place.room_id))
                    if not isinstance(channel, discord.abc.GuildChannel):
                        await self._look_into(place, users)
            except Exception as error:
                # Whatever it was: it is looked again.
                log.warning("Who is in the posts of themes is not known yet (%s)", type(error).__name__)
                log.debug("Why", exc_info=error)
                await self._on.clock.sleep(LOOKED_AGAIN)
                self._look.set()

    async def _look_into(self, place: Place, users: Sequence[str]) -> None:
        await self._on.places.members.turn(PLEIN)
        try:
            inside = await self._on.client.http.get_thread_members(int(place.room_id))
        except discord.HTTPException as error:
            if error.status in NOBODY:
                return
            raise
        there = {str(member["user_id"]) for member in inside}
        if gone := [user for user in users if user not in there]:
            await self._on.core.parted(place, gone)


def is_ours(line: Mapping[str, Any]) -> bool:
    """Whether Plein gave it: also with less than it lets most do, and while nobody says anything there."""
    allow = int(line["allow"])
    is_less = not allow & ~LET_IN.value and allow & SEES and allow & _USES
    return bool(is_let_in(line) or (is_less and not int(line["deny"])))


def is_silenced(line: Mapping[str, Any]) -> bool:
    """Whether it is as Plein keeps somebody from writing there, whom it let in or not."""
    allow, deny = int(line["allow"]), int(line["deny"])
    return bool(deny & SPEAKING.value) and not (deny & ~SPEAKING.value or allow & ~LET_IN.value)


def _line(allow: int, own: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What is forbidden to them there stays so."""
    deny = int(own["deny"]) if own else 0
    return {"type": FOR_ONE, "allow": str(allow & ~deny), "deny": str(deny)}


async def ask_for_line(
    on: Session, place: Place, user: int, line: Mapping[str, Any] | None, method: str, permission: str
) -> None:
    """Have somebody's line of permissions so. Raises: Gone, UserError, NotNow, OSError."""
    await _ask(on, f"/channels/{place.room_id}/permissions/{user}", line, method, permission)


async def _ask(on: Session, path: str, body: Any, method: str, permission: str) -> None:
    try:
        status, answer = await ask_once(on, path, body, method)
    except (aiohttp.ClientError, ValueError) as error:
        raise ConnectionError("Discord did not say whether it did that") from error
    if status < 300:
        return
    match int(answer.get("code", 0)):
        case code if code == NO_SUCH_CHANNEL:
            raise TryLater(ASK_AGAIN)
        case code if code in _NOT_THERE:
            raise Gone("there is nobody to let in")
        case code if code == _NO_LINE:
            return
        case code if code == _NO_ROOM:
            raise UserError("discord.room.overwrites", most=MOST_OVERWRITES)
        case code:
            raise refusal(code, permission)

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
from adapters.discord.shaping import FOR_ONE, LET_IN, NO_SUCH_CHANNEL, SEES, fetched, is_let_in, refusal
from adapters.discord.trouble import TROUBLE
from bot.errors import Gone, Refused, StoreFailed, TryLater, UserError
from bot.model.message import Text, text
from bot.model.people import Place

log = logging.getLogger(__name__)
MOST_OVERWRITES = 1000
# Codes: whoever it is is not in it; there is no such person; there is no such line; there is no room for one.
_NOT_THERE = 10007, 10013
_NO_LINE, _NO_ROOM = 10009, 30060
# After so many seconds it is looked again where Discord or the database did not answer.
LOOKED_AGAIN = 30.0
CHANNEL = discord.abc.GuildChannel
# Who can do neither of these has no use for seeing it: with one of them a line is known for Plein's.
_USES = discord.Permissions(read_message_history=True, use_application_commands=True).value


async def admit(on: Session, place: Place, user: int, *, inside: bool) -> bool | None:
    """Whether a line of theirs stands there by Plein's doing; None: one does that somebody changed or gave.

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
    path = f"/channels/{place.room_id}/permissions/{user}"
    if own is not None and not _is_ours(own):
        return None
    if not inside:
        if own is not None:
            await _ask(on, path, None, "DELETE", "manage_roles")
        return False
    if own is not None:
        return True
    if not (allow := await _to_allow(on, int(place.room_id), user, lines)):
        return False
    if len(lines) >= MOST_OVERWRITES:
        raise UserError("discord.room.overwrites", most=MOST_OVERWRITES)
    await _ask(on, path, {"type": FOR_ONE, "allow": str(allow), "deny": "0"}, "PUT", "manage_roles")
    return True


async def keeps_out(on: Session, place: Place, user: int) -> Text | None:
    """What keeps somebody from being let in, as Discord told it. Raises: TryLater."""
    channel = on.client.get_channel(int(place.room_id))
    if not isinstance(channel, discord.abc.GuildChannel):
        return None  # into a post anybody is let
    why, lines = None, channel.overwrites
    if len(lines) >= MOST_OVERWRITES:
        why = text("discord.room.overwrites", most=MOST_OVERWRITES)
    elif not channel.permissions_for(channel.guild.me).manage_roles:
        why = text("discord.room.lacks", permission=text("discord.permission.manage_roles"))
    if why is None or any(whom.id == user for whom in lines):
        return None
    members = on.places.members
    member = await members.on(channel.guild, user, members.a_moment_ago, user)
    # Who sees it anyway needs nothing of their own.
    return None if member is None or channel.permissions_for(member).view_channel else why


async def _to_allow(on: Session, room: int, user: int, lines: Sequence[Mapping[str, Any]]) -> int:
    """What a line of their own is to let them do; 0 where they need none, or are to have none.

    It goes before what their roles may not there, by which moderators jail and mute people: never is
    anything allowed that one of these keeps from them.

    Raises: Gone where they are not on its server, TryLater.
    """
    channel = on.client.get_channel(room)
    if not isinstance(channel, discord.abc.GuildChannel):
        raise TryLater(ASK_AGAIN)
    member = await on.places.members.on(channel.guild, user, on.clock.now(), PLEIN)
    if member is None:
        raise Gone("they are not on the server")
    if channel.permissions_for(member).view_channel:
        return 0
    roles = {str(role.id) for role in member.roles if not role.is_default()}
    denied = allowed = 0
    for line in lines:
        if str(line["id"]) in roles:
            denied, allowed = denied | int(line["deny"]), allowed | int(line["allow"])
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

    async def removed(self, told: discord.RawThreadMembersUpdate) -> None:
        """Raises: StoreFailed."""
        if self._on.places.is_known(told.thread_id):
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
                    if not isinstance(self._on.client.get_channel(int(place.room_id)), CHANNEL):
                        await self._look_into(place, users)
            except (StoreFailed, *TROUBLE) as error:
                log.warning("Who is in the posts of themes is not known yet (%s)", type(error).__name__)
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


def _is_ours(line: Mapping[str, Any]) -> bool:
    """Whether Plein gave it: also with less than it lets most do, and while nobody says anything there."""
    allow = int(line["allow"])
    is_less = not allow & ~LET_IN.value and allow & SEES and allow & _USES
    return bool(is_let_in(line) or (is_less and not int(line["deny"])))


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

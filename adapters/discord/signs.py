"""Signs that people put on each other's messages, and messages that are gone.

Discord brings no number or moment with these. What comes twice says what was so already, and is passed over;
each that does not has a name that is made up when it comes. They are kept in the inbox before they are dealt
with, and those of one person in order. What was done while Plein was away Discord does not tell.

Where a moderator takes all signs of a message away, nobody changed their mind, and nothing is withdrawn. Of
one alone Discord does not say who took it away: it is taken for whose it was.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Collection
from functools import partial
from typing import Any

import discord

from adapters.discord.channels import PLATFORM, room_of
from adapters.discord.history import Reading
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from bot.delivery.worker import pause
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival, Invocation, Mention, Reacted, Remark
from bot.model.people import Identity, Place
from bot.recent import Recent
from bot.signs import folded_sign

log = logging.getLogger(__name__)
Json = dict[str, Any]
# Of so many signs it is known how they were left.
MOST_KNOWN = 10_000
# Until Discord is asked again who wrote a message.
RETRY_SECONDS = 2.0


class Signs:
    """Turns signs into invocations, and brings the core what is gone."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._known: Recent[tuple[int, int, str], bool] = Recent(MOST_KNOWN)
        self._turn = asyncio.Lock()
        self._began, self._numbers = session.clock.now(), itertools.count(1)

    async def changed(self, told: discord.RawReactionActionEvent, reading: Reading, *, on: bool) -> None:
        """Keep it if anything is made of that sign there; of any other nothing is looked up."""
        sign = folded_sign(told.emoji.name) if told.emoji.id is None else ""
        if sign not in self._on.core.signs or (told.member and told.member.bot):
            return
        room = self._room(told.guild_id, told.channel_id)
        me, key = self._on.client.user, (told.message_id, told.user_id, sign)
        if room is None or (me and told.message_author_id == me.id) or self._known.get(key) is on:
            return
        self._known[key] = on
        if not reading.in_order.takes(str(room), str(told.user_id)):
            return
        kept: Json = {"sign": sign, "on": on, "author": told.user_id, "place": room}
        kept |= {"message": told.message_id, "channel": told.channel_id, "by": told.message_author_id}
        name = f"{PLATFORM}:sign:{self._began.timestamp():.0f}.{next(self._numbers)}:{told.message_id}"
        arrival = Arrival(name, str(room), json.dumps(kept), at=self._on.clock.now())
        async with self._turn:  # in order, whatever has to be tried again
            await reading.keep_beside(told.guild_id or 0, arrival)

    async def gone(self, guild: int | None, channel: int, messages: Collection[int]) -> None:
        """However long the database takes: Discord does not say it again."""
        room = self._room(guild, channel)
        failed = 0
        while room is not None:
            try:
                await self._on.core.gone(Place(PLATFORM, str(room)), [str(message) for message in messages])
                return
            except StoreFailed:
                log.warning("The database does not answer; saying later what is gone")
                await self._on.clock.sleep(pause(failed).total_seconds() / 4)
                failed += 1

    def _room(self, guild: int | None, channel: int) -> int | None:
        """Of which place that channel is; None where Plein serves none there."""
        there = self._on.client.get_channel(channel) if guild and self._on.places.are_ours(guild) else None
        room = room_of(there) if there else 0
        return room if self._on.places.is_known(room) and self._on.places.is_ours(there) else None

    async def deal(self, arrival: Arrival, kept: Json) -> None:
        """Raises: TryLater where Discord does not say who they are."""
        places, user, on = self._on.places, int(kept["author"]), kept["on"] is True
        place = Place(PLATFORM, str(kept["place"]))
        writer = (kept["by"] or await self._writer(kept)) if on else None
        people = [user, *([writer] if writer else [])]
        found = await places.mentions([f"<@{who}>" for who in people], user, place)
        named = {int(mention.account.user_id): mention for mention in found}
        # Bots, webhooks and whoever is gone are nobody.
        if user not in named or (on and writer not in named):
            return
        here = await places.speaks_in(user, place, places.members.a_moment_ago)
        if here is None:
            return
        now = self._on.clock.now()
        await self._on.core.handle(
            Invocation(
                arrival.id,
                Identity(PLATFORM, str(user)),
                named[user].name,
                place,
                arrival.at or now,
                role=here.role,
                since=here.since,
                not_before=here.not_before,
                writes=here.writes,
                presence=partial(places.presences, user, since=now),
                by_post=True,
                public=True,
                account=self._on.account,
                arrival=arrival.seq,
                about=self._remark(kept, named.get(writer or 0)),
                reacted=Reacted(kept["sign"], on),
            )
        )

    def _remark(self, kept: Json, writer: Mention | None) -> Remark:
        channel, message = int(kept["channel"]), int(kept["message"])
        return remark_at(self._on, channel, message, writer)

    async def _writer(self, kept: Json) -> int | None:
        """Where Discord did not say whose message it is."""
        try:
            found: Any = await self._on.client.http.get_message(kept["channel"], kept["message"])
        except TROUBLE as error:
            if isinstance(error, discord.Forbidden | discord.NotFound):
                return None
            raise TryLater(RETRY_SECONDS) from error
        return None if found.get("webhook_id") else int(found["author"]["id"])


def remark_at(on: Session, channel: int, message: int, writer: Mention | None) -> Remark:
    """That message, by whoever wrote it."""
    there = on.client.get_channel(channel)
    guild = there.guild.id if isinstance(there, discord.abc.GuildChannel | discord.Thread) else "@me"
    link = f"https://discord.com/channels/{guild}/{channel}/{message}"
    return Remark(str(message), discord.utils.snowflake_time(message), link, writer)

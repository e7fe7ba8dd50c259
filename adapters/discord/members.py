"""Who is on a server, as Discord says when it is asked; all that is asked for that has one bound."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import discord

from adapters.discord.pace import Pace
from adapters.discord.trouble import TROUBLE
from bot.clock import Clock, left
from bot.errors import TryLater
from bot.recent import Recent

# After so many seconds Discord is asked again what somebody may do, where it did not answer.
ASK_AGAIN = 2.0
# What it said holds for what they said before that, and for a moment for what they say or type on; of so many
# people.
KNOWN_FOR, MOST_KNOWN = timedelta(seconds=5), 10_000
# Of the fifty requests a second that Discord answers half are for this: it shuts out who asks for more.
APART, AT_ONCE = 0.04, 10
# Of so many a minute whom one person names; that somebody is nobody there is remembered for so long.
MOST_LOOKED_UP, LOOKED_UP_WITHIN, NOBODY_FOR = 10, timedelta(minutes=1), timedelta(minutes=1)
# What is answered about somebody who is not there, or whose number was made up.
NOBODY = 400, 403, 404
# Whose turn it is for what nobody waits for who speaks.
PLEIN = 0
# Who is looked up where, and for whom.
_Asked = tuple[int, int, int]


class Members:
    """Looks people up, by turns of those for whom that is done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pace = Pace(clock, APART, AT_ONCE)
        # Who is on a server, and when that was asked.
        self._known: Recent[tuple[int, int], tuple[datetime, discord.Member]] = Recent(MOST_KNOWN)
        # Who is not, and whom somebody had looked up lately.
        self._nobodies: Recent[tuple[int, int], datetime] = Recent(MOST_KNOWN)
        self._looked_up: Recent[int, tuple[datetime, int]] = Recent(MOST_KNOWN)
        # What waits for its turn answers whoever asks for the same until then.
        self._waiting: dict[_Asked, asyncio.Task[discord.Member | None]] = {}

    @property
    def a_moment_ago(self) -> datetime:
        """What Discord said since then is as good as asked now, for whoever speaks, types or is named."""
        return self._clock.now() - KNOWN_FOR

    def saw(self, member: discord.Member, at: datetime) -> None:
        """As Discord said along with what they did at that moment."""
        self._known[member.guild.id, member.id] = min(at, self._clock.now()), member

    async def on(
        self, guild: discord.Guild, user: int, since: datetime, asking: int = PLEIN
    ) -> discord.Member | None:
        """Somebody on that server, as Discord said after that moment; for who is `asking`.

        Raises: TryLater where it does not say.
        """
        known = self._known.get((guild.id, user))
        if known and since < known[0] <= self._clock.now():
            return known[1]
        asked = guild.id, user, asking
        if asked not in self._waiting:
            self._waiting[asked] = asyncio.create_task(self._ask(guild, asked))
        return await asyncio.shield(self._waiting[asked])

    async def _ask(self, guild: discord.Guild, asked: _Asked) -> discord.Member | None:
        _, user, asking = asked
        try:
            await self._pace.turn(asking)
        finally:
            del self._waiting[asked]
        now = self._clock.now()
        try:
            member = await guild.fetch_member(user)
        except TROUBLE as error:
            if isinstance(error, discord.HTTPException) and error.status in NOBODY:
                return None  # not kept: perhaps they are about to join
            raise TryLater(ASK_AGAIN) from error
        self._known[guild.id, user] = now, member
        return member

    async def turn(self, asking: int) -> None:
        """Return when it is the turn of what else is asked for who is `asking`."""
        await self._pace.turn(asking)

    async def is_in_thread(self, thread: discord.Thread, user: int, asking: int) -> bool:
        """Whether somebody is in a private thread, now. Raises: TryLater where Discord does not say."""
        await self.turn(asking)
        try:
            await thread.fetch_member(user)
        except TROUBLE as error:
            if isinstance(error, discord.HTTPException) and error.status in NOBODY:
                return False
            raise TryLater(ASK_AGAIN) from error
        return True

    async def near(self, guild: discord.Guild, user: int, asking: int) -> discord.Member | None:
        """Somebody who is on that server, and no bot. So many a minute are looked up for who is `asking`,
        themselves not counted: what anybody makes up is no reason to ask Discord more than it bears.
        """
        key, now = (guild.id, user), self._clock.now()
        known = self._known.get(key)
        if known is None or not left(known[0], KNOWN_FOR, now):
            nobody_at = self._nobodies.get(key)
            if nobody_at and left(nobody_at, NOBODY_FOR, now):
                return None
            if user != asking and not self._may_look_up(asking):
                return None
        member = await self.on(guild, user, self.a_moment_ago, asking)
        if member is None:
            self._nobodies[key] = now
        return member if member and not member.bot else None

    def _may_look_up(self, asking: int) -> bool:
        now = self._clock.now()
        since, count = self._looked_up.get(asking, (now, 0))
        if not left(since, LOOKED_UP_WITHIN, now):
            since, count = now, 0
        self._looked_up[asking] = since, count + 1
        return count < MOST_LOOKED_UP

"""What people write to Plein, and the outcomes of Discord's own polls: kept until dealt with.

Plein reads what is said to it: in private, or behind its name. Discord shows it nothing else, and nothing
else is asked for. What was said while Plein was away is read from the channels' history.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from datetime import datetime
from typing import Any

import aiohttp
import discord

from adapters.discord.places import PLATFORM
from adapters.discord.session import Session
from adapters.in_order import InOrder
from bot.model import Identity, Invocation, Place, Presence, Role
from bot.ports import Arrival

log = logging.getLogger(__name__)
Json = dict[str, Any]
# So much of a channel's history is looked through for what was said while Plein was away.
LOOKED_THROUGH = 2_000
SAVE_EVERY = 60.0
TRIES, PAUSE = 6, 0.5


class Messages:
    """Turns messages into invocations whose answers go through the outbox."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self.in_order = InOrder(session.core, session.clock, self._deal)
        self._taking = asyncio.Lock()
        # How far each channel was read without a gap; while there may be one, what comes does not count.
        self._read: dict[str, int] = {}
        self._touch = asyncio.Event()
        self._unsaved: set[str] = set()

    async def heard(self, message: discord.Message, *, late: bool = False) -> None:
        """Keep it if it is for Plein, and with it how far was read. `late`: it comes from the history."""
        if message.flags.ephemeral or not self._on.places.are_ours(
            message.guild.id if message.guild else None
        ):
            # What Plein answered to somebody alone comes back, and without its guild, as if it were private.
            return
        account = self._account(message)
        if late or self._touch.is_set():
            self._read[account] = max(message.id, self._read.get(account, 0))
            self._unsaved.add(account)
        meaning = self._meaning(message)
        if meaning is None:
            return
        arrival = Arrival(f"{PLATFORM}:{message.id}", str(message.channel.id), json.dumps(meaning))
        async with self._taking:
            read = self._read.setdefault(account, message.id - 1)
            for new in await self._on.core.take_in(account, [arrival], str(read)):
                self.in_order.put(account, new)
            self._unsaved.discard(account)

    def _account(self, message: discord.Message) -> str:
        """The inbox of a channel, by which its guild is known too."""
        return f"{self._on.account}:{message.guild.id if message.guild else 0}:{message.channel.id}"

    def _meaning(self, message: discord.Message) -> Json | None:
        """What is to be kept of it; None where it is not for Plein."""
        me, author = self._on.client.user, message.author
        assert me
        if message.type is discord.MessageType.poll_result and author.id == me.id:
            about = message.reference.message_id if message.reference else None
            return {"result": about} if about else None
        if author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return None
        called = re.match(rf"\s*<@!?{me.id}>\s*", message.content)
        if message.guild and not called:
            return None
        words = message.content[called.end() :] if called else message.content
        kept: Json = {"author": author.id, "name": author.display_name, "words": words.strip() or "!help"}
        if isinstance(author, discord.Member) and author.joined_at:
            # What the history brings does not say who may what; that is looked up then.
            may = message.channel.permissions_for(author)
            kept |= {"may": may.value, "since": author.joined_at.isoformat()}
        return kept

    # --- after having been away ---

    def lost_touch(self) -> None:
        """From now on something may be missed."""
        self._touch.clear()

    def in_touch(self) -> None:
        """What was missed has been brought after all."""
        self._touch.set()

    async def idle(self) -> None:
        """Return once nothing is missing, and all that was said so far has been dealt with."""
        await self._touch.wait()
        await self.in_order.idle()

    async def catch_up(self) -> None:
        """What is still in the inbox, and what was said since in places and in private."""
        for account, bookmark in (await self._on.core.bookmarks(f"{self._on.account}:")).items():
            for arrival in await self._on.core.arrivals(account):
                self.in_order.put(account, arrival)
            self._read[account] = max(int(bookmark), self._read.get(account, 0))
        await asyncio.gather(*map(self._catch_up_in, list(self._read)))
        for place in self._on.places.channels():
            # Where nothing was read before: from now on.
            newest = getattr(place, "last_message_id", None) or place.id
            account = f"{self._on.account}:{place.guild.id}:{place.id}"
            if self._read.setdefault(account, newest) == newest:
                self._unsaved.add(account)
        self.in_touch()
        await self.save()

    async def _catch_up_in(self, account: str) -> None:
        guild, channel = map(int, account.split(":")[-2:])
        there = self._on.client.get_partial_messageable(channel, guild_id=guild or None)
        for attempt in range(TRIES):
            since = discord.Object(self._read[account])
            try:
                async for message in there.history(after=since, limit=LOOKED_THROUGH, oldest_first=True):
                    await self.heard(message, late=True)
                return
            except (discord.Forbidden, discord.NotFound) as refused:
                log.info("What was said in %s meanwhile cannot be read: %s", channel, refused.code)
                return
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.info("Reading on in %s again: %s", channel, type(error).__name__)
                await self._on.clock.sleep(PAUSE * 2**attempt)
        # Until it can be read, how far was read stays where it is: nothing of it is skipped.
        raise ConnectionError(f"what was said in {channel} cannot be read just now")

    async def keep_saving(self) -> None:
        """How far was read, every minute, so that a crash leaves less to look through."""
        while True:
            await self._on.clock.sleep(SAVE_EVERY)
            await self.save()

    async def save(self) -> None:
        for account in sorted(self._unsaved):
            async with self._taking:
                self._unsaved.discard(account)
                await self._on.core.take_in(account, [], str(self._read[account]))

    # --- from meaning to invocation ---

    async def _deal(self, arrival: Arrival) -> None:
        kept = json.loads(arrival.body)
        message = int(arrival.id.removeprefix(f"{PLATFORM}:"))
        if "result" in kept:
            await self._count(int(arrival.room), kept["result"])
        else:
            await self._on.core.handle(await self._invocation(message, int(arrival.room), kept))

    async def _invocation(self, message: int, channel: int, kept: Json) -> Invocation:
        places = self._on.places
        there = self._on.client.get_channel(channel)
        guild = getattr(there, "guild", None)
        place = await places.of(guild.id, there) if guild else None
        here: tuple[Presence, ...]
        if place is None:
            here = await places.presences(kept["author"])
        elif "may" in kept:
            role = places.role_of(discord.Permissions(kept["may"]))
            here = (Presence(place, role, datetime.fromisoformat(kept["since"])),)
        else:
            here = await places.presences(kept["author"], place)
        return Invocation(
            f"{PLATFORM}:{message}",
            Identity(PLATFORM, str(kept["author"])),
            kept["name"],
            place,
            discord.utils.snowflake_time(message),
            typed=kept["words"],
            role=here[0].role if place and here else Role.RESIDENT,
            by_post=True,
            overheard=place is not None,
            present_in=here,
        )

    async def _count(self, channel: int, about: int) -> None:
        """Discord's own poll is over: whoever voted there and nowhere else has voted."""
        shown = await self._on.core.message_at(PLATFORM, str(about))
        if shown is None or shown.ballot is None:
            return
        ballot = shown.ballot
        there = await self._on.client.fetch_channel(channel)
        assert isinstance(there, discord.abc.Messageable)
        poll = (await there.fetch_message(about)).poll
        if poll is None:
            return
        if not poll.is_finalised():
            raise ConnectionError("the poll is not final yet")
        chosen: dict[int, list[int]] = {}
        names: dict[int, str] = {}
        for answer in poll.answers:
            async for voter in answer.voters():
                names[voter.id] = voter.display_name
                chosen.setdefault(voter.id, []).append(answer.id)
        place = Place(PLATFORM, str(channel))
        for voter_id, numbers in chosen.items():
            args = {**ballot.args, "numbers": numbers, "unless_voted": True}
            here = await self._on.places.presences(voter_id, place)
            await self._on.core.handle(
                Invocation(
                    f"{PLATFORM}:{about}:{voter_id}",
                    Identity(PLATFORM, str(voter_id)),
                    names[voter_id],
                    place,
                    poll.expires_at or self._on.clock.now(),
                    command=ballot.command,
                    args=args,
                    role=here[0].role if here else Role.RESIDENT,
                    present_in=here,
                )
            )

"""Signs that people put on each other's messages, and messages that are gone.

Discord brings no number or moment with these. What comes twice says what was so already, and is passed over;
each that does not has a name that is made up when it comes. Those of one person are dealt with in order. Of
what was done while Plein was away, or not dealt with when it ended, Discord tells nothing: then it is asked
which signs stand on what was said since shortly before, and each that was not dealt with since it was put
there counts once. What was taken away meanwhile is not known.

Where a moderator takes all signs of a message away, nobody changed their mind, and nothing is withdrawn. Of
one alone Discord does not say who took it away: it is taken for whose it was.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import discord

from adapters.discord.channels import PLATFORM, room_of
from adapters.discord.history import Reading
from adapters.discord.refs import read_ref, ref_in
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from bot.delivery.worker import pause
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival, Invocation, Mention, Reacted, Remark
from bot.model.people import Identity, Place
from bot.recent import Recent
from bot.signs import folded_sign

log = logging.getLogger(__name__)
T = TypeVar("T")
Json = dict[str, Any]
# Of so many signs it is known how they were left.
MOST_KNOWN = 10_000
# Until Discord is asked again who wrote a message, or what stands there.
RETRY_SECONDS = 2.0
# After Plein was away signs are looked for on what was said since so long before: of a channel on so many
# pages of messages, and of a message on so many of people. So many seconds apart channels are looked at.
LOOKS_BACK, MOST_PAGES, PAGE, LOOKS_EVERY = timedelta(hours=1), 10, 100, 0.2


class Signs:
    """Turns signs into invocations, and brings the core what is gone."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._known: Recent[tuple[int, int, str], bool] = Recent(MOST_KNOWN)
        self._made_up, self._numbers = secrets.token_hex(6), itertools.count(1)
        self._since: datetime | None = None
        self._look = asyncio.Event()

    def changed(self, told: discord.RawReactionActionEvent, reading: Reading, *, on: bool) -> None:
        """Deal with it if anything is made of that sign there; of any other nothing is looked up."""
        sign = folded_sign(told.emoji.name) if told.emoji.id is None else ""
        if sign not in self._on.core.signs or (told.member and told.member.bot):
            return
        room = self._room(told.guild_id, told.channel_id)
        me, key = self._on.client.user, (told.message_id, told.user_id, sign)
        if room is None or (me and told.message_author_id == me.id) or self._known.get(key) is on:
            return
        kept: Json = {"message": told.message_id, "channel": told.channel_id, "by": told.message_author_id}
        name = f"{self._made_up}.{next(self._numbers)}"
        self._put(reading, key, name, {**kept, "place": room, "on": on})

    def _put(self, reading: Reading, key: tuple[int, int, str], name: str, kept: Json) -> None:
        """Of what one person does so much is waited for, as of all that they say."""
        _, user, sign = key
        self._known[key] = kept["on"]
        room = str(kept["place"])
        if reading.in_order.takes(room, str(user)):
            body = json.dumps({**kept, "sign": sign, "author": user})
            arrival = Arrival(f"{PLATFORM}:sign:{name}", room, body, at=self._on.clock.now())
            reading.in_order.put(self._on.account, arrival, str(user))

    # --- what was put there while Plein was away ---

    def was_away(self, since: datetime | None) -> None:
        """Plein had heard all until then; None: it was never here, and what stands there is not for it."""
        if since:
            self._since = min(since - LOOKS_BACK, self._since or since)

    def look(self) -> None:
        """Now that it is known how far else was read."""
        if self._since:
            self._look.set()

    async def keep_looking(self, reading: Reading) -> None:
        """Beside everything else, whenever Plein was away."""
        while True:
            await self._look.wait()
            self._look.clear()
            since, self._since = self._since or self._on.clock.now(), None
            try:
                for channel, room in list(self._channels()):
                    await self._look_into(reading, channel, room, since)
                    await self._on.clock.sleep(LOOKS_EVERY)
            except Exception as error:
                log.info(
                    "Which signs were put on messages meanwhile is asked again: %s", type(error).__name__
                )
                await self._on.clock.sleep(RETRY_SECONDS)
                self._since = since
                self._look.set()

    def _channels(self) -> Iterator[tuple[int, int]]:
        """The channels and threads of places, each with its place."""
        for guild in self._on.client.guilds:
            for there in (*guild.channels, *guild.threads) if self._on.places.are_ours(guild.id) else ():
                if isinstance(there, discord.abc.Messageable) and (room := self._room(guild.id, there.id)):
                    yield there.id, room

    async def _look_into(self, reading: Reading, channel: int, room: int, since: datetime) -> None:
        after, http = max(discord.utils.time_snowflake(since), reading.first), self._on.client.http
        for _ in range(MOST_PAGES):
            try:
                page: Any = await http.logs_from(channel, PAGE, after=after)
            except (discord.Forbidden, discord.NotFound):
                return
            for said in page:
                author = said["author"]
                if not (author.get("bot") or said.get("webhook_id")):
                    for emoji in _claimed(said, self._on.core.signs):
                        kept = {"message": int(said["id"]), "channel": channel, "by": int(author["id"])}
                        await self._ask(reading, emoji, {**kept, "place": room, "on": True})
            if len(page) < PAGE:
                return
            after = max(int(said["id"]) for said in page)

    async def _ask(self, reading: Reading, emoji: str, kept: Json) -> None:
        """Whose sign it is."""
        sign, after, http = folded_sign(emoji), None, self._on.client.http
        for _ in range(MOST_PAGES):
            users: Any = await http.get_reaction_users(kept["channel"], kept["message"], emoji, PAGE, after)
            for user in users:
                key = kept["message"], int(user["id"]), sign
                if not user.get("bot") and self._known.get(key) is None:
                    self._put(reading, key, _found_as(key), {**kept, "found": True})
            if len(users) < PAGE:
                return
            after = users[-1]["id"]

    # --- dealing with it ---

    async def gone(
        self, guild: int | None, channel: int, messages: Collection[int], parent: int | None = None
    ) -> None:
        """`parent`: the channel of which it is a thread, as nothing is known of one that was put away."""
        room = self._room(guild, channel) or (self._room(guild, parent) if parent else None)
        if room is not None:
            await self._gone(room, channel, messages)

    async def thread_gone(self, guild: int, channel: int, thread: int) -> None:
        """And with it what was in it, of which Discord does not say so."""
        room = self._room(guild, channel)
        if room is not None:
            place = Place(PLATFORM, str(room))
            found = await self._patiently(lambda: self._on.core.in_thread(place, str(thread)))
            stood = [message for within, message in map(read_ref, found) if within == thread]
            await self._gone(room, thread, stood)

    async def _gone(self, room: int, channel: int, messages: Collection[int]) -> None:
        """What is carried goes by its thread as well."""
        refs = [str(message) for message in messages]
        refs += [ref_in(room, channel, message) for message in messages if channel != room]
        place = Place(PLATFORM, str(room))
        for start in range(0, len(refs), PAGE):
            some = refs[start : start + PAGE]
            await self._patiently(partial(self._on.core.gone, place, some))

    async def _patiently(self, say: Callable[[], Awaitable[T]]) -> T:
        """However long the database takes: Discord does not say it again."""
        failed = 0
        while True:
            try:
                return await say()
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
        now, key = self._on.clock.now(), (int(kept["message"]), user, str(kept["sign"]))
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
                found_as=f"{PLATFORM}:sign:{_found_as(key)}" if "found" not in kept else "",
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


def _claimed(said: Json, signs: Collection[str]) -> list[str]:
    """The signs on a message of which something is made, as each stands there."""
    emojis = (each["emoji"] for each in said.get("reactions") or ())
    return [
        emoji["name"] for emoji in emojis if emoji.get("id") is None and folded_sign(emoji["name"]) in signs
    ]


def _found_as(key: tuple[int, int, str]) -> str:
    message, user, sign = key
    return f"{message}:{user}:{sign}"


def remark_at(on: Session, channel: int, message: int, writer: Mention | None) -> Remark:
    """That message, by whoever wrote it; without, it is what is carried that goes by that."""
    there = on.client.get_channel(channel)
    guild = there.guild.id if isinstance(there, discord.abc.GuildChannel | discord.Thread) else "@me"
    link = f"https://discord.com/channels/{guild}/{channel}/{message}"
    ref = str(message) if writer or there is None else ref_in(room_of(there), channel, message)
    return Remark(ref, discord.utils.snowflake_time(message), link, writer)

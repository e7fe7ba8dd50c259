"""How far each channel was read: nothing twice, and nothing passed over, whatever breaks in between.

What is for Plein is kept in the inbox together with how far was read. What was said while Plein was away
is read from the channels' history, before what comes there meanwhile: a page of each in turn, so that what
was said in heaps somewhere holds up nobody elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.channels import PLATFORM, room_of
from adapters.discord.session import Session
from adapters.discord.trouble import TROUBLE
from adapters.inbox import MOST_WAITING, InOrder
from bot.delivery.worker import pause
from bot.errors import StoreFailed
from bot.model.events import Arrival
from bot.model.people import Place

log = logging.getLogger(__name__)
# What is to be kept of a message, or of what it was changed into; None where it is not for Plein.
Meaning = Callable[[discord.Message, bool], dict[str, Any] | None]
SAVE_EVERY = 60.0
# Channels whose history is read at the same time; the library keeps to Discord's limits.
AT_ONCE = 5
# So much is read of one before the next has its turn: what Discord gives at a time.
PAGE = 100
# Of what one person said in private so many of these are waited for: of nobody more is kept at a time.
MOST_PAGES = MOST_WAITING // PAGE
# For room for more of one person's so often is waited, so many seconds each time.
MOST_WAITS, WAITS = 120, 0.25
# So much is held back while there is something to catch up with.
MOST_HELD = 5_000
SILENT_FOR = timedelta(days=90)
# Of one server so many threads that may have been put away are asked for: anybody can make very many.
MOST_PUT_AWAY = 500
UNKNOWN_CHANNEL = 10003


class Reading:
    """Puts into the inbox what `meaning` makes of a message, and has it dealt with in order."""

    def __init__(self, session: Session, meaning: Meaning, in_order: InOrder) -> None:
        self._on = session
        self._meaning = meaning
        self.in_order = in_order
        self._taking = asyncio.Lock()
        # How far each channel was read without a gap. Those with one that cannot be closed yet are `_gaps`:
        # what comes there is dealt with, but does not count as read.
        self._read: dict[str, int] = {}
        self._first = 0
        self._gaps: set[str] = set()
        self._unsaved: set[str] = set()
        # Those whose history is still to be read, in which turn, and which had theirs early. What comes
        # there is held back, to be dealt with in order; so it is anywhere until it is known which they are.
        self._late: set[str] = set()
        self._turns: deque[str] = deque()
        self._hurried: set[str] = set()
        self._held: dict[str, deque[tuple[discord.Message, bool]]] = {}
        self._too_much: set[str] = set()
        # The channels of threads, also of those that the library forgot as they were put away.
        self._parents: dict[str, int] = {}
        # Threads that were put away, as Discord said on being asked: the library keeps none.
        self._put_away: dict[str, discord.Thread] = {}
        # What is being put into the inbox, by its number; and how many whole pages each history had.
        self._being_kept: dict[int, str] = {}
        self._pages = Counter[str]()
        self._session = 0
        self._behind = True
        self._lost = set(session.settings.shards) or {0}

    async def heard(self, message: discord.Message, *, changed: bool = False) -> None:
        """Keep it if it is for Plein, and with it how far was read. `changed`: so it reads from now on."""
        guild = message.guild
        # An answer that one person sees is told without its server, as if it were private talk.
        if message.flags.ephemeral or not self._on.places.are_ours(guild.id if guild else None):
            return
        if not self._on.places.is_ours(message.channel):
            return
        stream = _stream(guild.id if guild else 0, message.channel.id)
        if not self._is_held_back(stream) or sum(map(len, self._held.values())) < MOST_HELD:
            self._held.setdefault(stream, deque()).append((message, changed))
        elif not changed:
            # What there is no room for is read from its channel's history.
            self._read.setdefault(stream, message.id - 1)
            self._gaps.add(stream)
            self._too_much.add(stream)
        self._hurry(stream)
        await self._release(stream)

    async def missed(self, message: discord.Message) -> bool:
        """What it was changed into while nobody told Plein; whether that is kept, if it is for Plein."""
        await self.heard(message, changed=True)
        return _stream(message.guild.id if message.guild else 0, message.channel.id) not in self._held

    def _hurry(self, stream: str) -> None:
        """Somebody is waiting there: it has its turn before those where nobody is, once."""
        if stream in self._late and stream not in self._hurried and stream in self._turns:
            self._hurried.add(stream)
            self._turns.remove(stream)
            self._turns.appendleft(stream)

    async def forget(self, guild: int, channel: int | None = None) -> None:
        """That channel is no more, and its threads with it, or Plein is not on that server any more."""
        prefix = f"{guild}:{channel or ''}"
        # What was said there before is taken first, and its stream known only then.
        async with self._taking:
            for stream in list(self._read):
                of_channel = _guild_of(stream) == guild and channel and self._parents.get(stream) == channel
                if stream == prefix or of_channel or (not channel and stream.startswith(prefix)):
                    self._read.pop(stream)
                    self._parents.pop(stream, None)
                    self._gaps.discard(stream)
                    self._unsaved.discard(stream)
                    await self._on.core.close_stream(self._on.account, stream)

    async def _take(
        self, stream: str, message: discord.Message, *, late: bool = False, changed: bool = False
    ) -> None:
        """`late`: it comes from the history. One after the other: a cursor passes over nothing."""
        async with self._taking:
            reached = self._read.setdefault(stream, message.id - 1)
            self._note_parent(stream, message.channel)
            if late or (stream not in self._gaps and not changed):
                reached = max(reached, message.id)
            meaning = self._meaning(message, changed)
            room = str((meaning or {}).get("place", message.channel.id))
            if meaning is None or not self.in_order.takes(room, who_of(meaning)):
                self._unsaved.add(stream)
            else:
                body = json.dumps(meaning)
                at = discord.utils.snowflake_time(_said_as(message, changed))
                arrival = Arrival(_name_of(message, changed), room, body, at=at)
                await self._keep(stream, arrival, reached)
            self._read[stream] = reached

    def _note_parent(self, stream: str, there: Any) -> None:
        if isinstance(there, discord.Thread):
            self._parents[stream] = there.parent_id

    def parent_of(self, guild: int | None, channel: int) -> int | None:
        """The channel of which that is a thread, also of one that was put away, where anything was read."""
        return self._parents.get(_stream(guild or 0, channel))

    @property
    def first(self) -> int:
        """What was said last before Plein first came: none of that is for it."""
        return self._first

    async def talks_in(self, private: int) -> None:
        """Plein is about to speak to somebody there: from now on what they say is not to be missed."""
        stream = _stream(0, private)
        if stream in self._read:
            return
        now = discord.utils.time_snowflake(self._on.clock.now())
        async with self._taking:
            if stream not in await self._on.core.cursors(self._on.account, stream):
                await self._on.core.store_arrivals(self._on.account, [], str(now), stream)
            # While there is something to catch up with, that reads the cursor itself.
            if not self._behind:
                self._read.setdefault(stream, now)

    async def _keep(self, stream: str, arrival: Arrival, reached: int) -> None:
        """However long the database takes: Discord does not say it again."""
        failed = 0
        while True:
            try:
                new = await self._on.core.store_arrivals(self._on.account, [arrival], str(reached), stream)
                break
            except StoreFailed:
                if self._on.client.is_closed():
                    raise
                log.warning("The database does not answer; keeping %s later", arrival.id)
                await self._on.clock.sleep(pause(failed).total_seconds() / 4)
                failed += 1
        self._deal_with(new)
        self._unsaved.discard(stream)

    def _deal_with(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self.in_order.put(self._on.account, arrival, who_of(json.loads(arrival.body)))

    @property
    def in_step(self) -> bool:
        """Whether it is known what was missed."""
        return not (self._behind or self._lost)

    def under_way(self, *, gaps: bool) -> dict[Place | None, datetime]:
        """Where not all that was said is kept, and since when; None: in private. Any thread may ask.

        `gaps`: also where something was missed that cannot be read yet.
        """
        waiting = [(_said_as(*held[0]), stream) for stream, held in list(self._held.items()) if held]
        missed = [*self._late, *(self._gaps if gaps else ())]
        read = [(self._read[stream], stream) for stream in missed if stream in self._read]
        found: dict[Place | None, datetime] = {}
        anywhere: dict[int, int] = {}
        for since, stream in sorted([*waiting, *list(self._being_kept.items()), *read]):
            place = self._place_of(stream)
            is_long = place is None and self._pages[stream] >= MOST_PAGES
            if not is_long and (place is None or self._on.places.is_known(int(place.room_id))):
                found.setdefault(place, discord.utils.snowflake_time(since))
            elif place and not self._there(stream):
                anywhere.setdefault(_guild_of(stream), since)
        # Until it is known whose a thread is it may be any channel's.
        for channel in self._on.places.channels() if anywhere else ():
            if since := anywhere.get(channel.guild.id, 0):
                place, at = Place(PLATFORM, str(channel.id)), discord.utils.snowflake_time(since)
                found[place] = min(at, found.get(place, at))
        return found

    def _place_of(self, stream: str) -> Place | None:
        if not _guild_of(stream):
            return None
        there = self._there(stream)
        return Place(PLATFORM, str(room_of(there) if there else _channel_of(stream)))

    def _there(self, stream: str) -> Any:
        """A server's channel or thread, as far as it is known without asking."""
        guild = self._on.client.get_guild(_guild_of(stream))
        there = guild.get_channel_or_thread(_channel_of(stream)) if guild else None
        return there or self._put_away.get(stream)

    @property
    def has_gaps(self) -> bool:
        return bool(self._gaps)

    # --- after having been away ---

    def lost_touch(self, shard: int) -> None:
        """From now on something may be missed."""
        self._lost.add(shard)

    async def in_touch(self, shard: int) -> None:
        """What was missed has been brought after all."""
        self._lost.discard(shard)
        await self._release_all()

    def begin(self, shard: int) -> None:
        """A new session knows nothing of what was missed."""
        self._lost.discard(shard)
        self._behind = True
        self._session += 1

    def _is_held_back(self, stream: str) -> bool:
        return self._behind or bool(self._lost) or stream in self._late

    async def _release(self, stream: str) -> None:
        """Deal with what came there, in order, unless it is to be held back."""
        while stream in self._held and not self._is_held_back(stream):
            held = self._held[stream]
            message, changed = held.popleft()
            if not held:
                del self._held[stream]
            number = _said_as(message, changed)
            self._being_kept[number] = stream
            try:
                await self._take(stream, message, changed=changed)
            finally:
                self._being_kept.pop(number, None)

    async def _release_all(self) -> None:
        for stream in list(self._held):
            await self._release(stream)

    async def catch_up(self) -> bool:
        """What is still in the inbox, and what was said since in places and in private.

        Whether all of it could be read; a server that cannot be reached has its turn when it is back.
        Raises what may pass, to be done again.
        """
        session = self._session
        if self._behind:
            await self._open_inbox()
            if session != self._session:
                return False
            self.look_into()
        self._put_away.clear()
        wanted = list(filter(self._is_alive, self._read if self._behind else self._gaps))
        self._turns = deque(self._in_turn(filter(self._has_news, wanted)))
        self._late, self._behind = set(self._turns), False
        self._hurried.clear()
        self._pages.clear()
        for stream in self._held:
            self._hurry(stream)
        failed: list[Exception] = []
        async with asyncio.TaskGroup() as readers:
            readers.create_task(self._release_all())
            for _ in range(AT_ONCE):
                readers.create_task(self._read_in_turn(session, failed))
        if session != self._session:
            return False
        await self.save()
        if failed:
            raise failed[0]
        return not self._lost

    async def _read_in_turn(self, session: int, failed: list[Exception]) -> None:
        while self._turns and session == self._session:
            stream = self._turns.popleft()
            try:
                more = await self._read_page(stream)
            except TROUBLE as error:
                self._gaps.add(stream)
                failed.append(error)
                more = False
            if session != self._session:
                return
            if more:
                self._turns.append(stream)
            else:
                self._late.discard(stream)
                await self._release(stream)

    def _is_alive(self, stream: str) -> bool:
        """Whoever has said nothing in private for so long is not asked for any more; nor is a thread that was
        put away.
        """
        read = discord.utils.snowflake_time(self._read[stream])
        return self._on.clock.now() - read < SILENT_FOR or bool(_guild_of(stream) and self._there(stream))

    def _in_turn(self, streams: Iterable[str]) -> list[str]:
        """Last come threads that may have been put away; of those the ones that were alive most lately."""
        seen, unseen = list[str](), list[str]()
        for stream in sorted(streams):
            (seen if not _guild_of(stream) or self._there(stream) else unseen).append(stream)
        asked = Counter[int]()
        for stream in sorted(unseen, key=lambda stream: -self._read[stream]):
            asked[_guild_of(stream)] += 1
            if asked[_guild_of(stream)] <= MOST_PUT_AWAY:
                seen.append(stream)
            else:
                self._gaps.discard(stream)  # it is read once it is open again
        return seen

    def opened_again(self, thread: discord.Thread) -> bool:
        """Whether something was said there that is to be read, before what comes there from now on."""
        stream = _stream(thread.guild.id, thread.id)
        if thread.archived or stream not in self._read or _newest(thread) <= self._read[stream]:
            return False
        self._gaps.add(stream)
        self._late.add(stream)
        return True

    async def _open_inbox(self) -> None:
        known = dict(await self._on.core.cursors(self._on.account))
        first = _stream(0, 0)
        if first not in known:
            # Whatever was said before Plein first came is not for it.
            known[first] = str(max((newest for _, newest in self._channels()), default=0))
            await self._on.core.store_arrivals(self._on.account, [], known[first], first)
        self._first = int(known.pop(first))
        for stream, cursor in known.items():
            # Of several processes on one database each has the inboxes of its own shards.
            if self._on.settings.holds(_guild_of(stream)):
                self._deal_with(await self._on.core.arrivals(self._on.account, stream=stream))
                self._read[stream] = max(int(cursor), self._read.get(stream, 0))

    def _channels(self, only: discord.Guild | None = None) -> Iterator[tuple[str, int]]:
        """The inbox of every channel where people talk, and the id of what was said last there."""
        for guild in [only] if only else self._on.client.guilds:
            for there in (*guild.channels, *guild.threads) if self._on.places.are_ours(guild.id) else ():
                if isinstance(there, discord.abc.Messageable):
                    yield _stream(guild.id, there.id), there.last_message_id or 0

    def look_into(self, only: discord.Guild | None = None) -> None:
        """Where nothing was read so far: whether there is anything to be read, before anything new comes."""
        for stream, newest in self._channels(only):
            if stream not in self._read:
                self._read[stream] = self._first
                if newest > self._first:
                    self._gaps.add(stream)

    def from_now_on(self, guild: discord.Guild) -> None:
        """What was said there before is not for Plein."""
        for stream, newest in self._channels(guild):
            self._read[stream] = max(newest, self._read.get(stream, 0))
            self._unsaved.add(stream)

    def _has_news(self, stream: str) -> bool:
        """Whether there is something to be read there, as far as is known without asking."""
        if not (guild_id := _guild_of(stream)):
            return True
        guild = self._on.client.get_guild(guild_id)
        if guild is not None and guild.unavailable:
            self._gaps.add(stream)
            return False
        there = self._there(stream)
        if guild is not None and there is None:
            return True  # perhaps a thread that was put away
        if _newest(there) <= self._read[stream] or not _may_read(there):
            self._gaps.discard(stream)
            return False
        return True

    async def _read_page(self, stream: str) -> bool:
        """Whether there is more. Raises what may pass."""
        if stream not in self._read:
            return False  # it is no more
        channel, guild_id, count, newest = _channel_of(stream), _guild_of(stream), 0, 0
        there: Any = self._on.client.get_partial_messageable(channel)
        if guild_id:
            there = self._there(stream) or await self._find(stream)
            if there is None:
                return False
            newest = _newest(there)
        self._too_much.discard(stream)
        await self._make_room(stream)
        try:
            since = discord.Object(self._read[stream])
            async for message in there.history(after=since, limit=PAGE, oldest_first=True):
                await self._take(stream, message, late=True)
                count += 1
        except (discord.Forbidden, discord.NotFound) as refused:
            log.info("What was said in %s meanwhile cannot be read: %s", channel, refused.code)
        if count == PAGE or stream in self._too_much:
            self._pages[stream] += 1
            return True
        self._gaps.discard(stream)
        if newest > self._read.get(stream, newest):
            self._read[stream] = newest
            self._unsaved.add(stream)
        return False

    async def _make_room(self, stream: str) -> None:
        """What is carried is dealt with before more is read than of one person is kept at a time."""
        place = self._place_of(stream)
        for _ in range(MOST_WAITS):
            if place is None or not self._on.core.carries(place):
                return
            if self.in_order.room_left(place.room_id) >= PAGE:
                return
            await self._on.clock.sleep(WAITS)

    async def _find(self, stream: str) -> discord.Thread | None:
        """A thread that was put away, where something is to be read in it. Raises what may pass."""
        guild_id, channel = _guild_of(stream), _channel_of(stream)
        found: Any = None
        try:
            if self._on.client.get_guild(guild_id):
                found = await self._on.client.fetch_channel(channel)
        except (discord.Forbidden, discord.NotFound) as refused:
            if refused.code == UNKNOWN_CHANNEL:
                await self.forget(guild_id, channel)
            log.info("What was said in %s meanwhile cannot be read: %s", channel, refused.code)
        if isinstance(found, discord.Thread) and self._on.places.is_ours(found) and stream in self._read:
            self._put_away[stream] = found
            self._note_parent(stream, found)
            if _newest(found) > self._read[stream] and _may_read(found):
                return found
        self._gaps.discard(stream)
        return None

    async def keep_saving(self) -> None:
        """How far was read, every minute, so that a crash leaves less to look through."""
        while True:
            await self._on.clock.sleep(SAVE_EVERY)
            with contextlib.suppress(StoreFailed):
                await self.save()

    async def save(self) -> None:
        for stream in sorted(self._unsaved):
            async with self._taking:
                if stream in self._read:
                    await self._on.core.store_arrivals(self._on.account, [], str(self._read[stream]), stream)
                self._unsaved.discard(stream)


def who_of(meaning: Mapping[str, Any]) -> str:
    """Whose line it waits in: what a poll of Discord's own came to waits for nobody."""
    return str(meaning.get("author") or "poll")


def _name_of(message: discord.Message, changed: bool) -> str:
    """Each state of a message counts once."""
    state = f":{message.edited_at.timestamp():.6f}" if changed and message.edited_at else ""
    return f"{PLATFORM}:{message.id}{state}"


def _said_as(message: discord.Message, changed: bool) -> int:
    """The number that says when it was said: of what was changed, one of that moment."""
    if changed and message.edited_at:
        return discord.utils.time_snowflake(message.edited_at)
    return message.id


def _newest(there: Any) -> int:
    """The id of what was said last in a channel."""
    return getattr(there, "last_message_id", None) or 0


def _may_read(there: Any) -> bool:
    """What Plein may not see is not asked for."""
    try:
        return bool(there.permissions_for(there.guild.me).read_message_history)
    except discord.ClientException:
        return True  # a thread whose channel is not known


def _stream(guild: int, channel: int) -> str:
    """What is said in a channel; its guild is known by it too, 0 is private."""
    return f"{guild}:{channel}"


def _guild_of(stream: str) -> int:
    return int(stream.partition(":")[0])


def _channel_of(stream: str) -> int:
    return int(stream.rpartition(":")[2])

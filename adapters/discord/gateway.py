"""One connection to Discord, from logging in until it is lost for good."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket

from adapters.discord.carried_signs import CarriedSigns
from adapters.discord.channels import PLATFORM, Channel, Places
from adapters.discord.commands import SlashCommands
from adapters.discord.copies import Copies
from adapters.discord.guests import Posts, lets_in, put_out_of
from adapters.discord.history import Reading
from adapters.discord.intake import Intake
from adapters.discord.messages import Messages
from adapters.discord.missed import Missed
from adapters.discord.newcomers import FirstWords, entrance
from adapters.discord.outgoing import Outgoing
from adapters.discord.registration import Registration
from adapters.discord.session import Session
from adapters.discord.settings import Discord as Settings
from adapters.discord.signs import Signs
from adapters.inbox import InOrder
from bot.clock import Clock
from bot.delivery.worker import pause
from bot.errors import StoreFailed, TryLater
from bot.model.events import Banned, Came, PutOut
from bot.model.people import Grounds, Identity, Place, Role
from bot.ports.adapter import Adapter, Core
from bot.texts import Texts

log = logging.getLogger(__name__)
# What comes through the gateway: servers and channels, what is said to Plein, presses and commands.
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
# Where anything is made of signs on people's messages; nobody has to allow that.
SEEING_SIGNS = discord.Intents(guild_reactions=True)
# And where what people say is carried, of whom somebody banned.
SEEING_BANS = discord.Intents(moderation=True)
# And where signs are carried it is known what the emoji of a server are.
CARRYING_SIGNS = discord.Intents(guild_reactions=True, emojis_and_stickers=True)
# And what has to be allowed by who runs the application: what people say to each other, and who came.
HEARING, SEEING_NEWCOMERS = "Message Content Intent", "Server Members Intent"
WISHES: Mapping[str, discord.Intents] = {
    HEARING: discord.Intents(message_content=True),
    SEEING_NEWCOMERS: discord.Intents(members=True),
}
# A rate limit longer than this goes back to whoever sends, who can do something else meanwhile.
LONGEST_WAIT = 30.0
# How long to wait for one more server before it is taken that all are there.
GUILDS_WITHIN = 0.5
# So long may answers take that are being given when Plein stops: whoever asked waits no longer.
LAST_ANSWERS = 3.0
# What was said comes so long after that at least and at most, going by the last ones; channels that cannot
# be read just now are waited for so long.
LEAST_LAG, MOST_LAG, LAGS = timedelta(seconds=1), timedelta(seconds=30), 20
GAPS_CLOSE_WITHIN = timedelta(minutes=1)
# So many seconds a channel may take to be looked at, before what was said is read.
LOOKED_AT_WITHIN = 5.0
# So many seconds a sign of life may take; where it comes later that is seen as well.
LIVES_WITHIN = 3.0
# In so many characters nothing but such a sign is said.
SHORTEST = 200
BAD_TOKEN, BAD_INTENTS = 4004, 4014
# Plein does not speak in voice channels: no need to warn that it cannot.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class NotLetIn(ConnectionError):
    """Discord does not let Plein in, and will not until somebody does something about it."""

    PORTAL = "the page Bot of the application, at https://discord.com/developers/applications"
    # By the code with which Discord closes the connection.
    WHY: Mapping[int, str] = {
        BAD_TOKEN: f"Discord refuses the token: make a new one on {PORTAL}, for PLEIN_DISCORD_TOKEN",
        4010: "Discord knows no such shard: look at shards and shard_count in the configuration",
        4011: "Plein is on too many servers for one connection: set shards and shard_count",
        4012: "Discord speaks no more as this Plein does: install a newer Plein",
        4013: "Discord does not know what this Plein asks to see: install a newer Plein",
        BAD_INTENTS: f"Discord does not let Plein see what it asks for: allow the intents on {PORTAL}",
    }

    def __init__(self, code: int) -> None:
        super().__init__(self.WHY[code])
        self.code = code


class Gateway:
    """A client of the library, and what Plein does with what it brings.

    `ready` is set while something can be said, `caught_up` once what was said meanwhile was read. `intents`:
    what Discord is to tell.
    """

    def __init__(
        self,
        settings: Settings,
        core: Core,
        grounds: Grounds,
        texts: Texts,
        clock: Clock,
        adapter: Adapter,
        ready: asyncio.Event,
        caught_up: asyncio.Event,
        connector: aiohttp.BaseConnector | None,
        intents: discord.Intents,
    ) -> None:
        seen = aiohttp.TraceConfig()
        client = make_client(settings, connector, intents, seen)
        places = Places(client, core, settings, grounds, clock)
        outgoing = Outgoing(client, core, clock, places.tries)
        seen.on_request_end.append(outgoing.note_limit)
        slash = slash_commands(core, settings)
        self.session = Session(client, core, settings, places, outgoing, slash, texts, clock)
        self.copies = Copies(self.session)
        self._registration = Registration(client, core, slash, settings, clock)
        self._settings = settings
        self._client = client
        self._places = places
        self._first_words = FirstWords(self.session)
        self._posts = Posts(self.session)
        self._intake = Intake(self.session, self._first_words)
        self._signs = Signs(self.session)
        self.carried_signs = CarriedSigns(self.session, self.copies)
        self._messages = Messages(self.session, self._first_words, self._signs, self.carried_signs)
        in_order = InOrder(core, clock, self._messages.deal)
        self._reading = Reading(self.session, self._messages.meaning, in_order)
        self._missed = Missed(self.session, self._signs, self.carried_signs, self._reading)
        self._adapter = adapter
        self._ready = ready
        self._caught_up = caught_up
        self._changed = asyncio.Event()
        # Whether there is something of which it was not told.
        self._was_away = False
        self._in_touch_since = clock.now()
        self._lags: deque[timedelta] = deque(maxlen=LAGS)
        # The connections of which it is not known whether they are there still, with their last sign of life.
        self._doubted: dict[int, tuple[DiscordWebSocket, float]] = {}

    async def serve(self) -> None:
        """Until the connection is lost for good. Raises: NotLetIn where it was never to be had."""
        for event in self._events():
            self._client.event(event)
        chores = (
            self._reading.keep_saving(),
            self._keep_up(),
            self._registration.keep_telling(),
            self._places.keep_looking(),
            self._posts.keep_looking(),
            self._signs.keep_looking(self._reading),
            self._missed.keep_looking(),
        )
        work = [asyncio.create_task(coroutine) for coroutine in chores]
        try:
            async with self._client as client:
                await client.login(self._settings.token.get_secret_value())
                await self.session.core.introduce(self._adapter)
                await self._registration.begin()
                try:
                    await client.connect()
                finally:
                    await self._intake.idle(LAST_ANSWERS)
        except discord.LoginFailure:
            raise NotLetIn(BAD_TOKEN) from None
        except discord.PrivilegedIntentsRequired:
            raise NotLetIn(BAD_INTENTS) from None
        except discord.ConnectionClosed as closed:
            if closed.code not in NotLetIn.WHY:
                raise
            raise NotLetIn(closed.code) from None
        finally:
            self._ready.clear()
            await self.session.core.suspend(self._adapter)
            self._caught_up.clear()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._reading.in_order.stop()
            await self.copies.webhooks.close()
            with contextlib.suppress(StoreFailed):
                await self._reading.save()

    def _events(self) -> list[Any]:
        """What the library tells; of several shards it tells one by one what becomes of them."""
        touch: list[Any] = [self.on_ready, self.on_resumed, self.on_disconnect]
        if isinstance(self._client, discord.AutoShardedClient):
            touch = [self.on_shard_ready, self.on_shard_resumed, self.on_shard_disconnect]
        asked: list[Any] = []
        if self.session.core.signs or self.session.core.may_carry:
            asked += [self.on_raw_reaction_add, self.on_raw_reaction_remove]
        if self.session.core.misses:
            asked += [self.on_raw_message_delete, self.on_raw_bulk_message_delete]
        if self.session.core.may_carry:
            asked += [self.on_raw_message_edit, self.on_member_ban]
            asked += [self.on_raw_reaction_clear, self.on_raw_reaction_clear_emoji]
        return [
            *touch,
            *asked,
            self.on_interaction,
            self.on_message,
            self.on_guild_join,
            self.on_guild_available,
            self.on_guild_remove,
            self.on_guild_channel_delete,
            self.on_raw_thread_delete,
            self.on_thread_update,
            self.on_thread_join,
            self.on_raw_thread_member_remove,
            self.on_member_join,
            self.on_member_update,
            self.on_guild_channel_update,
            self.on_guild_role_update,
        ]

    def heard_until(self) -> datetime | None:
        """By Discord's clock."""
        if not self._reading.in_step or self._is_doubtful():
            return None
        return self.session.clock.now() - self._lag

    async def woke(self) -> None:
        """A connection may have ended meanwhile, and nothing says so: Discord is asked for a sign of life,
        which comes after all that it had to bring.
        """
        for shard in self._settings.shards or (0,):
            socket = self._client._get_websocket(shard_id=shard)
            if socket and socket._keep_alive:
                self._doubted[shard] = socket, socket._keep_alive._last_ack
                with contextlib.suppress(discord.ConnectionClosed, OSError):
                    await socket.send_heartbeat(socket._keep_alive.beat())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIVES_WITHIN):
                while self._is_doubtful():
                    await self._client.wait_for("socket_raw_receive", check=_is_sign_of_life)

    def _is_doubtful(self) -> bool:
        """Whether a connection of before is still there, of which no sign of life came since."""
        for shard, (socket, before) in list(self._doubted.items()):
            now = self._client._get_websocket(shard_id=shard)
            if now is not socket or socket._keep_alive is None or socket._keep_alive._last_ack != before:
                del self._doubted[shard]
        return bool(self._doubted)

    def under_way(self) -> Mapping[Place | None, datetime]:
        """A command and a button are in no inbox, and waited for a minute at most where they were used;
        nor is what was said while Plein was away, until it is read.
        """
        now = self.session.clock.now()
        patient = now - self._in_touch_since > GAPS_CLOSE_WITHIN
        found = self._reading.under_way(gaps=not patient)
        for place, asked in self._intake.under_way(now - GAPS_CLOSE_WITHIN).items():
            found[place] = min(asked, found.get(place, asked))
        return found

    def _came(self, said_at: datetime) -> None:
        """How long after it was said the gateway brings something, clocks that differ included."""
        self._lags.append(self.session.clock.now() - said_at)

    @property
    def _lag(self) -> timedelta:
        return min(max([LEAST_LAG, *self._lags]), MOST_LAG)

    async def idle(self) -> None:
        """Return once all that was said to Plein so far has been dealt with."""
        await self._reading.in_order.idle()

    async def talks_in(self, private: int) -> None:
        """Plein is about to speak to somebody there."""
        await self._reading.talks_in(private)

    # --- what happens there ---

    async def _keep_up(self) -> None:
        """Whenever something changed: be where Plein is to be, and read what was said meanwhile."""
        failed = 0
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._places.publish_pending()
                if self._was_away and self.session.core.signs:
                    self._signs.was_away(await self.session.core.heard_before(self.session.account))
                if self._was_away and self.session.core.may_carry:
                    await self._missed.was_away()
                self._ready.set()
                await self.session.core.serve(self._adapter)
                is_known = await self._note_who_was_put_out()
                await self._look_at_rooms()
                await self._first_words.stand()
                if await self._reading.catch_up():
                    self._caught_up.set()
                    log.info("Reading along on Discord as %s", self._client.user)
                self._signs.look()
                self._missed.look()
                if not is_known:
                    raise ConnectionError("Discord does not say whom somebody put out")
                failed = 0
            except Exception as error:
                # Whatever it was: Plein must not stay deaf for it.
                log.warning("Not all that was said could be read yet (%s)", type(error).__name__)
                log.debug("Why", exc_info=error)
                self._missed.look()
                await self.session.clock.sleep(pause(failed).total_seconds())
                failed += 1
                self._changed.set()

    async def _look_at_rooms(self) -> None:
        """Of what was moved, renamed or removed while Plein could not be told nobody tells it any more."""
        if self._was_away:
            self._was_away = False
            self._posts.look()
            try:
                await self.session.core.look_at_rooms(self.session.account)
            except BaseException:
                self._was_away = True
                raise

    async def on_ready(self) -> None:
        await self.on_shard_ready(0)

    async def on_resumed(self) -> None:
        await self.on_shard_resumed(0)

    async def on_disconnect(self) -> None:
        await self.on_shard_disconnect(0)

    async def on_shard_ready(self, shard: int) -> None:
        """A new session: what was said since the last one was not brought."""
        self._in_touch_since = self.session.clock.now()
        self._was_away = True
        self._lags.clear()
        self._reading.begin(shard)
        self.session.outgoing.in_touch()
        self._changed.set()

    async def on_shard_resumed(self, shard: int) -> None:
        await self._reading.in_touch(shard)
        if self._reading.has_gaps:
            self._changed.set()
        self.session.outgoing.in_touch()

    async def on_shard_disconnect(self, shard: int) -> None:
        self._reading.lost_touch(shard)
        # The library tells before it connects anew: the connection that ended is still to be seen.
        ended = self._client._get_websocket(shard_id=shard)
        log.info("Discord's connection ended (%s)", ended.socket.close_code if ended else "never there")

    async def on_interaction(self, asked: discord.Interaction[Any]) -> None:
        self._came(asked.created_at)
        await self._intake.interaction(asked)

    async def on_message(self, message: discord.Message) -> None:
        if isinstance(message.author, discord.Member):
            self._places.members.saw(message.author, message.created_at)
        await self._reading.heard(message)

    async def on_raw_reaction_add(self, told: discord.RawReactionActionEvent) -> None:
        self._signs.changed(told, self._reading, on=True)
        self.carried_signs.changed(told, self._reading, on=True)

    async def on_raw_reaction_remove(self, told: discord.RawReactionActionEvent) -> None:
        self._signs.changed(told, self._reading, on=False)
        self.carried_signs.changed(told, self._reading, on=False)

    async def on_raw_reaction_clear(self, told: discord.RawReactionClearEvent) -> None:
        self.carried_signs.cleared(told, self._reading)

    async def on_raw_reaction_clear_emoji(self, told: discord.RawReactionClearEmojiEvent) -> None:
        self.carried_signs.cleared_one(told, self._reading)

    async def on_raw_message_edit(self, told: discord.RawMessageUpdateEvent) -> None:
        """Where it is carried it is to be what it is now; a preview of a link changes nothing of it."""
        if told.message.edited_at and self._messages.may_be_carried(told.message):
            await self._reading.heard(told.message, changed=True)

    async def on_raw_message_delete(self, told: discord.RawMessageDeleteEvent) -> None:
        await self._gone(told, [told.message_id])

    async def on_raw_bulk_message_delete(self, told: discord.RawBulkMessageDeleteEvent) -> None:
        await self._gone(told, sorted(told.message_ids))

    async def _gone(
        self, told: discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent, messages: Sequence[int]
    ) -> None:
        parent = self._reading.parent_of(told.guild_id, told.channel_id)
        await self._signs.gone(told.guild_id, told.channel_id, messages, parent)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Perhaps the configuration names channels of it."""
        if self._places.are_ours(guild.id):
            self._registration.came_to(guild.id)
            self._reading.from_now_on(guild)
            self._changed.set()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """It could not be reached for a while, perhaps not when Plein came."""
        if self._ready.is_set() and self._places.are_ours(guild.id):
            self._registration.came_to(guild.id)
            self._reading.look_into(guild)
            self._was_away = True
            self._changed.set()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self._registration.left(guild.id)
        await self._places.leave_all(guild.channels)
        await self._reading.forget(guild.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._or_look_later(self._places.leave(channel.id))
        await self._reading.forget(channel.guild.id, channel.id)

    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        if thread.thread_type is not discord.ChannelType.private_thread:
            await self._signs.thread_gone(thread.guild_id, thread.parent_id, thread.thread_id)
        await self._or_look_later(self._places.leave(thread.thread_id))
        await self._reading.forget(thread.guild_id, thread.thread_id)

    async def on_thread_update(self, before: discord.Thread, thread: discord.Thread) -> None:
        """Perhaps it is locked no more."""
        await self._is_called(before, thread)
        await self._try_again([thread])

    async def on_thread_join(self, thread: discord.Thread) -> None:
        """So the library calls it too that one which was put away is open again: it had forgotten that."""
        if self._places.are_ours(thread.guild.id) and self._reading.opened_again(thread):
            self._changed.set()
        await self._try_again([thread])

    async def on_raw_thread_member_remove(self, told: discord.RawThreadMembersUpdate) -> None:
        await self._or_look_later(self._posts.removed(told))

    async def on_member_join(self, member: discord.Member) -> None:
        """Somebody came; who runs the application lets Plein be told so."""
        if not member.bot and (place := entrance(self._places, member.guild)):
            await self.session.core.came(Came(place, (Identity(PLATFORM, str(member.id)),)))

    async def on_member_ban(self, guild: discord.Guild, user: discord.abc.User) -> None:
        """From all of a server at once; Plein's own bans there are none."""
        core, account = self.session.core, Identity(PLATFORM, str(user.id))
        here = [place for place in await core.places(self.session.account) if _is_in(guild, place)]
        if here and not user.bot:
            event = f"ban:{guild.id}:{user.id}:{self.session.clock.now():%Y-%m-%d}"
            await core.banned(Banned(account, user.display_name, tuple(here), event))

    async def on_member_update(self, _: Any, member: discord.Member) -> None:
        """Plein's own roles may be others now."""
        if self._client.user and member.id == self._client.user.id:
            await self._try_again([*member.guild.channels, *member.guild.threads])

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, channel: discord.abc.GuildChannel
    ) -> None:
        """What Plein may not do there it perhaps may now."""
        await self._is_called(before, channel)
        if not lets_in(before) <= lets_in(channel) and not await self._note_who_was_put_out(channel):
            self._changed.set()
        await self._try_again([channel, *getattr(channel, "threads", ())])

    async def on_guild_role_update(self, _: Any, role: discord.Role) -> None:
        await self._try_again([*role.guild.channels, *role.guild.threads])

    async def _note_who_was_put_out(self, only: discord.abc.GuildChannel | None = None) -> bool:
        """Whose line in a theme's channel, by which Plein let them in, is there no more; whether Discord said
        that of all. Nobody tells Plein of what was done while it was not there.
        """
        there = Place(PLATFORM, str(only.id)) if only else None
        try:
            let_in = await self.session.core.let_in(self.session.account, there)
            looks = (self._note_who_was_put_out_of(place, users) for place, users in let_in.items())
            return all(await asyncio.gather(*looks))
        except StoreFailed:
            return False

    async def _note_who_was_put_out_of(self, place: Place, users: Sequence[str]) -> bool:
        """Whether Discord said; nobody waits longer for what one channel is than for another's."""
        channel = self._client.get_channel(int(place.room_id))
        if not isinstance(channel, discord.abc.GuildChannel):
            return True
        try:
            async with asyncio.timeout(LOOKED_AT_WITHIN):
                put_out = await put_out_of(self.session, channel, users)
        except (TryLater, TimeoutError):
            return False
        await self.session.core.put_out(place, [PutOut(user) for user in put_out])
        return True

    async def _is_called(self, before: Channel, channel: Channel) -> None:
        if before.name != channel.name:
            await self._or_look_later(self._places.renamed(channel))
        if getattr(before, "category_id", None) != getattr(channel, "category_id", None):
            await self._or_look_later(self.session.core.look(Place(PLATFORM, str(channel.id))))

    async def _or_look_later(self, told: Awaitable[None]) -> None:
        """What is done to a channel Discord tells once: where the database does not answer, all are looked at
        once it does.
        """
        try:
            await told
        except StoreFailed:
            self._was_away = True
            self._changed.set()

    async def _try_again(self, channels: Sequence[Any]) -> None:
        """What was refused in these may be taken now, where Plein may speak."""
        self._missed.may_again()
        for place in self._places.worth_trying(channels):
            await self.session.core.retry(self.session.account, place)


def _is_in(guild: discord.Guild, place: Place) -> bool:
    return guild.get_channel_or_thread(int(place.room_id)) is not None


def _is_sign_of_life(received: str) -> bool:
    # Without the library's reading each twice: nothing else is so short.
    return len(received) < SHORTEST and json.loads(received).get("op") == DiscordWebSocket.HEARTBEAT_ACK


def make_client(
    settings: Settings,
    connector: aiohttp.BaseConnector | None,
    intents: discord.Intents = INTENTS,
    seen: aiohttp.TraceConfig | None = None,
) -> discord.Client:
    """A client that keeps as little as it can, and pings nobody. `seen` is shown every request."""
    options: dict[str, Any] = {
        "intents": intents,
        "allowed_mentions": discord.AllowedMentions.none(),
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
        "max_messages": None,
        "enable_debug_events": True,  # by these a sign of life is seen
        "guild_ready_timeout": GUILDS_WITHIN,
        "max_ratelimit_timeout": LONGEST_WAIT,
        "connector": connector,
        "http_trace": seen,
    }
    if settings.shards:
        return discord.AutoShardedClient(
            shard_ids=list(settings.shards), shard_count=settings.shard_count, **options
        )
    return discord.Client(**options)


def slash_commands(core: Core, settings: Settings) -> SlashCommands:
    """All commands; those of a role are shown to who has the permission that goes with it."""
    needed = settings.permissions
    permissions = {
        Role.ORGANISER: discord.Permissions(**{needed.organiser: True}),
        Role.MODERATOR: discord.Permissions(**{needed.moderator: True}),
    }
    return SlashCommands(core.commands, permissions)

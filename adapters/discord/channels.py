"""Which channels are places of themes, and who may what in them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.members import ASK_AGAIN, NOBODY, Members
from adapters.discord.settings import Discord as Settings
from adapters.discord.tries import Tries
from adapters.discord.trouble import TROUBLE
from bot.clock import Clock, left
from bot.errors import StoreFailed, TryLater
from bot.model.events import Mention
from bot.model.message import Text, text
from bot.model.people import Grounds, Identity, Place, Presence, Presences, Role
from bot.ports.adapter import Core
from bot.recent import Recent

log = logging.getLogger(__name__)
PLATFORM = "discord"
_GONE = 10003, 50001
# Of channels in which Plein may say nothing, or that are another process's, so many are remembered.
MOST_MUTE = 2_000
# So many seconds apart places are looked for that cannot be seen: of what Discord answers, others need more.
LOOKS_EVERY = 0.2
# So often the core hears that a thread is still used, as one that long is not it forgets.
SAY_AGAIN = timedelta(days=1)
# What Plein must be allowed where it takes part, as the library calls it.
NEEDED = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "embed_links",
    "attach_files",
    "read_message_history",
)
NEEDED_FOR_POLLS = "send_polls"
# Without these nothing can be shown in a place: in a channel, and in a thread that is one.
SPEAKS = discord.Permissions(view_channel=True, send_messages=True, embed_links=True)
SPEAKS_IN_THREADS = discord.Permissions(view_channel=True, send_messages_in_threads=True, embed_links=True)


def needed(settings: Settings) -> discord.Permissions:
    """What Plein must be allowed where it takes part."""
    permissions = discord.Permissions(**dict.fromkeys(NEEDED, True))
    permissions.update(**{NEEDED_FOR_POLLS: settings.native_polls})
    return permissions


def names_of(permissions: discord.Permissions) -> tuple[Text, ...]:
    """As Discord's own settings call them in the language of whoever reads it."""
    known = (*NEEDED, NEEDED_FOR_POLLS)
    return tuple(text(f"discord.permission.{name}") for name in known if getattr(permissions, name))


# A post in a forum is a place as well.
Channel = discord.abc.GuildChannel | discord.Thread
CHANNELS = (discord.abc.GuildChannel, discord.Thread)
VOICE = (discord.VoiceChannel, discord.StageChannel)
# How somebody is named among words, and so many of them are looked up.
_MENTION = re.compile(r"(<@!?([1-9][0-9]{0,18})>)")
MOST_MENTIONED = 10
# Of the threads among the places that somebody could be in Discord is asked of so many at once.
MOST_THREADS = 25
_UNKNOWN = TryLater(ASK_AGAIN)
# A server on which somebody may be meant, and for which community; None: the one that it is said in.
_Near = tuple[int | None, discord.Guild]


def account_of(client: discord.Client) -> str:
    """The account of Plein's that a client is: it is known once that has logged in."""
    return f"{PLATFORM}:{client.application_id}"


class Places:
    """The channels in which Plein takes part, as the core knows them.

    A channel becomes a place when the configuration names it, or when somebody first uses Plein there. A
    thread belongs to its channel's place.
    """

    def __init__(
        self, client: discord.Client, core: Core, settings: Settings, grounds: Grounds, clock: Clock
    ) -> None:
        self._clock = clock
        self.members = Members(clock)
        # Where Plein may not speak: those places are its own, but nothing is shown there.
        self._mute: Recent[str, datetime] = Recent(MOST_MUTE)
        self.tries = Tries()
        self._client = client
        self._core = core
        self._settings = settings
        self._grounds = grounds
        self._known: set[str] = set()
        # Of these the core was told since this start, and when.
        self._joined: dict[str, datetime] = {}
        self._not_gone: Recent[str, bool] = Recent(MOST_MUTE)
        # The places that cannot be seen and are to be looked for.
        self._unseen: dict[str, None] = {}
        self._look = asyncio.Event()

    def are_ours(self, guild_id: int | None) -> bool:
        """Whether a guild is any community's, and this process's. Private talk always is."""
        if guild_id is None:
            return True
        return self._is_allowed(guild_id) and self._settings.holds(guild_id)

    def _is_allowed(self, guild_id: int) -> bool:
        """Whether Plein serves this server: the configuration names it, a channel of it, or none at all."""
        whose = self._grounds.whose(None, str(guild_id))
        return whose is not None or (not self._grounds.closed and self._names_channel_of(guild_id))

    def _names_channel_of(self, guild_id: int) -> bool:
        guild = self._client.get_guild(guild_id)
        return guild is not None and any(guild.get_channel(int(room)) for room in self._grounds.themes)

    async def publish_pending(self) -> None:
        """At the start: where Plein is that nobody told it of. What cannot be seen is looked for later."""
        here = await self._core.places(account_of(self._client))
        self._known = {place.room_id for place in here}
        for room in sorted(self._known):
            channel = self._client.get_channel(int(room))
            if isinstance(channel, CHANNELS) and self._whose(channel) is None:
                await self._disown(int(room))
        for room in self._known - set(self._grounds.themes):
            channel = self._client.get_channel(int(room))
            if channel is not None and room not in self._joined:
                # Perhaps the configuration named it the last time.
                brief = isinstance(channel, discord.Thread)
                await self._join(int(room), getattr(channel, "name", room), channel, brief=brief)
        for room in self._grounds.themes:
            channel = self._client.get_channel(int(room))
            if isinstance(channel, discord.abc.GuildChannel) and self.are_ours(channel.guild.id):
                await self._join(channel.id, channel.name, channel)
        unseen = [
            room
            for room in self._known | set(self._grounds.themes)
            if not self._client.get_channel(int(room))
        ]
        self._unseen = dict.fromkeys(sorted(unseen))
        if unseen:
            self._look.set()

    async def keep_looking(self) -> None:
        """Beside everything else: which of the places that cannot be seen are no more. Most are threads that
        were put away, of which anybody can make very many.
        """
        while True:
            await self._look.wait()
            self._look.clear()
            while self._unseen:
                room = next(iter(self._unseen))
                del self._unseen[room]
                if room in self._not_gone or self._client.get_channel(int(room)):
                    continue
                with contextlib.suppress(StoreFailed):
                    await self._look_for(room)
                await self._clock.sleep(LOOKS_EVERY)

    async def _look_for(self, room: str) -> None:
        if not await self._is_gone(room):
            return
        if room in self._grounds.themes:
            log.warning("There is no channel %s yet, or Plein may not see it", room)
        await self.leave(int(room))

    async def _is_gone(self, room: str) -> bool:
        """Whether the channel is nowhere to be seen, also not by another process of a larger set.

        What is somewhere else is asked for once: should it go, that other process hears of it.
        """
        try:
            await self._client.http.get_channel(int(room))
        except discord.HTTPException as error:
            return error.code in _GONE
        except TROUBLE:
            return False
        self._not_gone[room] = True
        return False

    def is_known(self, room: int) -> bool:
        """Whether that channel is a place."""
        return str(room) in self._known

    def carries(self, channel: Any) -> bool:
        """Whether what is said there is carried to other places: never of what only some may see there."""
        return not _is_private_thread(channel) and self._core.carries(Place(PLATFORM, str(room_of(channel))))

    async def at(self, room: int, channel: Any = None, *, speaks: bool = True) -> Place:
        """The place of that channel, from now on if it can be seen.

        Unless Plein `speaks` there it has a theme, but shows nothing until that is mended. Where it spoke
        before, what is to be shown waits for that.
        """
        place = Place(PLATFORM, str(room))
        found = self._client.get_channel(room) or channel
        name = getattr(found, "name", None) or place.room_id
        brief, known = isinstance(found, discord.Thread), place.room_id in self._known
        if not speaks and not known and self._is_news(self._mute, room, brief):
            self._mute[place.room_id] = self._clock.now()
            await self._join(room, name, found, brief=brief)
            await self.leave(room)
        elif (speaks or (known and brief)) and found and self._is_news(self._joined, room, brief):
            self._mute.pop(place.room_id, None)
            await self._join(room, name, found, brief=brief)
        may_speak = known and speaks and isinstance(found, CHANNELS) and self._may_speak(found)
        if may_speak and self.tries.used(place.room_id, self._clock.now()):
            await self._core.retry(account_of(self._client), place)
        return place

    def _is_news(self, told: Mapping[str, datetime], room: int, brief: bool) -> bool:
        """Whether the core was not told of that channel yet, or of a thread not lately."""
        at = told.get(str(room))
        return at is None or (brief and not left(at, SAY_AGAIN, self._clock.now()))

    async def _join(self, channel_id: int, name: str, channel: Any, *, brief: bool = False) -> None:
        """`channel`: as it was found or brought; of a private thread without Plein nothing is cached."""
        room = str(channel_id)
        named, place = self._grounds.themes.get(room), Place(PLATFORM, room)
        theme, language = (named.theme, named.locale) if named else (None, None)
        await self._core.joined(
            account_of(self._client),
            place,
            name,
            theme,
            language,
            ours=self._is_communitys(channel),
            community=self._whose(channel) if isinstance(channel, CHANNELS) else None,
            brief=brief,
        )
        self._known.add(room)
        self._joined[room] = self._clock.now()

    async def renamed(self, channel: Channel) -> None:
        """It is called otherwise from now on."""
        if self.is_known(channel.id):
            await self._join(channel.id, channel.name, channel, brief=isinstance(channel, discord.Thread))

    def _is_communitys(self, channel: Any) -> bool:
        """Whether the configuration names its server, or a channel of it: to others anybody invites Plein."""
        if not isinstance(channel, CHANNELS):
            return False
        guild = channel.guild.id
        return str(guild) in self._grounds.groups or self._names_channel_of(guild)

    def _whose(self, channel: Channel) -> int | None:
        """Whose a channel is, by its own line or its server's. None: nobody's.

        A thread is as its channel, also where it is a place of its own: private, or a post in a forum.
        """
        if not self._is_allowed(channel.guild.id):
            return None
        of_channel = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
        own = self._grounds.themes.get(str(channel.id)) or self._grounds.themes.get(str(of_channel))
        return own.community if own else self._grounds.whose(None, str(channel.guild.id))

    def is_ours(self, channel: Any) -> bool:
        """Whether it is any community's. Where nothing is known of a channel, it is as its server."""
        return not isinstance(channel, CHANNELS) or self._whose(channel) is not None

    async def leave(self, channel_id: int) -> None:
        """A channel is there no more."""
        if str(channel_id) in self._known:
            self._known.discard(str(channel_id))
            self._joined.pop(str(channel_id), None)
            await self._core.left(account_of(self._client), Place(PLATFORM, str(channel_id)))

    async def _disown(self, channel_id: int) -> None:
        """A channel is nobody's any more."""
        self._known.discard(str(channel_id))
        self._joined.pop(str(channel_id), None)
        await self._core.disowned(account_of(self._client), Place(PLATFORM, str(channel_id)))

    async def leave_all(self, channels: Iterable[Any]) -> None:
        """Plein is in this guild no more."""
        for channel in channels:
            await self.leave(channel.id)

    def channels(self) -> Sequence[discord.abc.GuildChannel]:
        """Those that are places, of the guilds that this process can see."""
        found = (self._client.get_channel(int(room)) for room in sorted(self._known))
        return [
            channel
            for channel in found
            if isinstance(channel, discord.abc.GuildChannel) and self.are_ours(channel.guild.id)
        ]

    def worth_trying(self, channels: Iterable[Any]) -> Sequence[Place]:
        """The places among these in which Plein may speak by now, as Discord says of its roles and channels.

        Whoever owns a server changes them as often as they like, and who has Discord refuse too much of what
        Plein asks has it shut out everywhere.
        """
        now = self._clock.now()
        rooms = [str(channel.id) for channel in channels if self._may_speak(channel)]
        return [Place(PLATFORM, room) for room in rooms if self.tries.changed(room, now)]

    def _may_speak(self, channel: Any) -> bool:
        """Whether it is a place in which Plein may speak, as far as Discord has said."""
        if str(channel.id) not in self._known or not self.are_ours(channel.guild.id):
            return False
        may = permissions_in(channel)
        return may is not None and _speaks_in(channel, may)

    # --- what is whose ---

    def servers_of(self, community: int) -> Sequence[discord.Guild]:
        """The servers that are that community's."""
        return [
            guild
            for guild in self._client.guilds
            if self._settings.holds(guild.id) and self._grounds.whose(None, str(guild.id)) == community
        ]

    def channels_of(self, community: int) -> Sequence[discord.abc.GuildChannel]:
        """The channels that are places of it."""
        return [channel for channel in self.channels() if self._whose(channel) == community]

    def unseen_servers(self, community: int) -> Sequence[str]:
        """Those that the configuration says are its, and that Plein is not on."""
        groups = self._grounds.groups.items()
        return [group for group, whose in groups if whose == community and self._is_unseen_server(group)]

    def unseen_channels(self, community: int) -> Sequence[str]:
        """The places of its themes that are nowhere to be seen; of several processes none knows that."""
        if self._settings.shards:
            return ()
        themes = self._grounds.themes.items()
        rooms = (room for room, named in themes if named.community == community)
        return [room for room in rooms if self._client.get_channel(int(room)) is None]

    def _is_unseen_server(self, guild: str) -> bool:
        return self._settings.holds(int(guild)) and self._client.get_guild(int(guild)) is None

    # --- who may what ---

    def role_of(self, permissions: discord.Permissions) -> Role:
        """The role that goes with what somebody may do in a channel."""
        needed = self._settings.permissions
        if permissions.administrator or getattr(permissions, needed.moderator):
            return Role.MODERATOR
        return Role.ORGANISER if getattr(permissions, needed.organiser) else Role.RESIDENT

    async def presences(
        self,
        user: int,
        places: Sequence[Place],
        member: discord.Member | None = None,
        *,
        since: datetime | None = None,
        asking: int | None = None,
    ) -> Presences:
        """Where somebody is of these places, who on one server is that `member` now.

        As Discord says at the moment `since` (None: now) or later, for who is `asking` (None: themselves). A
        server that cannot be asked just now says nothing; in what none has, nobody is.
        Raises: TryLater where none can be asked.
        """
        since, asking = since or self._clock.now(), user if asking is None else asking
        known = await self._found(places, asking)
        channels = {
            place: found
            for place, found in known.items()
            if isinstance(found, CHANNELS) and self.are_ours(found.guild.id)
        }
        ours = dict.fromkeys(channel.guild for channel in channels.values())
        guilds = [guild for guild in ours if not guild.unavailable]

        async def member_of(guild: discord.Guild) -> discord.Member | None:
            if member and member.guild.id == guild.id:
                return member
            return await self.members.on(guild, user, since, asking)

        found = await asyncio.gather(*map(member_of, guilds), return_exceptions=True)
        if found and all(isinstance(answer, BaseException) for answer in found):
            raise TryLater(ASK_AGAIN)
        members = dict(zip(guilds, found, strict=True))
        said = {place: (channel, members.get(channel.guild, _UNKNOWN)) for place, channel in channels.items()}
        nowhere = [place for place, channel in known.items() if self._is_nobodys(channel)]
        there = {
            place: self._presence(channel, who, inside=True)
            for place, (channel, who) in said.items()
            if not isinstance(who, BaseException)
        }
        return dict.fromkeys(nowhere) | await self._inside(user, there, channels, asking)

    async def _found(self, places: Sequence[Place], asking: int) -> Mapping[Place, Any]:
        """Their channels: also those of threads that were put away, of which the library knows nothing. Of
        very many, or where Discord does not say, some are left out.

        Raises: TryLater where it says nothing of any.
        """
        known: dict[Place, Any] = {place: self._client.get_channel(int(place.room_id)) for place in places}
        away = [place for place, channel in known.items() if channel is None]
        asked = [self._put_away(place, asking) for place in away[:MOST_THREADS]]
        found = await asyncio.gather(*asked, return_exceptions=True)
        known |= dict(zip(away, found, strict=False))
        for place, channel in list(known.items()):
            if isinstance(channel, BaseException) or place in away[MOST_THREADS:]:
                del known[place]
        if places and not known:
            raise TryLater(ASK_AGAIN)
        return known

    async def _inside(
        self,
        user: int,
        there: Mapping[Place, Presence | None],
        channels: Mapping[Place, Channel],
        asking: int,
    ) -> dict[Place, Presence | None]:
        """The same, with the private threads only that they are in: who is Discord says when it is asked.

        Of very many, or where it does not say, some are left out.
        """
        threads = {
            place: channel
            for place, channel in channels.items()
            if there.get(place) and isinstance(channel, discord.Thread) and channel.is_private()
        }
        asked = [
            self.members.is_in_thread(thread, user, asking)
            for thread in list(threads.values())[:MOST_THREADS]
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        inside = dict(zip(threads, answers, strict=False))
        sure = {place: there[place] for place in there if place not in threads or inside.get(place) is True}
        return sure | dict.fromkeys(place for place, answer in inside.items() if answer is False)

    def _is_nobodys(self, channel: Any) -> bool:
        """Whether it is on a server that is none of the community's; or, where no other process has it and no
        server is out of reach, whether it is no more.
        """
        if isinstance(channel, CHANNELS):
            return not self._is_allowed(channel.guild.id)
        return not self._settings.shards and not any(guild.unavailable for guild in self._client.guilds)

    def _presence(
        self, channel: Channel, member: discord.Member | None, *, inside: bool = False
    ) -> Presence | None:
        """`inside`: they are in that private thread."""
        # Who is in a private thread Discord does not say along with the rest.
        # Who has not agreed to the server's rules is nowhere yet.
        if member is None or member.joined_at is None or member.pending:
            return None
        if _is_private_thread(channel) and not inside:
            return None
        try:
            may = channel.permissions_for(member)
        except discord.ClientException:  # a thread whose channel is hidden from Plein
            return None
        place = Place(PLATFORM, str(channel.id))
        # Who may not come into a voice channel sees that it is there, and not what is said in it.
        if not may.view_channel or (isinstance(channel, VOICE) and not may.connect):
            return None
        since, writes = since_in(channel, member) or self._clock.now(), may_write(may, channel, channel.id)
        return Presence(place, self.role_of(may), since, writes, not_before=member.joined_at)

    async def is_let_in(self, user: int, place: Place) -> bool:
        """Whether somebody agreed to the rules of that place's server, as far as Discord says.

        Raises: TryLater where it cannot be asked.
        """
        channel = self._client.get_channel(int(place.room_id))
        member = None
        if isinstance(channel, CHANNELS):
            member = await self.members.on(channel.guild, user, self.members.a_moment_ago, user)
        return member is None or not member.pending

    async def speaks_in(self, user: int, place: Place, since: datetime) -> Presence | None:
        """What somebody is in the place in which they said something; None: they are not there any more.

        Of a private thread Discord is asked who is in it, and of a thread that was put away, what it is.
        Raises: TryLater.
        """
        channel = self._client.get_channel(int(place.room_id)) or await self._put_away(place, user)
        if not isinstance(channel, CHANNELS) or not self.are_ours(channel.guild.id):
            return None
        member = await self.members.on(channel.guild, user, since, user)
        inside = False
        if member and isinstance(channel, discord.Thread) and channel.is_private():
            inside = await self.members.is_in_thread(channel, user, user)
        return self._presence(channel, member, inside=inside)

    async def _put_away(self, place: Place, asking: int) -> Any:
        await self.members.turn(asking)
        try:
            return await self._client.fetch_channel(int(place.room_id))
        except TROUBLE as error:
            if isinstance(error, discord.HTTPException) and error.status in NOBODY:
                return None
            raise TryLater(ASK_AGAIN) from error

    async def mentions(self, words: Iterable[str], user: int, place: Place | None) -> tuple[Mention, ...]:
        """Whom these words of somebody's name: people on the server of that place, or in private of any
        place that they are in, each for the community that this is of.

        Raises: TryLater where Discord does not say just now who is.
        """
        written = dict(found for part in words for found in _MENTION.findall(part))
        if not written:
            return ()
        guilds = await self._guilds_with(user, place)
        named = list(written.items())[:MOST_MENTIONED]
        found = await asyncio.gather(*(self._mentioned(word, who, guilds, user) for word, who in named))
        return tuple(mention for of_word in found for mention in of_word)

    async def _mentioned(
        self, word: str, named: str, guilds: Sequence[_Near], asking: int
    ) -> Sequence[Mention]:
        """Who that is in each community, as they are called there."""
        found: dict[int | None, Mention] = {}
        for community, guild in guilds:
            if community not in found and (member := await self.members.near(guild, int(named), asking)):
                account = Identity(PLATFORM, named)
                found[community] = Mention(word, account, member.display_name, community)
        return [*found.values()]

    async def _guilds_with(self, user: int, place: Place | None) -> Sequence[_Near]:
        """The servers whose people they may mean, each with the community that they are looked for in."""
        if place:
            here = self._client.get_channel(int(place.room_id))
            ours = isinstance(here, CHANNELS) and self.are_ours(here.guild.id)
            return [(None, here.guild)] if isinstance(here, CHANNELS) and ours else []
        channels = self.channels()
        guilds = list(dict.fromkeys(channel.guild for channel in channels))
        people = await asyncio.gather(*(self.members.near(guild, user, user) for guild in guilds))
        there = dict(zip(guilds, people, strict=True))
        with_them = (channel for channel in channels if self._presence(channel, there[channel.guild]))
        return list(dict.fromkeys((self._whose(channel), channel.guild) for channel in with_them))


def handle_of(user: discord.abc.User) -> str:
    """The name by which Discord tells an account from every other; what it shows anybody may choose."""
    return f"@{user}"


def _is_private_thread(channel: Channel) -> bool:
    return isinstance(channel, discord.Thread) and channel.is_private()


def since_in(channel: Any, member: discord.Member) -> datetime | None:
    """Since when somebody is where a channel is: since they are on the server, where all of that may see it.

    Who was let in by a role or by name was so at some moment that Discord does not say: None.
    """
    if not isinstance(channel, CHANNELS) or _is_private_thread(channel):
        return None
    try:
        may = channel.permissions_for(channel.guild.default_role)
    except discord.ClientException:  # a thread whose channel is hidden from Plein
        return None
    is_open = may.view_channel and (may.connect or not isinstance(channel, VOICE))
    return member.joined_at if is_open else None


def room_of(channel: Any) -> int:
    """The channel whose place this is: that of a thread is its channel's.

    A private thread is a place of its own: what is said there is not for its channel. In a forum nothing can
    be said but in its posts, which are places of their own as well.
    """
    if not isinstance(channel, discord.Thread) or channel.is_private():
        return int(channel.id)
    return int(channel.id) if isinstance(channel.parent, discord.ForumChannel) else channel.parent_id


def permissions_in(channel: Any) -> discord.Permissions | None:
    """What Plein may in that channel, as far as Discord has said; None: nothing is known of it."""
    me = channel.guild.me if isinstance(channel, CHANNELS) else None
    try:
        return channel.permissions_for(me) if me else None
    except discord.ClientException:  # a thread whose channel is hidden from Plein
        return None


def is_refused(channel: Any, may: discord.Permissions, *, to_say: bool) -> bool:
    """Whether Plein, which may that there, cannot see the channel or say anything new in it."""
    speaks = may.send_messages_in_threads if isinstance(channel, discord.Thread) else may.send_messages
    return not may.view_channel or (to_say and not speaks)


def _speaks_in(channel: Any, permissions: discord.Permissions) -> bool:
    """Whether Plein can show something there, where it has these permissions."""
    if not isinstance(channel, discord.Thread):
        return permissions >= SPEAKS
    if channel.archived:
        return False  # what stands there cannot be changed
    return permissions >= SPEAKS_IN_THREADS and (permissions.manage_threads or not channel.locked)


def may_write(permissions: discord.Permissions, channel: Any, place: int) -> bool:
    """Whether who has these permissions in a channel may say things in the place that it belongs to."""
    if not isinstance(channel, discord.Thread) or channel.id != place:
        return permissions.send_messages
    return permissions.send_messages_in_threads and (permissions.manage_threads or not channel.locked)

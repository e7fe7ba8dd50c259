"""A guild as tests speak of it: its channels, roles and people by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tests.doubles.discord import permissions, places
from tests.doubles.discord.members import Person
from tests.doubles.discord.render import emojis_json
from tests.doubles.discord.state import Application, Channel, Event, Guild, Overwrite, Role

if TYPE_CHECKING:
    from tests.doubles.discord.double import Discord


class Server:
    """What people call a Discord server. Whatever is asked for by name is made where it is not there."""

    def __init__(self, discord: Discord, guild: Guild) -> None:
        self.discord = discord
        self.guild = guild
        self.world = discord.world

    @property
    def id(self) -> str:
        return self.guild.id

    @property
    def name(self) -> str:
        return self.guild.name

    def __repr__(self) -> str:
        return f"<server {self.name}>"

    def channel(
        self,
        name: str,
        *,
        type: int = 0,
        parent: Channel | None = None,
        only: Iterable[str] | None = None,
        deny: Mapping[str, Iterable[str]] = {},
        allow: Mapping[str, Iterable[str]] = {},
    ) -> Channel:
        """The channel of that name. Where it is made: `only` are the roles that see it at all; `deny` and
        `allow` name permissions by role, "everyone" among them."""
        for channel in self.guild.channels.values():
            if channel.name == name:
                return channel
        channel = Channel(self.world.clock.new_id(), type, name, self.guild.id, parent.id if parent else None)
        channel.position = len(self.guild.channels)
        channel.owner_id = self.guild.owner_id if channel.thread else None
        places.add_channel(self.world, channel)
        seen = ["view_channel"]
        if only is not None:
            self._overwrite(channel, "everyone", [], seen)
            for role in only:
                self._overwrite(channel, role, seen, [])
        for role in {*deny, *allow}:
            self._overwrite(channel, role, allow.get(role, []), deny.get(role, []))
        if channel.overwrites:
            places.channel_changed(self.world, channel)
        return channel

    def _overwrite(self, channel: Channel, role: str, allow: Iterable[str], deny: Iterable[str]) -> None:
        about = self.guild.id if role == "everyone" else self.role(role).id
        overwrite = channel.overwrites.setdefault(about, Overwrite(about, 0))
        overwrite.allow |= permissions.bits(allow)
        overwrite.deny |= permissions.bits(deny)

    def emoji(self, name: str) -> str:
        """The server's own emoji of that name, as reactions with it are called."""
        if name not in self.guild.emoji:
            self.guild.emoji[name] = self.world.clock.new_id()
            data = {"guild_id": self.guild.id, "emojis": emojis_json(self.guild)}
            self.world.emit(Event("GUILD_EMOJIS_UPDATE", data, places.EMOJI, self.guild.id))
        return f"{name}:{self.guild.emoji[name]}"

    def role(self, name: str, permits: Iterable[str] = ()) -> Role:
        """The role of that name; where it is made it permits these things."""
        for role in self.guild.roles.values():
            if role.name == name:
                return role
        role = Role(self.world.clock.new_id(), name, permissions.bits(permits))
        places.add_role(self.world, self.guild, role)
        return role

    def member(self, name: str, *, roles: Iterable[str] = (), locale: str = "nl") -> Person:
        """The person of that name, who joins where they are no member yet; they may be in many guilds."""
        user = next((user for user in self.world.users.values() if user.name == name and not user.bot), None)
        if user is None:
            user = self.world.user(name, locale=locale)
        if user.id not in self.guild.members:
            places.add_member(self.world, self.guild, user, [self.role(role).id for role in roles])
        return Person(self.discord, user, self)

    def give(self, person: Person, role: str) -> None:
        """Somebody gets a role."""
        person.member.role_ids.append(self.role(role).id)
        places.member_changed(self.world, self.guild, person.member)

    def take(self, person: Person, role: str) -> None:
        """Somebody loses a role."""
        person.member.role_ids.remove(self.role(role).id)
        places.member_changed(self.world, self.guild, person.member)

    def time_out(self, person: Person, seconds: float) -> None:
        """Somebody may only read for so long; 0: they may do again what their roles let them."""
        person.member.timed_out_until = self.world.clock.now() + seconds if seconds else None
        places.member_changed(self.world, self.guild, person.member)

    def put_away(self, thread: Channel, *, locked: bool = False) -> None:
        """A thread is archived, and perhaps locked: nobody but who manages threads opens it then."""
        thread.archived, thread.locked = True, locked
        places.channel_changed(self.world, thread)

    def open_again(self, thread: Channel) -> None:
        """A thread that was put away is opened by hand."""
        thread.archived = thread.locked = False
        places.channel_changed(self.world, thread)

    def demand_tag(self, forum: Channel, *, demanded: bool = True) -> None:
        """In a forum each new post is to have a tag from now on; or none need have one any more."""
        forum.demands_tag = demanded
        places.channel_changed(self.world, forum)

    def close(self, channel: Channel | str) -> None:
        """A channel is deleted, by hand."""
        places.remove_channel(self.world, self.channel(channel) if isinstance(channel, str) else channel)

    def outage(self) -> None:
        """The server cannot be reached, though Discord can, until it `recovers`."""
        self.guild.available = False
        gone = {"id": self.id, "unavailable": True}
        for bot in self.world.applications.values():
            if bot.user.id in self.guild.members:
                self.world.emit(Event("GUILD_DELETE", gone, 0, self.id, only=bot.id))

    def recovers(self) -> None:
        """The server is there again."""
        self.guild.available = True
        self.discord.gateway.guild_back(self.id)

    def invite(self, bot: Application, permits: Iterable[str] = ("administrator",)) -> None:
        """A bot comes in, with a role of its own that permits these things."""
        role = Role(self.world.clock.new_id(), bot.user.name, permissions.bits(permits), managed=True)
        places.add_role(self.world, self.guild, role)
        role.position = max(below.position for below in self.guild.roles.values()) + 1
        places.add_member(self.world, self.guild, bot.user, [role.id])
        self.discord.gateway.guild_joined(self.guild.id)

    def permit(self, bot: Application, permits: Iterable[str]) -> None:
        """From now on the bot's own role permits just these things."""
        role = next(role for role in self.guild.roles.values() if role.managed and role.name == bot.user.name)
        role.permissions = permissions.bits(permits)
        places.role_changed(self.world, self.guild, role)

    def everybody_may(self, permits: Iterable[str]) -> None:
        """From now on everybody there may do just these things, and what their roles permit."""
        role = self.guild.roles[self.guild.id]
        role.permissions = permissions.bits(permits)
        places.role_changed(self.world, self.guild, role)

    def close_to(self, bot: Application, channel: str, denied: Iterable[str]) -> None:
        """From now on a bot may not do these things there, nor is it an administrator."""
        rest = [name for name in permissions.BITS if name != "administrator"]
        self.permit(bot, rest)
        self.deny(channel, bot.user.name, denied)

    def deny(self, channel: str, role: str, denied: Iterable[str]) -> None:
        """From now on who has that role may not do these things in a channel."""
        self._overwrite(self.channel(channel), role, [], denied)
        places.channel_changed(self.world, self.channel(channel))

    def allow(self, channel: str, role: str, allowed: Iterable[str]) -> None:
        """From now on they may."""
        self.channel(channel).overwrites[self.role(role).id].deny &= ~permissions.bits(allowed)
        self._overwrite(self.channel(channel), role, allowed, [])
        places.channel_changed(self.world, self.channel(channel))

    def remove(self, bot: Application) -> None:
        """A bot is thrown out."""
        places.remove_member(self.world, self.guild, self.guild.members[bot.user.id])

"""People: they say, use, press, choose, submit, vote and react, and see what Discord would show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tests.doubles.discord import brought, permissions, places, polls, talk
from tests.doubles.discord import interactions as life
from tests.doubles.discord.answers import Answer, Modal
from tests.doubles.discord.clientside import choose, resolve
from tests.doubles.discord.errors import Json, Refused
from tests.doubles.discord.looks import all_components
from tests.doubles.discord.modals import filled_in
from tests.doubles.discord.state import (
    PRIVATE_THREAD,
    THREAD,
    Application,
    Channel,
    Event,
    Interaction,
    Member,
    Message,
    User,
)

if TYPE_CHECKING:
    from tests.doubles.discord.double import Discord
    from tests.doubles.discord.servers import Server

T = TypeVar("T")
TIMEOUT = 60.0


class Person:
    """Somebody with Discord's own client. What it would not let them do is an AssertionError."""

    def __init__(self, discord: Discord, user: User, server: Server) -> None:
        self.discord = discord
        self.world = discord.world
        self.user = user
        self.server = server

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return f"<@{self.user.id}>"

    @property
    def member(self) -> Member:
        """Their membership of the server."""
        found = self.server.guild.members.get(self.user.id)
        assert found, f"{self.name} is no member of {self.server.name}"
        return found

    @property
    def dm(self) -> Channel:
        """The direct message of theirs with the bot."""
        return talk.open_dm(self.world, self.user, self.discord.bot.user)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and (other.user, other.server.id) == (self.user, self.server.id)

    def __hash__(self) -> int:
        return hash((self.user.id, self.server.id))

    # What they do

    async def says(
        self,
        where: Channel | str,
        words: str = "",
        *,
        to: Message | None = None,
        files: Mapping[str, bytes] | None = None,
        stickers: Sequence[tuple[str, int, bytes]] = (),
    ) -> Message:
        """Write there; in reply `to` a message if there is one. A sticker: its name, format and picture."""
        channel = self._place(where)
        self._may(channel, "send_messages_in_threads" if channel.thread else "send_messages")
        body: Json = {"content": words}
        if to:
            body["message_reference"] = {"message_id": to.id}
        uploads = {number: talk.Upload(*file) for number, file in enumerate((files or {}).items())}
        if not stickers:
            return self._allowed(lambda: talk.post(self.world, channel, self.user, body, uploads))
        items = [brought.sticker(self.world, *each) for each in stickers]
        body["sticker_ids"] = [item["id"] for item in items]
        return self._allowed(lambda: talk.post(self.world, channel, self.user, body, stickers=items))

    async def forwards(self, message: Message, where: Channel | str) -> Message:
        """Bring what somebody said along to another place: nobody there is told who it was."""
        channel = self._place(where)
        self._may(channel, "send_messages")
        return brought.forward(self.world, message, channel, self.user)

    def begins(
        self, where: Channel | str, name: str, *, private: bool = False, on: Message | None = None
    ) -> Channel:
        """Begin a thread there, for all who see the channel, perhaps on a message; a private one is for
        whoever is named in it.
        """
        parent = self._place(where)
        self._may(parent, "create_private_threads" if private else "create_public_threads")
        type = PRIVATE_THREAD if private else THREAD
        if on:
            assert not on.thread_id, f"{on!r} has a thread"
            on.thread_id = on.id
        new = on.id if on else self.world.clock.new_id()
        thread = Channel(new, type, name, parent.guild_id, parent.id, owner_id=self.id)
        thread.joined[self.id] = self.world.clock.now()
        places.add_channel(self.world, thread)
        return thread

    def leaves_thread(self, thread: Channel) -> None:
        """Be in a thread no more."""
        assert places.leaves_thread(self.world, thread, self.id), f"{self.name} is not in {thread.name}"

    def puts_out(self, thread: Channel, who: Person) -> None:
        """Remove somebody from a thread."""
        self._may(thread, "manage_threads")
        who.leaves_thread(thread)

    async def edits(self, message: Message, words: str, *, without: str = "") -> None:
        """Change what they wrote; a file of that name goes."""
        assert message.author is self.user, f"{self.name} did not write {message!r}"
        body: Json = {"content": words}
        if without:
            kept = [{"id": file.id} for file in message.attachments if file.filename != without]
            body["attachments"] = kept
        self._allowed(lambda: talk.edit(self.world, message, body))

    async def deletes(self, message: Message) -> None:
        """Delete what they wrote, or another's where they may."""
        if message.author is not self.user:
            self._may(message.channel, "manage_messages")
        talk.delete(self.world, message)

    async def deletes_all(self, messages: Sequence[Message]) -> None:
        """Have these deleted at once, as bots for moderators do."""
        self._may(messages[0].channel, "manage_messages")
        talk.delete_many(self.world, messages[0].channel, messages)

    async def uses(
        self,
        where: Channel | str | Server,
        command: str,
        options: Mapping[str, Any] | None = None,
        /,
        *,
        final: bool = True,
        timeout: float = TIMEOUT,
        **more: Any,
    ) -> Answer:
        """Use a slash command, as `await anna.uses("sport", "poll open", question="...")`.

        What it answered, once that is final: not "is thinking" still, unless `final` is off.
        """
        channel = self._place(where)
        chosen = choose(self, channel, command, {**(options or {}), **more})
        return await self._begin(chosen.application, life.USED, channel, chosen.data, None, final, timeout)

    async def completes(
        self,
        where: Channel | str | Server,
        command: str,
        option: str,
        typed: str = "",
        /,
        **options: Any,
    ) -> list[str]:
        """What is offered while they type this into an option; the names, in their language."""
        channel = self._place(where)
        chosen = choose(self, channel, command, options, focused=option, typed=typed)
        answer = await self._begin(
            chosen.application, life.COMPLETING, channel, chosen.data, None, True, TIMEOUT
        )
        assert answer.interaction.choices is not None
        return [
            str((choice.get("name_localizations") or {}).get(self.user.locale, choice["name"]))
            for choice in answer.interaction.choices
        ]

    async def uses_on(self, target: Message | Person, command: str, *, final: bool = True) -> Answer:
        """Use a command from the menu of a message or person."""
        channel = target.channel if isinstance(target, Message) else self._place(self.server)
        chosen = choose(self, channel, command, {}, target=target)
        return await self._begin(chosen.application, life.USED, channel, chosen.data, None, final, TIMEOUT)

    async def presses(
        self, message: Message, which: str, *, final: bool = True, timeout: float = TIMEOUT
    ) -> Answer:
        """Press the button with that label, emoji or custom_id."""
        button = self._component(message, which, (2,))
        data = {"component_type": 2, "custom_id": button["custom_id"], "id": button["id"]}
        return await self._touch(message, data, final, timeout)

    async def chooses(
        self,
        message: Message,
        which: str,
        values: Sequence[str | Person | Channel],
        *,
        final: bool = True,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Choose in the select with that custom_id or placeholder: options by label or value, or people,
        roles, channels by themselves."""
        select = self._component(message, which, (3, 5, 6, 7, 8))
        found, resolved = self._values(select, values)
        data: Json = {"component_type": select["type"], "custom_id": select["custom_id"], "id": select["id"]}
        data["values"] = found
        if resolved:
            data["resolved"] = resolved
        return await self._touch(message, data, final, timeout)

    async def submits(
        self,
        modal: Modal | Answer,
        fields: Mapping[str, Any] | None = None,
        *,
        final: bool = True,
        timeout: float = TIMEOUT,
        **more: Any,
    ) -> Answer:
        """Fill in a form: fields by custom_id or label. Those not named keep what was in them."""
        form = modal if isinstance(modal, Modal) else modal.modal
        assert form, f"{modal!r} is no form"
        origin = form.interaction
        assert origin.user is self.user, f"the form was not shown to {self.name}"
        data = filled_in(form, {**(fields or {}), **more})
        return await self._begin(
            origin.application,
            life.SUBMITTED,
            origin.channel,
            data,
            origin.about,
            final,
            timeout,
            cause=origin,
        )

    async def votes(self, message: Message, answers: str | Sequence[str]) -> None:
        """Vote in one of Discord's own polls; no answers take the vote back."""
        poll = message.poll
        assert poll, f"{message!r} is no poll"
        self._sees(message)
        assert poll.expiry > self.world.clock.now(), "the poll is over"
        wanted = [answers] if isinstance(answers, str) else list(answers)
        numbers = {str(media.get("text")): number for number, media in poll.answers.items()}
        assert set(wanted) <= set(numbers), f"the poll's answers are {list(numbers)}"
        assert poll.multiselect or len(wanted) <= 1, "the poll takes one answer"
        polls.vote(self.world, message, self.user, [numbers[answer] for answer in wanted])

    async def reacts(self, message: Message, emoji: str) -> None:
        self._sees(message)
        if emoji not in message.reactions:
            self._may(message.channel, "add_reactions")
        self._allowed(lambda: talk.react(self.world, message, self.user, emoji))

    async def unreacts(self, message: Message, emoji: str) -> None:
        """Take their own away."""
        talk.unreact(self.world, message, self.user, emoji)

    async def takes(self, message: Message, who: Person, emoji: str) -> None:
        """Take somebody else's sign away, as who looks after a channel may."""
        self._may(message.channel, "manage_messages")
        talk.unreact(self.world, message, who.user, emoji)

    async def clears(self, message: Message, emoji: str | None = None) -> None:
        """Take everybody's signs away, or everybody's of that one."""
        self._may(message.channel, "manage_messages")
        talk.clear_reactions(self.world, message, emoji)

    async def follows(self, event_id: str | int) -> None:
        """Be interested in a scheduled event."""
        guild = self.server.guild
        assert str(event_id) in guild.events, f"there is no event {event_id}"
        guild.interested.setdefault(str(event_id), []).append(self.user.id)
        data = {"guild_scheduled_event_id": str(event_id), "user_id": self.user.id, "guild_id": guild.id}
        self.world.emit(Event("GUILD_SCHEDULED_EVENT_USER_ADD", data, 1 << 16, guild.id))

    async def leaves(self) -> None:
        """Leave the server."""
        places.remove_member(self.world, self.server.guild, self.member)

    async def is_banned(self) -> None:
        """By somebody who may."""
        places.ban(self.world, self.server.guild, self.member)

    async def closes_dms(self) -> None:
        """Let nobody write to them from now on."""
        self.user.dms = False

    # What they see

    def pinged_by(self, message: Message) -> bool:
        """Whether it rang for them: by name, by a role of theirs, or for everyone."""
        if message.mention_everyone or self.user in message.mentions:
            return True
        member = self.server.guild.members.get(self.user.id)
        return bool(member and {*message.mention_roles} & {*member.role_ids})

    def sees(self, where: Channel | str) -> list[Message]:
        """What is shown to them there, oldest first; of the ephemeral only what is theirs."""
        channel = self._place(where)
        if not self._can(channel, "view_channel", "read_message_history"):
            return []
        return [message for message in channel.messages.values() if message.only_for in (None, self.user.id)]

    def channels(self) -> list[str]:
        """The names of the server's channels that they see."""
        return [
            channel.name
            for channel in self.server.guild.channels.values()
            if self._can(channel, "view_channel")
        ]

    async def hears(
        self,
        where: Channel | str,
        words: str = "",
        *,
        after: Message | None = None,
        timeout: float = TIMEOUT,
    ) -> Message:
        """The first message with these words that they see there, past or still to come; `after` one."""
        channel = self._place(where)

        def look() -> Message | None:
            for message in self.sees(channel):
                if (
                    words in message.text
                    and not message.loading
                    and (not after or int(message.id) > int(after.id))
                ):
                    return message
            return None

        def why() -> str:
            return f"{self.name} heard no {words!r} in {channel!r}, only {self.sees(channel)[-10:]}"

        return await self.discord.bell.until(look, timeout=timeout, why=why)

    # How

    def _place(self, where: Channel | str | Server) -> Channel:
        if isinstance(where, Channel):
            return where
        if isinstance(where, str):
            found = [channel for channel in self.server.guild.channels.values() if channel.name == where]
            assert found, f"{self.server.name} has no channel {where!r}"
            return found[0]
        seen = [
            channel
            for channel in where.guild.channels.values()
            if channel.talkative and self._can(channel, "view_channel")
        ]
        assert seen, f"{self.name} sees no channel of {where.name}"
        return seen[0]

    def _can(self, channel: Channel, *names: str) -> bool:
        if channel.guild_id is None:
            return self.user in channel.recipients
        guild = self.world.guild(channel.guild_id)
        return permissions.may(guild, guild.members.get(self.user.id), channel, *names)

    def _may(self, channel: Channel, *names: str) -> None:
        assert self._can(channel, "view_channel"), f"{self.name} does not see {channel!r}"
        for name in names:
            assert self._can(channel, name), f"{self.name} may not {name} in {channel!r}"

    def _sees(self, message: Message) -> None:
        assert message in self.sees(message.channel), f"{self.name} does not see {message!r}"

    def _allowed(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Refused as no:
            raise AssertionError(f"Discord does not let {self.name}: {no.body}") from no

    def _component(self, message: Message, which: str, types: tuple[int, ...]) -> Json:
        self._sees(message)
        there = [
            component for component in all_components(message.components) if component.get("type") in types
        ]
        for component in there:
            names = (
                component.get("custom_id"),
                component.get("label"),
                component.get("placeholder"),
                (component.get("emoji") or {}).get("name"),
            )
            if which in names:
                assert component.get("custom_id"), f"{which!r} is a link"
                assert not component.get("disabled"), f"{which!r} is greyed out"
                return component
        shown = [
            component.get("label") or component.get("placeholder") or component.get("custom_id")
            for component in there
        ]
        raise AssertionError(f"{message!r} has no {which!r}, only {shown}")

    def _values(self, select: Json, values: Sequence[Any]) -> tuple[list[str], Json]:
        least, most = (1 if select.get(key) is None else select[key] for key in ("min_values", "max_values"))
        assert least <= len(values) <= most, f"{least} to {most} are to be chosen, not {len(values)}"
        if select["type"] != 3:
            resolved: Json = {}
            return [resolve(self, value, resolved) for value in values], resolved
        known = {
            name: option["value"]
            for option in select["options"]
            for name in (option["label"], option["value"])
        }
        assert set(values) <= set(known), f"{list(values)} is not among {list(known)}"
        return [known[value] for value in values], {}

    async def _touch(self, message: Message, data: Json, final: bool, timeout: float) -> Answer:
        bot = self.world.applications.get(message.application_id or message.author.id)
        assert bot, f"{message!r} is no bot's"
        return await self._begin(bot, life.PRESSED, message.channel, data, message, final, timeout)

    async def _begin(
        self,
        bot: Application,
        type: int,
        channel: Channel,
        data: Json,
        about: Message | None,
        final: bool,
        timeout: float,
        cause: Interaction | None = None,
    ) -> Answer:
        interaction = life.begin(self.world, bot, type, self.user, channel, data, about, cause)
        answer = Answer(self.discord, interaction)
        await answer.first(timeout)
        if final and answer.thinking:
            await answer.final(timeout)
        return answer

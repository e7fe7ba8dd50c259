"""What Discord remembers: people, guilds, channels, messages. What changes them is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.discord.clock import Clock, time_of
from tests.doubles.discord.errors import refuse
from tests.doubles.discord.looks import all_components, words_of
from tests.doubles.discord.waiting import Bell

Json = dict[str, Any]

TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, THREAD, PRIVATE_THREAD = (
    0,
    1,
    2,
    4,
    5,
    10,
    11,
    12,
)
FORUM = 15
# A flag of a forum: a post is to have a tag.
REQUIRE_TAG = 1 << 4
EPHEMERAL, LOADING, SUPPRESS_EMBEDS, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 2, 1 << 15
DEFAULT, PIN, THREAD_CREATED, REPLY, COMMAND, POLL_RESULT = 0, 6, 18, 19, 20, 46


@dataclass(slots=True)
class User:
    """`locale` is their client's language; with `dms` off nobody can write to them. Those whom they `blocked`
    put no sign on what they say.
    """

    id: str
    name: str
    bot: bool = False
    shown_name: str | None = None
    locale: str = "en-US"
    dms: bool = True
    blocked: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Role:
    id: str
    name: str
    permissions: int = 0
    position: int = 1
    color: int = 0
    hoist: bool = False
    mentionable: bool = False
    managed: bool = False


@dataclass(slots=True)
class Overwrite:
    """`type`: 0 of a role, 1 of a member."""

    id: str
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Member:
    user: User
    role_ids: list[str] = field(default_factory=list)
    nick: str | None = None
    joined_at: float = 0.0
    # They have not agreed to the server's rules yet.
    pending: bool = False
    # Until when they may only read, by the server's clock.
    timed_out_until: float | None = None


@dataclass(slots=True)
class Channel:
    """A text channel, a direct message (no `guild_id`, `recipients`), a category or a thread."""

    id: str
    type: int
    name: str = ""
    guild_id: str | None = None
    parent_id: str | None = None
    position: int = 0
    topic: str | None = None
    nsfw: bool = False
    slowmode: int = 0
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    deleted: dict[str, Message] = field(default_factory=dict)
    pins: dict[str, float] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)
    owner_id: str | None = None
    archived: bool = False
    locked: bool = False
    # A forum: whether a post is to have a tag.
    demands_tag: bool = False
    joined: dict[str, float] = field(default_factory=dict)

    @property
    def thread(self) -> bool:
        return self.type in (ANNOUNCEMENT_THREAD, THREAD, PRIVATE_THREAD)

    @property
    def private(self) -> bool:
        """Whether it is a thread that only those see who are in it, and who manages threads."""
        return self.type == PRIVATE_THREAD

    @property
    def talkative(self) -> bool:
        return self.type != CATEGORY

    def __repr__(self) -> str:
        return f"<#{self.name or self.id}>"


@dataclass(slots=True)
class Guild:
    """`roles` holds one with the guild's own id: everybody's."""

    id: str
    name: str
    owner_id: str
    now: Callable[[], float]
    locale: str = "en-US"
    roles: dict[str, Role] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    banned: dict[str, User] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    interested: dict[str, list[str]] = field(default_factory=dict)
    # The emoji of its own, by their names.
    emoji: dict[str, str] = field(default_factory=dict)
    available: bool = True

    def is_timed_out(self, member: Member) -> bool:
        return member.timed_out_until is not None and self.now() < member.timed_out_until


@dataclass(slots=True)
class Attachment:
    id: str
    filename: str
    data: bytes
    content_type: str
    description: str | None = None


@dataclass(slots=True)
class Poll:
    """`votes` by answer: user ids in the order they voted."""

    question: Json
    answers: dict[int, Json]
    expiry: float
    multiselect: bool = False
    layout: int = 1
    votes: dict[int, list[str]] = field(default_factory=dict)
    finalized: bool = False


@dataclass(slots=True, eq=False)
class Message:
    """`only_for` is who alone sees it (ephemeral); `edits` counts how often it was changed."""

    id: str
    channel: Channel
    author: User
    type: int = DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    poll: Poll | None = None
    flags: int = 0
    nonce: str | int | None = None
    tts: bool = False
    at: float = 0.0
    edited_at: float | None = None
    edits: int = 0
    deleted: bool = False
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    # Whomever it ever rang for, and how often: accounts and roles by their numbers, and "everyone".
    rang: list[str] = field(default_factory=list)
    reference: Json | None = None
    # What a forward brings along; and stickers, as Discord tells of them.
    snapshot: Message | None = None
    stickers: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    application_id: str | None = None
    webhook_id: str | None = None
    shown_as: str | None = None
    shown_avatar: str | None = None
    interaction: Json | None = None
    only_for: str | None = None
    thread_id: str | None = None

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """ "... is thinking": deferred, and nothing said yet."""
        return bool(self.flags & LOADING)

    @property
    def pinned(self) -> bool:
        return self.id in self.channel.pins

    @property
    def text(self) -> str:
        """Every word that is shown: content, embeds, components and a poll's question and answers."""
        return words_of(self.content, self.embeds, self.components, self.poll)

    @property
    def buttons(self) -> list[str]:
        """Labels, in order."""
        return [
            str(component.get("label") or (component.get("emoji") or {}).get("name", ""))
            for component in all_components(self.components)
            if component.get("type") == 2
        ]

    def __repr__(self) -> str:
        return f"<{self.shown_as or self.author.name} in {self.channel!r}: {self.text[:80]!r}>"


@dataclass(slots=True)
class Webhook:
    id: str
    token: str
    channel_id: str
    guild_id: str
    name: str
    user: User
    application_id: str
    avatar: str | None = None


@dataclass(slots=True)
class Application:
    """A bot. `privileged`: the intents that the developer portal lets it ask for."""

    id: str
    user: User
    token: str
    owner: User
    privileged: int = (1 << 1) | (1 << 8) | (1 << 15)
    commands: dict[str, Json] = field(default_factory=dict)
    created: list[tuple[float, str | None]] = field(default_factory=list)
    identifies: int = 1_000

    @property
    def flags(self) -> int:
        """As the portal shows it: the limited form of each privileged intent."""
        pairs = ((8, 13), (1, 15), (15, 19))
        return sum(1 << flag for intent, flag in pairs if self.privileged >> intent & 1) | 1 << 23


@dataclass(slots=True, eq=False)
class Interaction:
    """Somebody used a command, pressed a button, asked for completions or sent a modal.

    `answered` is the callback type of the first answer; `original` the message it made or changed;
    `said` every message made, in order; `about` the message whose component it was; `cause` the
    interaction that a form was shown in answer to.
    """

    id: str
    token: str
    type: int
    application: Application
    user: User
    channel: Channel
    data: Json
    at: float
    about: Message | None = None
    cause: Interaction | None = None
    answered: int = 0
    original: Message | None = None
    said: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    changes: int = 0


@dataclass(slots=True)
class Event:
    """One dispatch on its way. `intents`: any of these is enough, 0 is for all; `only` one application."""

    name: str
    data: Json
    intents: int = 0
    guild_id: str | None = None
    channel: Channel | None = None
    only: str | None = None
    message: Message | None = None


class World:
    """All that Discord knows, and who is told when it changes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bell = Bell()
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.dms: dict[str, Channel] = {}
        self.applications: dict[str, Application] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.interactions: dict[str, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}
        self.files: dict[str, Attachment] = {}
        self.old_edits: dict[str, list[float]] = {}
        self.old_edits_allowed = 30
        self.polls_behind = 0
        self.emit: Callable[[Event], None] = lambda event: None

    def user(self, name: str, **options: Any) -> User:
        """A new account."""
        found = User(self.clock.new_id(), name, **options)
        self.users[found.id] = found
        return found

    def application(self, name: str, token: str, **options: Any) -> Application:
        """A new bot with this token."""
        user = self.user(name, bot=True)
        found = Application(user.id, user, token, self.user(f"{name}-owner"), **options)
        self.applications[found.id] = found
        return found

    def file(self, name: str, data: bytes, content_type: str, description: str | None = None) -> Attachment:
        """An uploaded file, which the CDN has from now on."""
        found = Attachment(self.clock.new_id(), name, data, content_type, description)
        self.files[found.id] = found
        return found

    def guild(self, guild_id: str | None) -> Guild:
        """That guild, or 10004."""
        found = self.guilds.get(guild_id or "")
        if found is None:
            raise refuse(10004)
        return found

    def channel(self, channel_id: str) -> Channel:
        """That channel, thread or direct message, or 10003."""
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        if channel_id not in self.dms:
            raise refuse(10003)
        return self.dms[channel_id]

    def guild_of(self, channel: Channel) -> Guild | None:
        return self.guilds[channel.guild_id] if channel.guild_id else None

    def dm(self, user: User, other: User) -> Channel:
        """The direct message of these two; opened where there is none."""
        for channel in self.dms.values():
            if {recipient.id for recipient in channel.recipients} == {user.id, other.id}:
                return channel
        found = Channel(self.clock.new_id(), DM, recipients=[user, other])
        self.dms[found.id] = found
        return found

    def age(self, snowflake: str) -> float:
        """Seconds since this was made."""
        return self.clock.now() - time_of(snowflake)

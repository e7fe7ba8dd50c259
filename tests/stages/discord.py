"""Discord's stage: the adapter on the double, one server for each place.

A line that is a command is used as a slash command. What Discord's client would not let anybody fill in
(a word that is no choice, a number that is none, nothing at all) is written to Plein, as is what others
are to see. A form that pops up is sent off as it is: then Plein says in words what it still needs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import pytest

from adapters.console.client import Said, Turning
from adapters.console.script import Says, Signs
from adapters.discord import ids
from adapters.discord.channels import PLATFORM
from adapters.discord.client import Discord as Adapter
from adapters.discord.homes import KINDS
from adapters.discord.settings import Discord as Settings
from bot.commands.argument import Argument
from bot.commands.read import parse
from bot.errors import Unsure, UserError
from bot.main.communities import grounds_on
from bot.main.config import Config
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.model.people import Identity, Place
from bot.texts import Texts, Voice
from tests.doubles.discord import Answer, Channel, Discord, Message, Person, Server
from tests.doubles.discord.components import SELECT
from tests.doubles.discord.errors import Json
from tests.doubles.discord.looks import all_components
from tests.doubles.discord.state import PIN
from tests.on_discord import DoublesClock
from tests.stages.stage import READABLE, Seen, Stage, Where, Who, bracketed, signed

LOCALES = {"nl": "nl", "en": "en-GB"}
LABEL, LONGEST = 80, 2_000
# Escapes, what can be typed, moments, bold, and the space that ends an address.
_PINGS = re.compile(r"^(?:<@\d+> ?)+(?=$|\n)")
_MARKUP = re.compile(r"\\(?P<as_is>.)|(?P<code>`[^`\n]*`)|<t:(?P<at>-?\d+):F>|\*\*|\u200a", re.DOTALL)


class DiscordsClock(DoublesClock):
    """The double's clock, which Plein goes by too; the transcript turns it."""

    @classmethod
    def at(cls, moment: datetime, double: Discord) -> Self:
        double.clock.turn(moment.timestamp() - double.clock.now())
        return cls(double.clock)

    def turn_to(self, moment: datetime) -> None:
        self._clock.turn(max((moment - self.now()).total_seconds(), 0))


class OnDiscord(Stage):
    platform = "discord"
    # No button is there that cannot be pressed, and nothing so long can be sent. A form asks for scores.
    impossible = frozenset({"action.no_such", "typed.too_long", "poll.whole.score"})

    def __init__(self, double: Discord, clock: Turning) -> None:
        super().__init__(clock)
        self._double = double
        self._town = double.guild("Plein")
        self._servers: dict[Where, Server] = {}
        self._people: dict[Who, Person] = {}
        self._config: Config
        self._known: dict[str, int] = {}
        # The buttons that a message had when it last had any.
        self._offered: dict[str, list[str]] = {}
        # How often who put a sign on which message, or took it away.
        self._signed = Counter[tuple[str, str]]()

    async def prepare(self, people: Iterable[Who], places: Iterable[Where], language: str) -> None:
        for who in people:
            name = f"{who.name}-{who.label}"
            self._people[who] = self._town.member(name, locale=LOCALES[language])
        for where in places:
            self._servers[where] = self._double.guild("-".join(where), bots=())
            self._servers[where].channel(where.place)

    def settings(self) -> Mapping[str, Any]:
        """In the town everybody is, only to be able to talk privately."""
        guilds = [server.id for server in self._servers.values()]
        return {"discord": Settings.model_validate({"token": self._double.token, "guilds": guilds})}

    def account(self, who: Who) -> Identity:
        return Identity(self.platform, self._people[who].id)

    def called(self, who: Who) -> str:
        return self._people[who].name

    def handle(self, who: Who) -> str:
        return f"@{self._people[who].name}"

    def mention(self, who: Who) -> str:
        return self._people[who].mention

    def address(self, where: Where) -> str:
        return self._channel(where).id

    def _channel(self, where: Where) -> Channel:
        if made := self._made.get(where):
            return self._server(where).guild.channels[made.room_id]
        return self._servers[where].channel(where.place)

    def _server(self, where: Where) -> Server:
        if made := self._made.get(where):
            return next(server for server in self._all_servers() if made.room_id in server.guild.channels)
        return self._servers[where]

    def _all_servers(self) -> Sequence[Server]:
        return [self._town, *self._servers.values()]

    def homes(self) -> Sequence[Home]:
        """Of each kind on each server that Plein is on."""
        servers = [self._servers[where].name for where in self._here]
        return [Home(PLATFORM, kind, "", "", server) for server in servers for kind in KINDS]

    def lacks(self) -> Sequence[Text]:
        """The servers and channels where it is to be and is not yet."""
        away = [where for where in self._servers if where not in self._here]
        servers = [text("discord.check.no_guild", guild=self._servers[where].id) for where in away]
        return [*servers, *(text("discord.check.no_channel", channel=self.address(where)) for where in away)]

    def adapter(self, config: Config, texts: Texts, served: Collection[int]) -> Adapter:
        settings = config.of(Settings)
        assert settings
        self._config = config
        grounds = grounds_on(self.platform, config, served)
        return Adapter(settings, grounds, texts, self.clock, self._double.connector)

    async def begin(self) -> None:
        pass

    # --- what people do ---

    def answers_apart(self, says: Says, *, openly: bool) -> bool:
        """Only where it was written to Plein."""
        return says.pressed is None and (openly or self._filled_in(says.text) is None)

    async def _invite(self, where: Where) -> None:
        self._servers[where].invite(self._double.bot)

    async def _join(self, who: Who, where: Where) -> None:
        person = self._people[who]
        self._server(where).member(person.name)

    def _on(self, who: Who, where: Where | None) -> tuple[Person, Channel]:
        """Somebody as a member of that place's server."""
        person = self._people[who]
        if where is None:
            return person, person.dm
        return self._server(where).member(person.name), self._channel(where)

    async def _say(self, who: Who, where: Where | None, words: str, *, openly: bool) -> None:
        person, channel = self._on(who, where)
        if where and not words.startswith("!"):
            talk = await person.says(channel, words)
            link = f"https://discord.com/channels/{channel.guild_id}/{channel.id}/{talk.id}"
            self._talked(who, where, talk, link)
            if self.core.listens:
                await self._dealt_with(talk)
        elif not openly and (filled_in := self._filled_in(words)):
            await self._use(person, channel, *filled_in)
        else:
            await self._write(person, channel, words)

    async def _use(self, person: Person, channel: Channel, command: str, options: Mapping[str, Any]) -> None:
        await self._send_off(person, await person.uses(channel, command, options))

    async def _write(self, person: Person, channel: Channel, words: str) -> None:
        if channel.guild_id:
            words = f"<@{self._double.bot.user.id}> {words}"
        if len(words) > LONGEST:
            with pytest.raises(AssertionError, match="does not let"):
                await person.says(channel, words)
            return
        await self._dealt_with(await person.says(channel, words))

    async def _dealt_with(self, message: Message) -> None:
        await self.core.until(f"{self.platform}:{message.id}")

    def _filled_in(self, words: str) -> tuple[str, dict[str, Any]] | None:
        """The command with its options as the client would send them; None where it would not."""
        try:
            command, args = parse(self.core.commands, words, "nl")
            return command.path, {
                argument.name_in("en"): self._option(argument, args[argument.name])
                for argument in self.core.commands.arguments(command)
                if argument.name in args
            }
        except (Unsure, UserError, ValueError):
            return None

    def _option(self, argument: Argument, value: Any) -> Any:
        """Raises ValueError for what cannot be filled in."""
        if argument.converter.plain is not str:
            return argument.converter.plain(value)
        if argument.choices:
            for locale in self._texts.locales:
                if found := argument.words(locale).get(value.casefold()):
                    return str(found)
            raise ValueError(value)
        if not value.strip():
            raise ValueError(value)
        return value

    async def _send_off(self, person: Person, answer: Answer) -> None:
        """A form that pops up is sent off at once; in what must not stay empty goes a space.

        Where something must be chosen, it is closed again: the client would not send it.
        """
        form = answer.modal
        if form and not any(_must_be_chosen(field) for field in form.fields.values()):
            empty = {
                name: " "
                for name, field in form.fields.items()
                if field["type"] == 4 and not field.get("value")
            }
            await person.submits(form, empty)

    async def _sign(self, who: Who, where: Where, signs: Signs, talk: Message) -> None:
        """Discord says of no such thing which event it is."""
        person, _ = self._on(who, where)
        act = person.reacts if signs.on else person.unreacts
        self._signed[talk.id, person.id] += 1
        await act(talk, signs.sign)
        await self.core.until(signed(talk.id, person.id, self._signed[talk.id, person.id]))

    async def _press(self, who: Who, seen: Seen, number: int) -> None:
        """Where the buttons are gone, because the poll is over, the same is said with a command."""
        person, channel = self._on(who, seen.to if isinstance(seen.to, Where) else None)
        message = next(
            channel.messages[seen.ref] for channel in self._channels() if seen.ref in channel.messages
        )
        offered = self._offered[seen.ref]
        if number > len(offered):
            return
        if offered[number - 1] in [button["custom_id"] for button in _buttons(message)]:
            await self._send_off(person, await person.presses(message, offered[number - 1]))
            return
        pressed = ids.read(offered[number - 1])
        assert isinstance(pressed, ids.Filled), pressed
        assert pressed.command == "poll tick", pressed
        vote = {"answer": str(pressed.args["option"]), "poll": pressed.args["poll"]}
        await self._use(person, channel, "poll vote", vote)

    def _channels(self) -> list[Channel]:
        inside = [channel for server in self._all_servers() for channel in server.guild.channels.values()]
        return [*inside, *(person.dm for person in self._people.values())]

    # --- what is heard ---

    async def _look(self) -> list[Seen]:
        found = []
        for channel in self._channels():
            for message in channel.messages.values():
                edits = self._known.get(message.id)
                says = message.author is self._double.bot.user and message.type != PIN
                if says and message.edits != edits:
                    self._known[message.id] = message.edits
                    found.append(await self._seen(message, edited=edits is not None))
        # To one person, in whichever channel.
        return sorted(found, key=lambda seen: int(seen.ref))

    async def _seen(self, message: Message, *, edited: bool) -> Seen:
        to = self._reader(message)
        reader = self.account(to) if isinstance(to, Who) else Place(self.platform, message.channel.id)
        zone, own = await self.core.clocks_of(reader)
        voice = Voice(await self.core.voice_of(reader), zone, self.clock.now(), own_zone=own)
        lines = [_shown(words, self._texts, voice) for words in _words(message)]
        buttons = _buttons(message)
        if buttons:
            self._offered[message.id] = [button["custom_id"] for button in buttons]
        lines += bracketed(button["label"] for button in buttons)
        for file in message.attachments:
            lines.append(f"[{file.filename}] {file.description}")
            if file.filename.endswith(READABLE):
                lines += file.data.decode("utf-8-sig").splitlines()
        return Seen(message.id, to, tuple(lines), bool(buttons), edited)

    def _reader(self, message: Message) -> Where | Who:
        users = {person.id: who for who, person in self._people.items()}
        if message.only_for:
            return users[message.only_for]
        for where in (*self._servers, *self._made):
            if message.channel is self._channel(where):
                return where
        assert message.channel.guild_id is None, f"nobody asked for {message!r}"
        return next(users[user.id] for user in message.channel.recipients if user.id in users)

    def shows(self, said: Said) -> list[str]:
        """What to do where nothing can be pressed is said only there; labels are cut to what fits."""
        parts = self.parts(said)
        lines = [*parts.body, *(() if parts.buttons else parts.how)]
        return [*lines, *bracketed(_cut(label) for label in parts.buttons), *parts.files]


def _words(message: Message) -> list[str]:
    """Content, or the title and the description of the embed; not who is pinged, which is no word of it."""
    parts = [_PINGS.sub("", message.content)]
    for embed in message.embeds:
        parts += [embed.get("title", ""), embed.get("description", "")]
    return [part for part in parts if part]


def _shown(words: str, texts: Texts, voice: Voice) -> str:
    """As Discord shows it; moments as Plein writes them elsewhere."""

    def show(piece: re.Match[str]) -> str:
        if piece["at"]:
            return texts.date(datetime.fromtimestamp(int(piece["at"]), UTC), voice)
        return piece["as_is"] or piece["code"] or ""

    return _MARKUP.sub(show, words)


def _buttons(message: Message) -> list[dict[str, Any]]:
    """Those that do something at once. One that opens a form offers more than the transcript knows."""
    return [
        component
        for component in all_components(message.components)
        if component.get("type") == 2 and not _opens_form(str(component["custom_id"]))
    ]


def _opens_form(custom_id: str) -> bool:
    match ids.read(custom_id):
        case ids.Own(form=form) | ids.Referred(form=form):
            return form
        case ids.Asked(command="poll fill"):  # with what they chose in it
            return True
    return False


def _cut(label: str) -> str:
    label = " ".join(label.split())
    return label if len(label) <= LABEL else label[: LABEL - 1].rstrip() + "…"


def _must_be_chosen(field: Json) -> bool:
    """Whether something is to be chosen of a list, and nothing is yet."""
    chosen = any(option.get("default") for option in field.get("options") or ())
    return field["type"] == SELECT and bool(field.get("required", True)) and not chosen

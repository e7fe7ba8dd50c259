"""Being the people of a server by hand: a line is what one of them does, or what goes wrong."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.doubles.discord.answers import Answer
from tests.doubles.discord.command_limits import BOOLEAN, CHANNEL, INTEGER, NUMBER, ROLE, USER
from tests.doubles.discord.errors import Json
from tests.doubles.discord.looks import all_components
from tests.doubles.discord.members import Person
from tests.doubles.discord.state import Event, Message

if TYPE_CHECKING:
    from tests.doubles.discord.double import Discord

HELP = """\
anna #sport hello                    say it there; anna is a member as soon as she is named
anna @plein hello                    write to the bot
anna /poll open question:Benches?    use a command, in the channel she was last in
anna /poll open #sport question:...  or in another
anna press Yes | press 2             press a button of the newest message that has it
anna press 12 Yes                    or of another, by its number
anna choose Which? Sport, Roads      choose in a select
anna submit reason:because           fill in the form that popped up
anna vote Yes                        vote in the newest of Discord's own polls
anna react 👍                        react to the newest message; or: react 12 👍
anna sees #sport                     what is shown to her there
guild Plein | channel sport          go to a server or make it; make a channel
fault 503 3 POST *messages           the next 3 such requests are answered 503 (429, html and garbage too)
fault drop 1 | fault after 1         the connection is closed before, or after, anything happens
fault twice | fault swap | fault lose    the next event comes twice, after the one that follows, never
gateway close 4000 | reconnect | invalidate | refuse | accept
turn 3600                            let an hour pass
calls                                the last requests
help | quit"""


class Console:
    """`line` does what is typed and gives its answer; `show` is called for all that is said meanwhile."""

    def __init__(self, discord: Discord, show: Callable[[str], None]) -> None:
        self.discord = discord
        self.server = discord.guild("Plein")
        self._show = show
        self._numbers: dict[int, Message] = {}
        self._last: dict[str, str] = {}
        self._forms: dict[str, Answer] = {}
        self._emit = discord.world.emit
        discord.world.emit = self._happened

    def _happened(self, event: Event) -> None:
        self._emit(event)
        if event.message and event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and event.message.text:
            self._show(self.shown(event.message, "*" if event.name == "MESSAGE_UPDATE" else ""))

    def shown(self, message: Message, mark: str = "") -> str:
        """A message with a number to name it by."""
        number = next(
            (key for key, known in self._numbers.items() if known is message), len(self._numbers) + 1
        )
        self._numbers[number] = message
        where = f"#{message.channel.name}" if message.channel.guild_id else "direct"
        alone = self.discord.world.users.get(message.only_for or "")
        text = message.text.replace("\n", "\n    ")
        buttons = "".join(f" [{button}]" for button in message.buttons)
        only = f" (only {alone.name})" if alone else ""
        reactions = "".join(f" {key}{len(users)}" for key, users in message.reactions.items())
        who = message.shown_as or message.author.name
        return f"{number}{mark} {where} {who}{only}: {text}{buttons}{reactions}"

    async def line(self, typed: str) -> str:
        """Do it. What cannot be done is said, not raised."""
        first, _, rest = typed.strip().partition(" ")
        act = getattr(self, f"_do_{first}", None)
        try:
            if act:
                found = await act(rest.strip())
            elif rest:
                found = await self._person(self.server.member(first), rest.strip())
            else:
                found = f"what should {first} do? Try: help" if first else ""
        except (AssertionError, ValueError) as error:
            return f"! {error}"
        return str(found or "")

    # People

    async def _person(self, person: Person, what: str) -> str:
        if what.startswith("#"):
            place, _, words = what[1:].partition(" ")
            self._last[person.name] = self.server.channel(place).name
            await person.says(place, words)
            return ""
        if what.startswith("@"):
            await person.says(person.dm, what.partition(" ")[2])
            return ""
        if what.startswith("/"):
            return self._answered(person, await self._use(person, shlex.split(what[1:])))
        verb, _, rest = what.partition(" ")
        act = getattr(self, f"_person_{verb}", None)
        assert act, f"nobody can {verb!r}. Try: help"
        return str(await act(person, rest.strip()))

    def _where(self, person: Person) -> str:
        return self._last.get(person.name, "general")

    async def _use(self, person: Person, words: list[str]) -> Answer:
        path: list[str] = []
        options: dict[str, str] = {}
        name = ""
        for word in words:
            key, colon, value = word.partition(":")
            if word.startswith("#") and not name:
                self._last[person.name] = word[1:]
            elif colon and key.replace("-", "_").isidentifier() and not value.startswith("//"):
                name = key
                options[name] = value
            elif name:
                options[name] += f" {word}"
            else:
                path.append(word)
        typed = {key: self._typed(path, key, value) for key, value in options.items()}
        return await person.uses(self._where(person), " ".join(path), typed)

    def _typed(self, path: list[str], name: str, value: str) -> Any:
        """What was typed as the kind of value that the option takes."""
        option: Json = {
            "options": [
                command
                for bot in self.discord.world.applications.values()
                for command in bot.commands.values()
            ]
        }
        for part in (*path, name):
            option = next((inner for inner in option.get("options") or [] if inner["name"] == part), {})
        kind = option.get("type")
        if kind in (INTEGER, NUMBER):
            return int(value) if kind == INTEGER else float(value)
        if kind == BOOLEAN:
            return value.lower() in ("true", "yes", "1")
        if kind == USER:
            return self.server.member(value.lstrip("@"))
        if kind == CHANNEL:
            return self.server.channel(value.lstrip("#"))
        return self.server.role(value.lstrip("@")) if kind == ROLE else value

    def _answered(self, person: Person, answer: Answer) -> str:
        if answer.modal is None:
            return ""
        self._forms[person.name] = answer
        fields = "".join(f"\n    {key}: {field.get('label')}" for key, field in answer.modal.fields.items())
        return f"form {answer.modal.title!r}{fields}"

    def _message(self, person: Person, words: str, fits: Callable[[Message], bool]) -> tuple[Message, str]:
        """The message with the number that the words begin with, or the newest that fits."""
        first, _, rest = words.partition(" ")
        if first.isdigit() and int(first) in self._numbers and rest:
            return self._numbers[int(first)], rest
        for message in reversed(self._numbers.values()):
            if not message.deleted and message.only_for in (None, person.id) and fits(message):
                return message, words
        raise AssertionError("there is no such message")

    async def _person_press(self, person: Person, words: str) -> str:
        def fits(message: Message) -> bool:
            return words in message.buttons or (words.isdigit() and 0 < int(words) <= len(message.buttons))

        message, which = self._message(person, words, fits)
        if which.isdigit() and which not in message.buttons:
            which = message.buttons[int(which) - 1]
        return self._answered(person, await person.presses(message, which))

    async def _person_choose(self, person: Person, words: str) -> str:
        message, rest = self._message(
            person,
            words,
            lambda message: any(part.get("options") for part in all_components(message.components)),
        )
        which, _, values = rest.partition(" ")
        return self._answered(
            person, await person.chooses(message, which, [value.strip() for value in values.split(",")])
        )

    async def _person_submit(self, person: Person, words: str) -> str:
        assert person.name in self._forms, f"no form was shown to {person.name}"
        fields: dict[str, str] = {}
        for word in shlex.split(words):
            key, colon, value = word.partition(":")
            if colon:
                fields[key] = value
            elif fields:
                fields[next(reversed(fields))] += f" {word}"
        return self._answered(person, await person.submits(self._forms[person.name], fields))

    async def _person_vote(self, person: Person, words: str) -> str:
        message, answers = self._message(person, words, lambda message: message.poll is not None)
        await person.votes(message, [answer.strip() for answer in answers.split(",")])
        return ""

    async def _person_react(self, person: Person, words: str) -> str:
        message, emoji = self._message(person, words, lambda message: True)
        await person.reacts(message, emoji)
        return ""

    async def _person_sees(self, person: Person, words: str) -> str:
        where = words.lstrip("#") or self._where(person)
        return "\n".join(self.shown(message) for message in person.sees(where))

    # Everything else

    async def _do_help(self, _: str) -> str:
        return HELP

    async def _do_guild(self, name: str) -> str:
        self.server = self.discord.guild(name or "Plein")
        channels = ", ".join(channel.name for channel in self.server.guild.channels.values())
        return f"in {self.server.name}: {channels}"

    async def _do_channel(self, name: str) -> str:
        return f"#{self.server.channel(name.lstrip('#')).name}"

    async def _do_turn(self, seconds: str) -> str:
        self.discord.clock.turn(float(seconds))
        return ""

    async def _do_calls(self, count: str) -> str:
        return "\n".join(map(str, self.discord.calls[-int(count or 10) :]))

    async def _do_fault(self, words: str) -> str:
        kind, _, rest = words.partition(" ")
        count, _, route = rest.partition(" ")
        times, faults = int(count or 1), self.discord.faults
        events: Mapping[str, Callable[[], None]] = {
            "twice": lambda: faults.events.duplicate(times=times),
            "swap": lambda: faults.events.reorder(times=times),
            "lose": lambda: faults.events.lose(times=times),
        }
        requests: Mapping[str, Callable[[str], object]] = {
            "drop": lambda route: faults.drop(route, times),
            "after": lambda route: faults.drop(route, times, after=True),
            "429": lambda route: faults.rate_limit(route, times),
            "html": lambda route: faults.html(route, times),
            "garbage": lambda route: faults.garbage(route, times),
        }
        if kind in events:
            events[kind]()
        elif kind in requests:
            requests[kind](route or "*")
        else:
            faults.answer(int(kind), route or "*", times)
        return ""

    async def _do_gateway(self, words: str) -> str:
        what, _, code = words.partition(" ")
        gateway = self.discord.gateway
        if what == "close":
            await gateway.close(int(code or 4000))
        elif what in ("reconnect", "invalidate"):
            await getattr(gateway, what)()
        elif what in ("refuse", "accept"):
            getattr(gateway, what)()
        else:
            raise ValueError(f"the gateway cannot {what!r}")
        return ""

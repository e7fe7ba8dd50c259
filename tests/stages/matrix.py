"""Matrix's stage: the adapter in this process, on a real homeserver; residents are plain HTTP clients.

A press on a board is a reaction with its number. Pressing once more what a reaction switched on takes
that reaction away; where presses add up, the number is said in reply, for nobody can react twice with the
same. What was said to one person alone is answered in the direct room. In a secret poll a press is a
line in the direct room, as the board asks. So is what in a room would be mere talk (`!` by itself).
"""

from __future__ import annotations

import asyncio
import html
import itertools
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.console.client import Said, Turning
from adapters.console.script import Says, Signs
from adapters.matrix.client import Matrix as Adapter
from adapters.matrix.homes import SPACE
from adapters.matrix.lacks import not_in
from adapters.matrix.read import KEY
from adapters.matrix.settings import Matrix as Settings
from bot.main.communities import grounds_on
from bot.main.config import Config
from bot.model.events import Invocation
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.model.people import Identity
from bot.texts import Texts, Voice
from tests.homeserver import PASSWORD, Homeserver, Person
from tests.stages.stage import READABLE, Seen, Stage, Where, Who, bracketed, retimed

Json = dict[str, Any]
numbers = itertools.count(1)
NONE: Json = {"types": []}
MOST = 100
UNNEEDED = ("ephemeral", "state", "account_data")
_COMMAND = re.compile(r"![^\W\d_]")
_BUTTON = re.compile(r"\[\d+\] (.*)")
_PILL = re.compile(r'<a href="https://matrix\.to/#/@[^"<>]+">([^<>]*)</a>')
_TAGS = {"<br>": "\n", "<code>": "`", "</code>": "`", "<strong>": "", "</strong>": ""}


class OnMatrix(Stage):
    platform = "matrix"
    # To a message one can react with any number; where it is no button's, that is nobody's mistake.
    # And in what is closed nobody says anything.
    impossible = frozenset({"action.no_such", "place.closed"})

    def __init__(self, server: Homeserver, folder: Path, clock: Turning) -> None:
        super().__init__(clock)
        self._server = server
        self._folder = folder
        self._number = next(numbers)
        self._plein = ""
        self._founder: Person
        self._people: dict[Who, Person] = {}
        self._direct: dict[Who, str] = {}
        self._rooms: dict[Where, str] = {}
        # Those that the transcript has from the beginning.
        self._asked_for: list[Where] = []
        self._since: dict[Person, str] = {}
        self._config: Config
        # The reactions that stand, by who put them, on which message, and with which number.
        self._standing: dict[tuple[Who, str, int], str] = {}
        self._last_in: dict[Who, str] = {}
        # The signs that stand on what people said, by who put them there.
        self._put: dict[tuple[Who, str, str], str] = {}
        # By its id who looks after a space of Plein's, and who is in it.
        self._looks_after: dict[str, Person] = {}
        self._inside: set[tuple[Person, str]] = set()

    async def prepare(self, people: Iterable[Who], places: Iterable[Where], language: str) -> None:
        """Everybody makes a direct room with Plein, which can then be read over the wire."""
        self._plein = await self._server.register(f"plein-{self._number}")
        self._founder = await self._person("founder")
        for where in places:
            self._asked_for.append(where)
            self._rooms[where] = await self._new_room(where.place)
        await asyncio.gather(*map(self._arrive, people))

    async def _new_room(self, name: str) -> str:
        return await self._founder.create_room(name)

    async def _arrive(self, who: Who) -> None:
        self._people[who] = await self._person(re.sub(r"[^a-z-]", "", "-".join(who).lower()))
        self._direct[who] = await self._people[who].create_room(invite=[self._plein], is_direct=True)

    async def _person(self, name: str) -> Person:
        return await self._server.person(f"{name}-{self._number}")

    def settings(self) -> Mapping[str, Any]:
        settings = {
            "homeserver": self._server.url,
            "user": self._plein,
            "password": PASSWORD,
            "store": self._folder,
        }
        return {"matrix": Settings.model_validate(settings)}

    def account(self, who: Who) -> Identity:
        return Identity(self.platform, self._people[who].user_id)

    def called(self, who: Who) -> str:
        return self._people[who].name

    def handle(self, who: Who) -> str:
        return self._people[who].user_id

    def mention(self, who: Who) -> str:
        return self._people[who].user_id

    def address(self, where: Where) -> str:
        return self._rooms[where]

    def adapter(self, config: Config, texts: Texts, served: Collection[int]) -> Adapter:
        settings = config.of(Settings)
        assert settings
        self._config = config
        return Adapter(settings, grounds_on(self.platform, config, served), texts, self.clock)

    async def begin(self) -> None:
        """Plein has come into every direct room."""
        await asyncio.gather(*map(self._met, self._people))

    async def _met(self, who: Who) -> None:
        async with asyncio.timeout(120):
            while True:
                news = await self._news(self._people[who], [self._direct[who]], wait=2)
                if any(map(self._has_come, itertools.chain.from_iterable(news.values()))):
                    return

    def _has_come(self, event: Json) -> bool:
        here = event["type"] == "m.room.member" and event.get("state_key") == self._plein
        return bool(here and event["content"].get("membership") == "join")

    # --- what people do ---

    def answers_apart(self, says: Says, *, openly: bool) -> bool:
        return True

    async def _invite(self, where: Where) -> None:
        """And whoever wants to can come in: before that, Plein would have come by itself."""
        await self._founder.send_state(self._rooms[where], "m.room.join_rules", {"join_rule": "public"})
        await self._founder.invite(self._rooms[where], self._plein)

    async def _join(self, who: Who, where: Where) -> None:
        if made := self._made.get(where):
            await self._enter(self._people[who], self._homes[made].ref)
        await self._people[who].join(self._rooms[where])

    def homes(self) -> Sequence[Home]:
        return [Home(self.platform, SPACE, "", "")]

    def lacks(self) -> Sequence[Text]:
        """The rooms where it is to be and is not yet; and power in all others, which somebody just made."""
        away = [where for where in self._asked_for if where not in self._here]
        what = {"what": text("matrix.lacks.redact"), "without": text("matrix.without.redact")}
        return [
            *(not_in(self._rooms[where], self._plein, space=False) for where in away),
            *(text("matrix.lacks", room=where.place, has=0, needs=50, **what) for where in self._here),
        ]

    async def _look_after(self, space: str) -> Person:
        """Whoever Plein asked into that space, who lets others in."""
        if space not in self._looks_after:
            for person in self._people.values():
                if space in await person.invitations():
                    await person.join(space)
                    self._looks_after[space] = person
                    break
        return self._looks_after[space]

    async def _enter(self, person: Person, space: str) -> None:
        by = await self._look_after(space)
        if (person, space) not in self._inside and person is not by:
            await by.invite(space, person.user_id)
            await person.join(space)
        self._inside.add((person, space))

    async def _see_what_was_made(self) -> None:
        """Who reads along everywhere does so in what Plein made."""
        for where, place in self._made.items():
            if where not in self._rooms:
                await self._enter(self._founder, self._homes[place].ref)
                await self._founder.join(place.room_id)
                self._rooms[where] = place.room_id

    async def _say(self, who: Who, where: Where | None, words: str, *, openly: bool) -> None:
        person = self._people[who]
        if where and not words.startswith("!"):
            room = self._rooms[where]
            talk = await self._speak(person, room, words)
            self._talked(who, where, talk, f"https://matrix.to/#/{room}/{talk}?via=localhost")
            if self.core.listens:
                await self._dealt_with(talk)
        elif where and _COMMAND.match(words) and self.core.commands.resembles(words):
            if event := await self._speak_if_allowed(person, self._rooms[where], words):
                await self._dealt_with(event)
        else:
            await self._dealt_with(await person.say(self._direct[who], words))

    async def _speak(self, person: Person, room: str, words: str) -> str:
        return await person.say(room, words)

    async def _speak_if_allowed(self, person: Person, room: str, words: str) -> str | None:
        """In a room that is closed nobody can; Plein has nothing to answer then."""
        try:
            return await self._speak(person, room, words)
        except AssertionError as refused:
            if "M_FORBIDDEN" not in str(refused):
                raise
            return None

    async def _dealt_with(self, event: str) -> None:
        await self.core.until(f"{self.platform}:{event}")

    async def _sign(self, who: Who, where: Where, signs: Signs, talk: str) -> None:
        person, room, key = self._people[who], self._rooms[where], (who, talk, signs.sign)
        if signs.on:
            event = self._put[key] = await person.react(room, talk, signs.sign)
        else:
            event = await person.redact(room, self._put.pop(key))
        await self._dealt_with(event)

    async def _press(self, who: Who, seen: Seen, number: int) -> None:
        person, address = self._people[who], f"{self.platform}:{self._plein}"
        message = await self.core.message_at(address, seen.ref)
        assert message
        if isinstance(seen.to, Who):
            if len(message.buttons) < number and message.buttons:
                return  # what is answered then is the adapter's own, and tested there
            reply = {} if self._last_in[who] == seen.ref else _reply_to(seen.ref)
            await self._dealt_with(await person.say(self._direct[who], str(number), **reply))
            return
        room, standing = self._rooms[seen.to], self._standing.get((who, seen.ref, number))
        button = next(iter(message.buttons[number - 1 : number]), None)
        if button and any(line.key == "poll.board.how.discreet" for line in message.hints):
            words = f"!vote {button.args['option']} --poll {button.args['poll']}"
            event = await person.say(self._direct[who], words)
        elif button and button.switch and standing:
            event = await person.redact(room, self._standing.pop((who, seen.ref, number)))
        elif standing:
            event = await person.say(room, str(number), **_reply_to(seen.ref))
        else:
            event = await person.react(room, seen.ref, f"{number}\ufe0f\N{COMBINING ENCLOSING KEYCAP}")
            self._standing[who, seen.ref, number] = event
        if button or (message.native_poll and number <= len(message.native_poll.options)):
            await self._dealt_with(event)

    def timed(self, asked: Invocation) -> Invocation:
        """The homeserver's clock is its own."""
        who = next(who for who, person in self._people.items() if person.user_id == asked.author.user_id)
        places = {room: where for where, room in self._rooms.items()}
        return retimed(asked, self.clock.now(), lambda place: self._takes_part[who, places[place.room_id]])

    # --- what is heard ---

    async def _look(self) -> list[Seen]:
        """The homeserver has it all: whatever Plein said was acknowledged before the core had settled.

        Everybody looks in their direct room: what a moderator did is told to whoever it concerns.
        """
        await self._see_what_was_made()
        direct = [self._look_as(self._people[who], {room: who}) for who, room in self._direct.items()]
        places = {room: where for where, room in self._rooms.items()}
        found = await asyncio.gather(self._look_as(self._founder, places), *direct)
        return [seen for page in found for seen in page]

    async def _look_as(self, person: Person, rooms: Mapping[str, Where | Who]) -> list[Seen]:
        """What is new in these rooms for somebody who is in them."""
        found: list[Seen] = []
        for room, events in (await self._news(person, rooms)).items():
            found += await self._read(person, rooms[room], events)
        return found

    async def _news(self, person: Person, rooms: Iterable[str], *, wait: float = 0) -> dict[str, list[Json]]:
        """What these rooms brought since the last time; where that is nothing, after so many seconds."""
        room = {"rooms": [*rooms], "timeline": {"limit": MOST}, **dict.fromkeys(UNNEEDED, NONE)}
        only = {"presence": NONE, "account_data": NONE, "room": room}
        params = {"filter": json.dumps(only), "timeout": str(int(wait * 1000))}
        if person in self._since:
            params["since"] = self._since[person]
        answer = await person.request("GET", "sync", params=params)
        self._since[person] = answer["next_batch"]
        joined = answer.get("rooms", {}).get("join", {})
        found: dict[str, list[Json]] = {name: room["timeline"]["events"] for name, room in joined.items()}
        assert all(len(events) < MOST for events in found.values()), "perhaps something was left out"
        return found

    async def _read(self, person: Person, to: Where | Who, events: Iterable[Json]) -> list[Seen]:
        found: list[Seen] = []
        for sent in events:
            event = await self._opened(sent, to)
            content = event["content"]
            if event["type"] != "m.room.message" or event["sender"] != self._plein:
                continue
            match content["msgtype"]:
                case "m.text" | "m.notice":
                    found.append(await self._seen(event, to))
                case "m.image":
                    found[-1] = found[-1].with_more(f"[picture] {content['body']}")
                case "m.file":
                    name = content["filename"]
                    data = await self._download(person, content["url"])
                    lines = data.decode("utf-8-sig").splitlines() if name.endswith(READABLE) else []
                    found[-1] = found[-1].with_more(f"[{name}]", *lines)
        if isinstance(to, Who):
            for seen in found:
                self._last_in[to] = seen.ref
        return found

    async def _opened(self, event: Json, to: Where | Who) -> Json:
        """What was sent, as whoever reads it sees it."""
        return event

    async def _download(self, person: Person, address: str) -> bytes:
        where = address.removeprefix("mxc://")
        url = f"{self._server.url}/_matrix/client/v1/media/download/{where}"
        async with self._server.session.get(
            url, headers={"Authorization": f"Bearer {person.token}"}
        ) as answer:
            assert answer.status == 200
            return await answer.read()

    async def _seen(self, event: Json, to: Where | Who) -> Seen:
        content, ref = event["content"], event["event_id"]
        edited = "m.new_content" in content
        if edited:
            ref, content = content["m.relates_to"]["event_id"], content["m.new_content"]
        body = str(content["body"])
        assert _as_text(content["formatted_body"]) == body, "the HTML says something else"
        # Whoever it is for, and nobody else, is let know; of a meeting in its theme, some who come; and those
        # whom it thanks.
        mentioned = content["m.mentions"].get("user_ids", [])
        if isinstance(to, Who):
            assert mentioned == [self._people[to].user_id]
        elif str(content.get(KEY, "")).startswith(("meeting:", "board:kudos:")):
            assert set(mentioned) <= {person.user_id for person in self._people.values()}
        else:
            assert content["m.mentions"] == {}
        message = await self.core.message_at(f"{self.platform}:{self._plein}", ref)
        pressable = bool(message and message.buttons)
        return Seen(ref, to, tuple(self._folded(body.split("\n"))), pressable, edited)

    def _folded(self, lines: list[str]) -> list[str]:
        """Listed buttons in one line; below them it must say how they are pressed."""
        labels = [match[1] for line in lines if (match := _BUTTON.fullmatch(line))]
        if not labels:
            return lines
        voices = [Voice(locale, self._config.zone, self.clock.now()) for locale in self._texts.locales]
        assert lines[-1] in [self._texts.write(text("action.how"), voice) for voice in voices], lines
        return [*lines[: -len(labels) - 1], *bracketed(labels)]

    def shows(self, said: Said) -> list[str]:
        """Buttons whose numbers are in the lines are not listed. Pictures have words and files a name.

        Files are events of their own, which stand as they were where what they go with is edited.
        """
        parts = self.parts(said)
        numbered = any(button.numbered for button in said.message.buttons)
        buttons = [] if numbered else bracketed(parts.buttons)
        files = [_file(line) for line in parts.files if said.kind != "edited"]
        return [*parts.body, *parts.how, *buttons, *files]


def _file(line: str) -> str:
    """As the console shows it: `[poll-1.png] words`, or `[poll-1.csv] words` and its lines."""
    line = re.sub(r"^\[[\w-]+\.png\]", "[picture]", line)
    return re.sub(r"^(\[[\w-]+\.(?:csv|json|pdf)\]) .*", r"\1", line)


def _reply_to(ref: str) -> Json:
    return {"m.relates_to": {"m.in_reply_to": {"event_id": ref}}}


def _as_text(formatted: str) -> str:
    """What a client shows of the HTML; only these tags are expected."""
    text = _PILL.sub(r"\1", formatted)
    text = re.sub("|".join(_TAGS), lambda tag: _TAGS[tag[0]], text)
    assert "<" not in text, formatted
    return html.unescape(text)

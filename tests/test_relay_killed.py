"""SIGKILL at random moments while people talk with each other across Discord and a homeserver.

Judged from what either platform shows in the end, never from what Plein keeps: what was said in one place
stands in the other once, in the order in which each said it, as it reads now and in reply to the same; what
was taken away is nowhere, and nobody was rung.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from tests.doubles.discord import Discord, Server
from tests.doubles.discord import Message as OnDiscord
from tests.doubles.discord import Person as Member
from tests.doubles.discord.state import Channel
from tests.homeserver import KEY, Homeserver, shown
from tests.homeserver import Person as Neighbour
from tests.on_both import Both
from tests.town import Town, numbers

PATIENCE = 300
LIVES_ON = 1.0  # seconds at most, after Plein was seen at work
SEVERAL = "Meerdere mensen"
_NAMED = re.compile(r"(?:\*\*)?([^:*]*)(?:\*\*)?: (.*)")
_REPLY = re.compile(r"\A-# [^\n]*\n")


@dataclass(frozen=True, slots=True)
class Stands:
    """A message as it is shown: who is said to have said it, and what; its file, and the words it answers."""

    who: str
    words: str
    answers: str = ""
    file: str = ""


@dataclass
class Said:
    """What somebody said, and what became of it. `ref`: what their platform calls it."""

    platform: str
    who: str
    words: str
    ref: object
    answers: Said | None = None
    gone: bool = False
    file: str = ""
    # What an event says of its file.
    posted: dict[str, str] = field(default_factory=dict)
    first: str = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.words

    @property
    def stands(self) -> Stands:
        """Of what it answers the words are those that it was answered with."""
        return Stands(self.who, self.words, self.answers.first if self.answers else "", self.file)


@dataclass
class Conversation:
    """A theme with a channel and a room, and what people say in it, in the order of each platform."""

    channel: Channel
    room: str
    members: Sequence[Member]
    neighbours: Sequence[Neighbour]
    chance: random.Random
    said: dict[str, list[Said]] = field(default_factory=lambda: {"discord": [], "matrix": []})

    # --- what they do ---

    async def say(self, platform: str, number: int) -> None:
        """Every tenth says the same as others do; every fifth answers something, every seventh has a file."""
        words = "ja" if number % 10 == 0 else f"{platform} zegt {number}"
        file = f"{number}.txt" if number % 7 == 3 else ""
        answered = None
        if number % 5 == 0 and (before := [each for each in self.said[platform] if not each.gone]):
            answered = self.chance.choice(before)
        if platform == "discord":
            member = self.chance.choice(self.members)
            to = answered.ref if answered else None
            assert to is None or isinstance(to, OnDiscord)
            files = {file: file.encode()} if file else {}
            message = await member.says(self.channel, words, to=to, files=files)
            self.said[platform].append(Said(platform, member.name, words, message, answered, file=file))
            return
        neighbour = self.chance.choice(self.neighbours)
        content = {"m.relates_to": {"m.in_reply_to": {"event_id": answered.ref}}} if answered else {}
        posted: dict[str, str] = {}
        if file:
            url = await neighbour.upload(file.encode())
            posted = {"msgtype": "m.file", "filename": file, "url": url}
        event = await neighbour.say(self.room, words, **content, **posted)
        said = Said(platform, neighbour.name, words, event, answered, file=file, posted=posted)
        self.said[platform].append(said)

    async def change(self, platform: str) -> None:
        """Somebody says something of theirs otherwise."""
        if (found := self._any(platform)) is None:
            return
        found.words = f"{found.words}, of toch niet"
        if platform == "discord":
            assert isinstance(found.ref, OnDiscord)
            await self._member(found).edits(found.ref, found.words)
        else:
            new = {"msgtype": "m.text", "body": found.words, **found.posted}
            relation = {"rel_type": "m.replace", "event_id": str(found.ref)}
            edit = {"m.new_content": new, "m.relates_to": relation, **found.posted}
            await self._neighbour(found).say(self.room, f"* {found.words}", **edit)

    async def take_away(self, platform: str) -> None:
        """Somebody takes away something of theirs."""
        if (found := self._any(platform)) is None:
            return
        found.gone = True
        if platform == "discord":
            assert isinstance(found.ref, OnDiscord)
            await self._member(found).deletes(found.ref)
        else:
            await self._neighbour(found).redact(self.room, str(found.ref))

    def _any(self, platform: str) -> Said | None:
        there = [each for each in self.said[platform] if not each.gone]
        return self.chance.choice(there) if there else None

    def _member(self, said: Said) -> Member:
        return next(each for each in self.members if each.name == said.who)

    def _neighbour(self, said: Said) -> Neighbour:
        return next(each for each in self.neighbours if each.name == said.who)

    # --- what is shown ---

    def wanted(self, platform: str) -> list[Stands]:
        """What was said there, as it is to stand anywhere."""
        return [each.stands for each in self.said[platform] if not each.gone]

    def copies_on_discord(self) -> list[Stands]:
        """But for the words of what is answered, which a line above shows the beginning of."""
        found = []
        for message in self.channel.messages.values():
            if message.webhook_id and message.shown_as:
                above = _REPLY.match(message.content)
                words = message.content[above.end() :] if above else message.content
                files = [file.data.decode() for file in message.attachments]
                found += _each(message.shown_as, words, above[0] if above else "", "".join(files))
        return found

    async def copies_in_room(self, plein: str) -> list[Stands]:
        events = shown(await self.neighbours[0].history(self.room))
        bodies = {each.event_id: each for each in events}
        found = []
        for each in events:
            if each.sender != plein or not str(each.content.get(KEY)).startswith("copy:"):
                continue
            profile = each.content.get("com.beeper.per_message_profile")
            name = profile["displayname"] if profile else SEVERAL
            # What is edited relates to nothing any more by its new content.
            relation = bodies[each.event_id].content.get("m.relates_to", {}).get("m.in_reply_to", {})
            answered = bodies.get(relation.get("event_id", ""))
            words = answered.body.rpartition(": ")[2] if answered else ""
            file = each.content.get("filename", "")
            found += _each(name, each.body.removeprefix(f"{name}: "), words, file)
        return found


def _each(who: str, words: str, answers: str, file: str) -> list[Stands]:
    """What stands as one, each for itself: everybody says one line at a time here."""
    if who != SEVERAL:
        return [Stands(who, line, answers, file) for line in words.split("\n")]
    lines = [_NAMED.fullmatch(line) for line in words.split("\n")]
    return [Stands(line[1], line[2]) for line in lines if line]


@dataclass
class Scene:
    """Plein on both platforms, with themes whose relay is on."""

    plein: Both
    double: Discord
    themes: Sequence[Conversation]
    chance: random.Random
    start: float = 0

    async def until(self, true: Callable[[], Awaitable[bool]], why: Callable[[], object]) -> None:
        try:
            await self.themes[0].neighbours[0].wait_until(true, timeout=PATIENCE)
        except AssertionError as late:
            raise AssertionError(f"{why()}\n" + "\n".join(self.plein.log[-30:])) from late

    async def until_the_same(self) -> None:
        """Once each place shows what was said in the other."""
        for theme in self.themes:
            shown: dict[str, list[Stands]] = {}

            async def is_so(theme: Conversation = theme, shown: dict[str, list[Stands]] = shown) -> bool:
                shown["discord"] = _alone(theme.copies_on_discord())
                shown["matrix"] = _alone(await theme.copies_in_room(self.plein.user_id))
                return all(
                    shown[there] == _alone(theme.wanted(here))
                    for here, there in (("discord", "matrix"), ("matrix", "discord"))
                )

            def why(theme: Conversation = theme, shown: dict[str, list[Stands]] = shown) -> object:
                return "\n".join(
                    f"{here} -> {there}:\n  wanted {theme.wanted(here)}\n  shown  {shown[there]}"
                    for here, there in (("discord", "matrix"), ("matrix", "discord"))
                )

            await self.until(is_so, why)

    async def check(self) -> None:
        """What is answered is the same too, and nobody was rung."""
        for theme in self.themes:
            for wanted, found in zip(
                _by_speaker(theme.wanted("discord")),
                _by_speaker(await theme.copies_in_room(self.plein.user_id)),
                strict=True,
            ):
                # What stands as one with others is answered as that.
                assert wanted.answers in found.answers or not found.answers, (wanted, found)
            for wanted, found in zip(
                _by_speaker(theme.wanted("matrix")), _by_speaker(theme.copies_on_discord()), strict=True
            ):
                # Of what is longer only the beginning stands above.
                begins = found.answers.rstrip().removesuffix("…") != found.answers.rstrip()
                is_it = wanted.answers in found.answers.replace("\\", "")
                assert is_it or begins or not found.answers, (wanted, found)
            assert not [
                each.rang for each in theme.channel.messages.values() if each.webhook_id and each.rang
            ]


def _alone(found: Sequence[Stands]) -> list[Stands]:
    """The same without what it answers: what each said in its order, as nobody waits for another."""
    return [replace(each, answers="") for each in _by_speaker(found)]


def _by_speaker(found: Sequence[Stands]) -> list[Stands]:
    return sorted(found, key=lambda each: each.who)


async def scene(double: Discord, server: Homeserver, town: Server, folder: Path, themes: int) -> Scene:
    chance = random.Random(7)
    mo, here = town.member("mo"), await server.person(f"mo{next(numbers)}")
    members = [town.member(f"d{number}") for number in range(3)]
    neighbours = [await server.person(f"m{next(numbers)}") for _ in range(3)]
    found = []
    for number in range(themes):
        room = await here.create_room(public=True)
        for neighbour in neighbours:
            await neighbour.join(room)
        found.append(Conversation(town.channel(f"sport{number}"), room, members, neighbours, chance))
    more = f"""
[relay]
on = true
messages = 1000

[[residents]]
name = "Mo"
role = "moderator"
accounts = ["discord:{mo.id}", "matrix:{here.user_id}"]
""" + "".join(
        f'\n[[themes]]\nname = "Sport {number}"\n'
        f'places = ["discord:{theme.channel.id}", "matrix:{theme.room}"]\n'
        for number, theme in enumerate(found)
    )
    plein = await Both.beside(double, server, folder, more=more)
    at = Scene(plein, double, found, chance)
    at.start = await plein.seconds_to_start()
    for theme in found:
        await Town(server, plein).comes_to(here, theme.room)
        # That it is there is known a moment later: until then the theme has one place, and is asked again.
        while not await _begun(here, theme.room):
            await here.say(theme.room, "!brug aan")
            with contextlib.suppress(AssertionError):
                await here.wait_until(partial(_begun, here, theme.room), timeout=6)
    return at


async def _begun(who: Neighbour, room: str) -> bool | None:
    return (
        any("Vanaf nu staat wat je hier zegt" in each.body for each in shown(await who.history(room))) or None
    )


async def talk(at: Scene, theme: Conversation, platform: str, several: Sequence[int]) -> None:
    for number in several:
        await theme.say(platform, number)
        # What Discord tells of an edit it tells once: here only where what was missed is told later.
        if platform == "matrix" and at.chance.random() < 0.2:
            await theme.change(platform)
        if platform == "matrix" and at.chance.random() < 0.1:
            await theme.take_away(platform)
        await asyncio.sleep(0)


async def talked_through_crashes(at: Scene, kills: int, messages: int) -> None:
    each = messages // (kills * len(at.themes) * 2)
    for number in range(1, kills + 1):
        several = range(number * each, (number + 1) * each)
        talking = asyncio.gather(
            *(talk(at, theme, platform, several) for theme in at.themes for platform in theme.said)
        )
        if number % 4:
            await at.plein.lives_shortly(at.chance, LIVES_ON)
        else:
            await at.plein.dies_young(at.chance, at.start)
        await talking
    await at.plein.start()
    await at.until_the_same()


async def play(
    server: Homeserver, folder: Path, *, themes: int, kills: int, messages: int, limited: bool = False
) -> None:
    async with Discord(running=True) as double:
        at = await scene(double, server, double.guild("Plein"), folder, themes)
        await at.plein.kill()
        if limited:
            double.limits.real()
        await talked_through_crashes(at, kills, messages)
        for theme in at.themes:
            for platform in theme.said:
                await theme.change(platform)
                await theme.take_away(platform)
                await theme.say(platform, 1)
        await at.until_the_same()
        await at.check()
        if limited:
            for theme in at.themes:
                there = [each for each in theme.channel.messages.values() if each.webhook_id]
                assert len(there) < len(theme.wanted("matrix"))
        assert await at.plein.stop() == 0
        assert double.check_contract() == []


async def test_killed_while_people_talk(homeserver: Homeserver, tmp_path: Path) -> None:
    await play(homeserver, tmp_path, themes=1, kills=2, messages=40)


@pytest.mark.long
async def test_killed_while_places_are_behind(homeserver: Homeserver, tmp_path: Path) -> None:
    """So much is said that it goes as one."""
    await play(homeserver, tmp_path, themes=1, kills=6, messages=180, limited=True)


async def test_2000_messages_in_four_themes(homeserver: Homeserver, tmp_path: Path) -> None:
    await play(homeserver, tmp_path, themes=4, kills=30, messages=2_000)

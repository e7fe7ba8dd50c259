"""SIGKILL at random moments while people talk in threads, across Discord and a homeserver.

Judged from what either platform shows in the end: what was said in a thread stands in the thread of the same
message in the other place, once, and nowhere else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.doubles.discord import Discord, Message
from tests.doubles.discord.state import Channel
from tests.homeserver import Homeserver, shown
from tests.test_relay_killed import LIVES_ON, Scene, scene

pytestmark = pytest.mark.long
NAME = "com.beeper.per_message_profile"
Ref = Message | str


@dataclass
class Thread:
    """What it began with; and by platform what was said there, in that order, as it reads now."""

    words: str
    root: Message | str
    said: dict[str, dict[Ref, str]] = field(default_factory=lambda: {"discord": {}, "matrix": {}})

    def reads(self, platform: str) -> list[str]:
        return [*self.said[platform].values()]


@dataclass
class Threads:
    """Threads in a theme, some that began on either platform."""

    at: Scene
    all: list[Thread] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)

    async def begin(self, number: int) -> None:
        theme = self.at.themes[0]
        words = f"draad {number}"
        if number % 2:
            message = await theme.members[0].says(theme.channel, words)
            self.all.append(Thread(words, message))
        else:
            self.all.append(Thread(words, await theme.neighbours[0].say(theme.room, words)))

    async def say(self, number: int) -> None:
        """In one that stands on both by then, on either; where it is not there yet it is made."""
        theme, chance = self.at.themes[0], self.at.chance
        thread = chance.choice(self.all)
        for platform in thread.said:
            words = f"{platform} zegt {number}"
            ref: Ref
            if platform == "discord" and (channel := self.on_discord(thread)):
                ref = await theme.members[0].says(channel, words)
            elif platform == "matrix" and (root := await self.in_room(thread)):
                relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
                content = {"m.relates_to": {**relation, "m.in_reply_to": {"event_id": root}}}
                ref = await theme.neighbours[0].say(theme.room, words, **content)
            else:
                continue
            thread.said[platform][ref] = words
            if chance.random() < 0.3:
                await self.change(thread, platform)
            if chance.random() < 0.15:
                await self.take_away(thread, platform)

    async def change(self, thread: Thread, platform: str) -> None:
        """Somebody says something of theirs otherwise."""
        theme, said = self.at.themes[0], thread.said[platform]
        ref = self.at.chance.choice([*said])
        said[ref] += ", of toch niet"
        if isinstance(ref, Message):
            await theme.members[0].edits(ref, said[ref])
        else:
            await theme.neighbours[0].edit(theme.room, ref, said[ref])

    async def take_away(self, thread: Thread, platform: str) -> None:
        theme, said = self.at.themes[0], thread.said[platform]
        ref = self.at.chance.choice([*said])
        del said[ref]
        if isinstance(ref, Message):
            await theme.members[0].deletes(ref)
        else:
            await theme.neighbours[0].redact(theme.room, ref)

    # --- what is shown ---

    def on_discord(self, thread: Thread) -> Channel | None:
        """Where it is there; begun by somebody where its root stands and it is not."""
        theme = self.at.themes[0]
        root = next((each for each in theme.channel.messages.values() if each.content == thread.words), None)
        if root is None:
            return None
        channels = self.at.double.world.guild(theme.channel.guild_id).channels
        return channels.get(root.id) or theme.members[0].begins(theme.channel, thread.words, on=root)

    async def in_room(self, thread: Thread) -> str | None:
        theme = self.at.themes[0]
        events = shown(await theme.neighbours[0].history(theme.room))
        return next((each.event_id for each in events if each.body.endswith(thread.words)), None)

    async def stand(self) -> bool:
        """Whether what they began with is on both."""
        return all([self.on_discord(each) and await self.in_room(each) for each in self.all])

    def why(self) -> str:
        return "\n".join(self.differs)

    async def are_the_same(self) -> bool:
        self.differs = []
        theme = self.at.themes[0]
        history = await theme.neighbours[0].history(theme.room)
        # What was edited relates to nothing any more by its new content.
        within = {each["event_id"]: each["content"].get("m.relates_to", {}) for each in history}
        events = shown(history)
        for thread in self.all:
            root, channel = await self.in_room(thread), self.on_discord(thread)
            if root is None or channel is None:
                return False
            inside = [each for each in events if within[each.event_id].get("event_id") == root]
            copied = [each.body.partition(": ")[2] for each in inside if NAME in each.content]
            stands = [each.content for each in channel.messages.values() if each.webhook_id]
            if copied != (wanted := thread.reads("discord")):
                self.differs.append(f"{thread.words} on Matrix: {copied}, wanted {wanted}")
            if stands != (wanted := thread.reads("matrix")):
                self.differs.append(f"{thread.words} on Discord: {stands}, wanted {wanted}")
        # And nothing of it stands beside them.
        copies = [each for each in theme.channel.messages.values() if each.webhook_id]
        if len(copies) != sum(isinstance(thread.root, str) for thread in self.all):
            self.differs.append(f"in the channel: {[each.content for each in copies]}")
        return not self.differs


async def play(server: Homeserver, folder: Path, *, kills: int, each: int) -> None:
    async with Discord(running=True) as double:
        at = await scene(double, server, double.guild("Plein"), folder, 1)
        threads = Threads(at)
        for number in range(4):
            await threads.begin(number)

        async def talk(several: range) -> None:
            for number in several:
                await threads.say(number)
                await asyncio.sleep(0)

        await at.until(threads.stand, lambda: threads.all)
        await at.plein.kill()
        for number in range(kills):
            talking = asyncio.gather(talk(range(number * each, (number + 1) * each)))
            if number % 4 != 3:
                await at.plein.lives_shortly(at.chance, LIVES_ON)
            else:
                await at.plein.dies_young(at.chance, at.start)
            await talking
        await at.plein.start()
        await at.until(threads.are_the_same, threads.why)
        assert not [
            message.rang
            for channel in double.world.guild(at.themes[0].channel.guild_id).channels.values()
            for message in channel.messages.values()
            if message.webhook_id and message.rang
        ]
        assert await at.plein.stop() == 0
        assert double.check_contract() == []


async def test_killed_while_people_talk_in_threads(homeserver: Homeserver, tmp_path: Path) -> None:
    await play(homeserver, tmp_path, kills=6, each=10)

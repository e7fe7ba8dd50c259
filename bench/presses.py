"""On the double of Discord: a press of a button to its answer, and messages that are not for Plein.

Beside a minimal bot that shows the same and keeps nothing; each has a double to itself, and they take turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, by_turns, compare, p95
from bench.start import Started
from tests.doubles.discord import Discord, Message, Person, Server

TURNS, EACH = 12, 40
CROWD, GROUP = 100, 20
TALK = 4_000
BUTTONS = ("Plein", "Park", "Nergens")
BESIDE = "minimal discord.py bot"


@dataclass
class Bot:
    """A bot with a question on a double of its own."""

    double: Discord
    server: Server
    started: Started
    board: Message
    people: list[Person]
    pressed: Iterator[int] = field(default_factory=itertools.count)

    async def press(self) -> tuple[float, float]:
        """Milliseconds until it is acknowledged, and until the answer is there to be read."""
        number = next(self.pressed)
        person = self.people[number % len(self.people)]
        begun = time.perf_counter()
        answer = await person.presses(self.board, BUTTONS[number % len(BUTTONS)], final=False)
        acknowledged = time.perf_counter() - begun
        await answer.final()
        return acknowledged * 1000, (time.perf_counter() - begun) * 1000

    async def presses(self) -> list[tuple[float, float]]:
        return [await self.press() for _ in range(EACH)]

    async def all_at_once(self, people: int = CROWD) -> float:
        """Seconds until the last of them has an answer."""
        found = await asyncio.gather(*(self.press() for _ in range(people)))
        return max(answered for _, answered in found) / 1000

    async def hear(self) -> float:
        """Messages a second: people talk with each other, and at the end somebody calls the bot, which
        answers after all of that.
        """
        speaker, channel = self.people[0], self.server.channel("talk")
        begun = time.perf_counter()
        for number in range(TALK):
            await speaker.says(channel, f"Zin {number}")
        called = await speaker.says(channel, f"<@{self.double.bot.user.id}> help")
        places = (channel, speaker.dm)

        def answered() -> bool:
            return any(
                message.author is self.double.bot.user and int(message.id) > int(called.id)
                for place in places
                for message in list(place.messages.values())[-3:]
            )

        await self.double.until(answered, timeout=60)
        return TALK / (time.perf_counter() - begun)


@contextlib.asynccontextmanager
async def running(folder: Path, *, ours: bool) -> AsyncIterator[Bot]:
    """A double, a bot on it, the question asked and answered once by everybody."""
    async with Discord(running=True) as double:
        server = double.guild("Plein")
        server.channel("sport"), server.channel("talk")
        certificate = folder / "discord.pem"
        await asyncio.to_thread(certificate.write_text, double.certificate, "utf-8")
        started = _plein(folder, double, certificate) if ours else _minimal(double, certificate)
        await started.start()
        assert started.process
        drain = asyncio.create_task(started.process.communicate())
        people = [server.member(f"resident-{number}") for number in range(CROWD)]
        asks = ("poll open", {"question": "Where?", "option": " | ".join(BUTTONS)}) if ours else ("ask", {})
        await people[0].uses("sport", asks[0], asks[1])
        board = await double.until(lambda: _with_buttons(people[0].sees("sport")), timeout=30)
        bot = Bot(double, server, started, board, people)
        for _ in range(CROWD // GROUP):
            await bot.all_at_once(GROUP)
        try:
            yield bot
        finally:
            started.process.terminate()
            await drain


def _with_buttons(messages: Sequence[Message]) -> Message | None:
    return next((message for message in messages if message.buttons == list(BUTTONS)), None)


def _plein(folder: Path, double: Discord, certificate: Path) -> Started:
    config = folder / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{folder}/plein.db"\n[discord]\n', encoding="utf-8")
    module = "tests.doubles.discord.plein"
    command = [sys.executable, "-m", module, str(double.port), str(certificate), str(config)]
    return Started(command, "Reading along", {"PLEIN_DISCORD_TOKEN": double.token})


def _minimal(double: Discord, certificate: Path) -> Started:
    module = "bench.minimal_discord"
    command = [sys.executable, "-m", module, str(double.port), str(certificate), double.token]
    return Started(command, "ready", {})


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as our_folder, tempfile.TemporaryDirectory() as their_folder:
        async with (
            running(Path(our_folder), ours=True) as ours,
            running(Path(their_folder), ours=False) as theirs,
        ):
            pressed, others = await by_turns(ours.presses, theirs.presses, runs=TURNS)
            crowd, crowd_of_theirs = await by_turns(ours.all_at_once, theirs.all_at_once)
            heard, heard_by_theirs = await by_turns(ours.hear, theirs.hear)
    presses = [
        compare(
            f"Discord: a press to its {what}, {name}",
            "ms",
            [part([press[which] for press in turn]) for turn in pressed],
            BESIDE,
            [part([press[which] for press in turn]) for turn in others],
            bound,
        )
        for which, what in enumerate(("acknowledgement", "visible answer"))
        for name, part, bound in (("p50", statistics.median, "at most 1.25"), ("p95", p95, "at most 1.5"))
    ]
    at_once = f"Discord: the last of {CROWD} presses at once"
    return [
        *presses,
        compare(at_once, "s", crowd, BESIDE, crowd_of_theirs, "at most 1.5"),
        compare("Discord: messages heard", "a second", heard, BESIDE, heard_by_theirs, "at least 0.5"),
    ]

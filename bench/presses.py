"""On the double of Discord: a press of a button to its answer, and messages that are not for Plein.

Beside a minimal bot that shows the same and keeps nothing; each has a double to itself, and they take turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, compare, percentile
from bench.start import Started
from tests.doubles.discord import Discord, Message, Person, Server

TURNS, EACH = 6, 60
CROWD = 200
TALK, TALKS = 4_000, 5
BUTTONS = ("Plein", "Park", "Nergens")
BESIDE = "minimal discord.py bot"


@dataclass
class Bot:
    """A bot with a question on a double of its own; what was measured of it, turn by turn.

    Presses are in milliseconds, the crowd's last answer in seconds, talk in messages a second.
    """

    double: Discord
    server: Server
    started: Started
    board: Message
    people: list[Person]
    acknowledged: list[list[float]] = field(default_factory=list)
    answered: list[list[float]] = field(default_factory=list)
    crowd: list[float] = field(default_factory=list)
    talk: list[float] = field(default_factory=list)

    async def press(self, number: int) -> tuple[float, float]:
        """Until it is acknowledged, and until the answer is there to be read."""
        person = self.people[number % len(self.people)]
        begun = time.perf_counter()
        answer = await person.presses(self.board, BUTTONS[number % len(BUTTONS)], final=False)
        acknowledged = time.perf_counter() - begun
        await answer.final()
        return acknowledged, time.perf_counter() - begun

    async def presses(self, first: int, count: int) -> None:
        took = [await self.press(number) for number in range(first, first + count)]
        self.acknowledged.append([acknowledged * 1000 for acknowledged, _ in took])
        self.answered.append([answered * 1000 for _, answered in took])

    async def all_at_once(self) -> None:
        found = await asyncio.gather(*(self.press(number) for number in range(CROWD)))
        self.crowd.append(max(answered for _, answered in found))

    async def hear(self) -> None:
        """People talk with each other; at the end somebody calls the bot, which answers after all of that."""
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
        self.talk.append(TALK / (time.perf_counter() - begun))


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
        await asyncio.gather(*(bot.press(number) for number in range(CROWD)))
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
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        async with running(Path(one), ours=True) as ours, running(Path(two), ours=False) as theirs:
            for turn in range(TURNS):
                for bot in (ours, theirs):
                    await bot.presses(turn * EACH, EACH)
            for _ in range(TALKS):
                for bot in (ours, theirs):
                    await bot.all_at_once()
                    await bot.hear()
    presses = [
        compare(
            f"Discord: a press to its {what}, {part}",
            "ms",
            [measured(turn) for turn in found],
            BESIDE,
            [measured(turn) for turn in others],
            bound,
        )
        for what, found, others, bounds in (
            ("acknowledgement", ours.acknowledged, theirs.acknowledged, ("at most 1.25", "at most 1.5")),
            ("visible answer", ours.answered, theirs.answered, ("at most 1.5", "at most 1.5")),
        )
        for part, measured, bound in (
            ("p50", statistics.median, bounds[0]),
            ("p95", lambda times: percentile(times, 0.95), bounds[1]),
        )
    ]
    return [
        *presses,
        compare(
            f"Discord: the last of {CROWD} presses at once", "s", ours.crowd, "it waits", 3.0, "at most 1"
        ),
        compare("Discord: messages heard", "a second", ours.talk, BESIDE, theirs.talk, "at least 0.5"),
    ]

"""Signs on messages: very many that mean nothing and a few that are claimed, while somebody uses commands.

On the double of Discord, which shares the loop with Plein: what it holds is counted as Plein's. And what
looking at as many of a homeserver's takes, which come in one go after Plein was away.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from adapters.matrix.gaps import Matters
from bench.figures import Figure, compare, p95
from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Message, Person, talk
from tests.doubles.praise import CLAP, Praise
from tests.homeserver import Homeserver
from tests.on_discord import OnDiscord, opened, plein_on
from tests.on_matrix import plein_on as plein_on_matrix

SIGNS, OURS, SECONDS, TURNS = 1_000, 20, 10, 5
# So many seconds apart somebody votes meanwhile.
APART = 0.05
OTHERS = ("\N{PARTY POPPER}", "\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}\ufe0f", "\N{FIRE}")
MOST_HELD, MOST_LATER = 20.0, 1.2


async def measure() -> list[Figure]:
    return [*await _on_discord(), await _on_matrix()]


class Square:
    """A channel in which people talk, react to each other and vote."""

    def __init__(self, plein: OnDiscord, praise: Praise, people: list[Person]) -> None:
        self.plein = plein
        self.praise = praise
        self.people = people
        self.voted: Iterator[int] = itertools.count()

    async def votes(self) -> tuple[float, float, float]:
        """The p95 of a vote to its answer beside signs, and without, and how long the loop was held at most;
        in milliseconds. A second of each in turn: what a machine does besides strikes both.
        """
        said = [await self.people[0].says("sport", f"zin {number}") for number in range(SIGNS // OURS)]
        before, beside, alone = len(self.praise.seen), list[float](), list[float]()
        async with _held() as held:
            for second in range(SECONDS):
                react = asyncio.create_task(self._react(said, second))
                beside += await self._vote_for_a_second()
                await react
                alone += await self._vote_for_a_second()
        await self.praise.times(before + OURS)
        return p95(beside), p95(alone), max(held) * 1000

    async def _vote_for_a_second(self) -> list[float]:
        took, ends = list[float](), time.perf_counter() + 1
        while time.perf_counter() < ends:
            took.append(await self._vote())
            await asyncio.sleep(APART)
        return took

    async def _vote(self) -> float:
        number = next(self.voted)
        start = time.perf_counter()
        await self.people[number % len(self.people)].uses("sport", "vote", answer=str(number % 2 + 1))
        return (time.perf_counter() - start) * 1000

    async def _react(self, said: list[Message], second: int) -> None:
        """As many as there are in a second, one after the other."""
        began, each = time.perf_counter(), SIGNS // SECONDS
        for number in range(second * each, (second + 1) * each):
            await asyncio.sleep(max(began + number % each / each - time.perf_counter(), 0))
            message, person = said[number % len(said)], self.people[1 + number // len(said)]
            claimed = number % (SIGNS // OURS) == 0
            sign = CLAP if claimed else OTHERS[number % len(OTHERS)]
            talk.react(self.plein.double.world, message, person.user, sign)


@contextlib.asynccontextmanager
async def _held() -> AsyncIterator[list[float]]:
    """How much the loop's thread did before each time that it came back; in seconds. What others do on this
    machine meanwhile is none of it.
    """
    found: list[float] = [0.0]

    async def watch() -> None:
        while True:
            start = time.thread_time()
            await asyncio.sleep(0.002)
            found.append(time.thread_time() - start)

    task = asyncio.create_task(watch())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _on_discord() -> list[Figure]:
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        double = await stack.enter_async_context(Discord(running=True))
        town, praise = double.guild("Plein"), Praise()
        sport = ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))
        plein = await stack.enter_async_context(
            plein_on(
                double,
                f"sqlite:///{folder}/plein.db",
                themes=[sport],
                language="en",
                installed=praise.installed,
            )
        )
        people = [town.member(f"resident-{number}") for number in range(21)]
        await opened(plein, people[0], "A bench?")
        square = Square(plein, praise, people)
        turns = [await square.votes() for _ in range(TURNS + 1)][1:]
    beside, alone, held = zip(*turns, strict=True)
    signs = f"{SIGNS:,} signs in {SECONDS} s of which {OURS} are claimed"
    return [
        compare(
            f"Discord: a vote to its answer beside {signs}, p95",
            "ms",
            beside,
            "without",
            alone,
            f"at most {MOST_LATER}",
        ),
        compare("the event loop held meanwhile", "ms", held, "at most", MOST_HELD, "at most 1"),
    ]


async def _on_matrix() -> Figure:
    """Milliseconds in one go: none of it is awaited."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("server", "plein")]
        for folder in folders:
            await asyncio.to_thread(folder.mkdir)
        async with await Homeserver.start(folders[0]) as server:
            user, praise = await server.register("bench-signs"), Praise()
            anna, ben = [await server.person(f"bench-{name}") for name in ("anna", "ben")]
            room = await anna.create_room(public=True, invite=[user])
            async with plein_on_matrix(server, folders[1], user, installed=praise.installed) as plein:

                async def joined() -> bool:
                    return (await anna.members(room)).get(user) == "join"

                await anna.wait_until(joined)
                await ben.join(room)
                await anna.react(room, await ben.say(room, "een"), CLAP)
                await praise.times(1)
                took = [_looked_at(plein.adapter._intake.matters, room, anna.user_id) for _ in range(5)]
    title = f"Matrix: looking at {SIGNS:,} signs of which {OURS} are claimed, the loop held"
    return compare(title, "ms", took, "at most", MOST_HELD, "at most 1")


def _looked_at(matters: Matters, room: str, user: str) -> float:
    events = list[dict[str, Any]]()
    for number in range(SIGNS):
        key = CLAP if number % (SIGNS // OURS) == 0 else OTHERS[number % len(OTHERS)]
        relation = {"rel_type": "m.annotation", "event_id": f"$said{number}", "key": key}
        event = {"type": "m.reaction", "sender": user, "event_id": f"${number}", "origin_server_ts": number}
        events.append({**event, "content": {"m.relates_to": relation}})
    start = time.thread_time()
    found = sum(matters(room, event) for event in events)
    took = (time.thread_time() - start) * 1000
    assert found == OURS, found
    return took

"""Signs on messages: very many that mean nothing and a few that are claimed, while somebody uses commands.

On the double of Discord, which shares the loop with Plein: what it holds is counted as Plein's. And what
looking at as many of a homeserver's takes, which come in one go after Plein was away.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from adapters.matrix.gaps import Matters
from bench.community import watched
from bench.figures import Figure, by_turns, compare, p95
from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Message, Person, talk
from tests.doubles.praise import HANDS, Praise
from tests.homeserver import Homeserver
from tests.on_discord import OnDiscord, opened, plein_on
from tests.on_matrix import plein_on as plein_on_matrix

SIGNS, OURS, SECONDS, TURNS = 1_000, 20, 10.0, 3
# So many seconds apart somebody votes meanwhile.
APART = 0.05
OTHERS = ("\N{PARTY POPPER}", "\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}\ufe0f", "\N{CLAPPING HANDS SIGN}")
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

    async def votes(self, *, reacting: bool) -> tuple[float, float]:
        """The p95 of a vote to its answer and how long the loop was held at most, in milliseconds."""
        said = [await self.people[0].says("sport", f"zin {number}") for number in range(SIGNS // 20)]
        before, took = len(self.praise.seen), list[float]()
        async with watched() as late:
            ends = time.perf_counter() + SECONDS
            react = asyncio.create_task(self._react(said)) if reacting else None
            while time.perf_counter() < ends:
                took.append(await self._vote())
                await asyncio.sleep(APART)
            if react:
                await react
                await self.praise.times(before + OURS)
        return p95(took), max(late) * 1000

    async def _vote(self) -> float:
        number = next(self.voted)
        start = time.perf_counter()
        await self.people[number % len(self.people)].uses("sport", "vote", answer=str(number % 2 + 1))
        return (time.perf_counter() - start) * 1000

    async def _react(self, said: list[Message]) -> None:
        """Each now and then, so that all are there in time."""
        began = time.perf_counter()
        for number in range(SIGNS):
            await asyncio.sleep(max(began + SECONDS * number / SIGNS - time.perf_counter(), 0))
            message, person = said[number % len(said)], self.people[1 + number // len(said) % 20]
            claimed = number % (SIGNS // OURS) == 0
            sign = HANDS if claimed else OTHERS[number % len(OTHERS)]
            talk.react(self.plein.double.world, message, person.user, sign)


async def _on_discord() -> list[Figure]:
    async with AsyncExitStack() as stack:
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
        await square.votes(reacting=False)
        beside, alone = await by_turns(
            partial(square.votes, reacting=True), partial(square.votes, reacting=False), runs=TURNS
        )
    signs = f"{SIGNS:,} signs in {SECONDS:.0f} s of which {OURS} are claimed"
    return [
        compare(
            f"Discord: a vote to its answer beside {signs}, p95",
            "ms",
            [took for took, _ in beside],
            "without",
            [took for took, _ in alone],
            f"at most {MOST_LATER}",
        ),
        compare(
            "the event loop held meanwhile",
            "ms",
            [held for _, held in beside],
            "at most",
            MOST_HELD,
            "at most 1",
        ),
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
                await anna.react(room, await ben.say(room, "een"), HANDS)
                await praise.times(1)
                took = [_looked_at(plein.adapter._intake.matters, room, anna.user_id) for _ in range(5)]
    title = f"Matrix: looking at {SIGNS:,} signs of which {OURS} are claimed, the loop held"
    return compare(title, "ms", took, "at most", MOST_HELD, "at most 1")


def _looked_at(matters: Matters, room: str, user: str) -> float:
    events = list[dict[str, Any]]()
    for number in range(SIGNS):
        key = HANDS if number % (SIGNS // OURS) == 0 else OTHERS[number % len(OTHERS)]
        relation = {"rel_type": "m.annotation", "event_id": f"$said{number}", "key": key}
        event = {"type": "m.reaction", "sender": user, "event_id": f"${number}", "origin_server_ts": number}
        events.append({**event, "content": {"m.relates_to": relation}})
    start = time.perf_counter()
    found = sum(matters(room, event) for event in events)
    took = (time.perf_counter() - start) * 1000
    assert found == OURS, found
    return took

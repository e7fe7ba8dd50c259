"""A command that writes, to its visible reply on the real homeserver, beside a minimal echo bot."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.figures import Figure, by_turns, compare, p95
from bench.start import minimal, plein
from tests.homeserver import Homeserver, Person

# Turns of so many, each in a quiet moment, after one to warm up: the edits of the board that votes bring
# about are a cost of Plein's own turn, never of the other's.
TURNS, EACH = 6, 40
QUIET = 2.5


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("server", "ours", "theirs")]
        for folder in folders:
            folder.mkdir()
        async with await Homeserver.start(folders[0]) as server:
            names = [await server.register(user) for user in ("bench-reply", "bench-echo")]
            bots = [
                plein(folders[1], server, names[0]),
                minimal(folders[2], server, names[1], database=False),
            ]
            for bot in bots:
                await bot.start()
            drains = [asyncio.create_task(bot.process.communicate()) for bot in bots if bot.process]
            try:
                ours, theirs = await _ask_in_turn(server, names)
            finally:
                for bot in bots:
                    assert bot.process
                    bot.process.terminate()
                await asyncio.gather(*drains)
    return [
        compare(
            f"Matrix: a vote to its visible reply, {part}",
            "ms",
            [measured(turn) for turn in ours],
            "minimal echo bot",
            [measured(turn) for turn in theirs],
            bound,
        )
        for part, measured, bound in (
            ("p50", statistics.median, "at most 1.2"),
            ("p95", p95, "at most 1.3"),
        )
    ]


async def _ask_in_turn(server: Homeserver, names: Sequence[str]) -> list[list[list[float]]]:
    """A resident stands in a direct room with each of the bots; milliseconds, by bot and turn."""
    person = await server.person("bench-resident")
    room = await person.create_room(invite=[names[0]], public=True)
    rooms = [
        await person.create_room(invite=[names[0]], is_direct=True),
        await person.create_room(invite=[names[1]]),
    ]
    for name, where in ((names[0], room), *zip(names, rooms, strict=True)):
        await _joined(person, where, name)
    await person.say(room, '!peiling open "Waar komt de bank?" Plein | Park | Nergens')
    await person.wait_for(rooms[0], lambda event: event["sender"] == names[0] and "body" in event["content"])
    vote = partial(_ask, person, rooms[0], names[0], lambda number: f"!stem {number % 3 + 1}")
    echo = partial(_ask, person, rooms[1], names[1], lambda number: f"!ping {number}")
    return [turns[1:] for turns in await by_turns(vote, echo, runs=TURNS + 1)]


async def _ask(person: Person, room: str, bot: str, words: Callable[[int], str]) -> list[float]:
    times = [await _reply(person, room, words(number), bot) * 1000 for number in range(EACH)]
    await asyncio.sleep(QUIET)
    return times


async def _joined(person: Person, room: str, user_id: str) -> None:
    async def there() -> bool:
        return (await person.members(room)).get(user_id) == "join"

    await person.wait_until(there)


async def _reply(person: Person, room: str, words: str, bot: str) -> float:
    """Seconds from sending until the resident's own sync brings the answer."""
    since = (await person.request("GET", "/sync", params={"timeout": "0", "filter": _ONLY_NEW}))["next_batch"]
    start = time.perf_counter()
    await person.say(room, words)
    while True:
        params = {"timeout": "10000", "since": since, "filter": _ONLY_NEW}
        answer = await person.request("GET", "/sync", params=params)
        since = answer["next_batch"]
        events = answer.get("rooms", {}).get("join", {}).get(room, {}).get("timeline", {}).get("events", [])
        if any(event["sender"] == bot and event["type"] == "m.room.message" for event in events):
            return time.perf_counter() - start


_ONLY_NEW = '{"presence": {"types": []}, "room": {"state": {"lazy_load_members": true}}}'

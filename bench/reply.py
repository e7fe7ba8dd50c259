"""A command that writes, to its visible reply on the real homeserver, beside a minimal echo bot."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.figures import Figure, compare, percentile
from bench.start import minimal, plein
from tests.homeserver import Homeserver, Person

# Turns of so many, the first to warm up, each in a quiet moment: the edits of the board that votes bring
# about are a cost of Plein's own turn, never of the other's.
TURNS, EACH = 6, 50
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
            ("p95", lambda times: percentile(times, 0.95), "at most 1.3"),
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
    times: list[list[list[float]]] = [[], []]
    asks: list[Callable[[int], str]] = [lambda n: f"!stem {n % 3 + 1}", lambda n: f"!ping {n}"]
    for _ in range(TURNS):
        for found, ask, where, name in zip(times, asks, rooms, names, strict=True):
            turn = [await _reply(person, where, ask(number), name) * 1000 for number in range(EACH)]
            found.append(turn)
            await asyncio.sleep(QUIET)
    return [found[1:] for found in times]


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

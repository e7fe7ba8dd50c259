"""A command that writes, to its visible reply on the real homeserver, beside a minimal echo bot."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, percentile
from bench.start import minimal, plein
from tests.homeserver import Homeserver, Person

# By turns of so many, each in a quiet moment: the edits of the board that votes bring about are a cost of
# Plein's own turn, never of the other's.
TURNS, EACH = 6, 50
QUIET = 2.5
WARM_UP = EACH
_numbers = itertools.count(1)


async def measure(server: Homeserver) -> list[Figure]:
    """Each resident stands in a direct room with one of the bots and asks them in turn."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        names = [await server.register(name) for name in ("bench-reply", "bench-echo")]
        bots = [
            plein(Path(one), server, names[0]),
            minimal(Path(two), server, names[1], database=False),
        ]
        for bot in bots:
            await bot.start()
        drains = [asyncio.create_task(bot.process.communicate()) for bot in bots if bot.process]
        person = await server.person("bench-resident")
        room = await person.create_room(invite=[names[0]], public=True)
        rooms = [
            await person.create_room(invite=[names[0]], is_direct=True),
            await person.create_room(invite=[names[1]]),
        ]
        for name, where in ((names[0], room), *zip(names, rooms, strict=True)):
            await _joined(person, where, name)
        await person.say(room, '!peiling open "Waar komt de bank?" Plein | Park | Nergens')
        await person.wait_for(
            rooms[0], lambda event: event["sender"] == names[0] and "body" in event["content"]
        )
        times: list[list[float]] = [[], []]
        asks: list[Callable[[int], str]] = [lambda n: f"!stem {n % 3 + 1}", lambda n: f"!ping {n}"]
        for turn in range(TURNS):
            for found, ask, where, name in zip(times, asks, rooms, names, strict=True):
                for number in range(EACH):
                    found.append(await _reply(person, where, ask(turn * EACH + number), name))
                await asyncio.sleep(QUIET)
        for bot in bots:
            assert bot.process
            bot.process.terminate()
        await asyncio.gather(*drains)
    ours, theirs = (found[WARM_UP:] for found in times)
    beside = "minimal echo bot"
    p50 = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    p95 = percentile(ours, 0.95) * 1000, percentile(theirs, 0.95) * 1000
    return [
        Figure("vote to visible reply, p50", "ms", p50[0], beside, p50[1], "at most 1.3"),
        Figure("vote to visible reply, p95", "ms", p95[0], beside, p95[1], "at most 1.3"),
    ]


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

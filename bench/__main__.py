"""`python -m bench`: print each figure beside its comparison, and write bench/results.json."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import ballots, kinds, presses, reply, start, votes
from bench.figures import Figure
from tests.homeserver import Homeserver

RESULTS = Path(__file__).parent / "results.json"


async def main() -> int:
    found: list[Figure] = []

    async def show(measure: Callable[[], Awaitable[list[Figure]]]) -> None:
        for figure in await measure():
            print(figure, flush=True)
            found.append(figure)

    print("Medians of several runs, taken in turn with what they are compared with.", flush=True)
    for measure in (votes.on_sqlite, votes.on_postgres, ballots.measure, kinds.measure, presses.measure):
        await show(measure)
    with tempfile.TemporaryDirectory() as folder:
        async with await Homeserver.start(Path(folder)) as server:
            await show(lambda: reply.measure(server))
            await show(lambda: start.measure(server))
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    figures = [figure.as_json() for figure in found]
    RESULTS.write_text(json.dumps({**machine, "figures": figures}, indent=2) + "\n", encoding="utf-8")
    return 0 if all(figure.holds for figure in found) else 1


sys.exit(asyncio.run(main()))

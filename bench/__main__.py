"""`python -m bench`: print each figure beside its comparison, and write bench/results.json.

`python -m bench votes start` measures only what these files measure, and writes nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import platform
import sys
from pathlib import Path

from bench import ballots, deliveries, kinds, moments, postgres, presses, readers, reply, start, votes
from bench.figures import Figure

RESULTS = Path(__file__).parent / "results.json"
PARTS = {
    module.__name__.removeprefix("bench."): module.measure
    for module in (votes, postgres, readers, kinds, ballots, deliveries, moments, start, presses, reply)
}


async def main(chosen: list[str]) -> int:
    # What start-up made lives as long as the process: as in Plein, nobody looks through it for garbage.
    gc.collect()
    gc.freeze()
    found: list[Figure] = []
    print("Medians of several turns, each beside its comparison; the ratio's extremes behind it.", flush=True)
    for name in chosen or PARTS:
        for figure in await PARTS[name]():
            print(figure, flush=True)
            found.append(figure)
    if not chosen:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        figures = [figure.as_json() for figure in found]
        RESULTS.write_text(json.dumps({**machine, "figures": figures}, indent=2) + "\n", encoding="utf-8")
    return 0 if all(figure.holds for figure in found) else 1


if unknown := set(sys.argv[1:]) - PARTS.keys():
    sys.exit(f"bench has no {', '.join(sorted(unknown))}; it has {', '.join(PARTS)}")
sys.exit(asyncio.run(main(sys.argv[1:])))

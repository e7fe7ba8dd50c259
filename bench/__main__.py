"""`python -m bench`: print each figure beside its comparison, and write bench/results.json.

`python -m bench votes start` measures only what these files measure, and writes nothing.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import traceback
from pathlib import Path

from bench import (
    ballots,
    before,
    belongings,
    certificates,
    convert,
    deliveries,
    digests,
    kinds,
    kudos,
    many,
    meetings,
    minutes,
    moments,
    postgres,
    presses,
    reactions,
    readers,
    relay,
    reply,
    start,
    themes,
    votes,
)
from bench.figures import Figure
from bot.main.app import freeze_startup_objects

RESULTS = Path(__file__).parent / "results.json"
PARTS = {
    module.__name__.removeprefix("bench."): module.measure
    for module in (
        votes,
        postgres,
        readers,
        kinds,
        ballots,
        before,
        belongings,
        certificates,
        convert,
        deliveries,
        digests,
        themes,
        many,
        meetings,
        minutes,
        relay,
        kudos,
        moments,
        start,
        presses,
        reactions,
        reply,
    )
}


async def main(chosen: list[str]) -> int:
    freeze_startup_objects()  # as Plein does
    found: list[Figure] = []
    print("Medians of several turns, each beside its comparison; the ratio's extremes behind it.", flush=True)
    failed = False
    for name in chosen or PARTS:
        try:
            figures = await PARTS[name]()
        except Exception:
            # The others are measured all the same.
            traceback.print_exc()
            failed = True
            continue
        for figure in figures:
            print(figure, flush=True)
        found += figures
    if not chosen and not failed:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        kept = {**machine, "figures": [figure.as_json() for figure in found]}
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 1 if failed or not all(figure.holds for figure in found) else 0


if unknown := set(sys.argv[1:]) - PARTS.keys():
    sys.exit(f"bench has no {', '.join(sorted(unknown))}; it has {', '.join(PARTS)}")
sys.exit(asyncio.run(main(sys.argv[1:])))

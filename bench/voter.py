"""A process in which people vote, in whichever version of Plein is on the path: see before.py.

For each line that says how, `alone` or `together`, it prints the microseconds of CPU that a vote took.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from bench.community import core_on, in_memory, opened, said, with_poll
from bot.core import PleinCore
from bot.main.app import freeze_startup_objects

VOTERS, ALONE, TOGETHER = 32, 320, 20
ROUNDS = {"alone": ALONE // VOTERS, "together": TOGETHER}


async def _vote(core: PleinCore, how: str, turn: int) -> None:
    """All of them vote, for another option than in the last turn."""
    votes = (core.handle(said(voter, f"!stem {(turn + voter) % 3 + 1}")) for voter in range(VOTERS))
    if how == "together":
        await asyncio.gather(*votes)
    else:
        for vote in votes:
            await vote


async def _serve() -> None:
    # On one processor: what it costs that two wake each other is another thing in each process.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    freeze_startup_objects()
    turn = 0
    with in_memory() as folder:
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            core = await with_poll(core_on(store), VOTERS)
            for line in sys.stdin:
                rounds = ROUNDS[line.strip()]
                start = time.process_time()
                for _ in range(rounds):
                    turn += 1
                    await _vote(core, line.strip(), turn)
                print((time.process_time() - start) / rounds / VOTERS * 1e6, flush=True)


asyncio.run(_serve())

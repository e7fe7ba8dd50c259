"""What a vote costs, beside the last version that knew of one community alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from bench.figures import Figure, by_turns, compare

ROOT = Path(__file__).parents[1]
# By which the project's own history has it; a clone without that history has nothing to compare with.
BEFORE = "08bab52ce416dc00f438a3269532bd324d8f9d45"
# Short turns, and many: what else the machine does then strikes both alike.
TURNS = 41


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        before = Path(name)
        await _unpack(before)
        async with _voter(ROOT) as ours, _voter(before) as theirs:
            found = []
            for how in ("alone", "together"):
                turns = [partial(_ask, process, how) for process in (ours, theirs)]
                for warm in turns:
                    await warm()
                took, others = await by_turns(*turns, runs=TURNS)
                name = f"CPU of a vote, {how}"
                found.append(compare(name, "us", took, "before communities", others, "at most 1.1"))
            return found


async def _unpack(folder: Path) -> None:
    file = str(folder / "before.tar")
    for command in (
        ("git", "-C", str(ROOT), "archive", "--output", file, BEFORE),
        ("tar", "--extract", "--directory", str(folder), "--file", file),
    ):
        process = await asyncio.create_subprocess_exec(*command)
        if await process.wait():
            raise RuntimeError(f"{command[0]} failed: is the history here?")


@contextlib.asynccontextmanager
async def _voter(tree: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "bench/voter.py")),
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, how: str) -> float:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{how}\n".encode())
    return float(await process.stdout.readline())

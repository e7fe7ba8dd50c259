"""From start to ready, and memory at rest, beside a minimal bot of the same libraries."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.figures import Figure, by_turns, compare
from tests.homeserver import PASSWORD, Homeserver

ROOT = Path(__file__).parents[1]
TURNS = 9


class Started:
    """A bot as a process: how long until it was ready, what that took of CPU, and its memory then, in MiB."""

    def __init__(self, command: list[str], ready: str, environment: dict[str, str]) -> None:
        self.command = command
        self.ready = re.compile(ready.encode())
        # Compiled once, as wherever it is installed; some machines forbid Python to keep that.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**kept, **environment}
        self.memory: list[float] = []
        self.cpu: list[float] = []
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Seconds until it says that it is ready."""
        begun = time.perf_counter()
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=ROOT,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self.process.stdout
        said = b""
        while not self.ready.search(line := await self.process.stdout.readline()):
            said += line
            if not line:
                raise RuntimeError(f"{self.command} ended:\n{said.decode()}")
        return time.perf_counter() - begun

    async def stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        await self.process.communicate()

    async def once(self) -> float:
        took = await self.start()
        assert self.process
        self.cpu.append(sum(psutil.Process(self.process.pid).cpu_times()[:2]))
        self.memory.append(await at_rest(psutil.Process(self.process.pid)))
        await self.stop()
        return took


async def at_rest(process: psutil.Process) -> float:
    """Its memory once it has nothing to do: no processor time for a second."""
    before = -1.0
    while (used := sum(process.cpu_times()[:2])) != before:
        before = used
        await asyncio.sleep(1)
    return float(process.memory_info().rss) / 2**20


def plein(folder: Path, server: Homeserver, user_id: str, more: str = "") -> Started:
    """Its configuration says `more` besides."""
    config = folder / "config.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{folder}/plein.db"\n[matrix]\n'
        f'homeserver = "{server.url}"\nuser = "{user_id}"\nstore = "{folder}/matrix"\n{more}',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "bot.main", "--config", str(config), "run"]
    return Started(command, "Reading along", {"PLEIN_MATRIX_PASSWORD": PASSWORD})


def minimal(folder: Path, server: Homeserver, user_id: str, *, database: bool) -> Started:
    command = [
        sys.executable,
        str(Path(__file__).parent / "minimal_bot.py"),
        server.url,
        user_id,
        str(folder),
    ]
    return Started([*command, *(["database"] if database else [])], "ready", {"BOT_PASSWORD": PASSWORD})


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("server", "ours", "theirs")]
        for folder in folders:
            folder.mkdir()
        async with await Homeserver.start(folders[0]) as server:
            ours = plein(folders[1], server, await server.register("bench-start"))
            user_id = await server.register("bench-start-minimal")
            theirs = minimal(folders[2], server, user_id, database=True)
            for bot in (ours, theirs):  # the first start makes keys and tables
                await bot.once()
                bot.memory.clear()
            took, others = await by_turns(ours.once, theirs.once, runs=TURNS)
    beside = "minimal bot, same libraries"
    return [
        compare("start to ready", "s", took, beside, others, "at most 1.25"),
        compare("memory at rest", "MiB", ours.memory, beside, theirs.memory, "at most 1.2"),
    ]

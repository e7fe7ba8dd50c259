"""Plein as a process of its own, as a volunteer runs it: started, stopped, killed, started again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Self

from storage.schema import upgrade
from tests.forking import Forked
from tests.homeserver import PASSWORD, Homeserver
from tests.postgres import keys_of


def hours(more: str) -> str:
    """The section that has nobody wait for the morning, at whatever hour tests run; not beside one of its own
    in `more`.
    """
    return "" if "[polls]" in more else '[polls]\nquiet = ""\n'


class Plein:
    """`plein run` with a configuration of its own, on the homeserver of the tests."""

    running: ClassVar[set[Forked]] = set()

    def __init__(self, folder: Path, user_id: str, database: str) -> None:
        self.folder = folder
        self.user_id = user_id
        self.database = database
        # What is run.
        self.module = "bot.main"
        self.log: list[str] = []
        self._process: Forked | None = None
        self._reading: asyncio.Task[None] | None = None
        self._heard = asyncio.Condition()

    @classmethod
    async def on(
        cls, server: Homeserver, folder: Path, name: str, *, database: str = "", more: str = "", url: str = ""
    ) -> Self:
        """Registered, configured and running. `more` goes into the section [matrix] or after it."""
        user_id = await server.register(name)
        plein = cls(folder, user_id, database or f"sqlite:///{folder}/plein.db")
        # Those of a file are beside it.
        keys = f'keys = "{keys_of(database)}"' if database.startswith("postgresql") else ""
        config = f"""
[community]
board_rest = 0.1

[database]
url = "{plein.database}"
{keys}

{hours(more)}
[matrix]
homeserver = "{url or server.url}"
user = "{user_id}"
store = "{folder}/matrix"
{more}
"""
        (folder / "config.toml").write_text(config, encoding="utf-8")
        # To make them itself takes it longer than all else at its start; on Discord it does.
        await upgrade(plein.database)
        await plein.start()
        return plein

    @property
    def _command(self) -> list[str]:
        return [self.module, "--config", str(self.folder / "config.toml"), "run"]

    @property
    def _secrets(self) -> dict[str, str]:
        return {"PLEIN_MATRIX_PASSWORD": PASSWORD}

    async def start(self, *, ready: bool = True) -> None:
        """Run it; returns once it reads along."""
        module, *arguments = self._command
        self._process = await Forked.run(module, arguments, {**os.environ, **self._secrets})
        self.running.add(self._process)
        before = len(self.log)
        self._reading = asyncio.create_task(self._read(self._process))
        if ready:
            await self.says("Reading along", after=before)

    async def _read(self, process: Forked) -> None:
        while line := await process.stdout.readline():
            async with self._heard:
                self.log.append(line.decode(errors="replace").rstrip())
                self._heard.notify_all()
        async with self._heard:
            self.log.append("(ended)")
            self._heard.notify_all()

    async def says(self, words: str, *, after: int = 0, timeout: float = 180) -> str:
        """The first line of the log with these words."""

        def found() -> list[str]:
            return [line for line in self.log[after:] if words in line]

        async with self._heard:
            try:
                async with asyncio.timeout(timeout):
                    await self._heard.wait_for(lambda: found() or "(ended)" in self.log[after:])
            except TimeoutError:
                pass
            if not found():
                raise AssertionError(f"Plein never said {words!r}:\n" + "\n".join(self.log[-30:]))
        return found()[0]

    async def seconds_to_start(self) -> float:
        """Of one that is not running; then it is."""
        began = asyncio.get_running_loop().time()
        await self.start()
        return asyncio.get_running_loop().time() - began

    async def lives_shortly(
        self, chance: random.Random, longest: float, at_work: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """Start it, see it at work, and kill it at a random moment within so many seconds after that."""
        await self.start()
        if at_work:
            await at_work()
        await asyncio.sleep(chance.uniform(0, longest))
        await self.kill()

    async def dies_young(self, chance: random.Random, start: float) -> None:
        """Start it, which takes so many seconds, and kill it at a random moment of that."""
        await self.start(ready=False)
        await asyncio.sleep(chance.uniform(0, start))
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL: no goodbye, nothing put away."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and the exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, by: signal.Signals) -> int:
        assert self._process
        if self._process.returncode is None:
            self._process.send_signal(by)
        status = await self._process.wait()
        self.running.discard(self._process)
        if self._reading:
            await self._reading
        return status

    async def ended(self) -> int:
        """Its exit status, once it stops by itself."""
        assert self._process
        status = await self._process.wait()
        self.running.discard(self._process)
        return status

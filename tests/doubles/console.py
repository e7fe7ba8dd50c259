"""Plein on a console that remembers what it showed: `python -m tests.doubles.console CONFIG RECORD`.

A terminal cannot say what stands on it. The record does, and takes what is said under one key once, as a
homeserver does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.console.client import Console, Said
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.config import load
from bot.main.console import TurnedClock
from bot.main.features import add_up
from bot.model.work import Delivery, Receipt


def recorded(record: Path) -> Iterator[dict[str, Any]]:
    """All that was shown: its key, where, the words, and who was named."""
    if record.exists():
        yield from map(json.loads, record.read_text(encoding="utf-8").splitlines())


class Remembering(Console):
    """The console, with what it shows in a file."""

    def __init__(self, core: PleinCore, record: Path) -> None:
        self._shown: list[Said] = []
        super().__init__(core.texts, TurnedClock(), self._shown.append)
        self.core = core
        self._keys = {line["key"] for line in recorded(record)}
        self._record = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def deliver(self, delivery: Delivery) -> Receipt:
        receipt = await super().deliver(delivery)
        said = self._shown.pop()
        if delivery.key not in self._keys:
            self._keys.add(delivery.key)
            mentions = [who.user_id for who in delivery.mentions]
            line = {"key": delivery.key, "where": said.where, "words": said.lines, "mentions": mentions}
            # In one go, so that it stands there whole or not at all.
            os.write(self._record, f"{json.dumps(line)}\n".encode())
            print("Said something", flush=True)
        return receipt


async def run(config: Path, record: Path) -> None:
    """Until it is ended; what is typed comes from nobody."""
    async with open_core(load(config, add_up()), SystemClock(), board_rest=0) as core:
        await core.serve(Remembering(core, record))
        print("Reading along", flush=True)
        await asyncio.gather(core.outbox.worker.run(), core.boards.worker.run(), core.agenda.run())


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2])))

"""Plein on the double instead of on Discord: `python -m tests.doubles.discord.plein PORT CERTIFICATE CONFIG`.

PORT and CERTIFICATE are those that `python -m tests.doubles.discord` names when it starts. SECONDS behind it:
for so long nobody new is written to once that was too fast, instead of for minutes.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from unittest.mock import patch

from adapters.discord import outgoing
from bot.main import app
from bot.main.config import load
from bot.main.features import add_up
from tests.doubles.discord.connect import connector_to


async def run(port: int, authority: str, config: Path) -> int:
    return await app.run_platforms(load(config, add_up()), discord_by=lambda: connector_to(port, authority))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("discord", "apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if len(sys.argv) > 4:
        patch.object(outgoing, "OPENING_PAUSE", float(sys.argv[4])).start()
    sys.exit(
        asyncio.run(run(int(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8"), Path(sys.argv[3])))
    )

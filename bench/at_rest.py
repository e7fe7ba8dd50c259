"""Plein on an empty database, in a process of its own: with `without`, as if kudos had never been made.

Prints its memory, in KiB.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
from types import ModuleType
from typing import Any

import psutil

if sys.argv[1:] == ["without"]:
    for name in ("bot.features.kudos", "storage.kudos"):
        unmade: Any = ModuleType(name)
        unmade.FEATURE = unmade.CERTIFYING = unmade.STORED = None
        unmade.certificates = unmade
        sys.modules[name] = sys.modules[f"{name}.certificates"] = unmade

from bot.clock import SystemClock
from bot.main.app import freeze_startup_objects, open_core
from bot.main.config import Community, DatabaseSection, config_of
from bot.main.features import FEATURES, add_up


async def main() -> None:
    installed = [each for each in FEATURES if each.feature]
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(add_up(installed))(
            community=Community(), database=DatabaseSection(url=f"sqlite:///{folder}/plein.db")
        )
        async with open_core(config, SystemClock(), installed=installed):
            freeze_startup_objects()
            gc.collect()
            print(psutil.Process().memory_info().rss // 1024)


asyncio.run(main())

"""`plein console`: a chat in this terminal, on a database of its own."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import HandClock, SystemClock
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.communities import grounds_on
from bot.main.config import Config
from bot.model.message import Message, Text, message, text


class TurnedClock(SystemClock):
    """The machine's own time, put forward by as much as somebody waited."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def turn_to(self, moment: datetime) -> None:
        self._ahead += max(moment - self.now(), timedelta())


async def run_console(
    config: Config, *, script: Path | None = None, now: datetime | None = None, interactive: bool = False
) -> int:
    """The chat in the terminal; from a pipe or a script plain lines and a clock turned by hand."""
    from adapters.console.client import PLATFORM, Console
    from adapters.console.terminal import lines_of, printer, typed_lines

    clock = HandClock(now or datetime.now(UTC)) if not interactive or now else TurnedClock()
    show = printer(colours=interactive and sys.stdout.isatty())
    async with open_core(config, clock, board_rest=0) as core:
        speaker = "anna@discord/sport"
        names = [core.commands.names(c, config.community.language)[0] for c in core.commands.by_path.values()]
        lines = typed_lines(names, speaker, Path("data/console-history")) if interactive else lines_of(script)
        grounds = grounds_on(PLATFORM, config, core.communities.served)
        console = Console(core.texts, clock, show, lines, grounds)
        console.core = core
        await core.serve(console)
        await core.run_due()
        if interactive:
            await console.greet(_welcome(core, config, speaker))
            async with asyncio.TaskGroup() as group:
                ticking = group.create_task(_tick(core))
                await console.run(core)
                ticking.cancel()
        else:
            await console.run(core)
    # Whoever typed something wrong was told so; a script that is wrong has failed.
    return 1 if console.failed and not interactive else 0


async def _tick(core: PleinCore) -> None:
    """In a terminal time passes by itself."""
    while True:
        await asyncio.sleep(1)
        await core.run_due()


def _welcome(core: PleinCore, config: Config, speaker: str) -> Message:
    example = core.texts.find("console.example", config.community.language) or ""
    lines: list[Text] = [
        text("console.welcome", who=speaker),
        text("console.try", usage=example),
        text("console.speak"),
    ]
    return message(*lines)

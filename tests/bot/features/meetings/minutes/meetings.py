"""A meeting that runs, for what people write down of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from bot.model.message import Button, Message, text
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import council
from tests.doubles.platform import Town, words_of

T = TypeVar("T")
PLAN = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis --remind geen'
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@contextlib.asynccontextmanager
async def running(url: str, plan: str = PLAN) -> AsyncIterator[Town]:
    """Mia's meeting began half an hour ago; it is eight in the evening."""
    async with council(url, plan) as town:
        for name in ("anna", "ben"):
            await town.say(name, "!help")
        await later(town, 7 * DAY + HOUR)
        yield town


async def later(town: Town, by: timedelta) -> None:
    town.clock.turn(by)
    await town.core.run_due()
    await town.core.outbox.worker.flush()


async def press(town: Town, name: str, command: str, **args: object) -> str:
    button = Button(text("typed"), command, args)
    answer = await town.core.handle(town.asked(name, button=button))
    return words_of(answer) if answer else ""


async def heard(town: Town, name: str, words: str, *, room: str | None = "sport") -> Message:
    answer = await town.core.handle(town.asked(name, words, room=room))
    assert answer
    return answer


async def approved(town: Town) -> str:
    """Mia reads the draft and approves it."""
    asked = await heard(town, "mia", "!minutes approve 1")
    answer = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    return words_of(answer) if answer else ""


async def read(town: Town, how: Callable[[Transaction], T]) -> T:
    return await town.core.store.run(how, community=1)


def put_out(town: Town, name: str) -> None:
    """They are not in the theme any more, as their platform says."""
    town.platform.present.pop((name, "sport"), None)


async def as_organiser(town: Town, name: str, words: str) -> str:
    town.platform.present[name, "sport"] = Role.ORGANISER
    answer = await town.core.handle(replace(town.asked(name, words), role=Role.ORGANISER))
    return words_of(answer) if answer else ""

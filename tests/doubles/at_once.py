"""`plein` in which nothing ever happens that waits for a minute: `python -m tests.doubles.at_once`.

No worker looks by itself, and no pause of a minute or more ends. So all that it does still, it does because
it was told, or after a pause that is shorter; however busy the machine is.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.clock import SystemClock
from bot.delivery import agenda, worker
from bot.delivery.agenda import Agenda
from bot.delivery.worker import A_MINUTE, Worker
from bot.main.cli import main

A_DAY = 86_400
_sleep, _time_to, _soon = SystemClock.sleep, Worker._time_to, Agenda._soon


async def sleep(clock: SystemClock, seconds: float) -> None:
    if seconds >= A_MINUTE.total_seconds():
        await asyncio.Event().wait()
    await _sleep(clock, seconds)


def time_to(which: Worker[Any], moments: Iterable[datetime]) -> float:
    wait = _time_to(which, moments)
    return wait if wait < A_MINUTE.total_seconds() else A_DAY


def soon(which: Agenda, scheduler: Any, due: datetime) -> None:
    if due - SystemClock().now() < A_MINUTE:
        _soon(which, scheduler, due)


if __name__ == "__main__":
    agenda.LOOK_EVERY, worker.LONGEST_WAIT = A_DAY, float(A_DAY)
    for where, name, instead in (
        (SystemClock, "sleep", sleep),
        (Worker, "_time_to", time_to),
        (Agenda, "_soon", soon),
    ):
        setattr(where, name, instead)
    sys.exit(main())

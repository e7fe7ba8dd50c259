"""What is kept of somebody who was here for long: handed out, and forgotten to the end."""

from __future__ import annotations

import io
import time
from collections.abc import Awaitable, Callable
from functools import partial
from zipfile import ZipFile

from bench.community import CLOCK, HERE, PLATFORM, core_on, on_both, said, watched
from bench.figures import Figure, compare
from bot.core import PleinCore
from bot.model.message import message, text
from bot.model.people import FIRST_COMMUNITY, Identity
from bot.packed import File
from bot.ports.storage import Store, Transaction
from bot.texts import Voice

# Of each of so many people a third was answered, a third was posted and a third used commands.
PEOPLE, TRACES = 3, 10_000
# So many are left in one transaction.
AT_ONCE = 2_000
# Seconds, and milliseconds.
MOST, MOST_HELD = 2.0, 50.0
# What the least of the platforms takes of a file.
MOST_BYTES = 9_500_000


async def measure() -> list[Figure]:
    return await on_both(_on)


async def _on(database: str, store: Store) -> list[Figure]:
    core = core_on(store)
    await core.joined(PLATFORM, HERE, "square")
    await core.handle(said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens'))
    # As many belong to somebody who stays.
    for voter in range(PEOPLE + 1):
        await core.handle(said(voter, "!stem 1"))
        for first in range(0, TRACES // 3, AT_ONCE):
            await store.run(partial(_leave_traces, voter, first))
    found = []
    for what, work in (("hands out", _hand_out), ("forgets", _forget)):
        took, held = zip(*[await _timed(partial(work, core, voter)) for voter in range(PEOPLE)], strict=True)
        title = f"{what} the {TRACES:,} traces of a person, {database}"
        found += [
            compare(title, "s", took, "at most", MOST, "at most 1"),
            compare("the event loop held meanwhile", "ms", held, "at most", MOST_HELD, "at most 1"),
        ]
    return found


def _leave_traces(voter: int, first: int, tx: Transaction) -> None:
    who, now = Identity(PLATFORM, f"voter{voter}"), CLOCK.now()
    resident = tx.people.by_identity(who)
    assert resident
    answer = message(text("poll.receipt.chosen", question="Waar komt de bank?", choice="Plein"), text("x"))
    for number in range(first, min(first + AT_ONCE, TRACES // 3)):
        key = f"bench:{voter}:{number}"
        tx.handled.add(key, now, answer, None, author=who)
        tx.posts.add(f"answer:{key}", who, answer, now)
        tx.uses.add(resident.id, "poll open", now, key)


async def _timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    async with watched() as late:
        start = time.perf_counter()
        await work()
        took = time.perf_counter() - start
    return took, max(late) * 1000


async def _hand_out(core: PleinCore, voter: int) -> None:
    said_so = await core.handle(said(voter, "!mijn gegevens"))
    assert said_so
    (file,) = said_so.files
    voice = Voice("nl", core.communities.configured(FIRST_COMMUNITY).zone, CLOCK.now())
    made = await core.files(file, voice, MOST_BYTES, said(voter, "").author)
    assert all(len(part.data) <= MOST_BYTES for part in made)
    assert sum(map(_told, made)) >= TRACES // 3


def _told(file: File) -> int:
    """How often what is in it says that something was done here."""
    with ZipFile(io.BytesIO(file.data)) as archive:
        return sum(archive.read(name).count(b"bench:") for name in archive.namelist())


async def _forget(core: PleinCore, voter: int) -> None:
    """To the last byte in the files."""
    await core.handle(said(voter, "!vergeet mij --zeker"))
    await core.erasing.flush()

"""What is new for very many people: in the outbox, one message for each, while everybody else goes on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import cast

from sqlalchemy import select

from bench.community import HERE, PLATFORM, on_both, watched
from bench.figures import Figure, compare
from bot.clock import HandClock, SystemClock
from bot.core import PleinCore
from bot.features.polls.settings import PollsSettings
from bot.features.residents.records import PROFILES, About
from bot.features.themes.digest import plan
from bot.features.themes.records import OPENINGS
from bot.main.features import add_up
from bot.model.people import Identity, Part, Role
from bot.ports.storage import Store, Transaction
from bot.settings import Settings
from bot.texts import Texts
from storage.community import anywhere
from storage.executor import Rows
from storage.tables import posts
from storage.unit import Tx
from tests.chat import BRUSSELS

PEOPLE, THEMES, TURNS = 2_000, 20, 3
# So many come in one transaction.
AT_ONCE = 500
# Seconds, and milliseconds.
MOST, MOST_HELD = 2.0, 50.0
WEEK = timedelta(days=7)
_DIGESTS = anywhere(select(posts.c.message).where(posts.c.id.startswith("digest:")).order_by(posts.c.seq))


async def measure() -> list[Figure]:
    return await on_both(_on)


async def _on(database: str, store: Store) -> list[Figure]:
    clock = HandClock(SystemClock().now())
    settings = Settings("nl", BRUSSELS, (PollsSettings(quiet=""),))
    core = PleinCore(store, clock, Texts(), settings, add_up())
    await core.joined(PLATFORM, HERE, "square")
    for first in range(0, PEOPLE, AT_ONCE):
        await store.run(lambda tx, first=first: _come(tx, clock, first))  # type: ignore[misc]
    turns = [await _turn(core, clock, turn) for turn in range(TURNS)]
    took, held = zip(*turns, strict=True)
    title = f"a digest of {THEMES} themes for {PEOPLE:,} people in the outbox, {database}"
    return [
        compare(title, "s", took, "at most", MOST, "at most 1"),
        compare("the event loop held meanwhile", "ms", held, "at most", MOST_HELD, "at most 1"),
    ]


def _come(tx: Transaction, clock: HandClock, first: int) -> None:
    """They talk in private, and each wants to hear of the same, among other things."""
    here = tx.places.known(HERE)
    assert here
    for number in range(first, min(first + AT_ONCE, PEOPLE)):
        who = Identity(PLATFORM, f"resident{number}")
        resident = tx.people.add(who, f"resident {number}")
        tx.people.talks(who)
        tx.people.take_part(who, resident.id, here[0].id, Part(Role.RESIDENT, clock.now(), clock.now()))
        interests = ("fietsen", f"hobby {number}", "geluid")
        tx.of(PROFILES).add(resident.id, About.INTERESTS, interests, shown=False)


def _open(tx: Transaction, clock: HandClock, turn: int) -> None:
    here, by = tx.places.known(HERE), tx.people.add(Identity(PLATFORM, f"opener{turn}"), "opener")
    assert here
    for number in range(THEMES):
        name, about = f"Fietsen in wijk {turn} {number}", "Veilig van thuis naar school en terug"
        proposal = tx.of(OPENINGS).propose(here[0].id, name, about, by.id, 1, clock.now())
        theme = tx.places.open_theme(name)
        tx.of(OPENINGS).end(proposal, "opened", theme.id)
        tx.boards.open(f"theme:{theme.id}", theme.id, [], None, clock.now())
    plan(tx, clock.now(), BRUSSELS)


async def _turn(core: PleinCore, clock: HandClock, turn: int) -> tuple[float, float]:
    """Seconds, and how long the loop was held at most, in milliseconds."""
    await core.store.run(lambda tx: _open(tx, clock, turn))
    clock.turn(WEEK)
    await core.store.run(lambda tx: tx.accounts.serve(PLATFORM, PLATFORM, clock.now()))
    async with watched() as late:
        start = time.perf_counter()
        await core.agenda.flush()
        took = time.perf_counter() - start
    told = await core.store.read_anywhere(_told)
    assert len(told) == PEOPLE * (turn + 1), len(told)
    assert all(told[-1].message.count(f"wijk {turn} {number}") for number in range(THEMES))
    return took, max(late) * 1000


def _told(tx: Transaction) -> Rows:
    return cast(Tx, tx).db.execute(_DIGESTS)

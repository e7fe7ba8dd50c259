"""Meetings: an answer beside a vote, a board that many answered, reminders that fall due together, and what
is due in any case (jobs.py).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import func, select

from bench import jobs
from bench.community import CLOCK, HERE, PLATFORM, core_on, cpu, in_memory, opened, said, watched
from bench.figures import Figure, by_turns, compare, percentile
from bot.clock import HandClock
from bot.core import PleinCore
from bot.features.meetings.records import MEETINGS, Answer, Meeting, Plan, Way
from bot.features.meetings.remind import REMIND
from bot.features.polls.settings import PollsSettings
from bot.main.features import add_up
from bot.model.people import Identity, Part, Role, Wishes
from bot.ports.storage import Store, Transaction
from bot.settings import Settings
from bot.texts import Texts
from storage.community import anywhere
from storage.tables import posts
from storage.unit import Tx
from tests.chat import BRUSSELS

PEOPLE, ANSWERS = 32, 200
MANY, FEW, SHOWN = 5_000, 50, 100
DUE, TURNS = 10_000, 3
# So many come in one transaction.
AT_ONCE = 500
DAY = timedelta(days=1)
# After how much time the next of those others comes who use Plein meanwhile; in seconds.
PACE = 0.01
_TOLD = anywhere(select(func.count()).select_from(posts).where(posts.c.id.contains(":remind:")))


async def measure() -> list[Figure]:
    with in_memory() as folder:
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            found = [*await _answering(store), *await _boards(store)]
    return [*found, *await _reminding(), *await jobs.measure()]


def _plan(tx: Transaction, title: str, after: timedelta = DAY) -> int:
    here = tx.places.known(HERE)
    assert here
    start = CLOCK.now() + after
    mia = Identity(PLATFORM, "mia")
    planner = tx.people.by_identity(mia) or tx.people.add(mia, "mia")
    tx.people.grant(mia, Role.MODERATOR)
    plan = Plan(
        theme=here[0].id,
        organiser=planner.id,
        worded_by=planner.id,
        title=title,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        place="Dorpshuis",
        link="https://meet.example/a",
        remind="3600",
    )
    told = f'{{"starts_at": "{start.isoformat()}", "ends_at": "{start.isoformat()}", "by": []}}'
    return tx.of(MEETINGS).add(plan, told).id


# --- an answer ---------------------------------------------------------------------------------


async def _answering(store: Store) -> list[Figure]:
    core = core_on(store)
    await core.joined(PLATFORM, HERE, "square")
    await core.handle(said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens'))
    await store.run(lambda tx: _plan(tx, "Dorpsraad"))
    ways = itertools.cycle(("ter plaatse", "online", "misschien"))
    options = itertools.cycle((1, 2, 3))

    async def answer() -> float:
        return await cpu(core, [said(number % PEOPLE, f"!kom {next(ways)}") for number in range(ANSWERS)])

    async def vote() -> float:
        return await cpu(core, [said(number % PEOPLE, f"!stem {next(options)}") for number in range(ANSWERS)])

    await answer()
    await vote()
    answers, votes = await by_turns(answer, vote)
    return [
        compare(f"an answer to a meeting, {PEOPLE} people", "us CPU", answers, "a vote", votes, "at most 1.2")
    ]


# --- a board -----------------------------------------------------------------------------------


async def _boards(store: Store) -> list[Figure]:
    core = core_on(store)
    many = await _answered(store, "Met velen", MANY)
    few = await _answered(store, "Met weinigen", FEW)

    def shows(meeting: int) -> list[object]:
        return [said(number % PEOPLE, f"!bijeenkomst toon {meeting}") for number in range(SHOWN)]

    async def of_many() -> float:
        return await cpu(core, shows(many))  # type: ignore[arg-type]

    async def of_few() -> float:
        return await cpu(core, shows(few))  # type: ignore[arg-type]

    await of_many()
    await of_few()
    ours, theirs = await by_turns(of_many, of_few)
    title = f"the board of a meeting with {MANY:,} answers"
    return [compare(title, "us CPU", ours, f"with {FEW}", theirs, "at most 1.5")]


async def _answered(store: Store, title: str, people: int) -> int:
    meeting = await store.run(lambda tx: _plan(tx, title))
    for first in range(0, people, AT_ONCE):
        last = min(first + AT_ONCE, people)
        await store.run(lambda tx, first=first, last=last: _come(tx, meeting, title, first, last))  # type: ignore[misc]
    return meeting


def _come(tx: Transaction, meeting: int, whose: str, first: int, last: int) -> None:
    """They talk in private, want to be reminded, and come in either way."""
    here = tx.places.known(HERE)
    assert here
    now = CLOCK.now()
    for number in range(first, last):
        who = Identity(PLATFORM, f"{whose} {number}")
        resident = tx.people.add(who, f"{whose} {number}")
        tx.people.talks(who)
        tx.people.set_wishes(resident.id, Wishes(wanted=True))
        tx.people.take_part(who, resident.id, here[0].id, Part(Role.RESIDENT, now, now))
        way = Way.ONLINE if number % 2 else Way.ON_SITE
        answer = Answer(
            id=0, meeting=meeting, resident=resident.id, way=way, seat=way, since=now, said_at=now, known=way
        )
        tx.of(MEETINGS).keep(answer)


# --- reminders ---------------------------------------------------------------------------------


async def _reminding() -> list[Figure]:
    took, held, slowest = list[float](), list[float](), list[float]()
    for _ in range(TURNS):
        with in_memory() as folder:
            async with opened(f"sqlite:///{folder}/plein.db") as store:
                turn = await _turn(store)
        for found, value in zip((took, held, slowest), turn, strict=True):
            found.append(value)
    title = f"{DUE:,} people are reminded in one minute, all in the outbox"
    return [
        compare(title, "s", took, "two seconds", 2.0, "at most 1"),
        compare("the same: the event loop held", "ms", held, "20 ms", 20.0, "at most 1"),
        compare("other commands meanwhile, p99", "ms", slowest, "50 ms", 50.0, "at most 1"),
    ]


async def _turn(store: Store) -> tuple[float, float, float]:
    """Seconds, how long the loop was held at most, and what other commands took: in milliseconds."""
    clock = HandClock(CLOCK.now())
    settings = Settings("nl", BRUSSELS, (PollsSettings(quiet=""),))
    core = PleinCore(store, clock, Texts(), settings, add_up())
    await core.joined(PLATFORM, HERE, "square")
    await core.handle(said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens'))
    meeting = await _answered(store, "Dorpsraad", DUE)

    def plan(tx: Transaction) -> None:
        found = tx.of(MEETINGS).get(meeting)
        assert found
        subject = f"{meeting} 3600 {found.starts_at.isoformat()}"
        tx.jobs.add(REMIND, subject, clock.now(), f"{REMIND}:{meeting}:3600")

    starts_at = await store.run(lambda tx: cast(Meeting, tx.of(MEETINGS).get(meeting)).starts_at)
    clock.turn_to(starts_at - timedelta(hours=1))
    # What else is due by then is none of it.
    await core.agenda.flush()
    await store.run(plan)
    await store.run(lambda tx: tx.accounts.serve(PLATFORM, PLATFORM, clock.now()))
    done = asyncio.Event()
    votes = asyncio.create_task(_votes_until(core, done))
    start = time.perf_counter()
    async with watched() as late:
        await core.agenda.flush()
        took = time.perf_counter() - start
    done.set()
    times = await votes
    told = await store.read_anywhere(lambda tx: cast(Tx, tx).db.execute(_TOLD).scalar_one())
    assert told >= DUE, told
    return took, max(late) * 1000, percentile(times, 0.99) * 1000


async def _votes_until(core: PleinCore, done: asyncio.Event) -> Sequence[float]:
    """How long votes took that came in at a steady pace, each counted from when it was to come in."""
    times = []

    async def vote(number: int, due: float) -> None:
        await core.handle(said(number % PEOPLE, f"!stem {number % 3 + 1}"))
        times.append(time.perf_counter() - due)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as voting:
        for number in itertools.count():
            if done.is_set():
                break
            due = start + number * PACE
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            voting.create_task(vote(number, due))
    return times

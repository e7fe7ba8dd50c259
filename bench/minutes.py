"""During and after meetings: noting beside a vote, a meeting of which much was noted beside one of little,
and the next agenda of a series in which much was promised for years.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from datetime import time as wall
from functools import partial

from bench.community import CLOCK, PLATFORM, core_on, in_memory, opened, said
from bench.figures import Figure, by_turns, compare
from bot import when
from bot.core import PleinCore
from bot.features.meetings.agenda.records import AGENDAS
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, Kind, Line, Promise, State
from bot.features.meetings.records import LIKE, MEETINGS, SERIES, Plan, Recurrence, Series
from bot.model.people import Identity, Part, Place, Role
from bot.ports.storage import Store, Transaction
from tests.chat import BRUSSELS

PEOPLE, TIMES, TURNS = 32, 80, 5
MANY, FEW, ITEMS = 500, 10, 10
# A meeting a week, and what was promised there: as much as may be open in a theme, and what was settled.
HELD, OPEN, SETTLED = 5 * 52, 100, 200
DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)


async def measure() -> list[Figure]:
    with in_memory() as folder:
        async with opened(f"sqlite:///{folder}/plein.db") as store:
            square = await _Square.begun(store, "square")
            noting = await square.beside_a_vote()
            shown = await square.much_beside_little()
            agendas = await _agendas(store)
    return [noting, *shown, *agendas]


class _Square:
    """A theme with its people."""

    def __init__(self, core: PleinCore, place: Place, theme: int, people: Sequence[int]) -> None:
        self.core, self.place, self.theme, self.people = core, place, theme, people

    @classmethod
    async def begun(cls, store: Store, called: str) -> _Square:
        core, place = core_on(store), Place(PLATFORM, called)
        await core.joined(PLATFORM, place, called)
        theme, people = await store.run(partial(_come, place))
        return cls(core, place, theme, people)

    async def cpu(self, lines: Sequence[str], *answered: str) -> float:
        """Microseconds of CPU, of all threads, that one of these takes, each typed by the next of its people.
        They are answered so.
        """
        asked = [said(number % PEOPLE, line, place=self.place) for number, line in enumerate(lines)]
        began = time.process_time()
        answers = [await self.core.handle(each) for each in asked]
        took = time.process_time() - began
        keys = {str(answer and answer.words[0].key) for answer in answers}
        assert all(key.startswith(answered) for key in keys), keys
        return took / len(lines) * 1e6

    # --- noting ---

    async def beside_a_vote(self) -> Figure:
        await self.core.handle(
            said(0, '!peiling open "Waar komt de bank?" Plein | Park | Nergens', place=self.place)
        )
        meeting = await self.core.store.run(partial(self._running, "Noteren"))
        numbers = itertools.count()

        async def note() -> float:
            lines = [f'!noteer "Er viel iets te zeggen, {next(numbers)}"' for _ in range(TIMES)]
            return await self.cpu(lines, "minutes.written.note")

        async def vote() -> float:
            return await self.cpu([f"!stem {next(numbers) % 3 + 1}" for _ in range(TIMES)], "poll.receipt")

        await note()
        await vote()
        noted, votes = await by_turns(note, vote, runs=TURNS)
        await self.core.store.run(lambda tx: tx.of(MEETINGS).end(meeting))
        return compare(
            f"noting in a meeting, {PEOPLE} people", "us CPU", noted, "a vote", votes, "at most 1.2"
        )

    def plan(self, title: str, start: datetime, series: int | None = None) -> Plan:
        return Plan(
            theme=self.theme,
            organiser=self.people[0],
            worded_by=self.people[0],
            title=title,
            starts_at=start,
            ends_at=start + 2 * HOUR,
            place="Dorpshuis",
            link=None,
            remind="3600",
            series=series,
            day=start.date().isoformat() if series else None,
        )

    def _running(self, title: str, tx: Transaction, *, lines: int = 0, items: int = 0) -> int:
        """A meeting that runs, with so much in its minutes and on its agenda."""
        plan = self.plan(title, CLOCK.now() - HOUR)
        meeting = tx.of(MEETINGS).add(plan, _told(plan)).id
        for number in range(1, lines + 1):
            line = Line(
                meeting=meeting,
                number=number,
                kind=Kind.NOTE if number % 5 else Kind.DECISION,
                resident=self.people[number % PEOPLE],
                words=f"Er viel iets te zeggen, voor de {number}e keer",
                said_at=CLOCK.now(),
                since=1,
            )
            tx.of(MINUTES).add(line)
        self.fill(tx, meeting, items)
        return meeting

    def fill(self, tx: Transaction, meeting: int, items: int) -> None:
        """So much stands on its agenda."""
        for number in range(items):
            tx.of(AGENDAS).add(meeting, self.people[number % PEOPLE], f"Punt {number}", 5, CLOCK.now())

    # --- showing ---

    async def much_beside_little(self) -> list[Figure]:
        run = self.core.store.run
        much = await run(partial(self._running, "Lang", lines=MANY, items=ITEMS))
        little = await run(partial(self._running, "Kort", lines=FEW, items=ITEMS))
        shows = {
            "agenda show": ("!agenda {}", "agenda.title"),
            "minutes show": ("!verslag toon {}", "minutes.title"),
        }

        async def show(line: str, answered: str, meeting: int) -> float:
            return await self.cpu([line.format(meeting)] * TIMES, answered)

        return [
            await _beside(
                f"`{name}` of a meeting with {MANY} notes",
                partial(show, *how, much),
                f"with {FEW}",
                partial(show, *how, little),
                "at most 2",
            )
            for name, how in shows.items()
        ]


# --- the next agenda ---


async def _agendas(store: Store) -> list[Figure]:
    """Of a series in which people met and promised for years, beside one that begins."""
    old, new = [_Series(await _Square.begun(store, called)) for called in ("old", "new")]
    await old.begin(HELD)
    await new.begin(0)
    years = f"after {HELD} meetings with {OPEN + SETTLED} promises, {OPEN} of them open"
    measured = {
        "planning the next agenda": (_Series.plan, "at most 1.5"),
        # It names ten of them, which an empty one does not.
        "showing it": (_Series.show, "at most 2"),
    }
    return [
        await _beside(f"{name} {years}", partial(what, old), "after none", partial(what, new), bound)
        for name, (what, bound) in measured.items()
    ]


class _Series:
    """A meeting that comes back, in a theme of its own; of those that were held what was promised."""

    def __init__(self, square: _Square) -> None:
        self.square = square
        self.next = 0
        self._items = itertools.count(ITEMS + 1)

    async def begin(self, held: int) -> None:
        self.next = await self.square.core.store.run(partial(self._begin, held))

    def _begin(self, held: int, tx: Transaction) -> int:
        square, now = self.square, CLOCK.now()
        first = (now - held * WEEK).date()
        rule = when.Rule(unit="weeks", weekdays=(first.weekday(),))
        recurrence = Recurrence(rule=rule, wall=wall(20), zone=BRUSSELS, first=first)
        theme, mo = square.theme, square.people[0]
        like = {name: getattr(square.plan("Dorpsraad", now), name) for name in LIKE}
        series = tx.of(SERIES).add(
            Series(id=0, theme=theme, organiser=mo, recurrence=recurrence, lasts=HOUR, like=like)
        )
        numbers = []
        for week in range(-held, 2):
            plan = square.plan("Dorpsraad", now + DAY + week * WEEK, series.id)
            numbers.append(tx.of(MEETINGS).add(plan, _told(plan)).id)
        for meeting in numbers[:held]:
            tx.of(MEETINGS).end(meeting)
        for number in range(OPEN + SETTLED if held else 0):
            self._promise(tx, series.id, numbers[number % held], number)
        square.fill(tx, numbers[held], items=ITEMS)
        return numbers[held]

    def _promise(self, tx: Transaction, series: int, meeting: int, number: int) -> None:
        who, at = self.square.people[number % PEOPLE], CLOCK.now() - DAY
        promise = Promise(
            theme=self.square.theme,
            meeting=meeting,
            series=series,
            words=f"Lamp {number} bestellen",
            noted_by=self.square.people[0],
            promised_by=who,
            owner=who,
            for_nobody=False,
            due_on=None,
            noted_at=at,
            since=1,
        )
        action = tx.of(ACTIONS).add(promise)
        if number >= OPEN:
            tx.of(ACTIONS).change(action, state=State.DONE if number % 2 else State.DROPPED, ended_at=at)

    # --- what is measured, in microseconds of CPU for each ---

    async def plan(self) -> float:
        """Something is put on it and comes first, and is dropped again, so that each turn begins alike."""
        lines = []
        for item in itertools.islice(self._items, TIMES // 3):
            lines += [
                '!agenda zet "Licht aan het pad" 10m',
                f"!agenda orden {item} 1",
                f"!agenda schrap {item}",
            ]
        typed = [f"{line} --bijeenkomst {self.next}" for line in lines]
        return await self.square.cpu(typed, "agenda.added", "agenda.title", "agenda.dropped")

    async def show(self) -> float:
        return await self.square.cpu([f"!agenda {self.next}"] * TIMES, "agenda.title")


async def _beside(
    title: str,
    ours: Callable[[], Awaitable[float]],
    beside: str,
    theirs: Callable[[], Awaitable[float]],
    bound: str,
) -> Figure:
    await ours()
    await theirs()
    these, those = await by_turns(ours, theirs, runs=TURNS)
    return compare(title, "us CPU", these, beside, those, bound)


def _told(plan: Plan) -> str:
    return (
        f'{{"starts_at": "{plan.starts_at.isoformat()}", "ends_at": "{plan.ends_at.isoformat()}", "by": []}}'
    )


def _come(place: Place, tx: Transaction) -> tuple[int, Sequence[int]]:
    here, now = tx.places.known(place), CLOCK.now()
    assert here
    theme, found = here[0].id, []
    for number in range(PEOPLE):
        who = Identity(PLATFORM, f"voter{number}")
        resident = tx.people.by_identity(who) or tx.people.add(who, f"voter {number}")
        tx.people.grant(who, Role.MODERATOR)
        tx.people.take_part(who, resident.id, theme, Part(Role.MODERATOR, now, now))
        found.append(resident.id)
    return theme, found

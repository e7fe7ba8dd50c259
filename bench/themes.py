"""Five hundred themes with twenty thousand people, beside five with two hundred: what anybody does there."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from bench.community import CLOCK, HERE, PLATFORM, core_on, in_memory, opened, said
from bench.figures import Figure, by_turns, compare
from bot.core import PleinCore
from bot.features.themes.records import OPENINGS, THEMES, Involvement, board_of
from bot.model.events import Invocation
from bot.model.homes import KEPT, Home
from bot.model.people import FIRST_COMMUNITY, Identity, Part, Place, Role
from bot.ports.storage import Transaction

SMALL, LARGE = (5, 200), (500, 20_000)
TIMES, TURNS = 40, 7
# So many come in one transaction, and each is in so many themes.
AT_ONCE, IN_THEMES = 1_000, 2
HOME = Home(PLATFORM, "console.home", "corner", "Corner")
# Each proposes no more than anybody can in a day.
MODERATORS = 40
_numbers = itertools.count()


@dataclass
class Town:
    """A community with so many themes and people."""

    core: PleinCore
    themes: int
    people: int

    async def fill(self) -> None:
        await self.core.joined(PLATFORM, HERE, "square", community=FIRST_COMMUNITY, ours=True)
        for first in range(0, self.people, AT_ONCE):
            await self.core.store.run(partial(self._come, first))
        await self.core.store.run(self._open)
        for first in range(0, self.people, AT_ONCE):
            await self.core.store.run(partial(self._take_part, first))

    def _come(self, first: int, tx: Transaction) -> None:
        here = tx.places.known(HERE)
        assert here
        for number in range(first, min(first + AT_ONCE, self.people)):
            role = Role.MODERATOR if number < MODERATORS else Role.RESIDENT
            who = Identity(PLATFORM, f"voter{number}")
            found, _ = tx.people.link([who], f"voter {number}", role)
            tx.people.take_part(who, found, here[0].id, Part(role, CLOCK.now(), CLOCK.now()))

    def _open(self, tx: Transaction) -> None:
        here, by = tx.places.known(HERE), tx.people.by_identity(Identity(PLATFORM, "voter0"))
        assert here
        assert by
        tx.communities.change(f"{KEPT}{PLATFORM}", HOME.kept(), by.id, CLOCK.now())
        for number in range(self.themes):
            name = f"Wijk {number}"
            proposal = tx.of(OPENINGS).propose(here[0].id, name, "Wat er leeft", by.id, 1, CLOCK.now())
            theme = tx.places.open_theme(name)
            tx.of(OPENINGS).end(proposal, "opened", theme.id)
            place = Place(PLATFORM, f"corner/{name}")
            tx.places.bind(place, theme.id, name, None, PLATFORM, ours=True)
            tx.boards.open(board_of(theme.id), theme.id, [place], None, CLOCK.now())

    def _take_part(self, first: int, tx: Transaction) -> None:
        themes = sorted(tx.places.opened())
        for number in range(first, min(first + AT_ONCE, self.people)):
            found = tx.people.by_identity(Identity(PLATFORM, f"voter{number}"))
            assert found
            for place in range(IN_THEMES):
                theme = themes[(number + place * 7) % len(themes)]
                tx.of(THEMES).involve(theme, found.id, Involvement.TAKES_PART, CLOCK.now())

    # --- what is measured, in microseconds of CPU for one of them ---

    async def list_themes(self) -> float:
        voters = range(MODERATORS, MODERATORS + TIMES)
        return await self._cpu("theme.list", (said(number, "!thema lijst") for number in voters))

    async def join(self) -> float:
        """And leaving again, so that each turn begins alike."""
        words = ("!thema doe mee Wijk 3", "!thema verlaat Wijk 3")
        voters = [number for number in range(MODERATORS, MODERATORS + TIMES) if number % self.themes != 3]
        return await self._cpu("theme.", (said(number, line) for number in voters for line in words))

    async def open_one(self) -> float:
        turns = [next(_numbers) for _ in range(TIMES // 8)]
        return await self._cpu(
            "theme.opened",
            (said(turn % MODERATORS, f'!thema stel voor "Idee {turn}" Wat er leeft') for turn in turns),
        )

    async def _cpu(self, answered: str, asked: Iterable[Invocation]) -> float:
        commands = list(asked)
        start = time.process_time()
        for command in commands:
            answer = await self.core.handle(command)
            assert answer
            assert answer.lines[0].key.startswith(answered), answer.lines[0]
        return (time.process_time() - start) / len(commands) * 1e6


async def measure() -> list[Figure]:
    with in_memory() as folder:
        async with (
            opened(f"sqlite:///{folder}/small.db") as small,
            opened(f"sqlite:///{folder}/large.db") as large,
        ):
            towns = [Town(core_on(store), *size) for store, size in ((large, LARGE), (small, SMALL))]
            for town in towns:
                await town.fill()
            return await _figures(towns[0], towns[1])


async def _figures(large: Town, small: Town) -> list[Figure]:
    measures: list[tuple[str, Callable[[Town], Callable[[], Awaitable[float]]]]] = [
        ("`theme list`", lambda town: town.list_themes),
        ("joining a theme and leaving it", lambda town: town.join),
        ("opening a theme", lambda town: town.open_one),
    ]
    found = []
    for name, of in measures:
        ours, theirs = await by_turns(of(large), of(small), runs=TURNS)
        title = f"SQLite: CPU of {name}, {LARGE[0]} themes and {LARGE[1]:,} people"
        beside = f"{SMALL[0]} and {SMALL[1]}"
        found.append(compare(title, "us", ours, beside, theirs, "at most 1.5"))
    return found

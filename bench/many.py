"""Fifty communities of four hundred people, beside an empty database: what anybody does costs as much."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy.engine import make_url

from bench.community import CLOCK, core_on, in_memory, opened
from bench.figures import Figure, by_turns, compare
from bench.filled import (
    COMMUNITIES,
    PEOPLE,
    PLATFORMS,
    THEMES,
    account_of,
    fill,
    on_both,
    place_of,
    platforms_of,
    who,
)
from bench.start import plein
from bot.core import PleinCore
from bot.model.events import Invocation
from bot.model.message import Message
from bot.model.people import Identity, Place
from tests.homeserver import Homeserver
from tests.postgres import PostgreSQL as Server

TIMES, TURNS, PAIRS = 200, 9, 10
LINES = "".join(
    f'[[communities]]\nname = "Dorp {number}"\nservers = ["{10**17 + number}"]\n'
    for number in range(1, COMMUNITIES + 1)
)
AMONG = COMMUNITIES // 2
# On both platforms, and with nothing on their profile: so each shows as much, whoever else there is.
VOTERS = [person for person in range(PEOPLE) if on_both(person) and person % 3][:40]
_ids = itertools.count()


@dataclass
class Town:
    """A community whose people use Plein, in turns."""

    core: PleinCore
    community: int
    # What its database's own processes used, in seconds of CPU.
    used_elsewhere: Callable[[], float]
    singles: Mapping[str, Iterator[int]] = field(
        default_factory=lambda: {platform: iter(range(PEOPLE)) for platform in PLATFORMS}
    )

    @property
    def square(self) -> Place:
        """Where there are no polls but those that are asked here."""
        return place_of(self.community, THEMES, "discord")

    def voter(self, number: int) -> Identity:
        return who(self.community, VOTERS[number % len(VOTERS)], "discord")

    def pair(self) -> tuple[Identity, Identity]:
        """Two who are on one platform each, and not on the same."""
        first, second = (next(n for n in found if _is_only_on(n, p)) for p, found in self.singles.items())
        return who(self.community, first, PLATFORMS[0]), who(self.community, second, PLATFORMS[1])

    async def meet(self) -> None:
        """There is nobody yet: those who vote come, each on both platforms."""
        for platform in PLATFORMS:
            place = place_of(self.community, THEMES, platform)
            await self.core.joined(account_of(platform), place, "square", f"thema {THEMES}")
        for person in VOTERS:
            accounts = [who(self.community, person, platform) for platform in PLATFORMS]
            for account in accounts:
                await self.says(account, "!mijn profiel", place_of(self.community, THEMES, account.platform))
            await self.core.link(accounts)

    async def prepare(self) -> None:
        await self.says(
            self.voter(0), '!peiling open "Waar komt de bank?" Plein | Park | Nergens', self.square
        )
        for does in (self.vote, self.show, self.show_privately, self.link):
            await does()

    async def says(self, author: Identity, words: str, place: Place | None = None) -> Message:
        return await self._does(author, place, typed=words)

    async def presses(self, author: Identity, asked: Message) -> Message:
        """The first of its buttons."""
        button = asked.buttons[0]
        return await self._does(author, None, command=button.command, args=button.args)

    async def _does(self, author: Identity, place: Place | None, **what: Any) -> Message:
        answer = await self.core.handle(
            Invocation(
                id=f"bench:{next(_ids)}",
                author=author,
                name=author.user_id,
                place=place,
                at=CLOCK.now(),
                account=account_of(author.platform),
                **what,
            )
        )
        assert answer
        return answer

    # --- what is measured, in microseconds of CPU for one of them ---

    async def vote(self) -> float:
        return await self._cpu(
            self.says(self.voter(n), f"!stem {n % 3 + 1}", self.square) for n in range(TIMES)
        )

    async def show(self) -> float:
        return await self._cpu(self.says(self.voter(n), "!mijn profiel", self.square) for n in range(TIMES))

    async def show_privately(self) -> float:
        return await self._cpu(self.says(self.voter(n), "!mijn profiel") for n in range(TIMES))

    async def ordinary(self) -> list[float]:
        return [await self.vote(), await self.show_privately()]

    async def link(self) -> list[float]:
        """Asking for a code, giving it, and the yes on each."""
        pairs = [self.pair() for _ in range(PAIRS)]
        for account in itertools.chain(*pairs):
            await self.says(account, "!mijn profiel")
        said: list[Message] = []
        asked = await self._cpu((self.says(asks, "!koppel") for asks, _ in pairs), said)
        codes = [code.lines[0].values["code"] for code in said]
        gave = await self._cpu(
            (self.says(gives, f"!koppel {code}") for (_, gives), code in zip(pairs, codes, strict=True)), said
        )
        questions = list(zip(pairs, said, strict=True))
        assert all(question.buttons for question in said), said
        agreed = await self._cpu((self.presses(gives, asked) for (_, gives), asked in questions), said)
        joined = await self._cpu((self.presses(asks, asked) for (asks, _), asked in questions), said)
        assert {answer.lines[0].key for answer in said} == {"link.done"}
        return [asked, gave, agreed, joined]

    async def _cpu(
        self, commands: Iterable[Awaitable[Message]], answers: list[Message] | None = None
    ) -> float:
        found = []
        start = time.process_time() + self.used_elsewhere()
        for command in commands:
            found.append(await command)
        used = time.process_time() + self.used_elsewhere() - start
        if answers is not None:
            answers[:] = found
        return used / len(found) * 1e6


@contextlib.asynccontextmanager
async def _town(
    url: str, keys: Path | None, used_by: Callable[[], Callable[[], float]], *, full: bool
) -> AsyncIterator[Town]:
    async with opened(url, keys) as store:
        if full:
            await fill(store, CLOCK.now())
        town = Town(core_on(store), AMONG if full else 1, lambda: 0.0)
        if full:
            settings = town.core.communities.configured(1)
            town.core.communities.serve(dict.fromkeys(range(1, COMMUNITIES + 1), settings))
        else:
            await town.meet()
        await town.prepare()
        town.used_elsewhere = used_by()
        yield town


async def measure() -> list[Figure]:
    with in_memory() as folder:
        found = []
        async with (
            _town(f"sqlite:///{folder}/empty.db", None, _nothing_else, full=False) as empty,
            _town(f"sqlite:///{folder}/full.db", None, _nothing_else, full=True) as full,
        ):
            found += await _figures("SQLite", full, empty)
        return [*found, *await _on_postgresql(folder), *await _starting()]


async def _on_postgresql(folder: Path) -> list[Figure]:
    server = await asyncio.to_thread(Server, folder)
    try:
        urls = server.new_database(), server.new_database()
        small, large = (partial(_backends_of, server, url) for url in urls)
        async with (
            _town(urls[0], folder / "empty", small, full=False) as empty,
            _town(urls[1], folder / "full", large, full=True) as full,
        ):
            await asyncio.to_thread(server.ask, urls[1], "ANALYZE")  # as it does itself within the minute
            return await _figures("PostgreSQL", full, empty)
    finally:
        await asyncio.to_thread(server.stop)


async def _figures(database: str, full: Town, empty: Town) -> list[Figure]:
    names = ("a vote", "`me show` in a place", "`me show` in private")
    measures = [does for town in (full, empty) for does in (town.vote, town.show, town.show_privately)]
    took = await by_turns(*measures, runs=TURNS)
    found = [
        compare(
            f"{database}: CPU of {name} among {PEOPLE * COMMUNITIES:,}",
            "us",
            many,
            "alone",
            few,
            "at most 1.3",
        )
        for name, many, few in zip(names, took[:3], took[3:], strict=True)
    ]
    linking, used = await by_turns(full.link, full.ordinary, runs=TURNS)
    ordinary = [statistics.mean(pair) for pair in used]
    parts = zip(
        ("asking for a code", "giving it", "the first yes", "the second yes"),
        zip(*linking, strict=True),
        strict=True,
    )
    found += [
        compare(f"{database}: CPU of {name}", "us", used, "a vote and `me show`, the mean", ordinary)
        for name, used in parts
    ]
    each = [statistics.mean(turn) for turn in linking]
    found.append(
        compare(
            f"{database}: CPU of linking, a command",
            "us",
            each,
            "a vote and `me show`, the mean",
            ordinary,
            "at most 2",
        )
    )
    return found


def _is_only_on(person: int, platform: str) -> bool:
    return platforms_of(person) == (platform,)


async def _starting() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        server_folder, *folders = (Path(name) / part for part in ("server", "full", "empty"))
        for folder in (server_folder, *folders):
            folder.mkdir()
        async with opened(f"sqlite:///{folders[0]}/plein.db") as store:
            await fill(store, CLOCK.now())
        async with await Homeserver.start(server_folder) as server:
            bots = [
                plein(folder, server, await server.register(f"bench-{folder.name}"), lines)
                for folder, lines in zip(folders, (LINES, ""), strict=True)
            ]
            for bot in bots:  # the first start makes keys, and tables
                await bot.once()
                bot.memory.clear()
                bot.cpu.clear()
            took, others = await by_turns(*(bot.once for bot in bots), runs=TURNS)
    full, empty = bots
    beside, start = "an empty database", f"start to ready, with {COMMUNITIES} communities"
    return [
        compare(start, "s", took, beside, others),
        compare(f"CPU of {start}", "s", full.cpu, beside, empty.cpu, "at most 1.3"),
        compare(
            f"memory at rest, with {COMMUNITIES} communities",
            "MiB",
            full.memory,
            beside,
            empty.memory,
            "at most 1.2",
        ),
    ]


def _nothing_else() -> Callable[[], float]:
    return lambda: 0.0


def _backends_of(server: Server, url: str) -> Callable[[], float]:
    """What the server's own processes that serve this database have used, in seconds of CPU."""
    name = str(make_url(url).database)
    # One that cleans up goes whenever it is done.
    clocks = [
        Path(f"/proc/{process.pid}/schedstat")
        for process in psutil.Process(server.pid).children()
        if f" {name} " in (serves := " ".join(process.cmdline())) and "autovacuum" not in serves
    ]
    assert clocks
    return lambda: sum(int(clock.read_text().split()[0]) for clock in clocks) / 1e9

"""Two communities where all is called the same, on one connection to Discord and one homeserver, both busy,
and SIGKILL at random moments: each has what was said in it, all of that, and nothing of the other.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.main.features import FEATURES, stores_of
from storage.engines import open_database
from tests.doubles.discord import Discord, Server
from tests.doubles.discord import Person as OnDiscord
from tests.doubles.polls import tally
from tests.homeserver import Homeserver, Person, shown
from tests.on_both import Both
from tests.town import Resident, board, numbers

NAMES = "Dorp", "Stad"
OPTIONS = "Ja", "Nee", "Later"
OPEN = f'peiling open "Een bank?" {" | ".join(OPTIONS)}'
LIVES_ON = 1.0  # seconds at most, once it reads along
PATIENCE = 300
MOST_UNANSWERED = 4


@dataclass
class Community:
    """One of the two: its server with a channel, and its room."""

    name: str
    server: Server
    room: str
    last: dict[str, int] = field(default_factory=dict)

    def totals(self) -> list[int]:
        chosen = Counter(self.last.values())
        return [chosen[number] for number in range(1, len(OPTIONS) + 1)]


@dataclass
class Chatter:
    """Somebody on Discord, who is on both servers."""

    name: str
    on: Mapping[str, OnDiscord]
    typed: Counter[str] = field(default_factory=Counter)

    @property
    def told(self) -> list[str]:
        person = next(iter(self.on.values()))
        return [message.text for message in person.sees(person.dm) if message.author.bot]

    async def vote(self, there: Community, option: int) -> None:
        person = self.on[there.name]
        if self.typed.total() - len(self.told) >= MOST_UNANSWERED:
            return  # nobody writes on and on to one who does not answer
        await person.says("sport", f"<@{person.discord.bot.id}> stem {option} --peiling 1")
        self.typed[there.name] += 1
        there.last[f"discord {self.name}"] = option

    async def check_told(self) -> None:
        discord = next(iter(self.on.values())).discord
        await discord.until(lambda: len(self.told) >= self.typed.total(), timeout=PATIENCE)
        # The first words were in one community: who is in no other yet needs no heading.
        found = Counter(
            next((name for name in NAMES if f"Voor {name}:" in said), NAMES[0]) for said in self.told
        )
        assert found == self.typed


@dataclass
class Neighbour:
    """Somebody on Matrix, who is in both rooms."""

    who: Resident
    said: dict[str, str] = field(default_factory=dict)

    async def vote(self, there: Community, option: int) -> None:
        event = await self.who.person.say(there.room, f"!stem {option} --peiling 1")
        self.said[event] = there.name
        there.last[f"matrix {self.who.person.name}"] = option

    async def check_told(self) -> None:
        async def answers() -> dict[str, list[str]] | None:
            found: dict[str, list[str]] = {}
            for message in shown(await self.who.person.history(self.who.direct)):
                if message.key.startswith("answer:matrix:$"):
                    event = message.key.removeprefix("answer:matrix:").partition("@")[0]
                    found.setdefault(event, []).append(message.body)
            return found if found.keys() >= self.said.keys() else None

        found = await self.who.person.wait_until(answers, timeout=PATIENCE)
        first = next(iter(self.said))
        for event, name in self.said.items():
            (answer,) = found[event]
            assert event == first or f"Voor {name}:" in answer


def configured(communities: list[Community]) -> str:
    return "\n".join(
        f'[[communities]]\nname = "{each.name}"\nservers = ["{each.server.id}"]\n'
        f'[[communities.themes]]\nname = "sport"\n'
        f'places = ["discord:{each.server.channel("sport").id}", "matrix:{each.room}"]\n'
        for each in communities
    )


async def busy_through_crashes(server: Homeserver, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double:
        mo = await server.person(f"mo{next(numbers)}")
        communities = [
            Community(name, double.guild(name), await mo.create_room(public=True)) for name in NAMES
        ]
        for each in communities:
            each.server.channel("sport")
        plein = await Both.beside(double, server, folder, more=configured(communities))
        await plein.start()
        people: list[Chatter | Neighbour] = [*chatters(communities)]
        people += [await neighbour(server, plein, communities) for _ in range(2)]
        for each in communities:
            await each.server.member("opener").says("sport", f"<@{double.bot.id}> {OPEN}")
            await board(mo, each.room, "Een bank?")
        # In this order, so that what is said after that is said by somebody who is in both.
        for each in communities:
            for person in people:
                await person.vote(each, 1)
        for person in people:
            await person.check_told()
        await plein.kill()

        for _ in range(kills):
            votes = [person.vote(each, chance.randint(1, 3)) for person in people for each in communities]
            await asyncio.gather(plein.lives_shortly(chance, LIVES_ON), *votes)
        await plein.start()
        for person in people:
            await person.check_told()
        for each in communities:
            await shows_everywhere(mo, each)
        assert await plein.stop() == 0
    await check_kept(plein.database, communities)


def chatters(communities: list[Community]) -> list[Chatter]:
    return [
        Chatter(name, {each.name: each.server.member(name) for each in communities})
        for name in ("anna", "ben")
    ]


async def neighbour(server: Homeserver, plein: Both, communities: list[Community]) -> Neighbour:
    person = await server.person(f"anna{next(numbers)}")
    for each in communities:
        await person.join(each.room)
    direct = await person.create_room(invite=[plein.user_id], is_direct=True)

    async def joined() -> bool:
        return (await person.members(direct)).get(plein.user_id) == "join"

    await person.wait_until(joined)
    return Neighbour(Resident(person, direct))


async def shows_everywhere(mo: Person, each: Community) -> None:
    """Its boards show its own votes, on either platform."""
    lines = [f"{option}: {count} stem" for option, count in zip(OPTIONS, each.totals(), strict=True)]
    await board(mo, each.room, "Een bank?", *lines, timeout=PATIENCE)
    there = each.server.channel("sport").messages

    def fitting() -> list[str]:
        texts = (message.text for message in there.values() if message.author.bot and not message.only_for)
        return [text for text in texts if all(line in text for line in lines)]

    await each.server.discord.until(fitting, timeout=PATIENCE)


async def check_kept(database: str, communities: list[Community]) -> None:
    store = await open_database(database, stored=stores_of(FEATURES))
    try:
        for number, each in enumerate(communities, start=1):
            assert await store.run(lambda tx: tally(tx, 1), community=number) == each.totals(), each.name
    finally:
        await store.close()


async def test_both_keep_their_own_through_3_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await busy_through_crashes(homeserver, tmp_path, 3, seed=1)


async def test_both_keep_their_own_through_20_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await busy_through_crashes(homeserver, tmp_path, 20, seed=2)

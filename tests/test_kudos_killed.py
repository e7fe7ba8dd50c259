"""SIGKILL at random moments, while residents thank each other by a command and by a sign: each thank-you is
given once, and stands once.

What must hold is read from what the platform shows people, and from what is kept. Signs are brought twice,
and some are taken away and put there again, whether Plein sees it or not.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from storage.connections import async_url
from tests.doubles.discord import Discord, Message, Server
from tests.doubles.discord import Person as OnDiscord
from tests.homeserver import Homeserver, Person, shown
from tests.on_discord import Process
from tests.plein import Plein
from tests.town import Resident, Town, numbers

HANDS = "\N{PERSON WITH FOLDED HANDS}"
LIVES_ON = 0.5  # seconds at most, after Plein was seen at work
MOST_UNANSWERED = 3
PATIENCE = 300
SHOWN = re.compile(r"🙏 .* bedankt .*: “voor nummer (\d+)”")
THANKS, BACK, NOTED = "bedankt je in ", "trok dit bedankje aan jou in", "is genoteerd"
CONFIG = """
[kudos]
thanks_a_day = 100
"""


@dataclass
class Scene:
    """Plein on one platform, with people in one theme who talk with it in private; by their numbers."""

    plein: Plein
    # On which message a sign was put, by the number of the thank-you.
    signed: dict[int, str] = field(default_factory=dict)

    async def say(self, who: int, whom: int, words: str) -> None:
        """Thank them aloud."""
        raise NotImplementedError

    async def sign(self, who: int, whom: int, number: int) -> Callable[[], Awaitable[object]]:
        """Put a sign on what they say now. What it gives has it taken away, and put there again."""
        raise NotImplementedError

    async def aloud(self) -> list[str]:
        """All that Plein says in the theme, message by message."""
        raise NotImplementedError

    async def alone(self, who: int) -> list[str]:
        """The same of what it says to them alone."""
        raise NotImplementedError

    async def ask(self, who: int) -> None:
        """Have them ask something in private, and hear the answer: what they did before was dealt with."""
        raise NotImplementedError

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Once that is so."""
        raise NotImplementedError

    async def said(self) -> list[int]:
        """Which numbers were said in the theme, each as often as it stands there."""
        found = (SHOWN.search(words) for words in await self.aloud())
        return [int(each[1]) for each in found if each]


@dataclass
class Giving:
    """Who thanks whom, in what order: nobody thanks who thanked them, which would be a reply."""

    at: Scene
    pairs: Sequence[tuple[int, int]]
    toggled: set[int] = field(default_factory=set)

    @property
    def typed(self) -> list[int]:
        """Every other one is; the rest are signs."""
        return list(range(2, len(self.pairs) + 1, 2))

    async def give(self) -> None:
        """All of them, one after the other; nobody goes on and on where nobody answers."""
        later: Callable[[], Awaitable[object]] | None = None
        for number, (giver, who) in enumerate(self.pairs, start=1):
            if number % 2 == 0:
                await self.at.say(giver, who, f"voor nummer {number}")
                await self.at.until(partial(self._keeps_up, number))
                continue
            again = await self.at.sign(giver, who, number)
            # Of three one stays, one is toggled at once, and one when it was perhaps dealt with.
            if later:
                await later()
                later = None
            if number % 3:
                self.toggled.add(number)
                if number % 3 == 1:
                    await again()
                else:
                    later = again
        if later:
            await later()

    async def _keeps_up(self, number: int) -> bool:
        return number // 2 - len(await self.at.said()) < MOST_UNANSWERED

    async def check(self) -> None:
        """What people see, once that is all."""
        at = self.at
        assert Counter(await at.said()) == Counter(self.typed)
        givers = Counter(self.pairs[number - 1][0] for number in at.signed)
        for who in range(max(map(max, self.pairs)) + 1):
            alone = await at.alone(who)
            assert sum(NOTED in words for words in alone) == givers[who], who
            for number in self._for(who):
                told = [*self._told(alone, number)]
                allowed = [[THANKS]]
                if number in self.toggled:
                    allowed += [[THANKS, BACK, THANKS], [BACK, THANKS]]
                assert told in allowed, (who, number, told)

    async def all_told(self) -> bool:
        """Whether each heard last that they are thanked, for each."""
        for who in range(max(map(max, self.pairs)) + 1):
            alone = await self.at.alone(who)
            if any([*self._told(alone, number)][-1:] != [THANKS] for number in self._for(who)):
                return False
        return set(await self.at.said()) == set(self.typed)

    def _for(self, who: int) -> list[int]:
        return [number for number, (_, whom) in enumerate(self.pairs, start=1) if whom == who]

    def _told(self, alone: Sequence[str], number: int) -> Iterator[str]:
        """In the order in which it was said."""
        about = self.at.signed.get(number) or f"“voor nummer {number}”"
        for line in itertools.chain.from_iterable(words.splitlines() for words in alone):
            if about in line:
                yield from (kind for kind in (THANKS, BACK) if kind in line)


async def given_through_crashes(at: Scene, kills: int, people: int, seed: int) -> None:
    chance = random.Random(seed)
    for who in range(people):
        await at.ask(who)
    await at.plein.kill()
    start = await at.plein.seconds_to_start()
    await at.plein.kill()
    half = (people - 1) // 2
    pairs = [(who, (who + by) % people) for who in range(people) for by in range(1, half + 1)]
    chance.shuffle(pairs)
    giving = Giving(at, pairs)
    all_given = asyncio.create_task(giving.give())
    for number in range(1, kills + 1):
        before = len(await at.said())

        async def at_work(before: int = before) -> None:
            async def worked() -> bool:
                return all_given.done() or len(await at.said()) > before

            await at.until(worked)

        if number % 4:
            await at.plein.lives_shortly(chance, LIVES_ON, at_work)
        else:
            await at.plein.dies_young(chance, start)
    await at.plein.start()
    await all_given
    for who in range(people):
        await at.ask(who)
    await at.until(giving.all_told)
    await at.plein.stop()
    await giving.check()
    reasons = sorted(f"voor nummer {number}" for number in giving.typed)
    assert await kept(at.plein.database) == (reasons, sorted(at.signed.values()))


async def kept(url: str) -> tuple[list[str], list[str]]:
    """What is thanked for in words, and which messages are, each as often as somebody is thanked for it."""
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        found = await connection.execute(
            sql(
                "select reason, message from kudos join thanked on thanked.of_kudos = kudos.id"
                " where state = 'given' and replies_to is null"
            )
        )
        rows = [(reason, message) for reason, message in found]
    await engine.dispose()
    reasons = sorted(reason for reason, message in rows if message is None)
    # "discord:12:34", "matrix:!room:server:$event"
    return reasons, sorted(message.rpartition(":")[2] for _, message in rows if message is not None)


# --- on Discord ---


@dataclass
class OnDouble(Scene):
    town: Server = field(kw_only=True)
    here: Sequence[OnDiscord] = field(kw_only=True)

    @classmethod
    async def there(cls, double: Discord, folder: Path, count: int) -> OnDouble:
        town = double.guild("Plein")
        town.channel("sport")
        plein = Process.at(double, folder, more=CONFIG)
        await plein.start()
        here = [town.member(f"p{number}") for number in range(count)]
        return cls(plein, town=town, here=here)

    async def say(self, who: int, whom: int, words: str) -> None:
        bot = f"<@{self.town.discord.bot.id}>"
        await self.here[who].says("sport", f'{bot} bedankt {self.here[whom].mention} "{words}"')

    async def sign(self, who: int, whom: int, number: int) -> Callable[[], Awaitable[object]]:
        giver, said = self.here[who], await self.here[whom].says("sport", f"bericht {number}")
        self.signed[number] = said.id
        await self._put(giver, said)
        return partial(self._again, giver, said)

    async def _again(self, giver: OnDiscord, said: Message) -> None:
        self.town.discord.faults.events.duplicate("MESSAGE_REACTION_REMOVE")
        await giver.unreacts(said, HANDS)
        await self._put(giver, said)

    async def _put(self, giver: OnDiscord, said: Message) -> None:
        self.town.discord.faults.events.duplicate("MESSAGE_REACTION_ADD")
        await giver.reacts(said, HANDS)

    async def aloud(self) -> list[str]:
        return [each.text for each in self.town.channel("sport").messages.values() if each.author.bot]

    async def alone(self, who: int) -> list[str]:
        return [each.text for each in self.here[who].dm.messages.values() if each.author.bot]

    async def ask(self, who: int) -> None:
        before, person = len(await self.alone(who)), self.here[who]
        await person.says(person.dm, "!help")

        async def answered() -> bool:
            return any("Wat ik voor je kan doen" in words for words in (await self.alone(who))[before:])

        await self.until(answered)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await true():
                await self.town.discord.until(partial(self._is_at_work, len(self.town.discord.calls)))

    def _is_at_work(self, before: int) -> bool:
        """Whether Plein asked something since."""
        return len(self.town.discord.calls) > before


async def test_10_through_2_kills_on_discord(tmp_path: Path) -> None:
    async with Discord(running=True) as double:
        await given_through_crashes(await OnDouble.there(double, tmp_path, 5), kills=2, people=5, seed=1)


async def test_210_through_20_kills_on_discord(tmp_path: Path) -> None:
    async with Discord(running=True) as double:
        at = await OnDouble.there(double, tmp_path, 21)
        await given_through_crashes(at, kills=20, people=21, seed=2)
        assert double.check_contract() == []


# --- on Matrix ---


@dataclass
class OnHomeserver(Scene):
    room: str = field(kw_only=True)
    residents: Sequence[Resident] = field(kw_only=True)

    @classmethod
    async def there(cls, server: Homeserver, folder: Path, count: int) -> OnHomeserver:
        plein = await Plein.on(server, folder, f"plein{next(numbers)}", more=CONFIG)
        town = Town(server, plein)
        residents = [await town.resident("p") for _ in range(count)]
        first, *others = (each.person for each in residents)
        return cls(plein, room=await town.room(first, *others), residents=residents)

    def _person(self, who: int) -> Person:
        return self.residents[who].person

    async def say(self, who: int, whom: int, words: str) -> None:
        await self._person(who).say(self.room, f'!bedankt {self._person(whom).user_id} "{words}"')

    async def sign(self, who: int, whom: int, number: int) -> Callable[[], Awaitable[object]]:
        giver, said = self._person(who), await self._person(whom).say(self.room, f"bericht {number}")
        self.signed[number] = said
        return partial(self._again, giver, said, await giver.react(self.room, said, HANDS))

    async def _again(self, giver: Person, said: str, put: str) -> None:
        await giver.redact(self.room, put)
        await giver.react(self.room, said, HANDS)

    async def aloud(self) -> list[str]:
        return await self._by_plein(self._person(0), self.room)

    async def alone(self, who: int) -> list[str]:
        return await self._by_plein(self._person(who), self.residents[who].direct)

    async def _by_plein(self, reader: Person, room: str) -> list[str]:
        there = shown(await reader.history(room))
        return [message.body for message in there if message.sender == self.plein.user_id]

    async def ask(self, who: int) -> None:
        before = len(await self.alone(who))
        await self._person(who).say(self.residents[who].direct, "!help")

        async def answered() -> bool:
            return any("Wat ik voor je kan doen" in words for words in (await self.alone(who))[before:])

        await self.until(answered)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        await self._person(0).wait_until(true, timeout=PATIENCE)


async def test_210_through_20_kills_on_matrix(homeserver: Homeserver, tmp_path: Path) -> None:
    at = await OnHomeserver.there(homeserver, tmp_path, 21)
    await given_through_crashes(at, kills=20, people=21, seed=3)

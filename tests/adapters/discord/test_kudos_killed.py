"""SIGKILL at random moments, while residents thank each other: each thank-you is given once, and stands once.

What must hold is read from what Discord shows people, and from what is kept.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from storage.connections import async_url
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import Process

LIVES_ON = 0.5  # seconds at most, after Plein was seen at work
MOST_UNANSWERED = 6
SHOWN = re.compile(r"🙏 .* bedankt .*: “voor nummer (\d+)”")
CONFIG = """
[kudos]
thanks_a_day = 100
"""


@dataclass
class Giving:
    """Who thanks whom, in what order: nobody thanks who thanked them, which would be a reply."""

    town: Server
    people: list[Person]
    pairs: list[tuple[Person, Person]]
    given: int = 0

    @property
    def shown(self) -> list[int]:
        messages = self.town.channel("sport").messages.values()
        found = (SHOWN.match(message.text) for message in messages if message.author.bot)
        return [int(each[1]) for each in found if each]

    async def give(self, bot: str) -> None:
        """All of them, one after the other; nobody writes on and on to one who does not answer."""
        discord = self.town.discord
        for number, (giver, who) in enumerate(self.pairs, start=1):
            words = f'<@{bot}> bedankt <@{who.id}> "voor nummer {number}"'
            await giver.says(self.town.channel("sport"), words)
            self.given = number
            await discord.until(lambda: self.given - len(self.shown) < MOST_UNANSWERED, timeout=300)


async def given_through_crashes(folder: Path, kills: int, people: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        town.channel("sport")
        plein = Process.at(double, folder, more=CONFIG)
        start = await plein.seconds_to_start()
        await plein.kill()
        here = [town.member(f"p{number}") for number in range(people)]
        half = (people - 1) // 2
        pairs = [(here[at], here[(at + by) % people]) for at in range(people) for by in range(1, half + 1)]
        chance.shuffle(pairs)
        giving = Giving(town, here, pairs)
        all_given = asyncio.create_task(giving.give(double.bot.id))
        for number in range(1, kills + 1):
            before = len(giving.shown)

            async def at_work(before: int = before) -> None:
                at_end = all_given.done()
                await double.until(lambda: at_end or len(giving.shown) > before, timeout=300)

            if number % 4:
                await plein.lives_shortly(chance, LIVES_ON, at_work)
            else:
                await plein.dies_young(chance, start)
        await plein.start()
        await all_given
        await double.until(lambda: len({*giving.shown}) == len(pairs), timeout=300)
        await plein.kill()
        assert Counter(giving.shown) == Counter(range(1, len(pairs) + 1))
        assert await kept(plein.database) == [(f"voor nummer {number}", 1) for number in named(len(pairs))]


def named(count: int) -> list[str]:
    """As the database sorts them."""
    return sorted(str(number) for number in range(1, count + 1))


async def kept(url: str) -> list[tuple[str, int]]:
    """How often each is kept, with how many whom it thanks."""
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        found = await connection.execute(
            sql(
                "select reason, count(*) from kudos join thanked on thanked.of_kudos = kudos.id"
                " where state = 'given' and replies_to is null group by reason order by reason"
            )
        )
        rows = [(reason, count) for reason, count in found]
    await engine.dispose()
    return rows


async def test_10_through_2_kills(tmp_path: Path) -> None:
    await given_through_crashes(tmp_path, kills=2, people=5, seed=1)


async def test_210_through_20_kills(tmp_path: Path) -> None:
    await given_through_crashes(tmp_path, kills=20, people=21, seed=2)

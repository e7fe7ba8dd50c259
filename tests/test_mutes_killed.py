"""SIGKILL at random moments while people are muted and let speak again, and answers are lost after the deed.

What must hold is read from Discord alone: who is muted in the end cannot write there, who is not can, and no
line of permissions is left behind.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.doubles.discord import Discord, Person, Server, permissions
from tests.on_discord import Process

PATIENCE = 300
LIVES_ON = 0.8  # seconds at most, after Plein answered somebody
PUT = "PUT /channels/{channel_id}/permissions/{overwrite_id}"
DELETE = "DELETE /channels/{channel_id}/permissions/{overwrite_id}"


@dataclass
class Scene:
    town: Server
    plein: Process
    mo: Person
    people: list[Person]
    answers: int = 0
    begun: int = 0
    may_begin: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 0))

    async def course(self, who: Person, muted: list[bool]) -> None:
        """One after the other, each as soon as it may begin."""
        for is_muted in muted:
            await self.may_begin.acquire()
            words = f"moderatie demp {who.mention} 2d" if is_muted else f"moderatie ontdemp {who.mention}"
            told = f"{who.mention} is in sport gedempt" if is_muted else f"{who.mention} mag in sport weer"
            counts = self._count(told)
            await self.mo.says("sport", f"<@{self.mo.discord.bot.id}> {words}")
            await self.town.discord.until(partial(self._is_told, told, counts), timeout=PATIENCE)
            self.answers += 1
            self.town.discord.bell.ring()

    def _is_told(self, told: str, before: int) -> bool:
        return self._count(told) > before

    def _count(self, told: str) -> int:
        return len([each for each in self.mo.dm.messages.values() if told in each.text])

    def begin(self, steps: int) -> None:
        """So many in all."""
        for _ in range(steps - self.begun):
            self.may_begin.release()
        self.begun = max(self.begun, steps)

    async def is_at_work(self, before: int) -> None:
        if before < self.begun:
            await self.town.discord.until(lambda: self.answers > before, timeout=PATIENCE)


async def mutes_through_kills(folder: Path, kills: int, count: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        sport = town.channel("sport")
        mo, people = town.member("mo"), [town.member(f"ben{number}") for number in range(count)]
        more = (
            f'[[residents]]\nname = "Mo"\nrole = "moderator"\naccounts = ["discord:{mo.id}"]\n'
            f'[[themes]]\nname = "sport"\nplaces = ["discord:{sport.id}"]\n'
        )
        plein = Process.at(double, folder, more=more)
        await plein.start()
        await mo.says(mo.dm, "hallo")
        await mo.hears(mo.dm)
        await plein.kill()
        at = Scene(town, plein, mo, people)
        plans = [[not number % 2 for number in range(chance.randint(1, 4))] for _ in people]
        steps = sum(map(len, plans))
        courses = [asyncio.create_task(at.course(who, plan)) for who, plan in zip(people, plans, strict=True)]
        for number in range(1, kills + 1):
            at.begin(steps * number // kills)
            double.faults.clear()
            double.faults.drop(chance.choice((PUT, DELETE)), after=True)
            await plein.lives_shortly(chance, LIVES_ON, partial(at.is_at_work, at.answers))
        double.faults.clear()
        await plein.start()
        await asyncio.gather(*courses)

        def wrong() -> list[str]:
            found = []
            for who, plan in zip(people, plans, strict=True):
                writes = permissions.may(town.guild, who.member, sport, "send_messages")
                if writes is plan[-1] or (who.user.id in sport.overwrites) is not plan[-1]:
                    found.append(f"{who.name}: {plan}, writes: {writes}")
            return found

        await double.bell.until(lambda: not wrong(), timeout=PATIENCE, why=lambda: "\n".join(wrong()))
        assert await plein.stop() == 0
        assert double.check_contract() == []


async def test_each_is_as_was_said_through_4_kills(tmp_path: Path) -> None:
    await mutes_through_kills(tmp_path, kills=4, count=3, seed=1)


async def test_each_is_as_was_said_through_30_kills(tmp_path: Path) -> None:
    await mutes_through_kills(tmp_path, kills=30, count=12, seed=2)

"""SIGKILL at random moments, while residents vote and polls close: nothing lost, nothing twice.

What must hold is read from what Discord shows people.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import Message
from tests.on_discord import Process

OPTIONS = ("Ja", "Nee", "Later")
WAYS = ("button", "command", "words", "private")
LIVES_ON = 0.5  # seconds at most, after Plein was seen at work
MOST_UNANSWERED = 4
ANSWER_SECONDS = 3.5  # Discord's own is 3 s
RECEIPT = re.compile(r"“(?P<question>.+)”: je koos (?:eerst .+, nu |al )?(?P<option>Ja|Nee|Later)\b")


@dataclass
class Voter:
    """A resident with a way of their own to vote. What they chose for each question, and the receipts."""

    person: Person
    way: str
    greeting: Message | None = None
    typed: int = 0
    answered: int = 0
    votes: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)

    @property
    def said(self) -> list[Message]:
        """What Plein said to them alone since it greeted them."""
        there = self.person.sees(self.person.dm)
        return [message for message in there if message.author.bot and message is not self.greeting]

    @property
    def answers(self) -> int:
        """How often Plein answered them, whatever it said."""
        return len(self.said) + self.answered

    async def vote(self, number: int, board: Message, option: str) -> None:
        """An AssertionError where no answer comes, or the board has no such button any more."""
        choice = str(OPTIONS.index(option) + 1)
        if self.way in ("words", "private"):
            words = f"stem {choice} --peiling {number}"
            there = self.person.dm if self.way == "private" else board.channel
            await self.person.says(there, words if self.way == "private" else f"<@{board.author.id}> {words}")
            self.typed += 1
            return
        votes = self.votes.setdefault(f"Vraag {number}?", [])
        votes.append((option, False))
        if self.way == "button":
            answer = await self.person.presses(board, option, timeout=ANSWER_SECONDS)
        else:
            answer = await self.person.uses(
                "sport", "vote", answer=choice, poll=number, timeout=ANSWER_SECONDS
            )
        self.answered += 1
        counted = RECEIPT.search(answer.text)
        votes.pop()
        if counted:
            votes.append((option, True))

    def may_count(self, question: str) -> set[str | None]:
        """The last one with a receipt, or what they sent after that, which was perhaps only not answered."""
        votes: Sequence[tuple[str, bool]] = self.votes.get(question, [])
        if self.way in ("words", "private"):
            receipts = [match for said in self.said if (match := RECEIPT.search(said.text))]
            votes = [(receipt["option"], True) for receipt in receipts if receipt["question"] == question]
        found: set[str | None] = {None}
        for option, has_receipt in votes:
            found = {option} if has_receipt else {*found, option}
        return found


async def lives_shortly(plein: Process, chance: random.Random, people: Sequence[Voter]) -> None:
    """Start it, see it answer somebody who votes, and kill it at a random moment after that."""
    before = sum(voter.answers for voter in people)

    async def at_work() -> None:
        await plein.double.until(lambda: sum(voter.answers for voter in people) > before, timeout=300)

    await plein.lives_shortly(chance, LIVES_ON, at_work)


async def votes(voter: Voter, boards: Sequence[Message], chance: random.Random, ends: asyncio.Event) -> None:
    """Again and again, until told to stop."""
    while not ends.is_set():
        number = chance.randrange(len(boards))
        try:
            await voter.vote(number + 1, boards[number], chance.choice(OPTIONS))
        except AssertionError as no:
            if not re.search(r"did not respond|has no", str(no)):
                raise
        await asyncio.sleep(chance.uniform(0, 0.5))
        # Nobody writes on and on to one who does not answer.
        await voter.person.discord.until(
            lambda: ends.is_set() or voter.typed - len(voter.said) < MOST_UNANSWERED, timeout=300
        )


async def votes_through_crashes(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        town.channel("sport")
        plein = Process.at(double, folder)
        start = await plein.seconds_to_start()
        people = [Voter(town.member(f"{way}{number}"), way) for way in WAYS for number in (1, 2)]
        for voter in people:
            # Nobody can ask Discord who wrote to Plein for the first time while it was away.
            await voter.person.says(voter.person.dm, "hallo")
            voter.greeting = await voter.person.hears(voter.person.dm, "Dag!")
        count = max(kills // 6, 1)
        # The last poll closes during the kills, however long those take on this machine.
        last_closing = kills * (start + LIVES_ON) * 0.6
        closings = [int(last_closing * number / count) + 5 for number in range(1, count + 1)]
        boards = [await opened(town, number, closes) for number, closes in enumerate(closings, start=1)]
        ends = asyncio.Event()
        voting = [asyncio.create_task(votes(voter, boards, chance, ends)) for voter in people]
        await double.until(lambda: has_receipt(people), timeout=300)
        await plein.kill()
        for number in range(1, kills + 1):
            if number % 4:
                await lives_shortly(plein, chance, people)
            else:
                await plein.dies_young(chance, start)
        ends.set()
        double.bell.ring()
        await asyncio.gather(*voting)

        await plein.start()
        for voter in people:
            await double.until(lambda voter=voter: len(voter.said) >= voter.typed, timeout=300)  # type: ignore[misc]
        for number in range(1, count + 1):
            await check(town, f"Vraag {number}?", people)
        assert await plein.stop() == 0
        assert [len(voter.said) for voter in people] == [voter.typed for voter in people], "answered twice"
        assert sum(voter.typed for voter in people) > kills
        assert has_receipt(people)
        assert double.check_contract() == []


def has_receipt(people: Sequence[Voter]) -> bool:
    """Whether somebody who pressed or used a command was told that it counts."""
    return any(receipt for voter in people for votes in voter.votes.values() for _, receipt in votes)


async def opened(town: Server, number: int, closes: int) -> Message:
    """Everybody opens one, for nobody may have too many; in words, which may take longer than 3 s."""
    question, options = f"Vraag {number}?", " | ".join(OPTIONS)
    words = f'peiling open "{question}" {options} --sluit {closes}s'
    await town.member(f"opener{number}").says("sport", f"<@{town.discord.bot.id}> {words}")
    return await shown(town, question)


def standing(town: Server, *words: str) -> list[Message]:
    there = town.channel("sport").messages.values()
    return [
        message
        for message in there
        if message.author.bot and not message.only_for and all(w in message.text for w in words)
    ]


async def shown(town: Server, *words: str) -> Message:
    return (await town.discord.until(lambda: standing(town, *words), timeout=300))[0]


async def check(town: Server, question: str, people: Sequence[Voter]) -> None:
    """The result is that of the acknowledged votes; it was announced once; one board shows it."""
    final = await shown(town, question, "Gesloten op")
    announced = await shown(town, f"Gesloten: {question}")
    ways = itertools.product(*(voter.may_count(question) for voter in people))
    possible = [Counter(option for option in options if option) for options in ways]
    assert counts_on(final) in possible
    assert standing(town, f"Gesloten: {question}") == [announced]
    assert [message for message in standing(town, question) if message is not announced] == [final]


def counts_on(shows: Message) -> Counter[str]:
    """The options of a board that somebody chose, each with its count."""
    lines = re.findall(r"^[█░]{10} \d+\. (.+): (\d+) stem", shows.text, re.MULTILINE)
    return Counter({option: int(count) for option, count in lines if int(count)})


async def test_votes_survive_4_kills(tmp_path: Path) -> None:
    await votes_through_crashes(tmp_path, 4, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2])
async def test_votes_survive_100_kills(tmp_path: Path, seed: int) -> None:
    await votes_through_crashes(tmp_path, 100, seed)

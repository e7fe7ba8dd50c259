"""SIGKILL at random moments, while residents vote and polls close: nothing lost, nothing twice.

What must hold is read from the rooms' own histories, through clients that are not Plein's.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.homeserver import Homeserver, Person, Shown, shown
from tests.plein import Plein
from tests.town import Resident, Town, board, numbers, says

PATIENCE = 300  # seconds: it is only a guard against waiting for ever
OPTIONS = ("Ja", "Nee", "Later")
LIVES_ON = 0.4  # seconds at most, after Plein was seen at work


@dataclass
class Voter:
    """A resident, and every vote they sent to a room, in order."""

    resident: Resident
    votes: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    async def vote(self, room: str, option: int) -> None:
        event_id = await self.resident.person.say(room, f"!stem {option}")
        self.votes.setdefault(room, []).append((event_id, option))


async def answered(resident: Resident) -> dict[str, list[Shown]]:
    """What Plein answered so far, by the event that it answers."""
    found: dict[str, list[Shown]] = {}
    for message in shown(await resident.person.history(resident.direct)):
        if message.key.startswith("answer:matrix:"):
            found.setdefault(message.key.removeprefix("answer:matrix:"), []).append(message)
    return found


async def answers_to(resident: Resident, commands: Sequence[str]) -> dict[str, list[Shown]]:
    """What Plein answered to each of these events, once every one has an answer."""

    async def look() -> dict[str, list[Shown]] | None:
        found = await answered(resident)
        return found if all(command in found for command in commands) else None

    return await resident.person.wait_until(look, timeout=PATIENCE)


async def lives_shortly(plein: Plein, chance: random.Random, resident: Resident) -> None:
    """Start it, see it answer somebody who waits for an answer, and kill it at a random moment after that."""
    before = len(await answered(resident))

    async def more() -> bool:
        return len(await answered(resident)) > before

    async def at_work() -> None:
        await resident.person.wait_until(more, timeout=PATIENCE)

    await plein.lives_shortly(chance, LIVES_ON, at_work)


async def votes_through_crashes(server: Homeserver, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    plein = await Plein.on(server, folder, f"plein{next(numbers)}")
    await plein.kill()
    start = await plein.seconds_to_start()
    town = Town(server, plein)
    voters = [Voter(await town.resident(name)) for name in ("anna", "ben", "carl", "dora")]
    opener = voters[0].resident.person
    # Not more than Plein is in on the word of one person.
    rooms = [
        await town.room(opener, *(voter.resident.person for voter in voters[1:]))
        for _ in range(max(kills // 12, 1))
    ]
    # The last poll closes during the kills, however long those take on this machine.
    last_closing = kills * (start + LIVES_ON) * 0.6
    for number, room in enumerate(rooms, start=1):
        closes = int(last_closing * number / len(rooms)) + 2
        await opener.say(room, f'!peiling open "Vraag {number}?" {" | ".join(OPTIONS)} --sluit {closes}s')
        await board(opener, room, f"Vraag {number}?")
    await plein.kill()

    for number in range(1, kills + 1):
        sent = [
            voter.vote(room, chance.randint(1, len(OPTIONS)))
            for voter in voters
            for room in chance.sample(rooms, 1)
        ]
        somebody = chance.choice(voters).resident
        life = lives_shortly(plein, chance, somebody) if number % 4 else plein.dies_young(chance, start)
        await asyncio.gather(life, *sent)

    await plein.start()
    for number, room in enumerate(rooms, start=1):
        await check_room(opener, room, f"Vraag {number}?", voters)
    assert await plein.stop() == 0


async def check_room(reader: Person, room: str, question: str, voters: Sequence[Voter]) -> None:
    """The result is that of the acknowledged votes; it was announced once; the board shows it."""
    expected: Counter[str] = Counter()
    for voter in voters:
        sent = voter.votes.get(room, [])
        answers = await answers_to(voter.resident, [event_id for event_id, _ in sent])
        assert all(len(answers[event_id]) == 1 for event_id, _ in sent), "answered twice"
        counted = [option for event_id, option in sent if "je koos" in answers[event_id][0].body]
        if counted:
            expected[OPTIONS[counted[-1] - 1]] += 1
    final = await board(reader, room, question, "Gesloten ")
    await says(reader, room, f"Gesloten: {question}")  # whichever of the two comes first
    announced = [
        message
        for message in shown(await reader.history(room))
        if message.body.startswith(f"Gesloten: {question}")
    ]
    assert len(announced) == 1
    assert counts_on(final) == {option: expected[option] for option in OPTIONS}
    # An edit at the end gives it the result.
    starts = [event for event in await reader.history(room) if event["type"].endswith("poll.start")]
    edits = [event for event in starts if "m.new_content" in event["content"]]
    assert len(starts) - len(edits) == 1


def counts_on(shows: Shown) -> dict[str, int]:
    """The options of a board, each with its count."""
    return {
        option: int(count)
        for option, count in re.findall(r"^[█░]{10} \d+\. (.+): (\d+) stem", shows.body, re.MULTILINE)
    }


async def test_votes_survive_5_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await votes_through_crashes(homeserver, tmp_path, 5, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2])
async def test_votes_survive_100_kills(homeserver: Homeserver, tmp_path: Path, seed: int) -> None:
    await votes_through_crashes(homeserver, tmp_path, 100, seed)


async def bursts_of_commands(server: Homeserver, folder: Path, bursts: int, seed: int) -> None:
    chance = random.Random(seed)
    plein = await Plein.on(server, folder, f"plein{next(numbers)}")
    anna = await Town(server, plein).resident("anna")
    await plein.kill()
    commands: list[str] = []
    for _ in range(bursts):
        burst = [anna.person.say(anna.direct, "!peiling lijst") for _ in range(25)]
        _, *said = await asyncio.gather(lives_shortly(plein, chance, anna), *burst)
        commands += [event_id for event_id in said if event_id]
    assert len(commands) == bursts * 25
    await plein.start()
    answers = await answers_to(anna, commands)
    assert [len(answers[command]) for command in commands] == [1] * len(commands)
    assert await plein.stop() == 0


async def test_100_commands_in_bursts_with_kills_between(homeserver: Homeserver, tmp_path: Path) -> None:
    await bursts_of_commands(homeserver, tmp_path, 4, seed=3)


@pytest.mark.soak
async def test_200_commands_in_bursts_with_kills_between(homeserver: Homeserver, tmp_path: Path) -> None:
    await bursts_of_commands(homeserver, tmp_path, 8, seed=3)

"""What is under way in one process while another ends a secret, or forgets whoever said it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from bot.model.events import Arrival
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.polls.tables import ballots
from storage.unit import Tx
from tests.doubles.installed import TABLES
from tests.doubles.platform import open_town

ROOT = Path(__file__).parents[2]

# It seals, and takes a second until it commits, as a group of many or a slow disk does.
SEALS = """
import asyncio, sys, time
from bot.model.events import Arrival
from bot.model.message import message, typed
from bot.model.people import Identity
from tests.doubles.platform import open_town

async def main(url, what):
    async with open_town(url, number=5000) as town:
        await town.joined("sport")
        def slow(tx):
            if what == "arrival":
                tx.inbox.add("x", [Arrival("$late", "!dm", "what cas said")], "c1", town.clock.now())
            else:
                said = message(typed("what cas is told"))
                tx.posts.add("late", Identity("test", "cas"), said, town.clock.now(), confidential=True)
                tx.db.flush()
            print("sealed", flush=True)
            time.sleep(1.5)
        await (town.core.store.run_anywhere(slow) if what == "arrival" else town.core.store.run(slow))
        print("committed", flush=True)
        sys.stdin.readline()
        if what == "arrival":
            found = [a.body for a in await town.core.arrivals("x")]
        else:
            await town.core.run_due()
            found = town.platform.where("cas")
        print("found", found, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("what", ["arrival", "post"])
async def test_what_is_sealed_while_another_process_changes_the_keys_is_not_lost(
    database_url: str, what: str
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", '!poll open "Wat?" Ja | Nee | Misschien --anonymous --closes 2d')
        await town.say("ben", "!votte 1")
        await town.core.store_arrivals("y", [Arrival("$1", "!dm", "{}")], "c")
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SEALS, database_url, what), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        assert other.stdin
        assert other.stdout
        assert await other.stdout.readline() == b"sealed\n"
        await town.say("mia", "!poll close 1 --sure")
        await town.core.run_due()
        # It may have had to begin again, as the keys are others now.
        while (line := await other.stdout.readline()) == b"sealed\n":
            pass
        assert line == b"committed\n"
        for _ in range(3):
            town.clock.turn(timedelta(seconds=20))
            await town.core.run_due()
        other.stdin.write(b"\n")
        said = (await other.stdout.read()).decode()
        assert await other.wait() == 0
        assert "cas" in said or any("cas" in words for words in town.platform.where("cas"))
        assert not await town.core.store.run_anywhere(lambda tx: tx.envelopes.turned())


# It has recognised who speaks, and takes a second until it is done, as a group of many does.
SPEAKS = """
import asyncio, sys, time
from bot.dispatch import Dispatch
from tests.doubles.platform import open_town

async def main(url, line):
    async with open_town(url, number=5000) as town:
        run = Dispatch._run
        def slow(*args):
            print("recognised", flush=True)
            time.sleep(1.5)
            return run(*args)
        Dispatch._run = slow
        await town.say("ben", line)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "line", ["!vote 1 --poll 1", "!vote 1 --poll 2", "!me name Benedictus", "!me interests roodborstjes"]
)
async def test_what_was_under_way_in_another_process_is_forgotten_too(database_url: str, line: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", '!poll open "Wat?" A | B --closes 2d')
        await town.say("ben", '!poll open "Anoniem?" A | B --anonymous --closes 2d')
        await town.say("ben", "!poll list")
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SPEAKS, database_url, line),
            cwd=ROOT,
            stdout=PIPE,
        )
        assert other.stdout
        assert await other.stdout.readline() == b"recognised\n"
        assert "vergeten" in await town.say("ben", "!me forget --sure")
        assert await other.wait() == 0
        for _ in range(3):
            town.clock.turn(timedelta(minutes=1))
            await town.core.run_due()
        await town.say("ben", "!poll list")
        for poll in (1, 2):
            await town.say("ben", f"!vote 2 --poll {poll}")

        def look(tx: Transaction) -> tuple[list[str], dict[int, int]]:
            db = cast(Tx, tx).db
            everything = "".join(str(list(db.execute(anywhere(select(table))))) for table in TABLES.values())
            votes = {
                poll: len(list(db.execute(anywhere(select(ballots.c.voter).where(ballots.c.poll == poll)))))
                for poll in (1, 2)
            }
            return [word for word in ("Benedictus", "roodborst") if word in everything], votes

        words, votes = await town.core.store.run_anywhere(look)
        assert not words
        assert votes == {1: 1, 2: 1}, "one person, one vote"

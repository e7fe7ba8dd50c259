"""Somebody who has everything that Plein ever wrote tries to find out who voted what in an anonymous poll."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from bot.features.polls.records import POLLS
from bot.model.events import Arrival
from bot.model.message import Message
from bot.ports.storage import Transaction
from storage.connections import async_url
from storage.keyring import KeyGone, Keyring
from tests.doubles.installed import TABLES
from tests.doubles.platform import Town, open_town, words_of
from tests.doubles.polls import tally
from tests.postgres import PostgreSQL

ROOT = Path(__file__).parents[1]
OPEN = '!poll open "Blijft de markt op het plein?" Blijven | Verhuizen | Stoppen --anonymous --closes 2d'
VOTERS = {"anna": 1, "ben": 2, "cas": 2, "dora": 3, "eva": 1}
REASON = "de kinderen van mijn straat spelen daar"


async def vote(town: Town, name: str, words: str) -> str:
    return await town.say(name, words)


async def close(town: Town) -> None:
    town.clock.turn(timedelta(days=3))
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=2))
    await town.core.run_due()


class Spy:
    """Keeps a copy of every file of the database after every step, as a backup or a disk might."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.copies: list[bytes] = []
        self.keys: list[bytes] = []

    def look(self) -> None:
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                (self.keys if file.suffix == ".key" else self.copies).append(file.read_bytes())

    def sealed(self) -> set[bytes]:
        """Everything in those copies that looks as if it had been sealed."""
        return {found for copy in self.copies for found in re.findall(rb"[A-Za-z0-9+/]{60,}={0,2}", copy)}


def try_keys(sealed: set[bytes], keys: Keyring, names: set[str]) -> Iterator[bytes]:
    for name in names:
        for one in sealed:
            try:
                yield keys.unseal(name, base64.b64encode(base64.b64decode(one + b"==")).decode())
            except (KeyGone, ValueError):
                continue


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("DEBUG")
    return caplog


async def test_nothing_that_was_ever_written_links_a_voter_to_a_vote(
    tmp_path: Path, logs: pytest.LogCaptureFixture
) -> None:
    spy = Spy(tmp_path)
    async with open_town(f"sqlite:///{tmp_path}/plein.db") as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        for name, option in VOTERS.items():
            body = f'{{"sender": "@{name}:x", "body": "!vote {option} says {name}"}}'
            (kept,) = await town.core.store_arrivals("x", [Arrival(f"${name}", "!dm", body)], f"after {name}")
            spy.look()
            said = await vote(town, name, f"!vote {option}")
            assert "je stem is binnen" in said
            assert not any(word in said for word in ("Blijven", "Verhuizen", "Stoppen"))
            # Mistakes are answered with what was typed; that is kept for as long as the poll is open.
            mistakes = (f"!vote Keuze{option}", f"!stemm {option}7", f"!vote {option} --poll zeven{option}")
            for wrong in mistakes:
                assert str(option) in await vote(town, name, wrong)
            await town.core.acknowledge("x", [kept.seq])
            spy.look()
        # The open poll can be read by whoever has the key: without that, nobody could change a vote.
        during = list(try_keys(spy.sealed(), Keyring(tmp_path / "plein.db-keys"), {"poll-1"}))
        assert len(during) == len(VOTERS)
        assert any(b'["2",null]' in one for one in during)
        await close(town)
        spy.look()
        left = Keyring(tmp_path / "plein.db-keys")
        names = left.names()
        assert "poll-1" not in names
        # With everything that was ever on disk but the keys that were destroyed, nothing can be opened.
        assert len(spy.sealed()) >= 2 * len(VOTERS)
        assert list(try_keys(spy.sealed(), left, names)) == []
        for copy in spy.copies:
            assert b"!vote" not in copy
            assert not re.search(rb"Keuze\d|stemm \d7|zeven\d", copy)
            assert b'["2"' not in copy
            assert not any(key in copy for key in spy.keys)
        await asyncio.sleep(0)
    assert "Verhuizen" not in logs.text
    with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
        assert db.execute("SELECT count(*) FROM ballots").fetchone() == (0,)
        cast = db.execute("SELECT choices, votes FROM tallies WHERE poll = 1 ORDER BY choices").fetchall()
    assert cast == [("", 5), ("1", 2), ("2", 2), ("3", 1)]


async def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            return {
                table.name: sorted(map(tuple, (await db.execute(select(table))).all()), key=repr)
                for table in TABLES.values()
            }
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def two_databases(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Two empty databases of the same kind."""
    if request.param == "sqlite":
        return [f"sqlite:///{tmp_path}/{number}.db" for number in (1, 2)]
    server: PostgreSQL = request.getfixturevalue("postgres")
    return [server.new_database() for _ in (1, 2)]


@pytest.mark.parametrize("kind", ["choice", "approval", "score", "ranked", "consent", "dates"])
async def test_with_two_votes_exchanged_everything_is_the_same(two_databases: list[str], kind: str) -> None:
    """Once closed, no row of any table depends on which of two people chose what."""
    options = {"consent": "", "dates": '"12 dec 20:00" | "13 dec 20:00"'}.get(kind, "A | B")
    first, second = {
        "score": ("5 0", "1 4"),
        "ranked": ("1 2", "2 1"),
        "consent": ("agree", f"object {REASON}"),
        "dates": ("yes no", "maybe yes"),
    }.get(kind, ("1", "2"))
    found = []
    for url, votes in zip(two_databases, ((first, second), (second, first)), strict=True):
        async with open_town(url) as town:
            await town.joined("sport")
            await town.say("mia", f'!poll open "Wat?" {options} --kind {kind} --anonymous --closes 2d')
            for name, words in zip(("ben", "cas"), votes, strict=True):
                # Changing one's mind on the way leaves nothing either.
                assert "je stem is binnen" in await vote(town, name, f"!vote {first}")
                assert "je stem is binnen" in await vote(town, name, f"!vote {words}")
            await close(town)
        found.append(await everything(url))
    assert len(found[0]["tallies"]) == 3
    assert found[0] == found[1]


async def test_the_length_of_what_is_sealed_says_nothing(tmp_path: Path) -> None:
    async with open_town(f"sqlite:///{tmp_path}/plein.db") as town:
        await town.joined("sport")
        await town.say("mia", '!poll open "Tweede tafel" --kind consent --anonymous')
        for name, words in (("ben", "agree"), ("cas", f"object {REASON}"), ("dora", "abstain")):
            body = f'{{"sender": "@{name}:x", "body": "!vote {words}"}}'
            await town.core.store_arrivals("x", [Arrival(f"${name}", "!dm", body)], name)
            await vote(town, name, f"!vote {words}")
            await vote(town, name, f"!vote nonsense {words}")
    with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
        for column in (
            "SELECT body FROM inbox",
            "SELECT choices FROM ballots",
            "SELECT answer FROM seen WHERE key <> ''",
        ):
            lengths = [len(one) for (one,) in db.execute(column)]
            assert len(lengths) == 3
            assert len(set(lengths)) == 1


async def test_a_vote_can_change_until_the_end_and_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 1")
        await vote(town, "ben", "!vote 1")
    async with open_town(url, number=100) as town:
        await vote(town, "anna", "!vote 2")
        await vote(town, "ben", "!poll withdraw")
        await close(town)
        said = town.platform.where("sport")[-1]
        assert "Verhuizen haalt het, met 1 stem." in said
        assert "1 mens deed mee" in said


async def test_a_lost_key_is_said_and_everybody_can_vote_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        for name in ("anna", "ben", "cas"):
            await vote(town, name, "!vote 1")
    (tmp_path / "plein.db-keys" / "poll-1.key").unlink()
    async with open_town(url, number=100) as town:
        await vote(town, "anna", "!vote 2")
        await close(town)
        said = town.platform.where("sport")[-1]
        assert "Verhuizen haalt het, met 1 stem." in said
        assert "2 stemmen konden niet meer gelezen worden" in said


async def test_killed_between_the_count_and_the_end_of_the_key(tmp_path: Path) -> None:
    """The key goes in a transaction of its own, after the count is safe; that may take another start."""
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 1")
        closing = await town.core.handle(town.asked("mia", "!poll close --sure"))
        assert closing
        assert (tmp_path / "plein.db-keys" / "poll-1.key").exists()
    async with open_town(url, number=100) as town:
        await close(town)
        assert not (tmp_path / "plein.db-keys" / "poll-1.key").exists()


async def test_what_others_could_see_is_no_vote(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        asked = replace(town.asked("anna", "!vote 2"), public=True)
        answer = await town.core.handle(asked)
        assert isinstance(answer, Message)
        assert "konden anderen zien" in words_of(answer)
        assert [button.command for button in answer.buttons] == ["poll tick"] * 3

        def voters(tx: Transaction) -> int:
            found = tx.of(POLLS).get(1, 0)
            assert found
            return found[0].voters

        assert await town.core.store.run(voters) == 0
        assert answer.native_poll is None


async def test_its_board_offers_no_native_poll_and_shows_no_count(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 2")
        await town.core.run_due()
        shown = town.platform.where("sport")[-1]
        assert "1 mens deed mee." in shown
        assert "█" not in shown
        assert "Anoniem" in shown


# --- killed ---

VOTES = """
import asyncio, sys
from tests.doubles.platform import open_town

async def main(url, step):
    async with open_town(url, number=1000 + step) as town:
        await town.joined("sport")
        while True:
            await town.say(f"r{step % 5}", f"!vote {step * 7 % 3 + 1}")
            print(step, flush=True)
            step += 1

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.soak)])
async def test_votes_of_an_anonymous_poll_survive_sigkill(tmp_path: Path, kills: int) -> None:
    """Every acknowledged vote counts, and the key that all depend on is never half there."""
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
    chance, step = random.Random(7), 0
    for _ in range(kills):
        voting = await asyncio.create_subprocess_exec(
            sys.executable, "-c", VOTES, url, str(step), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert voting.stdout
        for _ in range(chance.randrange(1, 12)):
            # The first of them may be the one that was committed and not told any more: told now.
            step = int(await voting.stdout.readline()) + 1
        voting.kill()
        await voting.wait()
        rest = (await voting.stdout.read()).split()
        step = int(rest[-1]) + 1 if rest else step
    standing = {number % 5: number * 7 % 3 + 1 for number in range(step)}
    also = {**standing, step % 5: step * 7 % 3 + 1}
    async with open_town(url, number=100_000) as town:
        await close(town)

        def count(tx: Transaction) -> list[int]:
            return tally(tx, 1)

        found = await town.core.store.run(count)
    expected = [[list(one.values()).count(option) for option in (1, 2, 3)] for one in (standing, also)]
    assert found in expected

"""What is acknowledged is kept, and nobody shares another's failure; on each database."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import bindparam, select

from bot.errors import StoreFailed, UserError
from bot.features.polls.records import POLLS
from bot.main.features import stores_of
from bot.model.events import Invocation
from bot.model.people import Identity
from bot.ports.storage import Transaction
from storage.engines import Database, SQLite, open_database
from storage.executor import FAULTS
from storage.tables import jobs
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, open_town
from tests.doubles.polls import a_poll, tally
from tests.postgres import keys_of

ROOT = Path(__file__).parents[2]


def count_up(tx: Transaction) -> int:
    """Read, then write what follows from it."""
    number = int(tx.kept.get("count", "cursor:") or 0) + 1
    tx.inbox.add("count", [], str(number), NOW)
    return number


async def test_fifty_at_once_that_read_and_then_write_are_all_kept(store: Database) -> None:
    found = await asyncio.gather(*(store.run(count_up) for _ in range(50)))
    assert sorted(found) == list(range(1, 51))
    assert await store.run(lambda tx: tx.kept.get("count", "cursor:")) == "50"


async def test_from_two_processes_every_vote_is_kept(database_url: str) -> None:
    async with open_town(database_url) as first, open_town(database_url) as second:
        await first.joined("sport")
        await first.say("anna", '!poll open "Wat?" A | B')

        def vote(number: int) -> Invocation:
            return replace((first, second)[number % 2].asked(f"r{number}", "!vote 1"), id=f"vote:{number}")

        for number in range(50):
            who = Identity(PLATFORM, f"r{number}")
            await first.core.store.run(lambda tx, who=who: tx.people.add(who, "r"))  # type: ignore[misc]
        await asyncio.gather(*((first, second)[n % 2].core.handle(vote(n)) for n in range(50)))
        assert await first.core.store.run(lambda tx: tally(tx, 1)) == [50, 0]


async def grouped(store: Database, works: list[Callable[[Transaction], object]]) -> list[object]:
    """Run these as one group."""
    go = threading.Event()
    blocked = store.run(lambda _: go.wait(120)) if isinstance(store, SQLite) else store.run(lambda _: None)
    first = asyncio.create_task(blocked)
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(store.run(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    await first
    return list(await asyncio.gather(*waiting, return_exceptions=True))


@pytest.mark.parametrize("error", [ValueError("mine"), UserError("poll.unknown"), StoreFailed("mine")])
async def test_one_that_fails_in_a_group_leaves_the_others(store: Database, error: Exception) -> None:
    ran: list[str] = []

    def add(name: str) -> Callable[[Transaction], object]:
        def work(tx: Transaction) -> str:
            ran.append(name)
            tx.jobs.add("test", name, NOW)
            if name == "bad":
                raise error
            return name

        return work

    results = await grouped(store, [add("a"), add("bad"), add("b")])
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], type(error))
    # The first was run a second time: they really were one group.
    assert ran[:3] == ["a", "bad", "a"]
    assert await store.run(lambda tx: [job.subject for job in tx.jobs.claim(NOW, 9)]) == ["a", "b"]


async def test_a_statement_that_fails_in_a_group_leaves_the_others(store: Database) -> None:
    def broken(tx: Transaction) -> None:
        tx.jobs.add("test", "bad", NOW)
        tx.of(POLLS).vote(a_poll(999), 999, (), (1,), NOW, None)

    results = await grouped(
        store,
        [
            lambda tx: tx.jobs.add("test", "a", NOW),
            broken,
            lambda tx: tx.jobs.add("test", "b", NOW),
        ],
    )
    assert results[0] is results[2] is None
    assert isinstance(results[1], (StoreFailed, *FAULTS))
    assert await store.run(lambda tx: [job.subject for job in tx.jobs.claim(NOW, 9)]) == ["a", "b"]


@pytest.mark.parametrize("error", [ValueError, UserError])
async def test_a_part_that_fails_is_undone_alone(store: Database, error: type[Exception]) -> None:
    def work(tx: Transaction) -> None:
        tx.jobs.add("test", "before", NOW)
        for name in ("first", "second"):
            with contextlib.suppress(error), tx.savepoint():
                tx.jobs.add("test", f"inside the {name}", NOW)
                raise error("mine")
        with tx.savepoint():
            tx.jobs.add("test", "well", NOW)
        tx.jobs.add("test", "after", NOW)

    await store.run(work)
    subjects = await store.run(lambda tx: [job.subject for job in tx.jobs.claim(NOW, 9)])
    assert subjects == ["before", "well", "after"]


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 10**30], ids=["nul", "half", "big"])
async def test_what_the_database_cannot_hold_is_a_fault_of_whoever_asks(
    store: Database, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """It says that it does not answer only where it does not: then everybody waits for it."""
    number = isinstance(value, int)
    asked = select(jobs.c.id).where((jobs.c.id if number else jobs.c.subject) == bindparam("value_"))

    def look(tx: Transaction) -> object:
        return cast(Tx, tx).db.execute(asked, {"value_": value})

    for ask in (store.run, store.read):
        (found,) = await asyncio.gather(ask(look), return_exceptions=True)
        assert not isinstance(found, StoreFailed)
        if isinstance(found, BaseException):
            assert str(value) not in "".join(traceback.format_exception(found))
    assert "does not answer" not in caplog.text


async def test_what_no_index_holds_is_a_fault_of_whoever_asks(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    endless = "".join(random.Random(3).choices([chr(letter) for letter in range(0x4E00, 0x9FFF)], k=20_000))
    (found,) = await asyncio.gather(
        store.run(lambda tx: tx.jobs.add("test", "a", NOW, key=endless)), return_exceptions=True
    )
    assert not isinstance(found, StoreFailed)
    assert "does not answer" not in caplog.text
    assert await store.run(lambda tx: len(tx.jobs.claim(NOW, 9))) == (0 if found else 1)


async def test_a_part_whose_statement_fails_is_undone_alone(store: Database) -> None:
    def fail(tx: Transaction) -> None:
        with tx.savepoint():
            tx.jobs.add("test", "inside", NOW)
            tx.of(POLLS).vote(a_poll(999), 999, (), (1,), NOW, None)

    failed: list[bool] = []

    def work(tx: Transaction) -> str:
        tx.jobs.add("test", "before", NOW)
        with contextlib.suppress(*FAULTS):
            fail(tx)
            failed.append(False)
        tx.jobs.add("test", "after", NOW)
        return "done"

    assert await store.run(work) == "done"
    assert failed == [False], "the ballot was put off, failed at the end, and in its own part the second time"
    assert await store.run(lambda tx: [job.subject for job in tx.jobs.claim(NOW, 9)]) == ["before", "after"]


async def test_whoever_left_takes_nothing_along(store: Database) -> None:
    asked = asyncio.create_task(store.run(lambda tx: tx.jobs.add("test", "left", NOW)))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert await store.run(count_up) == 1


async def test_what_was_kept_is_there_when_opened_again(database_url: str) -> None:
    for expected in (1, 2, 3):
        store = await open_database(database_url, keys_of(database_url), stores_of())
        assert await store.run(count_up) == expected
        await store.close()


@pytest.mark.parametrize("text", ["no database at all", ""])
async def test_a_file_that_is_no_database(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plein.db"
    file.write_text(text * 500, encoding="utf-8")
    if text:
        with pytest.raises(StoreFailed, match="not a database"):
            await open_database(f"sqlite:///{file}")
    else:
        await (await open_database(f"sqlite:///{file}")).close()


async def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreFailed):
        await open_database(f"sqlite:///{tmp_path}/file/plein.db")


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        await open_database(f"postgresql://plein@/plein?host={tmp_path}", tmp_path / "keys")


# --- killed ---

# Eight writers, so that commits are shared; each number is printed once it is acknowledged.
WRITES = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from storage.engines import open_database

async def write(store, numbers):
    for number in numbers:
        await store.run(lambda tx: tx.jobs.add("test", str(number), datetime.now(UTC)))
        print(number, flush=True)

async def main():
    store = await open_database(sys.argv[1], Path(sys.argv[3]))
    numbers = itertools.count(int(sys.argv[2]))
    await asyncio.gather(*(write(store, numbers) for _ in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 250])
async def test_nothing_is_acknowledged_before_it_is_kept(
    database_url: str, tmp_path: Path, lines: int
) -> None:
    keys = str(tmp_path / "keys")
    acknowledged: list[str] = []
    for start in (0, 100_000):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WRITES, database_url, str(start), keys), cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout
        for _ in range(lines):
            acknowledged.append((await process.stdout.readline()).decode())
        process.send_signal(signal.SIGKILL)
        acknowledged += (await process.stdout.read()).decode().splitlines(keepends=True)
        assert await process.wait() == -signal.SIGKILL
    store = await open_database(database_url, Path(keys), stores_of())
    kept = await store.run(lambda tx: set(cast(Tx, tx).db.execute(select(jobs.c.subject)).scalars()))
    await store.close()
    # A line that was cut short says nothing.
    said = {line.strip() for line in acknowledged if line.endswith("\n")}
    assert len(said) >= 2 * lines
    assert said <= kept

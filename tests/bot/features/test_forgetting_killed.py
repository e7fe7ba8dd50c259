"""A real process that is killed in the middle of forgetting: afterwards all is as it was, or all is gone."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.features.polls.records import POLLS
from bot.ports.storage import Transaction
from tests.bot.features.test_forgetting import ANN, BEN, ROOM, busy, found_in
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import ask, key, resident
from tests.doubles.polls import counted

ROOT = Path(__file__).parents[3]
LATER = NOW + timedelta(hours=1)
# Forgets Ann, and dies by its own SIGKILL at the named point: before or after that is called.
FORGETS = """
import asyncio, os, signal, sys
from datetime import datetime
import bot.delivery.erasing, storage.engines, storage.forgotten, storage.keyring, storage.people
from bot.clock import HandClock
from tests.chat import open_chat
from tests.doubles.linking import ask

POINTS = {
    "feature": (storage.people.People, "forget", True),
    "uncommitted": (storage.people.People, "forget", False),
    "committed": (bot.delivery.erasing.Erasing, "_go_on", True),
    "listed": (storage.keyring.Keyring, "note_forgotten", False),
    "ended": (storage.forgotten.Forgotten, "end", False),
    "unwiped": (storage.engines.SQLite, "wipe_log", True),
    "wiped": (storage.forgotten.Forgotten, "wiped", True),
}

def die():
    os.kill(os.getpid(), signal.SIGKILL)

owner, name, before = POINTS[sys.argv[2]]
real = getattr(owner, name)

def deadly(*args, **more):
    if not before:
        real(*args, **more)
    die()

async def main():
    clock = HandClock(datetime.fromisoformat(sys.argv[3]))
    async with open_chat(sys.argv[1], language="en", clock=clock) as chat:
        setattr(owner, name, deadly)
        await ask(chat, sys.argv[4], "!me forget --sure")
        await chat.core.run_due()

asyncio.run(main())
"""
# While the file is written anew: the parent kills it then.
WRITES_ANEW = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA temp_store=MEMORY")
db.execute("PRAGMA secure_delete=ON")
db.execute("BEGIN")
db.execute("CREATE TABLE bulk (words)")
for _ in range(2000):
    db.execute("INSERT INTO bulk VALUES (hex(randomblob(5000)))")
db.execute("COMMIT")
db.execute("DROP TABLE bulk")
while True:
    print("again", flush=True)
    db.execute("VACUUM")
"""
POINTS = ("feature", "uncommitted", "committed", "listed", "ended", "unwiped", "wiped")
# What was not committed then was never asked.
NOTHING_YET = ("feature", "uncommitted")


def standing(tx: Transaction) -> tuple[object, ...]:
    """What polls count and who says why."""
    found = tx.of(POLLS).get(2, 0)
    assert found
    return counted(tx, 1), counted(tx, 2), list(tx.of(POLLS).reasons(found[0]))


@pytest.mark.parametrize("point", POINTS)
async def test_all_is_as_it_was_or_all_is_gone(
    point: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "kept"
    url = f"sqlite:///{folder}/plein.db"
    async with open_chat(url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        before = await chat.core.store.run(standing)
    command = [sys.executable, "-c", FORGETS, url, point, LATER.isoformat(), ANN]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    async with open_chat(url, language="en", clock=HandClock(LATER + timedelta(minutes=1))) as chat:
        await chat.core.run_due()
        assert bool(await resident(chat, ANN)) == (point in NOTHING_YET)
        if point in NOTHING_YET:
            assert await chat.core.store.run(standing) == before
            assert key(await ask(chat, ANN, "!me forget --sure")) == "me.forgotten"
            await chat.core.run_due()
        await check_gone(chat, folder, caplog)


async def check_gone(chat: Chat, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """From the counts, the files, and whatever is logged from then on."""
    assert await chat.core.store.run(standing) == ((1, [0, 1]), (0, [0, 0, 0]), [])
    assert not found_in(folder, "annelies", "kingfishers")
    with caplog.at_level(logging.DEBUG):
        caplog.clear()
        for typed in ("!poll show 1", "!poll show 2", "!poll list", "!who is annelies", "!help"):
            await ask(chat, BEN, typed, room=ROOM)
        await chat.core.run_due()
    # What Ben types himself is his own word.
    named = [record.getMessage() for record in caplog.records if "annelies@discord" in record.getMessage()]
    assert not named
    assert "kingfishers" not in caplog.text


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_killed_while_the_file_is_written_anew(times: int, tmp_path: Path) -> None:
    """SQLite finds it whole, and it goes on from there."""
    url = f"sqlite:///{tmp_path}/plein.db"
    clock = HandClock(NOW)
    async with open_chat(url, language="en", clock=clock) as chat:
        await busy(chat)
        before = await chat.core.store.run(standing)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITES_ANEW, str(tmp_path / "plein.db")), stdout=subprocess.PIPE
    )
    assert process.stdout
    for _ in range(times):
        assert await process.stdout.readline() == b"again\n"
    process.kill()
    await process.wait()
    clock.turn_to(LATER)
    async with open_chat(url, language="en", clock=clock) as chat:
        assert await chat.core.store.run(standing) == before
        assert key(await ask(chat, ANN, "!me forget --sure")) == "me.forgotten"
        await chat.core.run_due()
        assert not found_in(tmp_path, "annelies", "kingfishers")

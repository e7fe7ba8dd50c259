"""What happens once a transaction is kept, and not a moment earlier: workers are woken, keys destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pytest

from bot.model.message import message, typed
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.keyring import Keyring
from storage.unit import Tx
from tests.chat import NOW

HERE, THERE = Place("a", "here"), Place("a", "there")
SAID = message(typed("hello"))
NAMES = ("post", "board", "job")


@pytest.fixture
def woken(store: Database) -> list[str]:
    """Who was woken, in order."""
    found: list[str] = []
    for name in NAMES:
        store.on_commit(name, lambda name=name: found.append(name))  # type: ignore[misc]
    return found


def show(tx: Transaction) -> None:
    tx.boards.open("poll:1", tx.places.theme_named("sport").id, [HERE])


def bind(tx: Transaction) -> None:
    tx.places.bind(HERE, tx.places.theme_named("sport").id, "here", None, "a")


WRITES: list[tuple[Callable[[Transaction], object], set[str]]] = [
    (lambda tx: tx.posts.add("1", HERE, SAID, NOW), {"post"}),
    (lambda tx: tx.posts.add("2", Identity("a", "anna"), SAID, NOW), {"post"}),
    (show, {"board"}),
    (lambda tx: tx.boards.mark("poll:1"), {"board"}),
    (lambda tx: tx.boards.show_open(tx.places.theme_named("sport").id, THERE), {"board"}),
    (lambda tx: tx.jobs.add("test", "a", NOW), {"job"}),
    (bind, set()),
    (lambda tx: tx.places.move(HERE, Place("a", "new")), {"post", "board"}),
    (lambda tx: tx.places.move(HERE, Place("a", "new")), set()),
    (lambda tx: tx.posts.due("a", NOW, 9), set()),
    (lambda tx: tx.jobs.done(tx.jobs.claim(NOW, 9)[0].id, NOW), set()),
    (lambda tx: tx.handled.add("1", NOW, SAID, None), set()),
]


async def test_who_writes_says_by_that_who_is_woken(store: Database, woken: list[str]) -> None:
    for write, expected in WRITES:
        woken.clear()
        await store.run(write)
        assert sorted(woken) == sorted(expected)


async def test_whoever_is_woken_finds_it_kept(store: Database) -> None:
    found: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def look() -> None:
        found.set_result(await store.run(lambda tx: [post.to for post in tx.posts.due("a", NOW, 9)]))

    tasks: list[asyncio.Task[None]] = []
    store.on_commit("post", lambda: tasks.append(asyncio.create_task(look())))
    await store.run(lambda tx: tx.posts.add("1", HERE, SAID, NOW))
    async with asyncio.timeout(60):
        assert await found == [HERE]


async def test_what_is_not_kept_wakes_nobody(store: Database, woken: list[str]) -> None:
    def fail(tx: Transaction) -> None:
        tx.posts.add("1", HERE, SAID, NOW)
        tx.jobs.add("test", "a", NOW)
        raise ValueError

    results = await asyncio.gather(
        store.run(fail), store.run(lambda tx: tx.jobs.add("test", "b", NOW)), return_exceptions=True
    )
    assert isinstance(results[0], ValueError)
    assert woken == ["job"]


async def test_a_part_that_is_undone_wakes_nobody_and_destroys_nothing(
    store: Database, woken: list[str]
) -> None:
    def work(tx: Transaction) -> Keyring:
        db, seals = cast(Tx, tx).db, cast(Tx, tx).seals
        for name in ("first", "second"):
            seals.make(name)
        db.destroy("first")
        tx.jobs.add("test", "a", NOW)
        with suppress(ValueError), tx.savepoint(eager=True):
            tx.posts.add("1", HERE, SAID, NOW)
            db.destroy("second")
            raise ValueError
        assert seals.names() >= {"first", "second"}, "not before the commit"
        return seals

    seals = await store.run(work)
    assert woken == ["job"]
    assert {"first", "second"} & seals.names() == {"second"}


async def test_what_is_kept_stays_kept_where_a_key_cannot_be_destroyed(
    store: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Keyring] = []

    def refuse(self: Keyring, name: str) -> None:
        raise PermissionError(name)

    monkeypatch.setattr(Keyring, "destroy", refuse)

    def work(tx: Transaction) -> None:
        ran.append(cast(Tx, tx).seals)
        cast(Tx, tx).db.destroy("stuck")
        tx.jobs.add("test", "a", NOW)

    await store.run(work)
    assert len(ran) == 1, "it was not run again"
    assert "stuck" in caplog.text
    assert [job.subject for job in await store.run(lambda tx: tx.jobs.claim(NOW, 9))] == ["a"]

"""What is still to be said, in order, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select

from bot.model.message import Message, message, typed
from bot.model.people import Identity, Place
from bot.model.work import Receipt
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.posts import MOST_ANSWERS
from storage.tables import posts
from storage.unit import Tx
from tests.chat import NOW

SPORT, BUURT, ANNA = Place("a", "sport"), Place("b", "buurt"), Identity("a", "sport")
SECOND = timedelta(seconds=1)


def hello(name: str) -> Message:
    return message(typed(name))


def add(tx: Transaction, to: Place | Identity, *names: str) -> None:
    for name in names:
        tx.posts.add(name, to, hello(name), NOW)


def due(tx: Transaction, account: str, *, at: datetime = NOW, limit: int = 9) -> list[Place | Identity]:
    return [post.to for post in tx.posts.due(account, at, limit)]


async def test_the_oldest_first_each_once(store: Database) -> None:
    def work(tx: Transaction) -> list[str]:
        add(tx, SPORT, "one", "two")
        tx.posts.add("one", SPORT, hello("something else"), NOW)
        add(tx, ANNA, "private")
        order = []
        while post := tx.posts.next_for(SPORT, "a", NOW):
            assert post.message == hello(post.id)
            order.append(post.id)
            tx.posts.shown(post, Receipt((f"${post.id}",)), NOW)
        return order

    assert await store.run(work) == ["one", "two"]


async def test_who_waits_on_these_platforms(store: Database) -> None:
    def work(tx: Transaction) -> None:
        add(tx, BUURT, "b1")
        add(tx, SPORT, "s1", "s2")
        add(tx, ANNA, "p1")
        assert due(tx, "b") == [BUURT]
        assert due(tx, "a") == [SPORT, ANNA]
        assert due(tx, "a", limit=1) == [SPORT]
        assert due(tx, "c") == []
        assert tx.posts.next_try(["a", "b"], NOW - SECOND) == NOW
        assert tx.posts.next_try(["a", "b"], NOW) is None
        assert tx.posts.next_try([], NOW - SECOND) is None

    await store.run(work)


async def test_of_the_answers_that_wait_for_one_person_the_newest(store: Database) -> None:
    """What is told to them by itself stays, and so does whatever waits for others."""
    own, last = Identity("a", "own"), MOST_ANSWERS + 5

    def work(tx: Transaction) -> list[str]:
        resident = tx.people.add(own, "own")
        cast(Tx, tx).posts.add("told", own, hello("told"), NOW, account="a", resident=resident.id)
        add(tx, SPORT, "place")
        add(tx, ANNA, "another")
        add(tx, own, *(f"answer {number}" for number in range(last)))
        for whom in (own, ANNA):
            tx.posts.keep_newest("a", whom)
        rows = cast(Tx, tx).db.execute(select(posts.c.id).order_by(posts.c.seq))
        return [row.id for row in rows]

    left = await store.run(work)
    assert left == ["told", "place", "another", *(f"answer {number}" for number in range(5, last))]


async def test_one_that_waits_holds_back_those_behind_it(store: Database) -> None:
    def work(tx: Transaction) -> None:
        add(tx, SPORT, "s1", "s2")
        tx.posts.later("s1", NOW + SECOND, failed=False)
        assert tx.posts.next_for(SPORT, "a", NOW) is None
        assert due(tx, "a") == []
        assert tx.posts.next_try(["a"], NOW) == NOW + SECOND
        assert due(tx, "a", at=NOW + SECOND) == [SPORT]
        # One behind it that waits longer does not hold it back.
        tx.posts.later("s2", NOW + 9 * SECOND, failed=True)
        post = tx.posts.next_for(SPORT, "a", NOW + SECOND)
        assert post
        assert (post.id, post.attempts) == ("s1", 0)
        tx.posts.shown(post, Receipt(("$1",)), NOW)
        assert tx.posts.next_try(["a"], NOW) == NOW + 9 * SECOND
        post = tx.posts.next_for(SPORT, "a", NOW + 9 * SECOND)
        assert post
        assert (post.id, post.attempts) == ("s2", 1)

    await store.run(work)


async def test_the_first_try_is_remembered(store: Database) -> None:
    def work(tx: Transaction) -> None:
        add(tx, SPORT, "s1")
        tx.posts.tried(["s1"], NOW)
        tx.posts.tried(["s1"], NOW + SECOND)
        post = tx.posts.next_for(SPORT, "a", NOW)
        assert post
        assert post.tried_at == NOW

    await store.run(work)


async def test_set_aside_but_kept(store: Database) -> None:
    def work(tx: Transaction) -> None:
        add(tx, SPORT, "s1", "s2")
        tx.posts.park("s1", "gone")
        post = tx.posts.next_for(SPORT, "a", NOW)
        assert post
        assert post.id == "s2"
        assert tx.posts.parked() == [("s1", "gone")]

    await store.run(work)


async def test_a_message_is_found_by_any_of_its_references(store: Database) -> None:
    def work(tx: Transaction) -> None:
        add(tx, SPORT, "s1")
        (post,) = tx.posts.due("a", NOW, 9)
        tx.posts.shown(post, Receipt(("$1", "$1-poll")), NOW)
        assert [tx.posts.message_at("a", ref) for ref in ("$1", "$1-poll")] == [hello("s1")] * 2
        assert tx.posts.message_at("b", "$1") is None
        assert tx.posts.message_at("a", "$1 $1-poll") is None

    await store.run(work)

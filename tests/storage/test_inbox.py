"""What a platform brought is kept until it was dealt with, each event once."""

from __future__ import annotations

from bot.ports import Arrival, Transaction
from storage.database import Database


def arrivals(*names: str, sealed: bool = False) -> list[Arrival]:
    return [Arrival(name, "room", f"body of {name}", sealed=sealed) for name in names]


async def test_only_what_is_new_comes_in(store: Database) -> None:
    def work(tx: Transaction) -> None:
        assert tx.inbox.bookmark("me") is None
        fresh = tx.inbox.add("me", arrivals("a", "b"), "s1")
        assert [one.id for one in fresh] == ["a", "b"]
        assert fresh == tx.inbox.waiting("me", sealed=False)
        fresh = tx.inbox.add("me", arrivals("b", "c", "c"), "s2")
        assert [one.id for one in fresh] == ["c"]
        assert [one.body for one in tx.inbox.waiting("me", sealed=False)] == [f"body of {n}" for n in "abc"]
        assert tx.inbox.bookmark("me") == "s2"

    await store.run(work)


async def test_accounts_are_apart(store: Database) -> None:
    def work(tx: Transaction) -> None:
        mine = tx.inbox.add("me", arrivals("a"), "s1")
        assert len(tx.inbox.add("you", arrivals("a"), "t1")) == 1
        tx.inbox.done("you", [one.seq for one in mine])
        assert tx.inbox.waiting("me", sealed=False) == mine
        assert (tx.inbox.bookmark("me"), tx.inbox.bookmark("you")) == ("s1", "t1")

    await store.run(work)


async def test_what_was_dealt_with_is_gone(store: Database) -> None:
    def work(tx: Transaction) -> None:
        a, b, c = tx.inbox.add("me", arrivals("a", "b", "c"), "s1")
        tx.inbox.done("me", [a.seq, c.seq])
        tx.inbox.done("me", [])
        assert tx.inbox.waiting("me", sealed=False) == [b]

    await store.run(work)


async def test_what_cannot_be_read_waits_apart(store: Database) -> None:
    def work(tx: Transaction) -> None:
        (a,) = tx.inbox.add("me", arrivals("a"), "s1")
        (b,) = tx.inbox.add("me", arrivals("b", sealed=True), "s1")
        assert (tx.inbox.waiting("me", sealed=False), tx.inbox.waiting("me", sealed=True)) == ([a], [b])
        tx.inbox.seal("me", a.seq)
        assert [one.id for one in tx.inbox.waiting("me", sealed=True)] == ["a", "b"]
        assert tx.inbox.waiting("me", sealed=False) == []

    await store.run(work)


async def test_bodies_of_any_size(store: Database) -> None:
    body = '{"words": "👋 \\u0000 \\ud800", "more": "' + "x" * 70_000 + '"}'
    await store.run(lambda tx: tx.inbox.add("me", [Arrival("a", "room", body)], "s1"))
    (found,) = await store.run(lambda tx: tx.inbox.waiting("me", sealed=False))
    assert found.body == body

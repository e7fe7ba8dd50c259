"""What a platform brought is kept until it was dealt with, each event once."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import insert, select

from bot.model.events import Arrival
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.tables import inbox
from storage.unit import Tx
from tests.chat import NOW


def arrivals(*names: str, undecryptable: bool = False) -> list[Arrival]:
    return [Arrival(name, "room", f"body of {name}", undecryptable=undecryptable) for name in names]


async def test_only_what_is_new_comes_in(store: Database) -> None:
    def work(tx: Transaction) -> None:
        assert tx.inbox.cursors("me") == {}
        fresh = tx.inbox.add("me", arrivals("a", "b"), "s1", NOW)
        assert [arrival.id for arrival in fresh] == ["a", "b"]
        assert fresh == tx.inbox.waiting("me", undecryptable=False)
        fresh = tx.inbox.add("me", arrivals("b", "c", "c"), "s2", NOW)
        assert [arrival.id for arrival in fresh] == ["c"]
        assert [arrival.body for arrival in tx.inbox.waiting("me", undecryptable=False)] == [
            f"body of {n}" for n in "abc"
        ]
        assert tx.inbox.cursors("me") == {"": "s2"}

    await store.run(work)


async def test_accounts_are_apart(store: Database) -> None:
    def work(tx: Transaction) -> None:
        mine = tx.inbox.add("me", arrivals("a"), "s1", NOW)
        assert len(tx.inbox.add("you", arrivals("a"), "t1", NOW)) == 1
        tx.inbox.done("you", [arrival.seq for arrival in mine])
        assert tx.inbox.waiting("me", undecryptable=False) == mine
        assert (tx.inbox.cursors("me"), tx.inbox.cursors("you")) == ({"": "s1"}, {"": "t1"})

    await store.run(work)


async def test_what_was_dealt_with_is_gone(store: Database) -> None:
    def work(tx: Transaction) -> None:
        a, b, c = tx.inbox.add("me", arrivals("a", "b", "c"), "s1", NOW)
        tx.inbox.done("me", [a.seq, c.seq])
        tx.inbox.done("me", [])
        assert tx.inbox.waiting("me", undecryptable=False) == [b]

    await store.run(work)


async def test_what_cannot_be_read_waits_apart(store: Database) -> None:
    def work(tx: Transaction) -> None:
        (a,) = tx.inbox.add("me", arrivals("a"), "s1", NOW)
        (b,) = tx.inbox.add("me", arrivals("b", undecryptable=True), "s1", NOW)
        assert (tx.inbox.waiting("me", undecryptable=False), tx.inbox.waiting("me", undecryptable=True)) == (
            [a],
            [b],
        )

    await store.run(work)


async def test_bodies_of_any_size(store: Database) -> None:
    body = '{"words": "👋 \\u0000 \\ud800", "more": "' + "x" * 70_000 + '"}'
    await store.run(lambda tx: tx.inbox.add("me", [Arrival("a", "room", body)], "s1", NOW))
    (found,) = await store.run(lambda tx: tx.inbox.waiting("me", undecryptable=False))
    assert found.body == body


# --- sealed on the disk ---


def raw(tx: Transaction) -> list[tuple[str, str]]:
    """Each body as it is kept, with the name of its key."""
    rows = cast(Tx, tx).db.execute(select(inbox.c.key, inbox.c.body).order_by(inbox.c.seq))
    return [tuple(row) for row in rows]


def bodies(tx: Transaction) -> list[str]:
    return [arrival.body for arrival in tx.inbox.waiting("me", undecryptable=False)]


async def test_what_was_said_is_not_kept_in_the_open(store: Database) -> None:
    await store.run(lambda tx: tx.inbox.add("me", arrivals("a", "b"), "s1", NOW))
    kept = await store.run(raw)
    assert [key for key, _ in kept] == ["arrived-1"] * 2
    assert not any("body" in body for _, body in kept)
    assert await store.run(bodies) == ["body of a", "body of b"]


async def test_what_an_earlier_version_kept_is_read_too(store: Database) -> None:
    def work(tx: Transaction) -> None:
        fields = {"account": "me", "id": "a", "room": "room", "body": "body of a", "arrived_at": NOW}
        cast(Tx, tx).db.execute(insert(inbox), fields)
        tx.inbox.add("me", arrivals("b"), "s1", NOW)

    await store.run(work)
    assert await store.run(bodies) == ["body of a", "body of b"]


async def test_what_lost_its_key_holds_up_nothing_else(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await store.run(lambda tx: tx.inbox.add("me", arrivals("a"), "s1", NOW))
    seals = await store.run(lambda tx: cast(Tx, tx).seals)
    seals.destroy("arrived-1")
    await store.run(lambda tx: tx.inbox.add("me", arrivals("b"), "s2", NOW))
    assert await store.run(bodies) == ["body of b"]
    assert "What was said in a cannot be read any more" in caplog.text


async def test_an_account_reads_each_stream_at_its_own_pace(store: Database) -> None:
    def work(tx: Transaction) -> None:
        for stream in ("p:a", "p:b", "P:c", "p%:d"):
            tx.inbox.add("me", arrivals(f"in {stream}"), f"at {stream}", NOW, stream)
        assert tx.inbox.cursors("me", "p:") == {"p:a": "at p:a", "p:b": "at p:b"}
        assert tx.inbox.cursors("me", "p%") == {"p%:d": "at p%:d"}
        assert tx.inbox.cursors("me", "p_") == {}
        assert len(tx.inbox.cursors("me")) == 4
        assert tx.inbox.cursors("you") == {}
        (waits,) = tx.inbox.waiting("me", undecryptable=False, stream="p:b")
        assert waits.id == "in p:b"
        assert tx.inbox.waiting("me", undecryptable=False) == []

    await store.run(work)


async def test_what_an_account_keeps(store: Database) -> None:
    def work(tx: Transaction) -> None:
        assert tx.kept.get("me", "commands:1") is None
        tx.kept.put("me", "commands:1", "a")
        tx.kept.put("me", "commands:1", "b")
        tx.kept.put("me", "other", "c")
        tx.kept.put("you", "commands:1", "d")
        assert tx.kept.get("me", "commands:1") == "b"
        assert tx.kept.all("me", "commands:") == {"commands:1": "b"}
        assert tx.kept.all("you") == {"commands:1": "d"}

    await store.run(work)

"""A group of commands sees and does the same as if each had asked and written by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.features.polls.records import POLLS, Poll
from bot.model.message import message, text
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.engines import Database
from tests.doubles.places import served
from tests.doubles.polls import a_plan, tally

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
ANNA = Identity("a", "anna")
HERE = Place("a", "here")


def opened(tx: Transaction) -> tuple[Poll, int]:
    """A poll with a board, and Anna."""
    theme = served(tx, HERE)
    anna = tx.people.add(ANNA, "Anna")
    poll = tx.of(POLLS).add(a_plan(theme, anna.id, question="Waar?", options=("Hier", "Daar")), "open")
    tx.boards.open(f"poll:{poll.id}", theme, [HERE])
    return poll, anna.id


async def test_within_a_transaction_everybody_sees_what_waits(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll, anna = opened(tx)
        tx.of(POLLS).vote(poll, anna, (), (2,), NOW, None)
        found = tx.of(POLLS).get(poll.id, anna)
        assert found
        assert (found[0].voters, found[1]) == (1, (2,))
        assert tx.of(POLLS).running([found[0].theme], anna, 9) == [found]
        tx.of(POLLS).vote(poll, anna, (2,), (1,), NOW, None)
        assert tx.of(POLLS).of(anna, 9)[0][1] == (1,)
        assert tally(tx, poll.id) == [1, 0]
        tx.of(POLLS).vote(poll, anna, (1,), (2,), NOW, None)
        tx.of(POLLS).vote(poll, anna, (2,), (), NOW, None)
        assert tally(tx, poll.id) == [0, 0]
        again = tx.of(POLLS).get(poll.id, anna)
        assert again
        assert (again[0].voters, again[1]) == (0, ())

    await store.run(work)


async def test_a_group_writes_it_all(store: Database) -> None:
    poll, anna = await store.run(opened)

    def vote(number: int) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            voter = tx.people.add(Identity("a", f"voter{number}"), f"voter {number}")
            tx.of(POLLS).vote(poll, voter.id, (), (number % 2 + 1,), NOW, None)
            tx.boards.mark(f"poll:{poll.id}")

        return work

    await asyncio.gather(*(store.run(vote(number)) for number in range(40)))
    assert await store.run(lambda tx: tally(tx, poll.id)) == [20, 20]
    found = await store.run(lambda tx: tx.of(POLLS).get(poll.id, anna))
    assert found
    assert found[0].voters == 40
    (board,) = await store.run(lambda tx: tx.boards.stale("a", NOW, 9))
    assert board.version > 1


async def test_the_same_event_twice_in_a_group_is_recognised(store: Database) -> None:
    answer = message(text("poll.list.none"))

    def work(tx: Transaction) -> list[object]:
        found: list[object] = []
        for _ in range(2):
            known = tx.handled.recognise("$1", ANNA, HERE)
            found.append(known.answer)
            if known.answer is None:
                tx.handled.add("$1", NOW, answer, None)
        return found

    assert await store.run(work) == [None, (answer,)]
    assert await store.run(work) == [(answer,), (answer,)]


@pytest.mark.parametrize("marked", [False, True])
async def test_what_an_undone_part_put_off_never_happens(store: Database, marked: bool) -> None:
    poll, anna = await store.run(opened)

    def work(tx: Transaction) -> None:
        tx.of(POLLS).vote(poll, anna, (), (1,), NOW, None)
        try:
            with tx.savepoint(eager=marked):
                tx.of(POLLS).vote(poll, anna, (1,), (2,), NOW, None)
                raise ValueError
        except ValueError:
            pass

    await store.run(work)
    assert await store.run(lambda tx: tally(tx, poll.id)) == [1, 0]

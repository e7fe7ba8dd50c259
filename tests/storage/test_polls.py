"""Polls, ballots and their running count."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from bot.features.polls import Poll
from bot.model import Identity
from bot.ports import Transaction
from storage.database import Database, Tx
from storage.polls import recount
from tests.chat import NOW

OPTIONS = ('Ja, "zeker"', "Nee | nooit", "👨‍👩‍👧, é")


def resident(tx: Transaction, name: str) -> int:
    who = Identity("test", name)
    return (tx.people.by_identity(who) or tx.people.add(who, name)).id


def opened(tx: Transaction, question: str = "Wat?", theme: str = "sport", opener: str = "anna") -> Poll:
    where = tx.places.theme_named(theme).id
    closes_at = NOW + timedelta(days=2, microseconds=7)
    return tx.polls.add(where, resident(tx, opener), question, OPTIONS, 2, NOW, closes_at)


async def test_a_poll_comes_back_as_it_was(store: Database) -> None:
    poll = await store.run(opened)
    assert poll.options == OPTIONS
    assert await store.run(lambda tx: tx.polls.get(poll.id, 0)) == (poll, ())
    assert await store.run(lambda tx: list(tx.polls.tally(poll.id))) == [0, 0, 0]
    assert await store.run(lambda tx: tx.polls.get(poll.id + 1, 0)) is None


async def test_ballots_and_the_running_count(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx)
        ben, cas = resident(tx, "ben"), resident(tx, "cas")
        steps = [
            (ben, (), (1,), [1, 0, 0], 1),
            (cas, (), (1, 3), [2, 0, 1], 2),
            (ben, (1,), (2, 3), [1, 1, 2], 2),
            (ben, (2, 3), (3,), [1, 0, 2], 2),
            (cas, (1, 3), (), [0, 0, 1], 1),
            (cas, (), (2,), [0, 1, 1], 2),
        ]
        for voter, before, after, tally, people in steps:
            found = tx.polls.get(poll.id, voter)
            assert found
            assert found[1] == before
            tx.polls.vote(poll.id, voter, before, after, NOW)
            found = tx.polls.get(poll.id, voter)
            assert found
            assert (found[0].voters, found[1]) == (people, after)
            assert list(tx.polls.tally(poll.id)) == tally
            counted = {option: votes for option, votes in enumerate(tally, start=1) if votes}
            assert recount(cast(Tx, tx).db, poll.id) == (people, counted)

    await store.run(work)


async def test_running_here_and_everywhere_the_newest_first(store: Database) -> None:
    def work(tx: Transaction) -> None:
        one, two, three = opened(tx, "1"), opened(tx, "2", "elsewhere"), opened(tx, "3")
        closed = opened(tx, "4")
        tx.polls.end(closed.id, "closed", NOW)
        ben = resident(tx, "ben")
        tx.polls.vote(one.id, ben, (), (2,), NOW)
        here = tx.polls.running(one.theme, ben, 9)
        assert [(poll.question, mine) for poll, mine in here] == [("3", ()), ("1", (2,))]
        assert [poll.id for poll, _ in tx.polls.running(None, ben, 9)] == [three.id, two.id, one.id]
        assert [poll.id for poll, _ in tx.polls.running(None, ben, 2)] == [three.id, two.id]

    await store.run(work)


async def test_mine_are_those_i_opened_or_voted_in(store: Database) -> None:
    def work(tx: Transaction) -> None:
        one, two = opened(tx, "1"), opened(tx, "2", opener="ben")
        opened(tx, "3", opener="cas")
        ben = resident(tx, "ben")
        tx.polls.vote(one.id, ben, (), (1,), NOW)
        tx.polls.end(one.id, "cancelled", NOW)
        mine = tx.polls.of(ben, 9)
        assert [(poll.id, poll.state, chosen) for poll, chosen in mine] == [
            (two.id, "open", ()),
            (one.id, "cancelled", (1,)),
        ]
        assert [poll.id for poll, _ in tx.polls.of(ben, 1)] == [two.id]
        assert tx.polls.of(resident(tx, "eva"), 9) == []

    await store.run(work)


async def test_an_end_is_kept(store: Database) -> None:
    ended = NOW + timedelta(hours=1)

    def work(tx: Transaction) -> None:
        poll = opened(tx)
        tx.polls.end(poll.id, "closed", ended)
        found = tx.polls.get(poll.id, 0)
        assert found
        assert (found[0].state, found[0].ended_at) == ("closed", ended)

    await store.run(work)

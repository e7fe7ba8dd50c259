"""Polls, ballots, and how often each ballot was cast."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from bot.features.polls.records import POLLS, SEALED, Kind, Poll, Results, Voters
from bot.main.features import stores_of
from bot.model.message import message, typed
from bot.model.people import Identity, Part, Role, Wishes
from bot.ports.storage import Transaction
from storage.engines import Database, open_database
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.polls import a_plan, cast_as, counted, recount, tally
from tests.postgres import keys_of

OPTIONS = ('Ja, "zeker"', "Nee | nooit", "👨‍👩‍👧, é")


def resident(tx: Transaction, name: str) -> int:
    who = Identity("test", name)
    return (tx.people.by_identity(who) or tx.people.add(who, name)).id


def takes_part(tx: Transaction, name: str, theme: int, role: Role) -> None:
    account = Identity("test", name)
    tx.people.take_part(account, resident(tx, name), theme, Part(role, NOW, NOW))


def opened(
    tx: Transaction,
    question: str = "Wat?",
    theme: str = "sport",
    opener: str = "anna",
    state: str = "open",
    **others: Any,
) -> Poll:
    where = tx.places.theme_named(theme).id
    closes_at = NOW + timedelta(days=2, microseconds=7)
    terms = {"question": question, "options": OPTIONS, "at_most": 2, "closes_at": closes_at, **others}
    return tx.of(POLLS).add(a_plan(where, resident(tx, opener), **terms), state)


async def test_a_poll_comes_back_as_it_was(store: Database) -> None:
    poll = await store.run(opened)
    assert poll.options == OPTIONS
    assert await store.run(lambda tx: tx.of(POLLS).get(poll.id, 0)) == (poll, ())
    assert await store.run(lambda tx: counted(tx, poll.id)) == (0, [0, 0, 0])
    assert await store.run(lambda tx: tx.of(POLLS).get(poll.id + 1, 0)) is None


async def test_everything_that_was_settled_comes_back(store: Database) -> None:
    terms: dict[str, Any] = {
        "kind": Kind.RANKED,
        "results": Results.CLOSED,
        "anonymous": True,
        "who": Voters.ORGANISERS,
        "quorum": 7,
        "opened_at": NOW + timedelta(hours=1),
    }
    poll = await store.run(lambda tx: opened(tx, state="planned", **terms))
    assert {name: getattr(poll, name) for name in terms} == terms
    found = await store.run(lambda tx: tx.of(POLLS).get(poll.id, 0))
    assert found
    assert found == (poll, ())
    assert [type(getattr(found[0], name)) for name in terms] == [type(value) for value in terms.values()]


async def test_ballots_and_the_running_count(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx)
        ben, cas = resident(tx, "ben"), resident(tx, "cas")
        steps: list[tuple[int, tuple[int, ...], tuple[int, ...], list[int], int]] = [
            (ben, (), (1,), [1, 0, 0], 1),
            (cas, (), (1, 3), [2, 0, 1], 2),
            (ben, (1,), (2, 3), [1, 1, 2], 2),
            (ben, (2, 3), (3,), [1, 0, 2], 2),
            (cas, (1, 3), (), [0, 0, 1], 1),
            (cas, (), (2,), [0, 1, 1], 2),
        ]
        for voter, before, after, votes, people in steps:
            found = tx.of(POLLS).get(poll.id, voter)
            assert found
            assert found[1] == before
            tx.of(POLLS).vote(poll, voter, before, after, NOW, None)
            found = tx.of(POLLS).get(poll.id, voter)
            assert found
            assert (found[0].voters, found[1]) == (people, after)
            assert counted(tx, poll.id) == (people, votes)
        assert recount(tx, poll.id) == {"": 2, "2": 1, "3": 1}
        assert cast_as(tx, poll) == {(2,): 1, (3,): 1}

    await store.run(work)


async def test_the_same_ballots_are_one_row_however_many_there_are(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx, kind=Kind.RANKED)
        orders = [(1, 2, 3), (3, 2, 1), (2, 1, 3)]
        for number in range(30):
            tx.of(POLLS).vote(poll, resident(tx, f"r{number}"), (), orders[number % 7 % 3], NOW, None)
        assert cast_as(tx, poll) == {
            order: [number % 7 % 3 for number in range(30)].count(at) for at, order in enumerate(orders)
        }
        assert counted(tx, poll.id)[0] == 30

    await store.run(work)


async def test_reasons_in_the_order_in_which_they_came(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx, kind=Kind.CONSENT)
        ben, cas, dora = (resident(tx, name) for name in ("ben", "cas", "dora"))
        tx.of(POLLS).vote(poll, cas, (), (3,), NOW, "te duur")
        tx.of(POLLS).vote(poll, ben, (), (3,), NOW + timedelta(seconds=1), 'te "ver"')
        tx.of(POLLS).vote(poll, dora, (), (1,), NOW + timedelta(seconds=2), None)
        assert list(tx.of(POLLS).reasons(poll)) == ["te duur", 'te "ver"']
        tx.of(POLLS).vote(poll, cas, (3,), (1,), NOW + timedelta(seconds=3), None)
        assert list(tx.of(POLLS).reasons(poll)) == ['te "ver"']
        tx.of(POLLS).vote(poll, ben, (3,), (), NOW + timedelta(seconds=4), None)
        assert list(tx.of(POLLS).reasons(poll)) == []

    await store.run(work)


async def test_an_anonymous_poll_is_counted_when_it_closes(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx, kind=Kind.CONSENT, anonymous=True, results=Results.CLOSED)
        names = ("ben", "cas", "dora")
        ben, cas, dora = (resident(tx, name) for name in names)
        tx.of(POLLS).vote(poll, ben, (), (1,), NOW, None)
        tx.of(POLLS).vote(poll, cas, (), (3,), NOW, "te ver")
        tx.of(POLLS).vote(poll, dora, (), (3,), NOW, "duur")
        tx.of(POLLS).vote(poll, ben, (1,), (3,), NOW, "te ver")
        found = tx.of(POLLS).get(poll.id, ben)
        assert found
        assert (found[0].voters, found[1]) == (3, SEALED)
        assert cast_as(tx, poll) == {}
        assert list(tx.of(POLLS).reasons(poll)) == []
        kept = recount(tx, poll.id)
        assert len(kept) == 4, "no two look alike"
        assert len({len(ballot) for ballot in kept if ballot}) == 1
        tx.of(POLLS).end(poll, "closed", NOW)
        assert cast_as(tx, poll) == {(3,): 3}
        assert list(tx.of(POLLS).reasons(poll)) == ["duur", "te ver", "te ver"]
        assert recount(tx, poll.id) == {"": 0}
        found = tx.of(POLLS).get(poll.id, ben)
        assert found
        assert (found[0].voters, found[0].state, found[1]) == (3, "closed", ())

    await store.run(work)


async def test_an_anonymous_poll_that_is_cancelled_is_never_counted(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx, anonymous=True, results=Results.CLOSED)
        tx.of(POLLS).vote(poll, resident(tx, "ben"), (), (1,), NOW, None)
        tx.of(POLLS).end(poll, "cancelled", NOW)
        assert cast_as(tx, poll) == {}
        assert recount(tx, poll.id) == {"": 0}

    await store.run(work)


async def test_running_here_and_everywhere_the_newest_first(store: Database) -> None:
    def work(tx: Transaction) -> None:
        first, second, third = opened(tx, "1"), opened(tx, "2", "elsewhere"), opened(tx, "3")
        closed = opened(tx, "4")
        tx.of(POLLS).end(closed, "closed", NOW)
        opened(tx, "5", state="planned")
        ben = resident(tx, "ben")
        tx.of(POLLS).vote(first, ben, (), (2,), NOW, None)
        here = tx.of(POLLS).running([first.theme], ben, 9)
        assert [(poll.question, mine) for poll, mine in here] == [("3", ()), ("1", (2,))]
        both = [first.theme, second.theme]
        assert [poll.id for poll, _ in tx.of(POLLS).running(both, ben, 9)] == [third.id, second.id, first.id]
        assert [poll.id for poll, _ in tx.of(POLLS).running(both, ben, 2)] == [third.id, second.id]
        assert tx.of(POLLS).running([], ben, 9) == []
        assert set(tx.of(POLLS).themes()) == set(both)

    await store.run(work)


async def test_planned_here_and_everywhere_the_first_to_open_first(store: Database) -> None:
    def work(tx: Transaction) -> None:
        opened(tx, "open")
        for question, theme, hours in (("1", "sport", 3), ("2", "elsewhere", 1), ("3", "sport", 2)):
            opened(tx, question, theme, state="planned", opened_at=NOW + timedelta(hours=hours))
        here, there = (tx.places.theme_named(name).id for name in ("sport", "elsewhere"))
        assert [poll.question for poll in tx.of(POLLS).planned([here], 9)] == ["3", "1"]
        assert tx.of(POLLS).planned([], 9) == []
        assert [poll.question for poll in tx.of(POLLS).planned([here, there], 9)] == ["2", "3", "1"]
        assert [poll.question for poll in tx.of(POLLS).planned([here, there], 2)] == ["2", "3"]

    await store.run(work)


async def test_mine_are_those_i_opened_or_voted_in(store: Database) -> None:
    def work(tx: Transaction) -> None:
        first, second = opened(tx, "1"), opened(tx, "2", opener="ben")
        opened(tx, "3", opener="cas")
        ben = resident(tx, "ben")
        tx.of(POLLS).vote(first, ben, (), (1,), NOW, None)
        tx.of(POLLS).end(first, "cancelled", NOW)
        mine = tx.of(POLLS).of(ben, 9)
        assert [(poll.id, poll.state, chosen) for poll, chosen in mine] == [
            (second.id, "open", ()),
            (first.id, "cancelled", (1,)),
        ]
        assert [poll.id for poll, _ in tx.of(POLLS).of(ben, 1)] == [second.id]
        assert tx.of(POLLS).of(resident(tx, "eva"), 9) == []

    await store.run(work)


async def test_how_many_polls_of_one_person_stand(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = resident(tx, "anna")
        assert len(tx.of(POLLS).standing(anna)) == 0
        opened(tx, opened_at=NOW - timedelta(days=1))
        opened(tx)
        opened(tx, opened_at=NOW + timedelta(days=1), state="planned")
        opened(tx, opener="ben")
        ended = opened(tx)
        assert len(tx.of(POLLS).standing(anna)) == 4
        tx.of(POLLS).end(ended, "cancelled", NOW)
        assert len(tx.of(POLLS).standing(anna)) == 3

    await store.run(work)


async def test_an_end_is_kept(store: Database) -> None:
    ended = NOW + timedelta(hours=1)

    def work(tx: Transaction) -> None:
        poll = opened(tx)
        assert tx.of(POLLS).last_closed(poll.theme) is None
        tx.of(POLLS).end(poll, "closed", ended)
        found = tx.of(POLLS).get(poll.id, 0)
        assert found
        assert (found[0].state, found[0].ended_at) == ("closed", ended)
        assert tx.of(POLLS).last_closed(poll.theme) == found[0]

    await store.run(work)


async def test_the_last_that_was_closed_here(store: Database) -> None:
    def work(tx: Transaction) -> None:
        first, second = opened(tx, "1"), opened(tx, "2")
        elsewhere, cancelled = opened(tx, "3", "elsewhere"), opened(tx, "4")
        tx.of(POLLS).end(second, "closed", NOW)
        tx.of(POLLS).end(first, "closed", NOW + timedelta(seconds=1))
        tx.of(POLLS).end(elsewhere, "closed", NOW + timedelta(seconds=2))
        tx.of(POLLS).end(cancelled, "cancelled", NOW + timedelta(seconds=3))
        found = tx.of(POLLS).last_closed(first.theme)
        assert found
        assert found.question == "1"

    await store.run(work)


async def test_what_comes_afterwards_is_kept(store: Database) -> None:
    changes = {
        "closes_at": NOW + timedelta(days=3),
        "outcome": "De bank komt in het park",
        "review_at": NOW + timedelta(days=90, microseconds=1),
        "reminded": True,
    }

    def work(tx: Transaction) -> None:
        poll = opened(tx)
        tx.of(POLLS).change(poll.id, changes)
        found = tx.of(POLLS).get(poll.id, 0)
        assert found
        assert {name: getattr(found[0], name) for name in changes} == changes
        tx.of(POLLS).change(poll.id, {"review_at": None})
        again = tx.of(POLLS).get(poll.id, 0)
        assert again
        assert (again[0].review_at, again[0].outcome) == (None, changes["outcome"])

    await store.run(work)


async def test_who_is_to_be_reminded(store: Database) -> None:
    def work(tx: Transaction) -> None:
        poll = opened(tx)
        for name in ("ben", "cas", "dora", "eva", "fred"):
            tx.people.set_wishes(resident(tx, name), Wishes(wanted=name != "cas"))
            role = Role.MODERATOR if name == "fred" else Role.RESIDENT
            takes_part(tx, name, poll.theme, role)
        elsewhere = tx.places.theme_named("elsewhere").id
        tx.people.set_wishes(resident(tx, "gerda"), Wishes(wanted=True))
        takes_part(tx, "gerda", elsewhere, Role.MODERATOR)
        # Two accounts are one person, who hears it once.
        accounts = [Identity("test", "ben"), Identity("another", "ben")]
        tx.people.link(accounts, "Ben", Role.ORGANISER)
        tx.of(POLLS).vote(poll, resident(tx, "eva"), (), (1,), NOW, None)

        def reminded(poll: Poll) -> list[str]:
            known = tx.people.known(tx.of(POLLS).without_ballot(poll))
            return sorted(who.name for who in known.values())

        assert reminded(poll) == ["Ben", "dora", "fred"]
        # A role is the community's, or the one with which they last took part in this theme.
        assert reminded(opened(tx, who=Voters.ORGANISERS)) == ["Ben", "fred"]
        assert reminded(opened(tx, who=Voters.MODERATORS)) == ["fred"]

    await store.run(work)


async def test_all_that_were_asked_the_open_ones_first(store: Database) -> None:
    def work(tx: Transaction) -> dict[str, int]:
        numbers = {
            "closed": opened(tx, state="closed").id,
            "open": opened(tx, anonymous=True).id,
            "planned": opened(tx, state="planned").id,
            "cancelled": opened(tx, state="cancelled").id,
            "elsewhere": opened(tx, theme="elders").id,
            "newest": opened(tx).id,
        }
        ben = resident(tx, "ben")
        found = tx.of(POLLS).get(numbers["open"], ben)
        assert found
        tx.of(POLLS).vote(found[0], ben, (), (1,), NOW, None)
        return numbers

    def latest(tx: Transaction, *themes: str, most: int = 9) -> list[Poll]:
        return list(tx.of(POLLS).latest([tx.places.theme_named(theme).id for theme in themes], most))

    numbers = await store.run(work)
    order = [numbers[name] for name in ("newest", "open", "planned", "cancelled", "closed")]
    here = await store.run(lambda tx: latest(tx, "sport"))
    assert [poll.id for poll in here] == order
    both = await store.run(lambda tx: latest(tx, "sport", "elders"))
    assert [poll.id for poll in both if poll.id != numbers["elsewhere"]] == order
    assert len(both) == len(order) + 1
    assert here[1].voters == 1
    assert await store.run(latest) == []
    assert [poll.id for poll in await store.run(lambda tx: latest(tx, "sport", most=2))] == order[:2]


@pytest.mark.parametrize("anonymous", [False, True])
async def test_a_planned_poll_opens_with_new_keys_where_it_is_anonymous(
    store: Database, anonymous: bool
) -> None:
    """Nothing that is said about any other has to stay unread by a copy of those of before."""

    def plan(tx: Transaction) -> int:
        tx.posts.add("before", Identity("test", "anna"), message(typed("A")), NOW, confidential=True)
        return opened(tx, state="planned", anonymous=anonymous).id

    def turned(tx: Transaction) -> list[str]:
        return sorted(name for name in cast(Tx, tx).seals.names() if name.startswith("now"))

    poll = await store.run(plan)
    before = await store.run(turned)
    await store.run(lambda tx: tx.of(POLLS).change(poll, {"state": "open"}))
    assert (await store.run(turned) == before) is not anonymous


async def test_what_both_open_at_once_is_voted_in_with_the_keys_of_one(database_url: str) -> None:
    """Keys are made as a poll opens: whoever opens it second makes none that votes of before are lost to."""
    stores = [
        await open_database(database_url, keys_of(database_url), stores_of(), answers_within=120)
        for _ in range(2)
    ]

    def plan(tx: Transaction) -> int:
        return opened(tx, state="planned", options=("A", "B"), anonymous=True).id

    def open_and_vote(number: int, at: int, tx: Transaction) -> None:
        tx.of(POLLS).change(number, {"state": "open"})
        ben = resident(tx, f"ben{at}")
        found = tx.of(POLLS).get(number, ben)
        assert found
        tx.of(POLLS).vote(found[0], ben, (), (at,), NOW, None)

    def end(number: int, tx: Transaction) -> list[int]:
        found = tx.of(POLLS).get(number, 0)
        assert found
        tx.of(POLLS).end(found[0], "closed", NOW)
        return tally(tx, number)

    async with contextlib.AsyncExitStack() as stack:
        for store in stores:
            stack.push_async_callback(store.close)
        for _ in range(20):
            number = await stores[0].run(plan)
            await asyncio.gather(
                *(store.run(partial(open_and_vote, number, at)) for at, store in enumerate(stores, 1))
            )
            assert await stores[1].run(partial(end, number)) == [1, 1]

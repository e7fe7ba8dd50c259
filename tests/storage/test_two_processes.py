"""Two stores on one database, as two processes have: what both change at once stays right."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import Column, select

from bot.call import Call
from bot.commands.declare import Command
from bot.features.polls.records import POLLS
from bot.main.features import stores_of
from bot.model.events import Arrival, Invocation
from bot.model.message import Message, message, typed
from bot.model.people import Identity, Place, Role
from bot.model.work import Board
from bot.ports.storage import Transaction
from storage.batch import Batch
from storage.engines import Database, open_database
from storage.polls.tables import ballots
from storage.tables import identities, residents
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.places import served
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import a_plan, counted
from tests.postgres import PostgreSQL, keys_of

PAIRS = 300
Towns = tuple[Town, Town]


@pytest.fixture
async def towns(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Towns]:
    """Whichever waits for the other has the time of a busy machine for it."""
    monkeypatch.setattr("bot.main.app.open_database", partial(open_database, answers_within=120.0))
    async with open_town(database_url) as first, open_town(database_url, number=1_000_000) as second:
        await first.joined("sport")
        await first.say("anna", '!poll open "Wat?" A | B | C')
        yield first, second


async def count(town: Town, poll: int = 1) -> tuple[int, list[int]]:
    return await town.core.store.run(lambda tx: counted(tx, poll))


@pytest.mark.parametrize(("known", "together"), [(True, 1), (True, PAIRS), (False, PAIRS)])
async def test_who_votes_from_both_at_once_has_one_ballot(towns: Towns, known: bool, together: int) -> None:
    """Also who was never here before: they are one resident, whichever came first."""
    names = [f"r{number}" for number in range(PAIRS)]
    if known:
        await asyncio.gather(*(towns[0].say(name, "!poll list") for name in names))
    heard: list[str] = []
    for start in range(0, PAIRS, together):
        voting = names[start : start + together]
        heard += await asyncio.gather(
            *(town.say(name, f"!vote {at}") for name in voting for at, town in enumerate(towns, 1))
        )
    assert all("je koos" in words for words in heard), set(heard)
    changed = ["je koos eerst" in words for words in heard]
    assert changed.count(True) == PAIRS, "of two answers one says what the other had said"
    voters, votes = await count(towns[0])
    assert (voters, sum(votes)) == (PAIRS, PAIRS)


async def test_in_several_polls_in_any_order(towns: Towns) -> None:
    """Whoever waits for whom: nobody waits for ever, and nobody's vote is lost."""
    for _ in range(3):
        await towns[0].say("anna", '!poll open "Wat?" A | B | C')
    polls = (1, 2, 3, 4)
    names = [f"r{number}" for number in range(40)]
    orders = (polls, polls[::-1])
    await asyncio.gather(
        *(
            town.say(name, f"!vote {at} --poll {poll}")
            for name in names
            for at, (town, order) in enumerate(zip(towns, orders, strict=True), 1)
            for poll in order
        )
    )
    for poll in polls:
        voters, votes = await count(towns[0], poll)
        assert (voters, sum(votes)) == (40, 40)


async def test_votes_that_two_take_in_opposite_orders_wait_for_each_other_in_none(
    postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which poll a typed vote is for shows when it is read: by then its group may hold a later one."""
    url = postgres.new_database()
    monkeypatch.setattr("bot.main.app.open_database", partial(open_database, answers_within=120.0))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = postgres.ask(url, deadlocks)
    polls = tuple(range(1, 7))
    async with open_town(url) as first, open_town(url, number=1_000_000) as second:
        await first.joined("sport")
        for _ in polls:
            await first.say("anna", '!poll open "Wat?" A | B | C')
        for at in (1, 2, 1):
            heard = await asyncio.gather(
                *(
                    town.say(f"{who}{name}", f"!vote {at} --poll {number}")
                    for name in range(20)
                    for who, town, order in (("a", first, polls), ("b", second, polls[::-1]))
                    for number in order
                )
            )
            assert all("je koos" in words for words in heard), set(heard)
        for number in polls:
            voters, votes = await count(first, number)
            assert (voters, votes) == (40, [40, 0, 0])
    # It is counted for good once those who might have waited are gone.
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while postgres.ask(url, others).strip():
        pass
    assert postgres.ask(url, deadlocks) == before


async def test_a_vote_and_the_end_of_a_poll_never_pass_each_other(towns: Towns) -> None:
    first, second = towns
    names = [f"r{number}" for number in range(60)]
    await asyncio.gather(*(first.say(name, "!vote 1") for name in names[:30]))
    heard = await asyncio.gather(
        second.say("anna", "!poll close 1 --sure yes"), *(first.say(name, "!vote 2") for name in names[30:])
    )
    kept = sum("je koos B" in words for words in heard[1:])
    voters, votes = await count(first)
    assert (voters, votes) == (30 + kept, [30, kept, 0])


async def test_one_event_that_both_hear_is_dealt_with_once(towns: Towns) -> None:
    first, second = towns
    asked = [first.asked(f"r{number}", "!vote 1") for number in range(40)]
    answers = await asyncio.gather(
        *(town.core.handle(invocation) for invocation in asked for town in (first, second))
    )
    assert answers[::2] == answers[1::2]
    assert await count(first) == (40, [40, 0, 0])


async def test_whoever_is_forgotten_while_they_vote_is_gone_or_somebody_new(towns: Towns) -> None:
    """Never half of both: a ballot has an owner with an account, and is counted."""
    first, second = towns
    names = [f"r{number}" for number in range(10)]
    await asyncio.gather(*(first.say(name, "!vote 1") for name in names))

    async def forget(name: str) -> None:
        found = await first.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
        assert found
        await first.core.forget(found.id)

    heard = await asyncio.gather(
        *(forget(name) for name in names), *(second.say(name, "!vote 2") for name in names)
    )
    assert all("je koos" in str(words) for words in heard[len(names) :]), heard

    def owners(tx: Transaction) -> int:
        voters = select(ballots.c.voter).join(identities, identities.c.resident == ballots.c.voter)
        return len(cast(Tx, tx).db.execute(voters))

    voters, votes = await count(first)
    assert voters == sum(votes) == await first.core.store.run(owners)
    assert votes[0] == 0


@pytest.mark.parametrize("line", ["!vote 1 --poll 1", "!vote 1 --poll 2", "!me name Benedictus"])
async def test_whoever_is_forgotten_while_something_of_theirs_is_under_way_is_gone_with_it(
    postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Their polls keep a row of nobody's in the database, which would take a vote or a name again."""
    url = postgres.new_database()
    monkeypatch.setattr("bot.main.app.open_database", partial(open_database, answers_within=120.0))
    async with open_town(url) as first, open_town(url, number=1_000_000) as second:
        await first.joined("sport")
        await first.say("ben", '!poll open "Wat?" A | B')
        await first.say("ben", '!poll open "Geheim?" A | B --anonymous')
        recognised, forgetting = threading.Event(), threading.Event()
        run, lock_really = second.core.dispatch._run, Batch.lock

        def slow(command: Command, given: Any, call: Call, invocation: Invocation) -> Message | None:
            recognised.set()
            assert call.tx.offload(lambda: forgetting.wait(60))
            return run(command, given, call, invocation)

        def lock(db: Batch, column: Column[Any], *keys: Any, **how: Any) -> bool:
            forgetting.set()
            return lock_really(db, column, *keys, **how)

        monkeypatch.setattr(second.core.dispatch, "_run", slow)
        under_way = asyncio.create_task(second.say("ben", line))
        assert await asyncio.to_thread(recognised.wait, 60)
        monkeypatch.setattr(Batch, "lock", lock)
        assert "vergeten" in await first.say("ben", "!me forget --sure")
        await under_way
        assert await count(first) == (0, [0, 0])
        assert await count(first, 2) == (0, [0, 0])
        names = await first.core.store.run(
            lambda tx: cast(Tx, tx).db.execute(select(residents.c.name)).scalars()
        )
        assert names == [""]


# --- what locks by itself ---


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    async with contextlib.AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            opened.append(await open_database(database_url, keys_of(database_url), stores_of()))
            stack.push_async_callback(opened[-1].close)
        yield opened[0], opened[1]


async def test_whoever_is_linked_while_they_vote_keeps_one_ballot(
    stores: tuple[Database, Database],
) -> None:
    """A merge in one process, a vote of the person that remains in the other, again and again."""
    first, second = stores

    def begin(tx: Transaction) -> tuple[int, list[int]]:
        anna = tx.people.add(Identity(PLATFORM, "anna"), "Anna").id
        theme = tx.places.theme_named("sport").id
        return anna, [tx.of(POLLS).add(a_plan(theme, anna), "open").id for _ in range(30)]

    anna, numbers = await first.run(begin)

    def vote(number: int, voter: int, choice: int, tx: Transaction) -> None:
        found = tx.of(POLLS).get(number, voter)
        assert found
        tx.of(POLLS).vote(found[0], voter, found[1], (choice,), NOW + timedelta(seconds=choice), None)

    def known_elsewhere(number: int, tx: Transaction) -> int:
        duplicate = tx.people.add(Identity("elsewhere", f"anna{number}"), "Anna").id
        vote(number, duplicate, 1, tx)
        return duplicate

    for number in numbers:
        duplicate = await first.run(lambda tx, number=number: known_elsewhere(number, tx))  # type: ignore[misc]
        await asyncio.gather(
            first.run(lambda tx, duplicate=duplicate: tx.of(POLLS).merge(duplicate, anna)),  # type: ignore[misc]
            second.run(lambda tx, number=number: vote(number, anna, 2, tx)),  # type: ignore[misc]
        )
        assert await second.run(lambda tx, number=number: counted(tx, number)) == (1, [0, 1, 0])  # type: ignore[misc]


async def test_accounts_that_both_link_at_the_same_time_are_one_person(
    stores: tuple[Database, Database],
) -> None:
    accounts = [Identity("a", "anna"), Identity("b", "anna"), Identity("c", "anna")]
    for at, account in enumerate(accounts):
        await stores[at % 2].run(lambda tx, who=account: tx.people.add(who, "Anna"))  # type: ignore[misc]
    orders: Sequence[list[Identity]] = (accounts, accounts[::-1])
    await asyncio.gather(
        *(
            store.run(lambda tx, order=order: tx.people.link(order, "Anna", Role.MODERATOR))  # type: ignore[misc]
            for store, order in zip(stores, orders, strict=True)
        )
    )
    found = await stores[0].run(lambda tx: [tx.people.by_identity(account) for account in accounts])
    assert len(set(found)) == 1


async def test_what_closes_before_it_is_held_is_not_running(
    postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which polls are open is asked before they are held: meanwhile another process may close one."""
    database_url = postgres.new_database()
    async with contextlib.AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            stores.append(await open_database(database_url, keys_of(database_url), stores_of()))
            stack.push_async_callback(stores[-1].close)
        held, about_to_lock = threading.Event(), threading.Event()

        def begin(tx: Transaction) -> list[int]:
            anna, theme = (
                tx.people.add(Identity(PLATFORM, "anna"), "Anna").id,
                tx.places.theme_named("sport").id,
            )
            return [theme, *(tx.of(POLLS).add(a_plan(theme, anna), "open").id for _ in range(2))]

        def close(tx: Transaction) -> None:
            found = tx.of(POLLS).get(closing, 0)
            assert found
            held.set()
            assert tx.offload(lambda: about_to_lock.wait(60))
            tx.of(POLLS).end(found[0], "closed", NOW)

        def lock(db: Batch, column: Column[Any], *keys: Any) -> bool:
            assert set(keys) <= {staying, closing}
            about_to_lock.set()
            return lock_really(db, column, *keys)

        theme, closing, staying = await stores[0].run(begin)
        ending = asyncio.create_task(stores[0].run(close))
        assert await asyncio.to_thread(held.wait, 60)
        lock_really = Batch.lock
        monkeypatch.setattr(Batch, "lock", lock)
        found = await stores[1].run(lambda tx: tx.of(POLLS).running([theme], 0, 9))
        await ending
        assert [poll.id for poll, _ in found] == [staying]


async def test_two_that_wait_for_each_other_both_come_through(postgres: PostgreSQL) -> None:
    """Who took the later poll first goes back and begins with both. SQLite's one writer waits for nobody."""
    database_url = postgres.new_database()
    async with open_town(database_url) as town:
        await town.joined("sport")
        for _ in range(2):
            await town.say("anna", '!poll open "Wat?" A | B | C')
        stores = [await open_database(database_url, keys_of(database_url), stores_of()) for _ in range(2)]
        tries = 0
        held = [threading.Event(), threading.Event()]

        def hold(at: int, tx: Transaction) -> None:
            """First one poll, and once the other has the other one, that one too."""
            nonlocal tries
            tries += 1
            first, second = (1, 2) if at == 0 else (2, 1)
            tx.of(POLLS).get(first, 0)
            held[at].set()
            tx.offload(lambda: held[1 - at].wait(10))
            tx.of(POLLS).get(second, 0)

        try:
            await asyncio.gather(*(store.run(partial(hold, at)) for at, store in enumerate(stores)))
        finally:
            for store in stores:
                await store.close()
        # Whoever goes back may meet the other once more before that one is through.
        assert tries > 2


async def test_a_board_that_another_just_wrote_down_is_shown(postgres: PostgreSQL) -> None:
    """While this one notes that all boards which it sees are up to date."""
    database_url = postgres.new_database()
    stores = [await open_database(database_url, keys_of(database_url), stores_of()) for _ in range(2)]
    here, there = Place("a", "here"), Place("a", "there")
    written = threading.Event()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' LIMIT 1"

    def until_it_waits() -> None:
        while not postgres.ask(database_url, waiting).strip():
            pass

    def begin(tx: Transaction) -> Board:
        tx.boards.open("poll:1", served(tx, here, there), [here])
        (board,) = tx.boards.stale("a", NOW, 9)
        return board

    def show_there(tx: Transaction) -> None:
        tx.boards.show_open(tx.places.theme_named("sport").id, there)
        written.set()
        tx.offload(until_it_waits)

    try:
        board = await stores[0].run(begin)
        other = asyncio.create_task(stores[0].run(show_there))
        assert await asyncio.to_thread(written.wait, 60)
        await stores[1].run(lambda tx: tx.boards.shown(board, ("$1",), message(typed("A")), NOW))
        await other
        found = await stores[1].run(lambda tx: tx.boards.stale("a", NOW, 9))
        assert [late.place for late in found] == [there]
    finally:
        for store in stores:
            await store.close()


async def test_what_is_planned_while_another_does_what_was_is_done_after_that(postgres: PostgreSQL) -> None:
    """What that one looked at may not have held yet what this is for."""
    database_url = postgres.new_database()
    stores = [await open_database(database_url, keys_of(database_url), stores_of()) for _ in range(2)]
    claimed = threading.Event()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' LIMIT 1"

    def until_it_waits() -> None:
        while not postgres.ask(database_url, waiting).strip():
            pass

    def do(tx: Transaction) -> None:
        (job,) = tx.jobs.claim(NOW, 9)
        claimed.set()
        tx.offload(until_it_waits)
        with tx.within(job.community):
            assert tx.jobs.done(job.id, NOW)

    def plan(tx: Transaction) -> None:
        tx.jobs.add("say", "it", NOW + timedelta(seconds=10), "it", or_sooner=True)

    try:
        await stores[0].run(lambda tx: tx.jobs.add("say", "it", NOW, "it"))
        doing = asyncio.create_task(stores[0].run_anywhere(do))
        assert await asyncio.to_thread(claimed.wait, 60)
        await stores[1].run(plan)
        await doing
        assert len(await stores[1].run_anywhere(lambda tx: tx.jobs.claim(NOW + timedelta(minutes=1), 9))) == 1
    finally:
        for store in stores:
            await store.close()


async def test_what_one_seals_while_the_other_changes_the_keys_is_read(postgres: PostgreSQL) -> None:
    """It is not there to be seen yet, and the key would be gone once it is. SQLite has one writer."""
    url = postgres.new_database()
    who, said = Identity(PLATFORM, "cas"), message(typed("what cas is told"))
    sealed, go_on = threading.Event(), threading.Event()

    def seal(tx: Transaction) -> None:
        tx.inbox.add("x", [Arrival("$late", "!dm", "what cas said")], "c1", NOW)
        tx.posts.add("late", who, said, NOW, confidential=True)
        cast(Tx, tx).db.flush()
        sealed.set()
        assert tx.offload(lambda: go_on.wait(60))

    def turn(tx: Transaction) -> None:
        cast(Tx, tx).envelopes.turn()

    async with contextlib.AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            stores.append(await open_database(url, keys_of(url), stores_of(), answers_within=60))
            stack.push_async_callback(stores[-1].close)
        await stores[0].run(lambda tx: tx.inbox.add("x", [Arrival("$early", "!dm", "before")], "c0", NOW))
        sealing = asyncio.create_task(stores[1].run(seal))
        assert await asyncio.to_thread(sealed.wait, 60)
        await stores[0].run(turn)
        for _ in range(3):
            assert not await stores[0].run(lambda tx: tx.envelopes.leave_old_keys())
        go_on.set()
        await sealing
        assert not await stores[0].run(lambda tx: tx.envelopes.leave_old_keys()), "the keys are still there"
        assert await stores[0].run(lambda tx: tx.envelopes.leave_old_keys())

        def read(tx: Transaction) -> tuple[list[str], Message | None]:
            post = tx.posts.next_for(who, PLATFORM, NOW)
            waits = [arrival.body for arrival in tx.inbox.waiting("x", undecryptable=False)]
            return waits, post.message if post else None

        assert await stores[1].run(read) == (["before", "what cas said"], said)
        assert {name[-1] for name in cast(Any, stores[0])._means.seals.names()} == {"2"}


@pytest.mark.parametrize("secret", [False, True])
async def test_what_was_said_before_undoes_nothing_where_it_is_heard_after(
    towns: Towns, secret: bool
) -> None:
    """One account of Plein's was away with what somebody told it; meanwhile they told the other one."""
    first, second = towns
    if secret:
        await first.say("anna", '!poll open "Geheim?" A | B --anonymous')
    number = 2 if secret else 1
    before = first.asked("ben", f"!vote 1 --poll {number}")
    for town in towns:
        town.clock.turn_to(NOW + timedelta(minutes=10))
    now = second.asked("ben", f"!vote 2 --poll {number}")
    late, meanwhile = replace(before, public=False), replace(now, public=False)
    await second.core.handle(replace(meanwhile, at=NOW + timedelta(minutes=5)))

    def kept(tx: Transaction) -> Sequence[object]:
        statement = select(ballots.c.choices).where(ballots.c.poll == number)
        return cast(Tx, tx).db.execute(statement).scalars()

    stands = await first.core.store.run(kept)
    assert stands
    await first.core.handle(late)
    assert await first.core.store.run(kept) == stands
    await first.core.handle(replace(late, id="later", at=NOW + timedelta(minutes=6)))
    assert await first.core.store.run(kept) != stands


async def test_two_new_people_that_both_hear_in_opposite_orders_are_known_once(postgres: PostgreSQL) -> None:
    """Neither waits for whom the other is about to know while that one waits too. SQLite has one writer."""
    url = postgres.new_database()
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    known = [threading.Event(), threading.Event()]
    names = ("anna", "ben")

    def hear(at: int, tx: Transaction) -> list[int]:
        """First one of them, and once the other process has the other one, that one too."""
        found = {}
        for name in names[:: 1 if at == 0 else -1]:
            who = Identity(PLATFORM, name)
            found[name] = (tx.people.by_identity(who) or tx.people.add(who, name)).id
            known[at].set()
            tx.offload(lambda: known[1 - at].wait(10))
        return [found[name] for name in names]

    async with contextlib.AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            stores.append(await open_database(url, keys_of(url), stores_of(), answers_within=120))
            stack.push_async_callback(stores[-1].close)
        one, other = await asyncio.gather(*(store.run(partial(hear, at)) for at, store in enumerate(stores)))
        assert one == other
        assert len(set(one)) == 2
    while postgres.ask(url, others).strip():
        pass
    assert postgres.ask(url, deadlocks).strip() == "0"

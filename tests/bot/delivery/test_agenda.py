"""What is due is done at its time: never early, never twice, and nothing waits for what fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.call import Call
from bot.clock import Clock, SystemClock
from bot.delivery import agenda as delivery_agenda
from bot.delivery.agenda import BATCH, LOOK_EVERY, Agenda
from bot.errors import UserError
from bot.features.polls.records import POLLS
from bot.model.message import Message, message, typed
from bot.model.people import Identity
from bot.model.work import Job
from bot.ports.storage import Transaction
from storage.tables import posts
from storage.unit import Tx
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import a_poll


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        yield town


class Ran:
    """An agenda with jobs of our own; those in `broken` fail as often as it says."""

    def __init__(self, town: Town, clock: Clock | None = None) -> None:
        self.subjects: list[str] = []
        self.broken: dict[str, list[Exception]] = {}
        self.done = asyncio.Event()
        self._town = town
        self.agenda = Agenda(
            town.core.store,
            clock or town.clock,
            {"test": self._run},
            town.core.dispatch.call_for_nobody,
        )
        town.core.store.on_commit("post", self.done.set)

    def _run(self, call: Call, job: Job) -> None:
        errors = self.broken.get(job.subject, [])
        if job.attempts < len(errors):
            call.tx.places.theme_named(f"half of {job.subject}")
            raise errors[job.attempts]
        self.subjects.append(job.subject)
        call.post(Identity(PLATFORM, "anna"), message(typed("done")), f"test:{job.subject}")

    async def kept(self) -> list[str]:
        """What was done for good: what one that fails undoes of others is done again."""
        asked = select(posts.c.id).where(posts.c.id.startswith("test:")).order_by(posts.c.seq)
        rows = await self._town.core.store.read(lambda tx: cast(Tx, tx).db.execute(asked).scalars())
        return [key.removeprefix("test:") for key in rows]

    async def plan(self, *subjects: str, seconds: float = 0) -> None:
        due = self._town.clock.now() + timedelta(seconds=seconds)

        def plan(tx: Transaction) -> None:
            for subject in subjects:
                tx.jobs.add("test", subject, due)

        await self._town.core.store.run(plan)


async def test_never_early(town: Town) -> None:
    ran = Ran(town)
    await ran.plan("a", seconds=60)
    town.clock.turn(timedelta(seconds=60) - timedelta(microseconds=1))
    await ran.agenda.flush()
    assert ran.subjects == []
    assert not ran.done.is_set()
    town.clock.turn(timedelta(microseconds=1))
    await ran.agenda.flush()
    await ran.agenda.flush()
    assert ran.subjects == ["a"]
    assert ran.done.is_set()


async def test_in_order_of_time(town: Town) -> None:
    ran = Ran(town)
    await ran.plan("last", seconds=3)
    await ran.plan("first", seconds=1)
    await ran.plan("second", "third", seconds=2)
    town.clock.turn(timedelta(hours=1))
    await ran.agenda.flush()
    assert ran.subjects == ["first", "second", "third", "last"]


async def test_more_than_a_batch(town: Town) -> None:
    ran = Ran(town)
    subjects = [str(number) for number in range(2 * BATCH + 7)]
    await ran.plan(*subjects)
    await ran.agenda.flush()
    assert ran.subjects == subjects


@pytest.mark.parametrize("error", [RuntimeError("kapot"), UserError("poll.unknown"), KeyError("x")])
async def test_what_fails_comes_back_and_holds_up_no_other(town: Town, error: Exception) -> None:
    ran = Ran(town)
    ran.broken["b"] = [error, error]
    await ran.plan("a", "b", "c")
    await ran.agenda.flush()
    assert await ran.kept() == ["a", "c"]
    for wait in (32, 64):
        town.clock.turn(timedelta(seconds=wait - 1))
        await ran.agenda.flush()
        assert await ran.kept() == ["a", "c"]
        town.clock.turn(timedelta(seconds=1))
        await ran.agenda.flush()
    assert await ran.kept() == ["a", "c", "b"]


async def test_a_statement_that_cannot_be_holds_up_no_other(town: Town) -> None:
    ran = Ran(town)

    def run(call: Call, job: Job) -> None:
        if job.subject == "b":
            call.tx.of(POLLS).vote(a_poll(999), 999, (), (1,), call.now, None)
        ran.subjects.append(job.subject)

    agenda = Agenda(town.core.store, town.clock, {"test": run}, town.core.dispatch.call_for_nobody)
    await ran.plan("a", "b", "c")
    await agenda.flush()
    town.clock.turn(timedelta(days=1))
    assert await town.core.store.run(
        lambda tx: [job.subject for job in tx.jobs.claim(town.clock.now(), 9)]
    ) == ["b"], "the others are done"


async def test_what_a_failing_job_did_is_undone(town: Town) -> None:
    ran = Ran(town)
    ran.broken["b"] = [RuntimeError("kapot")]
    await ran.plan("b")
    await ran.agenda.flush()
    # Had it been kept, it would have had its number first.
    marker, half = await town.core.store.run(
        lambda tx: [tx.places.theme_named(name).id for name in ("marker", "half of b")]
    )
    assert marker < half


async def test_a_kind_that_nobody_knows_any_more_holds_up_no_other(town: Town) -> None:
    ran = Ran(town)
    await town.core.store.run(lambda tx: tx.jobs.add("of old", "x", town.clock.now()))
    await ran.plan("a")
    await ran.agenda.flush()
    assert ran.subjects == ["a"]


def agenda_of(town: Town, run: Callable[[Call, Job], None]) -> Agenda:
    """With one kind of job, "test"."""
    call = town.core.dispatch.call_for_nobody
    return Agenda(town.core.store, town.clock, {"test": run}, call)


async def test_a_job_may_plan_the_next_and_call_off_another(town: Town) -> None:
    """All of them were claimed together; each has an id of its own."""
    ids: list[tuple[str, str]] = []

    def run(call: Call, job: Job) -> None:
        ids.append((job.subject, call.id))
        if job.subject == "a":
            call.schedule("test", "a", call.now + timedelta(seconds=5))
            call.unschedule("test:b")
            call.schedule("test", "c", call.now + timedelta(seconds=5))

    agenda = Agenda(town.core.store, town.clock, {"test": run}, town.core.dispatch.call_for_nobody)

    def plan(tx: Transaction) -> None:
        for subject in ("a", "b", "c", "d"):
            tx.jobs.add("test", subject, town.clock.now(), f"test:{subject}")

    await town.core.store.run(plan)
    await agenda.flush()
    assert [subject for subject, _ in ids] == ["a", "d"]
    town.clock.turn(timedelta(seconds=5))
    await agenda.flush()
    assert sorted(subject for subject, _ in ids[2:]) == ["a", "c"]
    assert len({what for _, what in ids}) == 4
    assert all(what.startswith("job:") for _, what in ids)


async def test_what_asks_of_one_after_the_other_is_told_of_both(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!help")
    found: list[bool] = []

    def look(call: Call, job: Job) -> None:
        people = [call.tx.people.by_identity(Identity(PLATFORM, name)) for name in ("anna", "ben")]
        found.extend([call.part_of(who.id, 1) is not None for who in people if who])

    agenda = Agenda(
        town.core.store,
        town.clock,
        {"test": look},
        town.core.dispatch.call_for_nobody,
        presences=lambda who, places: town.platform.presence(who, places),
    )
    await town.core.store.run(lambda tx: tx.jobs.add("test", "1", town.clock.now()))
    await asyncio.wait_for(agenda.flush(), 5)
    assert found == [True, True]


async def test_what_is_tried_again_has_the_same_id(town: Town) -> None:
    ids: list[str] = []

    def run(call: Call, job: Job) -> None:
        ids.append(call.id)
        if len(ids) == 1:
            raise RuntimeError("kapot")

    agenda = Agenda(town.core.store, town.clock, {"test": run}, town.core.dispatch.call_for_nobody)
    await Ran(town).plan("a")
    await agenda.flush()
    town.clock.turn(timedelta(days=1))
    await agenda.flush()
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_poll_closes_at_its_time_once(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    town.clock.turn(timedelta(minutes=59, seconds=59))
    await town.core.run_due()
    assert "Peiling 1 sluit" in town.platform.shown[-1].words
    town.clock.turn(timedelta(seconds=1))
    for _ in range(3):
        await town.core.run_due()
    assert [shown.words.split("\n")[0] for shown in town.platform.shown] == ["Wat?", "Gesloten: Wat?"]
    town.clock.turn(timedelta(seconds=2))
    await town.core.run_due()
    assert "Gesloten op" in town.platform.shown[-1].words


async def test_a_poll_that_was_closed_by_hand_is_not_closed_again(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    await town.say("anna", "!poll close --sure")
    town.clock.turn(timedelta(hours=2))
    await town.core.run_due()
    assert len([shown for shown in town.platform.shown if shown.words.startswith("Gesloten")]) == 1


async def test_after_an_outage_it_closes_at_once_and_says_so(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    in_time = town.asked("ben", "!vote 1")
    town.clock.turn(timedelta(days=3))
    await town.core.handle(in_time)
    await town.core.run_due()
    closed = town.platform.shown[-1].words
    assert "A haalt het, met 1 stem." in closed
    assert "maar toen was ik even weg" in closed


async def test_a_little_late_is_not_worth_a_word(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    town.clock.turn(timedelta(hours=1, minutes=5))
    await town.core.run_due()
    assert "even weg" not in town.platform.shown[-1].words


async def test_it_wakes_by_itself(town: Town) -> None:
    ran = Ran(town, SystemClock())
    running = asyncio.create_task(ran.agenda.run())
    try:
        soon = SystemClock().now() + timedelta(seconds=0.2)
        await town.core.store.run(lambda tx: tx.jobs.add("test", "a", soon))
        async with asyncio.timeout(60):
            await ran.done.wait()
        assert SystemClock().now() >= soon
        assert ran.subjects == ["a"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_forgets_by_itself_soon_after_the_start(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_agenda, "FORGETS_AFTER", timedelta())
    old = SystemClock().now() - timedelta(days=91)
    store = town.core.store
    await store.run(lambda tx: tx.handled.add("old", old, Message((typed("old"),)), None))
    running = asyncio.create_task(Ran(town, SystemClock()).agenda.run())
    try:
        async with asyncio.timeout(60):
            while await store.read(lambda tx: tx.handled.answer("old", None)):
                pass
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_is_woken_while_it_looks(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due meanwhile is done at once, not when it next looks by itself."""
    ran, store = Ran(town, SystemClock()), town.core.store
    run, looks, on = store.run_anywhere, asyncio.Semaphore(0), asyncio.Event()

    async def slowly(work: Callable[[Transaction], Any]) -> Any:
        found = await run(work)
        looks.release()
        await on.wait()
        return found

    monkeypatch.setattr(store, "run_anywhere", slowly)
    running = asyncio.create_task(ran.agenda.run())
    try:
        await looks.acquire()  # as it always does at the start
        ran.agenda.wake()
        await looks.acquire()
        await store.run(lambda tx: tx.jobs.add("test", "a", SystemClock().now()))
        ran.agenda.wake()
        on.set()
        async with asyncio.timeout(LOOK_EVERY * 2 / 3):
            await ran.done.wait()
        assert ran.subjects == ["a"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_goes_on_whatever_reading_its_queue_raises(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, soon = Ran(town, SystemClock()), SystemClock().now()
    await town.core.store.run(lambda tx: tx.jobs.add("test", "a", soon))
    looked = asyncio.Event()

    async def broken(*_: object) -> None:
        looked.set()
        raise OverflowError

    monkeypatch.setattr(ran.agenda, "_run_due", broken)
    running = asyncio.create_task(ran.agenda.run())
    async with asyncio.timeout(60):
        await looked.wait()
        monkeypatch.undo()
        ran.agenda.wake()
        await ran.done.wait()
    assert ran.subjects == ["a"]
    running.cancel()
    assert await asyncio.gather(running, return_exceptions=True)

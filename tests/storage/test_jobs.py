"""What is to be done later."""

from __future__ import annotations

from datetime import timedelta

from bot.ports.storage import Transaction
from storage.engines import Database
from tests.chat import NOW

SECOND = timedelta(seconds=1)


async def test_what_is_due_the_earliest_first(store: Database) -> None:
    def work(tx: Transaction) -> None:
        assert tx.jobs.next_due() is None
        for subject, seconds in (("c", 2), ("a", 0), ("b", 0), ("later", 60)):
            tx.jobs.add("test", subject, NOW + seconds * SECOND)
        assert tx.jobs.next_due() == NOW
        assert tx.jobs.claim(NOW - timedelta(microseconds=1), 9) == []
        assert [job.subject for job in tx.jobs.claim(NOW, 9)] == ["a", "b"]
        assert [job.subject for job in tx.jobs.claim(NOW + 2 * SECOND, 2)] == ["a", "b"]
        assert [job.subject for job in tx.jobs.claim(NOW + 2 * SECOND, 9)] == ["a", "b", "c"]

    await store.run(work)


async def test_what_is_done_is_done_and_what_failed_comes_back(store: Database) -> None:
    def work(tx: Transaction) -> None:
        tx.jobs.add("test", "a", NOW)
        tx.jobs.add("test", "b", NOW)
        a, b = tx.jobs.claim(NOW, 9)
        tx.jobs.done(a.id, NOW)
        tx.jobs.later(b.id, NOW + SECOND)
        assert tx.jobs.claim(NOW, 9) == []
        assert tx.jobs.next_due() == NOW + SECOND
        (again,) = tx.jobs.claim(NOW + SECOND, 9)
        assert (again.id, again.kind, again.subject, again.attempts) == (b.id, "test", "b", 1)

    await store.run(work)


async def test_what_is_planned_under_a_key_takes_the_place_of_what_was(store: Database) -> None:
    def work(tx: Transaction) -> None:
        tx.jobs.add("test", "a", NOW, "key")
        (first,) = tx.jobs.claim(NOW, 9)
        tx.jobs.later(first.id, NOW)
        tx.jobs.add("other", "b", NOW + SECOND, "key")
        tx.jobs.add("test", "a", NOW + SECOND, "another")
        assert tx.jobs.next_due() == NOW + SECOND
        assert not tx.jobs.done(first.id, NOW), "it was put off"
        moved, _ = tx.jobs.claim(NOW + SECOND, 9)
        assert (moved.kind, moved.subject, moved.attempts) == ("other", "b", 0)
        assert tx.jobs.done(moved.id, NOW + SECOND)
        assert not tx.jobs.done(moved.id, NOW + SECOND)
        tx.jobs.add("test", "c", NOW + 2 * SECOND, "key")
        assert [job.subject for job in tx.jobs.claim(NOW + 2 * SECOND, 9)] == ["a", "c"]

    await store.run(work)


async def test_what_is_planned_is_not_put_off_by_what_comes_after_it(store: Database) -> None:
    def plan(tx: Transaction) -> None:
        for seconds, subject in ((60, "later"), (10, "soon"), (30, "between")):
            tx.jobs.add("say", subject, NOW + timedelta(seconds=seconds), "it", or_sooner=True)

    await store.run(plan)
    (job,) = await store.run_anywhere(lambda tx: tx.jobs.claim(NOW + timedelta(minutes=5), 9))
    assert (job.subject, job.due_at) == ("between", NOW + timedelta(seconds=10))


async def test_what_is_planned_anew_while_it_is_done_is_done_once_more(store: Database) -> None:
    def do(tx: Transaction) -> None:
        (job,) = tx.jobs.claim(NOW, 9)
        with tx.within(job.community):
            tx.jobs.add("say", "again", NOW + timedelta(seconds=10), "it", or_sooner=True)
            tx.jobs.done(job.id, NOW)

    await store.run(lambda tx: tx.jobs.add("say", "it", NOW, "it"))
    await store.run_anywhere(do)
    (job,) = await store.run_anywhere(lambda tx: tx.jobs.claim(NOW + timedelta(minutes=1), 9))
    assert job.subject == "again"


async def test_what_was_not_done_after_all_is_due_again(store: Database) -> None:
    def work(tx: Transaction) -> None:
        for name in ("a", "b"):
            tx.jobs.add("test", name, NOW, name)
        first, second = tx.jobs.claim(NOW, 9)
        assert tx.jobs.done(first.id, NOW)
        tx.jobs.retry(first.id, NOW + SECOND)
        assert tx.jobs.done(second.id, NOW)
        assert tx.jobs.claim(NOW, 9) == []
        (again,) = tx.jobs.claim(NOW + SECOND, 9)
        assert (again.id, again.attempts) == (first.id, 1)

    await store.run(work)


async def test_what_has_to_wait_again_and_again_says_when_it_was_due(store: Database) -> None:
    """Else whoever waits for a while from then on would wait for ever."""

    def work(tx: Transaction) -> None:
        tx.jobs.add("test", "a", NOW, "key")
        for seconds in range(1, 4):
            (job,) = tx.jobs.claim(NOW + seconds * SECOND, 9)
            assert (job.due_at, job.attempts) == (NOW, seconds - 1)
            tx.jobs.retry(job.id, NOW + (seconds + 1) * SECOND)
        tx.jobs.add("test", "a", NOW + 9 * SECOND, "key")
        (anew,) = tx.jobs.claim(NOW + 9 * SECOND, 9)
        assert (anew.due_at, anew.attempts) == (NOW + 9 * SECOND, 0)

    await store.run(work)


async def test_what_is_called_off_is_not_due(store: Database) -> None:
    def work(tx: Transaction) -> None:
        tx.jobs.add("test", "a", NOW, "key")
        tx.jobs.add("test", "b", NOW, "another")
        called_off, stays = tx.jobs.claim(NOW, 9)
        tx.jobs.remove("key")
        tx.jobs.remove("no such key")
        assert not tx.jobs.done(called_off.id, NOW)
        assert tx.jobs.done(stays.id, NOW)
        tx.jobs.remove("another")
        assert tx.jobs.claim(NOW, 9) == []

    await store.run(work)


async def test_what_is_about_somebody_is_about_who_they_turn_out_to_be(store: Database) -> None:
    def work(tx: Transaction) -> list[str]:
        for number, (kind, subject) in enumerate(
            (("look", "7"), ("look", "3 7"), ("look", "3:7"), ("look", "17"), ("look", "7 3"), ("other", "7"))
        ):
            tx.jobs.add(kind, subject, NOW, str(number))
        tx.jobs.pass_on(("look",), 7, 21)
        return [job.subject for job in tx.jobs.claim(NOW, 9)]

    assert await store.run(work) == ["21", "3 21", "3:21", "17", "7 3", "7"]

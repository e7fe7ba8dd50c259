"""What is still to be said: in order within a place, once, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from typing import cast

import pytest
from sqlalchemy import update

from bot.delivery import outbox, worker
from bot.delivery.outbox import AT_ONCE
from bot.delivery.worker import MOST_OF_A_KIND_A_DAY, PARK_AFTER
from bot.errors import Gone, NotOurs, Refused, StoreFailed, TryLater
from bot.model.message import message, typed
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.tables import posts
from storage.unit import Tx
from tests.doubles.platform import PLATFORM, Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia", "mo")) as town:
        yield town


async def flush(town: Town) -> None:
    await town.core.outbox.worker.flush()


@contextlib.asynccontextmanager
async def working(town: Town) -> AsyncIterator[None]:
    """With the outbox at work in the background."""
    running = asyncio.create_task(town.core.outbox.worker.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_in_order_and_once(town: Town) -> None:
    await town.post("sport", "een", "twee", "drie")
    await town.post("sport", "twee")
    await flush(town)
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee", "drie"]
    assert len(town.platform.tries) == 3


async def test_a_person_and_a_place_of_the_same_name_are_two(town: Town) -> None:
    await town.post("mia", "aan de plek")
    private = message(typed("aan Mia"))
    await town.core.store.run(
        lambda tx: tx.posts.add("p", Identity(PLATFORM, "mia"), private, town.clock.now())
    )
    await flush(town)
    assert [(shown.how, shown.words) for shown in town.platform.shown] == [
        ("send", "aan de plek"),
        ("whisper", "aan Mia"),
    ]


async def test_a_busy_platform_is_given_its_time_and_the_order_holds(town: Town) -> None:
    town.platform.trouble["sport"] = [TryLater(60)]
    await town.post("sport", "een", "twee")
    await town.post("buurt", "hier wel")
    await flush(town)
    assert (town.platform.where("sport"), town.platform.where("buurt")) == ([], ["hier wel"])
    town.clock.turn(timedelta(seconds=59))
    await town.post("sport", "drie")
    await flush(town)
    assert len(town.platform.tries) == 2
    town.clock.turn(timedelta(seconds=1))
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee", "drie"]


async def test_patience_is_no_failure(town: Town) -> None:
    busy: list[Exception] = [TryLater(1) for _ in range(3 * PARK_AFTER)]
    town.platform.trouble["sport"] = [*busy, RuntimeError("kapot")]
    await town.post("sport", "een")
    for _ in busy:
        await flush(town)
        town.clock.turn(timedelta(seconds=1))
    # The first real failure, after all that patience, is the first: it is not set aside for it.
    await flush(town)
    assert town.platform.shown == []
    town.clock.turn(timedelta(seconds=2))
    await flush(town)
    assert town.platform.where("sport") == ["een"]


async def test_a_clock_that_was_ahead_holds_up_nothing_for_as_long(town: Town) -> None:
    """A machine that wakes, or is told the wrong time: what had to wait then waited until tomorrow."""
    await town.joined("sport")
    await flush(town)
    town.clock.turn(timedelta(days=1))
    town.platform.trouble["sport"] = [TryLater(5, unsent=True)]
    await town.post("sport", "one")
    await flush(town)
    town.clock.turn(timedelta(days=-1))
    await town.post("sport", "two")
    await flush(town)
    assert town.platform.where("sport") == ["one", "two"]


async def test_while_a_place_waits_nothing_is_due(town: Town) -> None:
    """Otherwise the worker would look again and again as fast as it can."""
    town.platform.trouble["sport"] = [TryLater(60)]
    await town.post("sport", "een")
    town.clock.turn(timedelta(seconds=1))
    await town.post("sport", "twee")
    await flush(town)

    async def due() -> list[object]:
        now = town.clock.now()
        return list(await town.core.store.run(lambda tx: tx.posts.due(PLATFORM, now, 9)))

    assert await due() == []
    next_at = await town.core.store.run(lambda tx: tx.posts.next_try([PLATFORM], town.clock.now()))
    assert next_at == town.clock.now() + timedelta(seconds=60)
    town.clock.turn_to(next_at)
    assert len(await due()) == 1


async def test_what_fails_is_tried_again_with_growing_pauses_then_set_aside(town: Town) -> None:
    town.platform.trouble["sport"] = [RuntimeError("kapot") for _ in range(PARK_AFTER)]
    await town.post("sport", "een", "twee")
    waited = []
    while town.platform.trouble["sport"]:
        before = len(town.platform.tries)
        await flush(town)
        assert len(town.platform.tries) == before + 1 or not town.platform.trouble["sport"]
        due = await town.core.store.run(lambda tx: tx.posts.next_try([PLATFORM], town.clock.now()))
        if town.platform.trouble["sport"]:
            assert due
            waited.append((due - town.clock.now()).total_seconds())
            town.clock.turn_to(due)
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    # The next one goes on, and the moderators are told once each.
    await flush(town)
    assert town.platform.where("sport") == ["twee"]
    for moderator in ("mia", "mo"):
        (told,) = town.platform.where(moderator)
        assert "sport kon niet bezorgd worden (RuntimeError)" in told
    # Nothing is deleted.
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == [("post:sport:een", "RuntimeError")]


async def test_a_place_that_is_gone_is_told_to_the_moderators_at_once(town: Town) -> None:
    town.platform.trouble["sport"] = [Gone("weg")]
    await town.post("sport", "een", "twee")
    await flush(town)
    await flush(town)
    assert town.platform.where("sport") == ["twee"]
    assert ["kon niet bezorgd worden (weg)" in words for words in town.platform.where("mia")] == [True]


async def test_a_person_who_is_gone_is_nobodys_business(town: Town) -> None:
    town.platform.trouble["ben"] = [Gone("weg")]
    said = message(typed("aan Ben"))
    await town.core.store.run(lambda tx: tx.posts.add("p", Identity(PLATFORM, "ben"), said, town.clock.now()))
    await flush(town)
    assert town.platform.shown == []
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == [("p", "weg")]


async def test_a_second_try_has_the_same_key_and_says_when_the_first_was(town: Town) -> None:
    """Nobody knows whether the first arrived; the adapter can find out."""
    started = town.clock.now()
    town.platform.trouble["sport"] = [TimeoutError()]
    await town.post("sport", "een")
    await flush(town)
    town.clock.turn(timedelta(minutes=1))
    await flush(town)
    first, second = town.platform.tries
    assert (first.key, first.tried_at) == ("post:sport:een", None)
    assert (second.key, second.tried_at) == ("post:sport:een", started)


async def test_a_slow_place_holds_up_no_other(town: Town) -> None:
    town.platform.held["traag"] = asyncio.Event()
    await town.post("traag", "een", "twee")
    async with working(town):
        await town.post("vlug", "een", "twee")
        town.core.outbox.worker.wake()
        await town.platform.until(lambda: town.platform.where("vlug") == ["een", "twee"])
        assert town.platform.where("traag") == []
        town.platform.held["traag"].set()
        await town.platform.until(lambda: town.platform.where("traag") == ["een", "twee"])


async def test_stopped_halfway_nothing_is_lost(town: Town) -> None:
    town.platform.held["sport"] = asyncio.Event()
    await town.post("sport", "een", "twee")
    async with working(town):
        await town.platform.until(lambda: bool(town.platform.tries))
    town.platform.held.clear()
    await flush(town)
    assert town.platform.where("sport") == ["een", "twee"]


# --- the three ways of saying no ---


async def test_what_is_refused_waits_and_nobody_is_told(town: Town) -> None:
    town.platform.trouble["sport"] = [Refused("power levels") for _ in range(3 * PARK_AFTER)]
    await town.post("sport", "een")
    waited = []
    while town.platform.trouble["sport"]:
        await flush(town)
        due = await town.core.store.run(lambda tx: tx.posts.next_try([PLATFORM], town.clock.now()))
        assert due
        waited.append((due - town.clock.now()).total_seconds())
        town.clock.turn_to(due)
    assert waited[:5] == [2, 2, 4, 8, 16]
    assert max(waited) == waited[-1] == 3600
    await flush(town)
    assert town.platform.where("sport") == ["een"]
    assert town.platform.where("mia") == []
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == []


async def test_where_something_changed_it_is_tried_at_once(town: Town) -> None:
    for room in ("sport", "buurt"):
        town.platform.trouble[room] = [Refused("power levels"), Refused("power levels")]
        await town.post(room, "een")
    for _ in range(2):
        await flush(town)
        town.clock.turn(timedelta(seconds=2))
    town.clock.turn(timedelta(seconds=-1))
    await flush(town)
    assert len(town.platform.tries) == 4
    await town.core.retry(PLATFORM, Place(PLATFORM, "sport"))
    await flush(town)
    assert (town.platform.where("sport"), town.platform.where("buurt")) == (["een"], [])
    await town.core.retry(PLATFORM)
    await flush(town)
    assert town.platform.where("buurt") == ["een"]


async def test_what_is_another_accounts_is_left_to_it(town: Town) -> None:
    town.platform.trouble["sport"] = [NotOurs("not in that room")]
    await town.post("sport", "een")
    await flush(town)
    town.clock.turn(timedelta(minutes=59))
    await flush(town)
    assert len(town.platform.tries) == 1
    town.clock.turn(timedelta(minutes=1))
    await flush(town)
    assert town.platform.where("sport") == ["een"]
    assert town.platform.where("mia") == []


async def test_a_database_that_is_away_is_no_fault_of_the_posts(town: Town) -> None:
    """An adapter asks the core for voices and files while it shows something."""
    town.platform.trouble["sport"] = [StoreFailed("away")]
    await town.post("sport", "een")
    with pytest.raises(StoreFailed):
        await flush(town)
    await flush(town)
    assert town.platform.where("sport") == ["een"]


# --- how many at a time ---


async def test_never_more_than_so_many_are_under_way(town: Town) -> None:
    people = [Identity(PLATFORM, f"r{number}") for number in range(3 * AT_ONCE)]
    greeting = message(typed("dag"))

    def post(tx: Transaction) -> None:
        for who in people:
            tx.posts.add(who.user_id, who, greeting, town.clock.now())

    town.platform.held = {who.user_id: asyncio.Event() for who in people}
    await town.core.store.run(post)
    async with working(town):
        await town.platform.until(lambda: len(town.platform.tries) == AT_ONCE)
        for event in town.platform.held.values():
            event.set()
        await town.platform.until(lambda: len(town.platform.shown) == len(people))
    assert town.platform.most_under_way == AT_ONCE <= 32


async def test_a_homeserver_that_hangs_holds_up_nobody_else(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SLOW_AFTER", 0.01)
    sick = [f"ziek{number}" for number in range(2 * AT_ONCE)]
    town.platform.held = {room: asyncio.Event() for room in sick}
    for room in (*sick, "gezond"):
        await town.post(room, "een", "twee")
    async with working(town):
        await town.platform.until(lambda: town.platform.where("gezond") == ["een", "twee"])
        assert {shown.where for shown in town.platform.shown} == {"gezond"}


async def test_what_takes_too_long_is_given_up_for_now(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LONGEST_DELIVERY", 0.01)
    town.platform.held["sport"] = asyncio.Event()
    await town.post("sport", "een")
    await flush(town)
    town.platform.held.clear()
    await flush(town)
    assert town.platform.shown == []
    town.clock.turn(timedelta(seconds=2))
    await flush(town)
    assert town.platform.where("sport") == ["een"]


async def test_ten_thousand_people_hold_up_nobody(town: Town) -> None:
    """The loop is never held for long, and others are answered meanwhile."""
    people = [Identity(PLATFORM, f"r{number}") for number in range(10_000)]
    greeting = message(typed("dag"))
    await town.joined("sport")
    await town.say("anna", '!poll open "Wat?" A | B')

    def post(some: Sequence[Identity], tx: Transaction) -> None:
        for who in some:  # without looking up for each which account is to write to them
            tx.posts.add(who.user_id, who, greeting, town.clock.now(), account=PLATFORM)

    for start in range(0, len(people), 1_000):  # a busy machine gives up a call that takes too long
        await town.core.store.run(partial(post, people[start : start + 1_000]))
    tasks = 0
    async with working(town):
        await town.platform.until(lambda: len(town.platform.shown) > 100)
        for number in range(50):
            assert await town.say(f"b{number}", "!vote 1")
            tasks = max(tasks, len(asyncio.all_tasks()))
    assert tasks < AT_ONCE + 20
    assert len(town.platform.shown) < len(people)


# --- another wanted state ---


POST = "post-1"


async def change(town: Town, *words: str, room: str = "sport") -> None:
    """Post it, or change what it says."""

    def work(tx: Transaction) -> None:
        now = town.clock.now()
        for number, words_ in enumerate(words):
            said = message(typed(words_))
            if number or town.platform.tries:
                tx.posts.change(POST, said, now)
            else:
                tx.posts.add(POST, Place(PLATFORM, room), said, now)

    await town.core.store.run(work)


async def withdraw(town: Town) -> None:
    await town.core.store.run(lambda tx: tx.posts.withdraw(POST, town.clock.now()))


def said(town: Town) -> list[tuple[str, str]]:
    return [(shown.how, shown.words) for shown in town.platform.shown if shown.where == "sport"]


async def test_a_post_changed_before_it_went_out_is_said_once(town: Town) -> None:
    await change(town, "om acht uur", "om negen uur")
    await flush(town)
    assert said(town) == [("send", "om negen uur")]


async def test_a_post_changed_afterwards_is_edited(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    await change(town, "om negen uur", "om tien uur")
    await flush(town)
    await flush(town)
    assert said(town) == [("send", "om acht uur"), ("edit", "om tien uur")]
    stands = await town.core.message_at(PLATFORM, f"${POST}")
    assert stands
    assert stands.lines == (typed("om tien uur"),)


async def test_posting_it_again_changes_nothing(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    again = message(typed("om negen uur"))
    await town.core.store.run(
        lambda tx: tx.posts.add(POST, Place(PLATFORM, "sport"), again, town.clock.now())
    )
    await flush(town)
    assert said(town) == [("send", "om acht uur")]


async def test_changed_while_it_is_on_its_way(town: Town) -> None:
    """What is under way arrives as it was, and is put right."""
    town.platform.held["sport"] = asyncio.Event()
    await change(town, "om acht uur")
    async with working(town):
        await town.platform.until(lambda: bool(town.platform.tries))
        await change(town, "om negen uur")
        await change(town, "om tien uur")
        town.platform.held["sport"].set()
        await town.platform.until(lambda: len(town.platform.shown) == 2)
    assert said(town) == [("send", "om acht uur"), ("edit", "om tien uur")]


async def test_changed_while_nobody_knows_whether_it_arrived(town: Town) -> None:
    """It is said again under its key, as it was, so that it is found; then it is changed."""
    town.platform.trouble["sport"] = [TimeoutError()]
    await change(town, "om acht uur")
    await flush(town)
    await change(town, "om negen uur")
    town.clock.turn(timedelta(seconds=2))
    await flush(town)
    first, again, edit = town.platform.tries
    assert first.key == again.key != edit.key
    assert (first.words, again.words, edit.words) == ("om acht uur", "om acht uur", "om negen uur")


async def test_a_change_that_fails_is_tried_again_under_the_same_key(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    town.platform.trouble["sport"] = [TimeoutError()]
    await change(town, "om negen uur")
    await flush(town)
    town.clock.turn(timedelta(seconds=2))
    await flush(town)
    _, first, again = town.platform.tries
    assert first.key == again.key
    assert said(town) == [("send", "om acht uur"), ("edit", "om negen uur")]


async def test_a_post_that_can_no_longer_be_edited_is_said_anew(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    town.platform.uneditable = {f"${POST}"}
    await change(town, "om negen uur")
    await flush(town)
    await change(town, "om tien uur")
    await flush(town)
    assert said(town) == [("send", "om acht uur"), ("send", "om negen uur"), ("edit", "om tien uur")]


async def test_withdrawn_before_it_went_out_it_is_never_said(town: Town) -> None:
    await change(town, "om acht uur")
    await withdraw(town)
    await flush(town)
    assert town.platform.tries == []


async def test_withdrawn_afterwards_it_is_taken_away_once(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    await withdraw(town)
    await withdraw(town)
    await change(town, "om negen uur")
    await flush(town)
    await flush(town)
    assert said(town) == [("send", "om acht uur"), ("retract", f"${POST}")]
    assert await town.core.message_at(PLATFORM, f"${POST}") is None


async def test_withdrawn_while_it_is_on_its_way(town: Town) -> None:
    town.platform.held["sport"] = asyncio.Event()
    await change(town, "om acht uur")
    async with working(town):
        await town.platform.until(lambda: bool(town.platform.tries))
        await withdraw(town)
        town.platform.held["sport"].set()
        await town.platform.until(lambda: len(town.platform.shown) == 2)
    assert said(town) == [("send", "om acht uur"), ("retract", f"${POST}")]


async def test_a_withdrawal_that_fails_is_tried_again(town: Town) -> None:
    await change(town, "om acht uur")
    await flush(town)
    await withdraw(town)
    town.platform.trouble["sport"] = [Refused("no"), TimeoutError()]
    for _ in range(3):
        await flush(town)
        town.clock.turn(timedelta(hours=1))
    assert said(town) == [("send", "om acht uur"), ("retract", f"${POST}")]


async def test_stopped_at_any_moment_the_wanted_state_comes_true(town: Town) -> None:
    """The worker is cut off in the midst of saying, changing and taking away."""
    await change(town, "om acht uur")
    steps = (partial(change, town, "om negen uur"), partial(withdraw, town))
    for then in steps:
        town.platform.held["sport"] = asyncio.Event()
        before = len(town.platform.tries)
        async with working(town):
            await town.platform.until(lambda before=before: len(town.platform.tries) > before)  # type: ignore[misc]
        town.platform.held.clear()
        await flush(town)
        await then()
    await flush(town)
    assert said(town) == [
        ("send", "om acht uur"),
        ("edit", "om negen uur"),
        ("retract", f"${POST}"),
    ]


async def test_whoever_takes_away_places_has_moderators_told_of_so_many_a_day(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        for day in (1, 2):
            rooms = [f"room{day}{number}" for number in range(MOST_OF_A_KIND_A_DAY + 3)]
            for room in rooms:
                await town.joined(room, theme=room)
                town.platform.trouble[room] = [Gone("weg") for _ in range(2)]
                await town.post(room, "een", "twee")
            for _ in range(3):
                await flush(town)
            told = [words for words in town.platform.where("mia") if "kon niet bezorgd worden" in words]
            assert len(told) == day * MOST_OF_A_KIND_A_DAY
            town.clock.turn(timedelta(days=1))


async def test_the_log_says_nothing_of_whom_it_is_for(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Whose answer in an anonymous poll could not be said is whoever took part in it."""
    caplog.set_level("INFO")
    town.platform.trouble["ben"] = [Refused("closed")] * (PARK_AFTER + 1)
    private = message(typed("je stem is binnen"))
    await town.core.store.run(
        lambda tx: tx.posts.add("secret:poll-1:2", Identity(PLATFORM, "ben"), private, town.clock.now())
    )
    await flush(town)
    assert "Not now, secret, to one person: closed" in caplog.text
    assert "poll-1" not in caplog.text


async def test_what_cannot_be_read_is_set_aside_and_all_else_is_said(town: Town) -> None:
    await town.post("sport", "een", "twee")
    await town.post("buurt", "hier wel")
    spoil = update(posts).where(posts.c.id == "post:sport:een").values(message='{"blocks":[{}]}')
    await town.core.store.run(lambda tx: cast(Tx, tx).db.execute(spoil))
    async with working(town):
        await town.platform.until(lambda: town.platform.where("sport") == ["twee"])
    assert town.platform.where("buurt") == ["hier wel"]
    parked = await town.core.store.run(lambda tx: tx.posts.parked())
    assert parked == [("post:sport:een", "it cannot be read")]

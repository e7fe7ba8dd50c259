"""Which state each place shows, and which there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select

from bot.model.message import message, typed
from bot.model.people import Identity, Place
from bot.model.work import Board
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.tables import subjects
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.places import served

HERE, THERE, LATER = Place("a", "here"), Place("b", "there"), Place("a", "later")
SHOWN = message(typed("as it was"))
SECOND = timedelta(seconds=1)


def opened(tx: Transaction) -> int:
    theme = served(tx, HERE, THERE)
    tx.boards.open("poll:1", theme, [HERE, THERE])
    return theme


def behind(tx: Transaction, *accounts: str, at: datetime = NOW) -> list[Board]:
    return [board for account in accounts for board in tx.boards.stale(account, at, 9)]


def stale(tx: Transaction, *, after: int = 0) -> list[Place]:
    return [board.place for board in behind(tx, "a", "b", at=NOW + after * SECOND)]


async def test_a_board_is_behind_until_it_was_shown(store: Database) -> None:
    def work(tx: Transaction) -> None:
        opened(tx)
        assert stale(tx) == [HERE, THERE]
        assert [board.place for board in behind(tx, "b")] == [THERE]
        here, _ = behind(tx, "a", "b")
        assert (here.ref, here.attempts, here.tried_at) == ((), 0, None)
        tx.boards.shown(here, ("$1",), SHOWN, NOW + 2 * SECOND)
        assert stale(tx, after=9) == [THERE]
        # The next state waits for the interval; two changes in one transaction are one state.
        tx.boards.mark("poll:1")
        tx.boards.mark("poll:1")
        assert stale(tx, after=1) == [THERE]
        assert stale(tx, after=2) == [HERE, THERE]
        assert tx.boards.next_try(["a"], NOW) == NOW + 2 * SECOND
        (again,) = behind(tx, "a", at=NOW + 2 * SECOND)
        assert (again.ref, again.version, again.key) == (("$1",), here.version + 1, here.key)

    await store.run(work)


async def test_those_that_show_the_newest_are_looked_at_no_more(store: Database) -> None:
    """However many there are; and each that falls behind again is."""

    def some_behind(tx: Transaction) -> bool:
        kept = select(subjects.c.behind).where(subjects.c.subject == "poll:1")
        return bool(cast(Tx, tx).db.execute(kept).scalar_one())

    def work(tx: Transaction) -> None:
        theme = opened(tx)
        here, there = behind(tx, "a", "b")
        tx.boards.shown(here, ("$1",), SHOWN, NOW)
        assert some_behind(tx), "it is not shown there yet"
        tx.boards.shown(there, ("$1",), SHOWN, NOW)
        assert not some_behind(tx)
        tx.boards.mark("poll:1")
        assert some_behind(tx)
        for board in behind(tx, "a", "b"):
            tx.boards.shown(board, ("$1",), SHOWN, NOW)
        tx.boards.show_open(theme, LATER)
        assert some_behind(tx)
        tx.boards.drop("poll:1", LATER)
        assert not some_behind(tx)
        tx.places.bind(HERE, theme, "here", None, "a")
        tx.places.move(HERE, LATER)
        assert stale(tx) == [LATER], "in a new room it is a new message"
        (later,) = behind(tx, "a")
        tx.boards.shown(later, ("$2",), SHOWN, NOW)
        assert not some_behind(tx)
        tx.places.bind(LATER, theme, "later", None, "c")
        assert [board.place for board in behind(tx, "c")] == [LATER], "no account edits another's"

    await store.run(work)


async def test_a_change_while_it_is_being_shown_is_still_behind(store: Database) -> None:
    def work(tx: Transaction) -> None:
        opened(tx)
        here, _ = behind(tx, "a", "b")
        tx.boards.mark("poll:1")
        tx.boards.shown(here, ("$1",), SHOWN, NOW)
        assert HERE in stale(tx)

    await store.run(work)


async def test_what_failed_waits_and_counts(store: Database) -> None:
    def work(tx: Transaction) -> None:
        opened(tx)
        here, _ = behind(tx, "a", "b")
        tx.boards.tried([here], NOW)
        tx.boards.tried([here], NOW + SECOND)
        tx.boards.later(here, NOW + 4 * SECOND, failed=True)
        assert stale(tx, after=3) == [THERE]
        (here,) = behind(tx, "a", at=NOW + 4 * SECOND)
        assert (here.attempts, here.tried_at) == (1, NOW)
        tx.boards.later(here, NOW + 8 * SECOND, failed=False)
        (here,) = behind(tx, "a", at=NOW + 8 * SECOND)
        assert here.attempts == 1
        tx.boards.shown(here, ("$1",), SHOWN, NOW)
        tx.boards.mark("poll:1")
        (here,) = behind(tx, "a")
        assert here.attempts == 0

    await store.run(work)


async def test_every_new_message_has_a_key_of_its_own(store: Database) -> None:
    def work(tx: Transaction) -> None:
        theme = opened(tx)
        keys = []
        for _ in range(3):
            (here,) = behind(tx, "a")
            assert here.ref == ()
            keys.append(here.key)
            tx.boards.tried([here], NOW)
            tx.boards.shown(here, ("$1",), SHOWN, NOW)
            tx.boards.mark("poll:1")
            (here,) = behind(tx, "a")
            tx.boards.shown(here, (), SHOWN, NOW)
            (here,) = behind(tx, "a")
            assert (here.ref, here.tried_at) == ((), None)
            keys.append(here.key)
            tx.boards.shown(here, ("$2",), SHOWN, NOW)
            tx.boards.mark("poll:1")
            tx.boards.drop("poll:1", HERE)
            assert HERE not in stale(tx)
            tx.boards.show_open(theme, HERE)
        assert len(set(keys)) == 6

    await store.run(work)


async def test_new_places_show_what_is_open(store: Database) -> None:
    def work(tx: Transaction) -> None:
        theme = opened(tx)
        tx.boards.open("poll:2", theme, [])
        tx.boards.open("poll:3", tx.places.theme_named("other").id, [])
        tx.boards.open("poll:4", theme, [], lasting=False)
        tx.boards.end("poll:1")
        served(tx, LATER)
        for _ in range(2):
            tx.boards.show_open(theme, LATER)
        assert [(b.subject, b.place) for b in behind(tx, "a")] == [
            ("poll:1", HERE),
            ("poll:2", LATER),
        ]

    await store.run(work)


async def test_every_place_of_the_theme_shows_what_is_opened(store: Database) -> None:
    def work(tx: Transaction) -> None:
        theme = served(tx, HERE, THERE)
        served(tx, LATER, theme="other")
        for subject in ("poll:1", "poll:2"):
            tx.boards.open(subject, theme)
        assert [(b.subject, b.place) for b in behind(tx, "a", "b")] == [
            ("poll:1", HERE),
            ("poll:2", HERE),
            ("poll:1", THERE),
            ("poll:2", THERE),
        ]

    await store.run(work)


async def test_the_message_behind_a_reference(store: Database) -> None:
    def work(tx: Transaction) -> None:
        opened(tx)
        here, _ = behind(tx, "a", "b")
        tx.boards.shown(here, ("$1", "$1-poll"), SHOWN, NOW)
        assert [tx.boards.message_at("a", ref) for ref in ("$1", "$1-poll")] == [SHOWN] * 2
        assert tx.boards.message_at("b", "$1") is None
        tx.boards.drop("poll:1", HERE)
        assert tx.boards.message_at("a", "$1") is None

    await store.run(work)


async def test_opened_twice_is_opened_once(store: Database) -> None:
    def work(tx: Transaction) -> None:
        theme = opened(tx)
        for board in behind(tx, "a", "b"):
            tx.boards.shown(board, ("$1",), SHOWN, NOW)
        served(tx, LATER)
        tx.boards.open("poll:1", theme, [HERE, THERE, LATER])
        assert stale(tx) == [LATER]
        assert tx.boards.message_at("a", "$1") == SHOWN

    await store.run(work)


async def test_no_limit_leaves_out_anybodys(store: Database) -> None:
    """Of each place first, and there of each opener, the board that has waited longest."""

    def work(tx: Transaction) -> None:
        theme, other = served(tx, HERE), served(tx, LATER, theme="other")
        anna, ben = (tx.people.add(Identity("a", name), name).id for name in ("anna", "ben"))
        for number in range(10, 20):
            tx.boards.open(f"poll:{number}", theme, [HERE], anna)
        tx.boards.open("poll:20", theme, [HERE], ben)
        tx.boards.open("poll:30", other, [LATER], anna)
        for number, board in enumerate(tx.boards.stale("a", NOW, 99)):
            tx.boards.shown(board, (f"${number}",), SHOWN, NOW - int(board.subject[5:]) * SECOND)
            tx.boards.mark(board.subject)
        found = tx.boards.stale("a", NOW, 4)
        assert [(board.subject, board.opener) for board in found] == [
            ("poll:30", anna),
            ("poll:20", ben),
            ("poll:19", anna),
            ("poll:18", anna),
        ]

    await store.run(work)

"""What nobody needs any more is forgotten, at its time and not a moment before; the rest never."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.features.polls.records import POLLS
from bot.model.events import Arrival
from bot.model.message import Message, message, typed
from bot.model.people import Identity, Place
from bot.model.work import Receipt
from bot.ports.storage import Transaction
from storage import deserted, retention, shares
from storage.engines import Database
from storage.residents.links import wrong_codes
from storage.retention import PAGE, RULES
from storage.shares import MOST, SHARES, keep_shares
from storage.tables import handled, posts
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.places import served
from tests.doubles.platform import PLATFORM, open_town

DOCS = Path(__file__).parents[2] / "docs"
HERE, THERE = Place("a", "here"), Place("a", "there")
ANNA, BEN = Identity("a", "anna"), Identity("a", "ben")
HELLO = message(typed("hello"))
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


def db(tx: Transaction) -> Any:
    return cast(Tx, tx).db


def answer(tx: Transaction, name: str) -> Message | None:
    return tx.handled.answer(name, None)


def say(tx: Transaction, name: str, at: datetime, *, sent: bool = True) -> None:
    tx.posts.add(name, HERE, HELLO, at)
    if sent:
        (post,) = [post for post in tx.posts.due("a", at, 9) if post.id == name]
        tx.posts.shown(post, Receipt((f"${name}", f"${name}-poll")), at)


async def test_answers_for_ninety_days(store: Database) -> None:
    for name, at in (("old", NOW - MOMENT), ("young", NOW)):
        await store.run(lambda tx, name=name, at=at: tx.handled.add(name, at, HELLO, None))  # type: ignore[misc]
    await store.forget(NOW + 90 * DAY)
    assert await store.read(lambda tx: [answer(tx, name) for name in ("old", "young")]) == [None, HELLO]
    found = await store.read(lambda tx: tx.handled.recognise("old", BEN, None))
    assert found.answer is None


async def test_of_so_many_answers_the_latest(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much somebody asks: what is kept of it does not grow for ninety days."""
    rules = [replace(rule, most=(10, rule.most[1])) if rule.most else rule for rule in RULES]
    monkeypatch.setattr(retention, "RULES", rules)

    def ask(tx: Transaction) -> None:
        for number in range(100):
            tx.handled.add(f"{number}", NOW + number * MOMENT, HELLO, None)

    await store.run(ask)
    await store.forget(NOW + DAY)
    kept = await store.read(lambda tx: [answer(tx, f"{number}") is not None for number in range(100)])
    assert kept == [False] * 90 + [True] * 10


async def test_what_one_account_asks_pushes_out_nobody_elses(store: Database) -> None:
    """Of its own the newest stay, in whichever community it was."""
    other = await store.run_anywhere(lambda tx: tx.communities.add("Other"))

    def ask(tx: Transaction) -> None:
        for number in range(100):
            at = NOW + number * MOMENT
            tx.handled.add(f"{tx.community} {number}", at, HELLO, None, author=ANNA)
        tx.handled.add(f"{tx.community} ben", NOW - DAY, HELLO, None, author=BEN)
        tx.handled.add(f"{tx.community} nobody", NOW - DAY, HELLO, None)

    await store.run(ask, community=other)
    await store.run(ask)
    await keep_shares(store, 20)

    def kept(tx: Transaction) -> list[int]:
        assert answer(tx, f"{tx.community} ben") == answer(tx, f"{tx.community} nobody") == HELLO
        return [number for number in range(100) if answer(tx, f"{tx.community} {number}")]

    for whose in (1, other):
        assert await store.run(kept, community=whose) == [*range(90, 100)]


async def test_what_one_account_is_told_in_private_has_a_bound(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was said, or never can be; what waits is said, however much of it there is."""
    monkeypatch.setattr(shares, "PAGE", 7)

    def tell(tx: Transaction) -> None:
        for number in range(60):
            for whom in (ANNA, BEN) if number < 5 else (ANNA,):
                name = f"{whom.user_id} {number}"
                tx.posts.add(name, whom, HELLO, NOW, account="a")
                (post,) = tx.posts.due("a", NOW, 9)
                if number % 2:
                    tx.posts.shown(post, Receipt((f"${name}",)), NOW + number * MOMENT)
                else:
                    tx.posts.tried([name], NOW + number * MOMENT)
                    tx.posts.park(name, "gone")
            tx.posts.add(f"here {number}", HERE, HELLO, NOW, account="b")
        for number in range(60, 90):
            tx.posts.add(f"anna {number}", ANNA, HELLO, NOW, account="a")

    def kept(tx: Transaction) -> list[str]:
        found = db(tx).execute(select(posts.c.id).order_by(posts.c.seq)).scalars()
        return [*found]

    await store.run(tell)
    before = await store.run(kept)
    await keep_shares(store, 20)
    gone = {f"anna {number}" for number in range(40)}
    assert await store.run(kept) == [name for name in before if name not in gone]
    # With them go the references to them.
    await store.forget(NOW)
    assert await store.read(lambda tx: tx.posts.message_at("a", "$anna 1")) is None
    assert await store.read(lambda tx: tx.posts.message_at("a", "$anna 59")) == HELLO


async def test_of_what_was_said_within_one_day_as_much_is_kept(store: Database) -> None:
    """Of what is nobody else's business it is not kept when within a day it was said."""

    def tell(tx: Transaction) -> None:
        for number in range(30):
            name = f"anna {number}"
            tx.posts.add(name, ANNA, HELLO, NOW, account="a", confidential=True)
            (post,) = tx.posts.due("a", NOW, 9)
            tx.posts.shown(post, Receipt((f"${name}",)), NOW + number * MOMENT)

    def kept(tx: Transaction) -> list[str]:
        return [row.id for row in db(tx).execute(select(posts.c.id).order_by(posts.c.seq))]

    await store.run(tell)
    await keep_shares(store, 20)
    assert await store.run(kept) == [f"anna {number}" for number in range(10, 30)]


async def test_what_was_said_for_a_year_with_its_references(store: Database) -> None:
    await store.run(partial(say, name="old", at=NOW - MOMENT))
    await store.run(partial(say, name="young", at=NOW))
    await store.forget(NOW + 365 * DAY)

    def stands(tx: Transaction) -> list[Message | None]:
        refs = ("$old", "$old-poll", "$young", "$young-poll")
        return [tx.posts.message_at("a", ref) for ref in refs]

    assert await store.read(stands) == [None, None, HELLO, HELLO]
    # Said under the same name again, and found under the same references.
    await store.run(partial(say, name="old", at=NOW))
    assert await store.read(stands) == [HELLO] * 4


async def test_what_still_waits_or_was_set_aside_is_kept_for_ever(store: Database) -> None:
    def add(tx: Transaction) -> None:
        say(tx, "aside", NOW, sent=False)
        tx.posts.park("aside", "gone")
        say(tx, "waits", NOW, sent=False)
        tx.jobs.add("test", "waits", NOW)
        tx.inbox.add("me", [], "how far", NOW)

    await store.run(add)
    await store.forget(NOW + 3650 * DAY)

    def look(tx: Transaction) -> None:
        post = tx.posts.next_for(HERE, "a", NOW)
        assert post
        assert post.id == "waits"
        assert tx.posts.parked() == [("aside", "gone")]
        assert [job.subject for job in tx.jobs.claim(NOW, 9)] == ["waits"]
        assert tx.inbox.cursors("me") == {"": "how far"}

    await store.run(look)


async def test_what_never_came_to_a_person_for_ninety_days(store: Database) -> None:
    def add(tx: Transaction) -> None:
        for name in ("old", "young"):
            at = NOW if name == "young" else NOW - MOMENT
            tx.posts.add(name, BEN, HELLO, at)
            tx.posts.tried([name], at)
            tx.posts.park(name, "they take none")

    await store.run(add)
    await store.forget(NOW + 90 * DAY)
    assert await store.read(lambda tx: tx.posts.parked()) == [("young", "they take none")]


async def test_what_quotes_somebody_and_could_not_be_said_for_thirty_days(store: Database) -> None:
    def add(tx: Transaction) -> None:
        for name, at, quotes in (
            ("old", NOW - MOMENT, True),
            ("young", NOW, True),
            ("result", NOW - MOMENT, False),
        ):
            tx.posts.add(name, Identity("a", name), HELLO, at, confidential=quotes)
            tx.posts.tried([name], at)

    await store.run(add)
    await store.forget(NOW + 30 * DAY)
    waits = await store.read(lambda tx: [post.id for post in tx.posts.due("a", NOW + 30 * DAY, 9)])
    assert sorted(waits) == ["result", "young"]


async def test_what_stands_on_a_board_as_long_as_the_board(store: Database) -> None:
    def show(tx: Transaction) -> None:
        tx.boards.open("poll:1", served(tx, HERE, THERE), [HERE, THERE])
        for board in tx.boards.stale("a", NOW, 9):
            tx.boards.shown(board, (f"${board.place.room_id}",), HELLO, NOW)
        tx.boards.drop("poll:1", THERE)

    def open_again(tx: Transaction) -> list[Message | None]:
        """Had the reference been kept, it would lead to the new board."""
        tx.boards.show_open(tx.places.theme_named("sport").id, THERE)
        (board,) = tx.boards.stale("a", NOW, 9)
        tx.boards.shown(board, ("$new",), HELLO, NOW)
        return [tx.boards.message_at("a", ref) for ref in ("$here", "$there", "$new")]

    await store.run(show)
    await store.forget(NOW + 3650 * DAY)
    assert await store.run(open_again) == [HELLO, None, HELLO]


async def test_what_nobody_dealt_with_for_a_month(store: Database) -> None:
    """Of an account that comes back within that time nothing is lost, however much others forget."""

    def bring(tx: Transaction) -> None:
        for account in ("gone", "away"):
            for name, at in (("old", NOW - MOMENT), ("young", NOW)):
                tx.inbox.add(account, [Arrival(name, "room", name)], name, at)
            sealed = Arrival("sealed", "room", "?", undecryptable=True)
            tx.inbox.add(account, [sealed], "sealed", NOW - MOMENT)

    def waiting(tx: Transaction) -> list[list[str]]:
        return [
            [arrival.id for kind in (False, True) for arrival in tx.inbox.waiting(account, kind)]
            for account in ("gone", "away")
        ]

    await store.run(bring)
    await store.forget(NOW + 30 * DAY - MOMENT)
    assert await store.read(waiting) == [["old", "young", "sealed"]] * 2
    await store.forget(NOW + 30 * DAY)
    assert await store.read(waiting) == [["young"]] * 2
    await store.forget(NOW + 31 * DAY)
    assert await store.read(waiting) == [[]] * 2
    # How far was read stays: an account that does come back goes on from there.
    assert await store.read(lambda tx: tx.inbox.cursors("gone")) == {"": "sealed"}


async def test_jobs_a_month_after_they_were_done(store: Database) -> None:
    def work(tx: Transaction) -> None:
        for number, at in enumerate((NOW - MOMENT, NOW), start=1):
            tx.jobs.add("test", str(number), NOW - DAY)
            tx.jobs.done(number, at)

    await store.run(work)
    await store.forget(NOW + 30 * DAY)
    # What is done is never claimed again: only the rule itself still looks at it.
    rule = next(rule for rule in RULES if rule.what.startswith("jobs"))
    assert [row.id for row in await store.read(partial(rule.page, NOW, None))] == [2]


async def test_what_counts_for_a_limit_as_long_as_it_counts(store: Database) -> None:
    def add(tx: Transaction) -> int:
        ben = tx.people.add(BEN, "Ben").id
        for until in (NOW, NOW + DAY):
            tx.uses.add(ben, "dig", until, str(until))
        return ben

    ben = await store.run(add)
    await store.forget(NOW)
    assert await store.read(lambda tx: tx.uses.count(ben, "dig", NOW)) == 2
    await store.forget(NOW + MOMENT)
    # Asked as of a moment at which both would count.
    assert await store.read(lambda tx: tx.uses.count(ben, "dig", NOW)) == 1


@pytest.mark.parametrize("rows", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 7])
async def test_more_than_a_page_and_nothing_between(store: Database, rows: int) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(rows):
            # Old ones and young ones in no order of their names.
            tx.handled.add(f"{number * 7919 % rows}", NOW + (number % 3) * DAY, None, None)

    def young(tx: Transaction) -> int:
        return sum(tx.handled.recognise(str(number), BEN, None).answer is not None for number in range(rows))

    await store.run(fill)
    await store.forget(NOW + 91 * DAY)
    assert await store.read(young) == sum(number % 3 > 0 for number in range(rows))


async def test_as_people_notice_it(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes 300d')
        vote = town.asked("ben", "!vote 1")
        await town.core.handle(vote)
        await town.core.run_due()
        board = await town.core.message_at(PLATFORM, "$board:poll:1:sport:1")
        assert board
        town.clock.turn(89 * DAY)
        await town.core.agenda.forget()
        before = await town.core.answer_to(vote.id, vote.author)
        assert before
        town.clock.turn(2 * DAY)
        await town.core.agenda.forget()
        assert await town.core.answer_to(vote.id, vote.author) is None
        # The board and the vote itself stand.
        assert await town.core.message_at(PLATFORM, "$board:poll:1:sport:1")
        found = await town.core.store.read(lambda tx: tx.of(POLLS).get(1, 2))
        assert found
        assert (found[0].voters, found[1]) == (1, (1,))


async def test_whoever_asks_to_be_forgotten_again_and_again_has_a_share_too(database_url: str) -> None:
    """Whoever comes back is answered as anybody; nobody else's answers go for it, and no account is kept."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        asked = town.asked("ben", "!help")
        await town.core.handle(asked)
        for _ in range(30):
            town.clock.turn(timedelta(minutes=2))
            assert "vergeten" in await town.say("anna", "!me forget --sure")
            await town.core.run_due()
        await keep_shares(town.core.store, 10)

        def kept(tx: Transaction) -> list[str | None]:
            return [row.author for row in db(tx).execute(select(handled.c.author))]

        authors = await town.core.store.run(kept)
        assert len(authors) == 11
        assert not [author for author in authors if author is None or "anna" in author]
        assert await town.core.answer_to(asked.id, asked.author)


async def test_a_wrong_code_for_an_hour(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")

        def kept(tx: Transaction) -> int:
            return len(db(tx).execute(select(wrong_codes.c.id)).scalars())

        for name in ("anna", "ben"):
            assert "werkt niet" in await town.say(name, "!me link 2345-6789", room=None)
            town.clock.turn(timedelta(minutes=30))
            await town.core.run_due()
        for left in (1, 0):
            town.clock.turn(timedelta(minutes=15))
            await town.core.run_due()
            assert await town.core.store.run(kept) == left
            town.clock.turn(timedelta(minutes=16))
            await town.core.run_due()


def test_operators_can_read_every_rule() -> None:
    lines = (DOCS / "operating.md").read_text(encoding="utf-8").splitlines()
    for rule in (*RULES, *deserted.rules(())):
        days = rule.keep.days
        kept = f"{days} day{'' if days == 1 else 's'}" if rule.keep else "as long as needed"
        assert f"| {rule.what} | {kept} | {rule.why} |" in lines
    for share in SHARES:
        assert f"| {share.what} | the newest {MOST:,} | {share.why} |" in lines

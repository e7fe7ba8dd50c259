"""Which message is which where people's words are carried, and what is wanted of them."""

from __future__ import annotations

import base64
import random
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from bot.model.carried import Spoken, Standing
from bot.model.people import Identity, Place
from bot.model.work import COPIES
from bot.ports.carrying import Early
from bot.ports.storage import Transaction
from bot.rich import Words
from storage.engines import Database
from storage.refs_kept import shortened, spelled_out
from storage.tables import copied_in, copies, early_acts, speakers, threads, wanted_copies
from storage.unit import Tx
from tests.chat import NOW

HERE, THERE, ELSEWHERE = Place("a", "sport"), Place("b", "sport"), Place("c", "sport")
ANNA = Identity("a", "anna")
SECOND = timedelta(seconds=1)
EVENT = "$" + base64.urlsafe_b64encode(bytes(range(200, 232))).decode().rstrip("=")


def words(text: str = "Dag") -> Spoken:
    return Spoken("Anna", (Words(text),), NOW)


def say(tx: Transaction, text: str = "Dag", ref: str = "1", *places: Place) -> int:
    message = tx.copies.said(HERE, ref, ANNA, NOW, None, NOW)
    tx.copies.want(message, places or (THERE,), words(text), f"said:{ref}", NOW)
    return message


def due(tx: Transaction, account: str = "b") -> list[tuple[int, str | None]]:
    found = tx.copies.due(account, NOW, 9)
    copies_ = [each.copy for each in found]
    return [
        (copy.message, cast(Words, copy.spoken.rich[0]).text if copy.spoken else None) for copy in copies_
    ]


@given(st.text(max_size=40) | st.integers(0, 2**70).map(str) | st.from_regex(r"\A\d{1,21}/\d{1,21}\Z"))
@example("0")
@example("007")
@example(str(2**64 - 1))
@example(str(2**64))
@example("²")
@example("١")
@example(EVENT)
@example(EVENT[:-1] + "B")
@example("abcdefg")
@example("\x01abcdef")
@example("\x02\x00abc")
@example("x" * 31)
@example("\ud800")
@example("1/2")
@example("0/007")
@example("/1")
@example("1/")
@example("1/2/3")
@example(f"{2**64 - 1}/{2**64 - 1}")
@example(f"1/{2**64}")
@example("\x03" + "x" * 15)
def test_where_a_message_stands_is_spelled_as_it_was(ref: str) -> None:
    assert spelled_out(shortened(ref)) == ref


def test_numbers_and_digests_are_short() -> None:
    assert len(cast(bytes, shortened("1312345678901234567"))) == 8
    assert len(cast(bytes, shortened(EVENT))) == 32
    assert len(cast(bytes, shortened("1312345678901234567/1312345678901234568"))) == 17


@given(st.lists(st.text(max_size=40), unique=True, max_size=4))
def test_no_two_are_kept_alike(refs: list[str]) -> None:
    assert len({shortened(ref) for ref in refs}) == len(refs)


async def test_what_stands_where_is_known_by_both(store: Database) -> None:
    def work(tx: Transaction) -> None:
        message = say(tx, "Dag", "17")
        (wanted,) = tx.copies.due("b", NOW, 9)
        assert wanted.first
        assert not wanted.said
        assert wanted.copy.stands == ()
        assert wanted.copy.spoken == words()
        tx.copies.tried([wanted], NOW)
        for part, ref in enumerate((EVENT, "odd", "gone")):
            tx.copies.note(wanted.copy, part, ref)
        tx.copies.note(wanted.copy, 2, "")
        tx.copies.done(wanted)
        assert tx.copies.refs(message, THERE) == (EVENT, "odd")
        assert tx.copies.refs(message, HERE) == ("17",)
        found = tx.copies.at(HERE, "17")
        assert found
        assert found.said
        assert (found.author, found.at) == (ANNA, NOW)
        for ref in (EVENT, "odd"):
            copy = tx.copies.at(THERE, ref)
            assert copy
            assert (copy.message, copy.said) == (message, False)
        assert tx.copies.at(THERE, "17") is None
        assert tx.copies.places_of(message) == [HERE, THERE]
        assert not due(tx)
        assert tx.copies.waiting(THERE) == 0

    await store.run(work)


async def test_another_community_knows_nothing_of_it(store: Database) -> None:
    await store.run(lambda tx: say(tx))
    other = await store.run_anywhere(lambda tx: tx.communities.add("other"))

    def look(tx: Transaction) -> None:
        assert tx.copies.at(HERE, "1") is None
        assert say(tx) == 1
        assert tx.copies.refs(1, HERE) == ("1",)

    await store.run(look, community=other)
    found = await store.run_anywhere(lambda tx: [each.copy for each in tx.copies.due("b", NOW, 9)])
    assert {(copy.community, copy.message) for copy in found} <= {(1, 1), (other, 1)}


async def test_in_order_within_a_place_and_places_apart(store: Database) -> None:
    def work(tx: Transaction) -> None:
        first, second = say(tx, "een", "1", THERE, ELSEWHERE), say(tx, "twee", "2", THERE, ELSEWHERE)
        assert due(tx) == [(first, "een")]
        assert due(tx, "c") == [(first, "een")]
        (wanted,) = tx.copies.due("b", NOW, 9)
        tx.copies.later(wanted, NOW + SECOND, failed=False, in_doubt=False)
        assert due(tx) == []
        assert tx.copies.next_try(["b"], NOW) == NOW + SECOND
        (other,) = tx.copies.due("c", NOW, 9)
        tx.copies.done(other)
        assert due(tx, "c") == [(second, "twee")]
        tx.copies.retry("b", THERE, NOW)
        assert due(tx) == [(first, "een")]
        tx.copies.park(wanted, "broken")
        assert due(tx) == [(second, "twee")]
        assert tx.copies.waiting(THERE) == 1

    await store.run(work)


async def test_what_is_unsent_is_changed_there_and_dropped_there(store: Database) -> None:
    def work(tx: Transaction) -> None:
        message = say(tx)
        for number in range(5):
            tx.copies.want(message, [THERE], words(f"nr {number}"), f"edit:{number}", NOW)
        assert due(tx) == [(message, "nr 4")]
        tx.copies.want(message, [THERE], None, "gone", NOW)
        assert due(tx) == []
        assert tx.copies.waiting(THERE) == 0

    await store.run(work)


async def test_what_is_under_way_comes_first(store: Database) -> None:
    def work(tx: Transaction) -> None:
        message = say(tx)
        (wanted,) = tx.copies.due("b", NOW, 9)
        tx.copies.tried([wanted], NOW)
        tx.copies.want(message, [THERE], words("anders"), "edit", NOW)
        tx.copies.want(message, [THERE], words("weer anders"), "edit:2", NOW)
        assert due(tx) == [(message, "Dag")]
        tx.copies.note(wanted.copy, 0, EVENT)
        tx.copies.done(wanted)
        (after,) = tx.copies.due("b", NOW, 9)
        assert (after.copy.edition, after.copy.stands, after.first) == ("edit:2", (EVENT,), False)
        tx.copies.tried([after], NOW)
        tx.copies.want(message, [THERE], None, "gone", NOW)
        tx.copies.want(message, [THERE], words("te laat"), "edit:3", NOW)
        tx.copies.done(after)
        (last,) = tx.copies.due("b", NOW, 9)
        assert last.copy.spoken is None
        assert last.copy.stands == (EVENT,)
        assert tx.copies.wants_gone(message, THERE)
        tx.copies.done(last)
        assert tx.copies.refs(message, THERE) == ()
        assert tx.copies.refs(message, HERE) == ("1",)

    await store.run(work)


async def test_what_answers_finds_it_when_it_is_said(store: Database) -> None:
    def work(tx: Transaction) -> None:
        first = say(tx)
        (wanted,) = tx.copies.due("b", NOW, 9)
        answer = tx.copies.said(THERE, "5", Identity("b", "ben"), NOW, first, NOW)
        tx.copies.want(answer, [HERE], Spoken("Ben", (Words("Ja"),), NOW, first), "ben", NOW)
        (there,) = tx.copies.due("a", NOW, 9)
        assert there.copy.answers == "1"
        tx.copies.note(wanted.copy, 0, EVENT)
        tx.copies.done(wanted)
        third = tx.copies.said(HERE, "2", ANNA, NOW, first, NOW)
        tx.copies.want(third, [THERE], Spoken("Anna", (Words("Nee"),), NOW, first), "anna", NOW)
        (last,) = tx.copies.due("b", NOW, 9)
        assert last.copy.answers == EVENT

    await store.run(work)


async def test_what_came_first_waits_a_minute_and_what_is_gone_stays_so(store: Database) -> None:
    ben = Identity("a", "ben")

    def work(tx: Transaction) -> None:
        early = Early("edit", ANNA, words("anders"), NOW)
        tx.copies.wait(HERE, "9", early, NOW)
        tx.copies.wait(HERE, "9", Early("older", ANNA, words("ouder"), NOW - SECOND), NOW)
        assert tx.copies.waited(HERE, "9", NOW + 59 * SECOND) == early
        assert tx.copies.waited(HERE, "9", NOW) is None
        tx.copies.wait(HERE, "9", Early("gone", None, None, NOW), NOW)
        tx.copies.wait(HERE, "9", Early("edit", ben, words(), NOW + SECOND), NOW)
        assert tx.copies.waited(HERE, "9", NOW) == Early("gone", None, None, NOW)
        tx.copies.wait(HERE, "9", early, NOW)
        assert tx.copies.waited(HERE, "9", NOW + 60 * SECOND) is None

    await store.run(work)


async def test_what_stands_of_what_was_said_since_then(store: Database) -> None:
    def work(tx: Transaction) -> None:
        old, gone = say(tx, "oud", "17"), say(tx, "weg", "18")
        new = tx.copies.said(HERE, "19", ANNA, NOW + SECOND, None, NOW)
        tx.copies.want(new, (THERE,), words(), "said:19", NOW)
        for each in tx.copies.due("b", NOW, 9):
            tx.copies.tried([each], NOW)
            tx.copies.note(each.copy, 0, f"copy of {each.copy.message}")
            tx.copies.note(each.copy, 1, f"more of {each.copy.message}")
            tx.copies.done(each)
        tx.copies.changed(old, NOW + 3 * SECOND)
        assert tx.copies.standing(HERE, NOW) == [
            Standing("17", said=True, changed_at=NOW + 3 * SECOND),
            Standing("18", said=True),
            Standing("19", said=True),
        ]
        tx.copies.ended(gone, NOW)
        assert [each.ref for each in tx.copies.standing(HERE, NOW)] == ["17", "19"]
        assert tx.copies.standing(THERE, NOW) == [
            Standing(f"{part} of {old}", said=False) for part in ("copy", "more")
        ]
        assert [each.ref for each in tx.copies.standing(HERE, NOW + SECOND)] == ["19"]
        assert tx.copies.standing(ELSEWHERE, NOW) == []

    await store.run(work)


async def test_of_what_was_missed_in_a_place_the_last_is_wanted(store: Database) -> None:
    def work(tx: Transaction) -> None:
        messages = []
        for number in range(6):
            message = tx.copies.said(HERE, f"{number}", ANNA, NOW, None, NOW)
            tx.copies.want(message, (THERE,), words(f"{number}"), f"said:{number}", NOW, missed=number != 2)
            messages.append(message)
        other = tx.copies.said(ELSEWHERE, "9", ANNA, NOW, None, NOW)
        tx.copies.want(other, (THERE,), words("9"), "said:9", NOW, missed=True)
        (first,) = tx.copies.due("b", NOW, 9)
        # What may have arrived is not left out.
        tx.copies.tried([first], NOW)
        assert len(tx.copies.leave_out(messages[1], THERE, 2)) == 2
        assert not tx.copies.leave_out(messages[1], THERE, 2)
        assert tx.copies.waiting(THERE) == 5
        assert tx.copies.places_of(messages[3]) == [HERE]
        assert tx.copies.places_of(messages[5]) == [HERE, THERE]

    await store.run(work)


async def test_all_of_it_goes_by_rule(store: Database) -> None:
    year, month = timedelta(days=365), timedelta(days=30)

    def fill(tx: Transaction) -> None:
        message = say(tx)
        tx.copies.keep_thread(HERE, "7", message)
        (wanted,) = tx.copies.due("b", NOW, 9)
        tx.copies.note(wanted.copy, 0, EVENT)
        tx.copies.tried([wanted], NOW)
        tx.copies.park(wanted, "broken")
        tx.copies.wait(HERE, "9", Early("gone", None, None, NOW), NOW)

    def counted(tx: Transaction) -> list[int]:
        tables = (copies, speakers, wanted_copies, early_acts, threads)
        return [rows(tx, select(func.count()).select_from(table))[0][0] for table in tables]

    await store.run(fill)
    for after, left in ((SECOND, [2, 1, 1, 1, 1]), (61 * SECOND, [2, 1, 1, 0, 1]), (year, [2, 1, 0, 0, 1])):
        await store.forget(NOW + after)
        assert await store.run(counted) == left
    await store.forget(NOW + month + SECOND, {COPIES: 2 * year})
    assert await store.run(counted) == [2, 1, 0, 0, 1]
    await store.forget(NOW + year + SECOND)
    assert await store.run(counted) == [2, 1, 0, 0, 1], "whoever said it can still have it taken away"
    await store.run(lambda tx: tx.copies.ended(1, NOW))
    await store.forget(NOW + year + SECOND)
    assert await store.run(counted) == [0, 0, 0, 0, 0]


async def test_what_waited_for_a_week_is_not_said_any_more(store: Database) -> None:
    week = timedelta(days=7)

    def left(tx: Transaction) -> int:
        found: int = rows(tx, select(func.count()).select_from(wanted_copies))[0][0]
        return found

    await store.run(say)
    await store.forget(NOW + week)
    assert await store.run(left) == 1
    await store.forget(NOW + week + SECOND)
    assert await store.run(left) == 0


async def test_what_somebody_said_is_theirs_to_have(store: Database) -> None:
    def work(tx: Transaction) -> None:
        resident = tx.people.add(ANNA, "Anna").id
        message = say(tx)
        tx.copies.said(HERE, "2", Identity("a", "ben"), NOW, None, NOW)
        where = {"ref": "1", "platform": HERE.platform, "room": HERE.room_id}
        when = {"at": NOW.isoformat(), "changed_at": None}
        assert tx.people.export(resident)["copies"] == [{"message": message, **when, **where}]

    await store.run(work)


async def test_whoever_is_forgotten_is_known_no_more_and_their_words_are_not_carried(store: Database) -> None:
    def work(tx: Transaction) -> None:
        resident = tx.people.add(ANNA, "Anna").id
        message = say(tx)
        tx.people.forget(resident, NOW, NOW)
        assert due(tx) == []
        found = tx.copies.at(HERE, "1")
        assert found
        assert (found.message, found.author, found.gone) == (message, None, False)

    await store.run(work)


async def test_the_words_are_sealed_and_follow_their_key(store: Database) -> None:
    def work(tx: Transaction) -> None:
        say(tx, "Iets geheims")
        (row,) = rows(tx, select(wanted_copies.c.spoken, wanted_copies.c.key))
        cast(Tx, tx).envelopes.turn()
        assert tx.envelopes.leave_old_keys() in (True, False)
        (after,) = rows(tx, select(wanted_copies.c.spoken, wanted_copies.c.key))
        assert after.key != row.key
        assert [text for _, text in due(tx)] == ["Iets geheims"]

    await store.run(work)


async def test_a_place_that_moves_takes_along_where_things_stand(store: Database) -> None:
    new = Place("b", "new")

    def work(tx: Transaction) -> None:
        theme = tx.places.theme_named("sport")
        tx.places.bind(THERE, theme.id, "sport", None, "b")
        message = say(tx)
        tx.places.move(THERE, new)
        (wanted,) = tx.copies.due("b", NOW, 9)
        assert wanted.copy.place == new
        tx.places.bind(new, theme.id, "sport", None, "b:other")
        assert not tx.copies.due("b", NOW, 9)
        assert due(tx, "b:other") == [(message, "Dag")]
        tx.places.leave(new, NOW)
        assert not due(tx, "b:other")

    await store.run(work)


def rows(tx: Transaction, statement: Any) -> Any:
    return cast(Tx, tx).db.execute(statement)


# --- what it costs ---

MANY, MOST_BYTES = 100_000, 200


@pytest.mark.long
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_message_between_two_places_takes_so_few_bytes(store: Database, tmp_path: Path) -> None:
    """197 of them at the last count, with the indexes by which it is found."""
    chance = random.Random(18)

    def fill(tx: Transaction) -> None:
        for number, place in enumerate((HERE, THERE), 1):
            row = {"id": number, "platform": place.platform, "room": place.room_id}
            rows_of(tx, insert(copied_in), [row])
        rows_of(tx, insert(speakers), [{"id": 1, "account": "a:anna", "spoke_at": NOW}])

    def add(start: int, tx: Transaction) -> None:
        said, shown = [], []
        for message in range(start, start + 1_000):
            at = NOW + message * SECOND
            digest = base64.urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("=")
            snowflake = str(1_312_345_678_901_234_567 + message * (1_000 << 22) + chance.randrange(4096))
            mine, theirs = (snowflake, f"${digest}") if message % 2 else (f"${digest}", snowflake)
            first, second = (1, 2) if message % 2 else (2, 1)
            common = {"message": message, "part": 0, "reply_to": None}
            who = chance.randrange(1, 300)
            said.append({**common, "place": first, "ref": mine, "speaker": who, "at": at})
            shown.append({**common, "place": second, "ref": theirs, "speaker": None, "at": None})
        rows_of(tx, insert(copies), [*said, *shown])

    await store.run(fill)
    for start in range(1, MANY, 1_000):
        await store.run(lambda tx, start=start: add(start, tx))  # type: ignore[misc]
    assert bytes_of_map(tmp_path / "plein.db") / MANY < MOST_BYTES


def bytes_of_map(path: Path) -> int:
    """With its indexes."""
    parts = ("copies", "sqlite_autoindex_copies_2", "ix_copies_speaker", "ix_copies_at")
    with sqlite3.connect(path) as db:
        found: int = db.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN (?, ?, ?, ?)", parts
        ).fetchone()[0]
    return found


def rows_of(tx: Transaction, statement: Any, values: list[dict[str, Any]]) -> None:
    cast(Tx, tx).db.execute(statement, values)

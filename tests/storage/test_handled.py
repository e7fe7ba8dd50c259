"""What was answered is remembered, for as long as it may be asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.model.events import Undo
from bot.model.message import Message, message, text
from bot.model.people import Identity, Part, Place, Role
from bot.ports.people import Account, Recognised
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.retention import forget
from storage.tables import handled
from storage.unit import Tx
from tests.chat import NOW
from tests.storage.test_envelopes import turn

ANSWER = message(text("poll.opened", question="Wat?", poll=3))
UNDO = Undo(Identity("test", "ben"), "poll tick", {"poll": 3, "only": [1, 2], "on": False})
BEN = Identity("test", "ben")


def answer(tx: Transaction, invocation_id: str) -> tuple[Message | None] | None:
    return tx.handled.recognise(invocation_id, BEN, None).answer


async def test_who_asks_and_where_is_known_at_once(store: Database) -> None:
    here = Place("test", "square")

    def arrive(tx: Transaction) -> tuple[Recognised, Recognised]:
        before = tx.handled.recognise("a", BEN, here)
        ben, theme = tx.people.add(BEN, "Ben"), tx.places.theme_named("Sport")
        account = Account(ben, heard_as="test:ben")
        tx.places.bind(here, theme.id, "plein", "en", "a")
        assert tx.handled.recognise("a", BEN, here) == Recognised(None, account, theme, "en", None, True)
        part = Part(Role.ORGANISER, NOW, NOW)
        tx.people.take_part(BEN, ben.id, theme.id, part)
        assert tx.handled.recognise("a", BEN, here) == Recognised(None, account, theme, "en", part, True)
        assert tx.handled.recognise("a", BEN, None) == Recognised(None, account, None, None, None)
        return before, tx.handled.recognise("a", Identity("elsewhere", "ben"), Place("elsewhere", "square"))

    nothing = Recognised(None, None, None, None, None)
    assert await store.run(arrive) == (nothing, nothing)


async def test_an_answer_and_no_answer_are_two_things(store: Database) -> None:
    await store.run(lambda tx: tx.handled.add("a", NOW, ANSWER, UNDO))
    await store.run(lambda tx: tx.handled.add("b", NOW, None, None))
    found = await store.run(lambda tx: [answer(tx, key) for key in ("a", "b", "c")])
    assert found == [(ANSWER,), (None,), None]
    assert await store.run(lambda tx: [tx.handled.undo(key) for key in ("a", "b", "c")]) == [UNDO, None, None]


@pytest.mark.parametrize("said", [ANSWER, None])
async def test_what_takes_back_a_confidential_command_is_sealed_as_its_answer_is(
    store: Database, said: Message | None
) -> None:
    def in_plain(tx: Transaction) -> list[str | None]:
        return list(cast(Tx, tx).db.execute(select(handled.c.undo)).scalars())

    def undone(tx: Transaction) -> Undo | None:
        return tx.handled.undo("a")

    await store.run(lambda tx: tx.handled.add("a", NOW, said, UNDO, confidential=True))
    (kept,) = await store.run(in_plain)
    assert kept
    assert "poll" not in kept
    assert await store.run(undone) == UNDO
    # It is not let go where a secret is over, as the answer is: somebody may take it back still.
    await turn(store)
    assert await store.run(undone) == UNDO
    assert await store.run(lambda tx: tx.handled.recognise("a", BEN, None).answer) == (None,)
    await forget(store, NOW + timedelta(hours=23))
    assert await store.run(undone) == UNDO
    await forget(store, NOW + timedelta(hours=25))
    assert await store.run(undone) is None
    assert await store.run(in_plain) == [None]
    assert await store.run(lambda tx: answer(tx, "a")) == (None,)


async def test_what_takes_back_any_other_command_is_kept_as_long_as_its_answer(store: Database) -> None:
    await store.run(lambda tx: tx.handled.add("a", NOW, ANSWER, UNDO))
    await forget(store, NOW + timedelta(days=80))
    assert await store.run(lambda tx: tx.handled.undo("a")) == UNDO


async def test_an_answer_can_be_looked_up(store: Database) -> None:
    await store.run(lambda tx: tx.handled.add("a", NOW, ANSWER, None))
    await store.run(lambda tx: tx.handled.add("b", NOW, None, None))
    await store.run(lambda tx: tx.handled.add("c", NOW, ANSWER, None, confidential=True))

    def at_once(tx: Transaction) -> Message | None:
        tx.handled.add("d", NOW, ANSWER, None)
        return tx.handled.answer("d", None)

    found = await store.run(lambda tx: [tx.handled.answer(key, None) for key in ("a", "b", "c", "z")])
    assert found == [ANSWER, None, ANSWER, None]
    assert await store.run(at_once) == ANSWER


async def test_nobody_looks_up_what_somebody_else_was_answered(store: Database) -> None:
    anna, ben = Identity("a", "anna"), Identity("a", "ben")

    def at_once(tx: Transaction) -> list[Message | None]:
        tx.handled.add("a", NOW, ANSWER, None, author=anna)
        tx.handled.add("b", NOW, ANSWER, None)
        return [tx.handled.answer(key, who) for key in "ab" for who in (anna, ben, None)]

    expected = [ANSWER, None, ANSWER, None, None, ANSWER]
    assert await store.run(at_once) == expected
    kept = await store.run(
        lambda tx: [tx.handled.answer(key, who) for key in "ab" for who in (anna, ben, None)]
    )
    assert kept == expected

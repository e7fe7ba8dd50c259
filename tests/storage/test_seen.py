"""What was answered is remembered, for as long as it may be asked again."""

from __future__ import annotations

from datetime import timedelta

from bot.model import Identity, Message, Undo, text
from storage.database import Database
from tests.chat import NOW

ANSWER = Message((text("poll.opened", question="Wat?", poll=3),))
UNDO = Undo(Identity("test", "ben"), "poll tick", {"poll": 3, "only": [1, 2], "on": False})


async def test_an_answer_and_no_answer_are_two_things(store: Database) -> None:
    await store.run(lambda tx: tx.seen.add("a", NOW, ANSWER, UNDO))
    await store.run(lambda tx: tx.seen.add("b", NOW, None, None))
    found = await store.run(lambda tx: [tx.seen.answer(one) for one in ("a", "b", "c")])
    assert found == [(ANSWER,), (None,), None]
    assert await store.run(lambda tx: [tx.seen.undo(one) for one in ("a", "b", "c")]) == [UNDO, None, None]


async def test_the_old_is_forgotten(store: Database) -> None:
    for days in range(4):
        await store.run(lambda tx, d=days: tx.seen.add(str(d), NOW + timedelta(days=d), None, None))  # type: ignore[misc]
    await store.run(lambda tx: tx.seen.forget_before(NOW + timedelta(days=2)))
    found = await store.run(lambda tx: [tx.seen.answer(str(days)) for days in range(4)])
    assert found == [None, None, (None,), (None,)]

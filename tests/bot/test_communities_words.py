"""What is said in private for one of several communities leaves no words in another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.communities import TURN
from bot.model.message import Message
from bot.model.people import FIRST_COMMUNITY
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.envelopes import Envelopes
from storage.tables import handled, posts
from storage.unit import Tx
from tests.doubles.platform import Town, open_town, words_of

WORDS = "zeldzaamheden"


def where_it_stands(words: str, tx: Transaction) -> list[int]:
    """In which communities these words can still be read, once for each row."""
    db, seals = cast(Tx, tx).db, cast(Tx, tx).seals
    found = []
    for column in (handled.c.answer, posts.c.message):
        table = column.table
        rows = anywhere(
            select(table.c.community, table.c.key, column.label("body")).where(column.is_not(None))
        )
        for row in list(db.execute(rows)):
            if words in (Envelopes(db, seals).unseal(row.key, row.body) or ""):
                found.append(row.community)
    return found


async def left_of(town: Town, words: str = WORDS) -> list[int]:
    return await town.core.store.run_anywhere(lambda tx: where_it_stands(words, tx))


async def asked_for_which(town: Town, words: str, *, by_post: bool) -> Message:
    """Ben is in both, says that in private and is asked for which it is."""
    for room in ("square", "market"):
        await town.say("ben", "!poll list", room=room)
    question = await town.core.handle(replace(town.asked("ben", words, room=None), by_post=by_post))
    await town.core.run_due()
    assert question
    assert question.lines[0].key == "community.which"
    return question


@pytest.mark.parametrize("by_post", [True, False])
async def test_what_was_asked_goes_once_it_is_answered(database_url: str, by_post: bool) -> None:
    async with open_town(database_url, board_rest=0) as town:
        rooms = await town.beside("square", "market", theme="sport")
        question = await asked_for_which(town, f"!me interests {WORDS}", by_post=by_post)
        assert len(await left_of(town)) == 1
        button = next(b for b in question.buttons if b.args[TURN] == rooms["market"])
        pressed = replace(town.asked("ben", room=None, button=button), pressed=True, by_post=by_post)
        for _ in range(2):  # a platform may bring it again
            answer = await town.core.handle(pressed)
            assert by_post or (answer and WORDS in words_of(answer))
        await town.core.run_due()
        assert FIRST_COMMUNITY not in await left_of(town)
        assert await town.say("ben", "!me forget --sure", room="market")
        await town.core.run_due()
        assert not await left_of(town)


@pytest.mark.parametrize("by_post", [True, False])
async def test_what_was_asked_goes_where_any_community_forgets_them(database_url: str, by_post: bool) -> None:
    async with open_town(database_url, board_rest=0) as town:
        await town.beside("square", "market", theme="sport")
        await asked_for_which(town, f"!me interests {WORDS}", by_post=by_post)
        assert "vergeten" in await town.say("ben", "!me forget --sure", room="market")
        await town.core.run_due()
        assert not await left_of(town)


@pytest.mark.parametrize("by_post", [True, False])
async def test_what_nobody_answered_goes_after_a_day(database_url: str, by_post: bool) -> None:
    async with open_town(database_url, board_rest=0) as town:
        await town.beside("square", "market", theme="sport")
        await asked_for_which(town, f"!me interests {WORDS}", by_post=by_post)
        town.clock.turn(timedelta(hours=23))
        await town.core.store.forget(town.clock.now())
        assert await left_of(town)
        town.clock.turn(timedelta(hours=2))
        await town.core.store.forget(town.clock.now())
        assert not await left_of(town)


async def test_nobody_drops_what_another_was_asked(database_url: str) -> None:
    async with open_town(database_url, board_rest=0) as town:
        await town.beside("square", "market", theme="sport")
        question = await asked_for_which(town, f"!me interests {WORDS}", by_post=True)
        pressed = town.asked("eve", room="square", button=question.buttons[0])
        await town.core.handle(replace(pressed, pressed=True))
        assert await left_of(town)

"""Secrets of several communities: how somebody voted in one may have been said to another one first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.communities import TURN
from bot.model.message import Message
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.envelopes import Envelopes
from storage.tables import handled, posts
from storage.unit import Tx
from tests.doubles.platform import Town, open_town, words_of


def still_readable(tx: Transaction) -> list[str]:
    """All that was sealed for a while and can be opened with the keys that are left, whosever it is."""
    mine = cast(Tx, tx)
    envelopes = Envelopes(mine.db, mine.seals)
    kept = [
        row
        for column in (handled.c.answer, posts.c.message)
        for row in mine.db.execute(
            anywhere(select(column.table.c.key, column).where(column.table.c.key != ""))
        )
    ]
    return [words for key, body in kept if body and (words := envelopes.unseal(key, body))]


async def left_after_the_end(town: Town) -> list[str]:
    """What can still be opened once its poll was closed and all keys had time to go."""
    town.clock.turn(timedelta(days=3))
    for _ in range(5):
        await town.core.run_due()
        town.clock.turn(timedelta(minutes=2))
    return await town.core.store.run_anywhere(still_readable)


def said(answer: Message | None) -> str:
    assert answer
    return words_of(answer)


@pytest.mark.parametrize("in_first", [True, False])
@pytest.mark.parametrize("by_post", [True, False])
async def test_the_question_which_community_keeps_no_vote_after_the_end(
    database_url: str, by_post: bool, in_first: bool
) -> None:
    async with open_town(database_url, board_rest=0) as town:
        rooms = await town.beside("square", "market", theme="sport")
        theirs = "square" if in_first else "market"
        await town.say("anna", '!poll open "Wat?" Ja | Nee | Misschien --anonymous --closes 2d', room=theirs)
        for name in ("ben", "cas"):
            for room in rooms:
                await town.say(name, "!poll list", room=room)
        for name, vote in (("ben", "2"), ("cas", "3")):
            asked = replace(town.asked(name, f"!vote {vote} --poll 1", room=None), by_post=by_post)
            question = await town.core.handle(asked)
            await town.core.run_due()
            assert question
            assert question.lines[0].key == "community.which"
            button = next(b for b in question.buttons if b.args[TURN] == rooms[theirs])
            pressed = replace(town.asked(name, room=None, button=button), pressed=True, by_post=by_post)
            assert "stem is binnen" in said(await town.core.handle(pressed))
            await town.core.run_due()
        found = await left_after_the_end(town)
        leaks = [words for words in found if '"answer":"' in words or "--poll" in words]
        assert not leaks


@pytest.mark.parametrize("by_post", [True, False])
async def test_a_vote_said_to_the_wrong_community_is_not_kept_after_the_end(
    database_url: str, by_post: bool
) -> None:
    """Somebody turned to Other last, which does not understand their vote; so they turn back and vote."""
    async with open_town(database_url, board_rest=0) as town:
        rooms = await town.beside("square", "market", theme="sport")
        await town.say("anna", '!poll open "Wat?" Blijven | Verhuizen --anonymous --closes 2d', room="square")
        await town.say("anna", '!poll open "Brood?" Wit | Bruin --closes 9d', room="market")
        for room in rooms:
            await town.say("ben", "!poll list", room=room)
        await town.say("ben", "!community choose other", room=None)
        asked = replace(town.asked("ben", "!vote Verhuizen", room=None), by_post=by_post)
        assert "Verhuizen" in said(await town.core.handle(asked))
        await town.core.run_due()
        await town.say("ben", "!community choose voorbeeldgemeente", room=None)
        assert "stem is binnen" in await town.say("ben", "!vote Verhuizen", room=None)
        found = await left_after_the_end(town)
        leaks = [words for words in found if "Verhuizen" in words]
        assert not leaks

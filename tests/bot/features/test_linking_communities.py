"""Linking where there are two communities: what it does, keeps and closes is one's alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.clock import HandClock
from bot.features.residents.link import UNDO, YES
from bot.model.people import FIRST_COMMUNITY, Place, Resident, Role
from storage.polls.tables import leavers
from storage.residents.links import link_codes, links, wrong_codes
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, code_for, key, link, press
from tests.doubles.polls import tally
from tests.test_people_tables import db

BEN, BENNY, EVE = "ben@discord", "benny@matrix", "eve@signal"
ONE, OTHER = FIRST_COMMUNITY, FIRST_COMMUNITY + 1
# A place of each, where the theme is called the same.
ROOMS = {ONE: "square", OTHER: "market"}
NAMES = {ONE: "Voorbeeldgemeente", OTHER: "Other"}


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        assert await chat.core.communities.add("Other") == OTHER
        for whose, room in ROOMS.items():
            await chat.core.joined("console", Place("console", room), room, "sport", community=whose)
        yield chat


async def turn_to(chat: Chat, whose: int, *people: str) -> None:
    """What they say in private from now on is for that community."""
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + timedelta(seconds=1))
    for who in people:
        await ask(chat, who, "!help", room=ROOMS[whose])
        await ask(chat, who, f"!community choose {NAMES[whose]}")


async def persons(chat: Chat, whose: int, *people: str) -> list[Resident]:
    """Who these accounts are there, each once."""
    found = [
        await chat.core.store.run(lambda tx, who=who: tx.people.by_identity(account(who)), community=whose)  # type: ignore[misc]
        for who in people
    ]
    return list({person.id: person for person in found if person}.values())


async def kept_of(chat: Chat, table: Any) -> list[int]:
    """How many rows of it each has."""
    count = select(func.count()).select_from(table)
    return [
        await chat.core.store.run(lambda tx: db(tx).execute(count).scalar(), community=whose)
        for whose in (ONE, OTHER)
    ]


async def test_a_code_of_another_community_is_answered_as_an_unknown_one(chat: Chat) -> None:
    await turn_to(chat, ONE, BEN)
    await turn_to(chat, OTHER, BENNY, EVE)
    code = await code_for(chat, BEN)
    theirs = await ask(chat, BENNY, f"!me link {code}")
    unknown = await ask(chat, EVE, "!me link 22222222")
    assert key(theirs) == "link.wrong"
    assert repr(theirs) == repr(unknown)
    assert await kept_of(chat, wrong_codes) == [0, 2], "it counts as a guess, where it was given"
    # Where it was asked for it is good still.
    await turn_to(chat, ONE, BENNY)
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.question"


async def test_a_code_that_others_read_in_another_community_stays_good(chat: Chat) -> None:
    """There it is none: nobody learns by that whether it is one."""
    await turn_to(chat, ONE, BEN, BENNY)
    code = await code_for(chat, BEN)
    assert key(await ask(chat, EVE, f"!me link {code}", room=ROOMS[OTHER])) == "link.aloud"
    assert key(await ask(chat, BENNY, f"!me link {code}")) == "link.question"


@pytest.mark.parametrize("whose", [ONE, OTHER])
async def test_who_is_one_person_in_one_is_two_in_the_other(whose: int, chat: Chat) -> None:
    other = ONE + OTHER - whose
    await turn_to(chat, other, BEN, BENNY)
    await turn_to(chat, whose, BEN, BENNY)
    done = await link(chat, BEN, BENNY)
    assert [len(await persons(chat, each, BEN, BENNY)) for each in (whose, other)] == [1, 2]
    assert sorted(await kept_of(chat, links)) == [0, 1]
    assert await kept_of(chat, link_codes) == [0, 0]
    # In the other one they can be linked as well. A press undoes where its message is from.
    await turn_to(chat, other, BEN, BENNY)
    await link(chat, BENNY, BEN)
    assert key(await press(chat, BENNY, done)) == "link.undone"
    assert [len(await persons(chat, each, BEN, BENNY)) for each in (whose, other)] == [2, 1]


async def test_nobody_says_yes_in_another_community(chat: Chat) -> None:
    """Not even of the same accounts: what was asked of them was asked there."""
    for whose in (OTHER, ONE):
        await turn_to(chat, whose, BEN, BENNY)
    question = await ask(chat, BENNY, f"!me link {await code_for(chat, BEN)}")
    await press(chat, BENNY, question)
    await turn_to(chat, OTHER, BEN, BENNY)
    for who in (BEN, BENNY):
        for number in range(10):
            assert key(await ask(chat, who, command=YES, request=number)) == "link.gone"
            assert key(await ask(chat, who, command=UNDO, link=number)) == "link.gone"
    assert len(await persons(chat, OTHER, BEN, BENNY)) == 2
    await turn_to(chat, ONE, BEN)
    assert key(await press(chat, BEN, question)) == "link.done"


async def test_wrong_codes_close_it_in_one_community(chat: Chat) -> None:
    await turn_to(chat, ONE, EVE, BEN)
    for number in range(5):
        assert key(await ask(chat, EVE, f"!me link 2222222{number + 2}")) == "link.wrong"
    code = await code_for(chat, BEN)
    assert key(await ask(chat, EVE, f"!me link {code}")) == "link.closed"
    await turn_to(chat, OTHER, EVE)
    assert key(await ask(chat, EVE, f"!me link {code}")) == "link.wrong"
    assert key(await ask(chat, EVE, "!me link")) == "link.code"


async def test_guesses_of_one_close_nothing_for_who_gave_a_wrong_one_in_the_other(chat: Chat) -> None:
    await turn_to(chat, OTHER, BENNY)
    assert key(await ask(chat, BENNY, "!me link 22222222")) == "link.wrong"
    guessing = [f"eve{number}@signal" for number in range(20)]
    await turn_to(chat, ONE, *guessing)
    for who in guessing:
        assert key(await ask(chat, who, "!me link 22222222")) == "link.wrong"
    assert key(await ask(chat, guessing[0], "!me link")) == "link.closed"
    assert key(await ask(chat, BENNY, "!me link")) == "link.code"


async def test_who_left_in_one_votes_in_the_poll_of_that_number_in_the_other(chat: Chat) -> None:
    for room in ROOMS.values():
        await ask(chat, EVE, '!poll open "What?" Yes | No', room=room)
    await turn_to(chat, OTHER, BEN, BENNY)
    await turn_to(chat, ONE, BEN, BENNY)
    await ask(chat, BEN, "!vote 1", room=ROOMS[ONE])
    await link(chat, BEN, BENNY)
    assert key(await ask(chat, BENNY, "!me unlink --sure")) == "unlink.done"
    assert await kept_of(chat, leavers) == [1, 0]
    assert key(await ask(chat, BENNY, "!vote 2", room=ROOMS[ONE])) == "poll.left"
    assert key(await ask(chat, BENNY, "!vote 2", room=ROOMS[OTHER])).startswith("poll.receipt")
    found = [await chat.core.store.run(lambda tx: tally(tx, 1), community=whose) for whose in ROOMS]
    assert found == [[1, 0], [0, 1]]
    # And when one's is over, whoever is kept out of the other's stays so.
    await ask(chat, EVE, "!poll close --sure", room=ROOMS[OTHER])
    assert await kept_of(chat, leavers) == [1, 0]
    assert key(await ask(chat, BENNY, "!vote 2", room=ROOMS[ONE])) == "poll.left"


async def test_what_is_granted_to_an_account_apart_is_so_in_one(chat: Chat) -> None:
    for whose in (OTHER, ONE):
        await turn_to(chat, whose, BEN, BENNY)
    await chat.core.store.run(lambda tx: tx.people.grant(account(BEN), Role.MODERATOR), community=ONE)
    await link(chat, BEN, BENNY)
    assert [await chat.core.role_of(account(who)) for who in (BEN, BENNY)] == [Role.MODERATOR, Role.RESIDENT]
    await turn_to(chat, OTHER, BEN)
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + timedelta(days=1))
    await chat.core.run_due()
    assert await chat.core.role_of(account(BENNY)) == Role.MODERATOR
    (ben, benny) = await persons(chat, OTHER, BEN, BENNY)
    assert (ben.role, benny.role) == (Role.RESIDENT, Role.RESIDENT)

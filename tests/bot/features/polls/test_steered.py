"""What one person has announced about polls: the newest of it, and not without end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.features.polls.steered import MOST_ANNOUNCED, WITHIN
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.tables import posts
from tests.doubles.platform import PLATFORM, Town, open_town

OFTEN = f"al {MOST_ANNOUNCED} keer"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Eve closed one poll, and another one runs; everybody heard so."""
    async with open_town(database_url, moderators=("mod",)) as town:
        await town.joined("sport", "turnen")
        await town.say("eve", '!poll open "Wat?" Ja | Nee --closes 2d')
        await town.say("eve", "!poll close 1 --sure")
        await town.say("eve", '!poll open "Wat nu?" Ja | Nee --closes 2d')
        await town.core.run_due()
        yield town


async def waiting(town: Town) -> dict[str, int]:
    """How much is still to be said where."""
    asked = anywhere(
        select(posts.c.room, func.count()).where(posts.c.sent_at.is_(None)).group_by(posts.c.room)
    )

    def look(tx: Transaction) -> dict[str, int]:
        return dict(tx.db.execute(asked))  # type: ignore[attr-defined]

    return await town.core.store.run_anywhere(look)


LINES = {"outcome": '!poll outcome --poll 1 "gedaan {}"', "extend": "!poll extend 2d{}m --poll 2"}


@pytest.mark.parametrize("who", ["eve", "mod"])
@pytest.mark.parametrize("what", LINES)
async def test_the_newest_that_waits_is_said_alone(town: Town, what: str, who: str) -> None:
    answers = []
    for number in range(1, MOST_ANNOUNCED + 5):
        answers.append(await town.say(who, LINES[what].format(number)))
        town.clock.turn(timedelta(milliseconds=50))
    there = await waiting(town)
    assert (there["sport"], there["turnen"]) == (1, 1)
    assert there.get("eve", 0) == (1 if who == "mod" else 0), "whose poll it is hears of it once as well"
    assert [OFTEN in answer for answer in answers].count(True) == 4
    assert OFTEN in answers[-1]
    await town.core.run_due()
    said = town.platform.where("turnen")[-1]
    if what == "outcome":
        assert f"gedaan {MOST_ANNOUNCED}" in said
    town.clock.turn(WITHIN + timedelta(seconds=1))
    assert OFTEN not in await town.say(who, LINES[what].format(100))


async def test_what_was_said_already_is_said_anew(town: Town) -> None:
    before = len(town.platform.where("sport"))
    for words in ("eerst", "dan"):
        await town.say("eve", f"!poll outcome --poll 1 {words}")
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=1))
    said = [words for words in town.platform.where("sport")[before:] if "eerst" in words or "dan" in words]
    assert any("eerst" in words for words in said)
    assert any("dan" in words for words in said)


async def test_what_somebody_else_had_said_stays(town: Town) -> None:
    """Whoever steers another one's poll leaves a trace."""
    await town.say("mod", '!poll outcome --poll 1 "wat mod wil"')
    await town.say("eve", '!poll outcome --poll 1 "wat eve wil"')
    await town.core.run_due()
    said = "\n".join(town.platform.where("sport"))
    assert "wat mod wil" in said
    assert "wat eve wil" in said


async def test_its_opener_has_one_message_an_hour_of_it(town: Town) -> None:
    """Which says the newest of what that moderator did, wherever it stands by now."""
    before = len(town.platform.shown)
    for hour in range(2):
        for number in range(1, 6):
            await town.say("mod", LINES["outcome"].format(f"{hour} {number}"))
            await town.core.run_due()
            town.clock.turn(timedelta(minutes=1))
        town.clock.turn(WITHIN)
    hers = [state for state in town.platform.shown[before:] if state.where == "eve"]
    assert [state.how for state in hers] == ["whisper", "edit", "edit", "edit", "edit"] * 2
    assert "gedaan 0 5" in hers[4].words
    assert "gedaan 1 5" in hers[-1].words


@pytest.mark.parametrize("others", ["mod", "mia"])
async def test_what_each_moderator_did_is_said(town: Town, others: str) -> None:
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "mia"), Role.MODERATOR))
    before = len(town.platform.where("eve"))
    await town.say("mod", LINES["outcome"].format("dit"))
    await town.say(others, LINES["extend"].format(9))
    await town.core.run_due()
    assert len(town.platform.where("eve")) == before + 2

"""What was planned opens where whoever planned it might ask it then; else who moderates there hears so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.features.polls.records import POLLS
from bot.features.polls.settings import PollsSettings
from bot.model.events import Invocation
from bot.model.people import Role
from bot.ports.storage import Transaction
from storage.tables import jobs
from storage.unit import Tx
from tests.doubles.platform import Town, open_town, words_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOT_ASKED = "zou opengaan op woensdag 2 december om 19.00 uur"
PLANNED = '!poll open "Wat?" A | B --opens 1d --closes 3d'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """With a poll that anna planned for tomorrow. Max moderates the town, and mo its theme."""
    async with open_town(database_url, moderators=("max",)) as town:
        await town.joined("sport")
        town.platform.present["mo", "sport"] = Role.MODERATOR
        await town.core.handle(as_moderator(town.asked("mo", "!poll list")))
        await town.core.handle(town.asked("max", "!poll list", room=None))
        await town.say("anna", PLANNED)
        yield town


def as_moderator(invocation: Invocation) -> Invocation:
    return replace(invocation, role=Role.MODERATOR)


async def state(town: Town, number: int = 1) -> str:
    def look(tx: Transaction) -> str:
        found = tx.of(POLLS).get(number, 0)
        assert found
        return found[0].state

    return await town.core.store.run(look)


async def day_passes(town: Town) -> None:
    town.clock.turn(DAY)
    await town.core.run_due()


def told(town: Town, name: str) -> int:
    """How often somebody heard that it does not open."""
    return sum(NOT_ASKED in words for words in town.platform.where(name))


async def test_it_opens_where_nothing_changed(town: Town) -> None:
    await day_passes(town)
    assert await state(town) == "open"
    assert any("Wat?" in words for words in town.platform.where("sport"))
    assert [told(town, name) for name in ("anna", "max", "mo")] == [0, 0, 0]


async def test_of_whoever_was_put_out_it_does_not_open(town: Town) -> None:
    del town.platform.present["anna", "sport"]
    await day_passes(town)
    await day_passes(town)
    assert await state(town) == "cancelled"
    assert town.platform.where("sport") == []
    assert [told(town, name) for name in ("anna", "max", "mo")] == [0, 1, 1]


@pytest.mark.parametrize("anonymous", ["", " --anonymous"])
async def test_of_whoever_may_only_read_there_since_neither(town: Town, anonymous: str) -> None:
    await town.say("anna", f"{PLANNED}{anonymous}".replace("Wat?", "Waar?"))
    town.platform.silenced.add(("anna", "sport"))
    await day_passes(town)
    assert [await state(town, number) for number in (1, 2)] == ["cancelled", "cancelled"]
    assert town.platform.where("sport") == []
    assert [told(town, name) for name in ("anna", "max", "mo")] == [2, 2, 2]
    town.clock.turn(timedelta(seconds=2))
    await town.core.run_due()
    assert await unfinished(town) == [], "the key of the anonymous one is gone too"


async def unfinished(town: Town) -> list[str]:
    def look(tx: Transaction) -> list[str]:
        waits = select(jobs.c.kind).where(jobs.c.done_at.is_(None))
        return sorted({*cast(Tx, tx).db.execute(waits).scalars()} - {"poll.close", "poll.remind"})

    return await town.core.store.run(look)


async def test_of_whoever_may_open_none_any_more_neither(town: Town) -> None:
    town.configure(PollsSettings.model_validate({"opened_by": "organiser"}))
    await day_passes(town)
    assert await state(town) == "cancelled"


async def test_of_whoever_was_forgotten_neither(town: Town) -> None:
    await town.say("anna", "!me forget --sure", room=None)
    await day_passes(town)
    assert await state(town) == "cancelled"
    assert [told(town, name) for name in ("max", "mo")] == [1, 1]


async def test_who_moderates_the_community_need_not_be_there(town: Town) -> None:
    asked = '!poll open "Hoe?" A | B --opens 1d --closes 3d --theme sport'
    assert "staat klaar" in await town.say("max", asked, room=None)
    await day_passes(town)
    assert await state(town, 2) == "open"


async def test_whoever_moderates_there_asks_it(town: Town) -> None:
    del town.platform.present["anna", "sport"]
    await day_passes(town)
    answer = await town.core.handle(as_moderator(town.asked("mo", "!poll again 1")))
    assert answer
    assert "Wat?" in words_of(answer)
    assert await state(town, 2) == "open"


async def test_while_the_platform_does_not_say_it_waits(town: Town) -> None:
    present = town.platform.present
    present["anna", "sport"] = None
    await day_passes(town)
    town.clock.turn(HOUR - timedelta(minutes=1))
    await town.core.run_due()
    assert await state(town) == "planned"
    present["anna", "sport"] = Role.RESIDENT
    town.clock.turn(timedelta(seconds=10))
    await town.core.run_due()
    assert await state(town) == "open"


async def test_for_an_hour(town: Town) -> None:
    town.platform.present["anna", "sport"] = None
    await day_passes(town)
    town.clock.turn(HOUR)
    await town.core.run_due()
    assert await state(town) == "cancelled"
    assert [told(town, name) for name in ("max", "mo")] == [1, 1]


async def test_what_was_missed_is_not_announced_for_them_either(town: Town) -> None:
    """Plein was away for as long as it was to be open."""
    del town.platform.present["anna", "sport"]
    town.clock.turn(4 * DAY)
    await town.core.run_due()
    assert await state(town) == "cancelled"
    assert town.platform.where("sport") == []
    assert [told(town, name) for name in ("max", "mo")] == [1, 1]


async def test_what_holds_up_one_answer_holds_up_no_other_poll(town: Town) -> None:
    """Whoever is asked about is asked beside what else is due."""
    await town.say("ben", '!poll open "Nu?" A | B --closes 1d')
    town.platform.present["anna", "sport"] = None
    await day_passes(town)
    assert [await state(town, number) for number in (1, 2)] == ["planned", "closed"]


# --- an outcome that is to be looked at again -------------------------------------------------------


async def reviewed(town: Town, who: str, *, role: Role = Role.RESIDENT) -> None:
    """Anna's poll has an outcome of theirs, to be looked at again in a week."""
    await town.say("anna", '!poll open "Hoe?" A | B')
    await town.say("anna", "!poll close 2 --sure")
    gives = town.asked(who, '!poll outcome "Zo doen we het" --review 7d --poll 2')
    answer = await town.core.handle(replace(gives, role=role))
    assert answer
    assert "besluit" in words_of(answer).casefold()
    await town.core.run_due()


def brought_up(town: Town, name: str) -> int:
    """How often that was said there, or to them alone that it was not."""
    heads = ("Opnieuw bekijken: Hoe?", "om het besluit over “Hoe?” opnieuw te bekijken")
    return sum(any(head in words for head in heads) for words in town.platform.where(name))


@pytest.mark.parametrize("who", ["anna", "mo"])
async def test_an_outcome_is_brought_up_again(town: Town, who: str) -> None:
    await reviewed(town, who, role=town.platform.present.get((who, "sport")) or Role.RESIDENT)
    if who == "mo":  # the words are theirs, and not the opener's
        del town.platform.present["anna", "sport"]
    town.clock.turn(7 * DAY)
    await town.core.run_due()
    assert [brought_up(town, name) for name in ("sport", "max", "mo")] == [1, 0, 0]


@pytest.mark.parametrize("how", ["put out", "silenced"])
async def test_of_whoever_may_not_write_there_since_it_is_not(town: Town, how: str) -> None:
    await reviewed(town, "anna")
    if how == "put out":
        del town.platform.present["anna", "sport"]
    else:
        town.platform.silenced.add(("anna", "sport"))
    town.clock.turn(7 * DAY)
    await town.core.run_due()
    town.clock.turn(DAY)
    await town.core.run_due()
    assert [brought_up(town, name) for name in ("sport", "max", "mo")] == [0, 1, 1]


@pytest.mark.parametrize("linked", [False, True])
async def test_an_outcome_is_looked_at_again_though_who_wrote_it_is_another_by_then(
    database_url: str, linked: bool
) -> None:
    """Dora, who was here first, and Ann turn out to be one person meanwhile."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        for name in ("dora", "ann", "ben"):
            await town.say(name, "!help")
        await town.say("ann", '!poll open "Hoe?" Zo | Anders')
        await town.say("ben", "!vote 1")
        await town.say("ann", "!poll close 1 --sure")
        await town.core.run_due()
        await town.say("ann", '!poll outcome "Zo doen we het" --review 10d --poll 1')
        if linked:
            await town.linked("dora", "ann")
        await town.core.run_due()
        town.clock.turn(timedelta(days=10, hours=1))
        for _ in range(3):
            await town.core.run_due()
            town.clock.turn(timedelta(minutes=1))
        assert any("Opnieuw bekijken: Hoe?" in said for said in town.platform.where("sport"))

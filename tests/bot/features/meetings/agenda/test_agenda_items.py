"""Agendas: how much they hold, what comes first, and what becomes of whoever put something there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.meetings.agenda.records import AGENDAS, Item, Total
from bot.features.meetings.agenda.words import split_length
from bot.model.message import Button, text
from tests.bot.features.meetings.test_changes import PLAN, council, later
from tests.bot.features.meetings.test_people import exported
from tests.doubles.platform import Town, words_of

DAY = timedelta(days=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url, PLAN) as town:
        yield town


async def items(town: Town) -> list[Item]:
    return await town.core.store.run(lambda tx: [*tx.of(AGENDAS).items(1)])


async def numbers(town: Town) -> list[int]:
    return [item.number for item in await items(town)]


async def add(town: Town, who: str, *called: str) -> None:
    for each in called:
        assert "staat op de agenda" in await town.say(who, f'!agenda zet "{each}" 10m')


async def test_it_holds_thirty_and_of_one_person_ten(town: Town) -> None:
    for name in ("ann", "ben", "cas"):
        if name != "ann":
            assert "Je zette al 10 punten" in await town.say("ann", '!agenda zet "Nog een"')
        await add(town, name, *(f"Punt {name} {number}" for number in range(10)))
    assert "staan al 30 punten" in await town.say("dirk", '!agenda zet "Nog een"')
    assert len(await items(town)) == 30
    await town.say("ann", "!agenda schrap 1")
    await add(town, "dirk", "Nog een")
    assert (await numbers(town))[-1] == 31, "a number is given to one item alone"
    assert "staan al 30 punten" in await town.say("ann", "!agenda zet Genoeg")


async def put_back(town: Town, who: str, item: int = 1, *, writes: bool = True) -> str:
    button = Button(text("typed", words=""), "agenda put back", {"item": item, "meeting": 1})
    answer = await town.core.handle(replace(town.asked(who, button=button), writes=writes))
    assert answer
    return words_of(answer)


async def test_what_was_dropped_puts_back_who_dropped_it_or_who_organises_it(town: Town) -> None:
    await add(town, "ben", "Het dak")
    await town.say("ben", "!agenda schrap 1")
    assert "van iemand anders" in await put_back(town, "cas")
    assert "staat weer op" in await put_back(town, "ben")
    await town.say("mia", "!agenda schrap 1")
    assert "werd geschrapt door wie de bijeenkomst organiseert" in await put_back(town, "ben")
    assert await numbers(town) == []
    assert "staat weer op" in await put_back(town, "mia")
    # Once it stood there again it is as before.
    await town.say("ben", "!agenda schrap 1")
    assert "staat weer op" in await put_back(town, "ben")


async def test_who_may_say_nothing_there_puts_nothing_back(town: Town) -> None:
    await add(town, "ben", "Het dak")
    await town.say("ben", "!agenda schrap 1")
    await put_back(town, "ben", writes=False)
    assert await numbers(town) == []


async def test_what_is_longer_than_a_page_has_a_next_one(town: Town) -> None:
    for name in ("ann", "ben"):
        await add(town, name, *(f"Punt {name} {number}" for number in range(7)))
    first = await town.say("cas", "!agenda")
    assert "10. Punt ben 2" in first
    assert "11." not in first
    assert "11. Punt ben 3" in await town.say("cas", "!agenda --pagina 2")


async def test_what_most_want_comes_first_until_somebody_puts_it_in_order(town: Town) -> None:
    await add(town, "ann", "Een", "Twee", "Drie")
    for who, number in (("ben", 3), ("cas", 3), ("ben", 2), ("ben", 2), ("ann", 1)):
        await town.say(who, f"!agenda steun {number}")
    assert await numbers(town) == [3, 2, 1]
    assert [item.supports for item in await items(town)] == [2, 1, 0]
    await town.say("mia", "!agenda orden 1 3")
    await add(town, "cas", "Vier")
    assert await numbers(town) == [1, 3, 2, 4]
    await town.say("mia", "!agenda schrap 3")
    assert await numbers(town) == [1, 2, 4]
    assert await town.core.store.run(lambda tx: tx.of(AGENDAS).total(1)) == Total(3, 30)


async def test_an_item_is_on_one_agenda_however_often_its_meeting_moves(town: Town) -> None:
    await add(town, "ann", "Een")
    await town.say("mia", '!bijeenkomst verplaats "9 december 20u"')
    await town.say("mia", "!bijeenkomst annuleer Ziek --zeker")
    assert "gaat niet door" in await town.say("ann", "!agenda zet Twee --bijeenkomst 1")
    await town.say("mia", "!bijeenkomst herstel 1")
    assert "1. Een" in await town.say("ann", "!agenda")


async def test_two_who_are_one_want_a_thing_once_and_have_each_their_own_again(town: Town) -> None:
    await add(town, "ann", "Een")
    await add(town, "cas", "Twee")
    for who in ("ben", "cas"):
        await town.say(who, "!agenda steun 1")
    await town.say("ann", "!agenda steun 2")
    await town.linked("ben", "cas")
    assert [item.supports for item in await items(town)] == [1, 1]
    await town.linked("ben", "ann")
    assert [item.supports for item in await items(town)] == [0, 0], "they added both, and want both anyhow"


async def test_who_is_forgotten_leaves_what_they_added_and_wants_nothing(town: Town) -> None:
    await add(town, "ann", "Een")
    await add(town, "ben", "Twee")
    await town.say("ann", "!agenda steun 2")
    assert b'"Een"' in await exported(town, "ann")
    await town.core.handle(town.asked("ann", "!me forget --sure", room=None))
    await later(town, timedelta(minutes=2))
    left = [(item.called, item.resident is None, item.supports) for item in await items(town)]
    assert left == [("Een", True, 0), ("Twee", False, 0)]
    assert "1. Een (10 minuten), van een bewoner" in await town.say("cas", "!agenda")
    assert "van iemand anders" in await town.say("ben", "!agenda schrap 1")
    assert "staat niet meer" in await town.say("mia", "!agenda schrap 1")


async def test_who_may_not_write_there_has_nothing_put_there(town: Town) -> None:
    await add(town, "ann", "Een")
    town.platform.silenced.add(("ben", "sport"))
    town.platform.present["ben", "sport"] = None
    for words in ("!agenda zet Twee --bijeenkomst 1", "!agenda steun 1 --bijeenkomst 1", "!agenda toon 1"):
        assert "die jij kan zien" in await town.say("ben", words, room=None)
    assert await numbers(town) == [1]


async def test_adding_and_dropping_again_and_again_ends_for_the_day(town: Town) -> None:
    for number in range(50):
        await add(town, "ann", f"Punt {number}")
        await town.say("ann", f"!agenda schrap {number + 1}")
    assert "Morgen kan het weer" in await town.say("ann", '!agenda zet "Nog een"')
    await later(town, DAY + timedelta(minutes=1))
    await add(town, "ann", "Nog een")


@pytest.mark.parametrize(
    ("words", "split"),
    [
        ("Verlichting pad 10m", ("Verlichting pad", "10m")),
        ("Verlichting 1 uur", ("Verlichting", "1 uur")),
        ("Begroting 2027", None),
        ("Verlichting", None),
        ("10m", None),
        ("10 minuten", None),
    ],
)
def test_a_length_at_its_end_is_told_from_the_rest(words: str, split: tuple[str, str] | None) -> None:
    assert split_length(words, "nl") == split

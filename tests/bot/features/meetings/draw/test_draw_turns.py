"""Draws for meetings: who had no turn goes first, and anybody can repeat it without seeing who hides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import lot
from bot.features.meetings.draw.records import TURNS, Drawn, Duty
from bot.model.message import Attachment, text
from bot.model.people import Identity
from bot.texts import Voice
from tests.bot.features.meetings.test_changes import council, later
from tests.bot.features.meetings.test_people import exported
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town

SERIES = '!meeting plan "Sportraad" "8 december 19u30" --place Zaal --link https://meet.example/a'
WEEK = timedelta(days=7)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url, SERIES) as town:
        yield town


async def drawn(town: Town, number: int) -> Drawn:
    found = await town.core.store.run(lambda tx: tx.of(TURNS).get(number))
    assert found
    return found


async def comes(town: Town, meeting: int, *names: str) -> None:
    for name in names:
        await town.say(name, f"!kom ter plaatse --toon-mij --bijeenkomst {meeting}")


async def plan(town: Town, day: str) -> None:
    asked = await town.core.handle(town.asked("mia", SERIES.replace("8 december", day)))
    assert asked
    await town.core.handle(town.asked("mia", button=asked.buttons[0]))


async def file_of(town: Town, draw: int, who: str) -> lot.Published:
    made = Attachment(f"turns:{draw}", "json", text("typed"))
    found = await town.core.file(made, Voice("nl", BRUSSELS, NOW), Identity(PLATFORM, who))
    return lot.read(found.decode())


async def test_who_had_a_turn_is_drawn_after_who_had_none(town: Town) -> None:
    names = ("ann", "ben", "cas", "dirk", "eva")
    had: list[int] = []
    for at, day in enumerate(("8 december", "15 december", "22 december"), start=1):
        if at > 1:
            await plan(town, day)
        await comes(town, at, *names)
        await town.say("mia", f"!bijeenkomst loot {at}")
        found = await drawn(town, at)
        had += [each.who.id for place in found.turns.values() if (each := found.listed[place - 1]).who]
        assert found.turns.keys() == {*Duty}
        await later(town, WEEK)
    assert len({*had[:5]}) == 5, "each had one before anybody had a second"
    assert had[5] == had[0] or had[5] == had[1], "then whose is longest ago"


async def test_what_was_published_can_be_repeated(town: Town) -> None:
    await comes(town, 1, "ann", "ben", "cas")
    await town.say("mia", "!bijeenkomst loot")
    published = await file_of(town, 1, "ann")
    lot.check(published)
    assert published.theme == "Sportraad"
    assert [each.name for each in published.entrants] == ["ann", "ben", "cas"]
    await town.core.outbox.worker.flush()
    (said,) = [words for words in town.platform.where("sport") if "Geloot voor" in words]
    assert published.number in said
    assert published.code in said
    assert lot.number_of(published.number, 2) in said


async def test_who_does_not_want_to_be_seen_is_in_it_without_a_name(town: Town) -> None:
    await comes(town, 1, "ann")
    await town.say("ben", "!kom online")
    await town.say("cas", "!kom ter plaatse")
    await town.say("mia", "!bijeenkomst loot --taak voorzitter")
    published = await file_of(town, 1, "ann")
    lot.check(published)
    unseen = [each for at, each in enumerate(published.entrants, start=1) if at not in published.drawn]
    assert all(each.name is None and each.salt is None for each in unseen if each.name != "ann")
    assert sum(each.name is None for each in published.entrants) in (1, 2)


async def test_the_list_tells_nothing_of_who_comes_unseen(town: Town) -> None:
    """Ben and Cas had a turn the last time, with their names; the next time they come unseen."""
    await comes(town, 1, "ben", "cas")
    await town.say("mia", "!bijeenkomst loot")
    await later(town, WEEK)
    for at, day in enumerate(("15 december", "22 december", "29 december"), start=2):
        await plan(town, day)
        await comes(town, at, "ann", "eva")
        for name in ("ben", "cas", "dirk"):
            await town.say(name, f"!kom ter plaatse --bijeenkomst {at}")
        await town.say("mia", f"!bijeenkomst loot {at}")
        found, published = await drawn(town, at), await file_of(town, at, "ann")
        lot.check(published)
        assert [each.name for each in published.entrants[:2]] == ["ann", "eva"]
        unseen = published.entrants[2:]
        assert len(unseen) == 3
        # Of a turn that they had no more than that they had one: the day is that of this draw.
        assert {each.last for each in unseen} <= {None, found.at.date()}
        assert [each.hashed for each in unseen] == sorted(each.hashed for each in unseen)
        assert [*found.turns.values()] == [*published.drawn]
        await town.core.outbox.worker.flush()
        said = next(words for words in reversed(town.platform.where("sport")) if "Geloot voor" in words)
        for place in {3, 4, 5} - {*published.drawn}:
            had = published.entrants[place - 1].last is not None
            assert f"{place}. een bewoner: {'had al een beurt' if had else 'nog geen beurt'}" in said
        await later(town, WEEK)


async def test_who_was_drawn_unseen_stands_by_name_where_it_is_drawn_again(town: Town) -> None:
    await comes(town, 1, "ann")
    await town.say("ben", "!kom ter plaatse")
    await town.say("mia", "!bijeenkomst loot")
    await town.say("mia", "!bijeenkomst loot --zeker")
    published = await file_of(town, 2, "ann")
    lot.check(published)
    assert [each.name for each in published.entrants] == ["ann", "ben"]


async def test_a_second_draw_says_so_and_leaves_out_who_does_the_other(town: Town) -> None:
    await comes(town, 1, "ann", "ben", "cas")
    await town.say("mia", "!bijeenkomst loot")
    assert "is al geloot" in await town.say("mia", "!bijeenkomst loot --taak verslag")
    first = await drawn(town, 1)
    await town.say("mia", "!bijeenkomst loot --taak verslag --zeker")
    second = await drawn(town, 2)
    chair = first.listed[first.turns[Duty.CHAIR] - 1].who
    assert chair not in [each.who for each in second.listed]
    assert second.listed[second.turns[Duty.NOTES] - 1].who not in [
        first.listed[place - 1].who for place in first.turns.values()
    ]
    holders = await town.core.store.run(lambda tx: tx.of(TURNS).holders(1, 1))
    assert chair
    assert holders[Duty.CHAIR] == chair.id
    assert holders[Duty.NOTES] != chair.id


async def test_who_left_the_theme_or_comes_no_more_is_not_drawn(town: Town) -> None:
    await comes(town, 1, "ann", "ben")
    await town.say("ben", "!kom niet")
    await town.say("mia", "!bijeenkomst loot")
    found = await drawn(town, 1)
    assert len(found.listed) == len(found.turns) == 1


async def test_who_does_not_want_to_be_drawn_in_the_theme_is_not(town: Town) -> None:
    await comes(town, 1, "ann", "ben")
    await town.say("ben", "!thema loot niet")
    await town.say("mia", "!bijeenkomst loot")
    assert [each.entrant.name for each in (await drawn(town, 1)).listed] == ["ann"]
    await town.say("ann", "!thema loot niet")
    assert "valt niemand te loten" in await town.say("mia", "!bijeenkomst loot --zeker")


async def test_who_is_forgotten_is_nobody_in_it_and_it_can_still_be_repeated(town: Town) -> None:
    await comes(town, 1, "ann", "ben")
    await town.say("mia", "!bijeenkomst loot")
    assert b'"ann"' in await exported(town, "ann")
    await town.core.handle(town.asked("ann", "!me forget --sure", room=None))
    await later(town, timedelta(minutes=2))
    published = await file_of(town, 1, "ben")
    lot.check(published)
    assert [each.name for each in published.entrants] == [None, "ben"]
    assert len(await town.core.store.run(lambda tx: tx.of(TURNS).holders(1, 1))) == 1


async def test_who_is_drawn_hears_so_in_private_or_by_a_mention(town: Town) -> None:
    await town.say("ann", "!help", room=None)
    await comes(town, 1, "ann", "ben")
    await town.say("mia", "!bijeenkomst loot")
    await town.core.outbox.worker.flush()
    assert any("Je bent geloot" in words for words in town.platform.where("ann"))
    assert {who for _, who in town.platform.pinged} == {"ben"}


async def test_it_is_drawn_so_often_a_day(town: Town) -> None:
    await comes(town, 1, "ann", "ben")
    said = [await town.say("mia", "!bijeenkomst loot --zeker") for _ in range(11)]
    assert ["Morgen kan het weer" in words for words in said] == [False] * 10 + [True]

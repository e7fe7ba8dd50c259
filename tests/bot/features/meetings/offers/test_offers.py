"""Offers: who finds them, when they lapse, and what becomes of whoever made them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.features.meetings.offers.records import OFFERS, Offer
from bot.model.people import Identity, Role, Together
from tests.bot.features.meetings.test_changes import PLAN, council, later
from tests.bot.features.meetings.test_people import exported
from tests.doubles.platform import PLATFORM, Town

DAY = timedelta(days=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url, PLAN) as town:
        yield town


async def offers(town: Town) -> list[Offer]:
    theme = await town.core.store.run(lambda tx: tx.places.theme_named("sport"))
    return await town.core.store.run(lambda tx: [*tx.of(OFFERS).of_theme(theme.id)])


async def whats(town: Town) -> list[str]:
    return [offer.what for offer in await offers(town)]


async def together(town: Town, offer: int) -> Together | None:
    return await town.core.store.run(lambda tx: town.core.features.together(tx, f"offer:{offer}"))


async def test_it_is_found_by_parts_of_its_words_in_whatever_order(town: Town) -> None:
    await town.say("ann", '!aanbod "Een Geluidsinstallatie, en boxen"')
    for sought in ("geluid", "BOXEN geluids", "een boxen"):
        assert "1. Een Geluidsinstallatie" in await town.say("ben", f"!aanbod lijst {sought}")
    assert "Niemand biedt" in await town.say("ben", "!aanbod lijst geluid tuba")


async def test_pages_of_ten_go_on_with_the_same_words(town: Town) -> None:
    for name in ("ann", "ben", "cas"):
        for number in range(4):
            await town.say(name, f'!aanbod "stoel {name} {number}"')
        await town.say(name, f'!aanbod "tafel {name}"')
    first = await town.say("dirk", "!aanbod lijst stoel")
    assert first.count("stoel") == 10
    assert "tafel" not in first
    assert (await town.say("dirk", "!aanbod lijst stoel --pagina 2")).count("stoel") == 2


async def test_who_is_there_no_more_offers_nothing_there(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent"')
    await town.say("ben", '!aanbod "een bakfiets"')

    assert "een tent" in await town.say("cas", "!aanbod lijst")
    (theme,) = {offer.theme for offer in await offers(town)}
    await town.core.store.run(lambda tx: tx.people.leave(Identity(PLATFORM, "ann"), theme))
    shown = await town.say("cas", "!aanbod lijst")
    assert "een tent" not in shown
    assert "een bakfiets" in shown


async def test_it_is_with_one_meeting_and_goes_with_it(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent" --bijeenkomst 1')
    assert "1 ding aangeboden" in await town.say("ben", "!bijeenkomst toon 1")
    await town.say("mia", "!bijeenkomst annuleer Ziek --zeker")
    assert "gaat niet door" in await town.say("ann", '!aanbod "een bakfiets" --bijeenkomst 1')
    assert "1. een tent" in await town.say("ben", "!aanbod lijst"), "it is for the theme as long as that"
    assert await together(town, 1) is None
    await town.say("mia", "!bijeenkomst herstel 1")
    await later(town, 8 * DAY)
    assert "nog niets aangeboden" in await town.say("ben", "!aanbod lijst")
    (offer,) = await offers(town)
    assert await together(town, 1) == Together(offer.theme, "een tent", [offer.resident])
    assert "in sport" in await town.say("ben", '!bedankje aanbod 1 "voor de tent"')
    assert "Jezelf bedanken kan niet" in await town.say("ann", '!bedankje aanbod 1 "voor de tent"')
    for number in range(5):
        assert "Je biedt dit aan" in await town.say("ann", f'!aanbod "ding {number}"'), (
            "what was brought counts no more"
        )


async def test_the_same_again_is_one_and_stands_longer(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent"')
    (first,) = await offers(town)
    await later(town, 100 * DAY)
    await town.say("ann", '!aanbod "Een  tent"')
    (again,) = await offers(town)
    assert (again.id, again.until) == (first.id, first.until + 100 * DAY)
    await later(town, 360 * DAY)
    assert await whats(town) == ["een tent"]
    assert "trek ik het in" in await town.say("ann", "!aanbod lijst")
    await later(town, 5 * DAY)
    assert await whats(town) == []


async def test_withdrawn_it_lapses_no_more_and_its_number_is_nobody_elses(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent"')
    await town.say("ann", "!aanbod intrekken 1")
    await town.say("ben", '!aanbod "een bakfiets"')
    await later(town, 360 * DAY)
    assert not any("een tent" in words for words in town.platform.where("ann"))
    assert [offer.id for offer in await offers(town)] == [2]


async def test_a_moderator_takes_one_away(town: Town) -> None:
    await town.say("ann", '!aanbod "iets vuils"')
    assert "van iemand anders" in await town.say("ben", "!aanbod intrekken 1")
    assert "ingetrokken" in await town.say("mia", "!aanbod intrekken 1")


async def test_two_who_are_one_offer_all_of_it_and_the_forgotten_nothing(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent" --bijeenkomst 1')
    await town.say("ben", '!aanbod "een bakfiets"')
    await town.linked("ann", "ben")
    assert len({offer.resident for offer in await offers(town)}) == 1
    assert b"een bakfiets" in await exported(town, "ann")
    await town.core.handle(town.asked("ann", "!me forget --sure", room=None))
    await later(town, timedelta(minutes=2))
    assert await whats(town) == []
    assert "aangeboden" not in await town.say("cas", "!bijeenkomst toon 1")


async def test_a_theme_that_ends_has_none(town: Town) -> None:
    await town.say("ann", '!aanbod "een tent"')
    theme = (await offers(town))[0].theme
    await town.core.store.run(lambda tx: town.core.features.end_all(tx, theme, town.clock.now()))
    assert await whats(town) == []


async def test_so_many_a_day(town: Town) -> None:
    for number in range(20):
        await town.say("ann", f'!aanbod "ding {number}"')
        await town.say("ann", f"!aanbod intrekken {number + 1}")
    assert "Morgen kan het weer" in await town.say("ann", '!aanbod "een tent"')


async def test_who_may_not_write_there_offers_nothing_there(town: Town) -> None:
    await town.say("ben", "!hulp")
    town.platform.silenced.add(("ben", "sport"))
    town.platform.present["ben", "sport"] = Role.RESIDENT
    assert "zelf niets schrijven" in await town.say("ben", '!aanbod "een tent" --thema sport', room=None)
    del town.platform.present["ben", "sport"]
    assert "ken ik niet" in await town.say("ben", '!aanbod "een tent" --thema sport', room=None)
    assert await whats(town) == []

"""A zone of one's own: what is typed and told in private goes by it, and quiet hours do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.features.polls.records import POLLS
from bot.features.polls.settings import PollsSettings
from bot.model.message import message, text, typed
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.chat import BRUSSELS
from tests.doubles.platform import PLATFORM, Town, open_town

LISBON = ZoneInfo("Europe/Lisbon")
ANNA, BEN = (Identity(PLATFORM, name) for name in ("anna", "ben"))


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", "!mijn tijdzone Europe/Lisbon", room=None)
        yield town


async def zone_of(town: Town, who: Identity = ANNA) -> str | None:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(who))
    assert found
    return found.zone


async def test_a_moment_that_they_type_is_read_by_their_clocks(town: Town) -> None:
    for name, question in (("anna", "Hier?"), ("ben", "Daar?")):
        await town.say(name, f'!peiling open "{question}" Ja | Nee --sluit "morgen 20u"')

    def closes(tx: Transaction) -> list[datetime]:
        polls = [tx.of(POLLS).get(number, 0) for number in (1, 2)]
        return [found[0].closes_at for found in polls if found]

    assert await town.core.store.run(closes) == [
        datetime(2026, 12, 2, 20, tzinfo=zone).astimezone(UTC) for zone in (LISBON, BRUSSELS)
    ]


async def test_a_day_is_the_same_day_for_everybody(town: Town) -> None:
    await town.say("anna", '!peiling open "Wanneer?" "5 december" | "6 december" --soort datums')
    await town.say("anna", '!stem "5 december" --peiling 1')
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0))
    assert found
    assert found[0].options == ("2026-12-05", "2026-12-06")


async def test_they_are_told_by_their_own_clocks_and_everybody_by_the_communitys(town: Town) -> None:
    at = message(text("when.moment", at=datetime(2026, 12, 2, 20, tzinfo=BRUSSELS)))
    told = [await town.core.clocks_of(who, at) for who in (ANNA, BEN)]
    assert [(clocks.zone.key, clocks.own) for clocks in told] == [
        ("Europe/Lisbon", True),
        ("Europe/Brussels", False),
    ]
    (place,) = await town.core.places(town.platform.account)
    assert not (await town.core.clocks_of(place, at)).own


async def test_who_chose_the_communitys_own_is_told_no_zone(town: Town) -> None:
    await town.say("ben", "!mijn tijdzone europe/brussels", room=None)
    assert await zone_of(town, BEN) == "Europe/Brussels"
    assert not (await town.core.clocks_of(BEN)).own


@pytest.mark.parametrize("words", ["gemeenschap", "Community", "zoals iedereen"])
async def test_back_to_the_communitys(town: Town, words: str) -> None:
    await town.say("anna", f"!mijn tijdzone {words}", room=None)
    assert await zone_of(town) is None


@pytest.mark.parametrize("words", ["Narnia", "Brussel", "UTC+25", "../../etc/passwd", "x" * 4000, "Spanje"])
async def test_what_is_no_zone_changes_nothing(town: Town, words: str) -> None:
    said = await town.say("anna", f"!mijn tijdzone {words}", room=None)
    assert "tijdzone" in said
    assert len(said) < 500
    assert await zone_of(town) == "Europe/Lisbon"


async def test_their_quiet_hours_go_by_their_clocks(town: Town) -> None:
    """At eight in Brussels it is seven in Lisbon."""
    town.configure(PollsSettings(quiet="22:00-08:00"))
    await town.say("ben", "!help", room=None)
    morning = datetime(2026, 12, 2, 8, tzinfo=BRUSSELS).astimezone(UTC)
    town.clock.turn_to(morning - timedelta(hours=2))

    def tell(tx: Transaction) -> None:
        for who in (ANNA, BEN):
            found = tx.people.by_identity(who)
            assert found
            said = message(typed("Nieuws"))
            tx.told.add(f"news:{found.id}", found.id, said, town.clock.now(), morning, begun=True)

    await town.core.store.run(tell)
    heard = []
    for hours in (0, 2, 1):
        town.clock.turn(timedelta(hours=hours))
        await town.core.run_due()
        heard.append([len(town.platform.where(name)) for name in ("anna", "ben")])
    assert heard == [[0, 0], [0, 1], [1, 1]]


async def test_a_word_before_a_poll_closes_waits_for_their_own_morning(town: Town) -> None:
    """In New York that is at two in the afternoon here; what closes before that is said in the night."""
    town.configure(PollsSettings(quiet="22:00-08:00"))
    await town.say("anna", "!mijn tijdzone America/New_York", room=None)
    for name in ("anna", "ben"):
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, "!peiling lijst")
    await town.say("ben", '!peiling open "Een bank?" Ja | Nee --sluit "4 december 09:00"')
    await town.say("ben", '!peiling open "Een boom?" Ja | Nee --sluit "4 december 20:00"')
    heard = []
    for day, hour in ((3, 9), (3, 14), (3, 20)):
        town.clock.turn_to(datetime(2026, 12, day, hour, tzinfo=BRUSSELS).astimezone(UTC))
        await town.core.run_due()
        heard.append([len(town.platform.where(name)) for name in ("anna", "ben")])
    assert heard == [[0, 1], [1, 1], [2, 2]]


async def test_it_goes_along_with_linking_and_back(town: Town) -> None:
    """Whoever was here first keeps the zone that they chose, and has the other's where they chose none."""
    await town.say("ben", "!help", room=None)
    brought = await town.linked("ben", "anna")
    assert await zone_of(town, BEN) == "Europe/Lisbon"
    await town.parted("anna", brought)
    assert [await zone_of(town, who) for who in (ANNA, BEN)] == ["Europe/Lisbon", None]
    await town.say("ben", "!mijn tijdzone Europe/London", room=None)
    brought = await town.linked("ben", "anna")
    assert await zone_of(town) == "Europe/London"
    await town.parted("anna", brought)
    assert [await zone_of(town, who) for who in (ANNA, BEN)] == ["Europe/Lisbon", "Europe/London"]


async def test_it_is_handed_out_and_forgotten(town: Town) -> None:
    def export(tx: Transaction) -> object:
        found = tx.people.by_identity(ANNA)
        assert found
        return tx.people.export(found.id)["residents"]

    assert "Europe/Lisbon" in str(await town.core.store.run(export))
    await town.say("anna", "!vergeet mij --zeker", room=None)
    await town.say("anna", "!help", room=None)
    assert await zone_of(town) is None


async def test_a_zone_that_is_none_any_more_is_the_communitys(town: Town) -> None:
    def spoil(tx: Transaction) -> None:
        found = tx.people.by_identity(ANNA)
        assert found
        tx.people.set_zone(found.id, "Europe/Atlantis")

    await town.core.store.run(spoil)
    assert (await town.core.clocks_of(ANNA)).zone == BRUSSELS
    assert "Europe/Brussels" in await town.say("anna", "!mijn tijdzone", room=None)

"""Who turns out to take nothing in private is mentioned in the theme instead: once, where they are; and hears
why.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Gone, NotOurs, Refused, Shut, TryLater
from bot.features.meetings import telling
from bot.model.people import Presences, Role
from tests.bot.features.meetings.test_changes import PLAN, STILL, council, later, told
from tests.doubles.platform import Town

MOVE = '!bijeenkomst verplaats "9 december 20u"'
WHY = "raakte privé niet bij je"
SHUT = Shut("they take no messages")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url, PLAN) as town:
        yield town


async def comes(town: Town, *names: str, way: str = "online") -> None:
    """They talk with Plein in private, want to be reminded, and come."""
    for name in names:
        await town.say(name, "!herinneringen aan", room=None)
        await town.say(name, f"!kom {way}")


def shuts(town: Town, *names: str, refusal: Exception = SHUT) -> None:
    """They take no private messages from now on."""
    for name in names:
        town.platform.trouble[name] = [refusal] * 9


async def settle(town: Town) -> None:
    """What failed is gathered, and then said."""
    await town.core.outbox.worker.flush()
    await later(town, timedelta(seconds=10))


@pytest.mark.parametrize("refusal", [SHUT, Gone("no such person"), Refused("403"), NotOurs("403 50278")])
async def test_what_changed_is_said_once_in_the_theme_where_it_is_refused(
    town: Town, refusal: Exception
) -> None:
    await comes(town, "anna", "ben", "cas")
    shuts(town, "anna", "ben", refusal=refusal)
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    assert told(town, "sport", STILL) == 1
    assert town.platform.pinged == [("sport", "anna"), ("sport", "ben")]
    assert [told(town, name, STILL) for name in ("anna", "ben", "cas")] == [0, 0, 1]
    town.platform.trouble.clear()
    await later(town, timedelta(hours=1))
    await town.say("anna", "!help", room=None)
    await later(town, timedelta(hours=1))
    assert told(town, "anna", STILL) == 0
    assert len(town.platform.pinged) == 2


@pytest.mark.parametrize("refusal", [SHUT, Refused("403"), NotOurs("403 50278")])
async def test_so_it_is_where_it_is_refused_after_an_answer_that_was_lost(
    town: Town, refusal: Exception
) -> None:
    await comes(town, "anna")
    town.platform.trouble["anna"] = [ConnectionError("lost"), *[refusal] * 9]
    await town.say("mia", MOVE)
    await later(town)
    await later(town)
    await settle(town)
    assert town.platform.pinged == [("sport", "anna")]
    town.platform.trouble.clear()
    await later(town, timedelta(hours=2))
    await town.core.outbox.worker.flush()
    assert told(town, "anna", STILL) == 0


async def test_they_hear_why_once_where_only_they_read_it(town: Town) -> None:
    await comes(town, "anna", "ben")
    shuts(town, "anna")
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    assert WHY not in await town.say("ben", "!kom online")
    said = await town.say("anna", "!kom online")
    assert WHY in said
    assert "Zeg me dan privé iets" in said
    assert WHY not in await town.say("anna", "!kom online")


async def test_so_does_the_person_that_they_turn_out_to_be(town: Town) -> None:
    await comes(town, "anna")
    shuts(town, "anna")
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    await town.say("annas", "!help")
    await town.linked("annas", "anna")
    assert WHY in await town.say("annas", "!kom online")
    assert WHY not in await town.say("anna", "!kom online")


@pytest.mark.parametrize("in_private", [False, True])
async def test_what_others_read_says_nothing_of_it(town: Town, in_private: bool) -> None:
    """Where answers are posted, only what reaches them alone says so."""
    await comes(town, "anna")
    shuts(town, "anna")
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    town.platform.trouble.clear()
    asked = replace(town.asked("anna", "!kom online", room=None if in_private else "sport"), by_post=True)
    await town.core.handle(asked)
    await town.core.outbox.worker.flush()
    assert told(town, "anna", WHY) == int(in_private)
    # Where they are told nothing in private, they hear it once they speak there.
    again = replace(town.asked("anna", "!help", room=None), by_post=True)
    await town.core.handle(again)
    await town.core.outbox.worker.flush()
    assert told(town, "anna", WHY) == 1


async def test_from_then_on_they_are_mentioned_until_they_speak_there(town: Town) -> None:
    await comes(town, "anna")
    shuts(town, "anna")
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    tried = sum(shown.where == "anna" for shown in town.platform.tries)
    await town.say("mia", "!bijeenkomst wijzig --plaats Kerk")
    await later(town)
    assert town.platform.pinged == [("sport", "anna")] * 2
    assert sum(shown.where == "anna" for shown in town.platform.tries) == tried
    town.platform.trouble.clear()
    await town.say("anna", "!help", room=None)
    await town.say("mia", "!bijeenkomst wijzig --plaats Dorpshuis")
    await later(town)
    assert told(town, "anna", "Dorpshuis") == 1
    assert len(town.platform.pinged) == 2


async def test_a_reminder_is_a_mention_that_says_nothing_of_their_answer(town: Town) -> None:
    await comes(town, "anna", "ben", way="ter plaatse")
    await town.say("mia", "!bijeenkomst wijzig --max 1")
    await town.say("cas", "!herinneringen aan", room=None)
    await town.say("cas", "!kom ter plaatse")
    await later(town)
    shuts(town, "cas", "ben")
    await later(town, timedelta(days=7))
    await settle(town)
    (said,) = [words for words in town.platform.where("sport") if "Een herinnering" in words]
    assert said == "Een herinnering: “Sportraad”, dinsdag 8 december om 19.30 uur."
    assert {("sport", "ben"), ("sport", "cas")} <= set(town.platform.pinged)


async def test_own_moments_are_mentioned_where_they_are_refused(town: Town) -> None:
    await comes(town, "anna")
    await town.say("anna", "!herinneringen 2d", room=None)
    await town.core.run_due()
    shuts(town, "anna")
    await later(town, timedelta(days=6))
    await settle(town)
    assert told(town, "sport", "Een herinnering") == 1


FOR = "antwoordde voor jou"


async def test_what_an_organiser_answered_for_them_is_said_nowhere_that_others_read(town: Town) -> None:
    await comes(town, "anna", way="niet")
    shuts(town, "anna")
    await town.say("mia", "!meeting come on-site --for anna")
    await settle(town)
    assert told(town, "sport", FOR) == told(town, "anna", FOR) == 0
    town.platform.trouble.clear()
    await town.say("anna", "!help", room=None)
    await later(town)
    assert told(town, "anna", FOR) == 1
    assert not town.platform.pinged


@pytest.mark.parametrize("cancelled", [False, True])
async def test_of_what_was_cancelled_meanwhile_nobody_is_reminded(town: Town, cancelled: bool) -> None:
    await comes(town, "anna")
    shuts(town, "anna")
    await later(town, timedelta(days=6, hours=2))
    await town.core.outbox.worker.flush()
    if cancelled:
        await town.say("mia", '!bijeenkomst annuleer --reden "Ziek" --zeker')
    await settle(town)
    assert told(town, "sport", "Een herinnering") == int(not cancelled)
    assert (WHY in await town.say("anna", "!bijeenkomst mijn")) is not cancelled


async def test_many_are_mentioned_page_by_page_each_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PAGE", 2)
    names = [f"buur{number}" for number in range(5)]
    await comes(town, *names)
    shuts(town, *names)
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    await settle(town)
    assert sorted(town.platform.pinged) == [("sport", name) for name in names]


async def test_so_they_are_where_two_of_a_page_are_one_person_by_then(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PAGE", 2)
    await comes(town, *(names := ["anna", "ben", "cas", "dirk", "els"]))
    shuts(town, *names)
    await town.say("mia", MOVE)
    await later(town)
    await town.core.outbox.worker.flush()
    await town.linked("ben", "anna")
    await settle(town)
    await settle(town)
    assert {name for _, name in town.platform.pinged} == {*names} - {"ben"}


async def test_a_crash_loses_and_repeats_none(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was tried, and nobody knew what came of it."""
    await comes(town, "anna")
    town.platform.trouble["anna"] = [ConnectionError("lost"), *[SHUT] * 9]
    calls = iter([True])
    mention = telling.mention

    def crashing(*what: object, **how: object) -> None:
        mention(*what, **how)  # type: ignore[arg-type]
        if next(calls, False):
            raise RuntimeError("after all was written")

    await town.say("mia", MOVE)
    await later(town)
    monkeypatch.setattr(telling, "mention", crashing)
    await settle(town)
    await settle(town)
    await later(town, timedelta(minutes=5))
    await later(town, timedelta(minutes=5))
    assert town.platform.pinged == [("sport", "anna")]
    assert told(town, "sport", STILL) == 1


async def test_their_other_account_hears_it_first(town: Town) -> None:
    await comes(town, "anna", "annas")
    await town.linked("anna", "annas")
    await town.say("annas", "!kom online")
    shuts(town, "annas")
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    assert told(town, "anna", STILL) == 1
    assert not town.platform.pinged


# --- two places of a theme ---


@pytest.mark.parametrize("silent", [False, True])
async def test_each_is_mentioned_in_one_place_where_they_are(town: Town, silent: bool) -> None:
    await town.joined("gym")
    for name, room in {"anna": "sport", "ben": "gym", "cas": "sport", "dirk": "sport"}.items():
        await town.say(name, "!kom misschien", room=room)
    town.platform.present["cas", "gym"] = Role.RESIDENT
    if silent:
        town.platform.present["dirk", "gym"] = town.platform.present["dirk", "sport"] = None
    await town.say("mia", MOVE)
    await later(town)
    assert told(town, "sport", STILL) == told(town, "gym", STILL) == 1
    everybody = {("sport", "anna"), ("gym", "ben"), ("gym", "cas"), ("gym" if silent else "sport", "dirk")}
    assert sorted(town.platform.pinged) == sorted(everybody)


async def test_a_platform_that_says_nothing_holds_nothing_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.joined("gym")
    await town.say("anna", "!kom misschien")

    async def busy(*_: object) -> Presences:
        raise TryLater(60)

    await town.say("mia", MOVE)
    monkeypatch.setattr(type(town.platform), "presence", busy)
    await later(town)
    await later(town, timedelta(hours=2))
    assert told(town, "sport", STILL) + told(town, "gym", STILL) == 2
    assert town.platform.pinged == [("gym", "anna")]


async def test_what_is_for_one_is_said_only_where_they_are(town: Town) -> None:
    await town.joined("gym")
    await comes(town, "anna")
    await comes(town, "ben")
    shuts(town, "anna", "ben")
    del town.platform.present["ben", "sport"]
    await town.say("mia", MOVE)
    await later(town)
    await settle(town)
    assert told(town, "sport", STILL) == 1
    assert told(town, "gym", STILL) == 0
    assert town.platform.pinged == [("sport", "anna")]

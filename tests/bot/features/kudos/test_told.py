"""Whoever is thanked hears of it once: alone where they talk with Plein, else by the message itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.features.kudos.records import KUDOS
from bot.model.events import Mention
from bot.model.message import Message
from bot.model.people import Identity, Role
from tests.doubles.platform import PLATFORM, Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, board_rest=0) as town:
        await town.joined("sport")
        for who in ("anna", "ben"):
            await town.say(who, "!help")
        yield town


async def thanks(town: Town, who: str, *whom: str, reason: str = "voor de soep op zondag") -> Message:
    mentions = tuple(Mention(f"@{name}", Identity(PLATFORM, name), name) for name in whom)
    named = " ".join(mention.written for mention in mentions)
    asked = replace(town.asked(who, f'!bedankt {named} "{reason}"'), mentions=mentions)
    answer = await town.core.handle(asked)
    assert answer
    await town.core.run_due()
    return answer


def pinged(town: Town) -> list[tuple[str, ...]]:
    return [shown.named for shown in town.platform.shown if shown.where == "sport"]


async def test_who_does_not_talk_in_private_is_called_by_the_message_and_by_no_edit_of_it(town: Town) -> None:
    answer = await thanks(town, "anna", "ben")
    assert pinged(town) == [("ben",)]
    assert town.platform.where("ben") == []
    await town.core.handle(town.asked("anna", button=answer.buttons[0]))
    await town.core.run_due()
    assert pinged(town) == [("ben",), ()]


async def test_who_talks_in_private_hears_it_there_alone(town: Town) -> None:
    await town.say("ben", "!help", room=None)
    await thanks(town, "anna", "ben")
    assert pinged(town) == [()]
    assert len(town.platform.where("ben")) == 1


async def test_who_never_met_plein_hears_it_beside_their_first_answer(town: Town) -> None:
    await thanks(town, "anna", "nora")
    assert pinged(town) == [()]
    first, second = [await town.say("nora", "!bedankje mijn") for _ in range(2)]
    assert "bedankt je in sport" in first
    assert "bedankt je in sport" not in second


async def test_they_are_asked_once_whether_such_may_be_on_the_wall(town: Town) -> None:
    await town.say("ben", "!help", room=None)
    await town.say("cas", "!help")
    for who in ("anna", "cas"):
        await thanks(town, who, "ben")
    assert ["Mogen bedankjes" in said for said in town.platform.where("ben")] == [True, False]


async def test_what_is_for_them_alone_is_not_said_in_the_theme(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen privé", room=None)
    await thanks(town, "anna", "ben")
    assert not any("soep" in said for said in town.platform.where("sport"))
    assert any("soep" in said for said in town.platform.where("ben"))


async def test_who_thanks_back_within_a_day_does_so_under_the_first(town: Town) -> None:
    await thanks(town, "anna", "ben")
    answer = await thanks(town, "ben", "anna", reason="graag gedaan, jij ook bedankt")
    assert answer.lines[0].key == "kudos.back"
    assert "graag gedaan" in town.platform.where("sport")[-1]
    assert "soep" in town.platform.where("sport")[-1]


async def test_what_was_for_them_alone_stays_so_whatever_they_want_later(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen privé", room=None)
    said = await thanks(town, "anna", "ben")
    assert [line.key for line in said.lines] == ["kudos.given.alone"]
    assert "sport" not in {shown.where for shown in town.platform.shown}
    for wish in ("uit", "gewoon", "muur aan"):
        await town.say("ben", f"!bedankje instellingen {wish}", room=None)
        await town.core.run_due()
    assert not any("soep" in said for said in town.platform.where("sport"))
    assert "nog leeg" in await town.say("anna", "!bedankje muur")
    assert "soep" in await town.say("ben", "!bedankje mijn", room=None)


async def test_no_moderator_reads_what_is_for_one_person_alone(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen privé", room=None)
    await thanks(town, "anna", "ben")
    town.platform.present["mia", "sport"] = Role.MODERATOR
    asked = replace(town.asked("mia", "!bedankje verwijder 1 --reden Kwetsend"), role=Role.MODERATOR)
    answer = await town.core.handle(asked)
    assert answer
    assert answer.lines[0].key == "kudos.nowhere"


async def test_whom_one_cannot_thank_keeps_nobody_else_from_it(town: Town) -> None:
    await town.say("cas", "!bedankje instellingen uit")
    answer = await thanks(town, "anna", "ben", "cas")
    (yes,) = answer.buttons
    await town.core.handle(town.asked("anna", button=yes))
    await town.core.run_due()
    assert "soep" in await town.say("ben", "!bedankje mijn")
    assert "nog niet bedankt" in await town.say("cas", "!bedankje mijn")


async def test_what_was_hidden_by_mistake_is_shown_again(town: Town) -> None:
    await town.say("ben", "!help", room=None)
    await thanks(town, "anna", "ben")
    hidden = await town.core.handle(town.asked("ben", "!bedankje verberg 1"))
    assert hidden
    await town.core.run_due()
    assert "soep" not in town.platform.where("sport")[-1]
    await town.core.handle(town.asked("ben", button=hidden.buttons[0]))
    await town.core.run_due()
    assert "soep" in town.platform.where("sport")[-1]
    assert "soep" in await town.say("ben", "!bedankje mijn")


async def test_who_is_one_with_somebody_who_reads_alone_reads_alone(town: Town) -> None:
    await town.say("cas", "!bedankje instellingen privé")
    await thanks(town, "anna", "ben")
    await town.linked("ben", "cas")
    answer = await thanks(town, "dora", "ben", reason="voor het geluid")
    assert [line.key for line in answer.lines] == ["kudos.given.alone"]
    for number in (1, 2):
        found = await town.core.store.run(lambda tx, number=number: tx.of(KUDOS).look(number))  # type: ignore[misc]
        assert [receiver.alone for receiver in found.receivers] == [True]


async def test_thanks_in_a_theme_stand_in_the_digest_of_who_wants_to_hear_of_it(town: Town) -> None:
    await town.say("cas", "!help")
    await town.say("cas", "!mijn interesses soep")
    await thanks(town, "anna", "ben")
    heard = await town.say("cas", "!mijn overzicht nu", room=None)
    assert "bedankt een bewoner: “voor de soep op zondag”" in heard  # names are the platform’s to show
    await town.say("anna", "!bedankje intrekken 1")
    assert "soep" not in await town.say("cas", "!mijn overzicht nu", room=None)

"""What stands in the menus of messages and people: completed in a form, and kept only once it is sent."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.praise import Praise
from tests.on_discord import OnDiscord, plein_on


@pytest.fixture
async def praise() -> Praise:
    return Praise()


@pytest.fixture
async def plein(double: Discord, database: str, town: Server, praise: Praise) -> AsyncIterator[OnDiscord]:
    sport = ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))
    async with plein_on(double, database, themes=[sport], installed=praise.installed) as plein:
        yield plein


async def test_a_messages_own_words_can_be_changed_and_go_with_whose_it_is(
    double: Discord, database: str, plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    double.bot.privileged = 0
    said = await ben.says("sport", "Ik ruimde\nhet *pleintje* op, geheim")
    asked = await anna.uses_on(said, "Prijzen")
    assert asked.modal
    assert asked.modal.title == "Iets aardigs"
    (field,) = asked.modal.fields.values()
    assert " ".join(field["value"].split()) == "Ik ruimde het *pleintje* op, geheim"
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db:
        assert "geheim" not in "\n".join(db.iterdump())
    answer = await anna.submits(asked, {field["custom_id"]: "het pleintje"})
    assert answer.ephemeral
    assert "ben: het pleintje" in answer.text
    (seen,) = praise.seen
    assert (seen.by, seen.whom, seen.words) == ("anna", "ben", "het pleintje")
    assert seen.about
    assert (seen.about.ref, seen.about.link.split("/")[-1]) == (said.id, said.id)
    assert seen.about.at.timestamp() == pytest.approx(said.at, abs=0.01)


async def test_of_a_person_only_what_for_is_asked(
    plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    asked = await ben.uses_on(anna, "Praise")
    assert asked.modal
    (field,) = asked.modal.fields.values()
    assert not field.get("value")
    await ben.submits(asked, {field["custom_id"]: "the soup"})
    assert [(seen.whom, seen.words, seen.about) for seen in praise.seen] == [("anna", "the soup", None)]


async def test_what_is_too_long_is_cut_to_what_fits(plein: OnDiscord, anna: Person, ben: Person) -> None:
    said = await ben.says("sport", "ab " * 600)
    asked = await anna.uses_on(said, "Prijzen")
    assert asked.modal
    (field,) = asked.modal.fields.values()
    assert 0 < len(field["value"]) <= (field.get("max_length") or 4_000)


async def test_bots_webhooks_and_plein_are_nobody(
    double: Discord, plein: OnDiscord, praise: Praise, town: Server, anna: Person
) -> None:
    robot = double.application("another", "its token")
    town.invite(robot)
    sport = town.channel("sport")
    robots = talk.post(double.world, sport, robot.user, {"content": "ik ben een robot"})
    hook = double.world.user("relay", bot=True)
    relayed = talk.post(double.world, sport, hook, {"content": "van elders"}, webhook_id=hook.id)
    own = talk.post(double.world, sport, double.bot.user, {"content": "hallo"})
    for message in (robots, relayed, own):
        answer = await anna.uses_on(message, "Prijzen")
        assert "alleen met mensen" in answer.text
    assert praise.seen == []


async def test_a_message_without_words_leaves_the_form_empty(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    said = await ben.says("sport", files={"foto.png": b"a"})
    asked = await anna.uses_on(said, "Prijzen")
    assert asked.modal
    assert [field.get("value") for field in asked.modal.fields.values()] == [None]


async def test_who_replies_to_somebody_need_not_name_them(
    double: Discord, plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    said, other = await ben.says("sport", "soep!"), await anna.says("sport", "brood!")
    plein_name = f"<@{double.bot.user.id}>"
    await anna.says("sport", f'{plein_name} lof geef "voor de soep"', to=said)
    await praise.times(1)
    await anna.says("sport", f'{plein_name} lof geef {anna.mention} "voor het brood"', to=said)
    await praise.times(2)
    await ben.says("sport", f'{plein_name} lof geef "voor het brood"', to=other)
    found = [(seen.whom, seen.words, seen.about and seen.about.ref) for seen in await praise.times(3)]
    assert found == [
        ("ben", "voor de soep", said.id),
        ("anna", "voor het brood", None),
        ("anna", "voor het brood", other.id),
    ]

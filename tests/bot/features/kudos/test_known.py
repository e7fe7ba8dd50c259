"""Thanks for what somebody knows: said beside that, without a number, while they list it and want so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from bot.exported import as_documents
from bot.features.kudos.known import named_in
from bot.features.kudos.records import KUDOS
from bot.main.features import add_up
from bot.ports.storage import Transaction
from bot.texts import Texts, Voice
from tests.bot.features.kudos.test_fair import number_of, press, settle, thank
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import Town, open_town

FOR_SOUND = "dankzij haar kennis van GELUID"
SAID = "Buren bedankten ben voor kennis van Geluid."
ASKED = "kennis van Geluid. Mag dat"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Ben knows something of sound and of flowers, and says so."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in ("anna", "ben", "cas", "dora", "mia"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(timedelta(days=8))
        await town.say("ben", "!mijn kennis Geluid, bloemen schikken --toon", room=None)
        yield town


async def agree(town: Town, name: str = "ben", said: str = "aan") -> None:
    await town.say(name, f"!bedankje instellingen kennis {said}", room=None)


async def person(town: Town, name: str = "ben") -> str:
    return await town.say("dora", f"!wie is {name}", room=None)


async def rows(town: Town, *names: str) -> int:
    """How many are kept of these."""
    people = [await number_of(town, name) for name in names]

    def count(tx: Transaction) -> int:
        return sum(len(tx.of(KUDOS).rows_of(each)["endorsed"]) for each in people)

    return await town.core.store.run(count)


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("dankzij haar kennis van geluid", ["Geluid"]),
        ("for your knowledge of GÉLUID!", ["Geluid"]),
        ("voor het bloemen\u00a0 schikken en het geluid", ["Geluid", "bloemen schikken"]),
        ("voor de geluidsinstallatie", []),
        ("voor de bloemen", []),
        ("voor C++, want C is moeilijk", ["C++"]),
        ("voor C", []),
    ],
)
def test_whole_words_are_named_whatever_their_capitals(reason: str, named: Sequence[str]) -> None:
    assert named_in(reason, ("Geluid", "bloemen schikken", "C++")) == named


async def test_it_is_said_once_they_agree_and_asked_once(town: Town) -> None:
    assert "staat in sport" in await thank(town, "anna", "ben", why=FOR_SOUND)
    await settle(town)
    assert ASKED in town.platform.where("ben")[-1]
    assert "Geluid" in await person(town)
    assert SAID not in await person(town)
    assert "staat in sport" in await thank(town, "cas", "ben", why="voor het bloemen schikken")
    await settle(town)
    assert "Mag dat" not in town.platform.where("ben")[-1]
    await agree(town)
    assert "Buren bedankten ben voor kennis van Geluid en bloemen schikken." in await person(town)
    assert "buren je bedankten voor je kennis van Geluid" in await town.say("ben", "!mijn profiel", room=None)


async def test_they_are_handed_out_what_is_kept_of_it(town: Town) -> None:
    await thank(town, "anna", "ben", why=FOR_SOUND)
    ben = await number_of(town, "ben")
    found = await town.core.store.run(lambda tx: add_up().export(tx, ben, lambda themes: themes))
    assert list(found["endorsed"]) == [{"words": "geluid", "of_kudos": 1}]
    voice = Voice("nl", BRUSSELS, NOW)
    (written,) = as_documents(found, lambda said: Texts().write(said, voice))
    read = json.loads(written)
    assert read["kennis_waarvoor_je_bedankt_werd"] == [{"woorden": "geluid", "bedankje": 1}]
    assert read["hoe_je_bedankt_wilt_worden"] == [
        {
            "hoe": "openly",
            "op_de_muur": None,
            "gevraagd": True,
            "bedankt_om_te_bedanken": False,
            "bij_je_kennis": None,
        }
    ]


async def test_how_often_is_not_said(town: Town) -> None:
    await agree(town)
    for name in ("anna", "cas"):
        await thank(town, name, "ben", why=FOR_SOUND)
    assert await rows(town, "ben") == 2
    assert SAID in await person(town)


async def test_who_does_not_want_it_is_not_asked_and_nothing_is_kept(town: Town) -> None:
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await agree(town, said="uit")
    assert await rows(town, "ben") == 0
    await thank(town, "cas", "ben", why=FOR_SOUND)
    await settle(town)
    assert ASKED not in town.platform.where("ben")[-1]
    await agree(town)
    assert await rows(town, "ben") == 0
    assert SAID not in await person(town)


async def test_what_is_not_shown_is_not_endorsed_nor_said_while_it_is_hidden(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await town.say("ben", "!mijn kennis --verberg", room=None)
    assert SAID not in await person(town)
    await thank(town, "cas", "ben", why="voor het bloemen schikken")
    assert await rows(town, "ben") == 1
    await town.say("ben", "!mijn kennis --toon", room=None)
    assert SAID in await person(town)


@pytest.mark.parametrize(
    "how", ["!mijn kennis --weg geluid", "!mijn kennis --wis", "!mijn kennis geluid --weg geluid"]
)
async def test_what_they_take_off_their_list_is_not_kept(town: Town, how: str) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await town.say("ben", how, room=None)
    assert await rows(town, "ben") == 0
    await town.say("ben", "!mijn kennis geluid --toon", room=None)
    assert "Buren" not in await person(town)


async def test_what_does_not_stand_or_is_hidden_endorses_nothing(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await town.say("anna", "!bedankje intrekken", room=None)
    assert SAID not in await person(town)
    await thank(town, "cas", "ben", why=FOR_SOUND)
    assert SAID in await person(town)
    await town.say("ben", "!bedankje verberg 2", room=None)
    assert SAID not in await person(town)
    await press(town, "ben", "kudos unhide", kudos=2)
    assert SAID in await person(town)
    await press(town, "mia", "kudos remove", "sport", kudos=2, why="zo niet", sure=True)
    assert SAID not in await person(town)
    await thank(town, "dora", "ben", why=FOR_SOUND)
    assert SAID in await person(town)
    await town.core.store.run(lambda tx: tx.of(KUDOS).blank(3))
    assert await rows(town, "ben") == 2
    assert SAID not in await person(town)


async def test_what_is_read_alone_endorses_nothing(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await town.say("ben", "!bedankje instellingen privé", room=None)
    assert SAID not in await person(town)
    await thank(town, "cas", "ben", why="voor het bloemen schikken")
    assert await rows(town, "ben") == 1


async def test_only_thanks_to_one_person_by_an_account_of_a_week_endorse(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", "cas", why=FOR_SOUND)
    await town.say("nele", "!help")
    assert "staat in sport" in await thank(town, "nele", "ben", why=FOR_SOUND)
    assert "staat in sport" in await thank(town, "ben", "mia")
    assert "terug" in await thank(town, "mia", "ben", why=FOR_SOUND)
    assert await rows(town, "ben") == 0


async def test_linking_joins_what_both_have_and_the_one_who_wants_it_not_decides(town: Town) -> None:
    await town.say("cas", "!mijn kennis geluid --toon", room=None)
    for name in ("ben", "cas"):
        await agree(town, name)
        await thank(town, "anna", name, why=FOR_SOUND)
    brought = await town.linked("ben", "cas")
    assert await rows(town, "ben") == 2
    assert SAID in await person(town)
    await town.parted("cas", brought)
    assert await rows(town, "ben", "cas") == 2
    await town.say("dora", "!help", room=None)
    await town.say("dora", "!mijn kennis geluid --toon", room=None)
    await agree(town, "dora", "uit")
    await town.linked("ben", "dora")
    assert SAID not in await person(town)


async def test_what_one_gave_oneself_as_it_turns_out_endorses_nothing(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    await town.linked("ben", "anna")
    await settle(town)
    assert "Buren" not in await person(town)


async def test_forgetting_keeps_nothing_of_it_and_whose_giver_was_forgotten_still_does(town: Town) -> None:
    await agree(town)
    await thank(town, "anna", "ben", why=FOR_SOUND)
    anna, ben = [await number_of(town, name) for name in ("anna", "ben")]
    now = town.clock.now()
    await town.core.store.run(lambda tx: add_up().forget(tx, anna, now))
    assert SAID in await person(town)
    await town.core.store.run(lambda tx: add_up().forget(tx, ben, now))
    assert not await town.core.store.run(lambda tx: tx.of(KUDOS).rows_of(ben)["endorsed"])


async def test_a_name_that_is_theirs_endorses_too(town: Town) -> None:
    await agree(town)
    await press(town, "anna", "kudos give", "sport", who=["name:Bennie"], reason=FOR_SOUND)
    await town.say("ben", "!bedankje claim 1", room=None)
    assert SAID not in await person(town)
    me = f"resident:{await number_of(town, 'ben')}"
    await press(town, "mia", "kudos agree", kudos=1, whom=me)
    assert SAID in await person(town)

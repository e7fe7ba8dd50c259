"""Certificates: made of what counts, for nobody else, checked by anybody; and the list of a year."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.certificates.checking import read_file
from bot.errors import Gone
from bot.model.events import Mention
from bot.model.message import Attachment, Message
from bot.model.people import Identity, Role
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

BEN = Identity(PLATFORM, "ben")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna and Cas have been there for long; Ben talks with Plein in private."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        for who in ("anna", "cas", "ben"):
            await town.say(who, "!help")
        await alone(town, "ben", "!help")
        town.clock.turn(timedelta(days=8))
        yield town


async def alone(town: Town, who: str, words: str) -> str:
    return await town.say(who, words, room=None)


async def thanks(town: Town, who: str, reason: str, whom: str = "ben") -> None:
    asked = town.asked(who, f'!bedankt @{whom} "{reason}"')
    mention = Mention(f"@{whom}", Identity(PLATFORM, whom), whom)
    assert "kudos withdraw" in [
        b.command for b in (await answered(town, replace(asked, mentions=(mention,)))).buttons
    ]


async def answered(town: Town, asked: object) -> Message:
    answer = await town.core.handle(asked)  # type: ignore[arg-type]
    assert answer
    return answer


async def made(town: Town, words: str = "!oorkonde maak 1 2") -> Message:
    await thanks(town, "anna", "voor de soep op zondag")
    await thanks(town, "cas", "voor het geluid")
    return await answered(town, town.asked("ben", words, room=None))


async def file_of(town: Town, file: Attachment, who: Identity = BEN) -> bytes:
    return await town.core.file(file, Voice("nl", BRUSSELS, NOW), who)


async def test_it_says_by_how_many_for_what_and_where(town: Town) -> None:
    answer = await made(town)
    said = words_of(answer)
    assert "2 buren bedankten “ben” met deze woorden:" in said
    assert "voor de soep op zondag" in said
    assert "geen bewijs van overeenkomst" in said
    pdf, png = [await file_of(town, file) for file in answer.files]
    assert png.startswith(b"\x89PNG")
    certificate, _ = read_file(pdf)
    assert certificate.reasons == ("voor de soep op zondag", "voor het geluid")
    assert certificate.neighbours == 2


async def test_somebody_else_gets_no_file_of_it(town: Town) -> None:
    answer = await made(town)
    with pytest.raises(Gone):
        await file_of(town, answer.files[0], Identity(PLATFORM, "anna"))


async def test_anybody_can_check_its_code_until_it_is_withdrawn(town: Town) -> None:
    answer = await made(town)
    _, code = read_file(await file_of(town, answer.files[0]))
    assert "Dit klopt" in await alone(town, "anna", f"!oorkonde controleer {code.spelled}")
    wrong = code.spelled.replace(code.spelled[0], "3" if code.spelled[0] != "3" else "4", 1)
    assert "klopt iets niet" in await alone(town, "anna", f"!oorkonde controleer {wrong}")
    assert "te kort" in await alone(town, "anna", f"!oorkonde controleer {code.spelled[:-5]}")
    await alone(town, "ben", "!oorkonde intrekken 1")
    assert "geldt niet meer" in await alone(town, "anna", f"!oorkonde controleer {code.spelled}")


async def test_who_is_forgotten_withdraws_it(town: Town) -> None:
    answer = await made(town)
    _, code = read_file(await file_of(town, answer.files[0]))
    await alone(town, "ben", "!vergeet mij --zeker")
    assert "geldt niet meer" in await alone(town, "anna", f"!oorkonde controleer {code.spelled}")


async def test_what_does_not_count_stands_on_none(town: Town) -> None:
    await town.say("dora", "!help")  # a moment ago
    await thanks(town, "dora", "voor de bloemen")
    assert "is er nog niets" in await alone(town, "ben", "!oorkonde maak")
    await thanks(town, "anna", "voor de soep op zondag")
    await town.say("anna", "!bedankje intrekken 2")
    assert "is er nog niets" in await alone(town, "ben", "!oorkonde maak")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("!oorkonde maak 8", "kan er niet op"),
        ("!oorkonde maak 1 2 3 4 5 6 7 8 9 10 11", "passen er 10"),
        ("!oorkonde maak 1 --jaar 1999", "Geef een jaar"),
        ("!oorkonde maak 1 --jaar 2027", "Geef een jaar"),
        (f"!oorkonde maak 1 --naam {'x' * 65}", "hoogstens 64 tekens"),
        ('!oorkonde maak 1 --naam "Ben - voor 500 uur werk"', "een naam zonder cijfers of leestekens"),
        ('!oorkonde maak 1 --naam "Ben\n- voor de stad"', "een naam zonder cijfers of leestekens"),
        ("!oorkonde maak 1 --naam ben42", "een naam zonder cijfers of leestekens"),
        ("!oorkonde maak --jaar 2025", "van 2025 is er nog niets"),
    ],
)
async def test_bad_input_says_what_to_type(town: Town, words: str, said: str) -> None:
    await thanks(town, "anna", "voor de soep op zondag")
    assert said in await alone(town, "ben", words)


async def test_a_years_list_is_made_once_those_on_it_could_come_off(town: Town) -> None:
    answer = await made(town)
    (enlist,) = [button for button in answer.buttons if button.command == "certificate enlist"]
    await town.core.handle(town.asked("ben", room=None, button=enlist))
    assert "organisator" in await town.say("anna", "!oorkonde lijst")
    mia = replace(town.asked("mia", "!oorkonde lijst"), role=Role.ORGANISER)
    assert not (await answered(town, mia)).files
    await town.core.run_due()
    assert any("Jouw naam en thema’s staan erop" in said for said in town.platform.where("ben"))
    town.clock.turn(timedelta(days=7))
    mia = replace(town.asked("mia", "!oorkonde lijst"), role=Role.ORGANISER)
    (file,) = (await answered(town, mia)).files
    town.platform.present["mia", "sport"] = Role.ORGANISER
    listed = (await file_of(town, file, Identity(PLATFORM, "mia"))).decode("utf-8-sig")
    assert listed.splitlines() == ["naam,thema’s", "ben,sport"]
    off = replace(enlist, args={**enlist.args, "off": True})
    await town.core.handle(town.asked("ben", room=None, button=off))
    assert "Niemand staat" in words_of(await answered(town, replace(mia, id="test:later")))

"""What cannot be: each is answered kindly, with what to type instead, and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.features.kudos.records import KUDOS
from bot.model.people import Place
from storage.executor import Executor
from tests.bot.features.kudos.test_fair import DAY, PEOPLE, press, thank
from tests.doubles.platform import PLATFORM, Town, open_town

BAD = {
    "no reason": ("!bedankt ben", "Er ontbreekt nog iets: waarvoor je bedankt"),
    "only spaces": ('!bedankt ben "     "', "Zeg ook waarvoor"),
    "what nobody sees": ('!bedankt ben "\u200b\u200b\u200b\u200b\u200b\u200b"', "onzichtbaar teken"),
    "too short": ('!bedankt ben "top"', "minstens 5 tekens"),
    "301 characters": (f'!bedankt ben "{"a" * 301}"', "Dat zijn 301 tekens"),
    "nobody": ('!bedankt "" "voor het opruimen"', "wie je bedankt"),
    "only and": ('!bedankt "en" "voor het opruimen"', "wie je bedankt"),
    "eleven": (f'!bedankt "{", ".join("abcdefghijk")}" "voor het opruimen"', "Je noemt 11 mensen"),
    "a name of 65": (f'!bedankt "{"a" * 65}" "voor het opruimen"', "hoogstens 64 tekens"),
    "an unknown name": ('!bedankt zork "voor het opruimen"', "Niemand hier heet “zork”"),
    "of an unknown": ("!bedankje van zork", "zork"),
    "no such thank-you": ("!bedankje intrekken 99", "Jij gaf geen bedankje"),
    "none lately": ("!bedankje intrekken", "de laatste dag niemand"),
    "of another": ("!bedankje intrekken 1", "Jij gaf geen bedankje"),
    "hiding what is another's": ("!bedankje verberg 1", "Er is geen bedankje 1 voor jou"),
    "removing without a role": ("!bedankje verwijder 1 --reden Kwetsend", "moderator"),
    "claiming what is not there": ("!bedankje claim 99", "Er is geen bedankje 99"),
    "claiming what names nobody": ("!bedankje claim 1", "geen naam zonder account"),
    "a month to come": ("!bedankje muur --maand 2099-01", "moet nog komen"),
    "no month": ("!bedankje muur --maand 2026-13", "Welke maand"),
    "a month before": ("!bedankje muur --maand 2024-01", "Van die maand staat er niets"),
    "no wish": ("!bedankje instellingen soms", "instellingen"),
    "no meeting": ('!bedankje groep 9 "voor het opruimen"', "Er is geen bijeenkomst 9"),
    "no theme": ('!bedankt ben "voor het opruimen" --thema bos', "bos"),
}


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Where Ben was thanked by Cas."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in (*PEOPLE, "mia"):
            await town.say(name, "!help")
        town.clock.turn(8 * DAY)
        await thank(town, "cas", "ben", why="voor de koffie")
        yield town


async def kept(town: Town) -> Any:
    def read(tx: Any) -> Any:
        found = [tx.of(KUDOS).look(number) for number in (1, 2)]
        return found, tx.of(KUDOS).tastes(range(1, 20))

    return await town.core.store.run(read)


@pytest.mark.parametrize("what", BAD)
async def test_it_is_answered_kindly_and_changes_nothing(town: Town, what: str) -> None:
    words, answer = BAD[what]
    before = await kept(town)
    assert answer in await town.say("anna", words)
    assert await kept(town) == before


async def test_a_day_later_it_stays(town: Town) -> None:
    town.clock.turn(timedelta(days=1, seconds=1))
    assert "ouder dan een dag" in await town.say("cas", "!bedankje intrekken 1")
    assert (await kept(town))[0][0].stands


async def test_nobody_takes_back_twice(town: Town) -> None:
    assert "is ingetrokken" in await town.say("cas", "!bedankje intrekken 1")
    assert "al niet meer" in await town.say("cas", "!bedankje intrekken 1")
    assert "de laatste dag niemand" in await town.say("cas", "!bedankje intrekken")


async def test_who_was_forgotten_is_nobody(town: Town) -> None:
    await town.core.handle(town.asked("ben", "!vergeet mij --zeker", room=None))
    assert "Niemand hier heet “ben”" in await thank(town, "anna", "ben")


async def test_who_is_in_another_theme_or_left_this_one_is_nobody_there(town: Town) -> None:
    await town.joined("bos", theme="bos")
    await town.say("zoe", "!help", room="bos")
    assert "Niemand hier heet “zoe”" in await thank(town, "anna", "zoe")
    del town.platform.present["dora", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["dora"])
    assert "Niemand hier heet “dora”" in await thank(town, "anna", "dora")


async def test_who_wants_none_gets_none(town: Town) -> None:
    await town.say("dora", "!bedankje instellingen uit")
    before = await kept(town)
    assert "Bedankjes via Plein wil" in await thank(town, "anna", "dora")
    assert "Bedankjes via Plein wil" in await thank(town, "anna", "ben", "dora")
    assert await kept(town) == before


async def test_a_name_that_is_somebodys_is_them(town: Town) -> None:
    await thank(town, "anna", "Ben")
    ((_, found), _) = await kept(town)
    assert [receiver.name for receiver in found.receivers] == [""]


async def test_a_button_with_the_name_of_somebody_thanks_nobody_else(town: Town) -> None:
    """That stands in no button of Plein's; it is a name then, and nobody's account."""
    await press(town, "anna", "kudos give", room="sport", who=["name:ben"], reason="voor de taart")
    assert "geen naam zonder account" in await town.say("dora", "!bedankje claim 1")


async def test_the_wall_of_a_theme_that_one_is_not_in(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen muur aan")
    await town.joined("bos", theme="bos")
    assert "koffie" in await town.say("anna", "!bedankje muur --thema sport", room=None)
    assert "koffie" not in await town.say("zoe", "!bedankje muur --thema sport", room="bos")
    assert "koffie" not in await town.say("zoe", "!bedankje muur", room="bos")
    assert "koffie" not in await town.say("zoe", "!bedankje muur", room=None)


async def test_what_is_claimed_or_ones_own_is_claimed_by_nobody_else(town: Town) -> None:
    await press(
        town, "anna", "kudos give", room="sport", who=["name:oma", "name:opa"], reason="voor de taart"
    )
    assert "gaf je zelf" in await town.say("anna", "!bedankje claim 2")
    assert "Wie daarvan ben jij?" in await town.say("dora", "!bedankje claim 2")
    assert "kijkt na of jij “oma” bent" in await town.say("dora", "!bedankje claim 2 oma")
    assert "al dat jij “oma” bent" in await town.say("dora", "!bedankje claim 2 OMA")
    assert "Iemand anders" in await town.say("eva", "!bedankje claim 2 oma")
    assert "kijkt na of jij “opa” bent" in await town.say("eva", "!bedankje claim 2 opa")
    assert "deze naam: oma en opa" in await town.say("fien", "!bedankje claim 2 tante")


@pytest.mark.parametrize("typed", ['"name:ben"', "name:ben", '"oma, name:ben"', '"typed:ben"'])
async def test_nobody_types_what_a_button_keeps(town: Town, typed: str) -> None:
    """Behind it a button keeps a name that is nobody's account: who has one might not want to be thanked."""
    await town.say("ben", "!bedankje instellingen uit", room=None)
    before = await kept(town)
    assert "bedankt ben:" not in await town.say("anna", f"!bedankt {typed} voor de taart")
    assert await kept(town) == before


async def test_however_many_are_named_few_are_looked_for(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    execute = Executor.execute

    def counted(self: Executor, *given: Any) -> Any:
        asked.append(given)
        return execute(self, *given)

    monkeypatch.setattr(Executor, "execute", counted)
    for names in (", ".join(f"ben{each}" for each in range(900)), "ben " * 900, "ben," * 900):
        asked.clear()
        assert "hoogstens" in await town.say("anna", f'!bedankt "{names}" "voor de hulp"')
        assert len(asked) < 60

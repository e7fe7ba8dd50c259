"""Asking: what is suggested while somebody types, and the form for who types nothing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from bot.main.config import ThemeSection
from tests.chat import BRUSSELS
from tests.doubles.discord import Answer, Discord, Modal, Person, Server
from tests.on_discord import OnDiscord, next_weekday, plein_on

THURSDAY, FRIDAY = 3, 4
FIELDS = [
    "Je vraag",
    "Keuzes, elk op een eigen regel",
    "Hoe mensen antwoorden",
    "Wanneer ze sluit",
    "Anoniem",
]


def form_of(answer: Answer) -> Modal:
    assert answer.modal, f"no form, but {answer!r}"
    return answer.modal


def filled_in(modal: Modal) -> dict[str, Any]:
    """What stands in a form already, by label."""

    def value(field: dict[str, Any]) -> Any:
        chosen = [option["label"] for option in field.get("options", []) if option.get("default")]
        return chosen[0] if chosen else field.get("value")

    return {field["label"]: value(field) for field in modal.fields.values()}


def offered(double: Discord) -> list[dict[str, Any]]:
    """The suggestions that came last, with what they stand for."""
    return next(
        interaction.choices
        for interaction in reversed(double.world.interactions.values())
        if interaction.choices is not None
    )


# --- suggestions -------------------------------------------------------------------------------


async def test_a_moment_is_shown_in_full_before_it_is_sent(plein: OnDiscord, anna: Person) -> None:
    """Each that may be meant, the likeliest first."""
    words = next_weekday(plein)
    shown = await anna.completes("sport", "peiling open", "sluit", f"{words} 19u30")
    assert all(choice.startswith(words.removeprefix("volgende ")) for choice in shown)
    assert all(choice.endswith("om 19.30 uur") for choice in shown)
    day = plein.clock.now().astimezone(BRUSSELS).date() + timedelta(days=2)
    meant = [datetime.combine(day + timedelta(days=more), time(19, 30), BRUSSELS) for more in (0, 7)]
    assert [datetime.fromisoformat(choice["value"]) for choice in offered(plein.double)] == meant
    opened = await anna.uses(
        "sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit=offered(plein.double)[1]["value"]
    )
    # For sure: nothing is asked back about which of the two.
    assert f"Ze sluit <t:{int(meant[1].timestamp())}:F>" in opened.text


async def test_a_moment_is_suggested_in_the_language_of_who_types(plein: OnDiscord, ben: Person) -> None:
    english, dutch = next_weekday(plein, "en"), next_weekday(plein, "nl")
    shown = await ben.completes("sport", "poll open", "closes", f"{english} 7:30pm")
    assert [choice.startswith(english.removeprefix("next ")) for choice in shown] == [True, True]
    await ben.uses("sport", "language", language="nl")
    shown = await ben.completes("sport", "poll open", "closes", f"{dutch} 19u30")
    assert [choice.startswith(dutch.removeprefix("volgende ")) for choice in shown] == [True, True]


async def test_what_is_no_moment_is_said_to_be_none(plein: OnDiscord, anna: Person) -> None:
    [said] = await anna.completes("sport", "peiling open", "sluit", "als het regent")
    assert "“als het regent” begrijp ik niet als tijdstip" in said
    sent = offered(plein.double)[0]["value"]
    answer = await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit=sent)
    assert "begrijp ik niet als tijdstip" in answer.text


@pytest.mark.parametrize(("weekday", "moments"), [(THURSDAY, 4), (FRIDAY, 5)])
async def test_who_types_nothing_is_offered_some_usual_moments(
    plein: OnDiscord, anna: Person, weekday: int, moments: int
) -> None:
    """On a Friday "vrijdag" may be today, or in a week."""
    now = plein.clock.now().astimezone(BRUSSELS)
    day = now.date() + timedelta(days=(weekday - now.weekday()) % 7 or 7)
    plein.double.clock.turn((datetime.combine(day, time(9), BRUSSELS) - now).total_seconds())
    usual = await anna.completes("sport", "peiling open", "sluit")
    assert len(usual) == moments
    assert all(" om " in choice for choice in usual)


async def test_polls_are_suggested_by_number_and_by_their_words(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    assert await anna.completes("sport", "peiling toon", "peiling") == []
    await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    await anna.uses("sport", "peiling open", vraag="Een boom?", keuze="Ja | Nee")
    await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
    assert await anna.completes("sport", "peiling toon", "peiling") == [
        "#2 Een boom?",
        "#1 Een bank? (gesloten)",
    ]
    assert await ben.completes("sport", "poll show", "poll", "BANK") == ["#1 Een bank? (closed)"]
    assert await ben.completes("sport", "poll show", "poll", "2") == ["#2 Een boom?"]
    assert "Een boom?" in (await ben.uses("sport", "poll show", poll=2)).text


async def test_themes_are_suggested_to_who_takes_part_in_them(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    """Whether or not they have used Plein there: being in the channel is taking part."""
    town.channel("bestuur", only=["Plein"])
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Groen", places=(f"discord:{town.channel('groen').id}",)),
        ThemeSection(name="Bestuur", places=(f"discord:{town.channel('bestuur').id}",)),
    ]
    async with plein_on(double, database, themes=themes):
        assert await anna.completes(anna.dm, "peiling open", "thema") == ["Sport", "Groen"]
        assert await anna.completes(anna.dm, "peiling open", "thema", "s") == ["Sport"]
        assert await anna.completes("sport", "peiling open", "thema", "groen") == ["Groen"]
        assert await anna.completes("sport", "peiling open", "thema", "best") == []


async def test_typing_changes_nothing(plein: OnDiscord, anna: Person) -> None:
    await anna.completes("sport", "peiling open", "sluit", "morgen 20u", vraag="Een bank?", keuze="Ja | Nee")
    assert "Er loopt hier nu geen peiling" in (await anna.uses("sport", "peiling lijst")).text


# --- the form ------------------------------------------------------------------------------------


async def test_a_poll_is_opened_with_its_options(plein: OnDiscord, anna: Person) -> None:
    opened = await anna.uses(
        "sport",
        "peiling open",
        vraag="Waar komt de bank?",
        keuze="Plein | Park | Kerk",
        soort="goedkeuring",
        uitslag="einde",
        quorum=3,
        sluit="2d",
    )
    assert opened.ephemeral
    assert opened.buttons == ["Sluit nu", "Annuleer"]
    board = await plein.board("sport", "Waar komt de bank?")
    assert "Er moeten minstens 3 mensen stemmen." in board.text
    assert "De uitslag komt als de peiling sluit." in board.text


async def test_who_types_nothing_gets_a_form(plein: OnDiscord, anna: Person) -> None:
    form = form_of(await anna.uses("sport", "peiling open"))
    assert form.title == "Open een peiling"
    assert list(filled_in(form)) == FIELDS
    kind = form.fields["2"]
    assert [option["label"] for option in kind["options"]][:2] == ["Eén keuze", "Alles wat goed is"]
    opened = await anna.submits(
        form,
        {FIELDS[0]: "Welke kleur?", FIELDS[1]: "Rood\nGroen\nBlauw", FIELDS[2]: "Alles op volgorde"},
    )
    assert opened.ephemeral
    assert "Je peiling “Welke kleur?” staat open." in opened.text
    board = await plein.board("sport", "Welke kleur?", "3. Blauw")
    assert board.buttons == ["Rood", "Groen", "Blauw", "Zet in volgorde"]


async def test_the_form_has_what_was_given_with_the_command(plein: OnDiscord, ben: Person) -> None:
    form = form_of(await ben.uses("sport", "poll open", option="Red | Green", quorum=2, kind="score"))
    assert form.title == "Open a poll"
    assert filled_in(form)["Options, each on a line of its own"] == "Red\nGreen"
    assert filled_in(form)["How people answer"] == "A score for each option"
    await ben.submits(form, {"Your question": "Which colour?"})
    # In the language of the place, and with the quorum that the form did not ask for.
    await plein.board("sport", "Which colour?", "Er moeten minstens 2 mensen stemmen.", "punten")


async def test_a_suggested_moment_comes_back_as_people_write_it(plein: OnDiscord, anna: Person) -> None:
    await anna.completes("sport", "peiling open", "sluit", "20 december 20u")
    sent = offered(plein.double)[0]["value"]
    meant = datetime.fromisoformat(sent)
    written = f"{meant.year}-12-20 20:00"
    wrong = await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja", sluit=sent)
    assert f"sluit:{written}" in wrong.text
    form = form_of(await anna.uses("sport", "peiling open", sluit=sent))
    assert filled_in(form)[FIELDS[3]] == written
    opened = await anna.submits(form, {FIELDS[0]: "Een bank?", FIELDS[1]: "Ja\nNee"})
    assert f"Ze sluit <t:{int(meant.timestamp())}:F>" in opened.text


async def test_a_box_in_the_form_makes_it_anonymous(plein: OnDiscord, anna: Person) -> None:
    form = form_of(await anna.uses("sport", "peiling open"))
    anonymous = "Niemand kan achteraf zien wie wat koos"
    await anna.submits(form, {FIELDS[0]: "Nog een?", FIELDS[1]: "Ja\nNee", FIELDS[4]: anonymous})
    await plein.board("sport", "Nog een?", "Anoniem: na het sluiten")


async def test_a_mistake_in_the_form_is_mended_without_typing_it_all_again(
    plein: OnDiscord, anna: Person
) -> None:
    form = form_of(await anna.uses("sport", "peiling open"))
    wrong = await anna.submits(
        form,
        {
            FIELDS[0]: "Welke kleur?",
            FIELDS[1]: "Rood\nGroen",
            FIELDS[2]: "Alles op volgorde",
            FIELDS[3]: "ooit",
        },
    )
    assert wrong.ephemeral
    assert "“ooit” begrijp ik niet als tijdstip" in wrong.text
    assert wrong.buttons == ["Open een peiling"]
    again = form_of(await anna.presses(wrong.message, "Open een peiling"))
    assert filled_in(again) == dict(
        zip(FIELDS, ["Welke kleur?", "Rood\nGroen", "Alles op volgorde", "ooit", None], strict=True)
    )
    once_more = await anna.submits(again, {FIELDS[3]: "nooit"})
    assert "“nooit” begrijp ik niet" in once_more.text
    again = form_of(await anna.presses(once_more.message, "Open een peiling"))
    opened = await anna.submits(again, {FIELDS[3]: "2d"})
    assert "Je peiling “Welke kleur?” staat open." in opened.text
    await plein.board("sport", "Welke kleur?")


@pytest.mark.parametrize("while_away", ["before the form is sent", "before it is opened again"])
async def test_a_form_outlives_a_restart(
    double: Discord, database: str, anna: Person, while_away: str
) -> None:
    async with plein_on(double, database):
        form = form_of(await anna.uses("sport", "peiling open", quorum=2))
        if while_away == "before it is opened again":
            wrong = await anna.submits(form, {FIELDS[0]: "Een bank?", FIELDS[1]: "Ja"})
            assert "minstens twee keuzes" in wrong.text
    async with plein_on(double, database) as plein:
        if while_away == "before it is opened again":
            form = form_of(await anna.presses(wrong.message, "Open een peiling"))
            assert filled_in(form)[FIELDS[0]] == "Een bank?"
        opened = await anna.submits(form, {FIELDS[0]: "Een bank?", FIELDS[1]: "Ja\nNee"})
        assert "Je peiling “Een bank?” staat open." in opened.text
        await plein.board("sport", "Een bank?", "Er moeten minstens 2 mensen stemmen.")


async def test_what_can_be_read_in_two_ways_is_asked_back(plein: OnDiscord, anna: Person) -> None:
    """Each reading is a button."""
    words = f"{next_weekday(plein)} 19u30"
    asked = await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit=words)
    assert f"Wat bedoel je met “{words}”?" in asked.text
    [_, later] = asked.buttons
    opened = await anna.presses(asked.message, later)
    assert opened.updated
    assert "Je peiling “Een bank?” staat open." in opened.text
    meant = datetime.combine(
        plein.clock.now().astimezone(BRUSSELS).date() + timedelta(days=2 + 7), time(19, 30), BRUSSELS
    )
    assert f"Ze sluit <t:{int(meant.timestamp())}:F>" in opened.text
    await plein.board("sport", "Een bank?")


async def test_a_vote_without_an_answer_is_asked_for(plein: OnDiscord, anna: Person) -> None:
    await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    asked = await anna.uses("sport", "stem")
    assert "hoe stem je?" in asked.text
    voted = await anna.presses(asked.message, "Nee")
    assert "je koos Nee" in voted.text


async def test_languages_and_subjects_of_help_are_offered_while_they_are_typed(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    assert await anna.completes("sport", "taal", "taal") == ["Nederlands", "English"]
    assert await ben.completes("sport", "language", "language", "dut") == ["Nederlands"]
    assert await anna.completes("sport", "help", "onderwerp", "annul") == [
        "peiling annuleer",
        "bijeenkomst annuleer",
    ]
    told = await anna.uses("sport", "taal", taal="Engels")
    assert "From now on" in told.text


async def test_options_with_commas_between_are_asked_back_with_a_button(
    plein: OnDiscord, anna: Person
) -> None:
    asked = await anna.uses("sport", "peiling open", vraag="Welke boom?", keuze="Eik, Beuk")
    assert "/peiling open vraag:Welke boom? keuze:Eik | Beuk" in asked.text
    await anna.presses(asked.message, "Ja, dat bedoel ik")
    await plein.board("sport", "Welke boom?", "1. Eik", "2. Beuk")

"""What people type about meetings as they would say it, and what is said back."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import when
from bot.errors import Unsure, UserError
from bot.features.meetings.read import end_meetings
from bot.features.meetings.records import MEETINGS, Way
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import council
from tests.doubles.calls import COMMANDS, a_call
from tests.doubles.platform import Town, open_town, words_of


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with council(database_url) as town:
        yield town


@pytest.mark.parametrize("title", ["geen", "-", "no"])
async def test_a_title_cannot_be_taken_away(town: Town, title: str) -> None:
    assert "Geef haar een titel" in await town.say("mia", f"!bijeenkomst wijzig --titel {title}")
    assert "is aangepast" in await town.say("mia", "!bijeenkomst wijzig --titel Sportoverleg")


async def test_who_says_maybe_hears_that_they_may_be_mentioned(town: Town) -> None:
    assert "met een vermelding in het thema" in await town.say("ben", "!kom misschien")
    assert "met een vermelding in het thema" not in await town.say("ben", "!kom niet")


async def test_help_says_how_to_find_meetings_and_come(town: Town) -> None:
    for room in ("sport", None):
        said = await town.say("ben", "!help", room=room)
        assert "`!help bijeenkomst`" in said
        assert "`!kom`" in said
        assert "`!kom ter plaatse`" in await town.say("ben", "!help bijeenkomst", room=room)


async def pressed(town: Town, who: str, words: str, number: int = 0, *, room: str | None = "sport") -> str:
    """What is said once they press a button of the answer."""
    asked = await town.core.handle(town.asked(who, words, room=room))
    assert asked
    assert len(asked.buttons) > number, words_of(asked)
    said = await town.core.handle(town.asked(who, button=asked.buttons[number], room=room))
    assert said
    return words_of(said)


@pytest.mark.parametrize(
    ("words", "when"),
    [
        (
            '"Overleg" "9 december 19u30 tot 21u"',
            "woensdag 9 december om 19.30 uur, duurt 1 uur en 30 minuten",
        ),
        ("Overleg | 9 december 19u30-22u", "duurt 2 uur en 30 minuten"),
        ('"Overleg" 9 december 20u', "woensdag 9 december om 20.00 uur, duurt 1 uur en 30 minuten"),
        ('"Overleg" "9 december 20u tot 21u" --duur 45m', "duurt 45 minuten"),
    ],
)
async def test_until_when_it_lasts_is_said_with_its_moment(town: Town, words: str, when: str) -> None:
    assert when in await town.say("mia", f"!bijeenkomst plan {words} --plaats Zaal")


async def test_a_title_without_quotation_marks_ends_where_the_moment_begins(town: Town) -> None:
    words = "!bijeenkomst plan Overleg fietspad 9 december 20u --plaats Zaal"
    asked = await town.say("mia", words)
    assert '`!bijeenkomst plan "Overleg fietspad" "9 december 20u" --plaats Zaal`' in asked
    assert "Klopt dit: Overleg fietspad?" in await pressed(town, "mia", words)
    assert "Er ontbreekt nog iets" in await town.say("mia", "!bijeenkomst plan Overleg --plaats Zaal")
    assert "Er ontbreekt nog iets" in await town.say("mia", "!bijeenkomst plan Overleg gisteren 20u")


async def test_a_meeting_is_moved_to_the_moment_that_is_all_the_rest(town: Town) -> None:
    said = await town.say("mia", "!bijeenkomst verplaats 9 december 20u")
    assert "begint nu woensdag 9 december om 20.00 uur" in said
    words = "!bijeenkomst verplaats 1 10 december 19u tot 20u"
    line = '`!bijeenkomst verplaats "10 december 19u tot 20u" --bijeenkomst 1`'
    assert line in await town.say("mia", words)
    assert "begint nu donderdag 10 december om 19.00 uur" in await pressed(town, "mia", words)
    assert "duurt 1 uur\n" in await town.say("ben", "!bijeenkomst toon")


@pytest.mark.parametrize(
    "words",
    [
        "te weinig volk",
        '"te weinig volk"',
        "--reden te weinig volk",
        "1 te weinig volk",
        "#1: te weinig volk",
    ],
)
async def test_why_it_is_cancelled_is_all_the_rest(town: Town, words: str) -> None:
    assert "Waarom: te weinig volk" in await town.say("mia", f"!bijeenkomst annuleer {words}")
    assert "gaat niet door" in await pressed(town, "mia", f"!bijeenkomst annuleer {words}")


async def test_a_reason_may_begin_with_a_number_that_is_no_meetings(town: Town) -> None:
    said = await town.say("mia", "!bijeenkomst annuleer 3 mensen is te weinig")
    assert "Waarom: 3 mensen is te weinig" in said


@pytest.mark.parametrize("words", ["1", '--reden ""', "#1"])
async def test_it_is_asked_why_it_is_cancelled(town: Town, words: str) -> None:
    said = await town.say("mia", f"!bijeenkomst annuleer {words}")
    assert 'Zeg ook waarom ze niet doorgaat: `!bijeenkomst annuleer "reden" --bijeenkomst 1`' in said


async def test_a_number_may_stand_first_or_be_named(town: Town) -> None:
    for number, words in enumerate(("1", "--bijeenkomst 1", "#1", "")):
        assert "is aangepast" in await town.say("mia", f"!bijeenkomst wijzig {words} --plaats Zaal{number}")
    assert "Ter plaatse: Zaal3" in await town.say("ben", "!bijeenkomst toon --bijeenkomst 1")


async def test_who_is_told_is_counted_as_it_will_be(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig --max 1")
    await town.say("mia", "!kom ter plaatse --voor Oma")
    await town.say("mia", "!kom online")
    assert "Niemand anders zei" in await town.say("mia", "!bijeenkomst annuleer Ziek")
    for name, way in {"ben": "ter plaatse", "anna": "misschien", "cas": "niet"}.items():
        await town.say(name, f"!kom {way}")
    assert "2 mensen die zouden komen, horen het" in await town.say("mia", "!bijeenkomst annuleer Ziek")


@pytest.mark.parametrize(
    "words", ["!kom nie", "!kom niet.", "!kom Nee!", "!kom neen", "!bijeenkomst kom niet"]
)
async def test_words_for_not_coming(town: Town, words: str) -> None:
    assert "Je komt niet" in await town.say("ben", words)


async def test_how_somebody_comes_is_understood_with_a_slip_of_the_finger(town: Town) -> None:
    assert "Je doet online mee" in await town.say("ben", "!kom online!")
    assert "Je komt ter plaatse" in await town.say("ben", '!kom "ter plaatse"')
    assert "Met 2 anderen" in await town.say("ben", "!kom ter plaatse --met twee")
    assert "Bedoel je “ter plaatse”?" in await town.say("anna", "!kom ter plaaste --met 1")
    assert "Met 1 ander" in await pressed(town, "anna", "!kom ter plaaste --met 1")
    assert "Kies ter plaatse, online" in await town.say("cas", "!kom straks")
    assert "`!kom niet`" in await town.say("cas", "!ik kom niet")
    assert "Je komt niet" in await pressed(town, "cas", "!ik kom niet")
    for words in ("!niet", "!kan niet", "!afwezig"):
        assert "Bedoelde je `!kom niet`?" in await town.say("cas", words)
    assert "Bedoelde je `!kom online`?" in await town.say("cas", "!online")
    assert "Bedoelde je `!kom ter plaatse`?" in await town.say("cas", "!ter plaatse")
    for words in ("!aanwezig", "!kom"):
        asked = await town.core.handle(town.asked("dirk", words))
        assert asked
        assert len(asked.buttons) == 4, words
    assert "Wat er aankomt" in await town.say("dirk", "!vergaderingen")


async def test_yes_is_asked_how_where_there_are_two_ways(town: Town) -> None:
    assert "Hoe kom je naar “Sportraad”?" in await town.say("ben", "!kom ja --met 2")
    said = await pressed(town, "ben", "!kom ja --met 2", 1)
    assert "Je doet online mee" in said
    assert "Met 2 anderen" in said


async def test_yes_is_the_only_way_there_is(town: Town) -> None:
    await town.say("mia", "!bijeenkomst wijzig --plaats geen")
    assert "Je doet online mee" in await town.say("ben", "!kom ja")
    assert "typ het: `!kom online`" in await town.say("ben", "!bijeenkomst toon")
    assert "`!kom online --met 2`" in await town.say("ben", "!kom misschien --met 2")
    assert "`!kom online --voor Oma`" in await town.say("mia", f"!kom online --voor {'x' * 65}")


async def test_one_that_runs_is_not_meant_by_who_still_comes(town: Town) -> None:
    await pressed(town, "mia", '!bijeenkomst plan "Later" "15 december 20u" --plaats Zaal')
    town.clock.turn_to(datetime(2026, 12, 8, 18, 45, tzinfo=UTC))
    assert "naar “Later”" in await town.say("ben", "!kom ter plaatse")
    assert "is aangepast" in await town.say("mia", "!bijeenkomst wijzig --plaats Zolder")
    assert "Zolder" in await town.say("ben", "!kom")
    assert "Welke bedoel je?" in await town.say("ben", "!bijeenkomst toon")
    await town.say("mia", "!bijeenkomst annuleer Ziek --zeker")
    assert "is begonnen" in await town.say("ben", "!kom ter plaatse")


async def test_what_was_cancelled_is_meant_where_nothing_else_is_to_come(town: Town) -> None:
    await town.say("mia", "!bijeenkomst annuleer De zaal is dicht --zeker")
    assert "Waarom: De zaal is dicht" in await town.say("ben", "!bijeenkomst toon")
    for words in ("!kom", "!kom niet"):
        assert "gaat niet door: De zaal is dicht" in await town.say("ben", words)
    assert "gaat toch door" in await town.say("mia", "!bijeenkomst herstel")
    assert "gaat gewoon door" in await town.say("mia", "!bijeenkomst herstel")


async def test_what_ends_with_its_theme_says_so(town: Town) -> None:
    await town.say("ben", "!help", room=None)
    await town.say("ben", "!kom online")

    def archive(tx: Transaction) -> None:
        meeting = tx.of(MEETINGS).get(1)
        assert meeting
        end_meetings(tx, meeting.theme, town.clock.now())

    await town.core.store.run(archive)
    await town.core.run_due()
    assert "Waarom: het thema is gearchiveerd" in town.platform.where("ben")[-1]
    assert "Waarom: het thema is gearchiveerd" in await town.say("mia", "!bijeenkomst toon 1")
    assert "gaat niet door: het thema is gearchiveerd" in await town.say("mia", "!kom niet --bijeenkomst 1")


async def test_announced_too_late_is_said_in_words(town: Town) -> None:
    words = '!bijeenkomst plan "Laat" "1 december 20u" --plaats Zaal'
    asked = await town.core.handle(town.asked("mia", words))
    assert asked
    town.clock.turn_to(datetime(2026, 12, 2, 12, tzinfo=UTC))
    said = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    assert said
    assert words_of(said) == "dinsdag 1 december om 20.00 uur is al voorbij. Kies een moment dat nog komt."


async def test_what_is_so_already_is_said(town: Town) -> None:
    assert "Zo is “Sportraad” al." in await town.say("mia", "!bijeenkomst wijzig --plaats Dorpshuis")


@pytest.mark.parametrize(
    "link",
    [
        "https://meet.example/a`b",
        "https://meet.example/a<b",
        "https://meet.example/a*b*",
        "https://meet.example/a|b",
        "https://meet.example/a)[x](https://bad.example",
        "https://meet.example@bad.example/a",
        "https://meet.example:80@bad.example/a",
        "https://..",
        "https://",
        "https://meet.example\\bad",
        "ftp://meet.example/a",
        "meet.example",
        "https://meet.example/é",
    ],
)
async def test_an_address_that_is_shown_as_another_is_no_link(town: Town, link: str) -> None:
    said = await town.say("mia", f"!bijeenkomst wijzig --link {link}")
    assert "is geen link die iedereen kan openen" in said


@pytest.mark.parametrize(
    "link",
    [
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm~1%40thread.v2/0?context=%7b%22T%22%7d&a=b",
        "http://localhost:8080/a_b-c",
        "HTTPS://Meet.example/Sport#x",
    ],
)
async def test_links_that_are_good(town: Town, link: str) -> None:
    assert "is aangepast" in await town.say("mia", f"!bijeenkomst wijzig --link {link}")
    begin, _, rest = link.partition("://")
    assert f"Online: {begin.lower()}://{rest}\n" in await town.say("ben", "!bijeenkomst toon")


@pytest.mark.parametrize(
    "moment",
    [
        "9999-12-31T23:30:00-12:00 / 9999-12-31T23:40:00-12:00",
        "9999-12-31T23:30:00-12:00",
        "0001-01-01T00:00:00+14:00 / 0001-01-01T01:00:00+14:00",
        "2999-12-31T23:30:00+00:00 / 2999-12-31T23:40:00+00:00",
        "2026-12-09T20:00:00+00:00 / 9999-12-31T23:40:00-12:00",
        "2026-12-09T20:00:00+00:00 / 2026-12-09T21:00:00",
        "2026-12-09T20:00:00 / 2026-12-09T21:00:00+00:00",
        "2026-12-09T20:00:00+00:00 / 2026-12-09T21:00:00+00:00 / 2026-12-09T22:00:00+00:00",
        "31 december 9999 23:59",
    ],
)
async def test_a_moment_that_cannot_be_gets_a_kind_answer(town: Town, moment: str) -> None:
    for words in (
        f'!bijeenkomst plan "Overleg" "{moment}" --plaats Dorpshuis',
        f'!bijeenkomst verplaats "{moment}"',
    ):
        assert "Schrijf" in await town.say("mia", words), words
        # What is brought again is answered again.
        asked = town.asked("mia", words)
        assert await town.core.handle(asked) == await town.core.handle(asked)


@pytest.mark.parametrize("filling", [" ", "\n", "\t \u2003"], ids=["blanks", "lines", "mixed"])
@pytest.mark.parametrize(
    "line",
    [
        '!bijeenkomst wijzig --herinner "1d{}x"',
        '!wie is "1d{}x"',
        '!wie is "1d{}(1"',
        "!bijeenkomst lijst x{}y",
        "!bijeenkomst wijzig titel{}x",
    ],
)
async def test_a_line_of_blanks_costs_no_more_than_another(town: Town, line: str, filling: str) -> None:
    await town.say("ben", "!help")
    said = line.format(filling * (7_700 // len(filling)))
    began = time.process_time()
    for _ in range(4):
        await town.say("ben", said)
    assert time.process_time() - began < 0.5


async def test_many_moments_are_not_read_one_by_one(town: Town) -> None:
    began = time.process_time()
    many = f"{'1d,2d,' * 1_300}3d,4d,5d,6d"
    assert "Kies een tot 5 momenten" in await town.say("ben", f"!bijeenkomst wijzig --herinner {many}")
    assert time.process_time() - began < 0.5


# --- as people say it ---


NO = "niet, sorry|helaas niet|jammer genoeg niet|toch niet|nee, sorry|no thanks|liever niet|zeker niet"
NO += "|niet mee|nee, ik kom niet|no, sorry|natuurlijk niet|Nee hoor!|i'm not coming"
BESIDE = {
    "Je komt niet": NO,
    "Je doet online mee": "ja, online|online please|graag online|van thuis uit|liever online|online, graag!",
    "Je komt ter plaatse": "in person, please|fysiek graag|ja, ter plaatse|ter plekke",
    "Hoe kom je": "ja, graag|yes please|graag|Ja hoor|ja, graag!|zeker|graag mee",
    "Je komt misschien": "niet zeker|nog niet zeker|not sure yet|wellicht|misschien, sorry",
}


async def test_an_answer_is_understood_with_what_is_said_beside_it(town: Town) -> None:
    for said, all_of_them in BESIDE.items():
        for words in all_of_them.split("|"):
            assert said in await town.say("ben", f"!kom {words}"), words


OPEN = "niet graag|niet online|niet ter plaatse|niet alleen|nee, online|ja, niet|misschien niet"
OPEN += "|ja misschien|straks|online of ter plaatse|met mijn vrouw|waarschijnlijk|niet natuurlijk"
OPEN += "|maybe not|not in person|graag of niet|sorry|please|ja nee|niet niet ter plaatse"


async def test_what_may_mean_something_else_is_never_an_answer(town: Town) -> None:
    for words in OPEN.split("|"):
        await town.say("ben", f"!kom {words}")
        assert "Je antwoordde nog niet" in await town.say("ben", "!bijeenkomst toon"), words


PHRASES = {
    "kom no": "!not coming|!I’m not coming|!can't come|!won't come",
    "kom niet": "!ik kan niet|!kan niet komen|!niet komen|!nee, ik kom niet|!ik kom niet",
    "kom no, sorry": "!Not coming, sorry",
    "kom online": "!ik doe online mee|!ik kom online",
    "kom ja": "!ik zal er zijn|!ik ben er",
    "kom yes": "!I'll be there|!count me in",
}


async def test_a_phrase_of_its_own_is_asked_back_as_the_command(town: Town) -> None:
    comes = {"kom online": "Je doet online mee", "kom ja": "Hoe kom je", "kom yes": "Hoe kom je"}
    for line, all_of_them in PHRASES.items():
        for words in all_of_them.split("|"):
            assert f"Bedoelde je `!{line}`?" in await town.say("ben", words)
            assert comes.get(line, "Je komt niet") in await pressed(town, "ben", words)


async def test_a_phrase_that_goes_on_is_none_of_its_own(town: Town) -> None:
    for words in (
        "ik ben er nog niet uit",
        "!ik kan niet wachten",
        "not coming back to this",
        "!niet komende week",
    ):
        assert "`!kom" not in await town.say("ben", words, room=None), words


@pytest.mark.parametrize("words", ["ter plaatse met 2", "ja met twee", "met 2", "online met 1"])
async def test_with_how_many_without_its_dashes_is_asked_back(town: Town, words: str) -> None:
    asked = await town.say("ben", f"!kom {words}")
    assert "--met" in asked
    assert "Je antwoordde nog niet" in await town.say("ben", "!bijeenkomst toon")


WAY = next(each for each in COMMANDS.arguments(COMMANDS.by_path["come"]) if each.name == "way")
VOCABULARY = {
    *(
        "niet",
        "nee",
        "no",
        "not",
        "ja",
        "yes",
        "online",
        "ter plaatse",
        "graag",
        "misschien",
        "zeker",
        "toch",
    ),
    *("sorry", "please", "liever", "met", "2", "mee", "hoor", "helaas", "natuurlijk", "of", "nog", "thanks"),
}


@given(words=st.lists(st.sampled_from(sorted(VOCABULARY)), min_size=1, max_size=4))
def test_no_words_beside_a_no_make_it_a_yes(words: list[str]) -> None:
    """Whatever else is said: who says no is never taken to come, nor the other way round."""
    try:
        found = WAY.converter.convert(WAY, " ".join(words), a_call("nl"))
    except (UserError, Unsure):
        return
    no, yes = {"niet", "nee", "no", "not"}, {"ja", "online", "ter plaatse", "yes", "graag"}
    if no & {*words}:
        assert found in (Way.NO, Way.MAYBE), words
    if yes & {*words} and not no & {*words}:
        assert found not in (Way.NO, Way.MAYBE) or "misschien" in words, words


# --- until when ---


UNTIL = {
    "paasvakantie": "28 maart 2027",
    "de paasvakantie": "28 maart 2027",
    "begin van de paasvakantie": "28 maart 2027",
    "einde van de paasvakantie": "11 april 2027",
    "en met de paasvakantie": "11 april 2027",
    "easter holidays": "28 maart 2027",
    "krokusvakantie": "7 februari 2027",
    "zomervakantie": "30 juni 2027",
    "grote vakantie": "30 juni 2027",
    "het einde van het schooljaar": "30 juni 2027",
    "kerstvakantie 2027": "26 december 2027",
    "paasvakantie 2028": "2 april 2028",
    "eind juni": "30 juni 2027",
}
KOOR = '!bijeenkomst plan "Koor" "woensdag 9 december 20u" --plaats Zaal --herhaal "elke woensdag"'


async def test_a_series_goes_on_until_a_school_holiday(town: Town) -> None:
    for until, day in UNTIL.items():
        said = await town.say("mia", f'{KOOR} --tot "{until}"')
        assert re.search(rf"tot en met \w+ {day}", said), (until, said)


async def test_until_when_is_asked_where_that_is_no_day(town: Town) -> None:
    for until in ("vakantie", "de zomer", "feestdagen", "paasvakantie 2199", "2027 2028"):
        said = await town.say("mia", f'{KOOR} --tot "{until}"')
        assert "Schrijf bijvoorbeeld `--tot" in said, (until, said)


# --- help ---


@pytest.mark.parametrize("words", ["!help herhaling", "!hulp herhaling", "!help repeat", "!help Herhalen"])
async def test_help_shows_how_repetitions_are_written(town: Town, words: str) -> None:
    said = await town.say("ben", words)
    assert "`elke eerste maandag van de maand`" in said
    assert "--tot paasvakantie" in said


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_what_help_says_of_repetitions_is_understood(locale: str) -> None:
    texts = COMMANDS.texts
    for part in ("weeks", "days", "months", "years", "hour"):
        examples = re.findall("`([^`]+)`", texts.find(f"help.about.repeat.{part}", locale) or "")
        assert examples
        for example in examples:
            assert when.read_rule(example, locale, date(2027, 1, 1)).sure, example


# --- where there are none ---

NEXT_STEP = {
    **dict.fromkeys(("lijst", "reeks", "toon", "wie"), "!bijeenkomst plan"),
    "mijn": "!bijeenkomst lijst",
    "kom ja": "!bijeenkomst plan",
}


async def test_where_there_are_none_it_is_said_what_to_do(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!help")
        for words, step in NEXT_STEP.items():
            for room in ("sport", None):
                assert f"`{step}" in await town.say("ben", f"!bijeenkomst {words}", room=room), words

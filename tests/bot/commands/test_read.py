"""What people type, as a command with its arguments; or the right way to type it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.read import bind, parse
from bot.errors import Unsure, UserError
from bot.model.message import Message
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call, read, refused


def by_numbers(call: Call, numbers: tuple[int, ...], *, poll: int | None = None) -> Message:
    raise NotImplementedError


def thank(call: Call, whom: str, reason: str) -> Message:
    raise NotImplementedError


def plan(call: Call, what: str, where: str, at_most: int, notes: tuple[str, ...] = ()) -> Message:
    raise NotImplementedError


# Of those that are listed none takes several numbers, or words behind words.
OURS = Commands(
    [Command("test it", by_numbers), Command("test thank", thank), Command("test plan", plan)], Texts()
)


@pytest.mark.parametrize(
    "typed",
    [
        '!poll open "Waar?" Plein | Park',
        '!peiling open "Waar?" Plein | Park',
        "!peiling open “Waar?” Plein | Park",
        "!peiling open „Waar?” Plein | Park",
        "!peiling open «Waar?» Plein|Park",
        "!peiling open Waar? | Plein | Park",
        "!peiling open Waar?\nPlein\nPark",
        "!peiling open Waar?\r\nPlein\r\n\r\nPark",
        "peiling open Waar? | Plein | Park |",
        '!PEILING   Open  "Waar?"   Plein  |  Park',
    ],
)
def test_a_question_and_its_options(typed: str) -> None:
    assert read(typed) == ("poll open", {"question": "Waar?", "options": ("Plein", "Park")})


@pytest.mark.parametrize(
    "typed",
    [
        '!peiling open "Waar?" Hier | Daar --sluit 2d --hoogstens 2',
        '!peiling open "Waar?" Hier | Daar --hoogstens 2 --sluit 2d',
        '!peiling open --sluit 2d --hoogstens 2 "Waar?" Hier | Daar',
        '!poll open "Waar?" Hier | Daar --closes 2d --choices=2',
        '!poll open "Waar?" Hier | Daar --sluit "3 december 2026 19:00" --choices "2"',
        '!poll open --closes "2d" "Waar?" Hier | Daar --choices 2',
    ],
)
def test_named_arguments_stand_anywhere(typed: str) -> None:
    path, args = read(typed)
    assert path == "poll open"
    assert args == {
        "question": "Waar?",
        "options": ("Hier", "Daar"),
        "closes": NOW + timedelta(days=2),
        "choices": 2,
    }


def test_nothing_in_quotes_is_a_flag() -> None:
    assert read('!peiling open "Wat doet --sluit hier?" A | B')[1]["question"] == "Wat doet --sluit hier?"


@pytest.mark.parametrize(("typed", "numbers"), [("1", (1,)), ("1 3", (1, 3)), ("1,3", (1, 3)), ("#2.", (2,))])
def test_numbers(typed: str, numbers: tuple[int, ...]) -> None:
    assert read(f"!test it {typed}", commands=OURS) == ("test it", {"numbers": numbers})
    assert read(f"!test it {typed} --poll 4", commands=OURS) == ("test it", {"numbers": numbers, "poll": 4})
    # A vote says what its kind of poll makes of it.
    assert read(f"!stem {typed}") == ("poll vote", {"answer": typed})
    assert read(f"!vote {typed} --poll 4") == ("poll vote", {"answer": typed, "poll": 4})


def test_a_yes_needs_no_value() -> None:
    assert read("!peiling sluit --zeker 3") == ("poll close", {"poll": 3, "sure": True})
    assert read("!poll close 3 --sure") == ("poll close", {"poll": 3, "sure": True})
    assert read("!poll close") == ("poll close", {})


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("!peling open", "Bedoelde je `!peiling open"),
        ("!peiling lsjt", "Bedoelde je `!peiling lijst`?"),
        ("!poll lits", "Bedoelde je `!peiling lijst`?"),
        ("!stme 1", "Bedoelde je `!stem 1`?"),
        ("!peiling", "Typ `!help peiling`"),
        ("!peiling xyz", "Typ `!help peiling`"),
        ("!peilng", "Typ `!help peiling`"),
        ("!peiling Wanneer spelen we? vrijdag | zaterdag", "Bedoelde je `!peiling open"),
        ("!poll When do we play?", "Bedoelde je `!peiling open"),
        ("!fiets", "`!fiets` ken ik niet. Typ `!help`"),
        ("", "Typ `!help`"),
        (
            "!stem",
            "Er ontbreekt nog iets: je antwoord, zoals het nummer van je keuze. Typ het zo: `!stem nummer`",
        ),
        ("!stem --peiling 3", "Typ het zo: `!stem nummer --peiling 3`"),
        ("!peiling toon twee", "“twee” is geen getal. Typ het zo: `!peiling toon [nummer]`"),
        ("!stem 1 --peling 2", "Bedoelde je `--peiling`?"),
        ("!stem 1 --peiling", "Achter `--peiling` hoort nog iets"),
        ('!peiling open --sluit --hoogstens 2 "a" b | c', "Achter `--sluit` hoort nog iets"),
        ("!stem 1 --zzz 2", "`--zzz` ken ik hier niet"),
        ("!peiling toon 99999999999", "is geen getal"),
        ("!peiling toon 1 2", "Met “2” weet ik geen raad"),
        ('!peiling open "Waar? A | B', "aanhalingsteken te weinig"),
        ("!stem 1 --peiling 2\u202e", "onzichtbaar teken"),
        ("!" + "x" * 8001, "Dat zijn 8001 tekens en ik lees er hoogstens 8000."),
    ],
)
def test_a_mistake_is_answered_with_what_to_type(typed: str, answer: str) -> None:
    assert answer in refused(typed)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (
            '!peiling open "Waar?" Hier | Daar --hoogstens veel',
            '`!peiling open "Waar?" Hier | Daar --hoogstens aantal`',
        ),
        (
            '!peiling open "Waar?" Hier | Daar --zzz 2',
            '`!peiling open "Waar?" Hier | Daar`',
        ),
        (
            "!peiling open --anoniem --quorum 5",
            '`!peiling open "vraag" keuze | keuze --anoniem --quorum 5`',
        ),
        ("!peiling sluit 3 --zeker 4", "`!peiling sluit 3 --zeker`"),
        ("!stem 1 --peiling x", '`!stem "1" --peiling nummer`'),
    ],
)
def test_what_was_typed_well_stands_in_the_right_way_to_type_it(typed: str, answer: str) -> None:
    assert f"Typ het zo: {answer}" in refused(typed)


def test_what_only_buttons_use_cannot_be_typed() -> None:
    assert "Typ `!help poll`" in refused("!poll take-back 1 1")


@pytest.mark.parametrize("words", ["a\u0000b", "a\u202eb", "\ud800"])
def test_unseen_characters_are_refused_filled_in_too(words: str) -> None:
    for args in ({"question": words, "options": "a|b"}, {"question": "a", "options": [words, "b"]}):
        with pytest.raises(UserError) as error:
            bind(COMMANDS, COMMANDS.by_path["poll open"], args, a_call())
        assert error.value.text.key == "typed.unseen"


PIECES = st.lists(
    st.sampled_from(
        ["!poll", "open", "peiling", "stem", '"', "“", "”", "|", "--sluit", "--x", "=", "1", "\n", ""]
    )
    | st.text(max_size=4),
    max_size=12,
).map(" ".join)


@given(st.text() | PIECES, st.sampled_from(["nl", "en"]))
@example("!stem \ud800", "nl")
@example('!peiling open "', "nl")
def test_any_text_is_a_command_or_an_answer(typed: str, locale: str) -> None:
    try:
        command, given = parse(COMMANDS, typed, locale)
        bind(COMMANDS, command, given, a_call(locale))
    except (UserError, Unsure) as error:
        said = error.text if isinstance(error, UserError) else error.question
        answer = Texts().write(said, Voice(locale, BRUSSELS, NOW))
        assert not re.search(r"\{\w+\}", answer.replace(typed, ""))
        assert answer.encode()


# --- words behind words ---


@pytest.mark.parametrize(
    ("typed", "whom", "reason"),
    [
        ('ben "voor de soep"', "ben", "voor de soep"),
        ("ben «voor de soep»", "ben", "voor de soep"),
        ('"ben peeters" "voor de soep"', "ben peeters", "voor de soep"),
        ('"ben peeters" voor de soep', "ben peeters", "voor de soep"),
        ('ben peeters "voor de soep"', "ben peeters", "voor de soep"),
        ("ben peeters | voor de soep", "ben peeters", "voor de soep"),
        ("ben peeters\nvoor de soep", "ben peeters", "voor de soep"),
        ('ben | "voor de soep"', "ben", "voor de soep"),
        # Not inside a word.
        ('sint"jan" | voor de soep', 'sint"jan"', "voor de soep"),
    ],
)
def test_words_end_where_what_follows_is_quoted(typed: str, whom: str, reason: str) -> None:
    assert parse(OURS, f"!test thank {typed}", "nl")[1] == {"whom": whom, "reason": reason}


def test_several_words_follow_one_another() -> None:
    wanted = {"what": "soep", "where": "het plein", "at_most": "12", "notes": '"warm" | "met brood"'}
    for typed in (
        'soep "het plein" 12',
        'soep | het plein "12"',
        '"soep" het plein\n12',
        "soep|het plein|12",
    ):
        assert parse(OURS, f'!test plan {typed} "warm" | "met brood"', "nl")[1] == wanted


def test_nothing_is_quoted_so_all_of_it_belongs_together() -> None:
    assert parse(OURS, "!test thank ben peeters", "nl")[1] == {"whom": "ben peeters"}


@pytest.mark.parametrize("question", ['Komt "de bank" er?', 'Waar "precies"', 'Wie zei "ja" of "nee"'])
def test_a_question_may_quote_something(question: str) -> None:
    """What comes after it is all the rest, which may begin with a quotation or with anything."""
    assert read(f"!poll open {question} | A | B")[1] == {"question": question, "options": ("A", "B")}
    assert read(f"!poll open {question} --kind consent")[1]["question"] == question


# --- by what is meant ---


@pytest.mark.parametrize(
    ("typed", "usage"),
    [
        *(
            ("!peiling stop 3", "peiling sluit"),
            ("!poll end", "peiling sluit"),
            ("!peiling einde", "peiling sluit"),
        ),
        *(("!peiling verwijder 3", "peiling annuleer"), ("!poll delete 3", "peiling annuleer")),
        *(("!peiling delete", "peiling annuleer"), ("!poll remove", "peiling annuleer")),
        *(("!toon 3", "peiling toon"), ("!show", "peiling toon"), ("!sluit 3", "peiling sluit")),
        *(("!delete 3", "peiling annuleer"), ("!stop", "peiling sluit"), ("!lijst", "peiling lijst")),
        *(("!poll delte 3", "peiling annuleer"), ("!peiling verwjder", "peiling annuleer")),
        *(
            ("!peiling nieuw", "peiling open"),
            ("!poll create", "peiling open"),
            ("!poll results", "peiling toon"),
        ),
        ("!peiling langer 2d", "peiling verleng"),
        *(("!verwijder mijn stem", "peiling intrekken"), ("!peiling wis mijn stem", "peiling intrekken")),
        *(("!poll delete my vote please", "peiling intrekken"), ("!verwijder peiling 3", "peiling annuleer")),
    ],
)
def test_what_is_meant_goes_before_how_it_is_spelled(typed: str, usage: str) -> None:
    assert f"Bedoelde je `!{usage}" in refused(typed)


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("!aanbod ik breng soep", "offer add"),
        ('!aanbod "lisjt"', "offer add"),
        ("!aanbod lijst soep", "offer list"),
        *(("!agenda", "agenda show"), ("!agenda 7", "agenda show"), ("!agenda steun 7", "agenda support")),
    ],
)
def test_a_noun_can_be_a_command_by_itself(typed: str, path: str) -> None:
    command, _ = parse(COMMANDS, typed, "nl")
    assert command.path == path


@pytest.mark.parametrize(
    ("typed", "usage"),
    [
        ("!aanbod lisjt soep", "aanbod lijst soep"),
        ("!offer lsit", "aanbod lijst"),
        ("!agenda stuen 3", "agenda steun 3"),
    ],
)
def test_what_stands_behind_it_is_no_misspelt_verb(typed: str, usage: str) -> None:
    assert f"Bedoelde je `!{usage}" in refused(typed)


@given(
    st.sampled_from(["delete", "remove", "verwijder", "wis", "schrap", "erase"]),
    st.integers(0, 9),
    st.text("abcdel", max_size=1),
)
def test_nothing_that_takes_away_leads_to_what_lasts(word: str, at: int, letter: str) -> None:
    """Not with a letter that is another one, either."""
    misspelt = word[: at % len(word)] + letter + word[at % len(word) + 1 :]
    for noun in ("!poll ", "!peiling ", "!"):
        assert "verleng" not in refused(f"{noun}{misspelt}")


@pytest.mark.parametrize(
    "typed", ["!peling open", "!stm 2", "peilingen", "!HELP", "!delete 3", "!poll\n1", "!hlp"]
)
def test_a_slip_of_the_finger_resembles_a_command(typed: str) -> None:
    assert COMMANDS.resembles(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "!draupnir ban @x:y",
        "!Bravo iedereen",
        "!ban",
        "!warn x",
        "!mute @x 10m",
        "!",
        "",
        "hoe gaat het?",
        "!hoera",
        "!8ball",
    ],
)
def test_other_bots_commands_and_exclamations_resemble_none(typed: str) -> None:
    assert not COMMANDS.resembles(typed)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("!peiling verleng 5 2d", "!peiling verleng 2d --peiling 5"),
        ("!peiling verleng 5 vrijdag 20u", "!peiling verleng vrijdag 20u --peiling 5"),
        ("!poll extend #5: volgende vrijdag om 8", "!peiling verleng volgende vrijdag om 8 --peiling 5"),
    ],
)
def test_a_number_that_stands_before_what_it_is_about_is_asked_back(typed: str, line: str) -> None:
    with pytest.raises(Unsure) as asked:
        read(typed)
    assert asked.value.question.values["line"].replace('"', "") == line
    ((_, meant),) = asked.value.choices
    assert meant["poll"] == 5


@pytest.mark.parametrize("typed", ["!peiling verleng 5 fietsen", "!peiling verleng 5 2d --peiling 3"])
def test_a_number_before_what_cannot_be_read_either_is_no_question(typed: str) -> None:
    assert "begrijp ik niet als tijdstip" in refused(typed)


def test_a_moment_may_begin_with_a_number() -> None:
    assert read("!peiling verleng 5 dagen")[1].keys() == {"until"}
    assert read("!peiling verleng 5 december 20u")[1].keys() == {"until"}

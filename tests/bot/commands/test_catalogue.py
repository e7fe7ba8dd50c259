"""What people type, as a command with its arguments; or the right way to type it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.errors import UserError
from bot.features.polls.records import Kind
from bot.model.message import Message, text
from bot.texts import LOCALES, Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call
from tests.doubles.installed import FEATURES


def by_numbers(call: Call, numbers: tuple[int, ...], *, poll: int | None = None) -> Message:
    raise NotImplementedError


# Of those that are listed none takes several numbers.
OURS = Commands([Command("test it", by_numbers)], Texts())


def read(typed: str, locale: str = "nl", commands: Commands = COMMANDS) -> tuple[str, dict[str, Any]]:
    command, given = commands.parse(typed, locale)
    return command.path, commands.bind(command, given, a_call(locale))


def refused(typed: str, locale: str = "nl", commands: Commands = COMMANDS) -> str:
    with pytest.raises(UserError) as error:
        read(typed, locale, commands)
    return Texts().write(error.value.text, Voice(locale, BRUSSELS, NOW))


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
        ("!stme 1", "Bedoelde je `!stem nummer"),
        ("!peiling", "Typ `!help peiling`"),
        ("!peiling xyz", "Typ `!help peiling`"),
        ("!peilng", "Typ `!help peiling`"),
        ("!fiets", "`!fiets` ken ik niet. Typ `!help`"),
        ("", "Typ `!help`"),
        ("!stem", "Er ontbreekt nog iets: antwoord. Typ het zo: `!stem nummer`"),
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


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("volgorde", Kind.RANKED),
        ("rangorde", Kind.RANKED),
        ("ranking", Kind.RANKED),
        ("ranked", Kind.RANKED),
        (" Datums ", Kind.DATES),
        ("consent", Kind.CONSENT),
        ("AKKOORD", Kind.CONSENT),
        ("keuze", Kind.CHOICE),
        ("choice", Kind.CHOICE),
    ],
)
@pytest.mark.parametrize("locale", ["nl", "en"])
def test_one_of_a_few_words_in_either_language(word: str, kind: Kind, locale: str) -> None:
    assert read(f'!poll open "Waar?" A | B --kind {word}', locale)[1]["kind"] is kind
    command = COMMANDS.by_path["poll open"]
    bound = COMMANDS.bind(command, {"question": "Waar?", "kind": word}, a_call(locale))
    assert bound["kind"] is kind


def test_the_words_of_the_reader_go_before_those_of_others() -> None:
    for locale in ("nl", "en"):
        for command in FEATURES.commands:
            for param in command.params:
                for word, one in COMMANDS.words_of(param, locale).items():
                    given = {param.name: word}
                    others = {other.name: "1" for other in command.params if other.required}
                    bound = COMMANDS.bind(command, {**others, **given}, a_call(locale))
                    assert bound[param.name] is one


def test_a_word_that_is_none_of_them() -> None:
    assert refused('!poll open "Waar?" A | B --soort fiets') == (
        "“fiets” kan niet bij soort. Kies uit keuze, goedkeuring, cijfer, volgorde, akkoord en datums. "
        'Typ het zo: `!peiling open "Waar?" A | B --soort soort`'
    )


def test_what_only_buttons_use_cannot_be_typed() -> None:
    assert "Typ `!help poll`" in refused("!poll take-back 1 1")


@pytest.mark.parametrize("command", FEATURES.commands, ids=lambda command: command.path)
@pytest.mark.parametrize("locale", ["nl", "en"])
def test_every_name_of_every_command_leads_to_it(command: Command, locale: str) -> None:
    if command.listed:
        for name in COMMANDS.names(command, locale):
            assert COMMANDS.parse(f"!{name}", locale)[0] is command
        assert COMMANDS.usage(command, locale).startswith(f"!{COMMANDS.names(command, locale)[0]}")


@pytest.mark.parametrize("words", ["a\u0000b", "a\u202eb", "\ud800"])
def test_unseen_characters_are_refused_filled_in_too(words: str) -> None:
    for args in ({"question": words, "options": "a|b"}, {"question": "a", "options": [words, "b"]}):
        with pytest.raises(UserError) as error:
            COMMANDS.bind(COMMANDS.by_path["poll open"], args, a_call())
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
        command, given = COMMANDS.parse(typed, locale)
        COMMANDS.bind(command, given, a_call(locale))
    except UserError as error:
        answer = Texts().write(error.text, Voice(locale, BRUSSELS, NOW))
        assert not re.search(r"\{\w+\}", answer.replace(typed, ""))
        assert answer.encode()


# --- forms ---


def missing(path: str, given: dict[str, Any]) -> UserError:
    with pytest.raises(UserError) as error:
        COMMANDS.bind(COMMANDS.by_path[path], given, a_call())
    return error.value


def test_what_is_missing_is_asked_for_with_what_is_there() -> None:
    error = missing("poll outcome", {"poll": 3, "review": "2d"})
    assert error.text.values["problem"].key == "command.missing"
    form = error.form
    assert form
    assert (form.command, form.args, form.at_once) == ("poll outcome", {"poll": 3, "review": "2d"}, True)
    assert [one.name for one in form.fields] == ["outcome"]
    assert form.filled_in([" De bank "]) == {"poll": 3, "review": "2d", "outcome": "De bank"}


def test_what_is_wrong_besides_is_said_first() -> None:
    error = missing("poll outcome", {"review": "op een keer"})
    assert error.form is None
    assert error.text.values["problem"].key == "when.unclear"
    # What can be meant in two ways is asked back once everything is there.
    unsure = missing("poll outcome", {"review": "12 december om 8"})
    assert unsure.form


def test_a_form_holds_what_was_given_and_gives_it_back() -> None:
    command = COMMANDS.by_path["poll open"]
    given = {
        "question": "Waar?",
        "options": ["Hier", "Daar"],
        "kind": "volgorde",
        "closes": "vrijdag 20u",
        "anonymous": True,
        "quorum": 5,
        "opens": datetime(2026, 12, 2, 19, tzinfo=UTC),
        "theme": None,
    }
    form = COMMANDS.form(command, given, at_once=False)
    assert form
    assert form.args == {"quorum": 5, "opens": "2026-12-02T19:00:00+00:00"}
    shown = {one.name: one.value for one in form.fields}
    assert list(shown) == list(command.asks)
    assert shown == {
        "question": "Waar?",
        "options": "Hier\nDaar",
        "kind": "ranked",
        "closes": "vrijdag 20u",
        "anonymous": "yes",
    }
    kind = next(one for one in form.fields if one.name == "kind")
    assert [value for value, _ in kind.choices] == list(Kind)
    assert COMMANDS.bind(command, form.filled_in(list(shown.values())), a_call()) == COMMANDS.bind(
        command, {**given, "opens": form.args["opens"]}, a_call()
    )


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2026-12-20T19:00:00+00:00", "2026-12-20 20:00"),
        ("2026-12-02T23:05:00Z", "2026-12-03 00:05"),
        ("2020-06-01T18:00:00+00:00", "2020-06-01 20:00"),
        # The clocks go forward, and the hour after that.
        ("2027-03-28T00:59:00+00:00", "2027-03-28 01:59"),
        ("2027-03-28T01:00:00+00:00", "2027-03-28 03:00"),
        # They go back: what comes twice has no other name than the instant.
        ("2026-10-25T00:30:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T02:00:00+00:00", "2026-10-25 03:00"),
        # Not to the minute.
        ("2026-12-20T19:00:07+00:00", "2026-12-20T19:00:07+00:00"),
        # No instant, or one that no clock here shows.
        ("2026-12-20", "2026-12-20"),
        ("2026-12-20T19:00", "2026-12-20T19:00"),
        ("vrijdag 20u", "vrijdag 20u"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:00+00:00", "9999-12-31T23:59:00+00:00"),
    ],
)
def test_a_moment_comes_back_as_people_write_it(at: str, written: str) -> None:
    opening = COMMANDS.by_path["poll open"]
    form = COMMANDS.form(opening, {"closes": at}, at_once=False)
    assert form
    assert next(one.value for one in form.fields if one.name == "closes") == written
    for locale, flag in (("nl", "sluit"), ("en", "closes")):
        usage = COMMANDS.usage(opening, locale, {"question": "Waar?", "options": "A | B", "closes": at})
        assert usage.endswith(f" --{flag} {written}")
        assert COMMANDS.parse(usage, locale)[1]["closes"] == written


@pytest.mark.parametrize("locale", LOCALES)
def test_a_moment_that_comes_back_is_the_same_instant(locale: str) -> None:
    extending = COMMANDS.by_path["poll extend"]
    for hours in range(24 * 365):
        at = NOW.astimezone(UTC).replace(minute=30) + timedelta(hours=hours + 1)
        if hours % 7 and at.month not in (3, 10):
            continue
        usage = COMMANDS.usage(extending, locale, {"until": at.isoformat()})
        _, given = COMMANDS.parse(usage, locale)
        assert COMMANDS.bind(extending, given, a_call(locale)) == {"until": at}, usage


def test_a_suggestion_is_to_the_minute_that_it_shows() -> None:
    call = a_call()
    call.now = NOW + timedelta(seconds=7, microseconds=1)
    (one,) = COMMANDS.suggest_moments("2d", call)
    assert datetime.fromisoformat(str(one.value)) == NOW + timedelta(days=2, minutes=1)


def test_what_is_left_empty_in_a_form_is_not_given() -> None:
    form = COMMANDS.form(COMMANDS.by_path["poll open"], {"anonymous": True, "kind": "fiets"}, at_once=True)
    assert form
    assert [one.value for one in form.fields] == ["", "", "", "", "yes"]
    assert [one.required for one in form.fields] == [True, False, False, False, False]
    assert form.filled_in(["Waar?", "A|B", "", "", ""]) == {"question": "Waar?", "options": "A|B"}


def test_in_private_the_form_asks_for_the_theme_and_still_for_the_box() -> None:
    def asked(**given: str) -> list[str]:
        form = COMMANDS.form(COMMANDS.by_path["poll open"], given, at_once=True, private=True)
        assert form
        assert {*form.args, *(one.name for one in form.fields)} >= set(given)
        return [one.name for one in form.fields]

    assert asked() == ["theme", "question", "options", "kind", "anonymous"]
    # A moment that was given may be wrong.
    assert asked(closes="ooit") == ["theme", "question", "options", "closes", "anonymous"]


def test_a_name_of_as_many_words() -> None:
    vote = COMMANDS.by_path["poll vote"]
    assert COMMANDS.names(vote, "nl")[0] == "stem"
    assert COMMANDS.called(vote, "nl") == "peiling stem"
    assert COMMANDS.called(vote, "nl", "vote") == "stem"
    # Where there is none it keeps its own.
    assert COMMANDS.called(COMMANDS.by_path["poll tick"], "nl") == "poll tick"
    assert COMMANDS.called(COMMANDS.by_path["poll list"], "nl", "list") == "list"


@pytest.mark.parametrize(
    ("locale", "hint"), [("nl", "Ik ken Nederlands en English."), ("en", "I know Nederlands and English.")]
)
def test_the_languages_there_are_are_named(locale: str, hint: str) -> None:
    command = COMMANDS.by_path["language"]
    form = COMMANDS.form(command, {}, at_once=True)
    assert form
    voice = Voice(locale, BRUSSELS, NOW)
    about = COMMANDS.about(command.params[0], locale)
    said = [COMMANDS.texts.write(one, voice) for one in (form.fields[0].hint, about) if one]
    assert said[0] == hint
    assert said[1].casefold().endswith(hint[:-1].casefold())


def test_no_form_where_nothing_is_needed() -> None:
    for path in ("help", "poll list", "poll tick"):
        assert COMMANDS.form(COMMANDS.by_path[path], {}, at_once=True) is None


# --- moments, while they are typed ---


def test_a_moment_is_suggested_as_what_it_means() -> None:
    (one,) = COMMANDS.suggest_moments("vrijdag 20u", a_call())
    friday = datetime(2026, 12, 4, 19, tzinfo=UTC)
    assert (one.value, one.words) == ("2026-12-04T19:00:00+00:00", text("when.moment", at=friday))
    # It is read again for sure.
    assert read(f"!poll extend {one.value}") == ("poll extend", {"until": friday})
    assert COMMANDS.bind(COMMANDS.by_path["poll extend"], {"until": one.value}, a_call()) == {"until": friday}


@pytest.mark.parametrize("typed", ["op een keer", "gisteren 20u", "vrijdag 20u - 22u", "\u202e", "x" * 200])
def test_what_is_no_moment_says_why_and_stays_as_it_was_typed(typed: str) -> None:
    (one,) = COMMANDS.suggest_moments(typed, a_call())
    assert one.value == typed
    assert one.words.key.startswith("when.")


def test_an_ambiguous_moment_is_suggested_in_full() -> None:
    (one,) = COMMANDS.suggest_moments("12 december om 8", a_call())
    assert one.value == one.words.values["at"].isoformat()
    assert read(f"!poll extend {one.value}")[1]["until"] == one.words.values["at"]


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_some_moments_to_begin_with(locale: str) -> None:
    offered = COMMANDS.suggest_moments("", a_call(locale))
    assert len(offered) >= 3
    for one in offered:
        bound = COMMANDS.bind(COMMANDS.by_path["poll extend"], {"until": one.value}, a_call(locale))
        assert bound["until"] == one.words.values["at"] > NOW


def test_a_suggestion_that_is_over_when_it_is_sent() -> None:
    error = missing("poll extend", {"until": "2026-12-01T17:00:00+00:00"})
    assert error.text.values["problem"].key == "when.past"

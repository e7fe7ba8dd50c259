"""The kinds of parameters: what is understood, how it is shown again, and what is suggested."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.call import Call
from bot.commands.forms import form_for
from bot.commands.read import bind, parse
from bot.errors import Unsure, UserError
from bot.features.polls.records import Kind
from bot.model.events import Mention
from bot.model.message import Suggestion, text
from bot.model.people import Identity
from bot.texts import LOCALES
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call, read, refused
from tests.doubles.installed import FEATURES


def suggested(typed: str, call: Call) -> Sequence[Suggestion]:
    review = COMMANDS.argument("poll outcome", "review")
    assert review
    assert review.suggest
    return review.suggest(call, typed)


# --- words ---


def put(words: str, *called: tuple[str, str]) -> tuple[str, tuple[str, ...]]:
    """What is asked, and between what, where these are called so."""
    call = a_call("en")
    call.mentions = [Mention(user, Identity("test", user), name) for user, name in called]
    command, given = parse(COMMANDS, f'!poll open "{words}" {words} | No', "en")
    bound = bind(COMMANDS, command, given, call)
    return bound["question"], bound["options"]


def test_a_name_that_is_the_address_of_another_stays_as_it_is() -> None:
    """People are called what they like, also by the addresses of others."""
    called = [("@a:x.y", "@b:x.y"), ("@b:x.y", "@a:x.y")]
    assert put("@a:x.y or @b:x.y?", *called) == ("@b:x.y or @a:x.y?", ("@b:x.y or @a:x.y?", "No"))
    users = [f"@{letter}:x.y" for letter in "abcdefg"]
    chain = [(user, " ".join([following] * 36)) for user, following in itertools.pairwise(users)]
    assert len(put(" ".join(users), *chain)[0]) == 6 * len(chain[0][1]) + len(users) + len(users[-1]) - 1


def test_who_is_mentioned_is_called_by_name_also_where_another_address_begins_the_same() -> None:
    called = [("@a:x.y", "Ann"), ("@a:x.yz", "Zoë")]
    assert put("@a:x.yz and @a:x.y", *called)[0] == "Zoë and Ann"


# --- one of a few words ---


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
    bound = bind(COMMANDS, command, {"question": "Waar?", "kind": word}, a_call(locale))
    assert bound["kind"] is kind


def test_the_words_of_the_reader_go_before_those_of_others() -> None:
    for locale in ("nl", "en"):
        for command in FEATURES.commands:
            for param in COMMANDS.arguments(command):
                for word, choice in param.words(locale).items():
                    given = {param.name: word}
                    required = {param.name: "1" for param in command.params if param.required}
                    bound = bind(COMMANDS, command, {**required, **given}, a_call(locale))
                    assert bound[param.name] is choice


def test_a_word_that_is_none_of_them() -> None:
    assert refused('!poll open "Waar?" A | B --soort fiets') == (
        "“fiets” kan niet bij soort. Kies keuze, goedkeuring, cijfer, volgorde, akkoord of datums. "
        'Typ het zo: `!peiling open "Waar?" A | B --soort soort`'
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
    form = form_for(COMMANDS, opening, {"closes": at}, at_once=False)
    assert form
    assert next(field.value for field in form.fields if field.name == "closes") == written
    for locale, flag in (("nl", "sluit"), ("en", "closes")):
        usage = COMMANDS.usage(opening, locale, {"question": "Waar?", "options": "A | B", "closes": at})
        assert usage.endswith(f" --{flag} {written}")
        assert parse(COMMANDS, usage, locale)[1]["closes"] == written


@pytest.mark.parametrize("locale", LOCALES)
def test_a_moment_that_comes_back_is_the_same_instant(locale: str) -> None:
    extending = COMMANDS.by_path["poll extend"]
    for hours in range(24 * 365):
        at = NOW.astimezone(UTC).replace(minute=30) + timedelta(hours=hours + 1)
        if hours % 7 and at.month not in (3, 10):
            continue
        usage = COMMANDS.usage(extending, locale, {"until": at.isoformat()})
        _, given = parse(COMMANDS, usage, locale)
        assert bind(COMMANDS, extending, given, a_call(locale)) == {"until": at}, usage


def test_a_suggestion_is_to_the_minute_that_it_shows() -> None:
    call = a_call()
    call.now = NOW + timedelta(seconds=7, microseconds=1)
    (only,) = suggested("2d", call)
    assert datetime.fromisoformat(str(only.value)) == NOW + timedelta(days=2, minutes=1)


def test_a_moment_is_suggested_as_what_it_means() -> None:
    (only,) = suggested("vrijdag 20u", a_call())
    friday = datetime(2026, 12, 4, 19, tzinfo=UTC)
    assert (only.value, only.words) == ("2026-12-04T19:00:00+00:00", text("when.moment", at=friday))
    # It is read again for sure.
    assert read(f"!poll extend {only.value}") == ("poll extend", {"until": friday})
    assert bind(COMMANDS, COMMANDS.by_path["poll extend"], {"until": only.value}, a_call()) == {
        "until": friday
    }


@pytest.mark.parametrize("typed", ["op een keer", "gisteren 20u", "vrijdag 20u - 22u", "\u202e", "x" * 200])
def test_what_is_no_moment_says_why_and_stays_as_it_was_typed(typed: str) -> None:
    (only,) = suggested(typed, a_call())
    assert only.value == typed
    assert only.words.key.startswith("when.")


def test_an_ambiguous_moment_is_suggested_in_full() -> None:
    both = suggested("12 december om 8", a_call())
    assert [choice.words.values["at"].astimezone(BRUSSELS).hour for choice in both] == [8, 20]
    for choice in both:
        assert choice.value == choice.words.values["at"].isoformat()
        assert read(f"!poll extend {choice.value}")[1]["until"] == choice.words.values["at"]


def test_a_moment_that_may_be_one_of_two_is_asked_back_with_a_button_for_each() -> None:
    with pytest.raises(Unsure) as unsure:
        read('!poll outcome "Ja" --review "vrijdag om 7u"')
    assert unsure.value.question == text("when.which", words="vrijdag om 7u")
    assert [label.values["at"].astimezone(BRUSSELS).hour for label, _ in unsure.value.choices] == [7, 19]
    for label, meant in unsure.value.choices:
        given = {"outcome": "Ja", **meant}
        bound = bind(COMMANDS, COMMANDS.by_path["poll outcome"], given, a_call())
        assert bound["review"] == label.values["at"]


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_some_moments_to_begin_with(locale: str) -> None:
    offered = suggested("", a_call(locale))
    assert len(offered) >= 3
    for moment in offered:
        given = {"outcome": "ja", "review": moment.value}
        bound = bind(COMMANDS, COMMANDS.by_path["poll outcome"], given, a_call(locale))
        assert bound["review"] == moment.words.values["at"] > NOW


def test_a_suggestion_that_is_over_when_it_is_sent() -> None:
    with pytest.raises(UserError) as error:
        read("!poll extend 2026-12-01T17:00:00+00:00")
    assert error.value.text.values["problem"].key == "when.past"

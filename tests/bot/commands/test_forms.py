"""What a command still needs, as a form; and what comes of it when it is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.commands.forms import form_for
from bot.commands.read import bind
from bot.errors import UserError
from bot.features.polls.records import Kind
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call


def missing(path: str, given: dict[str, Any]) -> UserError:
    with pytest.raises(UserError) as error:
        bind(COMMANDS, COMMANDS.by_path[path], given, a_call())
    return error.value


def test_what_is_missing_is_asked_for_with_what_is_there() -> None:
    error = missing("poll outcome", {"poll": 3, "review": "2d"})
    assert error.text.values["problem"].key == "command.missing"
    form = error.form
    assert form
    assert (form.command, form.args, form.at_once) == ("poll outcome", {"poll": 3, "review": "2d"}, True)
    assert [field.name for field in form.fields] == ["outcome"]
    assert form.filled_in([" De bank "]) == {"poll": 3, "review": "2d", "outcome": "De bank"}


def test_what_else_is_wrong_is_said_first() -> None:
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
    form = form_for(COMMANDS, command, given, at_once=False)
    assert form
    assert form.args == {"quorum": 5, "opens": "2026-12-02T19:00:00+00:00"}
    shown = {field.name: field.value for field in form.fields}
    assert list(shown) == list(command.asks)
    assert shown == {
        "question": "Waar?",
        "options": "Hier\nDaar",
        "kind": "ranked",
        "closes": "vrijdag 20u",
        "anonymous": "yes",
    }
    kind = next(field for field in form.fields if field.name == "kind")
    assert [value for value, _ in kind.choices] == list(Kind)
    assert bind(COMMANDS, command, form.filled_in(list(shown.values())), a_call()) == bind(
        COMMANDS, command, {**given, "opens": form.args["opens"]}, a_call()
    )


def test_what_is_left_empty_in_a_form_is_not_given() -> None:
    form = form_for(
        COMMANDS, COMMANDS.by_path["poll open"], {"anonymous": True, "kind": "fiets"}, at_once=True
    )
    assert form
    assert [field.value for field in form.fields] == ["", "", "", "", "yes"]
    assert [field.required for field in form.fields] == [True, False, False, False, False]
    assert form.filled_in(["Waar?", "A|B", "", "", ""]) == {"question": "Waar?", "options": "A|B"}


def test_in_private_the_form_asks_for_the_theme_and_still_for_the_box() -> None:
    def asked(**given: str) -> list[str]:
        form = form_for(COMMANDS, COMMANDS.by_path["poll open"], given, at_once=True, private=True)
        assert form
        assert {*form.args, *(field.name for field in form.fields)} >= set(given)
        return [field.name for field in form.fields]

    assert asked() == ["theme", "question", "options", "kind", "anonymous"]
    # A moment that was given may be wrong.
    assert asked(closes="ooit") == ["theme", "question", "options", "closes", "anonymous"]


@pytest.mark.parametrize(
    ("locale", "hint"), [("nl", "Kies Nederlands of English."), ("en", "Choose Nederlands or English.")]
)
def test_the_languages_there_are_are_named(locale: str, hint: str) -> None:
    command = COMMANDS.by_path["language"]
    form = form_for(COMMANDS, command, {}, at_once=True)
    assert form
    voice = Voice(locale, BRUSSELS, NOW)
    about = COMMANDS.arguments(command)[0].about(locale)
    said = [COMMANDS.texts.write(words, voice) for words in (form.fields[0].hint, about) if words]
    assert said[0] == hint
    _, names = hint[:-1].split(" ", 1)
    assert said[1].endswith(f": {names}")


def test_no_form_where_nothing_is_needed() -> None:
    for path in ("help", "poll list", "poll tick"):
        assert form_for(COMMANDS, COMMANDS.by_path[path], {}, at_once=True) is None

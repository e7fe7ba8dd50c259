"""A kind of parameter made up here: a theme, which is looked up among those that somebody takes part in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from adapters.discord.commands import SlashCommands
from bot.call import Call
from bot.commands.argument import Argument, Converter, Extent
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.forms import form_for
from bot.commands.read import parse
from bot.commands.types import CONVERTERS
from bot.dispatch import Dispatch
from bot.errors import Clash, Unsure, UserError
from bot.feature import Feature, Features
from bot.model.message import Button, Message, Suggestion, message, typed
from bot.model.people import Place, Theme
from bot.texts import Texts
from tests.doubles.platform import PLATFORM, Town, open_town, words_of


def find_theme(argument: Argument, value: Any, call: Call) -> Theme:
    """The theme of that number or name, or the one whose name begins so."""
    themes = call.themes()
    wanted = str(value).casefold()
    exact = [theme for theme in themes if wanted in (f"#{theme.id}", theme.name.casefold())]
    found = exact or [theme for theme in themes if theme.name.casefold().startswith(wanted)]
    if not found:
        raise UserError(
            "theme.unknown", theme=str(value)[:40], known=tuple(typed(theme.name) for theme in themes)
        )
    if len(found) > 1:
        choices = [(typed(theme.name), {argument.name: f"#{theme.id}"}) for theme in found]
        raise Unsure(typed(f"{value}?"), choices)
    return found[0]


def suggest_themes(argument: Argument, call: Call, given: str) -> Sequence[Suggestion]:
    themes = [theme for theme in call.themes() if theme.name.startswith(given)]
    return [Suggestion(f"#{theme.id}", typed(theme.name)) for theme in themes]


THEME = Converter(
    convert=find_theme,
    keep=lambda theme: f"#{theme.id}",
    suggest=suggest_themes,
    extent=Extent.WORD,
)


def move(call: Call, subject: Theme, into: Theme, why: str = "", *, beside: Theme | None = None) -> Message:
    call.post(Place(PLATFORM, "sport"), message(typed(f"moved {subject.name} into {into.name}")), "moved")
    return message(typed(f"{subject.name} / {into.name} / {why} / {beside and beside.name}"))


MOVE = Command("test move", move)
MOVES = Feature(name="moves", commands=(MOVE,), kinds={Theme: THEME})
COMMANDS = Commands([MOVE], Texts(), converters={**CONVERTERS, **Features([MOVES]).kinds})


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna takes part in some themes, Ben in one."""
    async with open_town(database_url) as town:
        for name in ("sport", "spel", "groen", "oude markt"):
            await town.joined(name, theme=name)
            await town.core.handle(town.asked("anna", "!help", room=name))
        await town.core.handle(town.asked("ben", "!help", room="groen"))
        yield town


@pytest.fixture
def dispatch(town: Town) -> Dispatch:
    return Dispatch(
        town.core.store,
        town.clock,
        COMMANDS,
        town.core.communities,
        town.core.features,
    )


async def said(dispatch: Dispatch, town: Town, words: str, who: str = "anna") -> str:
    answer = await dispatch.handle(town.asked(who, words))
    return words_of(answer) if answer else ""


async def test_it_is_typed_as_one_word_or_quoted_and_looked_up(dispatch: Dispatch, town: Town) -> None:
    assert await said(dispatch, town, "!test move sport groen") == "sport / groen /  / None"
    assert (
        await said(dispatch, town, '!test move SPORT "oude markt" voor de lente --beside spel')
        == "sport / oude markt / voor de lente / spel"
    )
    assert await said(dispatch, town, '!test move sport groen "voor de lente"') == (
        "sport / groen / voor de lente / None"
    )
    assert await said(dispatch, town, "!test move sport | groen | nu") == "sport / groen / nu / None"


async def test_who_it_is_for_and_what_to_type_instead(dispatch: Dispatch, town: Town) -> None:
    answer = await said(dispatch, town, "!test move groen bos nu --beside spel")
    assert "bos" in answer
    assert "sport, spel, groen of oude markt" in answer
    assert '`!test move groen into "nu" --beside spel`' in answer
    # It is looked for among what this person may know.
    assert "groen" in (hidden := await said(dispatch, town, "!test move groen sport", "ben"))
    assert "spel" not in hidden


async def test_it_is_asked_back_one_after_the_other(dispatch: Dispatch, town: Town) -> None:
    question = await dispatch.handle(town.asked("anna", '!test move sp "oude markt" nu --beside SP'))
    assert question
    assert [button.label for button in question.buttons] == [typed("sport"), typed("spel")]
    # What was understood is not looked up by its words again.
    assert question.buttons[1].args["into"] == "#4"
    question = await dispatch.handle(town.asked("anna", button=question.buttons[1]))
    assert question
    answer = await dispatch.handle(town.asked("anna", button=question.buttons[0]))
    assert answer
    assert words_of(answer) == "spel / oude markt / nu / sport"
    assert await dispatch.handle(town.asked("anna", button=question.buttons[1])) == answer
    await town.core.run_due()
    assert [shown.words for shown in town.platform.shown] == ["moved spel into oude markt"]


def test_a_line_that_is_shown_can_be_typed() -> None:
    given = {"subject": "oude markt", "into": "groen", "why": "daarom"}
    usage = COMMANDS.usage(MOVE, "nl", given)
    assert usage == '!test move "oude markt" groen "daarom"'
    assert parse(COMMANDS, usage, "nl") == (MOVE, given)


async def test_it_is_suggested_by_its_kind(dispatch: Dispatch, town: Town) -> None:
    asked = town.asked("anna", button=Button(typed(""), "test move", {}))
    for name in ("subject", "into", "beside"):
        found = await dispatch.suggest(asked, name, "sp")
        assert found == [Suggestion("#1", typed("sport")), Suggestion("#2", typed("spel"))]
    assert await dispatch.suggest(asked, "why", "sp") == ()


def test_it_is_an_option_of_a_slash_command() -> None:
    (described,) = SlashCommands(COMMANDS, {}).described()
    options = {option["name"]: option for option in described["options"][0]["options"]}
    assert (options["subject"]["type"], options["subject"]["autocomplete"]) == (3, True)


async def test_a_form_asks_for_it_and_keeps_what_was_given(dispatch: Dispatch, town: Town) -> None:
    answer = await dispatch.handle(town.asked("anna", button=Button(typed(""), "test move", {"into": "sp"})))
    assert answer
    assert answer.form == form_for(COMMANDS, MOVE, {"into": "sp"}, at_once=True)
    assert answer.form
    assert [(field.name, field.value) for field in answer.form.fields] == [("subject", ""), ("into", "sp")]


@pytest.mark.parametrize("kind", [Theme, str, tuple[int, ...]])
def test_no_two_bring_the_same_kind(kind: Any) -> None:
    with pytest.raises(Clash, match="kind of parameter"):
        Features([MOVES, Feature(name="others", kinds={kind: THEME})])

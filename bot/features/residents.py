"""Residents: the language each of them reads, whether they are reminded, where they take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.call import Call
from bot.commands.declare import Command
from bot.errors import UserError
from bot.feature import Feature
from bot.model.message import Message, Suggestion, message, text, typed
from bot.model.people import Resident
from bot.people import RESIDENT


class Wanted(StrEnum):
    """Whether somebody wants to be reminded."""

    ON = "on"
    OFF = "off"


def set_language(call: Call, language: str) -> Message:
    """Choose the language that Plein speaks with you."""
    locale = _languages(call).get(language.strip().casefold())
    if locale is None:
        raise UserError("language.unknown", language=language[:40])
    call.tx.people.set_locale(call.resident.id, locale)
    call.locale = locale
    lines = [text("language.set")]
    if call.place and call.place_locale != locale:
        lines.append(text("language.place", language=text(f"language.name.{call.place_locale}")))
    return message(*lines)


def _languages(call: Call) -> Mapping[str, str]:
    """Each by its code, and by its name in every language."""
    texts = call.commands.texts
    names = {
        name.casefold(): locale
        for locale in texts.locales
        for spoken in texts.locales
        if (name := texts.find(f"language.name.{locale}", spoken))
    }
    own = {(texts.find("language.own_name", locale) or locale).casefold(): locale for locale in texts.locales}
    return {**names, **own, **{locale: locale for locale in texts.locales}}


def suggest_languages(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that are spoken, each by its own name; what is typed may be its name in any."""
    wanted = given.strip().casefold()
    fitting = {locale for name, locale in _languages(call).items() if name.startswith(wanted)}
    texts = call.commands.texts
    return [
        Suggestion(locale, typed(texts.find("language.own_name", locale) or locale))
        for locale in texts.locales
        if locale in fitting
    ]


def set_reminders(call: Call, wanted: Wanted) -> Message:
    """Say whether you want to be told what you may be about to miss."""
    call.tx.people.set_reminded(call.resident.id, wanted is Wanted.ON)
    return message(text(f"reminders.{wanted}"))


def suggest_themes(call: Call, given: str) -> Sequence[Suggestion]:
    """The themes they take part in."""
    names = [theme.name for theme in call.themes()]
    return [Suggestion(name, typed(name)) for name in names if given.casefold() in name.casefold()]


FEATURE = Feature(
    name="residents",
    commands=(Command("language", set_language, open=True), Command("reminders", set_reminders)),
    suggest={"theme": suggest_themes, "language": suggest_languages},
    kinds={Resident: RESIDENT},
)

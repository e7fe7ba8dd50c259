"""What residents wish: the language that Plein speaks with them, whether they are reminded."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from bot.call import Call
from bot.errors import UserError
from bot.model.message import Message, Suggestion, message, text, typed


class Wanted(StrEnum):
    """Whether somebody wants to be reminded."""

    ON = "on"
    OFF = "off"


def set_language(call: Call, language: str) -> Message:
    """Choose the language that Plein speaks with you."""
    locale = call.commands.texts.called(language)
    if locale is None:
        raise UserError("language.unknown", language=language[:40])
    call.tx.people.set_locale(call.resident.id, locale)
    call.locale = locale
    lines = [text("language.set")]
    if call.place and call.place_locale != locale:
        lines.append(text("language.place", language=text(f"language.name.{call.place_locale}")))
    return message(*lines)


def suggest_languages(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that are spoken, each by its own name; what is typed may be its name in any."""
    wanted = given.strip().casefold()
    fitting = {locale for name, locale in call.commands.texts.languages().items() if name.startswith(wanted)}
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

"""What residents wish: the language that Plein speaks with them, whether they are reminded."""

from __future__ import annotations

from enum import StrEnum

from bot.call import Call
from bot.errors import UserError
from bot.model.message import Message, message, text


class Wanted(StrEnum):
    ON = "on"
    OFF = "off"


def set_language(call: Call, language: str) -> Message:
    """Choose the language that Plein speaks with you."""
    texts = call.commands.texts
    asked = language.casefold()
    by_name = {texts.find("language.own_name", locale): locale for locale in texts.locales}
    locale = (
        asked if asked in texts.locales else {str(k).casefold(): v for k, v in by_name.items()}.get(asked)
    )
    if locale is None:
        raise UserError("language.unknown", language=language[:40])
    call.tx.people.set_locale(call.resident.id, locale)
    call.locale = locale
    lines = [text("language.set")]
    if call.place and call.place_locale != locale:
        lines.append(text("language.place", language=text(f"language.name.{call.place_locale}")))
    return message(*lines)


def set_reminders(call: Call, wanted: Wanted) -> Message:
    """Say whether you want to be told what you may be about to miss."""
    call.tx.people.set_reminded(call.resident.id, wanted is Wanted.ON)
    return message(text(f"reminders.{wanted}"))

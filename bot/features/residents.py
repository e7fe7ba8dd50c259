"""Residents: who is who, and the language each of them reads."""

from __future__ import annotations

from bot.call import Call
from bot.commands import Command
from bot.errors import UserError
from bot.model import Message, text


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
    return Message((text("language.set"),))


COMMANDS = (Command("language", set_language),)

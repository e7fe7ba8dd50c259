"""What residents wish: the language that Plein speaks with them, whether they are reminded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from bot.befores import MOST, read_befores
from bot.call import Call
from bot.commands.argument import Argument, Converters, Extent
from bot.commands.types import CHOICE, WORDS
from bot.errors import UserError
from bot.model.message import Button, Message, Suggestion, Text, message, text, typed
from bot.model.people import Wishes

REMINDERS = "reminders"


class Wanted(StrEnum):
    """Whether somebody wants to be reminded; and of a meeting in private, or always with a mention in the
    theme. `usual`: when and as others are.
    """

    ON = "on"
    OFF = "off"
    PRIVATE = "private"
    MENTION = "mention"
    USUAL = "usual"


class Before(str):
    """How long before something begins: "1d, 2u"."""


# What is typed behind it: "aan", "1d,2u".
Wish = Wanted | Before


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


def set_reminders(call: Call, wanted: Wish | None = None, *, before: Before | None = None) -> Message:
    """Say whether you want to be told what you may be about to miss, when and how; or hear how it is."""
    now = _now(call)
    if wanted is None and before is None:
        return message(*reminded(now), buttons=_choices(now))
    moments = wanted if isinstance(wanted, Before) else before
    if moments is not None and wanted in (Wanted.OFF, Wanted.MENTION, Wanted.USUAL):
        raise UserError("reminders.either", usage=_usage(call))
    wishes = _wishes(call, now, wanted, moments)
    call.tx.people.set_wishes(call.resident.id, wishes)
    call.belongings.wished(call.tx, call.resident.id)
    if moments is not None:
        return message(text("reminders.on"), *_how(wishes))
    more = _how(wishes) if wanted in (Wanted.ON, Wanted.PRIVATE) else []
    return message(text(f"reminders.{wanted}"), *more)


def _now(call: Call) -> Wishes:
    return call.tx.people.wishes([call.resident.id]).get(call.resident.id, Wishes())


def _wishes(call: Call, now: Wishes, wanted: Wish | None, moments: Before | None) -> Wishes:
    """What they want from now on. Raises: UserError where that is in private, which they cannot be told."""
    if moments is not None:
        _check_private(call)
        return Wishes(wanted=True, before=read_befores(moments, call.locale))
    match wanted:
        case Wanted.PRIVATE:
            _check_private(call)
            return replace(now, wanted=True, mentioned=False)
        case Wanted.MENTION:
            return Wishes(wanted=True, mentioned=True)
        case Wanted.USUAL:
            return Wishes(wanted=True)
        case _:
            return replace(now, wanted=wanted is Wanted.ON)


def _check_private(call: Call) -> None:
    if not call.reach_privately(text("reminders.reached")):
        raise UserError("reminders.unreachable").openly()


def reminded(wishes: Wishes) -> list[Text]:
    """Whether and how they are reminded, with what changes it."""
    if not wishes.wanted:
        return [text("profile.not_reminded")]
    return [text("profile.reminded"), *_how(wishes)]


def _how(wishes: Wishes) -> list[Text]:
    if wishes.before:
        return [text("reminders.own", parts=tuple(map(_long, wishes.before)))]
    return [text("reminders.mentioned")] if wishes.mentioned else []


def _long(seconds: int) -> Text:
    """ "1 dag", "2 uur" """
    for key, size in (("reminders.days", 86_400), ("reminders.hours", 3_600)):
        if seconds % size == 0:
            return text(key, count=seconds // size)
    return text("reminders.minutes", count=-(-seconds // 60))


def _choices(now: Wishes) -> Sequence[Button]:
    if now.wanted:
        return [Button(text("reminders.button.off"), REMINDERS, {"wanted": str(Wanted.OFF)})]
    return [Button(text("reminders.button.on"), REMINDERS, {"wanted": str(Wanted.ON)})]


def _usage(call: Call) -> str:
    example = call.commands.texts.find("param.before.value", call.locale)
    return call.commands.usage(call.commands.by_path[REMINDERS], call.locale, {"wanted": example})


# --- what is typed ---


def _before(argument: Argument, value: Any, call: Call) -> Before:
    try:
        read_befores(str(value), call.locale)
    except ValueError:
        raise UserError("reminders.range", words=str(value)[:40], most=MOST) from None
    return Before(value)


def _wish(argument: Argument, value: Any, call: Call) -> Wish:
    """ "aan", or "1d, 2u" """
    words = str(value).strip()
    if words[:1].isdecimal():
        return _before(argument, words, call)
    return Wanted(CHOICE.convert(argument, words, call))


KINDS: Converters = {
    Wish: replace(CHOICE, convert=_wish, choices=lambda kind: tuple(Wanted), extent=Extent.WORDS),
    Before: replace(WORDS, convert=_before, keep=str),
}

"""The kinds of parameters: what a parameter may be annotated with, and a converter for each.

    str               words; "in quotes", or up to the first `|`, or up to what is quoted behind it (not
                      where that is all the rest), or all the rest
    tuple[str, ...]   options, apart by `|` or by new lines: all the rest
    int               a number
    tuple[int, ...]   numbers: `1 3` or `1,3`
    datetime          a moment, as `when` reads it
    Longer            such a moment, or a length of time: so much longer than it is now
    bool              yes where it is named
    a StrEnum         one of its words

Another kind is another converter under its annotation: `Commands(converters={**CONVERTERS, Kind: ...})`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot import when
from bot.commands.argument import Argument, Converter, Converters, Extent
from bot.commands.quotes import QUOTES, quotation_at, unquoted
from bot.errors import Unsure, UserError, yes
from bot.model.events import Mention
from bot.model.message import Field, Suggestion, text
from bot.names import called

# Until when; or by how much more.
Longer = datetime | when.Unit
# So much of what was typed is quoted back.
_SHOWN = 40
# What a form says for what is chosen or not; any words are yes.
_YES = "yes"
_BETWEEN = re.compile(r"[\s,]+")
_NUMBER = re.compile("-?[0-9]{1,9}")
_BULLETS = frozenset("-–—*•·‣◦▪●○")
_BETWEEN_OPTIONS = re.compile(r"[|\n]")


class Asking(Protocol):
    """Who asks, as far as the kinds here have to know: a Call."""

    now: datetime
    locale: str
    mentions: Sequence[Mention]

    def read_moment(self, words: str) -> when.Reading:
        """A moment in people's own words. Raises: UserError."""


def converter_of(converters: Converters, kind: Any) -> Converter:
    """The converter for an annotation. Raises: ValueError where there is none."""
    if kind not in converters and isinstance(kind, type) and issubclass(kind, StrEnum):
        kind = StrEnum
    if kind not in converters:
        raise ValueError(f"There is no kind of parameter for {kind!r}")
    return converters[kind]


# --- what each may be given as ---


def _is_word(value: Any) -> bool:
    """Words, or a number in their place."""
    return isinstance(value, str) or type(value) is int


def _are_words(value: Any) -> bool:
    """All of them in one text, or each as a text of its own."""
    return isinstance(value, str) or (isinstance(value, (list, tuple)) and all(map(_is_word, value)))


def _is_yes(value: Any) -> bool:
    return isinstance(value, (bool, str))


def _is_moment(value: Any) -> bool:
    return isinstance(value, (str, datetime))


# --- words, and options apart by `|` ---


def _words(argument: Argument, value: Any, call: Asking) -> str:
    return " ".join(_with_names(str(value), call).split())


def _with_names(words: str, call: Asking) -> str:
    """Whoever is mentioned among other words is called by name there, on every platform.

    All in one pass over what was typed: people are called what they like, also by the addresses of others.
    """
    if not call.mentions:
        return words
    names = {mention.written: called(mention.name) for mention in call.mentions if mention.written in words}
    if not names:
        return words
    # The longest first: one may begin as another does.
    written = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(written, lambda found: names[found[0]], words)


def _words_placeholder(argument: Argument, locale: str) -> str:
    value, name = argument.value_name(locale), argument.name_in(locale)
    return f'"{name}"' if value == name else value


def _options(argument: Argument, value: Any, call: Asking) -> tuple[str, ...]:
    return tuple(_with_names(option, call) for option in _split_options(value))


def _split_options(value: str | Iterable[Any]) -> tuple[str, ...]:
    parts = _BETWEEN_OPTIONS.split(value) if isinstance(value, str) else [str(part) for part in value]
    parts = _without_bullets([part.strip() for part in parts if part.strip()])
    return tuple(" ".join(_unquoted(part).split()) for part in parts)


def _without_bullets(parts: list[str]) -> list[str]:
    """A list that was pasted, where each begins with the same mark."""
    marks = {part[:2].rstrip() for part in parts}
    if (
        len(parts) > 1
        and len(marks) == 1
        and marks <= _BULLETS
        and all(part[1:2].isspace() for part in parts)
    ):
        return [part[1:] for part in parts]
    return parts


def _unquoted(part: str) -> str:
    """An option that somebody put in quotation marks of its own."""
    part = part.strip()
    whole = len(part) > 2 and part[0] in QUOTES and quotation_at(part, 0)
    return part[1:-1] if whole and whole.end == len(part) - 1 else unquoted(part)


def _show_options(argument: Argument, value: Any, locale: str) -> str:
    return " | ".join(_in_one_line(value))


def _options_placeholder(argument: Argument, locale: str) -> str:
    name = argument.name_in(locale)
    return f"{name} | {name}"


def _options_field(argument: Argument, value: Any) -> Field:
    # One to a line, so that they can be read over and mended.
    return argument.field("\n".join(_split_options(value or ())), long=True)


def _in_one_line(value: Any) -> list[str]:
    """Each of several values, or the one there is."""
    several = value if isinstance(value, (list, tuple)) else (value,)
    return [" ".join(str(part).split()) for part in several]


# --- numbers ---


def _number(argument: Argument, value: Any, call: Asking) -> int:
    words = str(value).strip().strip("#.[]")
    if not _NUMBER.fullmatch(words):
        raise UserError("command.no_number", words=str(value)[:_SHOWN])
    return int(words)


def _numbers(argument: Argument, value: Any, call: Asking) -> tuple[int, ...]:
    parts = _BETWEEN.split(value.strip()) if isinstance(value, str) else value
    return tuple(_number(argument, part, call) for part in parts)


def _show_numbers(argument: Argument, value: Any, locale: str) -> str:
    return " ".join(_in_one_line(value))


def _numbers_field(argument: Argument, value: Any) -> Field:
    return argument.field("" if value is None else " ".join(_in_one_line(value)))


# --- yes or no, and one of a few words ---


def _yes(argument: Argument, value: Any, call: Asking) -> bool:
    return bool(value)


def _yes_field(argument: Argument, value: Any) -> Field:
    return argument.field(_YES if value else "", ((_YES, text(argument.key(".yes"))),))


def _choice(argument: Argument, value: Any, call: Asking) -> str:
    if choice := _chosen(argument, str(value), (call.locale, *argument.texts.locales)):
        return choice
    values = {"words": str(value)[:_SHOWN], "name": argument.name_in(call.locale)}
    raise UserError("command.no_such", known=argument.known_words(call.locale), **values)


def _chosen(argument: Argument, value: str, locales: Iterable[str]) -> str | None:
    """Which one of a few it is, in any of these languages or as the program calls it."""
    for locale in locales:
        if choice := argument.choice_in(locale, value):
            return choice
    return next((choice for choice in argument.choices if choice == value), None)


def _show_choice(argument: Argument, value: Any, locale: str) -> str:
    choice = _chosen(argument, str(value), (locale, *argument.texts.locales))
    return argument.usual_words(locale)[choice] if choice else " ".join(str(value).split())


def _choice_field(argument: Argument, value: Any) -> Field:
    given = "" if value is None else _chosen(argument, str(value), argument.texts.locales)
    labels = [(str(choice), text(argument.key(f".{choice}.label"))) for choice in argument.choices]
    return argument.field(given or "", labels)


# --- moments ---


def _moment(argument: Argument, value: Any, call: Asking) -> datetime:
    """What is ambiguous is shown in full first, with a button that says yes to it."""
    if isinstance(value, datetime):
        return value
    words = str(value)
    try:
        reading = call.read_moment(words)
    except UserError as error:
        an_hour = argument.texts.find("when.an_hour", call.locale)
        raise error.better(f"{words} {an_hour}") if error.text.key == "when.no_hour" else error from None
    if reading.end:
        raise UserError("when.one_moment", words=words[:_SHOWN])
    if not reading.sure:
        raise which_moment(argument, words, reading)
    return reading.start


def which_moment(
    argument: Argument,
    words: str,
    reading: when.Reading,
    keep: Callable[[datetime], str] = datetime.isoformat,
) -> Unsure:
    """The question, with a yes to the one reading that there is, or a button for each of them."""
    otherwise = text("when.not_meant")
    if not reading.others:
        meant = text("when.meant", words=words, at=reading.start)
        return Unsure(meant, yes(**{argument.name: keep(reading.start)}), otherwise)
    choices = [(text("when.moment", at=at), {argument.name: keep(at)}) for at in reading.starts]
    return Unsure(text("when.which", words=words), choices, otherwise)


def _show_moment(argument: Argument, value: Any, locale: str) -> str:
    return " ".join(_as_written(argument, value).split())


def _moment_field(argument: Argument, value: Any) -> Field:
    return argument.field("" if value is None else _as_written(argument, value))


def _as_written(argument: Argument, value: Any) -> str:
    """A moment as people write it here: an instant only where they could not name it otherwise."""
    zone, locales = argument.zone, argument.texts.locales
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        words = at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        before = at - timedelta(days=1)
        readings = [when.read(words, before, zone, locale) for locale in locales]
    except (UserError, ValueError, TypeError, OverflowError):
        readings = []
    if readings and all(
        (reading.start, reading.end, reading.sure) == (at, None, True) for reading in readings
    ):
        return words
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _suggest_moments(argument: Argument, call: Asking, typed: str) -> list[Suggestion]:
    begun = _begun(argument, call, typed)
    return [found for words in begun for found in _suggest_moment(words, call)]


def _begun(argument: Argument, call: Asking, typed: str) -> list[str]:
    """What is typed, or some to begin with."""
    return [typed] if typed else (argument.texts.find("when.suggested", call.locale) or "").split("|")


def _suggest_moment(words: str, call: Asking) -> list[Suggestion]:
    """All that it may mean; what is not understood stays as it was typed, and sent it gets its answer."""
    try:
        reading = call.read_moment(words)
    except UserError as error:
        return [Suggestion(words, error.text)]
    if reading.end:
        return [Suggestion(words, text("when.one_moment", words=words))]
    # As it is shown, to the minute, and not before what was meant.
    shown = [datetime.fromtimestamp(-(-at.timestamp() // 60) * 60, UTC) for at in reading.starts]
    return [Suggestion(at.isoformat(), text("when.moment", at=at)) for at in shown]


# --- moments, or so much longer ---


def _longer(argument: Argument, value: Any, call: Asking) -> Longer:
    """ "1d" is a day longer; "over 1d", "vrijdag 20u" is that moment."""
    if isinstance(value, str) and (length := when.read_length(value, call.locale)):
        return length
    return _moment(argument, value, call)


def _keep_longer(longer: Longer) -> str:
    return longer.isoformat() if isinstance(longer, datetime) else longer.in_words()


def _suggest_longer(argument: Argument, call: Asking, given: str) -> list[Suggestion]:
    """A length stays as it was typed: what it is added to is not known here."""
    found: list[Suggestion] = []
    for words in _begun(argument, call, given):
        if when.read_length(words, call.locale):
            found.append(Suggestion(words, text("when.longer", words=words)))
        else:
            found.extend(_suggest_moment(words, call))
    return found


# --- the table ---

WORDS = Converter(convert=_words, takes=_is_word, placeholder=_words_placeholder, extent=Extent.WORDS)
OPTIONS = Converter(
    convert=_options,
    takes=_are_words,
    keep=list,
    show=_show_options,
    placeholder=_options_placeholder,
    field=_options_field,
    extent=Extent.REST,
)
NUMBER = Converter(convert=_number, takes=_is_word, plain=int)
NUMBERS = Converter(
    convert=_numbers,
    takes=_are_words,
    keep=list,
    show=_show_numbers,
    field=_numbers_field,
    extent=Extent.REST,
)
YES = Converter(convert=_yes, takes=_is_yes, field=_yes_field, plain=bool)
CHOICE = Converter(convert=_choice, keep=str, show=_show_choice, field=_choice_field, choices=tuple)
MOMENT = Converter(
    convert=_moment,
    takes=_is_moment,
    keep=datetime.isoformat,
    show=_show_moment,
    field=_moment_field,
    suggest=_suggest_moments,
)
LONGER = replace(MOMENT, convert=_longer, keep=_keep_longer, suggest=_suggest_longer, extent=Extent.WORDS)
CONVERTERS: Converters = {
    str: WORDS,
    tuple[str, ...]: OPTIONS,
    int: NUMBER,
    tuple[int, ...]: NUMBERS,
    bool: YES,
    StrEnum: CHOICE,
    datetime: MOMENT,
    Longer: LONGER,
}

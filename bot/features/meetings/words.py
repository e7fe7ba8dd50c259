"""Kinds of things that commands about meetings take: from when until when, how long one lasts, how many there
is room for, and how somebody comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

from bot import when
from bot.befores import MOST, parts_of, read_before
from bot.call import Call
from bot.commands.argument import Argument, Converters, Extent, is_kept
from bot.commands.types import CHOICE, MOMENT, NUMBER, WORDS, Asking, which_moment
from bot.errors import Unsure, UserError, yes
from bot.features.meetings.records import Way
from bot.model.message import Suggestion, text
from bot.people import RESIDENT, keep, mention_in
from bot.texts import Voice

MOST_ROOM = 10_000
# What people type for none.
NOTHING = "meeting.word.nothing"
# And for coming, whichever way that is.
COMING = "meeting.word.coming"
# And for doing so every time.
EVERY = "meeting.word.every"
# What is said beside an answer: at either end of it, before it, and where somebody comes.
COURTESY, BEFORE, GLADLY = "meeting.word.courtesy", "meeting.word.before", "meeting.word.gladly"
# A word of which one letter is wrong is so much like it.
_ALIKE = 0.8
# Behind it stands the name of somebody who has no account, whoever else is called so; as a button keeps it.
NO_ACCOUNT = "name:"
_SENTENCE = ".,;:!?…"
_WORDS = re.compile(rf"[^\s{re.escape(_SENTENCE)}]+")
_COME = "come"
# From then on each day is of another year, which is said with it.
_EVER = datetime.fromtimestamp(0, UTC)


class Moments(str):
    """When people are reminded: how many seconds before it begins, the first first: "86400 3600"."""


class Room(int):
    """For how many people there is place; 0: for however many."""


class Guests(int):
    """How many others somebody brings."""


class Whom(NamedTuple):
    """For whom an organiser answers: as it was typed, or as a button keeps it, and what they are called.

    `account`: it may be somebody who has one.
    """

    words: str
    name: str
    account: bool = True


class Coming(str):
    """That they come, and not in which way: "ja"."""


# How somebody answers.
Answering = Way | Coming
# How a meeting comes back, and what is left out of that: in people's own words, or as a button kept it.
Repeating = str | when.Rule
Without = str | when.LeftOut


class Span(NamedTuple):
    """When it begins; and when it ends, where that was said."""

    start: datetime
    end: datetime | None = None


def _guests(argument: Argument, value: Any, call: Asking) -> Guests:
    return Guests(_number(argument, value, call))


def _number(argument: Argument, value: Any, call: Asking) -> int:
    """In figures, or in a word: "twee"."""
    words = str(value).strip().casefold()
    for language in when.LANGUAGES.values():
        for names, number in language.numbers.items():
            if number == int(number) and words in names.split(", "):
                return int(number)
    found: int = NUMBER.convert(argument, value, call)
    return found


def _room(argument: Argument, value: Any, call: Asking) -> Room:
    if isinstance(value, str) and value.strip().casefold() in argument.texts.words(NOTHING):
        return Room(0)
    number = _number(argument, value, call)
    if not 1 <= number <= MOST_ROOM:
        raise UserError("meeting.room.range", most=MOST_ROOM)
    return Room(number)


def _length(argument: Argument, value: Any, call: Asking) -> when.Unit:
    """ "90m", "2 uur", "anderhalf uur" """
    length = when.read_span(str(value), call.locale)
    if length is None or length.months or not (length.days or length.seconds > 0):
        raise UserError("meeting.length", words=str(value)[:40])
    return length


def _moments(argument: Argument, value: Any, call: Asking) -> Moments:
    """ "7d, 1d, 1u"; none where they say so."""
    if str(value).strip().casefold() in argument.texts.words(NOTHING):
        return Moments()
    parts = parts_of(str(value))
    if not 0 < len(parts) <= MOST:
        raise UserError("meeting.remind.many", most=MOST)
    found = {_before(part, call) for part in parts}
    return Moments(" ".join(map(str, sorted(found, reverse=True))))


def _before(words: str, call: Asking) -> int:
    try:
        return read_before(words, call.locale)
    except ValueError:
        raise UserError("meeting.remind.range", words=words[:40]) from None


def keep_moments(moments: str) -> str:
    """As it can be read again."""
    return ", ".join(f"{before} seconds" for before in moments.split()) or "-"


def _way(argument: Argument, value: Any, call: Call) -> Answering:
    """ "ter plaatse", "niet.", "ja, graag"; what is like one of these is asked back, and so are "ja, elke
    keer" and "ter plaatse met 2".
    """
    words = str(value).strip().rstrip(_SENTENCE).rstrip()
    if (found := _answer(argument, words, call)) is not None:
        return found
    for every in argument.texts.words(EVERY):
        if words.casefold().endswith(every):
            way = words[: -len(every)].rstrip(f"{_SENTENCE} ") or argument.texts.words(COMING)[0]
            raise Unsure(text("meeting.every.meant"), yes(**{argument.name: way, "every": True})).openly()
    plain = _plainly(argument, words, call)
    if (found := _answer(argument, plain, call)) is not None:
        return found
    _check_guests(argument, plain, call)
    known = {
        word: choice for locale in argument.texts.locales for word, choice in argument.words(locale).items()
    }
    if any(known.get(word) == Way.NO for word in plain.split()):
        known = {word: choice for word, choice in known.items() if choice == Way.NO}  # "niet ter plaatse"
    if near := get_close_matches(plain[:40], list(known), 1, _ALIKE):
        asked = text("meeting.way.meant", words=words[:40], way=near[0])
        raise Unsure(asked, yes(**{argument.name: str(known[near[0]])})).openly()
    return Way(CHOICE.convert(argument, words, call))


def _answer(argument: Argument, words: str, call: Call) -> Answering | None:
    """What just these words are; None: something else."""
    if words.casefold() in argument.texts.words(COMING):
        return Coming(words)
    for way in Way:
        if words.casefold() in argument.texts.words(f"meeting.word.{way}"):
            return way
    with suppress(UserError):
        return Way(CHOICE.convert(argument, words, call))
    return None


def _plainly(argument: Argument, words: str, call: Call) -> str:
    """Without what is said beside it, as far as that changes nothing: "ja, graag", "helaas niet"."""
    plain, before = " ".join(_WORDS.findall(words.casefold())), ""
    while plain != before:
        before, plain = plain, _shorter(argument, plain, call)
    return plain


def _shorter(argument: Argument, words: str, call: Call) -> str:
    said = argument.texts.words
    for word in sorted(said(COURTESY), key=len, reverse=True):
        words = words.removesuffix(f" {word}").removeprefix(f"{word} ")
    for word in said(BEFORE):
        words = words.removeprefix(f"{word} ")
    for word in (*said(GLADLY), *said(COMING)):
        # "liever niet" says no, and what "niet graag" says nobody knows.
        for rest in (words.removeprefix(f"{word} "), words.removesuffix(f" {word}")):
            if rest != words and _answer(argument, rest, call) not in (None, Way.MAYBE, Way.NO):
                return rest
    first, _, rest = words.partition(" ")
    is_no = [_answer(argument, each, call) is Way.NO for each in (first, rest)]
    return rest if all(is_no) else words


def _check_guests(argument: Argument, words: str, call: Any) -> None:
    """Raises: Unsure where it is "ter plaatse met 2"."""
    for name in argument.texts.words("param.guests"):
        way, found, count = f" {words}".rpartition(f" {name} ")
        way = way.strip() or (argument.texts.find(COMING, call.locale) or "").split("|")[0]
        if found and argument.path == _COME and _answer(argument, way, call) is not None:
            with suppress(UserError):
                meant = {argument.name: way, "guests": _number(argument, count, call)}
                line = call.commands.usage(call.commands.by_path[_COME], call.locale, meant)
                raise Unsure(text("line.meant", line=line), yes(**meant)).openly()


def _whom(argument: Argument, value: Any, call: Call) -> Whom:
    """ "Oma", "@anna"; of somebody without an account a button keeps a list, which nobody types."""
    if is_kept(value):
        (words,) = value
        return Whom(words, words.removeprefix(NO_ACCOUNT), account=False)
    words = str(value).strip()
    name = WORDS.convert(argument, words, call)
    if mention := mention_in(words, call):
        found = call.tx.people.by_identity(mention.account)
        return Whom(keep(found), name) if found else Whom(f"{NO_ACCOUNT}{name}", name, account=False)
    return Whom(words, name)


def _keep_whom(whom: Whom) -> str | list[str]:
    return whom.words if whom.account else [whom.words]


def _show_whom(argument: Argument, value: Any, locale: str) -> str:
    return WORDS.show(argument, value[0].removeprefix(NO_ACCOUNT) if is_kept(value) else value, locale)


def _span(argument: Argument, value: Any, call: Asking) -> Span:
    """A moment, or from when until when: "19u30 tot 21u". What a button kept may be past by now."""
    if isinstance(value, datetime):
        return Span(value)
    if kept := _kept(value, call.now):
        return kept
    with suppress(UserError):
        reading = call.read_moment(value)
        if reading.end:
            lasts = reading.end - reading.start
            if not reading.sure:
                raise which_moment(argument, value, reading, lambda at: keep_span(Span(at, at + lasts)))
            return Span(reading.start, reading.end)
    try:
        return Span(MOMENT.convert(argument, value, call))
    except UserError as error:
        if error.text.key == "when.recurring" and argument.path == "meeting plan":
            raise _coming_back(argument, value, call, error) from error
        raise


def _coming_back(argument: Argument, words: str, call: Any, error: UserError) -> Unsure | UserError:
    """Of "elke dinsdag 20u", from when on that would be; where an hour is in it."""
    with suppress(UserError):
        reading = when.read_rule(words, call.locale)
        if reading.wall and not reading.other_walls:
            choices = []
            for rule in reading.rules:
                starts = (when.at(day, reading.wall, call.zone) for day in when.dates(rule, call.now.date()))
                first = next((start for start in starts if start > call.now), None)
                if first is None:
                    return error
                meant = Span(first, first + reading.lasts if reading.lasts else None)
                told = text("meeting.series.from", rule=when.in_words(rule), start=first)
                choices.append((told, {argument.name: keep_span(meant), "repeat": keep_value(rule)}))
            return Unsure(text("meeting.series.which"), choices)
    return error


def _kept(value: str, now: datetime) -> Span | None:
    """What a button kept; None where that is none, or beyond reach: anybody can type the same."""
    parts = value.split(" / ")
    if len(parts) > len(Span._fields):
        return None
    with suppress(ValueError):
        moments = [datetime.fromisoformat(part) for part in parts]
        if all(when.in_reach(at, now) for at in moments):
            return Span(*(at.astimezone(UTC) for at in moments))
    return None


def keep_span(span: Span) -> str:
    """As it can be read again."""
    return " / ".join(at.isoformat() for at in span if at)


def _show_span(argument: Argument, value: Any, locale: str) -> str:
    """How it could be typed, of what a button kept: when it begins."""
    start = value if isinstance(value, datetime) else str(value).split(" / ")[0]
    return MOMENT.show(argument, start, locale)


def _suggest_spans(argument: Argument, call: Asking, given: str) -> list[Suggestion]:
    with suppress(UserError):
        if given and (reading := call.read_moment(given)).end:
            return [Suggestion(given, text("when.moment", at=reading.start))]
    return list(MOMENT.suggest(argument, call, given)) if MOMENT.suggest else []


def _takes(value: Any) -> bool:
    return WORDS.takes(value) or is_kept(value)


def _kept_or_words(kind: type[when.Rule | when.LeftOut]) -> Callable[[Argument, Any, Asking], Any]:
    """What a button kept is a value, and what anybody typed stays words: nobody types the other form."""

    def convert(argument: Argument, value: Any, call: Asking) -> Any:
        if not is_kept(value):
            return WORDS.convert(argument, value, call)
        with suppress(ValueError):
            (kept,) = value
            return kind.from_kept(kept)
        raise UserError("action.gone")

    return convert


def keep_value(value: str | when.Rule | when.LeftOut) -> str | list[str]:
    """As it can be read again."""
    return value if isinstance(value, str) else [value.as_kept()]


def _show_kept(argument: Argument, value: Any, locale: str) -> str:
    """How it could be typed."""
    if not is_kept(value):
        return WORDS.show(argument, value, locale)
    voice, kind = Voice(locale, argument.zone, _EVER), argument.kind
    with suppress(ValueError):
        if kind == Repeating:
            return argument.texts.write(when.in_words(when.Rule.from_kept(value[0])), voice)
        parts = when.LeftOut.from_kept(value[0]).in_words()
        return ", ".join(argument.texts.write(part, voice) for part in parts)
    return argument.value_name(locale)


_KEPT = replace(WORDS, takes=_takes, keep=keep_value, show=_show_kept)
KINDS: Converters = {
    Repeating: replace(_KEPT, convert=_kept_or_words(when.Rule)),
    Without: replace(_KEPT, convert=_kept_or_words(when.LeftOut)),
    # "ter plaatse" is two words.
    Answering: replace(CHOICE, convert=_way, choices=lambda kind: tuple(Way), extent=Extent.WORDS),
    Span: replace(
        MOMENT, convert=_span, keep=keep_span, show=_show_span, suggest=_suggest_spans, extent=Extent.WORDS
    ),
    Room: replace(NUMBER, convert=_room, keep=int),
    Whom: replace(
        WORDS,
        convert=_whom,
        takes=lambda value: isinstance(value, str) or (is_kept(value) and len(value) == 1),
        keep=_keep_whom,
        show=_show_whom,
        suggest=RESIDENT.suggest,
    ),
    Guests: replace(NUMBER, convert=_guests, keep=int),
    Moments: replace(WORDS, convert=_moments, keep=keep_moments),
    when.Unit: replace(WORDS, convert=_length, keep=when.Unit.in_words),
}

"""When somebody wants to be reminded, as they type it: one moment, or what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from bot import when
from bot.call import Call
from bot.commands.argument import Argument, Converters, Extent, is_kept
from bot.commands.types import MOMENT
from bot.errors import Choice, Unsure, UserError, yes
from bot.features.reminders.records import Repeated, first_after, moment
from bot.model.message import Field, Suggestion, Text, text

# One moment, or what comes back.
Due = datetime | Repeated
# So many readings, or days on which it may begin, are offered.
OFFERED = 4
# Among so many words at either end a moment is looked for; in fewer than so many there is none.
_WORDS_OF_MOMENT = 12
_DUE, _WHAT = "due", "what"


def _due(argument: Argument, value: Any, call: Call) -> Due:
    """What can honestly be read in two ways is asked back."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return _from_button(value, call)
    words = value
    try:
        found: datetime = MOMENT.convert(argument, words, call)
        return found
    except UserError as no_moment:
        try:
            reading = when.read_rule(words, call.locale)
        except UserError as no_rule:
            if meant := words_apart(call):
                # Once it is known that the words are missing.
                raise meant from None
            raise (no_rule if _comes_back(call, words) else no_moment) from None
    return _repeated(argument, words, reading, call)


def _comes_back(call: Call, words: str) -> bool:
    try:
        call.read_moment(words)
    except UserError as error:
        return error.text.key == "when.recurring"
    return False


def _repeated(argument: Argument, words: str, reading: when.RuleReading, call: Call) -> Repeated:
    if reading.wall is None:
        an_hour = argument.texts.find("when.an_hour", call.locale)
        raise UserError("reminder.no_hour", words=words).better(f"{words} {an_hour}")
    if reading.lasts:
        raise UserError("when.one_moment", words=words)
    walls = (reading.wall, *reading.other_walls)
    today = call.said_at.astimezone(call.own_zone).date()
    meant = [
        repeated
        for rule in reading.rules
        for wall in walls
        # It is open from which of them each second counts.
        for repeated in islice(_each(rule, wall, today, call), min(rule.every, OFFERED))
    ]
    if len(meant) > 1:
        raise _which(argument, words, meant, call)
    if not reading.sure:
        asked = text("reminder.meant", words=words, rule=in_words(meant[0]))
        raise Unsure(asked, yes(**{argument.name: keep(meant[0])}), text("when.not_meant"))
    return meant[0]


def _each(rule: when.Rule, wall: time, today: date, call: Call) -> Iterator[Repeated]:
    """From each day on that it may begin, the first one that is still to come first."""
    for day in when.dates(replace(rule, every=1), today):
        if moment(day, wall, call.own_zone) > call.said_at:
            yield Repeated(rule, wall, day)


def _which(argument: Argument, words: str, meant: Sequence[Repeated], call: Call) -> Unsure:
    choices: list[Choice] = [
        (_from(repeated, call), {argument.name: keep(repeated)}) for repeated in meant[:OFFERED]
    ]
    return Unsure(text("when.which", words=words), choices, text("when.not_meant"))


def _from(repeated: Repeated, call: Call) -> Text:
    at = first_after(repeated, call.said_at, call.own_zone)
    assert at
    return text("reminder.from", rule=in_words(repeated), at=at)


def in_words(repeated: Repeated) -> Text:
    """ "elke maandag om 9.00 uur" """
    return rule_in_words(repeated.rule, repeated.wall)


def rule_in_words(rule: when.Rule, wall: time) -> Text:
    clock = text("reminder.clock", hour=f"{wall.hour:02}", minute=f"{wall.minute:02}")
    return text("reminder.rule", rule=when.in_words(rule), clock=clock)


def keep(due: Due) -> str | list[str]:
    """As it can be read again, whenever that is."""
    if isinstance(due, datetime):
        return due.isoformat()
    return [due.first.isoformat(), f"{due.wall:%H:%M}", due.rule.as_kept()]


def _takes(value: Any) -> bool:
    return MOMENT.takes(value) or is_kept(value)


def _from_kept(kept: Sequence[str]) -> Repeated:
    """Raises: ValueError where it is none."""
    first, wall, rule = kept
    found = Repeated(when.Rule.from_kept(rule), time.fromisoformat(wall), date.fromisoformat(first))
    if found.wall.tzinfo is not None:
        raise ValueError(kept)
    return found


def _from_button(kept: Sequence[str], call: Call) -> Repeated:
    """What a button kept. Raises: UserError where none of Plein's does."""
    with suppress(ValueError):
        found = _from_kept(kept)
        if when.in_reach(datetime.combine(found.first, found.wall, UTC), call.now):
            return found
    raise UserError("action.gone")


def _show(argument: Argument, value: Any, locale: str) -> str:
    """How it could be typed."""
    if isinstance(value, Repeated) or is_kept(value):
        return str(argument.texts.find("reminder.example.due", locale))
    return MOMENT.show(argument, value, locale)


def _field(argument: Argument, value: Any) -> Field:
    if is_kept(value):
        return argument.field(_show(argument, value, argument.texts.locales[0]))
    return MOMENT.field(argument, value)


# --- without quotation marks ---


def words_apart(call: Call) -> Unsure | None:
    """Of `morgen 9u formulier indienen`, which is the moment: asked back; None where there is none."""
    words = str(call.given.get(_DUE, "")).split()
    if call.given.get(_WHAT) is not None or len(words) < 2:
        return None
    for due, rest in _parts(words):
        if _is_due(due, call):
            meant = {**call.given, _DUE: due, _WHAT: rest}
            line = call.commands.usage(call.commands.by_path[call.command], call.locale, meant)
            return Unsure(text("line.meant", line=line), yes(**meant))
    return None


def _parts(words: Sequence[str]) -> Iterable[tuple[str, str]]:
    """The longest beginning first, then the longest end."""
    most = min(len(words) - 1, _WORDS_OF_MOMENT)
    for at in range(most, 0, -1):
        yield " ".join(words[:at]), " ".join(words[at:])
    for at in range(most, 0, -1):
        yield " ".join(words[-at:]), " ".join(words[:-at])


def _is_due(words: str, call: Call) -> bool:
    try:
        return call.read_moment(words).end is None
    except UserError as error:
        if error.text.key.startswith("when.past"):
            return True
    with suppress(UserError):
        return when.read_rule(words, call.locale).wall is not None
    return False


def _suggest(argument: Argument, call: Call, typed: str) -> Sequence[Suggestion]:
    with suppress(UserError):
        if typed and (reading := when.read_rule(typed, call.locale)).wall and reading.sure:
            return [Suggestion(typed, rule_in_words(reading.rule, reading.wall))]
    return list(MOMENT.suggest(argument, call, typed)) if MOMENT.suggest else []


KINDS: Converters = {
    Due: replace(
        MOMENT,
        convert=_due,
        takes=_takes,
        keep=keep,
        show=_show,
        field=_field,
        suggest=_suggest,
        extent=Extent.WORDS,
    )
}

"""Who is to do something and by when, as people type it: `@ben "lamp bestellen" 15/12`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from bot.call import Call
from bot.commands.argument import Argument, Converters, Extent, is_kept
from bot.commands.types import MOMENT, WORDS, Asking
from bot.errors import Unsure, UserError
from bot.model.message import Field, Suggestion, text
from bot.model.people import Resident
from bot.people import RESIDENT, keep

_OWNER, _TASK, _BY = "owner", "task", "by"
# What people type for themselves, for nobody, and for no day.
ME, NOBODY, NO_DAY = "action.word.me", "action.word.nobody", "meeting.word.nothing"
# The same as a button keeps it, which nobody types; and whoever presses it.
_NOBODY: Sequence[str] = ["nobody"]
_ME: Sequence[str] = ["me"]
# Nothing is promised for later.
FURTHEST = timedelta(days=2 * 366)
# In the last so many words a day is looked for.
_WORDS_OF_DAY = 5
_SHOWN = 60


class Owner(NamedTuple):
    """Who does it, by their number; None: nobody yet."""

    resident: int | None


class By(NamedTuple):
    """By which day; None: it does not matter."""

    day: date | None


def _owner(argument: Argument, value: Any, call: Call) -> Owner:
    """Somebody of the theme. For nobody is asked back, and so is where nobody is called so."""
    if is_kept(value):
        kept = list(value)
        if kept not in (_NOBODY, _ME):
            raise UserError("action.gone")
        return Owner(call.resident.id if kept == _ME else None)
    words = str(value).strip()
    if words.casefold() in argument.texts.words(ME):
        return Owner(call.resident.id)
    if words.casefold() in argument.texts.words(NOBODY):
        raise _for_whom(call, str(call.given.get(_TASK) or ""))
    try:
        found: Resident = RESIDENT.convert(argument, words, call)
    except UserError:
        if words.startswith("@"):
            raise
        raise _unnamed(call, words) from None
    return Owner(found.id)


def _unnamed(call: Call, words: str) -> Unsure:
    """Of `lamp bestellen 15/12`, where nobody is called "lamp": for whom that is."""
    task = str(call.given.get(_TASK) or "")
    if task and read_day(task, call):
        return _for_whom(call, words, by=task)
    return _for_whom(call, f"{words} {task}".strip())


def _for_whom(call: Call, task: str, by: str = "") -> Unsure:
    meant: Mapping[str, Any] = {_TASK: task, **({_BY: by} if by else {})} if task else {}
    choices = [
        (text("action.button.me"), {_OWNER: _ME, **meant}),
        (text("action.button.nobody"), {_OWNER: _NOBODY, **meant}),
    ]
    asked = text("action.whose.what", task=task[:_SHOWN]) if task else text("action.whose")
    return Unsure(asked, choices, text("action.whose.how")).openly()


def ask_for_owner(call: Call, given: Mapping[str, Any]) -> None:
    """Whether what is to be done stands where its owner should. Raises: Unsure."""
    words = call.given.get(_OWNER)
    if _OWNER not in given and _TASK not in given and isinstance(words, str):
        texts = call.commands.texts
        is_said = words.casefold() in {*texts.words(ME), *texts.words(NOBODY)}
        if not is_said and not words.startswith("@"):
            raise _for_whom(call, words)


def ask_for_day(call: Call, task: str) -> None:
    """Whether the last of its words are the day by which it is to be done. Raises: Unsure."""
    words = task.split()
    for count in range(min(len(words) - 1, _WORDS_OF_DAY), 0, -1):
        rest, last = " ".join(words[:-count]), " ".join(words[-count:])
        if day := read_day(last, call):
            choices = [
                (text("action.button.by", day=day), {_TASK: rest, _BY: day.isoformat()}),
                (text("action.button.no_day"), {_BY: call.commands.texts.words(NO_DAY)[0]}),
            ]
            raise Unsure(text("action.by.meant", task=rest, day=day), choices).openly()


def read_day(words: str, call: Call) -> date | None:
    """The day that these words are for sure."""
    try:
        reading = call.read_moment(words, whole_days=True)
    except UserError:
        return None
    return reading.start.astimezone(call.own_zone).date() if reading.sure else None


def _by(argument: Argument, value: Any, call: Call) -> By:
    """ "15/12", "volgende dinsdag", "geen"; what may be another day is asked back."""
    words = str(value).strip()
    if words.casefold() in argument.texts.words(NO_DAY):
        return By(None)
    reading = call.read_moment(words, whole_days=True)
    days = [at.astimezone(call.own_zone).date() for at in reading.starts]
    today = call.said_at.astimezone(call.own_zone).date()
    if days[0] - today > FURTHEST:
        raise UserError("when.too_far")
    if reading.sure:
        return By(days[0])
    choices = [(text("action.button.by", day=day), {argument.name: day.isoformat()}) for day in days]
    raise Unsure(text("action.by.which", words=words[:_SHOWN]), choices, text("action.by.else"))


def _keep_owner(owner: Owner) -> str | Sequence[str]:
    return _NOBODY if owner.resident is None else keep(Resident(owner.resident, ""))


def _keep_by(by: By) -> str:
    return by.day.isoformat() if by.day else "-"


def _takes(value: Any) -> bool:
    return WORDS.takes(value) or is_kept(value)


def _show_owner(argument: Argument, value: Any, locale: str) -> str:
    """How it could be typed, of what a button kept."""
    words = argument.texts.find(NOBODY, locale) or ""
    return words.split("|")[0] if is_kept(value) else RESIDENT.show(argument, value, locale)


def _owner_field(argument: Argument, value: Any) -> Field:
    return argument.field("" if value is None or is_kept(value) else str(value))


def _suggest_days(argument: Argument, call: Asking, given: str) -> list[Suggestion]:
    day = read_day(given, call) if given and isinstance(call, Call) else None
    return [Suggestion(given, text("action.button.by", day=day))] if day else []


KINDS: Converters = {
    Owner: replace(
        RESIDENT, convert=_owner, takes=_takes, keep=_keep_owner, show=_show_owner, field=_owner_field
    ),
    By: replace(
        MOMENT,
        convert=_by,
        takes=WORDS.takes,
        keep=_keep_by,
        show=WORDS.show,
        field=WORDS.field,
        suggest=_suggest_days,
        extent=Extent.WORDS,
    ),
}

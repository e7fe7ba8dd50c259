"""Which reminder somebody means, and those that they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.reminders.records import REMINDERS, Reminder, RemindersSettings
from bot.features.reminders.words import rule_in_words
from bot.model.message import Button, Message, Suggestion, Text, message, text
from bot.model.people import Role

LIST, STOP = "remind list", "remind stop"
# So many have a button of their own, and so much of their words is shown.
OFFERED, SHOWN = 9, 70


def list_reminders(call: Call) -> Message:
    """Those that you asked for, and where you organise those of this theme."""
    found = _theirs(call)
    if not found:
        texts = call.commands.texts
        due = texts.find("reminder.example.due", call.locale)
        example = {"due": due, "what": texts.find("reminder.example.what", call.locale)}
        return message(text("reminder.none", usage=usage(call, "remind me", example)))
    inside = call.themes_among({each.theme for each in found if each.theme is not None})
    lines = [_line(call, each, inside) for each in found]
    buttons = [stop_button(each) for each in found[:OFFERED]]
    return message(*lines, title=text("reminder.list"), buttons=buttons)


def _theirs(call: Call) -> Sequence[Reminder]:
    """Their own; and those that are said here, where they may stop these."""
    kept = call.tx.of(REMINDERS)
    own = kept.of(call.resident.id)
    here = call.theme_here
    if here is None or not call.may(Role.ORGANISER, here.id):
        return own
    others = [each for each in kept.in_theme(here.id) if each.resident != call.resident.id]
    return [*own, *others]


def _line(call: Call, reminder: Reminder, inside: Collection[int]) -> Text:
    said: dict[str, Any] = {"reminder": reminder.id, "what": short(reminder.words)}
    line = text("reminder.line", at=reminder.next_at, **said)
    if reminder.rule and reminder.wall and reminder.due_at:
        rule = rule_in_words(reminder.rule, reminder.wall)
        line = text("reminder.line.repeated", rule=rule, at=reminder.due_at, **said)
        if reminder.snoozed_to:
            line = text("reminder.line.snoozed", line=line, at=reminder.snoozed_to)
    if reminder.theme is None:
        return line
    if reminder.theme not in inside and call.resident.role < Role.MODERATOR:
        return text("reminder.line.outside", line=line)
    (theme,) = call.tx.places.themes([reminder.theme])
    return text("reminder.line.here", line=line, theme=theme.name)


def find(call: Call, number: int | None) -> Reminder:
    """The one with that number; without one, the only one that they have.

    Raises: UserError, and Unsure where several may be meant.
    """
    if number is None:
        found = call.tx.of(REMINDERS).of(call.resident.id)
        if not found:
            raise UserError("reminder.nothing")
        if len(found) > 1:
            choices = [(_named(each), {"reminder": each.id}) for each in found[:OFFERED]]
            line = usage(call, call.command, {**call.given, "reminder": found[0].id})
            raise Unsure(text("reminder.which"), choices, text("reminder.which.how", usage=line))
        number = found[0].id
    one = call.tx.of(REMINDERS).get(number)
    if one is None or one.resident != call.resident.id:
        # Their platform is asked alike whichever it is: how long it takes would tell.
        call.themes_among(call.tx.of(REMINDERS).themes())
    # Of one that is somebody else's nobody hears more than of one that there is not.
    if one is None or not _is_theirs(call, one):
        raise UserError("reminder.unknown", reminder=number, usage=usage(call, LIST))
    return one


def _is_theirs(call: Call, reminder: Reminder) -> bool:
    """Whether they asked for it, or organise where it is said."""
    if reminder.resident == call.resident.id:
        return True
    theme = reminder.theme
    return theme is not None and call.takes_part(theme) and call.may(Role.ORGANISER, theme)


def suggest_reminders(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that may be meant."""
    wanted = given.casefold().removeprefix("#")
    return [
        Suggestion(each.id, _named(each))
        for each in _theirs(call)
        if str(each.id).startswith(wanted) or wanted in each.words.casefold()
    ]


def _named(reminder: Reminder) -> Text:
    return text("reminder.named", reminder=reminder.id, what=short(reminder.words), at=reminder.next_at)


def stop_button(reminder: Reminder) -> Button:
    return Button(text("reminder.button.stop", reminder=reminder.id), STOP, {"reminder": reminder.id})


def check_many(call: Call, resident: int) -> None:
    """Raises: UserError where as many of theirs stand as there may be."""
    most = call.settings.of(RemindersSettings).most
    if len(call.tx.of(REMINDERS).of(resident)) >= most:
        raise UserError("reminder.many", most=most, usage=usage(call, LIST))


def short(words: str) -> str:
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"


def usage(call: Call, path: str, given: Mapping[str, Any] | None = None) -> str:
    """The right way to type a command, with what is given in it already."""
    return call.commands.usage(call.commands.by_path[path], call.locale, call.as_typed(given or {}))

"""Asking to be reminded, alone or with everybody in a theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.reminders.find import check_many, short, stop_button, usage
from bot.features.reminders.records import (
    REMINDERS,
    Asked,
    Reminder,
    Repeated,
    first_after,
)
from bot.features.reminders.say import plan
from bot.features.reminders.words import Due, rule_in_words, words_apart
from bot.model.message import Message, message, text
from bot.model.people import Role
from bot.unseen import seen_as

ME, HERE = "remind me", "remind here"
LONGEST = 500
# So many are asked for by one person within an hour.
MOST_ASKED, WITHIN = 60, timedelta(hours=1)


def remind_me(call: Call, due: Due, what: str) -> Message:
    """Be told in private, at that moment or each time."""
    asked = _asked(call, due, what, None)
    if not call.reach_privately(text("reminder.private")):
        raise UserError("reminder.unreachable").openly()
    return _receipt(call, _add(call, asked))


def remind_here(call: Call, due: Due, what: str, *, theme: str | None = None) -> Message:
    """Have it said in a theme, for everybody."""
    where = call.theme(theme)
    check_organises(call, where.id)
    return _receipt(call, _add(call, _asked(call, due, what, where.id)), where.name)


def check_organises(call: Call, theme: int) -> None:
    """Whether they may have something said there. Raises: UserError."""
    if not call.may(Role.ORGANISER, theme):
        raise UserError("role.needed.organiser").openly()
    call.check_writes(theme)


def ask_for_words(call: Call, given: Mapping[str, Any]) -> None:
    """Whether the moment stands among the words. Raises: Unsure."""
    if "due" not in given and (meant := words_apart(call)):
        raise meant


def _asked(call: Call, due: Due, what: str, theme: int | None) -> Asked:
    """What they ask for, where that may be. Raises: UserError."""
    if not seen_as(what):
        raise UserError("reminder.empty", usage=usage(call, call.command, call.given))
    if len(what) > LONGEST:
        raise UserError("reminder.long", count=len(what), most=LONGEST)
    check_many(call, call.resident.id)
    if (count := call.used(ME, WITHIN)) >= MOST_ASKED:
        raise UserError("reminder.often", count=count)
    asked = Asked(
        resident=call.resident.id,
        account=call.identity.address if call.identity else None,
        theme=theme,
        words=what,
        due_at=due if isinstance(due, datetime) else _first(call, due),
    )
    if isinstance(due, datetime):
        if due <= call.said_at:
            raise UserError("reminder.past", at=due)
        return asked
    return replace(asked, rule=due.rule, wall=due.wall, zone=call.own_zone.key)


def _first(call: Call, due: Repeated) -> datetime:
    at = first_after(due, call.said_at, call.own_zone)
    if at is None:
        raise UserError("when.too_far")
    return at


def _add(call: Call, asked: Asked) -> Reminder:
    call.use(ME, within=WITHIN)
    found = call.tx.of(REMINDERS).add(asked)
    plan(call, found)
    return found


def _receipt(call: Call, found: Reminder, theme: str = "") -> Message:
    said: dict[str, Any] = {
        "what": short(found.words),
        "at": found.due_at,
        "reminder": found.id,
        "theme": theme,
    }
    shape = "here" if theme else "me"
    if found.rule and found.wall:
        said["rule"] = rule_in_words(found.rule, found.wall)
        line = text(f"reminder.set.{shape}.repeated", **said)
    else:
        line = text(f"reminder.set.{shape}", **said)
    return message(line, text("reminder.set.how", reminder=found.id), buttons=[stop_button(found)])

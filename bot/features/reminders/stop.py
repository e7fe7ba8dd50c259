"""Stopping a reminder, having it go on after all, and putting off what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.reminders.ask import check_organises
from bot.features.reminders.find import LIST, check_many, find, short, usage
from bot.features.reminders.records import Reminder, missed_and_next
from bot.features.reminders.say import Snoozed, change, snoozed_to
from bot.model.message import Button, Message, message, text
from bot.zones import zone_or

RESTORE = "remind restore"


def stop_reminder(call: Call, reminder: int | None = None) -> Message:
    """It is said no more."""
    found = find(call, reminder)
    if found.next_at is None:
        raise UserError("reminder.over", reminder=found.id, usage=usage(call, LIST))
    now = change(call, found, stopped=True)
    args = {"reminder": found.id, "version": now.version}
    back = Button(text("reminder.button.restore"), RESTORE, args)
    return message(text("reminder.stopped", reminder=found.id, what=short(found.words)), buttons=[back])


def restore_reminder(call: Call, reminder: int, version: int) -> Message:
    """It goes on after all, from the next time on."""
    found = find(call, reminder)
    if not found.stopped or found.version != version:
        raise UserError("reminder.changed", reminder=found.id, usage=usage(call, LIST))
    if found.theme is not None:
        check_organises(call, found.theme)
    check_many(call, found.resident)
    at, snoozed = _next(call, found), found.snoozed_to
    snoozed = snoozed if snoozed and snoozed > call.now else None
    if at is None and snoozed is None:
        raise UserError("reminder.past", at=found.due_at or found.snoozed_to)
    now = change(call, found, stopped=False, due_at=at, snoozed_to=snoozed)
    return message(text("reminder.restored", reminder=found.id, what=short(found.words), at=now.next_at))


def _next(call: Call, reminder: Reminder) -> datetime | None:
    """The first of its own moments to come; what was due while it stood still is not made up for."""
    due = reminder.due_at
    if due is None or due > call.now:
        return due
    if reminder.rule is None or reminder.wall is None:
        return None
    zone = zone_or(reminder.zone, call.zone)
    return missed_and_next(reminder.rule, reminder.wall, zone, due, call.now)[1]


def snooze_reminder(call: Call, reminder: int, by: Snoozed) -> Message:
    """What was said is said once more, and the others stay when they are."""
    found = find(call, reminder)
    if found.stopped or found.theme is not None:
        raise UserError("reminder.over", reminder=found.id, usage=usage(call, LIST))
    if found.next_at is None:
        check_many(call, found.resident)
    at = snoozed_to(call, by)
    change(call, found, snoozed_to=at)
    said: dict[str, Any] = {"at": at, "what": short(found.words)}
    return message(text("reminder.snoozed", **said))

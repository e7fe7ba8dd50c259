"""Saying it when it is due: once, at the moment that somebody named, and late rather than not.

A job is of one moment: where the reminder is due at another one since, it is void. Of one that comes back
what was missed is said once, for the last time that it was due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot import when
from bot.call import Call
from bot.features.reminders.find import stop_button
from bot.features.reminders.records import REMINDERS, Reminder, missed_and_next, said_of
from bot.model.message import Button, message, text
from bot.model.people import Role
from bot.model.work import Job
from bot.zones import zone_or

SAY, DROP = "reminder.say", "reminder.drop"
SNOOZE = "remind snooze"
# Said later than that, it says so.
LATE = timedelta(minutes=5)
# So long what was said can be said once more, and one that was stopped can go on.
KEPT = timedelta(days=30)


class Snoozed(StrEnum):
    """For how long what was said is put off."""

    MINUTES = "minutes"
    HOUR = "hour"
    TOMORROW = "tomorrow"


def plan(call: Call, reminder: Reminder) -> None:
    """It is said at each moment that it is due; one that nothing comes of any more is kept a while."""
    for which, at in (("due", reminder.due_at), ("snoozed", reminder.snoozed_to)):
        key = f"{SAY}:{reminder.id}:{which}"
        if at and not reminder.stopped:
            call.schedule(SAY, f"{reminder.id} {at.isoformat()}", at, key)
        else:
            call.unschedule(key)
    key = f"{DROP}:{reminder.id}"
    if reminder.next_at is None:
        call.schedule(DROP, f"{reminder.id} {reminder.version}", call.now + KEPT, key)
    else:
        call.unschedule(key)


def change(call: Call, reminder: Reminder, **changes: Any) -> Reminder:
    """Change fields of it; as it is from now on."""
    call.tx.of(REMINDERS).change(reminder.id, changes)
    found = call.tx.of(REMINDERS).get(reminder.id)
    assert found
    plan(call, found)
    return found


def say_due(call: Call, job: Job) -> None:
    """The moment has come, or was missed."""
    number, moment = job.subject.split()
    found, at = call.tx.of(REMINDERS).get(int(number)), datetime.fromisoformat(moment)
    if found is None or found.stopped or at not in (found.due_at, found.snoozed_to):
        return
    changes: dict[str, Any] = {"snoozed_to": None} if at == found.snoozed_to else {}
    if at == found.due_at:
        at, changes["due_at"] = _missed_and_next(call, found, at)
    if found.theme is not None:
        call.take_turn(found.resident, f"{said_of(found.id)}{moment}")
    found = change(call, found, **changes)
    if found.theme is None or _keeps_its_words(call, found, found.theme, job):
        _say(call, found, at)


def _keeps_its_words(call: Call, reminder: Reminder, theme: int, job: Job) -> bool:
    """Whether who asked for it may have it said there now. Else it stands still, and who moderates there can
    say it.
    """
    said = {"what": reminder.words, "at": job.due_at}
    says = call.speaks_for(
        [reminder.resident],
        theme,
        job.due_at,
        Role.ORGANISER,
        key=f"{said_of(reminder.id)}unsaid:{reminder.version}",
        instead=message(text("reminder.unsaid", **said)),
        theirs=message(text("reminder.unsaid.yours", **said)),
    )
    if not says and reminder.due_at:
        change(call, reminder, stopped=True)
    return says


def _missed_and_next(call: Call, reminder: Reminder, due: datetime) -> tuple[datetime, datetime | None]:
    if reminder.rule is None or reminder.wall is None:
        return due, None
    return missed_and_next(reminder.rule, reminder.wall, zone_or(reminder.zone, call.zone), due, call.now)


def _say(call: Call, reminder: Reminder, at: datetime) -> None:
    key = f"{said_of(reminder.id)}{at.isoformat()}"
    late, said = call.now - at > LATE, {"what": reminder.words, "at": at}
    if reminder.theme is None:
        line = text("reminder.say.me.late" if late else "reminder.say.me", **said)
        told = message(line, buttons=_buttons(reminder))
        call.tell(reminder.resident, told, f"{key}:{reminder.resident}", confidential=True)
    else:
        line = text("reminder.say.here.late" if late else "reminder.say.here", **said)
        call.announce(reminder.theme, message(line), key)


def _buttons(reminder: Reminder) -> list[Button]:
    this = {"reminder": reminder.id}
    snooze = [Button(text(f"reminder.button.{by}"), SNOOZE, {**this, "by": str(by)}) for by in Snoozed]
    return [*snooze, stop_button(reminder)] if reminder.rule else snooze


def snoozed_to(call: Call, by: Snoozed) -> datetime:
    """When that is; tomorrow at nine by their own clocks."""
    if by is Snoozed.MINUTES:
        return call.now + timedelta(minutes=10)
    if by is Snoozed.HOUR:
        return call.now + timedelta(hours=1)
    today = call.now.astimezone(call.own_zone).replace(hour=9, minute=0, second=0, microsecond=0)
    return when.after(today, when.Unit(days=1), call.own_zone)


def drop_due(call: Call, job: Job) -> None:
    """Nothing came of it for so long that nobody needs it any more."""
    number, version = map(int, job.subject.split())
    found = call.tx.of(REMINDERS).get(number)
    if found and found.version == version:
        call.tx.of(REMINDERS).drop(number)
        call.tx.posts.drop(said_of(number))

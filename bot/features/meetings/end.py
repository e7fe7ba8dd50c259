"""Cancelling a meeting, with the reason; and having it take place after all."""

from __future__ import annotations

from bot.call import Call
from bot.commands.numbered import numbered
from bot.errors import UserError
from bot.features.meetings import following
from bot.features.meetings.changes import changed
from bot.features.meetings.find import (
    ALL,
    check_own,
    check_to_come,
    check_twin,
    find,
    find_cancelled,
    find_own,
    themes_here,
    usage,
)
from bot.features.meetings.plan import LONGEST_ABOUT, check_many, only_this
from bot.features.meetings.records import MEETINGS, SERIES, Meeting, Way
from bot.model.message import Button, Message, message, text
from bot.unseen import seen_as


def cancel_meeting(
    call: Call, why: str, *, meeting: int | None = None, from_here: bool = False, sure: bool = False
) -> Message:
    """Say that it does not take place, and why."""
    if meeting is None and not sure:
        meeting, why = _number_before(call, why)
    found = find_own(call, meeting)
    check_to_come(call, found)
    call.check_writes(found.theme)
    if not seen_as(why):
        raise UserError("meeting.cancel.why", usage=usage(call, "meeting cancel", {"meeting": found.id}))
    if len(why) > LONGEST_ABOUT:
        raise UserError("meeting.about.long", count=len(why), most=LONGEST_ABOUT)
    if from_here:
        return following.cancel_following(call, found, why, sure=sure)
    if not sure:
        args = {"meeting": found.id, "why": why, "sure": True}
        button = Button(text("meeting.button.cancel.sure"), "meeting cancel", args, style="danger")
        told = _who_is_told(call, found)
        key = "meeting.cancel.sure" if told else "meeting.cancel.sure.nobody"
        asked = text(key, title=found.title, start=found.starts_at, count=told)
        return message(asked, text("meeting.why", why=why), *only_this(found), buttons=[button])
    changed(call, found, {"state": "cancelled", "why": why})
    back = Button(text("meeting.button.restore"), "meeting restore", {"meeting": found.id})
    return message(text("meeting.cancelled", title=found.title), buttons=[back])


def _number_before(call: Call, why: str) -> tuple[int | None, str]:
    """Of `annuleer 2 te weinig volk`, which meeting it is: where 2 is one to come here."""
    said = numbered(why) or (numbered(f"{why} -") if why.lstrip("#").isdecimal() else None)
    coming = {meeting.id for theme in themes_here(call) for meeting in call.tx.of(MEETINGS).all_coming(theme)}
    if said is None or said[0] not in coming:
        return None, why
    return said[0], said[1].removeprefix("-").strip()


def _who_is_told(call: Call, meeting: Meeting) -> int:
    """How many people hear of it from Plein: all who come or may come, but who says so."""
    answers = call.tx.of(MEETINGS).answers(meeting.id, ALL)
    told = (answer.resident for answer in answers if answer.way is not Way.NO)
    return sum(who is not None and who != call.resident.id for who in told)


def restore_meeting(call: Call, meeting: int | None = None, *, from_here: bool = False) -> Message:
    """Have it take place after all, with the answers that were given."""
    found = find_cancelled(call) if meeting is None else find(call, meeting)
    check_own(call, found)
    call.check_writes(found.theme)
    if from_here:
        return following.restore_following(call, found)
    if found.state != "cancelled":
        raise UserError("meeting.restore.stands", title=found.title, start=found.starts_at)
    if found.has_begun(call.now):
        raise UserError("meeting.restore.late", title=found.title, start=found.starts_at)
    check_twin(call, found)
    if found.organiser == call.resident.id:
        check_many(call)
    changed(call, found, {"state": "planned", "why": None})
    series = call.tx.of(SERIES).get(found.series) if found.series else None
    back = text("meeting.restored", title=found.title, start=found.starts_at)
    return message(back, *([] if series is None or series.going else only_this(found)))

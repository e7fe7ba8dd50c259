"""Whatever changes a meeting goes through `changed`: its version is raised, its board is shown anew, who
waits moves up, and those who come are told what is different.

Several changes within a few minutes are one message. What people were told last is kept beside the meeting,
so that they hear of what differs from that: a meeting that was moved to and fro is no news.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings import show
from bot.features.meetings.records import MEETINGS, PLACES, SUBJECT, Meeting, Plan, Way
from bot.features.meetings.remind import plan_reminders
from bot.features.meetings.seats import move_up
from bot.features.meetings.telling import PAGE, tell
from bot.model.message import Message, Text, message, text, typed
from bot.model.work import Job

BEGIN, OVER, TELL, SEAT = "meeting.begin", "meeting.over", "meeting.tell", "meeting.seat"
# A meeting that begins so much earlier or later is worth a word.
WORTH_A_WORD = timedelta(minutes=15)
# So long what is changed is gathered, but where it begins within the hour.
GATHERED, SOON = timedelta(minutes=5), timedelta(hours=1)
# So many changes by one person are said within an hour.
MOST_CHANGES, WITHIN = 20, timedelta(hours=1)
_CHANGE = "meeting change"


def changed(call: Call, meeting: Meeting, changes: Mapping[str, Any]) -> list[Text]:
    """Change fields of a meeting. What there is to say to whoever does: by how many it is over full."""
    if (count := call.used(_CHANGE, WITHIN)) >= MOST_CHANGES:
        raise UserError("meeting.often", count=count)
    call.use(_CHANGE, within=WITHIN)
    kept = call.tx.of(MEETINGS)
    kept.change(meeting.id, changes)
    now = kept.get(meeting.id)
    assert now
    due_again(call, now)
    seat_waiting(call, now)
    begins_soon = now.starts_at - call.now <= SOON
    # Whoever changed it last knows.
    call.schedule(
        TELL,
        f"{now.id} {call.resident.id} 0",
        call.now if begins_soon else call.now + GATHERED,
        _telling(now),
    )
    call.changed(f"{SUBJECT}:{now.id}")
    figures = kept.figures(now.id)
    over = {way: figures.taken(way) - room for way in PLACES if (room := now.room_for(way)) is not None}
    return [text(f"meeting.over_full.{way}", count=count) for way, count in over.items() if count > 0]


def due_again(call: Call, meeting: Meeting) -> None:
    """Who comes is reminded; its board is shown anew when it begins, and once more when it is over."""
    call.schedule(BEGIN, str(meeting.id), meeting.starts_at)
    call.schedule(OVER, str(meeting.id), meeting.ends_at)
    plan_reminders(call, meeting)


def begin_due(call: Call, job: Job) -> None:
    """It begins now; it may have been moved."""
    found = call.tx.of(MEETINGS).get(int(job.subject))
    if found and found.state == "planned" and found.has_begun(call.now):
        call.changed(f"{SUBJECT}:{found.id}")


def over_due(call: Call, job: Job) -> None:
    """It is over now; it may have been moved."""
    found = call.tx.of(MEETINGS).get(int(job.subject))
    if found and found.is_over(call.now):
        call.tx.of(MEETINGS).end(found.id)
        if found.state == "planned":
            call.changed(f"{SUBJECT}:{found.id}")
        call.tx.boards.end(f"{SUBJECT}:{found.id}")


def seat_due(call: Call, job: Job) -> None:
    """Somebody who came is nobody any more, or one person with somebody else."""
    if found := call.tx.of(MEETINGS).get(int(job.subject)):
        seat_waiting(call, found)


def seat_waiting(call: Call, meeting: Meeting) -> None:
    """Whoever waited and has a place now is told so, once for each time that they chose that way."""
    if not meeting.takes_answers(call.now):
        return
    kept = call.tx.of(MEETINGS)
    waiting = kept.waiting(meeting.id)
    if not waiting:
        return
    figures = kept.figures(meeting.id)
    for answer in move_up(waiting, {way: figures.taken(way) for way in PLACES}, meeting.room_for):
        kept.keep(answer)
        if answer.resident is not None:
            said = message(
                text(f"meeting.moved_up.{answer.way}", title=meeting.title, start=meeting.starts_at),
                *show.where_that_way(meeting, answer.way),
            )
            key = f"{SUBJECT}:{meeting.id}:up:{answer.way}:{answer.since.isoformat()}"
            tell(call, meeting, [answer.resident], said, key)


# --- telling those who come what changed ---


def as_told(plan: Plan, state: str) -> str:
    """What those who come have to know of a meeting, as it is kept."""
    moments = {"starts_at": plan.starts_at.isoformat(), "ends_at": plan.ends_at.isoformat()}
    return json.dumps({**moments, "place": plan.place, "link": plan.link, "state": state})


def tell_due(call: Call, job: Job) -> None:
    """Those who come are told what is different since they were told last, so many at a time."""
    number, by, after = map(int, job.subject.split())
    kept = call.tx.of(MEETINGS)
    meeting = kept.get(number)
    if meeting is None:
        return
    # What is worth no word by itself may be together with what changes later.
    news = _news(meeting) if call.now < meeting.ends_at else None
    if news is None:
        return
    answers = kept.answered_after(meeting.id, after, PAGE)
    coming = [each.resident for each in answers if each.resident is not None and each.way is not Way.NO]
    people = [who for who in coming if who != by]
    key = f"{SUBJECT}:{meeting.id}:changed:{meeting.version}"
    tell(call, meeting, people, news, f"{key}:{after}")
    if len(answers) == PAGE:
        call.schedule(TELL, f"{meeting.id} {by} {answers[-1].id}", call.now, f"{_telling(meeting)}:going")
    else:
        kept.note_told(meeting.id, as_told(meeting, meeting.state))


def _telling(meeting: Meeting) -> str:
    return f"{TELL}:{meeting.id}"


def _news(meeting: Meeting) -> Message | None:
    """What differs from what they were told; None where that is nothing worth a word."""
    before = json.loads(meeting.told)
    title = typed(meeting.title)
    if meeting.state == "cancelled":
        if before["state"] == "cancelled":
            return None
        why = [text("meeting.why", why=meeting.why)] if meeting.why else []
        return message(text("meeting.told.cancelled", start=meeting.starts_at), *why, title=title)
    lines: list[Text] = []
    if before["state"] == "cancelled":
        lines.append(text("meeting.told.restored", start=meeting.starts_at))
    start = datetime.fromisoformat(before["starts_at"])
    is_moved = abs(meeting.starts_at - start) > WORTH_A_WORD
    if is_moved:
        lines.append(text("meeting.told.moved", start=meeting.starts_at, before=start))
    lines += _elsewhere("place", before["place"], meeting.place)
    lines += _elsewhere("link", before["link"], meeting.link)
    if not lines:
        return None
    if is_moved:
        lines.append(text("meeting.told.still"))
    return message(*lines, title=title, buttons=show.buttons(meeting))


def _elsewhere(what: str, before: str | None, now: str | None) -> list[Text]:
    if before == now:
        return []
    return [text(f"meeting.told.{what}", where=now) if now else text(f"meeting.told.without.{what}")]

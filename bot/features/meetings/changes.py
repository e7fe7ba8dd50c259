"""Whatever changes a meeting goes through `changed`: its version is raised, its board is shown anew, who
waits moves up, and those who come are told what is different.

Several changes within a few minutes are one message. What people were told last is kept beside the meeting,
so that they hear of what differs from that: a meeting that was moved to and fro is no news.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings import show
from bot.features.meetings.ask import plan_asking
from bot.features.meetings.records import MEETINGS, PLACES, SERIES, SUBJECT, Figures, Meeting, Plan, Way
from bot.features.meetings.remind import plan_reminders
from bot.features.meetings.seats import move_up
from bot.features.meetings.telling import PAGE, tell
from bot.model.message import Message, Text, message, text, typed
from bot.model.work import Job

BEGIN, OVER, TELL = "meeting.begin", "meeting.over", "meeting.tell"
SEAT, UP = "meeting.seat", "meeting.up"
# The next meeting of a series is to be announced; and more of them to be made.
NEXT = "meeting.next"
# A meeting that begins so much earlier or later is worth a word.
WORTH_A_WORD = timedelta(minutes=15)
# So long what is changed is gathered, but where it begins within the hour.
GATHERED, SOON = timedelta(minutes=5), timedelta(hours=1)
# So many changes by one person are said within an hour.
MOST_CHANGES, WITHIN = 20, timedelta(hours=1)
_CHANGE = "meeting change"
# Who moves up is told once in that time.
MOVED_UP = timedelta(minutes=1)


def changed(call: Call, meeting: Meeting, changes: Mapping[str, Any]) -> list[Text]:
    """Change fields of a meeting. What there is to say to whoever does: by how many it is over full."""
    check_often(call)
    now = change(call, meeting, changes)
    if now.series:
        # Where this one does not take place, the next may be announced.
        call.schedule(NEXT, str(now.series), call.now)
    return no_place_for(now, call.tx.of(MEETINGS).figures(now.id))


def check_often(call: Call) -> None:
    """Count that they change something. Raises: UserError where that is too often."""
    if (count := call.used(_CHANGE, WITHIN)) >= MOST_CHANGES:
        raise UserError("meeting.often", count=count)
    call.use(_CHANGE, within=WITHIN)


def change(call: Call, meeting: Meeting, changes: Mapping[str, Any]) -> Meeting:
    """The meeting as it is with these fields changed. Of one that nobody sees yet nobody hears."""
    kept = call.tx.of(MEETINGS)
    kept.change(meeting.id, {**changes, "told": _noting(meeting, call.resident.id)})
    now = kept.get(meeting.id)
    assert now
    if not now.expanded:
        kept.note(now.id, {"told": as_told(call, now, now.state)})
        return now
    if now.announced:
        due_again(call, now)
        call.changed(f"{SUBJECT}:{now.id}")
    seat_waiting(call, now)
    begins_soon = now.starts_at - call.now <= SOON
    _soon(call, TELL, now, f"{now.id} {now.version} 0", call.now if begins_soon else call.now + GATHERED)
    return now


def _noting(meeting: Meeting, by: int) -> str:
    """What people were told last, with who changed it since: whoever made all the changes knows of them."""
    told = json.loads(meeting.told)
    return json.dumps({**told, "by": sorted({*told["by"], by})})


def _soon(call: Call, kind: str, meeting: Meeting, subject: str, due: datetime) -> None:
    """Then at the latest: what is planned already is not put off by what comes after it."""
    key = f"{kind}:{meeting.id}"
    planned = call.tx.jobs.due(key)
    call.schedule(kind, subject, min(due, planned) if planned else due, key)


def no_place_for(meeting: Meeting, figures: Figures) -> list[Text]:
    """By how many it is over full; and how many come in a way that there is no more."""
    lines = []
    for way in PLACES:
        room, count = meeting.room_for(way), figures.taken(way)
        if way not in meeting.ways and count:
            lines.append(text(f"meeting.nowhere_now.{way}", count=count))
        elif room is not None and count > room:
            lines.append(text(f"meeting.over_full.{way}", count=count - room))
    return lines


def due_again(call: Call, meeting: Meeting) -> None:
    """Who comes is reminded; its board is shown anew when it begins, and once more when it is over."""
    call.schedule(BEGIN, str(meeting.id), meeting.starts_at)
    call.schedule(OVER, str(meeting.id), meeting.ends_at)
    plan_reminders(call, meeting)
    plan_asking(call, meeting)


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
        if found.series:
            call.schedule(NEXT, str(found.series), call.now)


def seat_due(call: Call, job: Job) -> None:
    """Somebody who came is nobody any more, or one person with somebody else."""
    if found := call.tx.of(MEETINGS).get(int(job.subject)):
        seat_waiting(call, found)


def seat_waiting(call: Call, meeting: Meeting, figures: Figures | None = None) -> bool:
    """Whoever waits for a place that is free has it from now on, and is told so with the others soon. Whether
    there is anybody. `figures` are the meeting's.

    Of who waits, those who take part in the theme; and whom an organiser answered for.
    """
    if not meeting.takes_answers(call.now):
        return False
    kept = call.tx.of(MEETINGS)
    figures = figures or kept.figures(meeting.id)
    if not figures.waits:
        return False
    waiting = [answer for answer in kept.waiting(meeting.id) if answer.way in meeting.ways]
    parts = call.tx.people.parts_of([each.resident for each in waiting if each.resident is not None])
    here = {who for who, used in parts.items() if any(part.theme == meeting.theme for part in used)}
    row = [answer for answer in waiting if answer.resident is None or answer.resident in here]
    moved = move_up(row, {way: figures.taken(way) for way in PLACES}, meeting.room_for)
    before = {answer.id: answer for answer in row}
    for answer in moved:
        kept.keep(answer, before[answer.id])
    if moved:
        _soon(call, UP, meeting, str(meeting.id), call.now + MOVED_UP)
        call.changed(f"{SUBJECT}:{meeting.id}")
    return bool(moved)


def up_due(call: Call, job: Job) -> None:
    """Those who moved up are told where they are now: many in one message, nothing of what changed back."""
    kept = call.tx.of(MEETINGS)
    meeting = kept.get(int(job.subject))
    if meeting is None or not meeting.takes_answers(call.now):
        return
    untold = kept.untold(meeting.id, PAGE)
    for answer in untold:
        kept.keep(replace(answer, known=answer.seat), answer)
    for way in PLACES:
        people = [each.resident for each in untold if each.seat is way and each.resident is not None]
        said = message(
            text(f"meeting.moved_up.{way}", title=meeting.title, start=meeting.starts_at),
            *show.where_that_way(meeting, way),
        )
        tell(call, meeting, people, said, f"{SUBJECT}:{meeting.id}:up:{way}:{job.id}")
    if len(untold) == PAGE:
        call.schedule(UP, job.subject, call.now, f"{UP}:{meeting.id}")


# --- telling those who come what changed ---


def as_told(call: Call, plan: Plan, state: str) -> str:
    """What those who come have to know of a meeting, as it is kept; nobody changed it since."""
    moments = {"starts_at": plan.starts_at.isoformat(), "ends_at": plan.ends_at.isoformat()}
    again = {"again": _again(call, plan)} if plan.series else {}
    return json.dumps({**moments, "place": plan.place, "link": plan.link, "state": state, "by": [], **again})


def _again(call: Call, plan: Plan) -> str | None:
    """When it comes back, as it is compared."""
    series = call.tx.of(SERIES).get(plan.series) if plan.series else None
    return f"{series.recurrence.wall:%H:%M} {series.recurrence.rule.as_kept()}" if series else None


def tell_due(call: Call, job: Job) -> None:
    """Those who come are told what is different since they were told last, so many at a time.

    What was changed again meanwhile is told to all of them, as a whole. Whoever may not write there by now
    has nothing of what they typed said there.
    """
    number, version, after = map(int, job.subject.split())
    kept = call.tx.of(MEETINGS)
    meeting = kept.get(number)
    # What is worth no word by itself may be together with what changes later.
    if meeting is None or call.now >= meeting.ends_at or _news(call, meeting) is None:
        return
    by = json.loads(meeting.told)["by"]
    in_words = call.speaks_for(by, meeting.theme, job.due_at, waits=False)
    news = _news(call, meeting, in_words=in_words)
    if news is None:
        return
    after = after if version == meeting.version else 0
    answers = kept.answered_after(meeting.id, after, PAGE)
    coming = [each.resident for each in answers if each.resident is not None and each.way is not Way.NO]
    people = [who for who in coming if by != [who]]
    key = f"{SUBJECT}:{meeting.id}:changed:{meeting.version}:{after}"
    tell(call, meeting, people, news, key, in_words=in_words)
    if len(answers) == PAGE:
        subject = f"{meeting.id} {meeting.version} {answers[-1].resident}"
        call.schedule(TELL, subject, call.now, f"{TELL}:{meeting.id}")
    else:
        kept.note(meeting.id, {"told": as_told(call, meeting, meeting.state)})


def _news(call: Call, meeting: Meeting, *, in_words: bool = True) -> Message | None:
    """What differs from what they were told; None where that is nothing worth a word. Not `in_words`: no more
    than what is to be known of it anyway, that it was moved or takes place no more.
    """
    before = json.loads(meeting.told)
    title = typed(meeting.title) if in_words else None
    if meeting.state == "cancelled":
        if before["state"] == "cancelled":
            return None
        why = text("meeting.why", why=show.why_not(meeting))
        # By the moment that they know of.
        start = datetime.fromisoformat(before["starts_at"])
        off = text("meeting.told.cancelled", start=start)
        ended = show.ended(call, meeting)
        return message(off, why, *ended, title=title) if in_words else message(off, *ended)
    lines: list[Text] = []
    if before["state"] == "cancelled":
        lines.append(text("meeting.told.restored", start=meeting.starts_at))
    start = datetime.fromisoformat(before["starts_at"])
    is_moved = abs(meeting.starts_at - start) > WORTH_A_WORD
    if is_moved:
        lines.append(text("meeting.told.moved", start=meeting.starts_at, before=start))
    if in_words:
        lines += _elsewhere("place", before["place"], meeting.place)
        lines += _elsewhere("link", before["link"], meeting.link)
    if not lines:
        return None
    if meeting.series and not is_moved and before["state"] != "cancelled":
        lines.insert(0, text("meeting.told.which", start=meeting.starts_at))
    if before.get("again") != _again(call, meeting):
        lines += show.comes_back(call, meeting)
    if is_moved:
        lines.append(text("meeting.told.still"))
    return message(*lines, title=title, buttons=show.buttons(meeting))


def _elsewhere(what: str, before: str | None, now: str | None) -> list[Text]:
    if before == now:
        return []
    return [text(f"meeting.told.{what}", where=now) if now else text(f"meeting.told.without.{what}")]

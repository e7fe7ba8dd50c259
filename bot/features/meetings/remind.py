"""Reminders: a word in the theme before a meeting begins, and to each who wants one what fits their answer.

In the theme it is one message in each place, at each of the meeting's moments. Who comes and wants to be
reminded is told in private where they talk with Plein already, what fits their answer then; others are
mentioned in the theme. A moment is of one beginning: where a meeting was moved or cancelled since, it is
void. After an outage only the last that was missed is said, as late; once it has begun, only the link to
those who take part online.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

from bot import when
from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.records import MEETINGS, SUBJECT, Answer, Meeting, Way
from bot.features.meetings.telling import PAGE, mention, talk, whisper
from bot.model.message import Message, Text, message, text, typed
from bot.model.work import Job

log = logging.getLogger(__name__)
REMIND, WHISPER = "meeting.remind", "meeting.whisper"
# Said later than that, it says so.
LATE = timedelta(minutes=5)
DAY = 86_400


def plan_reminders(call: Call, meeting: Meeting) -> None:
    """At each of its moments that is still to come; one that is past by now is not made up for."""
    for before in meeting.moments:
        due = moment(call, meeting, before)
        if due > call.now:
            subject = f"{meeting.id} {before} {meeting.starts_at.isoformat()}"
            call.schedule(REMIND, subject, due, f"{REMIND}:{meeting.id}:{before}")


def moment(call: Call, meeting: Meeting, before: int) -> datetime:
    """So many seconds before it begins; whole days by the clock on the wall."""
    days, seconds = divmod(before, DAY)
    return when.after(meeting.starts_at, when.Unit(days=-days, seconds=-seconds), call.zone)


def remind_due(call: Call, job: Job) -> None:
    """The moment has come, or was missed."""
    number, before, start = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or int(before) not in meeting.moments or _is_overtaken(call, meeting, int(before)):
        return
    if meeting.is_over(call.now):
        log.warning("Meeting %s was over before anybody could be reminded of it", meeting.id)
        return
    key = f"{SUBJECT}:{meeting.id}:remind:{start}:{before}"
    if not meeting.has_begun(call.now):
        late = call.now - moment(call, meeting, int(before)) > LATE
        answers = call.tx.of(MEETINGS).reminded_after(meeting.id, 0, PAGE)
        people = _people(answers)
        talking = talk(call, meeting, people)
        others = [who for who in people if who not in talking]
        mention(call, meeting, others, _aloud(meeting, late=late), key, everywhere=True)
    quiet = call.settings.quiet_until(call.now)
    due = quiet if quiet and quiet < meeting.starts_at else call.now
    call.schedule(WHISPER, f"{job.subject} 0", due, f"{WHISPER}:{meeting.id}:{before}")


def whisper_due(call: Call, job: Job) -> None:
    """So many of those who want to be reminded are told what fits their answer; then the next."""
    number, before, start, after = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or meeting.is_over(call.now):
        return
    key = f"{SUBJECT}:{meeting.id}:remind:{start}:{before}"
    answers = call.tx.of(MEETINGS).reminded_after(meeting.id, int(after), PAGE)
    begun = meeting.has_begun(call.now)
    people = _people(answers)
    talking = talk(call, meeting, people)
    alike: dict[Hashable, list[Answer]] = {}  # many are told the same
    for answer in answers:
        if answer.resident in talking and (not begun or answer.seat is Way.ONLINE):
            alike.setdefault(answer.id if answer.waits else (answer.way, answer.seat), []).append(answer)
    row = show.row(call, meeting.id) if any(answer.waits for answer in answers) else ()
    for told in alike.values():
        whisper(call, meeting, _people(told), _for(call, meeting, told[0], row), key)
    if int(after) and not begun:
        # Those of the first page stand beside what was said in the theme.
        also = message(text("meeting.told.also", title=meeting.title))
        mention(call, meeting, [who for who in people if who not in talking], also, f"{key}:{after}")
    if len(answers) == PAGE:
        subject = f"{number} {before} {start} {answers[-1].resident}"
        call.schedule(WHISPER, subject, call.now, f"{WHISPER}:{meeting.id}:{before}")


def _standing(call: Call, number: int, start: str) -> Meeting | None:
    """The meeting, where it still begins then."""
    found = call.tx.of(MEETINGS).get(number)
    if found is None or found.state != "planned" or found.starts_at.isoformat() != start:
        return None
    return found


def _is_overtaken(call: Call, meeting: Meeting, before: int) -> bool:
    """Whether a later moment of it has come as well: of several that were missed only the last is said."""
    return any(later < before and moment(call, meeting, later) <= call.now for later in meeting.moments)


def _people(answers: Sequence[Answer]) -> list[int]:
    return [answer.resident for answer in answers if answer.resident is not None]


def _aloud(meeting: Meeting, *, late: bool) -> Message:
    """For everybody in the theme: when and where, and how to answer."""
    said = text("meeting.remind.late" if late else "meeting.remind", start=meeting.starts_at)
    lines = [said, *show.where(meeting)]
    return message(*lines, title=typed(meeting.title), buttons=show.buttons(meeting))


def _for(call: Call, meeting: Meeting, answer: Answer, row: Sequence[Answer]) -> Message:
    """For one person: what fits their answer at this moment. `row`: who waits."""
    start = {"title": meeting.title, "start": meeting.starts_at}
    begun = meeting.has_begun(call.now)
    lines: list[Text] = [text("meeting.remind.begun" if begun else "meeting.remind.you", **start)]
    if answer.waits:
        lines.append(text(f"meeting.remind.waits.{answer.way}", place=show.place_in(row, answer)))
    if answer.seat:
        lines += show.where_that_way(meeting, answer.seat)
    if answer.way is Way.MAYBE:
        lines.append(text("meeting.remind.maybe"))
    buttons = () if begun else show.buttons(meeting)
    return message(*lines, text("meeting.remind.stop"), buttons=buttons)

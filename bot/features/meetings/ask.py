"""Asking those of the theme who did not answer, once: a week before it begins.

Only who wants to be reminded is asked; not where it is full, nor within two days of the announcement.
"""

from __future__ import annotations

from datetime import timedelta

from bot import when
from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.records import MEETINGS, SUBJECT, Figures, Meeting
from bot.features.meetings.telling import PAGE, keeps_its_words, tell
from bot.model.message import message, text, typed
from bot.model.work import Job

ASK = "meeting.ask"
BEFORE = when.Unit(days=-7)
SINCE_ANNOUNCED = timedelta(days=2)


def plan_asking(call: Call, meeting: Meeting) -> None:
    """A week before; of one that was announced less than two days before that nobody is asked."""
    due = when.after(meeting.starts_at, BEFORE, call.zone)
    if not meeting.asked and due >= call.now + SINCE_ANNOUNCED:
        call.schedule(ASK, f"{meeting.id} {meeting.starts_at.isoformat()} 0", due, f"{ASK}:{meeting.id}")


def ask_due(call: Call, job: Job) -> None:
    """So many of those who did not answer are asked, then the next; of one that was moved since, none."""
    number, start, after = job.subject.split()
    kept = call.tx.of(MEETINGS)
    meeting = kept.get(int(number))
    if meeting is None or not meeting.takes_answers(call.now) or meeting.starts_at.isoformat() != start:
        return
    if (meeting.asked and not int(after)) or _is_full(meeting, kept.figures(meeting.id)):
        return
    if not keeps_its_words(call, meeting, job.due_at):
        return
    kept.note(meeting.id, {"asked": True})
    people = kept.unanswered(meeting.id, meeting.theme, int(after), PAGE)
    lines = [text("meeting.ask", start=meeting.starts_at), *show.where(meeting)]
    said = message(*lines, title=typed(meeting.title), buttons=show.buttons(meeting))
    tell(call, meeting, people, said, f"{SUBJECT}:{meeting.id}:ask:{after}")
    if len(people) == PAGE:
        call.schedule(ASK, f"{number} {start} {people[-1]}", call.now, f"{ASK}:{meeting.id}")


def _is_full(meeting: Meeting, figures: Figures) -> bool:
    """Whether there is no place left in any way."""
    rooms = [(way, meeting.room_for(way)) for way in meeting.ways]
    return all(room is not None and figures.taken(way) >= room for way, room in rooms)

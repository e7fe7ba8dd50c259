"""Whatever changes a meeting goes through `changed`: its version is raised, its board is shown anew, who
waits moves up, and those who come are told what is different.

Several changes within a few minutes are one message, and so are those of several meetings of a series.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings import show
from bot.features.meetings.ask import plan_asking
from bot.features.meetings.news import News, as_told, changed_by, in_words, news_of, noting
from bot.features.meetings.presence import lines as presence
from bot.features.meetings.records import (
    LONGEST,
    MEETINGS,
    PLACES,
    SERIES,
    SUBJECT,
    WORDS,
    Figures,
    Meeting,
    Way,
)
from bot.features.meetings.remind import plan_reminders
from bot.features.meetings.seats import move_up
from bot.features.meetings.telling import ALOUD, PAGE, answered_for, authors, mention, talk, tell, whisper
from bot.model.message import Text, message, text
from bot.model.work import Job
from bot.ports.storage import Transaction

BEGIN, OVER = "meeting.begin", "meeting.over"
# Those who come are told what changed of one; and of whichever of a series.
TELL, TELL_SERIES = "meeting.tell", "meeting.series.tell"
SEAT, UP = "meeting.seat", "meeting.up"
# The next meeting of a series is to be announced; and more of them to be made.
NEXT = "meeting.next"
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
    """The meeting as it is with these fields changed. One that nobody sees yet is shown nowhere.

    Raises: UserError where people came to it already, and it is to be another day.
    """
    kept = call.tx.of(MEETINGS)
    if start := changes.get("starts_at"):
        presence.check_may_move(call, meeting, start)
    if any(changes.get(name) is not None for name in WORDS):
        changes = {**changes, "worded_by": call.resident.id}
    kept.change(meeting.id, {**changes, "told": noting(meeting, call.resident.id)})
    now = kept.get(meeting.id)
    assert now
    if now.announced:
        due_again(call, now)
        call.changed(f"{SUBJECT}:{now.id}")
    if now.expanded:
        seat_waiting(call, now)
    begins_soon = now.starts_at - call.now <= SOON
    plan_telling(call.tx, now, call.now if begins_soon else call.now + GATHERED)
    return now


def plan_telling(tx: Transaction, meeting: Meeting, due: datetime) -> None:
    """Those who come to the meeting, as it is now, hear what changed then at the latest."""
    if meeting.series:
        _soon(tx, TELL_SERIES, meeting.series, f"{meeting.series} - 0 -", due)
    else:
        _soon(tx, TELL, meeting.id, f"{meeting.id} {meeting.version} 0", due)


def _soon(tx: Transaction, kind: str, number: int, subject: str, due: datetime) -> None:
    """What is planned already is not put off by what comes after it."""
    key = f"{kind}:{number}"
    tx.jobs.add(kind, subject, due, key, or_sooner=True)


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
    # Who has a say has it in how it was, too: that opens before it is over.
    presence.plan(call, meeting)
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
        if found.state == "cancelled":
            call.tx.of(MEETINGS).settle(found.id)
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
        _soon(call.tx, UP, meeting.id, str(meeting.id), call.now + MOVED_UP)
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


def tell_due(call: Call, job: Job) -> None:
    """Those who come are told what is different since they were told last, so many at a time.

    What was changed again meanwhile is told to all of them, as a whole.
    """
    number, version, after = map(int, job.subject.split())
    meeting = call.tx.of(MEETINGS).get(number)
    if meeting is None or meeting.is_over(call.now):
        return
    key = f"{SUBJECT}:{number}:changed:{meeting.version}"
    told = _tell_some(call, job, [meeting], after if version == meeting.version else 0, key)
    if told:
        call.schedule(TELL, f"{number} {meeting.version} {told}", call.now, f"{TELL}:{number}")


def tell_series_due(call: Call, job: Job) -> None:
    """The same of all meetings of a series: each hears once of those that they come to."""
    number, state, after, at = job.subject.split()
    # With each page it is told of the same ones, also where one is over meanwhile.
    now = call.now if at == "-" else datetime.fromisoformat(at)
    kept = call.tx.of(MEETINGS)
    listed = call.tx.of(SERIES).meetings(int(number), now - LONGEST)
    held = [kept.hold(each) for each in sorted(listed, key=lambda each: each.id) if news_of(each)]
    meetings = [each for each in held if each and news_of(each) and not each.is_over(now)]
    is_now = _state_of(meetings)
    key = f"{SUBJECT}:series:{number}:changed:{is_now}"
    told = _tell_some(call, job, meetings, int(after) if state == is_now else 0, key)
    if told:
        subject = f"{number} {is_now} {told} {now.isoformat()}"
        call.schedule(TELL_SERIES, subject, call.now, f"{TELL_SERIES}:{number}")


def _state_of(meetings: Sequence[Meeting]) -> str:
    """What no other state of these meetings is called."""
    states = " ".join(f"{meeting.id}:{meeting.version}" for meeting in meetings)
    return hashlib.sha256(states.encode()).hexdigest()[:12]


def _tell_some(call: Call, job: Job, meetings: Sequence[Meeting], after: int, key: str) -> int:
    """So many of those whom it concerns are told, from the next after that resident on. The last of them; 0
    where there are no more.

    Whoever may not write there by now has nothing of what they typed said there.
    """
    # What is worth no word by itself may be together with what changes later.
    if not any(map(news_of, meetings)):
        return 0
    by = sorted({who for meeting in meetings for who in changed_by(meeting)})
    may_say = call.speaks_for(by, meetings[0].theme, job.due_at, waits=False)
    news = [found for meeting in meetings if (found := news_of(meeting, in_words=may_say))]
    if not news:
        return 0
    people, last = _concerned(call, news, after)
    _tell_each(call, people, f"{key}:{after}", titled=may_say)
    if not last:
        for meeting in meetings:
            call.tx.of(MEETINGS).note(meeting.id, {"told": as_told(call, meeting, meeting.state)})
            if meeting.state == "cancelled":
                call.tx.told.skip(None, answered_for(meeting))
    return last


def _tell_each(call: Call, people: Mapping[int, Sequence[News]], key: str, *, titled: bool) -> None:
    """Each in private, of what concerns them; those who don't talk there by one mention, of all of it."""
    if not people:
        return
    every = {each.meeting.id: each for news in people.values() for each in news}
    first = min((each.meeting for each in every.values()), key=lambda meeting: meeting.starts_at)
    talking = talk(call, first, people)
    alike: dict[tuple[int, ...], list[int]] = {}
    for who in sorted(talking):
        alike.setdefault(tuple(each.meeting.id for each in people[who]), []).append(who)
    for numbers, told in alike.items():
        news = [every[number] for number in numbers]
        last = max((each.meeting for each in news), key=lambda meeting: meeting.ends_at)
        whose = {who for each in news for who in authors(each.meeting)}
        whisper(call, last, told, in_words(call, news, titled=titled), key, otherwise=ALOUD, whose=whose)
    others = [who for who in people if who not in talking]
    if others:
        theirs = {each.meeting.id for who in others for each in people[who]}
        news = [each for number, each in every.items() if number in theirs]
        mention(call, first, others, in_words(call, news, titled=titled), key, in_words=titled)


def _concerned(call: Call, news: Sequence[News], after: int) -> tuple[Mapping[int, Sequence[News]], int]:
    """Those who said anything but no of any of these, from the next after that resident on: so many, each
    with what is news to them. And the last of them, where there may be more.
    """
    kept = call.tx.of(MEETINGS)
    found: list[tuple[int, Way, Sequence[News]]] = []
    last: list[int] = []

    def listed(answers: Sequence[tuple[int, Way]], of: Sequence[News]) -> None:
        found.extend((who, way, of) for who, way in answers)
        # Of the one behind those all may not be known.
        last.extend([answers[PAGE - 1][0]] if len(answers) > PAGE else [])

    for each in news:
        if each.meeting.expanded:
            answers = kept.answered_after(each.meeting.id, after, PAGE + 1)
            listed([(answer.resident or 0, answer.way) for answer in answers], [each])
    later = [each for each in news if not each.meeting.expanded]
    if later and later[0].meeting.series:
        standing = call.tx.of(SERIES).standing_after(later[0].meeting.series, after, PAGE + 1)
        listed([(answer.resident, answer.way) for answer in standing], later)
    until = min(last, default=0)
    people: dict[int, list[News]] = {}
    for who, way, of in found:
        if way is not Way.NO and (not until or who <= until):
            theirs = [each for each in of if list(changed_by(each.meeting)) != [who]]
            people.setdefault(who, []).extend(theirs)
    return {who: theirs for who, theirs in sorted(people.items()) if theirs}, until

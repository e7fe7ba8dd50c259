"""Reminders: a word in the theme before a meeting begins, and to each who wants one what fits their answer.

In the theme it is one message in each place, at each of the meeting's moments. Who comes and wants to be
reminded is told in private where they talk with Plein already, what fits their answer then; others are
mentioned in the theme. Who chose moments of their own is told at these alone, and in private alone. A moment
is of one beginning: where a meeting was moved or cancelled since, it is
void. After an outage only the last that was missed is said, as late; once it has begun, only the link to
those who take part online; once it is over nothing but to who moderates there, that nobody was reminded.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from datetime import datetime, timedelta

from bot import when
from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.records import MEETINGS, SUBJECT, Answer, Meeting, Way
from bot.features.meetings.telling import (
    PAGE,
    is_too_late,
    keeps_its_words,
    mention,
    quiet_until,
    talk,
    whisper,
)
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Wishes
from bot.model.work import Job

REMIND, WHISPER = "meeting.remind", "meeting.whisper"
OWN, WISHED = "meeting.own", "meeting.wished"
# Said later than that, it says so.
LATE = timedelta(minutes=5)
DAY = 86_400
# More than anybody answered that is to come.
ALL = 10_000


def plan_reminders(call: Call, meeting: Meeting) -> None:
    """At each of its moments that is still to come; one that is past by now is not made up for."""
    for before in meeting.moments:
        due = moment(call, meeting, before)
        if due > call.now:
            subject = f"{meeting.id} {before} {meeting.starts_at.isoformat()}"
            call.schedule(REMIND, subject, due, f"{REMIND}:{meeting.id}:{before}")
    _plan_own(call, meeting, call.tx.of(MEETINGS).own_moments(meeting.id))


def plan_own_of(call: Call, meeting: Meeting, resident: int | None) -> None:
    """Somebody answered for the first time, or wants to be reminded at other moments."""
    if resident is not None and (wishes := call.tx.people.wishes([resident]).get(resident)):
        _plan_own(call, meeting, wishes.before)


def _plan_own(call: Call, meeting: Meeting, moments: Collection[int]) -> None:
    """One job for all who want it so long before."""
    for before in moments:
        due = moment(call, meeting, before)
        if due > call.now:
            subject = f"{meeting.id} {before} {meeting.starts_at.isoformat()} 0"
            call.schedule(OWN, subject, due, f"{OWN}:{meeting.id}:{before}")


def wished_due(call: Call, job: Job) -> None:
    """What they answered and is to come is said when they want it."""
    who = int(job.subject)
    for meeting in call.tx.of(MEETINGS).of(who, call.now, ALL):
        if meeting.takes_answers(call.now):
            plan_own_of(call, meeting, who)


def moment(call: Call, meeting: Meeting, before: int) -> datetime:
    """So many seconds before it begins; whole days by the clock on the wall."""
    days, seconds = divmod(before, DAY)
    return when.after(meeting.starts_at, when.Unit(days=-days, seconds=-seconds), call.zone)


def remind_due(call: Call, job: Job) -> None:
    """The moment has come, or was missed."""
    number, before, start = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or int(before) not in meeting.moments:
        return
    if _is_overtaken(call, meeting, int(before), meeting.moments):
        return
    if meeting.is_over(call.now):
        missed = text("meeting.remind.missed", title=meeting.title, start=meeting.starts_at)
        call.tell_moderators(meeting.theme, message(missed), f"{SUBJECT}:{meeting.id}:missed:{start}")
        return
    key = f"{SUBJECT}:{meeting.id}:remind:{start}:{before}"
    if not meeting.has_begun(call.now):
        if meeting.organiser is not None:
            call.take_turn(meeting.organiser, key)
        late = call.now - moment(call, meeting, int(before)) > LATE
        answers = call.tx.of(MEETINGS).reminded_after(meeting.id, 0, PAGE)
        people = _people(answers)
        talking = talk(call, meeting, people)
        others = [who for who in people if who not in talking]
        in_words = keeps_its_words(call, meeting, job.due_at)
        said = _aloud(meeting, late=late, in_words=in_words)
        mention(call, meeting, others, said, key, everywhere=True, in_words=in_words)
    call.schedule(WHISPER, f"{job.subject} 0", call.now, f"{WHISPER}:{meeting.id}:{before}")


def whisper_due(call: Call, job: Job) -> None:
    """So many of those who want to be reminded are told what fits their answer; then the next."""
    number, before, start, after = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or meeting.is_over(call.now):
        return
    key = f"{SUBJECT}:{meeting.id}:remind:{start}:{before}"
    answers = call.tx.of(MEETINGS).reminded_after(meeting.id, int(after), PAGE)
    people = _people(answers)
    talking = talk(call, meeting, people)
    alike: dict[Hashable, list[Answer]] = {}  # many are told the same
    for answer, who, _ in _awake(call, job, meeting, answers):
        if who in talking:
            alike.setdefault(answer.id if answer.waits else (answer.way, answer.seat), []).append(answer)
    row = _row(call, meeting, answers)
    for told in alike.values():
        whisper(call, meeting, _people(told), _for(call, meeting, told[0], row), key)
    if int(after) and not meeting.has_begun(call.now):
        # Those of the first page stand beside what was said in the theme.
        in_words = keeps_its_words(call, meeting, job.due_at)
        also = message(text("meeting.told.also", title=meeting.title))
        also = also if in_words else _aloud(meeting, late=False, in_words=False)
        others = [who for who in people if who not in talking]
        mention(call, meeting, others, also, f"{key}:{after}", in_words=in_words)
    _go_on(call, job, answers)


def _row(call: Call, meeting: Meeting, answers: Sequence[Answer]) -> Sequence[Answer]:
    """Who waits there, where one of these does."""
    return show.row(call, meeting.id) if any(answer.waits for answer in answers) else ()


def own_due(call: Call, job: Job) -> None:
    """So many of those who want it so long before are told what fits their answer; then the next."""
    number, before, start, after = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or meeting.is_over(call.now):
        return
    key = f"{SUBJECT}:{meeting.id}:remind:{start}:{before}"
    answers = call.tx.of(MEETINGS).own_after(meeting.id, int(after), PAGE)
    row = _row(call, meeting, answers)
    for answer, who, wishes in _awake(call, job, meeting, answers):
        overtaken = _is_overtaken(call, meeting, int(before), wishes.before)
        if int(before) in wishes.before and not overtaken:
            said = _for(call, meeting, answer, row)
            call.tell(who, said, f"{key}:{who}", until=meeting.ends_at, theme=meeting.theme)
    _go_on(call, job, answers)


def _awake(
    call: Call, job: Job, meeting: Meeting, answers: Sequence[Answer]
) -> Sequence[tuple[Answer, int, Wishes]]:
    """Those of these who are told now: the others once their quiet hours are over, where that is in time."""
    found: list[tuple[Answer, int, Wishes]] = []
    wishes = call.tx.people.wishes(_people(answers))
    begun, mornings = meeting.has_begun(call.now), set()
    for answer in answers:
        who = answer.resident
        if who is None or who not in wishes or (begun and answer.seat is not Way.ONLINE):
            continue
        morning = quiet_until(call, wishes[who])
        if morning and not is_too_late(morning, meeting):
            mornings.add(morning)
        else:
            found.append((answer, who, wishes[who]))
    number, before, start, _ = job.subject.split()
    for morning in mornings:
        key = f"{job.kind}:{number}:{before}:{morning.isoformat()}"
        call.schedule(job.kind, f"{number} {before} {start} 0", morning, key)
    return found


def _go_on(call: Call, job: Job, answers: Sequence[Answer]) -> None:
    """With those behind them."""
    if len(answers) == PAGE:
        number, before, start, _ = job.subject.split()
        key = f"{job.kind}:{number}:{before}:{job.due_at.isoformat()}"
        call.schedule(job.kind, f"{number} {before} {start} {answers[-1].resident}", call.now, key)


def _standing(call: Call, number: int, start: str) -> Meeting | None:
    """The meeting, where it still begins then."""
    found = call.tx.of(MEETINGS).get(number)
    if found is None or found.state != "planned" or found.starts_at.isoformat() != start:
        return None
    return found


def _is_overtaken(call: Call, meeting: Meeting, before: int, moments: Sequence[int]) -> bool:
    """Whether a later one of these has come as well: of several that were missed only the last is said."""
    return any(later < before and moment(call, meeting, later) <= call.now for later in moments)


def _people(answers: Sequence[Answer]) -> list[int]:
    return [answer.resident for answer in answers if answer.resident is not None]


def _aloud(meeting: Meeting, *, late: bool, in_words: bool) -> Message:
    """For everybody in the theme: when and where, and how to answer. Not `in_words`: nothing that somebody
    wrote of it; its board stands there.
    """
    said = text("meeting.remind.late" if late else "meeting.remind", start=meeting.starts_at)
    if not in_words:
        return message(said, buttons=show.buttons(meeting))
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

"""Reminders: a word in the theme before a meeting begins, and to each who wants one what fits their answer.

In the theme it is one message in each place, at each of the meeting's moments. Who comes and wants to be
reminded is told in private where they talk with Plein already, what fits their answer then; others are
mentioned in the theme. Who chose moments of their own is told at these alone, and in private. Who turns out
to take nothing there is mentioned instead. What falls in somebody's quiet hours they hear in the morning, or
the evening before where that would be too late; who answered after that evening is mentioned. A moment is of
one beginning: where a meeting was moved or cancelled since, it is void. After an outage only the last that
was missed is said, as late; once it has begun, only the link to those who take part online; once it is over
nothing but to who moderates there, that nobody was reminded.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta

from bot import when
from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.night import quiet_until, told_at
from bot.features.meetings.records import MEETINGS, SUBJECT, Answer, Meeting, Way
from bot.features.meetings.telling import (
    PAGE,
    keeps_its_words,
    mention,
    say_aloud,
    talkers,
    whisper,
    without_words,
)
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Wishes
from bot.model.work import Job

REMIND, WHISPER = "meeting.remind", "meeting.whisper"
OWN, WISHED = "meeting.own", "meeting.wished"
PLAN_ANEW = "meeting.remind.anew"
# What moderators can set in the chat that says when it is night; so many meetings are planned anew at a time.
NIGHT, PLANNED = ("quiet", "zone"), 20
# Who could be told it nowhere is mentioned.
ALOUD = "meeting.remind.aloud"
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
    # In one go for all who go by the community's clocks, and want it when others do.
    for wishes in (Wishes(), *call.tx.of(MEETINGS).own_wishes(meeting.id)):
        _plan_private(call, meeting, wishes)


def plan_own_of(call: Call, meeting: Meeting, resident: int | None) -> None:
    """Somebody answered for the first time, or wants to be reminded at other moments, or by other clocks."""
    if resident is None:
        return
    wishes = call.tx.people.wishes([resident]).get(resident, Wishes())
    if wishes.before or wishes.zone:
        _plan_private(call, meeting, wishes)


def _plan_private(call: Call, meeting: Meeting, wishes: Wishes) -> None:
    """One job for all who want it so long before, at that moment and the evening before the night that it
    falls in; when others do, at that moment it follows what is said in the theme.
    """
    kind = OWN if wishes.before else WHISPER
    for before in wishes.before or meeting.moments:
        due = moment(call, meeting, before)
        subject = f"{meeting.id} {before} {meeting.starts_at.isoformat()} 0"
        if wishes.before and due > call.now:
            call.schedule(kind, subject, due, f"{kind}:{meeting.id}:{before}")
        evening = told_at(call, meeting, before, due, wishes)
        if call.now < evening < due:
            _plan_again(call, kind, subject, evening)


def _plan_again(call: Call, kind: str, subject: str, at: datetime) -> None:
    """That evening, or that morning: one job for all who hear of it then."""
    number, before, *_ = subject.split()
    call.schedule(kind, subject, at, f"{kind}:{number}:{before}:{at.astimezone(UTC).isoformat()}")


def wished_due(call: Call, job: Job) -> None:
    """What they answered and is to come is said when they want it."""
    who = int(job.subject)
    for meeting in call.tx.of(MEETINGS).of(who, call.now, ALL):
        if meeting.takes_answers(call.now):
            plan_own_of(call, meeting, who)


def plan_anew_due(call: Call, job: Job) -> None:
    """It is night at other hours from now on: so many meetings to come are planned so, then the next."""
    coming = call.tx.of(MEETINGS).coming_after(int(job.subject), call.now, PLANNED)
    for listed in coming:
        meeting = call.tx.of(MEETINGS).hold(listed)
        if meeting and meeting.takes_answers(call.now):
            plan_reminders(call, meeting)
    if len(coming) == PLANNED:
        # Not under the key of the first: who sets it once more meanwhile has all of them planned again.
        call.schedule(PLAN_ANEW, str(coming[-1].id), call.now, f"{PLAN_ANEW}:{job.due_at.isoformat()}")


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
    if any(later < int(before) and moment(call, meeting, later) <= call.now for later in meeting.moments):
        return  # of several that were missed only the last is said
    if meeting.is_over(call.now):
        missed = text("meeting.remind.missed", title=meeting.title, start=meeting.starts_at)
        call.tell_moderators(meeting.theme, message(missed), f"{SUBJECT}:{meeting.id}:missed:{start}")
        return
    key = _key(meeting, int(before))
    if not meeting.has_begun(call.now):
        if meeting.organiser is None:
            call.take_slot(meeting.id, moment(call, meeting, int(before)))
        else:
            call.take_turn(meeting.organiser, key)
        late = call.now - moment(call, meeting, int(before)) > LATE
        answers = call.tx.of(MEETINGS).reminded_after(meeting.id, 0, PAGE)
        others = _mentioned(call, meeting, int(before), _people(answers))
        in_words = keeps_its_words(call, meeting, job.due_at)
        said = _aloud(meeting, late=late) if in_words else without_words(meeting, late=late)
        mention(call, meeting, others, said, key, everywhere=True, in_words=in_words)
    call.schedule(WHISPER, f"{job.subject} 0", call.now, f"{WHISPER}:{meeting.id}:{before}")


def whisper_due(call: Call, job: Job) -> None:
    """So many of those who want to be reminded are told what fits their answer; then the next."""
    number, before, start, after = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or meeting.is_over(call.now):
        return
    key = _key(meeting, int(before))
    answers = call.tx.of(MEETINGS).reminded_after(meeting.id, int(after), PAGE)
    people = _people(answers)
    talking = talkers(call, meeting, people)
    asleep = {wishes for wishes in {*talking.values()} if quiet_until(call, wishes)}
    alike: dict[Hashable, list[Answer]] = {}  # many are told the same
    for answer, who in _awake(call, job, meeting, answers):
        if who in talking and talking[who] not in asleep:
            alike.setdefault(answer.id if answer.waits else (answer.way, answer.seat), []).append(answer)
    row = _row(call, meeting, answers)
    for told in alike.values():
        said = _for(call, meeting, told[0], row)
        whisper(call, meeting, _people(told), said, key, otherwise=ALOUD)
    # Those of the first page stand beside what was said in the theme.
    is_aloud = int(after) and moment(call, meeting, int(before)) <= call.now < meeting.starts_at
    others = _mentioned(call, meeting, int(before), people) if is_aloud else ()
    if others:
        in_words = keeps_its_words(call, meeting, job.due_at)
        also = message(text("meeting.told.also", title=meeting.title))
        also = also if in_words else without_words(meeting)
        mention(call, meeting, others, also, f"{key}:{after}", apart=True, in_words=in_words)
    _go_on(call, job, answers)


def _key(meeting: Meeting, before: int | str = "") -> str:
    """Of what is said so long before it begins, as it stands now; to somebody with their number behind it."""
    return f"{SUBJECT}:{meeting.id}:remind:{meeting.starts_at.isoformat()}:{before}"


def _mentioned(call: Call, meeting: Meeting, before: int, people: Sequence[int]) -> Sequence[int]:
    """Those of these who are told in the theme: they don't talk in private, or it is night for them until it
    is too late, and they were not told the evening before.
    """
    talking = talkers(call, meeting, people)
    together = {
        wishes: _said_together(call, meeting, before, wishes)
        for wishes in {*talking.values()}
        if quiet_until(call, wishes) and told_at(call, meeting, before, call.now, wishes) < call.now
    }
    told = {
        who: {f"{_key(meeting, each)}:{who}" for each in together[wishes]}
        for who, wishes in talking.items()
        if wishes in together
    }
    known = {*call.tx.told.known([key for keys in told.values() for key in keys])}
    return [who for who in people if who not in talking or (who in told and not known & told[who])]


def _said_together(call: Call, meeting: Meeting, before: int, wishes: Wishes) -> Sequence[int]:
    """Which of its moments fall in the same night for them, so that only the last of them is said."""
    at = {each: told_at(call, meeting, each, moment(call, meeting, each), wishes) for each in meeting.moments}
    return [each for each in at if at[each] == at.get(before)]


def _row(call: Call, meeting: Meeting, answers: Sequence[Answer]) -> Sequence[Answer]:
    """Who waits there, where one of these does."""
    return show.row(call, meeting.id) if any(answer.waits for answer in answers) else ()


def own_due(call: Call, job: Job) -> None:
    """So many of those who want it so long before are told what fits their answer; then the next."""
    number, before, start, after = job.subject.split()
    meeting = _standing(call, int(number), start)
    if meeting is None or meeting.is_over(call.now):
        return
    key = _key(meeting, int(before))
    answers = call.tx.of(MEETINGS).own_after(meeting.id, int(after), PAGE)
    row = _row(call, meeting, answers)
    for answer, who in _awake(call, job, meeting, answers):
        said, aloud = _for(call, meeting, answer, row), (ALOUD, f"{meeting.id} {key}")
        call.tell(who, said, f"{key}:{who}", until=meeting.ends_at, theme=meeting.theme, otherwise=aloud)
    _go_on(call, job, answers)


def aloud_due(call: Call, job: Job) -> None:
    """Those who could be told it nowhere are mentioned in the theme, where nothing is said of their answers;
    once it has begun, with the link.
    """
    unsaid = call.take_unsaid(job, PAGE)
    number, key = job.subject.split(" ", 1)
    meeting = call.tx.of(MEETINGS).get(int(number))
    # Void, where it was moved or cancelled since.
    stands = meeting is not None and meeting.state == "planned" and key.startswith(_key(meeting))
    if meeting and stands and not meeting.is_over(call.now):
        begun = meeting.has_begun(call.now)
        what = "meeting.remind.begun" if begun else "meeting.remind.aloud"
        where = show.where_that_way(meeting, Way.ONLINE) if begun else ()
        said = message(text(what, title=meeting.title, start=meeting.starts_at), *where)
        if not keeps_its_words(call, meeting, job.due_at):
            said = without_words(meeting)
        say_aloud(call, meeting, [*unsaid], said, f"{key}:aloud:{job.id}")


def _awake(call: Call, job: Job, meeting: Meeting, answers: Sequence[Answer]) -> Sequence[tuple[Answer, int]]:
    """Those of these who are told now, or were the evening before; the others are in the morning."""
    number, words, start, _ = job.subject.split()
    before, begun = int(words), meeting.has_begun(call.now)
    wishes = call.tx.people.wishes(_people(answers))
    times = {each: _when(call, meeting, before, each) for each in {*wishes.values()}}
    found: list[tuple[Answer, int]] = []
    for answer in answers:
        who = answer.resident
        if who is None or who not in wishes or (begun and answer.seat is not Way.ONLINE):
            continue
        at = times[wishes[who]]
        if at and at <= call.now:
            found.append((answer, who))
    due = max(moment(call, meeting, before), call.now)
    for morning in {at for at in times.values() if at and at > due}:
        _plan_again(call, job.kind, f"{number} {before} {start} 0", morning)
    return found


def _when(call: Call, meeting: Meeting, before: int, wishes: Wishes) -> datetime | None:
    """When somebody is told who wants it so. None: not at all, as they don't want it so long before, or are
    told by now what comes later: of several that were missed, or fall in one night, only the last is said.
    """
    moments = wishes.before or meeting.moments
    if before not in moments:
        return None
    due = {each: max(moment(call, meeting, each), call.now) for each in moments}
    at = {each: told_at(call, meeting, each, due[each], wishes) for each in moments}
    if any(later < before and at[later] <= call.now for later in moments):
        return None
    # The evening was missed, and they sleep by now: so it is said at its own moment.
    missed = at[before] < call.now < due[before] and quiet_until(call, wishes)
    return due[before] if missed else at[before]


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

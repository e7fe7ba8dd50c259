"""A meeting that comes back: planning one, having the next announced in time, looking at it, ending it.

Its meetings are made a year ahead, each with a number of its own. Only the next is announced; the one after
it is once that is over, or a week before it begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

from bot import when
from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.meetings import show
from bot.features.meetings.changes import NEXT, due_again
from bot.features.meetings.find import check_to_come, find, find_in_series, usage
from bot.features.meetings.news import as_told
from bot.features.meetings.records import (
    LIKE,
    MEETINGS,
    MOST,
    MOST_IN_THEME,
    NOTHING,
    SERIES,
    SUBJECT,
    YEAR,
    Meeting,
    Occurrence,
    Plan,
    Recurrence,
    Series,
)
from bot.features.meetings.standing import expand, tell_waiting
from bot.features.meetings.telling import authors, may_say, take_over
from bot.features.meetings.words import Repeating, Span, Without, keep_span, keep_value
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Role
from bot.model.work import Job

WEEK_BEFORE = when.Unit(days=-7)
DAY = timedelta(days=1)
# So many are shown before it is announced, and so many to whoever asks later.
SHOWN_FIRST, SHOWN = 3, 10
# So many of the days that fall away are named.
NAMED = 12
# What stands before a school holiday that is included, and before one that is not; and the year at school.
_YEAR = re.compile("20[0-9]{2}")
_WHOLE, _UP_TO, _SCHOOL_YEAR = "meeting.word.whole", "meeting.word.up_to", "meeting.word.school_year"


# --- planning ---


def recurrence_of(
    call: Call, begins: Span, repeat: Repeating, until: str | None, left_out: Without | None
) -> tuple[Recurrence, timedelta | None]:
    """When it takes place, as was meant; and how long, where the rule says so. Raises: UserError, Unsure."""
    local = begins.start.astimezone(call.zone)
    rule, lasts = _rule(call, repeat, local)
    if not when.fits(rule, local.date()):
        raise _other_day(call, rule, begins, local, lasts)
    found = Recurrence(
        rule=rule,
        wall=local.time().replace(second=0, microsecond=0),
        zone=call.zone,
        first=local.date(),
        until=_until(call, until, local.date()) if until else None,
        left_out=_left_out(call, left_out) if left_out else NOTHING,
    )
    if found.until and found.until < found.first:
        raise UserError("meeting.series.until", until=found.until, start=begins.start)
    if found.is_too_often:
        raise UserError("meeting.series.many", most=MOST)
    if len(list(islice((each for each in found.occurrences() if each.start), 2))) < 2:
        raise UserError("meeting.series.once")
    return found, lasts


def _until(call: Call, words: str, first: date) -> date:
    """ "eind juni", "31 december", "juni": the whole of it; "paasvakantie": the day before that. What a
    button kept may be past by now.
    """
    with suppress(ValueError):
        return date.fromisoformat(words)
    try:
        return call.read_moment(words, whole_days=True).start.astimezone(call.own_zone).date()
    except UserError as error:
        if error.text.key.startswith("when.past"):
            raise
    if found := _school_holiday(call, words, first):
        return found
    # A month is no moment; as something to leave out it is known.
    with suppress(UserError):
        if spans := when.read_left_out(words, call.said_at, call.zone, call.locale).spans:
            return spans[-1][1]
    raise UserError("meeting.series.until.unclear", words=words[:40])


def _school_holiday(call: Call, words: str, first: date) -> date | None:
    """The last day before the school holiday that these words name, of those after the `first` day; its own
    last day, where it is included. None: they name none.
    """
    said = words.casefold().split()
    year = int(said.pop()) if len(said) > 1 and _YEAR.fullmatch(said[-1]) else None
    if year:
        first = max(first, date(year - 1, 12, 31))
    texts, name = call.commands.texts, " ".join(said)
    whole, start = (_before(name, texts.words(key)) for key in (_WHOLE, _UP_TO))
    name = name.removeprefix(whole or start).strip()
    if name in texts.words(_SCHOOL_YEAR):
        named: str | None = "summer_break"
        whole = ""
    else:
        try:
            left_out = when.read_left_out(name, call.said_at, call.zone, call.locale)
        except UserError:
            return None
        if left_out.spans or left_out.public or len(left_out.breaks) > 1:
            return None
        named = next(iter(left_out.breaks), None)
    found = when.next_break(first, named)
    if not found or year not in (None, found[0].year):
        return None
    return found[1] if whole else found[0] - DAY


def _before(name: str, words: Sequence[str]) -> str:
    """Which of these words stands before the name; the longest."""
    return max((word for word in words if name.startswith(f"{word} ")), key=len, default="")


def _left_out(call: Call, given: Without) -> when.LeftOut:
    """In people's own words, or as a button kept it."""
    if isinstance(given, when.LeftOut):
        return given
    return when.read_left_out(given, call.said_at, call.zone, call.locale)


def _rule(call: Call, repeat: Repeating, local: datetime) -> tuple[when.Rule, timedelta | None]:
    """In people's own words, or as a button kept it; and how long each lasts, where they said so."""
    if isinstance(repeat, when.Rule):
        return repeat, None
    reading = when.read_rule(repeat, call.locale, local.date())
    walls = (reading.wall, *reading.other_walls)
    # At which of two hours it begins was said already.
    is_that_hour = len(reading.rules) == 1 and len(walls) > 1 and local.time() in walls
    if not reading.sure and not is_that_hour:
        lasting = _lasting(reading.lasts)
        choices = [(when.in_words(rule), {"repeat": keep_value(rule), **lasting}) for rule in reading.rules]
        raise Unsure(text("meeting.series.which"), choices)
    if reading.wall and local.time() not in walls:
        raise UserError(
            "meeting.series.hours", hour=f"{reading.wall:%H}", minute=f"{reading.wall:%M}", start=local
        )
    return reading.rule, None if is_that_hour else reading.lasts


def _lasting(lasts: timedelta | None) -> dict[str, str]:
    """As a button keeps it."""
    return {"lasting": f"{int(lasts.total_seconds())} seconds"} if lasts else {}


def _other_day(
    call: Call, rule: when.Rule, begins: Span, local: datetime, lasts: timedelta | None
) -> Unsure | UserError:
    """The rule is of other days than the one on which it is to begin: the next of these is put to them."""
    day = next(when.dates(rule, local.date()), None)
    if day is None:
        return UserError("when.too_far")
    start = when.at(day, local.time(), call.zone)
    meant = Span(start, start + (begins.end - begins.start) if begins.end else None)
    asked = text("meeting.series.other_day", rule=when.in_words(rule), start=begins.start, meant=start)
    return Unsure(asked, yes(begins=keep_span(meant), repeat=keep_value(rule), **_lasting(lasts)))


def meant(plan: Plan, recurrence: Recurrence) -> list[Text]:
    """When it takes place, in full: by which rule, the next ones, how many, and what falls away."""
    year = recurrence.within_a_year()
    take_place = [each for each in year if each.start]
    coming = islice((each.day for each in recurrence.occurrences() if each.start), SHOWN_FIRST)
    lines = [show.rule(recurrence)]
    if gaps := when.gaps(recurrence.rule):
        lines.append(text("meeting.series.gaps", gaps=gaps))
    lines.append(text("meeting.series.next", days=tuple(coming)))
    if recurrence.until and recurrence.until < recurrence.a_year_later:
        lines.append(text("meeting.series.count", count=len(take_place)))
    else:
        lines.append(text("meeting.series.count.year", count=len(take_place)))
    return [*lines, *_falling_away([each for each in year if not each.start])]


def _falling_away(away: Sequence[Occurrence]) -> list[Text]:
    if not away:
        return []
    named = [text("meeting.series.away", day=each.day, why=each.why) for each in away[:NAMED]]
    more = [text("meeting.others", count=len(away) - NAMED)] if len(away) > NAMED else []
    return [text("meeting.series.away.all", days=(*named, *more))]


def check_many_in_theme(call: Call, theme: int, more: int) -> None:
    """Raises: UserError where with so many more the series of a theme would hold too many all together."""
    count = call.tx.of(SERIES).coming(theme)
    if count + more > MOST_IN_THEME:
        example = call.commands.texts.find("meeting.example.why", call.locale) or ""
        stop = usage(call, "meeting series", {"stop": True, "why": example})
        raise UserError("meeting.series.theme", count=count, more=more, most=MOST_IN_THEME, usage=stop)


def start_of(plan: Plan, recurrence: Recurrence) -> Plan:
    """The first that takes place."""
    first = next(each.start for each in recurrence.occurrences() if each.start)
    return replace(plan, starts_at=first, ends_at=first + (plan.ends_at - plan.starts_at))


def begin(call: Call, plan: Plan, recurrence: Recurrence) -> Message:
    """It stands: its meetings are made, and the first is announced."""
    series = call.tx.of(SERIES).add(
        Series(
            id=0,
            theme=plan.theme,
            organiser=plan.organiser,
            worded_by=plan.worded_by,
            recurrence=recurrence,
            lasts=plan.ends_at - plan.starts_at,
            like={name: getattr(plan, name) for name in LIKE},
        )
    )
    announce_next(call, series)
    first = call.tx.of(SERIES).meetings(series.id, call.now)[0]
    said = text("meeting.series.planned", title=plan.title, start=first.starts_at, meeting=first.id)
    # As a date: a bare "Wednesday" is one of this week, whenever the first is.
    day_later = when.after(first.starts_at, when.Unit(days=1), call.zone)
    move = usage(call, "meeting move", {"begins": day_later.isoformat(), "meeting": first.id})
    how = text("meeting.series.how", move=move, meeting=first.id)
    return message(said, show.rule(recurrence), how)


# --- the next one ---


def next_due(call: Call, job: Job) -> None:
    """One is over, or begins within the week: the next is announced, and more are made."""
    series = call.tx.of(SERIES).hold(int(job.subject))
    if series:
        announce_next(call, series, job.due_at)


def announce_next(call: Call, series: Series, due_at: datetime | None = None) -> None:
    """Announce those whose time has come, and come back for the next. `due_at`: since when, where that is a
    job's to do: then it is for who planned them to say, as long as they may.
    """
    if series.going:
        make(call, series)
    coming = [
        each
        for each in call.tx.of(SERIES).meetings(series.id, call.now - DAY)
        if each.state == "planned" and not each.is_over(call.now)
    ]
    for number, meeting in enumerate(coming):
        if meeting.announced:
            continue
        week = when.after(meeting.starts_at, WEEK_BEFORE, call.zone)
        due = min(coming[number - 1].ends_at, week) if number else call.now
        if due > call.now:
            call.schedule(NEXT, str(series.id), due)
            return
        if due_at and not _keeps_its_words(call, series, meeting, due_at):
            call.schedule(NEXT, str(series.id), call.now + DAY)
            return
        _announce(call, meeting)


def _keeps_its_words(call: Call, series: Series, meeting: Meeting, due: datetime) -> bool:
    """Whether who planned them, and who worded them last, may have the next one announced now. Else it stays,
    and who moderates there can go on with them or end them.
    """
    told = text("meeting.series.unsaid", title=meeting.title, start=meeting.starts_at, meeting=meeting.id)
    return may_say(
        call,
        {series.organiser, series.worded_by, *authors(meeting)},
        series.theme,
        due,
        key=f"series:{series.id}:unsaid:{meeting.id}",
        instead=message(told, buttons=[take_over(meeting)]),
        theirs=message(text("meeting.series.unsaid.yours", title=meeting.title, start=meeting.starts_at)),
    )


def take_over_meeting(call: Call, meeting: int) -> Message:
    """It is theirs from now on, with all of its series that are to come."""
    found = find(call, meeting)
    if not call.may(Role.MODERATOR, found.theme):
        raise UserError("role.needed.moderator").openly()
    check_to_come(call, found)
    call.check_writes(found.theme)
    series = call.tx.of(SERIES).hold(found.series) if found.series else None
    theirs = {"organiser": call.resident.id, "worded_by": call.resident.id}
    rows = call.tx.of(SERIES).meetings(series.id, call.now) if series else [found]
    for row in rows:
        call.tx.of(MEETINGS).note(row.id, theirs)
    if series:
        series = replace(series, organiser=call.resident.id, worded_by=call.resident.id)
        call.tx.of(SERIES).change(series)
        announce_next(call, series)
    return message(text("meeting.taken_over", title=found.title, meeting=found.id))


def _announce(call: Call, meeting: Meeting) -> None:
    call.tx.of(MEETINGS).note(meeting.id, {"announced": True})
    now = expand(call, replace(meeting, announced=True))
    tell_waiting(call, now)
    due_again(call, now)
    call.board(f"{SUBJECT}:{meeting.id}", meeting.theme, meeting.organiser)


def make(call: Call, series: Series) -> None:
    """Make its meetings up to a year ahead; at least the next two, and at most so many, of it and of all
    series of its theme together.
    """
    kept = call.tx.of(MEETINGS)
    count = sum(each.state == "planned" for each in call.tx.of(SERIES).meetings(series.id, call.now))
    room = MOST_IN_THEME - call.tx.of(SERIES).coming(series.theme)
    year = (call.now + YEAR).astimezone(series.recurrence.zone).date()
    made_to = series.made_to
    for occurrence in series.recurrence.occurrences():
        if series.made_to and occurrence.day <= series.made_to:
            continue
        if count >= MOST or (count >= 2 and (occurrence.day > year or room <= 0)):
            break
        made_to = occurrence.day
        if occurrence.start and occurrence.start > call.now:
            plan = _plan(series, occurrence.day, occurrence.start)
            kept.add(plan, as_told(call, plan, "planned"), announced=False)
            count, room = count + 1, room - 1
    if made_to != series.made_to:
        call.tx.of(SERIES).change(replace(series, made_to=made_to))


def _plan(series: Series, day: date, start: datetime) -> Plan:
    return Plan(
        theme=series.theme,
        organiser=series.organiser,
        worded_by=series.worded_by,
        starts_at=start,
        ends_at=start + series.lasts,
        series=series.id,
        day=day.isoformat(),
        **series.like,
    )


# --- looking at it, and ending it ---


def show_series(call: Call, meeting: int | None = None) -> Message:
    """Its rule in words, and the next ten."""
    found, series = find_in_series(call, meeting)
    coming = [
        each
        for each in call.tx.of(SERIES).meetings(series.id, call.now)
        if each.state in ("planned", "cancelled")
    ]
    lines = [show.rule(series.recurrence) if series.going else text("meeting.series.ended")]
    lines += [_listed(each) for each in coming[:SHOWN]] or [text("meeting.series.none")]
    if len(coming) > SHOWN:
        lines.append(text("meeting.others", count=len(coming) - SHOWN))
    first = next((each for each in coming if each.state == "planned"), None)
    hints = [text(f"meeting.series.every.{first.ways[0]}", meeting=first.id)] if first else []
    return message(*lines, title=typed(found.title), hints=hints)


def _listed(meeting: Meeting) -> Text:
    line = show.named(meeting)
    return text("meeting.series.by_hand", meeting=line) if meeting.by_hand else line

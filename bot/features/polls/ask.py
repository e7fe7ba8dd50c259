"""Asking: what a poll must be like to open, now or later, and the same once more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

from bot import when
from bot.call import Call
from bot.errors import Choice, Unsure, UserError, yes
from bot.features.polls.find import find, usage
from bot.features.polls.kinds import own_words
from bot.features.polls.later import still_asks
from bot.features.polls.records import (
    DAY,
    POLLS,
    SUBJECT,
    Kind,
    Plan,
    Poll,
    Results,
    Voters,
    begins,
    first_date,
    is_whole_day,
    shown_date,
)
from bot.features.polls.settings import PollsSettings
from bot.lookalikes import drawn_as
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Role
from bot.model.work import Job
from bot.numerals import is_marked
from bot.unseen import seen_as

MOST_OPTIONS = 20
LONGEST_QUESTION = 250
LONGEST_OPTION = 80
OPEN_FOR = when.WEEK
FURTHEST = timedelta(days=366)
MOST_PEOPLE = 100_000
CONSENT_OPTIONS = ("agree", "abstain", "object")
_COMMAS = re.compile(r"[,;]")
# What is limited to so many a day.
_OPENING = "poll open"
# A poll that runs, of somebody who was forgotten since and came back: it counts until it closes.
STANDING = "poll standing"


# --- rules -----------------------------------------------------------------------------


def check_question(question: str) -> None:
    if not seen_as(question):
        raise UserError("poll.question.empty")
    if len(question) > LONGEST_QUESTION:
        raise UserError("poll.question.long", count=len(question), most=LONGEST_QUESTION)


def check_options(options: Sequence[str]) -> None:
    if len(options) > MOST_OPTIONS:
        raise UserError("poll.options.many", count=len(options), most=MOST_OPTIONS)
    known: set[str] = set()
    for option in options:
        if len(option) > LONGEST_OPTION:
            raise UserError(
                "poll.option.long", option=option[:30] + "…", count=len(option), most=LONGEST_OPTION
            )
        if not seen_as(option):
            raise UserError("typed.unseen")
        if is_marked(own_words(option)):
            raise UserError("poll.option.marked", option=option)
        seen = {own_words(option), drawn_as(option)}
        if not seen.isdisjoint(known):
            raise UserError("poll.options.double", option=option)
        known |= seen


def read_options(call: Call, kind: Kind, question: str, options: Sequence[str]) -> tuple[str, ...]:
    """The options as they are kept: as typed, moments, or the three words of a consent poll."""
    if kind is Kind.CONSENT:
        if options:
            raise UserError("poll.options.consent", question=question)
        return CONSENT_OPTIONS
    if len(options) < 2:
        _ask_whether_they_are_there(call, question, options)
        right = {name: value for name, value in call.given.items() if name != "options"}
        raise UserError("poll.options.few", usage=usage(call, "poll open", right))
    check_options(options)
    return _dates(call, options) if kind is Kind.DATES else tuple(options)


def _ask_whether_they_are_there(call: Call, question: str, options: Sequence[str]) -> None:
    """Options may stand behind the question mark, where it is in no quotation marks, or have commas between.

    Raises: Unsure with the question and the options that it may be.
    """
    asked, mark, behind = question.rpartition("?")
    if behind.strip():
        question, options = f"{asked}{mark}".strip(), [behind.strip(), *options]
    if len(options) == 1:
        options = [option.strip() for option in _COMMAS.split(options[0]) if option.strip()]
    if len(options) > 1 and question:
        meant = {**call.given, "question": question, "options": list(options)}
        line = usage(call, "poll open", meant)
        raise Unsure(text("line.meant", line=line), yes(question=question, options=list(options)))


def _dates(call: Call, options: Sequence[str]) -> tuple[str, ...]:
    """Every date understood for sure, or all of them shown in full to be confirmed."""
    readings = [call.read_moment(option, whole_days=True) for option in options]
    kept = [_keep(call, reading, reading.start) for reading in readings]
    for option, reading, found in zip(options, readings, kept, strict=True):
        if reading.end:
            raise UserError("when.one_moment", words=option)
        if reading.bound:
            raise UserError("poll.dates.bound", words=option)
        if reading.start <= call.now:
            raise UserError("poll.dates.past", at=shown_date(found))
        if kept.count(found) > 1:
            raise UserError("poll.dates.double", at=shown_date(found))
    if all(reading.sure for reading in readings):
        return tuple(kept)
    raise Unsure(*_which_dates(call, readings), text("when.not_meant"))


def _keep(call: Call, reading: when.Reading, start: datetime) -> str:
    if reading.whole_day:
        return start.astimezone(call.own_zone).date().isoformat()
    return start.astimezone(UTC).isoformat(timespec="seconds")


def _which_dates(call: Call, readings: Sequence[when.Reading]) -> tuple[Text, Sequence[Choice]]:
    """The question, and what may be meant: "di 7u | wo 7u" are both at seven in the evening, or neither."""
    ways = [
        [_keep(call, reading, reading.starts[min(way, len(reading.others))]) for reading in readings]
        for way in range(max(len(reading.starts) for reading in readings))
    ]
    ways = [dates for dates in ways if len(set(dates)) == len(dates)]
    if len(ways) == 1:
        return text("poll.dates.meant", options=_shown(ways[0])), yes(options=ways[0])
    doubtful = [number for number, reading in enumerate(readings) if reading.others]
    choices = [
        (
            text("poll.dates.these", options=_shown([dates[number] for number in doubtful])),
            {"options": dates},
        )
        for dates in ways
    ]
    return text("poll.dates.which"), choices


def _shown(dates: Sequence[str]) -> tuple[Text, ...]:
    return tuple(text("poll.option.date", at=shown_date(option)) for option in dates)


def check_terms(call: Call, plan: Plan) -> None:
    """What was settled beforehand has to fit together."""
    if plan.kind is Kind.CHOICE and not 1 <= plan.at_most <= len(plan.options):
        raise UserError("poll.choices.range", most=len(plan.options))
    if plan.anonymous and plan.results is not Results.CLOSED:
        raise UserError("poll.anonymous.shown")
    if plan.opened_at < call.now:
        raise UserError("poll.opens.past", opens=plan.opened_at)
    if plan.closes_at <= call.now:
        raise UserError("poll.closes.past", closes=plan.closes_at)
    if plan.closes_at <= plan.opened_at:
        raise UserError("poll.closes.before_opening", opens=plan.opened_at, closes=plan.closes_at)
    if plan.closes_at > call.now + FURTHEST:
        raise UserError("poll.closes.far", closes=plan.closes_at)
    check_before_dates(call, plan, plan.closes_at)


def check_before_dates(call: Call, plan: Plan, closes_at: datetime) -> None:
    """A poll about dates is over before the first of them begins."""
    if plan.kind is Kind.DATES:
        first = first_date(plan.options, call.zone)
        if closes_at > begins(first, call.zone):
            raise UserError("poll.dates.after", closes=closes_at, first=shown_date(first))


def check_may_ask(call: Call, theme: int) -> None:
    """Whether they may open polls here, and have not asked a great deal already.

    Anybody can make a room and be its moderator: limits hold for them there as for everybody.
    """
    call.check_writes(theme)
    if call.may(Role.MODERATOR, theme) and _is_communitys(call, theme):
        return
    settings = call.settings.of(PollsSettings)
    if not call.may(settings.openers, theme):
        raise UserError(f"role.needed.{settings.openers.name.lower()}")
    if (standing := _count_standing(call)) >= settings.at_once:
        raise UserError("poll.flood.at_once", count=standing, usage=usage(call, "poll mine"))
    if (today := call.used(_OPENING, DAY)) >= settings.a_day:
        raise UserError("poll.flood.a_day", count=today)


def _count_standing(call: Call) -> int:
    """How many polls of theirs run: those that they have, and what they asked as somebody else before."""
    own = call.tx.of(POLLS).standing(call.resident.id)
    before = call.tx.uses.count(call.resident.id, STANDING, call.now, excluding=[str(poll) for poll in own])
    return len(own) + before


def _is_communitys(call: Call, theme: int) -> bool:
    """Whether who moderates there does so for the community."""
    return call.resident.role >= Role.MODERATOR or call.tx.places.is_ours(theme)


# --- handlers ----------------------------------------------------------------------------


def open_poll(
    call: Call,
    question: str,
    options: tuple[str, ...] = (),
    *,
    kind: Kind = Kind.CHOICE,
    closes: datetime | None = None,
    choices: int | None = None,
    results: Results | None = None,
    anonymous: bool = False,
    opens: datetime | None = None,
    quorum: int | None = None,
    voters: Voters = Voters.EVERYONE,
    theme: str | None = None,
) -> Message:
    """Ask a question in a theme: this place's, or the one that is named."""
    where = call.theme(theme)
    check_may_ask(call, where.id)
    check_question(question)
    if choices is not None and kind is not Kind.CHOICE:
        raise UserError("poll.choices.kind")
    if quorum is not None and not 1 <= quorum <= MOST_PEOPLE:
        raise UserError("poll.quorum.range", most=MOST_PEOPLE)
    kept = read_options(call, kind, question, options)
    opened_at = opens or call.now
    plan = Plan(
        theme=where.id,
        opener=call.resident.id,
        question=question,
        options=kept,
        kind=kind,
        at_most=len(kept) if kind is Kind.APPROVAL else 1 if choices is None else choices,
        results=results or _usually_shown(call, anonymous),
        anonymous=anonymous,
        who=voters,
        quorum=quorum or 0,
        floor=_floor(call, anonymous),
        opened_at=opened_at,
        closes_at=closes or _usual_end(call, kind, kept, opened_at),
    )
    check_terms(call, plan)
    return _ask(call, plan)


def ask_again(call: Call, poll: int | None = None) -> Message:
    """Open the same poll once more, for as long as it was open."""
    before = find_ended(call, poll)
    if before.state not in ("closed", "cancelled"):
        raise UserError("poll.again.still_open", question=before.question)
    check_may_ask(call, before.theme)
    terms = {term.name: getattr(before, term.name) for term in fields(Plan)}
    if before.kind is Kind.DATES and begins(first_date(before.options, call.zone), call.zone) <= call.now:
        raise UserError("poll.again.past", usage=usage(call, "poll open"))
    lasted = when.between(before.opened_at, before.closes_at, call.zone)
    closes_at = when.after(call.now, lasted, call.zone)
    if before.kind is Kind.DATES:
        closes_at = min(closes_at, _latest_end(call, before.options, call.now))
    times = {"opener": call.resident.id, "opened_at": call.now, "closes_at": closes_at}
    return _ask(call, Plan(**{**terms, **times, "floor": _floor(call, before.anonymous)}))


def _usually_shown(call: Call, anonymous: bool) -> Results:
    """Of an anonymous one nothing before it closes."""
    return Results.CLOSED if anonymous else Results(call.settings.of(PollsSettings).results)


def _floor(call: Call, anonymous: bool) -> int:
    """How many have to take part before it can be said what they chose."""
    return call.settings.of(PollsSettings).anonymous_floor if anonymous else 0


def reminder_at(call: Call, closes_at: datetime) -> datetime:
    """When to remind those who have not voted: at that hour the day before."""
    return when.after(closes_at, when.Unit(days=-1), call.zone)


def _usual_end(call: Call, kind: Kind, options: Sequence[str], opened_at: datetime) -> datetime:
    """After a week on the clock; a poll about dates a day before the first of them."""
    if kind is Kind.DATES:
        return min(_latest_end(call, options, opened_at), call.now + FURTHEST)
    return when.after(opened_at, OPEN_FOR, call.zone)


def _latest_end(call: Call, options: Sequence[str], opened_at: datetime) -> datetime:
    """A day before the first date, of a whole one at the hour at which it opened; or as that begins."""
    first = first_date(options, call.zone)
    start = begins(first, call.zone)
    if is_whole_day(first):
        days = (date.fromisoformat(first) - opened_at.astimezone(call.zone).date()).days
        start = when.after(opened_at, when.Unit(days=days), call.zone)
    day_before = when.after(start, when.Unit(days=-1), call.zone)
    return day_before if day_before > opened_at else begins(first, call.zone)


def find_ended(call: Call, number: int | None) -> Poll:
    """The poll with that number, or the last that was closed here."""
    poll = call.tx.of(POLLS).last_closed(call.theme().id) if number is None and call.place else None
    if poll is None:
        if number is None:
            raise UserError("poll.none_closed", usage=usage(call, "poll mine"))
        poll, _ = find(call, number)
    return poll


def _ask(call: Call, plan: Plan) -> Message:
    later = plan.opened_at > call.now
    poll = call.tx.of(POLLS).add(plan, "planned" if later else "open")
    call.use(_OPENING, within=DAY)
    call.schedule("poll.close", str(poll.id), poll.closes_at)
    if later:
        call.schedule("poll.open", str(poll.id), poll.opened_at)
    else:
        _show(call, poll)
    if (reminder := reminder_at(call, poll.closes_at)) > poll.opened_at:
        call.schedule("poll.remind", str(poll.id), reminder)
    lines = [text("poll.opened", question=plan.question, poll=poll.id)]
    if later:
        lines = [text("poll.planned", question=plan.question, poll=poll.id, opens=plan.opened_at)]
    lines.append(text("poll.opened.closes", closes=plan.closes_at))
    close = Button(text("poll.button.close"), "poll close", {"poll": poll.id})
    cancel = Button(text("poll.button.cancel"), "poll cancel", {"poll": poll.id})
    return message(*lines, buttons=[cancel] if later else [close, cancel])


def _show(call: Call, poll: Poll) -> None:
    call.board(f"{SUBJECT}:{poll.id}", poll.theme, poll.opener)


def open_due(call: Call, job: Job) -> None:
    """The time has come for a poll that was planned; it may have been cancelled."""
    found = call.tx.of(POLLS).get(int(job.subject), 0)
    if not found or found[0].state != "planned" or not found[0].opened_at <= call.now < found[0].closes_at:
        return
    poll = found[0]
    if not still_asks(call, poll, poll.opened_at):
        return
    call.tx.of(POLLS).change(poll.id, {"state": "open"})
    _show(call, poll)

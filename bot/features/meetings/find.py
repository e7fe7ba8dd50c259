"""Which meeting somebody means, and whether they may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.meetings.records import MEETINGS, SERIES, Meeting, Plan, Series
from bot.features.meetings.settings import MeetingsSettings
from bot.features.meetings.show import why_not
from bot.features.meetings.standing import expand
from bot.model.message import Suggestion, text
from bot.model.people import Role
from bot.unseen import seen_as

# So many are offered where one of several may be meant, and so much of a title is shown.
OFFERED, SHOWN = 9, 70
# Among so many, the latest, one is looked for by its words.
LOOKED_THROUGH = 200
# So long before it begins, a meeting is the one that is meant.
EARLY = timedelta(minutes=30)
PLAN, LIST = "meeting plan", "meeting list"
# More than answer a meeting.
ALL = 10_000
# So long before it begins a meeting is under way for those who are there, and so long after it one is meant
# that was held.
REMEMBERED = timedelta(days=7)


def find(call: Call, number: int | None, *, to_come: bool = False) -> Meeting:
    """The meeting with that number; without one, the only one to come here, or else the only one that was
    cancelled. `to_come`: one that has begun is meant only where there is no other.

    Raises: UserError, and Unsure where several may be meant.
    """
    if number is not None:
        return _numbered(call, number)
    found = call.tx.of(MEETINGS).coming(themes_here(call), LOOKED_THROUGH)
    if to_come:
        found = [each for each in found if not each.has_begun(call.said_at)] or found
    return _only(call, found or _cancelled(call))


def find_running(call: Call, number: int | None) -> Meeting:
    """The meeting with that number; without one, the one that runs here, from half an hour before it begins;
    else the only one to come. Raises: UserError, Unsure.
    """
    if number is None:
        at = call.said_at
        coming = call.tx.of(MEETINGS).coming(themes_here(call), LOOKED_THROUGH)
        if running := [each for each in coming if each.starts_at - EARLY <= at < each.ends_at]:
            return _only(call, running)
    return find(call, number, to_come=True)


def find_lately(call: Call, number: int | None) -> Meeting:
    """The meeting with that number; without one, the one that is under way here, or else the one that ended
    last, not longer than a week ago, or else the next.

    Raises: UserError, and Unsure where several are under way.
    """
    if number is not None:
        return _numbered(call, number)
    kept, here, at = call.tx.of(MEETINGS), themes_here(call), call.said_at
    coming = kept.coming(here, LOOKED_THROUGH)
    if running := [each for each in coming if each.starts_at - EARLY <= at < each.ends_at]:
        return _only(call, running)
    over = [each for each in coming if each.is_over(at)] + [
        each for theme in here for each in kept.held(theme, 1)
    ]
    if lately := [each for each in over if at < each.ends_at + REMEMBERED]:
        return _only(call, [max(lately, key=lambda each: (each.ends_at, each.id))])
    if not (following := [each for each in coming if not each.is_over(at)]):
        raise UserError("meeting.none.lately", usage=usage(call, LIST)).openly()
    return _only(call, following[:1])


def one_of(call: Call, found: Sequence[Meeting]) -> Meeting:
    """The only one of these. Raises: UserError where there is none, and Unsure where there are several."""
    return _only(call, found)


def find_cancelled(call: Call) -> Meeting:
    """The only one here that can be restored, or else that is to come."""
    found = _cancelled(call)
    return _only(call, found) if found else find(call, None)


def _cancelled(call: Call) -> Sequence[Meeting]:
    """Those here that were cancelled and would still begin, the first first."""
    latest = call.tx.of(MEETINGS).latest(themes_here(call), LOOKED_THROUGH)
    return [each for each in latest[::-1] if each.state == "cancelled" and not each.has_begun(call.said_at)]


def _only(call: Call, found: Sequence[Meeting]) -> Meeting:
    if not found:
        raise UserError("meeting.none", usage=usage(call, PLAN)).openly()
    if len(found) > 1:
        raise _which(call, found[:OFFERED])
    return _theirs(call, found[0].id, call.tx.of(MEETINGS).hold(found[0]))


def _numbered(call: Call, number: int) -> Meeting:
    return _theirs(call, number, call.tx.of(MEETINGS).get(number))


def _theirs(call: Call, number: int, found: Meeting | None) -> Meeting:
    """The one with that number, where it is theirs to know. Raises: UserError."""
    # Of a meeting elsewhere nobody hears more than of one that there is not.
    if not call.is_theirs(found.theme if found else None, call.tx.of(MEETINGS).themes) or found is None:
        raise UserError("meeting.unknown", meeting=number, usage=usage(call, LIST)).openly()
    return expand(call, found)


def find_in_series(call: Call, number: int | None) -> tuple[Meeting, Series]:
    """One of a series, and that; without a number, of the only one here. Raises: UserError, Unsure."""
    if number is None:
        found = call.tx.of(MEETINGS).coming(themes_here(call), LOOKED_THROUGH)
        first = {each.series: each for each in reversed(found) if each.series}
        if not first:
            example = call.commands.texts.find("meeting.example.rule", call.locale) or ""
            raise UserError("meeting.series.none_here", usage=usage(call, PLAN, {"repeat": example})).openly()
        if len(first) > 1:
            raise _which(call, list(first.values())[:OFFERED])
        number = next(iter(first.values())).id
    meeting = _numbered(call, number)
    series = call.tx.of(SERIES).get(meeting.series) if meeting.series else None
    if series is None:
        raise UserError("meeting.series.single", title=meeting.title)
    return meeting, series


def _which(call: Call, meetings: Sequence[Meeting]) -> Unsure:
    """Each of them, with the command that was typed; and how that is typed with a number."""
    choices = [
        (text("meeting.named", meeting=each.id, title=short(each.title)), {"meeting": each.id})
        for each in meetings
    ]
    line = usage(call, call.command, {**call.given, "meeting": meetings[0].id}) if call.command else ""
    return Unsure(text("meeting.which"), choices, text("meeting.which.how", usage=line)).openly()


def themes_here(call: Call) -> Collection[int]:
    """Whose meetings are meant where none is named: this place's, or in private wherever they take part."""
    return (call.theme().id,) if call.place else call.themes_among(call.tx.of(MEETINGS).themes())


def find_own(call: Call, number: int | None) -> Meeting:
    """One to come that they may change: they planned it, or may plan meetings there."""
    found = find(call, number, to_come=True)
    check_own(call, found)
    return found


def check_own(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where it is not theirs to change."""
    if not is_own(call, meeting):
        raise UserError("meeting.not_yours", title=meeting.title).openly()


def is_own(call: Call, meeting: Meeting) -> bool:
    """Whether they planned it, or may plan meetings there."""
    role = call.settings.of(MeetingsSettings).planners
    return meeting.organiser == call.resident.id or call.may(max(role, Role.ORGANISER), meeting.theme)


def check_to_come(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where it was cancelled, or has begun by now."""
    check_not_cancelled(meeting)
    if meeting.state == "held" or meeting.has_begun(call.now):
        raise UserError("meeting.has_begun", title=meeting.title, start=meeting.starts_at)


def check_answers(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where it was cancelled, or had begun when they said how they come: what to type then,
    or whom to ask.
    """
    check_not_cancelled(meeting)
    if meeting.state == "held" or meeting.has_begun(call.said_at) or meeting.is_over(call.now):
        what = {"title": meeting.title, "start": meeting.starts_at}
        if not is_own(call, meeting):
            raise UserError("meeting.begun", **what)
        name = call.commands.texts.find("meeting.example.name", call.locale)
        mended = {"way": str(meeting.ways[0]), "whom": name, "meeting": meeting.id}
        raise UserError("meeting.begun.mend", usage=usage(call, "come", mended), **what)


def is_ahead(call: Call, meeting: Meeting) -> bool:
    """Whether it is to be held, or runs."""
    return meeting.state == "planned" and not meeting.is_over(call.said_at)


def check_not_cancelled(meeting: Meeting) -> None:
    """Raises: UserError."""
    if meeting.state == "cancelled":
        raise UserError("meeting.is_cancelled", title=meeting.title, why=why_not(meeting))


def check_twin(call: Call, plan: Plan, number: int = 0, *, following: bool = False) -> None:
    """Nobody means the same meeting twice; who pressed twice does not either. `number`: its own.

    `following`: those of its series change with it.
    """
    for other in call.tx.of(MEETINGS).all_coming(plan.theme):
        alike = seen_as(other.title) == seen_as(plan.title) and other.starts_at == plan.starts_at
        together = following and other.series is not None and other.series == plan.series
        if alike and other.id != number and not together:
            raise UserError("meeting.twin", title=other.title, meeting=other.id)


def suggest_meetings(call: Call, given: str) -> Sequence[Suggestion]:
    """The meetings that may be meant: here, or in private everywhere; those that begin last first."""
    here = (call.theme_here.id,) if call.theme_here else call.themes_among(call.tx.of(MEETINGS).themes())
    wanted = given.casefold().removeprefix("#")
    return [
        Suggestion(
            each.id,
            text("meeting.suggested", meeting=each.id, title=short(each.title), start=each.starts_at),
        )
        for each in call.tx.of(MEETINGS).latest(here, LOOKED_THROUGH)
        if str(each.id).startswith(wanted) or wanted in each.title.casefold()
    ]


def short(words: str) -> str:
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"


def usage(call: Call, path: str, given: Mapping[str, Any] | None = None) -> str:
    """The right way to type a command, with what is given in it already."""
    return call.commands.usage(call.commands.by_path[path], call.locale, call.as_typed(given or {}))

"""One of a series and all that follow, changed together. One that was changed by hand stays as it is, unless
it is said that all of them change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot import when
from bot.call import Call
from bot.errors import UserError
from bot.features.meetings import show
from bot.features.meetings.changes import change, check_often, no_place_for
from bot.features.meetings.find import ALL, check_own, check_twin, find_in_series, usage
from bot.features.meetings.records import LIKE, MEETINGS, SERIES, WORDS, Meeting, Plan, Series, Way
from bot.features.meetings.series import SHOWN_FIRST, announce_next, check_many_in_theme, show_series
from bot.model.message import Button, Message, Text, message, text
from bot.unseen import seen_as


def _held(call: Call, meeting: Meeting) -> tuple[Meeting, Series, list[Meeting]]:
    """The meeting, its series, and all of that from it on that have not begun, in the order of their days.

    Raises: UserError where it is of none.
    """
    series = call.tx.of(SERIES).hold(meeting.series) if meeting.series else None
    if series is None:
        raise UserError("meeting.series.single", title=meeting.title)
    rows = [
        each
        for each in call.tx.of(SERIES).meetings(series.id, call.now)
        if (each.day or "") >= (meeting.day or "") and each.state in ("planned", "cancelled")
    ]
    now = next((each for each in rows if each.id == meeting.id), meeting)
    return now, series, sorted(rows, key=lambda each: each.day or "")


def move_following(call: Call, meeting: Meeting, plan: Plan, *, everything: bool, sure: bool) -> Message:
    """Have this one and those that follow begin at another moment: by its day the rule is another one."""
    meeting, series, rows = _held(call, meeting)
    local = plan.starts_at.astimezone(series.recurrence.zone)
    recurrence = series.recurrence.begun_by(local.date(), local.time())
    # Where each of those that there are goes; also where that is after the last day that was meant at first.
    days = (each for each in replace(recurrence, until=None).occurrences() if each.start)
    # Where fewer are left than there are, as all later ones fall away, it can't go there.
    places = list(zip(rows, days, strict=False))
    if len(places) < len(rows):
        raise UserError("meeting.series.left_out")
    made_to = max([to.day for _, to in places], default=series.made_to)
    if recurrence.until and made_to:
        recurrence = replace(recurrence, until=max(recurrence.until, made_to))
    kept = [row for row in rows if row.by_hand and row.id != meeting.id and not everything]
    moved = [(row, to) for row, to in places if row not in kept]
    count = sum(row.starts_at != to.start for row, to in moved)
    if not count:
        raise UserError("meeting.same_moment", title=meeting.title, start=plan.starts_at)
    lines = [show.rule(recurrence)]
    lines.append(text("meeting.series.next", days=tuple(to.day for _, to in moved[:SHOWN_FIRST])))
    if kept:
        lines.append(text("meeting.series.kept", days=tuple(row.starts_at for row in kept)))
    if not sure:
        args: dict[str, Any] = {"begins": plan.starts_at.isoformat(), "meeting": meeting.id}
        args |= {"from_here": True, "everything": everything, "sure": True}
        button = Button(text("meeting.button.move.sure"), "meeting move", args, style="primary")
        asked = text("meeting.series.move.sure", title=meeting.title, count=count)
        return message(asked, *lines, buttons=[button])
    check_often(call)
    for row, to in moved:
        fields: dict[str, Any] = {"day": to.day.isoformat(), "by_hand": False}
        if to.start is None or to.start == row.starts_at:
            call.tx.of(MEETINGS).note(row.id, fields)
            continue
        fields |= {"starts_at": to.start, "ends_at": to.start + (row.ends_at - row.starts_at)}
        if row.expanded:
            fields["moved_from"] = row.moved_from or row.starts_at
        change(call, row, fields)
    _go_on(call, replace(series, recurrence=recurrence, made_to=made_to))
    return message(text("meeting.series.moved", title=meeting.title, count=count), *lines)


def edit_following(
    call: Call,
    meeting: Meeting,
    changes: Mapping[str, Any],
    *,
    lasts: timedelta | None,
    everything: bool,
) -> Message:
    """Change the same of this one and of those that follow, where it is not so already."""
    meeting, series, rows = _held(call, meeting)
    check_often(call)
    changed: list[Meeting] = []
    over: list[Text] = []
    for row in rows:
        if row.by_hand and row.id != meeting.id and not everything:
            continue
        wanted = {**changes, **({"ends_at": row.starts_at + lasts} if lasts else {})}
        different = {name: value for name, value in wanted.items() if value != getattr(row, name)}
        if not different:
            continue
        if not replace(row, **different).ways:
            raise UserError("meeting.edit.nowhere", title=row.title)
        now = change(call, row, different)
        changed.append(now)
        over = over or no_place_for(now, call.tx.of(MEETINGS).figures(now.id))
    like = {**series.like, **{name: value for name, value in changes.items() if name in LIKE}}
    if not changed and like == series.like:
        raise UserError("meeting.edit.same", title=meeting.title)
    if any(like[name] != series.like[name] for name in LIKE if name in WORDS):
        series = replace(series, worded_by=call.resident.id)
    series = replace(series, like=like, lasts=lasts or series.lasts)
    for row in rows:
        now = next((each for each in changed if each.id == row.id), row)
        if now.by_hand and _is_like(now, series):
            call.tx.of(MEETINGS).note(now.id, {"by_hand": False})
    _go_on(call, series)
    return message(text("meeting.series.edited", title=like["title"], count=len(changed)), *over)


def _is_like(meeting: Meeting, series: Series) -> bool:
    """Whether it is as the others are, whatever was changed by hand before."""
    day = date.fromisoformat(meeting.day) if meeting.day else None
    with suppress(UserError):
        start = day and when.at(day, series.recurrence.wall, series.recurrence.zone)
        same = all(getattr(meeting, name) == series.like[name] for name in LIKE)
        return same and meeting.starts_at == start and meeting.ends_at - meeting.starts_at == series.lasts
    return False


def cancel_following(call: Call, meeting: Meeting, why: str, *, sure: bool) -> Message:
    """None of them takes place any more, and no more are made."""
    meeting, series, rows = _held(call, meeting)
    rows = [row for row in rows if row.state == "planned"]
    if not sure:
        args = {"meeting": meeting.id, "why": why, "from_here": True, "sure": True}
        button = Button(text("meeting.button.cancel.all"), "meeting cancel", args, style="danger")
        asked = text(
            "meeting.series.cancel.sure", title=meeting.title, start=meeting.starts_at, count=len(rows)
        )
        count = _who_is_told(call, rows)
        told = [text("meeting.series.cancel.told", count=count)] if count else []
        return message(asked, *told, text("meeting.why", why=why), buttons=[button])
    check_often(call)
    for row in rows:
        change(call, row, {"state": "cancelled", "why": why})
    _go_on(call, replace(series, going=False))
    args = {"meeting": meeting.id, "from_here": True}
    back = Button(text("meeting.button.restore"), "meeting restore", args)
    return message(text("meeting.series.cancelled", title=meeting.title, count=len(rows)), buttons=[back])


def _who_is_told(call: Call, meetings: Sequence[Meeting]) -> int:
    """How many hear of it from Plein: who answered any of them, or each, with anything but no."""
    answers = [
        (answer.resident, answer.way)
        for meeting in meetings
        if meeting.expanded
        for answer in call.tx.of(MEETINGS).answers(meeting.id, ALL)
    ]
    later = next((meeting.series for meeting in meetings if not meeting.expanded), None)
    if later:
        answers += [(each.resident, each.way) for each in call.tx.of(SERIES).standing(later)]
    told = {who for who, way in answers if way is not Way.NO}
    return len(told - {None, call.resident.id})


def restore_following(call: Call, meeting: Meeting) -> Message:
    """Those that were cancelled from here on take place after all, and the series goes on. What was cancelled
    for another reason than this one stays so.
    """
    meeting, series, rows = _held(call, meeting)
    back = [row for row in rows if row.state == "cancelled"]
    if meeting.state == "cancelled":
        back = [row for row in back if row.why == meeting.why]
    if not back:
        raise UserError("meeting.restore.stands", title=meeting.title, start=meeting.starts_at)
    check_twin(call, back[0], back[0].id, following=True)
    check_many_in_theme(call, meeting.theme, len(back))
    check_often(call)
    for row in back:
        change(call, row, {"state": "planned", "why": None})
    _go_on(call, replace(series, going=True))
    start = min(row.starts_at for row in back)
    said = text("meeting.series.restored", title=meeting.title, start=start, count=len(back))
    return message(said)


def _go_on(call: Call, series: Series) -> None:
    """As it is from now on; the next may be another one."""
    call.tx.of(SERIES).change(series)
    announce_next(call, series)


def see_series(
    call: Call, meeting: int | None = None, *, stop: bool = False, why: str | None = None
) -> Message:
    """Look at a series; or end it, so that none of those to come takes place."""
    if not stop:
        return show_series(call, meeting)
    found, series = find_in_series(call, meeting)
    check_own(call, found)
    call.check_writes(found.theme)
    if not why or not seen_as(why):
        example = call.commands.texts.find("meeting.example.why", call.locale) or ""
        given = {"meeting": found.id, "stop": True, "why": example}
        raise UserError("meeting.series.why", usage=usage(call, "meeting series", given))
    # Whichever of them is named, all of those to come are meant.
    rows = [row for row in call.tx.of(SERIES).meetings(series.id, call.now) if row.state == "planned"]
    if not rows:
        raise UserError("meeting.series.ended.already", title=found.title)
    first = min(rows, key=lambda row: row.day or "")
    return cancel_following(call, first, why, sure=False)

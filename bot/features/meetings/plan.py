"""Planning: what a meeting must be like, shown as it was understood before anybody sees it; changing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import when
from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.meetings import following, series, show
from bot.features.meetings.changes import changed, due_again
from bot.features.meetings.find import PLAN, check_to_come, check_twin, find_own, usage
from bot.features.meetings.news import as_told
from bot.features.meetings.records import LONGEST, MEETINGS, SUBJECT, Meeting, Plan, Recurrence
from bot.features.meetings.settings import MeetingsSettings
from bot.features.meetings.words import (
    NOTHING,
    Moments,
    Repeating,
    Room,
    Span,
    Without,
    keep_moments,
    keep_value,
)
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Role, Theme
from bot.themes import keep
from bot.unseen import seen_as

SHORTEST_TITLE, LONGEST_TITLE = 3, 100
LONGEST_PLACE, LONGEST_LINK, LONGEST_ABOUT = 100, 300, 1_000
FURTHEST = timedelta(days=2 * 366)
DAY = timedelta(days=1)
# No name before the host, which would hide it; and of what may stand in an address nothing that ends a link,
# or makes another one, where messages are marked up.
_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_LINK = re.compile(
    rf"(?i:https?://{_HOST}(?:\.{_HOST})*(?::[0-9]{{1,5}})?)(?:[/?#][A-Za-z0-9._~!$&'+,;=:@/?#%-]*)?"
)
# In the last so many words a moment is looked for.
_WORDS_OF_MOMENT = 12
# A meeting to come, of somebody who was forgotten since and came back, or was one person with whom they left.
STANDING = "meeting standing"


# --- rules ---


def check_title(title: str) -> None:
    if len(seen_as(title)) < SHORTEST_TITLE or len(title) > LONGEST_TITLE:
        raise UserError("meeting.title.length", least=SHORTEST_TITLE, most=LONGEST_TITLE)


def check_where(call: Call, plan: Plan) -> None:
    if not plan.ways:
        raise UserError("meeting.nowhere", usage=usage(call, PLAN, {**call.given, "place": _somewhere(call)}))
    if plan.place and len(plan.place) > LONGEST_PLACE:
        raise UserError("meeting.place.long", count=len(plan.place), most=LONGEST_PLACE)
    if plan.link and (len(plan.link) > LONGEST_LINK or not _is_link(plan.link)):
        raise UserError("meeting.link.bad", link=plan.link[:60], most=LONGEST_LINK)
    if plan.about and len(plan.about) > LONGEST_ABOUT:
        raise UserError("meeting.about.long", count=len(plan.about), most=LONGEST_ABOUT)


def _somewhere(call: Call) -> str:
    """A place as it could be typed."""
    return call.commands.texts.find("meeting.example.place", call.locale) or ""


def _is_link(link: str) -> bool:
    """Whether a browser opens it, and every platform shows all of it as one link to just that place."""
    return _LINK.fullmatch(link) is not None


def _link(words: str | None) -> str | None:
    """As it is kept: platforms make no link of HTTPS://."""
    begin, between, rest = (words or "").partition("://")
    return f"{begin.lower()}://{rest}" if between else words


def check_times(call: Call, plan: Plan) -> None:
    if plan.starts_at <= call.now:
        raise UserError("meeting.past", start=plan.starts_at)
    if plan.starts_at > call.now + FURTHEST:
        raise UserError("meeting.far", start=plan.starts_at)
    if not timedelta(0) < plan.ends_at - plan.starts_at <= LONGEST:
        raise UserError("meeting.too_long", hours=LONGEST // timedelta(hours=1))


def check_may_plan(call: Call, theme: int) -> None:
    """Whether they may plan meetings in a theme, and have not planned a great many already."""
    call.check_writes(theme)
    settings = call.settings.of(MeetingsSettings)
    if not call.may(settings.planners, theme):
        raise UserError(f"role.needed.{settings.planned_by}").openly()
    if call.resident.role >= Role.MODERATOR:
        return
    check_many(call)
    if (today := call.used(PLAN, DAY)) >= settings.planned_a_day:
        raise UserError("meeting.a_day", count=today)


def check_many(call: Call) -> None:
    """Raises: UserError where they have as many to come as one person may."""
    if call.resident.role >= Role.MODERATOR:
        return
    own = call.tx.of(MEETINGS).standing(call.resident.id)
    others = [str(meeting) for meeting in own]
    mine = len(own) + call.tx.uses.count(call.resident.id, STANDING, call.now, excluding=others)
    if mine >= call.settings.of(MeetingsSettings).to_come:
        raise UserError("meeting.many", count=mine)


# --- handlers ---


def plan_meeting(
    call: Call,
    called: str,
    begins: Span,
    *,
    place: str | None = None,
    url: str | None = None,
    lasting: when.Unit | None = None,
    room: Room | None = None,
    online_room: Room | None = None,
    remind: Moments | None = None,
    about: str | None = None,
    repeat: Repeating | None = None,
    until: str | None = None,
    left_out: Without | None = None,
    theme: str | None = None,
    sure: bool = False,
) -> Message:
    """Plan a meeting in a theme: what was understood is shown first, and announced once that is right."""
    where = call.theme(theme)
    check_may_plan(call, where.id)
    check_title(called)
    usual = when.Unit(seconds=60 * call.settings.of(MeetingsSettings).minutes)
    plan = Plan(
        theme=where.id,
        organiser=call.resident.id,
        worded_by=call.resident.id,
        title=called,
        starts_at=begins.start,
        ends_at=_end_of(call, begins, lasting, usual),
        place=_meant(call, place),
        link=_link(_meant(call, url)),
        about=_meant(call, about),
        room=_meant(call, room),
        online_room=_meant(call, online_room),
        remind=call.settings.of(MeetingsSettings).moments if remind is None else str(remind),
    )
    check_where(call, plan)
    _check_rooms(plan, room, online_room)
    check_times(call, plan)
    if not repeat and (until or left_out):
        raise UserError("meeting.series.needed", usage=usage(call, PLAN, call.given))
    recurrence = None
    if repeat:
        recurrence, lasts = series.recurrence_of(call, begins, repeat, until, left_out)
        if lasts and not (lasting or begins.end):
            plan = replace(plan, ends_at=plan.starts_at + lasts)
        plan = series.start_of(plan, recurrence)
        check_times(call, plan)
        count = sum(each.start is not None for each in recurrence.within_a_year())
        series.check_many_in_theme(call, where.id, count)
    check_twin(call, plan)
    if not sure:
        return _confirm(plan, where, recurrence)
    call.use(PLAN, within=DAY)
    return series.begin(call, plan, recurrence) if recurrence else _announce(call, plan)


def ask_for_moment(call: Call, given: Mapping[str, Any]) -> None:
    """Whether the title ends in the moment: `plan Sportraad dinsdag 19u30`. Raises: Unsure."""
    words = str(call.given.get("called", "")).split()
    if "begins" in given:
        return
    for at in range(max(1, len(words) - _WORDS_OF_MOMENT), len(words)):
        moment = " ".join(words[at:])
        try:
            call.read_moment(moment)
        except UserError as error:
            if error.text.key.startswith("when.past"):
                return
            continue
        meant = {**call.given, "called": " ".join(words[:at]), "begins": moment}
        raise Unsure(text("line.meant", line=usage(call, PLAN, meant)), yes(**meant))


def _end_of(call: Call, span: Span, lasting: when.Unit | None, usual: when.Unit) -> datetime:
    """As long as was said, until when was said, or as long as is usual."""
    return span.end if span.end and not lasting else _end(call, span.start, lasting or usual)


def _end(call: Call, start: datetime, lasting: when.Unit) -> datetime:
    """So much later by the clock on the wall. Raises: UserError where that is beyond all calendars."""
    try:
        return when.after(start, lasting, call.zone)
    except (OverflowError, ValueError):
        raise UserError("when.too_far") from None


def _check_rooms(plan: Plan, room: Room | None, online_room: Room | None) -> None:
    """Room that there is nothing for says nothing."""
    if room and not plan.place:
        raise UserError("meeting.room.no_place")
    if online_room and not plan.link:
        raise UserError("meeting.room.no_link")


def _confirm(plan: Plan, where: Theme, recurrence: Recurrence | None) -> Message:
    """All that was understood, with the button that announces it."""
    meant: dict[str, Any] = {
        "called": plan.title,
        "begins": plan.starts_at.isoformat(),
        "lasting": f"{int((plan.ends_at - plan.starts_at).total_seconds())} seconds",
        "place": plan.place,
        "url": plan.link,
        "room": plan.room,
        "online_room": plan.online_room,
        "remind": keep_moments(plan.remind),
        "about": plan.about,
        "theme": keep(where),
    }
    if recurrence:
        # As it was meant, whatever first day that has.
        first = when.at(recurrence.first, recurrence.wall, recurrence.zone)
        meant |= {"begins": first.isoformat(), "repeat": keep_value(recurrence.rule)}
        meant |= {"until": recurrence.until and recurrence.until.isoformat()}
        meant |= {"left_out": keep_value(recurrence.left_out)}
    args = {name: value for name, value in meant.items() if value is not None}
    announce = Button(text("meeting.button.announce"), PLAN, {**args, "sure": True}, style="primary")
    return message(
        *show.when_and_where(plan),
        text("meeting.plan.theme", theme=where.name),
        *(series.meant(plan, recurrence) if recurrence else ()),
        *show.room(plan),
        show.reminded(plan),
        text("meeting.plan.change"),
        title=text("meeting.plan.meant", title=plan.title),
        buttons=[announce],
    )


def _announce(call: Call, plan: Plan) -> Message:
    meeting = call.tx.of(MEETINGS).add(plan, as_told(call, plan, "planned"))
    due_again(call, meeting)
    call.board(f"{SUBJECT}:{meeting.id}", meeting.theme, meeting.organiser)
    change = Button(text("meeting.button.cancel"), "meeting cancel", {"meeting": meeting.id})
    said = text("meeting.planned", title=plan.title, start=plan.starts_at, meeting=meeting.id)
    return message(said, text("meeting.planned.how", meeting=meeting.id), buttons=[change])


def move_meeting(
    call: Call,
    begins: Span,
    *,
    meeting: int | None = None,
    from_here: bool = False,
    everything: bool = False,
    sure: bool = False,
) -> Message:
    """Have it begin at another moment; it lasts as long as it did, where nothing else is said."""
    from_here = from_here or everything
    found = find_own(call, meeting)
    check_to_come(call, found)
    call.check_writes(found.theme)
    lasting = when.between(found.starts_at, found.ends_at, call.zone)
    start = begins.start
    plan = replace(found, starts_at=start, ends_at=_end_of(call, begins, None, lasting))
    check_times(call, plan)
    if start == found.starts_at and not from_here:
        raise UserError("meeting.same_moment", title=found.title, start=start)
    check_twin(call, plan, found.id, following=from_here)
    if from_here:
        return following.move_following(call, found, plan, everything=everything, sure=sure)
    changes = {
        "starts_at": start,
        "ends_at": plan.ends_at,
        "moved_from": found.moved_from or found.starts_at,
    }
    changed(call, found, {**changes, **_by_hand(found)})
    said = text("meeting.moved", title=found.title, start=start, before=found.starts_at)
    return message(said, *only_this(found))


def _by_hand(meeting: Meeting) -> Mapping[str, Any]:
    """One of a series stays as it is from now on where the others are changed."""
    return {"by_hand": True} if meeting.series else {}


def only_this(meeting: Meeting) -> list[Text]:
    return [text("meeting.series.only_this")] if meeting.series else []


def edit_meeting(
    call: Call,
    meeting: int | None = None,
    *,
    called: str | None = None,
    place: str | None = None,
    url: str | None = None,
    lasting: when.Unit | None = None,
    room: Room | None = None,
    online_room: Room | None = None,
    remind: Moments | None = None,
    about: str | None = None,
    from_here: bool = False,
    everything: bool = False,
) -> Message:
    """Change what else there is to it; `geen` takes a place, a link or a bound away."""
    from_here = from_here or everything
    found = find_own(call, meeting)
    check_to_come(call, found)
    call.check_writes(found.theme)
    if called is not None:
        check_title(_meant(call, called) or "")
    given: Mapping[str, Any] = {
        "title": called,
        "place": place,
        "link": _link(url),
        "about": about,
        "room": room,
        "online_room": online_room,
    }
    wanted = {name: _meant(call, value) for name, value in given.items() if value is not None}
    if remind is not None:
        wanted["remind"] = str(remind)
    if lasting:
        wanted["ends_at"] = _end(call, found.starts_at, lasting)
    if not wanted:
        given = {"meeting": found.id, "place": _somewhere(call)}
        raise UserError("meeting.edit.nothing", usage=usage(call, "meeting edit", given))
    changes = {name: value for name, value in wanted.items() if value != getattr(found, name)}
    if not changes and not from_here:
        raise UserError("meeting.edit.same", title=found.title)
    plan = replace(found, **changes)
    if not plan.ways:
        raise UserError("meeting.edit.nowhere", title=found.title)
    check_where(call, plan)
    _check_rooms(plan, room, online_room)
    check_times(call, plan)
    check_twin(call, plan, found.id, following=from_here)
    if from_here:
        lasts = plan.ends_at - plan.starts_at if lasting else None
        wanted.pop("ends_at", None)
        return following.edit_following(call, found, wanted, lasts=lasts, everything=everything)
    over = changed(call, found, {**changes, **_by_hand(found)})
    return message(text("meeting.edited", title=plan.title), *over, *only_this(found))


def _meant(call: Call, value: Any) -> Any:
    """What is kept: of a word for nothing, nothing."""
    if isinstance(value, str):
        return None if not value or value.casefold() in call.commands.texts.words(NOTHING) else value
    return int(value) if value else None

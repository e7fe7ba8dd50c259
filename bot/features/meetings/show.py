"""How a meeting looks: its board, how long it lasts, and where."""

from __future__ import annotations

from collections.abc import Sequence

from bot import when
from bot.call import Call
from bot.features.meetings.agenda import lines as agenda
from bot.features.meetings.length import parts
from bot.features.meetings.minutes import lines as minutes
from bot.features.meetings.offers import lines as offers
from bot.features.meetings.presence import lines as presence
from bot.features.meetings.records import (
    MEETINGS,
    PLACES,
    SERIES,
    SUBJECT,
    Answer,
    Figures,
    Meeting,
    Plan,
    Recurrence,
    Way,
)
from bot.model.message import Button, Message, Text, message, text, typed
from bot.model.people import Resident

# So many who want to be seen stand on the board.
NAMED = 20
ANSWER = "meeting answer"


def show_board(call: Call, subject: str) -> Message | None:
    """The meeting as everybody sees it."""
    found = call.tx.of(MEETINGS).get(int(subject))
    return card(call, found) if found else None


def card(call: Call, meeting: Meeting) -> Message:
    """A meeting, and how many come in which way."""
    figures = call.tx.of(MEETINGS).figures(meeting.id)
    title = typed(meeting.title)
    if meeting.state == "cancelled":
        said = [text("meeting.board.cancelled", start=meeting.starts_at)]
        why = text("meeting.why", why=why_not(meeting))
        return message(*said, why, *ended(call, meeting), title=title)
    if meeting.state == "held":
        lines = [text("meeting.board.over", start=meeting.starts_at), *_came(meeting, figures)]
        lines += presence.on_board(call, meeting)
        after = call.belongings.after(f"{SUBJECT}:{meeting.id}") if figures.coming else ()
        hints = minutes.of_held(call, meeting)
        return message(*lines, title=title, hints=hints, buttons=[*after, *offers.of_held(call, meeting)])
    lines = [*when_and_where(meeting), *comes_back(call, meeting)]
    lines += [*_came(meeting, figures), *_names(call, meeting)]
    if meeting.moved_from and meeting.moved_from != meeting.starts_at:
        lines.append(text("meeting.board.moved", before=meeting.moved_from))
    planned, opens = agenda.of_board(call, meeting)
    lines += [*planned, *offers.of_board(call, meeting), *presence.on_board(call, meeting)]
    here, hints = presence.buttons(call, meeting), presence.how(call, meeting)
    if meeting.has_begun(call.now):
        lines.append(text("meeting.board.begun"))
        hints = [*hints, *minutes.of_running()]
        return message(*lines, title=title, hints=hints, buttons=[*here, *opens])
    hint = text(f"meeting.board.how.{meeting.ways[0]}", meeting=meeting.id)
    return message(*lines, title=title, hints=[hint, *hints], buttons=[*buttons(meeting), *here, *opens])


def comes_back(call: Call, meeting: Meeting) -> list[Text]:
    """By which rule it does, where it is one of a series that goes on."""
    series = call.tx.of(SERIES).get(meeting.series) if meeting.series else None
    return [rule(series.recurrence)] if series and series.going else []


def ended(call: Call, meeting: Meeting) -> list[Text]:
    """That no more of its series is to come, where that is so."""
    series = call.tx.of(SERIES).get(meeting.series) if meeting.series else None
    return [text("meeting.series.ended")] if series and not series.going else []


def rule(recurrence: Recurrence) -> Text:
    """When it comes back: "elke eerste maandag van de maand om 19.30 uur, tot en met 30 juni 2027"."""
    wall = {"hour": f"{recurrence.wall:%H}", "minute": f"{recurrence.wall:%M}"}
    said = {"rule": when.in_words(recurrence.rule), **wall}
    if recurrence.until:
        return text("meeting.series.rule.until", until=recurrence.until, **said)
    return text("meeting.series.rule", **said)


def why_not(meeting: Meeting) -> str | Text:
    """Why it was cancelled: whoever did that said so, else its theme ended."""
    return meeting.why or text("meeting.why.archived")


def when_and_where(plan: Plan) -> list[Text]:
    """When it begins, how long it lasts, where it is and what it is about."""
    lines = [text("meeting.when", start=plan.starts_at, lasts=lasts(plan))]
    lines += where(plan)
    lines += [text("meeting.about", about=plan.about)] if plan.about else []
    return lines


def lasts(plan: Plan) -> Text:
    """How long it does: "duurt 1 uur en 30 minuten"."""
    return text("meeting.lasts", parts=parts(plan.ends_at - plan.starts_at))


def where(plan: Plan) -> list[Text]:
    """A line for each way to be there."""
    return [line for way in plan.ways for line in where_that_way(plan, way)]


def where_that_way(plan: Plan, way: Way) -> list[Text]:
    """Where to be that way."""
    if way is Way.ON_SITE:
        return [text("meeting.place", place=plan.place)] if plan.place else []
    return [text("meeting.link", link=plan.link)] if plan.link else []


def room(plan: Plan) -> list[Text]:
    """For how many people there is place, in each way where that is bounded."""
    lines = [text("meeting.room", count=plan.room)] if plan.room else []
    return [*lines, text("meeting.online_room", count=plan.online_room)] if plan.online_room else lines


def reminded(plan: Plan) -> Text:
    """When people are reminded of it."""
    if not plan.moments:
        return text("meeting.remind.none")
    return text("meeting.remind.when", parts=tuple(before(seconds) for seconds in plan.moments))


def before(seconds: int) -> Text:
    """How long before it begins: "1 week", "1 dag", "2 uur"."""
    for key, size in (("meeting.weeks", 604_800), ("meeting.days", 86_400), ("meeting.hours", 3_600)):
        if seconds % size == 0:
            return text(key, count=seconds // size)
    return text("meeting.minutes", count=seconds // 60)


def _came(meeting: Meeting, figures: Figures) -> list[Text]:
    """How many come in each way there is, what is left of the room, and who waits."""
    ways = [way for way in PLACES if way in meeting.ways or figures.taken(way)]
    lines = [_coming(meeting, figures, way) for way in ways]
    if meeting.state == "held":
        return lines
    if maybe := figures.said(Way.MAYBE):
        lines.append(text("meeting.count.maybe", count=maybe))
    if no := figures.said(Way.NO):
        lines.append(text("meeting.count.no", count=no))
    return lines


def _coming(meeting: Meeting, figures: Figures, way: Way) -> Text:
    """One line a way: how many there are, and what is left."""
    count, room, facts = figures.taken(way), meeting.room_for(way), list[Text]()
    if meeting.state == "held":
        return text(f"meeting.came.{way}", count=count) if count else text(f"meeting.came.nobody.{way}")
    coming = text(f"meeting.count.{way}", count=count) if count else text(f"meeting.nobody.{way}")
    if room is not None:
        free = room - count
        facts.append(text("meeting.left.places", count=free) if free > 0 else text("meeting.full"))
    if waiting := figures.waiting(way):
        facts.append(text("meeting.waiting", count=waiting))
    return text("meeting.way", coming=coming, facts=tuple(facts)) if facts else coming


def _names(call: Call, meeting: Meeting) -> list[Text]:
    """Those who come and want that to be seen."""
    seen = call.tx.of(MEETINGS).shown(meeting.id, NAMED + 1)
    if not seen:
        return []
    people: list[Resident | Text] = [Resident(answer.resident or 0, "") for answer in seen[:NAMED]]
    people += [text("meeting.and_others")] if len(seen) > NAMED else []
    return [text("meeting.names", people=tuple(people))]


def buttons(meeting: Meeting) -> Sequence[Button]:
    """One for each way to answer; where a press stays to be seen, taking it away takes the answer back."""
    return [
        Button(text(f"meeting.button.{way}"), ANSWER, {"meeting": meeting.id, "way": str(way)}, switch="on")
        for way in (*meeting.ways, Way.MAYBE, Way.NO)
    ]


def named(meeting: Meeting) -> Text:
    """A line of a list: its number, title and moment."""
    key = "meeting.list.cancelled" if meeting.state == "cancelled" else "meeting.list.one"
    return text(key, meeting=meeting.id, title=meeting.title, start=meeting.starts_at)


def place_in_row(call: Call, answer: Answer) -> int:
    """Their place among those who wait for the same, from 1."""
    return place_in(row(call, answer.meeting), answer)


def row(call: Call, meeting: int) -> Sequence[Answer]:
    """Those who wait, the first first."""
    return call.tx.of(MEETINGS).waiting(meeting)


def place_in(row: Sequence[Answer], answer: Answer) -> int:
    """Their place in that row, among those who wait for the same."""
    return [each.id for each in row if each.way is answer.way].index(answer.id) + 1

"""Looking: what a meeting is like, which there are, and who comes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.changes import plan_telling
from bot.features.meetings.find import ALL, LIST, PLAN, check_own, find, themes_here, usage
from bot.features.meetings.presence import lines as presence
from bot.features.meetings.records import MEETINGS, PLACES, SUBJECT, Answer, Meeting, Way
from bot.model.message import Button, Message, Text, message, text, typed
from bot.model.news import New
from bot.model.people import Resident, Together
from bot.ports.storage import Transaction

# So many are listed, and so many among what else stands in a theme, or came of it.
LISTED, STANDING = 20, 5
# So many who come are named to an organiser in one line.
NAMED = 100


def show_meeting(call: Call, meeting: int | None = None) -> Message:
    """When and where a meeting is, and how you answered."""
    found = find(call, meeting)
    board = show.card(call, found)
    mine = call.tx.of(MEETINGS).answer(found.id, call.resident.id)
    if mine:
        own = [text("meeting.show.answer", answer=_mine(call, mine))]
    else:
        own = [text("meeting.mine.not_yet")] if found.takes_answers(call.now) else []
    return message(*board.lines, *own, title=board.title, hints=board.hints, buttons=board.buttons)


def _mine(call: Call, mine: Answer) -> Text:
    if mine.waits:
        return text(f"meeting.mine.waits.{mine.way}", place=show.place_in_row(call, mine))
    return text(f"meeting.mine.{mine.way}")


def list_meetings(call: Call, *, theme: str | None = None) -> Message:
    """The meetings to come here, or in the theme that is named; in private, everywhere."""
    where = (call.theme(theme).id,) if theme else themes_here(call)
    found = call.tx.of(MEETINGS).coming(where, LISTED + 1)
    if not found:
        return message(text("meeting.list.none", usage=usage(call, PLAN)))
    lines = [show.named(meeting) for meeting in found[:LISTED]]
    lines += [text("list.more")] if len(found) > LISTED else []
    return message(*lines, title=text("meeting.list.title"), buttons=_buttons(found))


def _buttons(meetings: Sequence[Meeting]) -> list[Button]:
    return [
        Button(text("meeting.button.show", meeting=each.id), "meeting show", {"meeting": each.id})
        for each in meetings[:STANDING]
    ]


def my_meetings(call: Call) -> Message:
    """The meetings to come that you planned or answered, in the themes that you take part in now."""
    mine = call.tx.of(MEETINGS).of(call.resident.id, call.now, LISTED + 1)
    call.themes_among({meeting.theme for meeting in mine})  # all of them are asked about at once
    found = [meeting for meeting in mine if call.takes_part(meeting.theme)]
    if not found:
        return message(text("meeting.mine.none", usage=usage(call, LIST)))
    lines: list[Text] = []
    for meeting in found[:LISTED]:
        answer = call.tx.of(MEETINGS).answer(meeting.id, call.resident.id)
        facts = [text("meeting.mine.planned")] if meeting.organiser == call.resident.id else []
        facts += [text("meeting.mine.answer", answer=_mine(call, answer))] if answer else []
        lines.append(text("meeting.mine.one", meeting=show.named(meeting), facts=tuple(facts)))
    lines += [text("list.more")] if len(found) > LISTED else []
    return message(*lines, title=text("meeting.mine.title"), buttons=_buttons(found))


def who_comes(call: Call, meeting: int | None = None) -> Message:
    """Who comes and how, who waits, and for whom somebody answered; for whoever organises it."""
    found = find(call, meeting)
    check_own(call, found)
    kept = call.tx.of(MEETINGS)
    answers, figures = kept.answers(found.id, ALL), kept.figures(found.id)
    here = presence.who(call, found)
    if not (answers or here):
        return message(text("meeting.who.nobody"), title=typed(found.title))
    lines: list[Text] = []
    for way in PLACES:
        if seated := [answer for answer in answers if answer.seat is way]:
            people, count = _people(seated), figures.taken(way)
            lines.append(text(f"meeting.who.comes.{way}", people=people, count=count))
        if row := [answer for answer in kept.waiting(found.id) if answer.way is way]:
            lines.append(text(f"meeting.who.waits.{way}", people=_people(row)))
    for way in (Way.MAYBE, Way.NO):
        if said := [answer for answer in answers if answer.way is way]:
            lines.append(text(f"meeting.who.{way}", people=_people(said)))
    return message(*lines, *here, title=typed(found.title))


def _people(answers: Sequence[Answer]) -> tuple[Text, ...]:
    """Each by name, with how many others they bring."""
    named = [_person(answer) for answer in answers[:NAMED]]
    return (*named, text("meeting.others", count=len(answers) - NAMED)) if answers[NAMED:] else tuple(named)


def _person(answer: Answer) -> Text:
    who = (
        typed(answer.name) if answer.name else text("meeting.person", who=Resident(answer.resident or 0, ""))
    )
    return text("meeting.party", who=who, count=answer.party - 1) if answer.party > 1 else who


# --- what else there is in a theme ---


def standing_meetings(tx: Transaction, theme: int) -> Sequence[Text]:
    """Those that are to come in a theme."""
    found = tx.of(MEETINGS).coming((theme,), STANDING + 1)
    return [*map(show.named, found[:STANDING]), *([text("list.more")] if len(found) > STANDING else [])]


def who_was_there(tx: Transaction, meeting: int) -> Together | None:
    """Those who had a place at one that took place."""
    found = tx.of(MEETINGS).get(meeting)
    if found is None or found.state != "held":
        return None
    seated = [each for each in tx.of(MEETINGS).answers(meeting, ALL) if each.seat]
    people = dict.fromkeys(each.resident for each in seated if each.resident is not None)
    others = sum(each.party for each in seated) - len(people)
    seen = {each.resident for each in seated if each.shown and each.resident is not None}
    return Together(found.theme, found.title, [*people], others, seen)


def came_of_meetings(tx: Transaction, theme: int) -> Sequence[Text]:
    """Those that took place in a theme, the latest first."""
    lines = []
    for meeting in tx.of(MEETINGS).held(theme, STANDING):
        count = tx.of(MEETINGS).figures(meeting.id).coming
        lines.append(text("meeting.came_of", title=meeting.title, start=meeting.starts_at, count=count))
    return lines


def end_meetings(tx: Transaction, theme: int, now: datetime) -> None:
    """Those that are to come in a theme do not take place, as the theme ends."""
    for meeting in tx.of(MEETINGS).all_coming(theme):
        tx.of(MEETINGS).change(meeting.id, {"state": "cancelled"})
        tx.boards.mark(f"{SUBJECT}:{meeting.id}")
        plan_telling(tx, replace(meeting, version=meeting.version + 1), now)


def tell_new(tx: Transaction, meetings: Sequence[int], residents: Collection[int]) -> Mapping[int, New]:
    """Those that are to come. Who answered knows of it."""
    found = [meeting for number in meetings if (meeting := tx.of(MEETINGS).get(number))]
    return {meeting.id: _new(tx, meeting) for meeting in found if meeting.state == "planned"}


def _new(tx: Transaction, meeting: Meeting) -> New:
    answers = tx.of(MEETINGS).answers(meeting.id, ALL)
    known = [each.resident for each in answers if each.resident is not None]
    line = text("meeting.new", title=meeting.title, start=meeting.starts_at, meeting=meeting.id)
    label = text("meeting.button.show", meeting=meeting.id)
    button = Button(label, "meeting show", {"meeting": meeting.id}, theme=meeting.theme)
    words = " ".join(filter(None, (meeting.title, meeting.about)))
    return New(meeting.theme, line, words, button, is_open=False, known_to={meeting.organiser or 0, *known})

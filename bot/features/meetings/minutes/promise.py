"""Noting what somebody is to do, and by when."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import find_lately, is_own, usage
from bot.features.meetings.minutes import remind
from bot.features.meetings.minutes.find import LIST, check_open, numbered
from bot.features.meetings.minutes.lines import draft_of, person
from bot.features.meetings.minutes.records import ACTIONS, Action, Promise, State
from bot.features.meetings.minutes.words import By, Owner, ask_for_day
from bot.features.meetings.minutes.write import anew, check_time, check_words, show_on_board
from bot.features.meetings.presence.lines import was_there
from bot.features.meetings.records import MEETINGS, Meeting
from bot.model.message import Button, Message, Text, message, text

NOTE, BACK = "minutes action", "action undo"
LONGEST = 200
# So many are open in a theme.
MOST_OPEN = 100


def note_action(
    call: Call, owner: Owner, task: str, by: By | None = None, *, meeting: int | None = None
) -> Message:
    """Write down what somebody is to do."""
    found = find_lately(call, meeting)
    call.check_writes(found.theme)
    check_words(call, task, LONGEST)
    check_time(call, found)
    kept = call.tx.of(ACTIONS)
    if (count := len(kept.open_in([found.theme]))) >= MOST_OPEN:
        raise UserError("action.many", count=count, usage=usage(call, LIST))
    if by is None:
        ask_for_day(call, task)
    action = kept.add(_promise(call, found, owner.resident, task, by.day if by else None))
    remind.plan(call, action)
    if action.owner not in (None, call.resident.id):
        remind.plan_telling(call, action)
    show_on_board(call, found)
    call.undo_with(BACK, action=action.id)
    back = Button(text("minutes.button.drop"), BACK, {"action": action.id})
    return message(_receipt(action, found), *_told(call, action), buttons=[back])


def _promise(call: Call, meeting: Meeting, owner: int | None, task: str, due_on: date | None) -> Promise:
    return Promise(
        theme=meeting.theme,
        meeting=meeting.id,
        series=meeting.series,
        words=task,
        noted_by=call.resident.id,
        promised_by=owner,
        owner=owner,
        for_nobody=owner is None,
        due_on=due_on,
        noted_at=call.said_at,
        since=draft_of(call.tx, meeting.id),
    )


def _receipt(action: Action, meeting: Meeting) -> Text:
    said: dict[str, Any] = {"action": action.id, "title": meeting.title, "due": action.due_on}
    dated = "" if action.due_on else ".undated"
    if action.owner is None:
        return text(f"action.noted.free{dated}", **said)
    return text(f"action.noted{dated}", who=person(action.owner), **said)


def _told(call: Call, action: Action) -> list[Text]:
    """That whoever is to do it hears of it, where they are not there."""
    if action.owner in (None, call.resident.id) or was_there(call, action.meeting, action.owner or 0):
        return []
    return [text("action.noted.absent", who=person(action.owner))]


def take_back(call: Call, action: int) -> Message:
    """It is not to be done, and was not said; what was approved stays."""
    found = numbered(call, action)
    meeting = call.tx.of(MEETINGS).get(found.meeting)
    if found.noted_by != call.resident.id and not (meeting and is_own(call, meeting)):
        raise UserError("action.not_noted", action=found.id, who=person(found.noted_by))
    check_open(call, found)
    draft = draft_of(call.tx, found.meeting)
    if found.since == draft:
        call.tx.of(ACTIONS).drop(found)
    else:
        call.tx.of(ACTIONS).change(found, state=State.DROPPED, ended_at=call.now, until=draft)
    remind.call_off(call, found)
    if meeting:
        show_on_board(call, meeting)
    return message(text("action.taken_back", words=found.words), *anew(draft if found.since < draft else 1))

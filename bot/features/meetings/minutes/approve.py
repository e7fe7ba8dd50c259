"""Approving the minutes: what stands there then is a version, which nobody changes any more.

What is approved was read: where something is written while somebody reads it, they are asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.draw.records import TURNS, Duty
from bot.features.meetings.find import check_not_cancelled, find_lately, is_own, usage
from bot.features.meetings.minutes.lines import draft_of, is_changed
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, SUBJECT, Approval, Kind
from bot.features.meetings.minutes.write import NOTE, SHOW, show_on_board
from bot.features.meetings.records import Meeting
from bot.model.message import Button, Message, Text, message, text

APPROVE, SEAL = "minutes approve", "minutes seal"


def approve(call: Call, meeting: int | None = None) -> Message:
    """Approve what stands in the draft, once it was read."""
    found = find_lately(call, meeting)
    _check_may(call, found)
    return _asked(call, found)


def _asked(call: Call, meeting: Meeting, *first: Text) -> Message:
    draft = draft_of(call.tx, meeting.id)
    args = {"meeting": meeting.id, "seen": _state(call, meeting, draft)}
    buttons = [
        Button(text("minutes.button.approve"), SEAL, args, style="primary"),
        Button(text("minutes.button.read"), SHOW, {"meeting": meeting.id, "version": draft}),
    ]
    asked = text("minutes.approve", title=meeting.title, version=draft, parts=_counted(call, meeting, draft))
    return message(*first, asked, *_own(call, meeting, draft), buttons=buttons)


def seal(call: Call, meeting: int, seen: str) -> Message:
    """That draft, as it was seen, is a version from now on."""
    found = find_lately(call, meeting)
    _check_may(call, found)
    draft = draft_of(call.tx, found.id)
    if _state(call, found, draft) != seen:
        return _asked(call, found, text("minutes.approve.changed"))
    own = _own(call, found, draft)
    me = call.resident.id
    call.tx.of(MINUTES).approve(
        Approval(meeting=found.id, version=draft, resident=me, approved_at=call.said_at)
    )
    call.changed(f"{SUBJECT}:{found.id}")
    show_on_board(call, found)
    show = Button(text("minutes.button.publish"), SHOW, {"meeting": found.id}, style="primary")
    return message(text("minutes.approved", title=found.title, version=draft), *own, buttons=[show])


def _check_may(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where they may not, or there is nothing to approve."""
    chair = call.tx.of(TURNS).holders(meeting.theme, meeting.id).get(Duty.CHAIR)
    if chair != call.resident.id and not is_own(call, meeting):
        raise UserError("minutes.approve.not_yours", title=meeting.title)
    call.check_writes(meeting.theme)
    check_not_cancelled(meeting)
    if not meeting.has_begun(call.said_at):
        raise UserError("minutes.approve.early", title=meeting.title, start=meeting.starts_at)
    draft = draft_of(call.tx, meeting.id)
    if not is_changed(call.tx, meeting.id, draft):
        if draft == 1:
            how = usage(call, NOTE, {"meeting": meeting.id})
            raise UserError("minutes.approve.nothing", title=meeting.title, usage=how)
        how = usage(call, NOTE, {"meeting": meeting.id, "instead": 3})
        raise UserError("minutes.approve.same", title=meeting.title, version=draft - 1, usage=how)


def _state(call: Call, meeting: Meeting, version: int) -> str:
    """What nothing else that may stand there is called."""
    lines = [(line.number, line.kind, line.words) for line in call.tx.of(MINUTES).lines(meeting.id, version)]
    noted = [action.id for action in call.tx.of(ACTIONS).noted(meeting.id, version)]
    return hashlib.sha256(repr((version, lines, noted)).encode()).hexdigest()[:16]


def _counted(call: Call, meeting: Meeting, version: int) -> tuple[Text, ...]:
    """How much of what stands there."""
    kinds = [line.kind for line in call.tx.of(MINUTES).lines(meeting.id, version)]
    counted = {str(kind): kinds.count(kind) for kind in Kind}
    counted["action"] = len(call.tx.of(ACTIONS).noted(meeting.id, version))
    return tuple(text(f"minutes.count.{kind}", count=count) for kind, count in counted.items() if count)


def _own(call: Call, meeting: Meeting, version: int) -> Sequence[Text]:
    """That whoever approves it wrote all of it, where that is so."""
    writers = {line.resident for line in call.tx.of(MINUTES).lines(meeting.id, version)}
    writers |= {action.noted_by for action in call.tx.of(ACTIONS).noted(meeting.id, version)}
    return [text("minutes.approve.own")] if writers == {call.resident.id} else []

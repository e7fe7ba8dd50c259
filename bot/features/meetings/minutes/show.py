"""Reading the minutes: a draft where somebody asks for it; once they are approved in the theme as well."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import find_lately, usage
from bot.features.meetings.minutes.lines import (
    count_of,
    draft_of,
    is_changed,
    lines_of,
    person,
    promised,
    shown,
)
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, SUBJECT, Approval, Kind
from bot.features.meetings.minutes.write import NOTE, SHOW
from bot.features.meetings.records import MEETINGS, Meeting
from bot.model.message import Button, Message, Text, message, text

# So many lines stand on a page, and so many decisions and promises on the board.
PAGE, ON_BOARD = 10, 10


def show_minutes(
    call: Call, meeting: int | None = None, *, version: int | None = None, page: int = 1
) -> Message:
    """What stands in the minutes: those that were approved last, or else what was written so far.

    What was approved is shown in the theme from then on.
    """
    found = find_lately(call, meeting)
    which, approved = chosen(call, found, version)
    count = count_of(call.tx, found.id, which)
    if not count:
        raise UserError("minutes.empty", title=found.title, usage=usage(call, NOTE))
    first = (page - 1) * PAGE
    if not 0 <= first < count:
        raise UserError("minutes.no_page", page=page, count=-(-count // PAGE))
    newest = call.tx.of(MINUTES).approval(found.id)
    if approved and approved == newest and call.may_write(found.theme):
        call.board(f"{SUBJECT}:{found.id}", found.theme)
    buttons = []
    if first + PAGE < count:
        args = {"meeting": found.id, "version": which, "page": page + 1}
        buttons = [Button(text("minutes.button.more"), SHOW, args)]
    above = [] if first else [state(approved), *_waits(call, found, approved, newest)]
    lines = lines_of(call.tx, found.id, which, first, PAGE)
    return message(*above, *lines, title=title(found), buttons=buttons)


def chosen(call: Call, meeting: Meeting, version: int | None) -> tuple[int, Approval | None]:
    """The version that is asked for, and who approved it; without one the newest that was, or else the draft.

    Raises: UserError where there is no such version.
    """
    kept, draft = call.tx.of(MINUTES), draft_of(call.tx, meeting.id)
    if version is None:
        newest = kept.approval(meeting.id)
        return (newest.version, newest) if newest else (draft, None)
    if not 1 <= version <= draft:
        key = "minutes.no_version" if draft > 1 else "minutes.no_version.none"
        raise UserError(key, version=version, title=meeting.title, count=draft - 1)
    return version, kept.approval(meeting.id, version)


def title(meeting: Meeting) -> Text:
    return text("minutes.title", title=meeting.title, start=meeting.starts_at)


def state(approved: Approval | None) -> Text:
    """Which version it is, and who approved it."""
    if approved is None:
        return text("minutes.draft")
    who, at = person(approved.resident), approved.approved_at
    return text("minutes.version", version=approved.version, who=who, at=at)


def _waits(
    call: Call, meeting: Meeting, approved: Approval | None, newest: Approval | None
) -> Sequence[Text]:
    """That something was written since that is not approved yet."""
    if approved is None or approved != newest or not is_changed(call.tx, meeting.id, approved.version + 1):
        return ()
    how = usage(call, SHOW, {"meeting": meeting.id, "version": approved.version + 1})
    return (text("minutes.waits", usage=how),)


def show_board(call: Call, number: str) -> Message | None:
    """The newest version for the whole theme: what was decided and promised; all of it by a button."""
    meeting, approved = call.tx.of(MEETINGS).get(int(number)), call.tx.of(MINUTES).approval(int(number))
    if meeting is None or approved is None:
        return None
    lines = call.tx.of(MINUTES).lines(meeting.id, approved.version)
    noted = call.tx.of(ACTIONS).noted(meeting.id, approved.version)
    decided = [shown(line) for line in lines if line.kind is Kind.DECISION][:ON_BOARD]
    promises = [promised(action) for action in noted[:ON_BOARD]]
    said = [state(approved), *decided, *promises]
    if rest := len(lines) + len(noted) - len(decided) - len(promises):
        said.append(text("minutes.board.rest", count=rest))
    show = Button(text("minutes.button.show"), SHOW, {"meeting": meeting.id})
    how = text("minutes.board.how", meeting=meeting.id)
    return message(*said, title=title(meeting), hints=[how], buttons=[show])

"""Taking the minutes along, as Markdown or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.feature import Files, Write
from bot.features.meetings.find import find_lately, usage
from bot.features.meetings.minutes.lines import count_of, promised, shown
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, SUBJECT, Action, Approval, Line
from bot.features.meetings.minutes.show import chosen, state, title
from bot.features.meetings.minutes.write import NOTE
from bot.features.meetings.records import MEETINGS, Meeting
from bot.model.message import Attachment, Message, Text, message, text
from bot.model.people import Resident

# What marks up a line of Markdown, wherever it stands in it.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
_NUMBER = re.compile(r"^(\d+)\.")


class Form(StrEnum):
    """How the minutes are taken along."""

    MARKDOWN = "md"
    JSON = "json"


def export_minutes(
    call: Call, meeting: int | None = None, *, version: int | None = None, form: Form = Form.MARKDOWN
) -> Message:
    """The minutes as a file: those that were approved last, or else the draft."""
    found = find_lately(call, meeting)
    which, _ = chosen(call, found, version)
    if not count_of(call.tx, found.id, which):
        raise UserError("minutes.empty", title=found.title, usage=usage(call, NOTE))
    words = text("minutes.export", title=found.title)
    return message(words, files=[Attachment(f"{SUBJECT}:{found.id}:{which}", str(form), words)])


def may_have(call: Call, subject: str, resident: int) -> bool:
    """Whether somebody takes part in the theme of that meeting, or moderates the community."""
    meeting = call.tx.of(MEETINGS).get(int(subject.split(":")[0]))
    return meeting is not None and call.part_of(resident, meeting.theme) is not None


@dataclass(frozen=True, slots=True)
class _Read:
    """All that stands in a version, with what the people in it are called by now."""

    meeting: Meeting
    version: int
    approved: Approval | None
    lines: Sequence[Line]
    noted: Sequence[Action]
    names: Mapping[int, str]
    nobody: str

    def name(self, resident: int | None) -> str:
        return self.names.get(resident or 0, self.nobody)


def _read(call: Call, subject: str, write: Write) -> _Read:
    number, version = map(int, subject.split(":"))
    meeting, approved = call.tx.of(MEETINGS).get(number), call.tx.of(MINUTES).approval(number, version)
    assert meeting, f"there is no meeting {number}"
    lines, noted = call.tx.of(MINUTES).lines(number, version), call.tx.of(ACTIONS).noted(number, version)
    people = {line.resident for line in lines} | {action.promised_by for action in noted}
    people |= {approved.resident} if approved else set()
    known = call.tx.people.known([who for who in people if who is not None])
    names = {who: shown.name for who, shown in known.items()}
    return _Read(meeting, version, approved, lines, noted, names, write(text("resident.somebody")))


def make_markdown(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """A heading, which version it is, and a line for each; what people typed marks nothing up."""
    found = _read(call, subject, write)
    head, which = (write(_escaped(said, found)) for said in (title(found.meeting), state(found.approved)))
    each = [*map(shown, found.lines), *map(promised, found.noted)]
    # Their numbers are no list, which would be numbered anew.
    lines = [_NUMBER.sub(r"\1\\.", write(_escaped(line, found))) for line in each]
    return lambda: ("\n\n".join([f"# {head}", which, *lines]) + "\n").encode()


def _escaped(said: Text, found: _Read) -> Text:
    """The same with names for people, and nothing in its values that Markdown takes for more than words."""
    values = dict(said.values)
    for name, value in said.values.items():
        words = found.name(value.id) if isinstance(value, Resident) else value
        values[name] = _MARKUP.sub(r"\\\1", words) if isinstance(words, str) else words
    return replace(said, values=values)


def make_json(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """The same, with when each line was written, and what became of each promise since."""
    found = _read(call, subject, write)
    approved = found.approved
    table = {
        "meeting": found.meeting.id,
        "title": found.meeting.title,
        "starts_at": found.meeting.starts_at.isoformat(),
        "ends_at": found.meeting.ends_at.isoformat(),
        "version": found.version,
        "approved_by": found.name(approved.resident) if approved else None,
        "approved_at": approved.approved_at.isoformat() if approved else None,
        "lines": [_line(line, found) for line in found.lines],
        "actions": [_action(action, found) for action in found.noted],
    }
    return lambda: (json.dumps(table, ensure_ascii=False, indent=2) + "\n").encode()


def _line(line: Line, found: _Read) -> dict[str, Any]:
    return {
        "number": line.number,
        "kind": str(line.kind),
        "words": line.words,
        "by": found.name(line.resident),
        "at": line.said_at.isoformat(),
    }


def _action(action: Action, found: _Read) -> dict[str, Any]:
    return {
        "action": action.id,
        "words": action.words,
        "owner": None if action.for_nobody else found.name(action.promised_by),
        "due": action.due_on.isoformat() if action.due_on else None,
        "state": str(action.state),
    }


FILES = Files({"md": make_markdown, "json": make_json}, may_have)

"""Writing down what is said in a meeting, mending that, and taking it back.

It is written from half an hour before the meeting begins until a week after it. What stands in a version that
was approved stays there: what is mended later stands in the next one.
"""

from __future__ import annotations

from dataclasses import replace

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import (
    EARLY,
    REMEMBERED,
    check_not_cancelled,
    find_lately,
    is_own,
    usage,
)
from bot.features.meetings.minutes.lines import draft_of, person
from bot.features.meetings.minutes.records import MINUTES, SUBJECT, Kind, Line
from bot.features.meetings.records import SUBJECT as MEETING
from bot.features.meetings.records import Meeting
from bot.model.message import Button, Message, Text, message, text
from bot.unseen import seen_as

NOTE, DECIDE, DROP, SHOW = "minutes note", "minutes decide", "minutes drop", "minutes show"
SHORTEST, LONGEST = 3, 500
# So many are written down of a meeting, and so many of these by one person.
MOST, MOST_OWN = 500, 200


def note(call: Call, said: str, *, meeting: int | None = None, instead: int | None = None) -> Message:
    """Write down what was said."""
    return _write(call, Kind.NOTE, said, meeting, instead)


def decide(call: Call, said: str, *, meeting: int | None = None, instead: int | None = None) -> Message:
    """Write down what was decided."""
    return _write(call, Kind.DECISION, said, meeting, instead)


def _write(call: Call, kind: Kind, words: str, meeting: int | None, instead: int | None) -> Message:
    found = find_lately(call, meeting)
    call.check_writes(found.theme)
    check_words(call, words, LONGEST)
    if instead is not None:
        return _mend(call, found, _own_line(call, found, instead), kind, words)
    check_time(call, found)
    kept, me = call.tx.of(MINUTES), call.resident.id
    last = kept.last(found.id)
    if last >= MOST:
        raise UserError("minutes.full", most=MOST, title=found.title, meeting=found.id)
    if last >= MOST_OWN and kept.own(found.id, me) >= MOST_OWN:
        raise UserError("minutes.many", most=MOST_OWN, title=found.title)
    line = Line(
        meeting=found.id,
        number=last + 1,
        kind=kind,
        resident=me,
        words=words,
        said_at=call.said_at,
        since=draft_of(call.tx, found.id),
    )
    kept.add(line)
    show_on_board(call, found)
    call.undo_with(DROP, line=line.number, meeting=found.id)
    return _receipt(found, line, text(f"minutes.written.{kind}", number=line.number, title=found.title))


def check_words(call: Call, words: str, most: int) -> None:
    """Raises: UserError where they say too little or too much."""
    if len(seen_as(words)) < SHORTEST:
        raise UserError("minutes.short", least=SHORTEST, usage=usage(call, call.command))
    if len(words) > most:
        raise UserError("minutes.long", count=len(words), most=most)


def check_time(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where nothing is written down of it now, but mended what stands there."""
    check_not_cancelled(meeting)
    opens = meeting.starts_at - EARLY
    if call.said_at < opens:
        raise UserError("minutes.early", title=meeting.title, opens=opens)
    if call.said_at >= meeting.ends_at + REMEMBERED:
        told = {"title": meeting.title, "start": meeting.starts_at, "meeting": meeting.id}
        raise UserError("minutes.late", **told)


def show_on_board(call: Call, meeting: Meeting) -> None:
    """Once it is over its board says that there are minutes, and whether they are approved."""
    if meeting.is_over(call.now):
        call.changed(f"{MEETING}:{meeting.id}")


def _receipt(meeting: Meeting, line: Line, said: Text, *more: Text) -> Message:
    back = Button(text("minutes.button.drop"), DROP, {"line": line.number, "meeting": meeting.id})
    return message(said, *more, buttons=[back])


def _line(call: Call, meeting: Meeting, number: int) -> Line:
    """The one that is called so as it stands now. Raises: UserError."""
    found = call.tx.of(MINUTES).line(meeting.id, number, draft_of(call.tx, meeting.id))
    if found is None:
        how = usage(call, SHOW, {"meeting": meeting.id})
        raise UserError("minutes.no_line", number=number, title=meeting.title, usage=how)
    return found


def _own_line(call: Call, meeting: Meeting, number: int) -> Line:
    """The same, which they wrote. Raises: UserError."""
    found = _line(call, meeting, number)
    if found.resident != call.resident.id:
        raise UserError("minutes.not_yours", number=number, who=person(found.resident))
    return found


def _mend(call: Call, meeting: Meeting, line: Line, kind: Kind, words: str) -> Message:
    kept, draft = call.tx.of(MINUTES), draft_of(call.tx, meeting.id)
    if line.since == draft:
        kept.reword(line, kind, words)
    else:
        kept.end(line, draft)
        kept.add(replace(line, kind=kind, words=words, since=draft))
    said = text("minutes.mended", number=line.number, title=meeting.title)
    return _receipt(meeting, line, said, *anew(draft))


def anew(draft: int) -> list[Text]:
    """That a version which was approved stays as it is, where there is one."""
    return [text("minutes.anew", version=draft - 1)] if draft > 1 else []


def drop_line(call: Call, line: int, *, meeting: int | None = None) -> Message:
    """Take back what you wrote down; who organises the meeting may for anybody."""
    found = find_lately(call, meeting)
    call.check_writes(found.theme)
    this = _line(call, found, line)
    if this.resident != call.resident.id and not is_own(call, found):
        raise UserError("minutes.not_yours", number=line, who=person(this.resident))
    kept, draft = call.tx.of(MINUTES), draft_of(call.tx, found.id)
    if this.since == draft:
        kept.drop(this)
    else:
        kept.end(this, draft)
    show_on_board(call, found)
    if this.resident not in (None, call.resident.id):
        _tell_writer(call, found, this)
    return message(text("minutes.dropped", number=line, title=found.title), *anew(draft))


def _tell_writer(call: Call, meeting: Meeting, line: Line) -> None:
    """Whoever wrote it hears who took it out, with their words, which they can write down anew."""
    said = text("minutes.dropped.yours", who=call.resident, title=meeting.title, words=line.words)
    key = f"{SUBJECT}:{meeting.id}:dropped:{line.number}:{line.since}"
    call.tell(line.resident or 0, message(said), key, theme=meeting.theme, beside=True)

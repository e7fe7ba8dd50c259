"""Checking in: with the code that is said in the room, or by a button for who comes online.

The code is told to whoever organises the meeting when it opens, in private, and is another one each time. It
says that somebody is there, never for how long.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.meetings.find import (
    LOOKED_THROUGH,
    check_not_cancelled,
    find,
    is_own,
    one_of,
    themes_here,
    usage,
)
from bot.features.meetings.presence.lines import CLOSE, HERE, is_open
from bot.features.meetings.presence.records import BEFORE, PRESENCE
from bot.features.meetings.records import MEETINGS, SUBJECT, Meeting, Way
from bot.model.message import Button, Message, message, text
from bot.model.work import Job

NOT_HERE, WRONG = "meeting not-here", "here wrong"
# So many wrong codes somebody gives within that time.
TRIES, WITHIN = 5, timedelta(hours=1)
# So long after its end a code is known still, for what was said in time and heard later; and one that is over
# is the one that is meant.
LATER = timedelta(hours=1)
_CODE, _BETWEEN = re.compile(r"[0-9]{4}"), re.compile(r"[\s.,\-–#]+")


def check_in(
    call: Call, code: str | None = None, *, seen: bool = False, meeting: int | None = None
) -> Message:
    """Say that you are there; for whoever organises it, what the code is."""
    found = _meant(call, meeting)
    if code is None:
        return _without_code(call, one_of(call, found), seen=seen)
    said = _BETWEEN.sub("", code)
    if not _CODE.fullmatch(said):
        raise UserError("here.shape", words=code[:20])
    if (until := call.free_at(WRONG, TRIES, WITHIN)) is not None:
        raise UserError("here.tried", count=TRIES, until=until)
    for each in found:
        if code_of(call, each) == said:
            return _are_here(call, one_of(call, [each]), seen=seen)
    if other := _elsewhere(call, said, {each.id for each in found}):
        asked = text("here.other", code=said, title=other.title, start=other.starts_at)
        raise Unsure(asked, yes(meeting=other.id))
    call.use(WRONG, within=WITHIN)
    left = TRIES - call.used(WRONG, WITHIN)
    if not left:
        return message(text("here.wrong.last", code=said, until=call.free_at(WRONG, TRIES, WITHIN)))
    return message(text("here.wrong", code=said, count=left))


def _meant(call: Call, number: int | None) -> Sequence[Meeting]:
    """The meeting with that number, or all that are open here. Raises: UserError where none is."""
    if number is not None:
        found = find(call, number)
        _check_open(call, found)
        return [found]
    themes = themes_here(call)
    coming = call.tx.of(MEETINGS).coming(themes, LOOKED_THROUGH)
    held = [each for theme in themes for each in call.tx.of(MEETINGS).held(theme, 1)]
    if here := [each for each in (*coming, *held) if is_open(each, call.said_at)]:
        return here
    over = [each for each in (*coming, *held) if each.ends_at <= call.said_at < each.ends_at + LATER]
    ahead = [each for each in coming if not each.is_over(call.said_at)]
    for nearest in [*over, *ahead][:1]:
        return _meant(call, nearest.id)
    key = "here.none" if call.place else "here.none.private"
    raise UserError(key, usage=usage(call, "meeting list")).openly()


def _check_open(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where nobody checks in there now."""
    check_not_cancelled(meeting)
    if meeting.is_over(call.said_at):
        raise UserError("here.over", title=meeting.title, end=meeting.ends_at)
    if not is_open(meeting, call.said_at):
        raise UserError("here.early", title=meeting.title, opens=meeting.starts_at - BEFORE)


def _elsewhere(call: Call, code: str, here: Collection[int]) -> Meeting | None:
    """Another meeting that is open and has that code, where they take part in its theme."""
    themes = call.themes_among(call.tx.of(MEETINGS).themes())
    for each in call.tx.of(MEETINGS).coming(themes, LOOKED_THROUGH):
        if each.id not in here and is_open(each, call.said_at) and code_of(call, each) == code:
            return each
    return None


def code_of(call: Call, meeting: Meeting) -> str:
    """What is said in the room: four digits that no other meeting has now."""
    kept = call.tx.of(PRESENCE)
    if code := kept.code(meeting.id):
        return code
    code = new_code(kept.codes())
    kept.open(meeting.id, code)
    call.schedule(CLOSE, str(meeting.id), meeting.ends_at + LATER)
    return code


def new_code(taken: Collection[str]) -> str:
    """Four digits that are not taken. The first is no nought: it is said aloud as a number, too."""
    while (code := str(1000 + secrets.randbelow(9000))) in taken:
        pass
    return code


def _without_code(call: Call, meeting: Meeting, *, seen: bool) -> Message:
    """Whoever organises it is told the code, and who answered online is there."""
    if is_own(call, meeting):
        return _told(meeting, code_of(call, meeting))
    answer = call.tx.of(MEETINGS).answer(meeting.id, call.resident.id)
    if answer and answer.way is Way.ONLINE:
        return _are_here(call, meeting, seen=seen)
    raise UserError("here.code_needed", title=meeting.title)


def _told(meeting: Meeting, code: str) -> Message:
    """The code, for whoever says it in the room, and may be there themselves."""
    here = Button(text("here.button"), HERE, {"code": code, "meeting": meeting.id}, style="primary")
    how = "here.code.how.online" if Way.ONLINE in meeting.ways else "here.code.how"
    return message(text("here.code", title=meeting.title, code=code), text(how, code=code), buttons=[here])


def _are_here(call: Call, meeting: Meeting, *, seen: bool) -> Message:
    """They are, once."""
    kept, who = call.tx.of(PRESENCE), call.resident.id
    if not kept.is_here(meeting.id, who):
        if call.tx.of(MEETINGS).keeps_out(meeting, who):
            raise UserError("here.left", title=meeting.title)
        answer = call.tx.of(MEETINGS).answer(meeting.id, who)
        kept.check_in(meeting.id, who, shown=seen or (answer is not None and answer.shown))
        call.undo_with(NOT_HERE, meeting=meeting.id)
        call.changed(f"{SUBJECT}:{meeting.id}")
    return message(text("here.receipt", title=meeting.title))


def take_back(call: Call, meeting: int) -> Message:
    """What said that they are there was removed."""
    found = find(call, meeting)
    _check_open(call, found)
    call.tx.of(PRESENCE).take_back(found.id, call.resident.id)
    call.changed(f"{SUBJECT}:{found.id}")
    return message(text("here.taken_back", title=found.title))


def open_due(call: Call, job: Job) -> None:
    """It opens now: whoever organises it is told the code; where that is nobody any more, who moderates."""
    found = call.tx.of(MEETINGS).get(int(job.subject))
    if found is None or found.state != "planned" or not is_open(found, call.now):
        return
    said = _told(found, code_of(call, found))
    key = f"{SUBJECT}:{found.id}:here:{found.starts_at.isoformat()}"
    call.changed(f"{SUBJECT}:{found.id}")
    if found.organiser is None:
        call.tell_moderators(found.theme, said, key)
    else:
        call.tell(found.organiser, said, key, confidential=True, until=found.ends_at, theme=found.theme)


def close_due(call: Call, job: Job) -> None:
    """Its code is of no use any more."""
    call.tx.of(PRESENCE).close(int(job.subject))

"""What the rest of a meeting asks of who is there: when people check in, who was, and what its board says."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.presence.records import BEFORE, PRESENCE
from bot.features.meetings.records import MEETINGS, Meeting, Way
from bot.model.message import Button, Text, text
from bot.model.people import Resident

HERE, OPEN, CLOSE = "here", "meeting.here.open", "meeting.here.close"
# Once it is over those who were there are asked how it was.
RATE_OPEN = "meeting.rate.open"
# So many who want to be seen stand on the board; and so many are named to an organiser.
SEEN, NAMED = 20, 100
# Put off by no more than that it is still the one that people came to.
SAME_EVENING = timedelta(hours=12)


def is_open(meeting: Meeting, at: datetime) -> bool:
    """Whether people check in then."""
    return meeting.state != "cancelled" and meeting.starts_at - BEFORE <= at < meeting.ends_at


def was_there(call: Call, meeting: int, resident: int) -> bool:
    """Whether they checked in; where nobody did, whether they have a place."""
    kept = call.tx.of(PRESENCE)
    if kept.count(meeting):
        return kept.is_here(meeting, resident)
    answer = call.tx.of(MEETINGS).answer(meeting, resident)
    return answer is not None and answer.seat is not None


def plan(call: Call, meeting: Meeting) -> None:
    """It opens in time, and it is asked how it was. Where it is not open yet, no code is its own."""
    if not is_open(meeting, call.now):
        call.tx.of(PRESENCE).close(meeting.id)
    call.schedule(OPEN, str(meeting.id), meeting.starts_at - BEFORE)
    call.schedule(RATE_OPEN, str(meeting.id), meeting.ends_at)


def check_may_move(call: Call, meeting: Meeting, start: datetime) -> None:
    """Raises: UserError where people came already, and it is no more the same evening: whoever is there has a
    say in how it was, and who organises would decide whose counts.
    """
    if abs(start - meeting.starts_at) > SAME_EVENING and call.tx.of(PRESENCE).count(meeting.id):
        raise UserError("meeting.move.there", title=meeting.title)


def on_board(call: Call, meeting: Meeting) -> list[Text]:
    """How many are there, and who of them wants to be seen; of what is over only how many."""
    kept = call.tx.of(PRESENCE)
    if meeting.state == "cancelled" or not (count := kept.count(meeting.id)):
        return []
    if meeting.state == "held":
        return [text("here.were", count=count)]
    seen = kept.shown(meeting.id, SEEN + 1)
    people: list[Resident | Text] = [Resident(who, "") for who in seen[:SEEN]]
    people += [text("meeting.and_others")] if len(seen) > SEEN else []
    if people:
        return [text("here.names", count=count, people=tuple(people))]
    return [text("here.count", count=count)]


def how(call: Call, meeting: Meeting) -> list[Text]:
    """How to check in, while that can be done."""
    if not is_open(meeting, call.now):
        return []
    return [text("here.board.how.online" if Way.ONLINE in meeting.ways else "here.board.how")]


def buttons(call: Call, meeting: Meeting) -> list[Button]:
    """One to check in with, for who comes online."""
    if not is_open(meeting, call.now) or Way.ONLINE not in meeting.ways:
        return []
    return [Button(text("here.button"), HERE, {"meeting": meeting.id}, style="primary")]


def who(call: Call, meeting: Meeting) -> list[Text]:
    """All of them by name, for whoever organises it."""
    kept = call.tx.of(PRESENCE)
    if not (count := kept.count(meeting.id)):
        return []
    here = kept.here(meeting.id, count)
    people: list[Resident | Text] = [Resident(each, "") for each in here[:NAMED]]
    people += [text("meeting.others", count=count - len(people))] if count > len(people) else []
    return [text("here.who", count=count, people=tuple(people))]

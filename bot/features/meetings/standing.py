"""How somebody answers every meeting of a series: "kom elke keer".

Whoever does has an answer of their own in each of its meetings that people see or speak of, which can be
changed by itself; in the others they have one as soon as somebody does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.records import MEETINGS, PLACES, SERIES, SUBJECT, Answer, Meeting, Standing, Way
from bot.features.meetings.seats import fits
from bot.features.meetings.telling import mention, talk, whisper
from bot.model.message import message, text


def expand(call: Call, meeting: Meeting) -> Meeting:
    """Whoever answers each of its series has an answer in this one, in the order in which they said so.

    Nobody hears of it: anybody may look at one that is far away.
    """
    if meeting.expanded or meeting.series is None:
        return meeting
    kept = call.tx.of(MEETINGS)
    kept.note(meeting.id, {"expanded": True})
    standing = call.tx.of(SERIES).standing(meeting.series)
    here = _in_theme(call, meeting, [answer.resident for answer in standing])
    taken = dict.fromkeys(PLACES, 0)
    for answer in standing:
        if answer.resident not in here or kept.keeps_out(meeting, answer.resident):
            continue
        kept.keep(_given(meeting, answer, taken, call.now))
    return replace(meeting, expanded=True)


def tell_waiting(call: Call, meeting: Meeting) -> None:
    """Whoever comes each time and waits in this one hears so: in private each their place in the row, the
    others by one mention.
    """
    if meeting.series is None:
        return
    said_at = {each.resident: each.said_at for each in call.tx.of(SERIES).standing(meeting.series)}
    row = call.tx.of(MEETINGS).waiting(meeting.id)
    # Who answered this one by itself knows.
    waiting = [each for each in row if each.resident and said_at.get(each.resident) == each.said_at]
    what = {"title": meeting.title, "start": meeting.starts_at}
    key = f"{SUBJECT}:{meeting.id}:waits"
    talking = talk(call, meeting, _people(waiting))
    for answer in waiting:
        if answer.resident not in talking:
            continue
        place = show.place_in_row(call, answer)
        mine = message(text(f"meeting.every.waits.you.{answer.way}", place=place, **what))
        # Their place in the row is nothing to say aloud.
        whisper(call, meeting, _people([answer]), mine, key, otherwise=None)
    for way in PLACES:
        people = _people([answer for answer in waiting if answer.way is way])
        others = [who for who in people if who not in talking]
        mention(call, meeting, others, message(text(f"meeting.every.waits.{way}", **what)), f"{key}:{way}")


def _people(answers: Sequence[Answer]) -> list[int]:
    return [answer.resident for answer in answers if answer.resident is not None]


def _in_theme(call: Call, meeting: Meeting, people: Collection[int]) -> Collection[int]:
    parts = call.tx.people.parts_of(people)
    return {who for who, used in parts.items() if any(part.theme == meeting.theme for part in used)}


def _given(meeting: Meeting, standing: Standing, taken: dict[Way, int], now: datetime) -> Answer:
    """Their answer there from now on, with a place where there is one; by that it is `taken`."""
    way, seat = standing.way, None
    if way in PLACES and way not in meeting.ways:
        way = Way.MAYBE
    if way in PLACES and fits(taken[way], meeting.room_for(way), standing.party):
        seat = way
        taken[way] += standing.party
    return Answer(
        id=0,
        meeting=meeting.id,
        resident=standing.resident,
        way=way,
        seat=seat,
        since=now,
        said_at=standing.said_at,
        known=seat,
        party=standing.party if way in PLACES else 1,
        shown=standing.shown and way in PLACES,
    )

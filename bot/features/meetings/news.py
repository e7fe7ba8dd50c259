"""What changed of meetings, in words: what differs from what those who come were told of them last.

That is kept beside each meeting, so that one that was moved to and fro is no news. Of several of a series
all is said in one message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

from bot import when
from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.records import SERIES, Meeting, Plan
from bot.model.message import Message, Text, message, text, typed

# A meeting that begins so much earlier or later is worth a word.
WORTH_A_WORD = timedelta(minutes=15)
# So many meetings of a series are named in each respect.
NAMED = 3


class News(NamedTuple):
    """What is different of a meeting: `how` says what became of it, by the last part of a key, and `lines`
    where it is now, or why it takes place no more. `before`: when it was to begin, as they were told.
    """

    meeting: Meeting
    before: datetime
    how: str
    lines: tuple[Text, ...]

    @property
    def is_moved(self) -> bool:
        return self.how != "cancelled" and abs(self.meeting.starts_at - self.before) > WORTH_A_WORD


def as_told(call: Call, plan: Plan, state: str) -> str:
    """What those who come have to know of a meeting, as it is kept; nobody changed it since."""
    moments = {"starts_at": plan.starts_at.isoformat(), "ends_at": plan.ends_at.isoformat()}
    again = {"again": _again(call, plan)} if plan.series else {}
    return json.dumps({**moments, "place": plan.place, "link": plan.link, "state": state, "by": [], **again})


def noting(meeting: Meeting, by: int) -> str:
    """What people were told last, with who changed it since: whoever made all the changes knows of them."""
    told = json.loads(meeting.told)
    return json.dumps({**told, "by": sorted({*told["by"], by})})


def changed_by(meeting: Meeting) -> Sequence[int]:
    """Those who changed it since."""
    found: Sequence[int] = json.loads(meeting.told)["by"]
    return found


def _again(call: Call, plan: Plan) -> str | None:
    """When it comes back, as it is compared."""
    series = call.tx.of(SERIES).get(plan.series) if plan.series else None
    return f"{series.recurrence.wall:%H:%M} {series.recurrence.rule.as_kept()}" if series else None


def news_of(meeting: Meeting, *, in_words: bool = True) -> News | None:
    """What differs from what they were told; None where that is nothing worth a word. Not `in_words`: no more
    than what is to be known of it anyway, that it was moved or takes place no more.
    """
    told = json.loads(meeting.told)
    before = datetime.fromisoformat(told["starts_at"])
    if meeting.state == "cancelled":
        if told["state"] == "cancelled":
            return None
        why = (text("meeting.why", why=show.why_not(meeting)),) if in_words else ()
        return News(meeting, before, "cancelled", why)
    places = [("place", meeting.place), ("link", meeting.link)] if in_words else []
    lines = tuple(line for what, now in places for line in _elsewhere(what, told[what], now))
    if told["state"] == "cancelled":
        return News(meeting, before, "restored", lines)
    if abs(meeting.starts_at - before) > WORTH_A_WORD:
        return News(meeting, before, "moved", lines)
    return News(meeting, before, "which", lines) if lines else None


def _elsewhere(what: str, before: str | None, now: str | None) -> Iterator[Text]:
    if before != now:
        yield text(f"meeting.told.{what}", where=now) if now else text(f"meeting.told.without.{what}")


def in_words(call: Call, news: Sequence[News], *, titled: bool = True) -> Message:
    """All of it, in one message. `titled`: its title may be said."""
    title = typed(news[0].meeting.title) if titled else None
    if len(news) == 1:
        return _of_one(call, news[0], title)
    lines = _of_series(call, news)
    for (how, also), group in groupby(sorted(news, key=_alike), key=lambda each: (each.how, each.lines)):
        alike = list(group)
        lines += [_named(how, alike)] if how != "moved" else _moves(alike)
        lines += also
    if any(each.is_moved for each in news):
        first = min(each.meeting.id for each in news if each.is_moved)
        lines.append(text("meeting.told.still.each", meeting=first))
    return message(*lines, title=title)


def _of_one(call: Call, news: News, title: Text | None) -> Message:
    meeting = news.meeting
    if news.how == "cancelled":
        # By the moment that they know of.
        off = text("meeting.told.cancelled", start=news.before)
        return message(off, *news.lines, *show.ended(call, meeting), title=title)
    lines = [text("meeting.told.restored", start=meeting.starts_at)] if news.how == "restored" else []
    if news.is_moved:
        lines.append(text("meeting.told.moved", start=meeting.starts_at, before=news.before))
    if meeting.series and not lines:
        lines.append(text("meeting.told.which", start=meeting.starts_at))
    lines += news.lines
    if json.loads(meeting.told).get("again") != _again(call, meeting):
        lines += show.comes_back(call, meeting)
    if news.is_moved:
        lines.append(text("meeting.told.still"))
    return message(*lines, title=title, buttons=show.buttons(meeting))


def _alike(news: News) -> tuple[str, str, datetime, int]:
    """By which those of which the same is to be said come together, the first to begin first."""
    return news.how, str(news.lines), news.before, news.meeting.id


def _of_series(call: Call, news: Sequence[News]) -> list[Text]:
    """How the series goes on, from what to what; or that it does not."""
    if all(each.how == "cancelled" for each in news) and (ended := show.ended(call, news[0].meeting)):
        return ended
    now = _again(call, news[0].meeting)
    known = [json.loads(each.meeting.told).get("again") for each in news if each.how == "moved"]
    before = next((again for again in known if again and again != now), None)
    comes_back = show.comes_back(call, news[0].meeting) if before else []
    return [*comes_back, _came_back(before)] if before and comes_back else []


def _came_back(again: str) -> Text:
    wall, _, rule = again.partition(" ")
    at = time.fromisoformat(wall)
    said = when.in_words(when.Rule.from_kept(rule))
    return text("meeting.told.rule", rule=said, hour=f"{at:%H}", minute=f"{at:%M}")


def _named(how: str, alike: Sequence[News]) -> Text:
    """The meetings of which that is to be said, by the moments that people know of."""
    moments = [each.before if how == "cancelled" else each.meeting.starts_at for each in alike]
    return text(f"meeting.told.all.{how}", starts=(*moments[:NAMED], *_others(alike)))


def _moves(alike: Sequence[News]) -> list[Text]:
    moves = [
        text("meeting.told.move", meeting=each.meeting.id, start=each.meeting.starts_at, before=each.before)
        for each in alike[:NAMED]
    ]
    return [*moves, *(text("meeting.told.others", others=others) for others in _others(alike))]


def _others(alike: Sequence[News]) -> Sequence[Text]:
    return [text("meeting.told.more", count=len(alike) - NAMED)] if alike[NAMED:] else []

"""From a poll about dates to a meeting: which date suits most, and a button that plans it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from bot import when
from bot.call import Call
from bot.errors import UserError
from bot.features.polls import show
from bot.features.polls.find import check_own, find, usage
from bot.features.polls.kinds import Count
from bot.features.polls.read import check_figures
from bot.features.polls.records import Choices, Kind, Poll, begins, shown_date
from bot.model.message import Button, Message, Text, message, text, typed
from bot.themes import keep_number

# Of dates that suit as many, so many are offered.
OFFERED = 5
LONGEST_TITLE = 100
WHEN = "meeting when"


def best_date(
    call: Call,
    poll: int | None = None,
    *,
    hour: str | None = None,
    called: str | None = None,
    place: str | None = None,
    url: str | None = None,
) -> Message:
    """The date that suits most, how many cannot come then, and a button that plans a meeting."""
    found, mine = find(call, poll, lambda other: other.kind is Kind.DATES)
    if found.kind is not Kind.DATES:
        raise UserError("meeting.when.kind", question=found.question, usage=usage(call, "poll open"))
    check_own(call, found)
    check_figures(call, found, mine)
    count = show.count_of(call.tx, found)
    best = _best(call, found, count)
    if not best:
        raise UserError("meeting.when.none", question=found.question)
    at = _hour(call, hour) if hour else None
    lines = [_how_many(found, count, option) for option in best]
    # In private nothing else says in which theme.
    where = keep_number(found.theme)
    given: dict[str, Any] = {"called": (called or found.question)[:LONGEST_TITLE], "theme": where}
    given |= {name: value for name, value in (("place", place), ("url", url)) if value}
    starts = [(option, start) for option in best if (start := _start(call, found, option, at))]
    buttons = [_plan_button(start, given) for _, start in starts]
    if found.state == "open":
        lines.append(text("meeting.when.open", closes=found.closes_at))
    if len(starts) < len(best):
        example = usage(call, WHEN, {"poll": found.id, "hour": _example(call)})
        lines.append(text("meeting.when.hour", usage=example))
    return message(*lines, title=typed(found.question), buttons=buttons)


def _plan_button(start: datetime, given: Mapping[str, Any]) -> Button:
    label = text("meeting.button.plan", start=start)
    return Button(label, "meeting plan", {**given, "begins": start.isoformat()})


def _best(call: Call, poll: Poll, count: Count) -> Choices:
    """Of the dates that are still to come those that suit most, however many suit others."""
    for together in count.order:
        coming = [option for option in together if not _is_past(call, poll.options[option - 1])]
        if coming:
            return tuple(coming[:OFFERED])
    return ()


def _is_past(call: Call, option: str) -> bool:
    at = shown_date(option)
    if isinstance(at, datetime):
        return begins(option, call.zone) <= call.now
    return at < call.now.astimezone(call.zone).date()


def _how_many(poll: Poll, count: Count, option: int) -> Text:
    yes, if_need_be = count.parts[option - 1]
    at = shown_date(poll.options[option - 1])
    said: Sequence[Text] = [
        text("meeting.when.can", count=yes),
        *([text("meeting.when.need", count=if_need_be)] if if_need_be else []),
        text("meeting.when.cannot", count=count.people - yes - if_need_be),
    ]
    return text("meeting.when.best", at=at, parts=tuple(said))


def _hour(call: Call, words: str) -> time:
    """The hour that they typed. Raises: UserError."""
    return call.read_moment(words).start.astimezone(call.zone).time()


def _start(call: Call, poll: Poll, option: int, at: time | None) -> datetime | None:
    """When it begins; None of a whole day, without an hour."""
    found = shown_date(poll.options[option - 1])
    if isinstance(found, datetime):
        return begins(poll.options[option - 1], call.zone)
    day: date = found
    return when.at(day, at, call.zone) if at else None


def _example(call: Call) -> str:
    return call.commands.texts.find("meeting.example.hour", call.locale) or ""

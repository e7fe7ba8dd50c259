"""Looking: how a poll stands, which there are, and the figures to take along."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from functools import partial

from bot.call import Call
from bot.errors import UserError
from bot.feature import Files, Write
from bot.features.polls import show
from bot.features.polls.find import find, themes_here, usage
from bot.features.polls.forms import ballot_form
from bot.features.polls.kinds import Count, option_text
from bot.features.polls.records import POLLS, SUBJECT, UNREADABLE, Choices, Kind, Poll
from bot.model.message import Attachment, Button, Message, Text, message, text
from bot.model.news import New
from bot.ports.storage import Transaction
from bot.sheets import as_csv

# So many are listed, and so many among what else stands in a theme.
LISTED, STANDING = 20, 5
# Among so many of a theme are those whose results are told when it ends.
LOOKED_THROUGH = 50


class Form(StrEnum):
    """How figures are taken along."""

    CSV = "csv"
    JSON = "json"


def show_poll(call: Call, poll: int | None = None) -> Message:
    """How a poll stands, and what you chose."""
    found, mine = find(call, poll)
    if found.state == "planned":
        raise UserError("poll.is_planned", question=found.question, opens=found.opened_at)
    # Whether they took part is forgotten when it ends, of whoever asked too.
    call.sealed = found.anonymous
    board = show.card(call.tx, found, mine, private=True)
    own = () if found.anonymous and not mine else _chosen(found, mine)
    form = ballot_form(found, mine)
    return message(*board.lines, *own, title=board.title, hints=board.hints, buttons=board.buttons, form=form)


def _chosen(poll: Poll, mine: Choices) -> Sequence[Text]:
    """What they chose."""
    if not mine and poll.state != "open":
        return (text("poll.show.missed"),)
    if _is_told_in_lines(poll, mine):
        return (text("poll.show.each"), *show.chosen(poll, mine))
    return (_mine(poll, mine, "show"),)


def _is_told_in_lines(poll: Poll, choices: Choices) -> bool:
    """Whether the ballot takes a line for each option: a dozen dates in a single line are unreadable."""
    return poll.kind is Kind.DATES and choices not in ((), UNREADABLE) and not poll.anonymous


def list_polls(call: Call, *, theme: str | None = None) -> Message:
    """The open polls here, or in the theme that is named; in private, everywhere."""
    where = (call.theme(theme).id,) if theme else themes_here(call)
    found = call.tx.of(POLLS).running(where, call.resident.id, LISTED + 1)
    planned = call.tx.of(POLLS).planned(where, LISTED)
    if not found and not planned:
        none = "poll.none_open" if call.place and theme is None else "poll.list.none"
        return message(text(none, usage=usage(call, "poll open")))
    lines = [_listed(poll) for poll, _ in found[:LISTED]]
    lines += [text("list.more")] if len(found) > LISTED else []
    lines += map(_planned, planned)
    return message(*lines, text("poll.list.how"), title=text("poll.list.title"))


def _listed(poll: Poll) -> Text:
    key = "poll.list.one" if poll.voters else "poll.list.nobody"
    return text(key, poll=poll.id, question=poll.question, closes=poll.closes_at, count=poll.voters)


def standing_polls(tx: Transaction, theme: int) -> Sequence[Text]:
    """Those that are open in a theme, and that are going to be."""
    found = tx.of(POLLS).running((theme,), 0, STANDING + 1)
    lines = [_listed(poll) for poll, _ in found[:STANDING]]
    lines += [text("list.more")] if len(found) > STANDING else []
    return [*lines, *map(_planned, tx.of(POLLS).planned((theme,), STANDING))]


def came_of_polls(tx: Transaction, theme: int) -> Sequence[Text]:
    """What came out of those that were closed in a theme, the newest first."""
    asked = tx.of(POLLS).latest((theme,), LOOKED_THROUGH)
    return [
        text("poll.came_out", question=poll.question, result=show.result(poll, show.shown_count(tx, poll))[0])
        for poll in [poll for poll in asked if poll.state == "closed"][:STANDING]
    ]


def tell_new(tx: Transaction, polls: Sequence[int], residents: Collection[int]) -> Mapping[int, New]:
    """Those that are open. Who voted in one knows of it; of an anonymous one nobody asks who that was, as a
    digest that is kept would tell.
    """
    found = [poll for number in polls for poll, _ in filter(None, [tx.of(POLLS).get(number, 0)])]
    return {poll.id: _new(tx, poll, residents) for poll in found if poll.state == "open"}


def _new(tx: Transaction, poll: Poll, residents: Collection[int]) -> New:
    voted = () if poll.anonymous else tx.of(POLLS).voted(poll.id, residents)
    told = () if poll.kind in (Kind.DATES, Kind.CONSENT) else poll.options
    line = text("poll.new", question=poll.question, closes=poll.closes_at, poll=poll.id)
    label = text("poll.button.new", poll=poll.id)
    button = Button(label, "poll show", {"poll": poll.id}, theme=poll.theme)
    words = " ".join((poll.question, *told))
    return New(poll.theme, line, words, button, is_open=False, known_to={poll.opener, *voted})


def _planned(poll: Poll) -> Text:
    return text("poll.list.planned", poll=poll.id, question=poll.question, opens=poll.opened_at)


def my_polls(call: Call) -> Message:
    """The polls you opened and what you voted, in the themes that you take part in now."""
    mine = call.tx.of(POLLS).of(call.resident.id, LISTED + 1)
    call.themes_among({poll.theme for poll, _ in mine})  # all of them are asked about at once
    # How it goes on elsewhere is no business of whoever left.
    found = [(poll, choices) for poll, choices in mine if call.takes_part(poll.theme)]
    if not found:
        return message(text("poll.mine.none"))
    lines = []
    for poll, choices in found[:LISTED]:
        facts = [text("poll.mine.opened")] if poll.opener == call.resident.id else []
        in_lines = _is_told_in_lines(poll, choices)
        if not (in_lines or (poll.anonymous and not choices)):
            facts.append(_mine(poll, choices, "mine"))
        facts.append(
            text(f"poll.mine.{poll.state}", closes=poll.ended_at or poll.closes_at, opens=poll.opened_at)
        )
        key = "poll.mine.each" if in_lines else "poll.mine.one"
        lines.append(text(key, poll=poll.id, question=poll.question, facts=tuple(facts)))
        if in_lines:
            lines += [text("poll.mine.mark", mark=mark) for mark in show.chosen(poll, choices)]
    more = (text("list.more"),) if len(mine) > LISTED else ()
    return message(*lines, *more, title=text("poll.mine.title"))


def _mine(poll: Poll, choices: Choices, where: str) -> Text:
    if not choices:
        return text(
            "poll.mine.not_yet" if where == "mine" and poll.state == "open" else f"poll.{where}.nothing"
        )
    if choices == UNREADABLE:
        return text(f"poll.{where}.unreadable")
    if poll.anonymous:
        return text(f"poll.{where}.anonymous")
    return text(f"poll.{where}.chose", options=show.chosen(poll, choices))


def export_poll(call: Call, poll: int | None = None, *, form: Form = Form.CSV) -> Message:
    """The figures of a poll as a file: the same that were shown."""
    found, mine = find(call, poll)
    check_figures(call, found, mine)
    words = text("poll.export", question=found.question)
    return message(words, files=[Attachment(f"{SUBJECT}:{found.id}", str(form), words)])


def check_figures(call: Call, poll: Poll, mine: Choices) -> None:
    """Raises: UserError where somebody who voted `mine` may not have the figures."""
    if poll.state == "cancelled":
        raise UserError("poll.is_cancelled", question=poll.question)
    if not show.is_shown(poll, mine):
        raise UserError("poll.export.hidden", question=poll.question)
    if not show.shown_count(call.tx, poll, mine):
        raise UserError("poll.export.few", question=poll.question, floor=poll.floor)


# --- files ------------------------------------------------------------------------------------


def may_have(call: Call, subject: str, resident: int) -> bool:
    """Whether somebody who takes part, or moderates the community, would be given the figures now."""
    found = call.tx.of(POLLS).get(int(subject), resident)
    if not found or call.part_of(resident, found[0].theme) is None:
        return False
    try:
        check_figures(call, *found)
    except UserError:
        return False
    return True


def make_picture(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """What came out, drawn. The words are written now; the drawing can be done anywhere."""
    from bot.pictures import Bar, Chart, draw

    poll, count = _counted(call.tx, subject)
    bars = tuple(
        Bar(
            write(option_text(poll, number)),
            parts,
            write(show.at_its_end(poll, count, number)),
            number in count.first and poll.kind is not Kind.CONSENT,
        )
        for number, parts in enumerate(count.parts, start=1)
    )
    notes = [*show.result(poll, count), text("poll.closed.people", count=poll.voters)]
    if poll.kind is Kind.DATES:
        notes.append(text("poll.picture.dates"))
    rest = tuple(write(text("poll.picture.rest", count=left)) for left in range(1, len(bars) + 1))
    chart = Chart(poll.question, bars, " ".join(map(write, notes)), rest)
    return lambda: draw(chart)


def make_csv(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """A line for each option."""
    return partial(as_csv, _options(*_counted(call.tx, subject), write))


def make_json(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """The same, with what was settled and what came out."""
    poll, count = _counted(call.tx, subject)
    table = {
        "poll": poll.id,
        "question": poll.question,
        "kind": str(poll.kind),
        "state": poll.state,
        "anonymous": poll.anonymous,
        "opened_at": poll.opened_at.isoformat(),
        "closes_at": (poll.ended_at or poll.closes_at).isoformat(),
        "people": poll.voters,
        "quorum": poll.quorum,
        "options": _options(poll, count, write),
        "reasons": list(call.tx.of(POLLS).reasons(poll)) if poll.kind is Kind.CONSENT else [],
        "result": [write(line) for line in show.result(poll, count)] if poll.state == "closed" else [],
        "outcome": poll.outcome,
    }
    return lambda: (json.dumps(table, ensure_ascii=False, indent=2) + "\n").encode()


FILES = Files({"png": make_picture, "csv": make_csv, "json": make_json}, may_have)


def _options(poll: Poll, count: Count, write: Write) -> list[dict[str, object]]:
    """What each option got, as figures and as it was shown."""
    return [
        {
            "number": number,
            "option": write(option_text(poll, number)),
            **show.figures(poll, count, number),
            "shown": write(line),
        }
        for number, line in enumerate(show.option_lines(poll, count), start=1)
    ]


def _counted(tx: Transaction, subject: str) -> tuple[Poll, Count]:
    found = tx.of(POLLS).get(int(subject), 0)
    assert found, f"there is no poll {subject}"
    return found[0], show.count_of(tx, found[0])

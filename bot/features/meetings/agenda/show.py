"""How an agenda looks."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.agenda.lines import SHOW, sum_of
from bot.features.meetings.agenda.records import AGENDAS, Item
from bot.features.meetings.find import find_running, is_ahead, usage
from bot.features.meetings.length import parts
from bot.features.meetings.minutes.open import open_lines
from bot.features.meetings.records import Meeting
from bot.features.meetings.show import why_not
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Resident

ADD, SUPPORT = "agenda add", "agenda support"
PAGE = 10


def show_agenda(call: Call, meeting: int | None = None, *, page: int = 1) -> Message:
    """What is to be spoken of, in order, with who wants that."""
    return card(call, find_running(call, meeting), page=page)


def card(call: Call, meeting: Meeting, *said: Text, page: int = 1) -> Message:
    """An agenda, below what is `said` of it."""
    items = call.tx.of(AGENDAS).items(meeting.id)
    pages = max(1, -(-len(items) // PAGE))
    if not 1 <= page <= pages:
        raise UserError("agenda.page", count=pages, title=meeting.title)
    shown = items[(page - 1) * PAGE : page * PAGE]
    takes = is_ahead(call, meeting)
    buttons = _supports(call, meeting, shown) if takes else []
    if page < pages:
        buttons.append(Button(text("agenda.button.more"), SHOW, {"meeting": meeting.id, "page": page + 1}))
    hints = [text("agenda.how", usage=usage(call, ADD))] if takes else []
    title = text("agenda.title", title=meeting.title, start=meeting.starts_at)
    return message(*said, *_lines(call, meeting, items, shown), title=title, hints=hints, buttons=buttons)


def _lines(call: Call, meeting: Meeting, items: Sequence[Item], shown: Sequence[Item]) -> Sequence[Text]:
    """All that is read, in order: what becomes of it, on the first page what was promised and is to be done,
    its items, and how much that is together.
    """
    is_off = text("meeting.is_cancelled", title=meeting.title, why=why_not(meeting))
    state = [is_off] if meeting.state == "cancelled" else []
    promised = open_lines(call.tx, meeting, call.now) if shown == items[: len(shown)] else ()
    before = [text("agenda.promised"), *promised] if promised else []
    if not items:
        return [*state, *before, text("agenda.none")]
    return [*state, *before, *map(line, shown), sum_of(call.tx.of(AGENDAS).total(meeting.id), meeting)]


def line(item: Item) -> Text:
    """An item: its number, how long it takes, whose it is, and how many want it too."""
    told = {"item": item.number, "called": item.called, "lasts": parts(item.lasts), "who": who_of(item)}
    if item.supports:
        return text("agenda.item.supported", count=item.supports, **told)
    return text("agenda.item", **told)


def who_of(item: Item) -> Resident | Text:
    """Who added it."""
    return Resident(item.resident, "") if item.resident else text("resident.somebody")


def _supports(call: Call, meeting: Meeting, shown: Sequence[Item]) -> list[Button]:
    """A tap for each that they may want too."""
    theirs = call.tx.of(AGENDAS).supported_by(meeting.id, call.resident.id)
    return [
        Button(
            text("agenda.button.support", item=item.number),
            SUPPORT,
            {"item": item.number, "meeting": meeting.id},
        )
        for item in shown
        if item.resident != call.resident.id and item.number not in theirs
    ]

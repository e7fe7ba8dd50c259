"""What a meeting's board shows of its agenda."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.features.meetings.agenda.records import AGENDAS, Total
from bot.features.meetings.length import parts
from bot.features.meetings.records import Meeting
from bot.model.message import Button, Text, text

SHOW = "agenda show"


def of_board(call: Call, meeting: Meeting) -> tuple[Sequence[Text], Sequence[Button]]:
    """How much there is on it, and what shows it; nothing of one that is empty."""
    total = call.tx.of(AGENDAS).total(meeting.id)
    if not total.count:
        return (), ()
    return [text("agenda.board", total=sum_of(total, meeting))], [show_button(meeting)]


def sum_of(total: Total, meeting: Meeting) -> Text:
    """How many there are, how long they last together, and by how much that is too long."""
    told = {"count": total.count, "lasts": parts(total.lasts)}
    if over := total.too_long_for(meeting.ends_at - meeting.starts_at):
        return text("agenda.total.over", over=parts(over), **told)
    return text("agenda.total", **told)


def show_button(meeting: Meeting) -> Button:
    return Button(text("agenda.button.show"), SHOW, {"meeting": meeting.id})

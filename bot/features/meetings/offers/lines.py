"""What a meeting's board shows of what is offered for it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.features.meetings.offers.records import OFFERS
from bot.features.meetings.records import Meeting
from bot.model.message import Button, Text, text

LIST = "offer list"


def of_board(call: Call, meeting: Meeting) -> Sequence[Text]:
    """How much there is."""
    found = call.tx.of(OFFERS).of_meeting(meeting.id)
    return [text("offer.board", count=len(found), meeting=meeting.id)] if found else ()


def of_held(call: Call, meeting: Meeting) -> Sequence[Button]:
    """Whoever offered something can be thanked for it."""
    if not call.tx.of(OFFERS).of_meeting(meeting.id):
        return ()
    return [Button(text("offer.button.thank"), LIST, {"meeting": meeting.id})]

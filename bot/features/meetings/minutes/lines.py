"""What stands in the minutes, as it is shown."""

from __future__ import annotations

from bot.features.meetings.minutes.records import MINUTES, Kind, Line
from bot.model.message import Text, text
from bot.model.people import Resident
from bot.ports.storage import Transaction


def person(resident: int | None) -> Resident:
    """Whoever it is, by the name that they chose; of somebody who was forgotten that they are a resident."""
    return Resident(resident or 0, "")


def draft_of(tx: Transaction, meeting: int) -> int:
    """Which version is being written."""
    approved = tx.of(MINUTES).approval(meeting)
    return approved.version + 1 if approved else 1


def shown(line: Line) -> Text:
    """ "3. Besluit: we vragen een lamp aan (ben)" """
    key = "minutes.line.decision" if line.kind is Kind.DECISION else "minutes.line.note"
    return text(key, number=line.number, words=line.words, who=person(line.resident))

"""What stands in the minutes, as it is shown; and what the board of their meeting says of them."""

from __future__ import annotations

from bot.call import Call
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, Action, Kind, Line
from bot.features.meetings.records import Meeting
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


def promised(action: Action) -> Text:
    """ "Actie 3: lamp bestellen (ben, tegen 15 december)", as it was noted."""
    said = {"action": action.id, "words": action.words, "due": action.due_on}
    dated = "" if action.due_on else ".undated"
    if action.for_nobody:
        return text(f"minutes.line.free{dated}", **said)
    return text(f"minutes.line.action{dated}", who=person(action.promised_by), **said)


def count_of(tx: Transaction, meeting: int, version: int) -> int:
    """How many lines a version has: what was said and decided, and behind it what was promised."""
    return tx.of(MINUTES).count(meeting, version) + len(tx.of(ACTIONS).noted(meeting, version))


def lines_of(tx: Transaction, meeting: int, version: int, after: int, most: int) -> list[Text]:
    """So many of them, behind the first so many."""
    lines = [shown(line) for line in tx.of(MINUTES).lines(meeting, version, after=after, most=most)]
    if len(lines) < most:
        before = max(0, after - tx.of(MINUTES).count(meeting, version))
        noted = tx.of(ACTIONS).noted(meeting, version)[before : before + most - len(lines)]
        lines += map(promised, noted)
    return lines


def is_changed(tx: Transaction, meeting: int, version: int) -> bool:
    """Whether anything was written or taken back with that version."""
    return tx.of(MINUTES).is_changed(meeting, version) or tx.of(ACTIONS).is_changed(meeting, version)


# --- on the board of the meeting ---


def of_running() -> list[Text]:
    """How to write them, while it runs."""
    return [text("minutes.meeting.runs")]


def of_held(call: Call, meeting: Meeting) -> list[Text]:
    """Where they are read, and that they are to be approved; nothing where nothing was written."""
    version = draft_of(call.tx, meeting.id)
    if version > 1:
        return [text("minutes.meeting.approved", meeting=meeting.id)]
    if count_of(call.tx, meeting.id, version):
        return [text("minutes.meeting.draft", meeting=meeting.id)]
    return []

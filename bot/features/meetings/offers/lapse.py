"""An offer is withdrawn by itself after a year; whoever made it hears so two weeks before."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.features.meetings.offers.records import OFFERS, Offer
from bot.features.meetings.records import MEETINGS, SUBJECT
from bot.model.message import Button, message, text
from bot.model.work import Job
from bot.themes import keep_number

WARN, OVER = "offer.warn", "offer.over"
BEFORE = timedelta(days=14)


def plan_lapse(call: Call, offer: Offer) -> None:
    """It lapses when it says, and a word is said before."""
    call.schedule(WARN, str(offer.id), offer.until - BEFORE)
    call.schedule(OVER, str(offer.id), offer.until)


def warn_due(call: Call, job: Job) -> None:
    """Whoever made it hears that it lapses soon, and can offer it again with a button."""
    found = call.tx.of(OFFERS).get(int(job.subject))
    if found is None or call.now < found.until - BEFORE:
        return
    meeting = call.tx.of(MEETINGS).get(found.meeting) if found.meeting else None
    themes = call.tx.places.themes([found.theme])
    if not themes or (meeting and meeting.state == "held"):
        return
    told = {"offer": found.id, "what": found.what, "at": found.until}
    again = Button(
        text("offer.button.stays"), "offer add", {"what": found.what, "theme": keep_number(found.theme)}
    )
    drop = Button(text("offer.button.withdraw", offer=found.id), "offer withdraw", {"offer": found.id})
    said = message(text("offer.lapses", theme=themes[0].name, **told), buttons=[again, drop])
    key = f"offer:{found.id}:lapses:{found.until:%Y%m%d}"
    until, where = found.until, found.theme
    call.tell(found.resident, said, key, until=until, theme=where, begun=True, beside=True)


def over_due(call: Call, job: Job) -> None:
    """It is withdrawn, unless it was offered again since."""
    found = call.tx.of(OFFERS).get(int(job.subject))
    if found is None or call.now < found.until:
        return
    call.tx.of(OFFERS).withdraw(found.id)
    if found.meeting is not None:
        call.changed(f"{SUBJECT}:{found.meeting}")

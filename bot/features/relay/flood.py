"""Whoever says more at once than is carried hears so; after the third time in a day who moderates does."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.features.relay.settings import RelaySettings
from bot.floods import Limits
from bot.model.message import message, text
from bot.model.work import Job

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What is counted: that it was too much, that they were told, and that who moderates was.
TIMES, TOLD, SAID = "relay flood", "relay flood told", "relay flood said"
# After so many times in a day who moderates is told, once.
MOST = 3


def limits(settings: RelaySettings) -> Limits:
    """How much of what one person says at once is carried."""
    return Limits(settings.messages, settings.files, settings.mentions)


def flooded_due(call: Call, job: Job) -> None:
    """They said too much at once: they are told, at most once an hour."""
    number, who = map(int, job.subject.split(":"))
    theme = next(iter(call.tx.places.themes([number])), None)
    if theme is None or who not in call.tx.people.known({who}):
        return
    uses, settings = call.tx.uses, call.settings.of(RelaySettings)
    uses.add(who, TIMES, call.now + DAY, str(job.id))
    if not uses.count(who, TOLD, call.now):
        uses.add(who, TOLD, call.now + HOUR)
        said = text(
            "relay.flood",
            theme=theme.name,
            messages=settings.messages,
            files=settings.files,
            mentions=settings.mentions,
        )
        call.tell(who, message(said, text("relay.flood.how")), f"relay:flood:{job.id}")
    if uses.count(who, TIMES, call.now) >= MOST and not uses.count(who, SAID, call.now):
        uses.add(who, SAID, call.now + DAY)
        person = call.tx.people.known({who})[who]
        told = message(text("relay.flood.moderators", who=person.name, theme=theme.name, count=MOST))
        call.tell_moderators(theme.id, told, f"relay:flood:{job.id}", but=who)

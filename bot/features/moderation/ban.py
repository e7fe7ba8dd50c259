"""Whether what somebody said in the day before they were banned goes everywhere: who moderates decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.call import Call
from bot.features.moderation.log import note
from bot.features.moderation.mute import MOST, MUTE, moderated
from bot.features.moderation.records import Deed
from bot.model.carried import AND_THEN, AT_A_TIME, LAST_SAID
from bot.model.message import Button, Message, message, text
from bot.model.people import Identity, Place, Resident
from bot.model.work import Job
from bot.people import keep
from bot.ports.storage import Transaction
from bot.themes import keep_number

YES, NO, ERASES = "mod erase", "mod spare", "mod.erases"
_START, _MINUTE = datetime.fromtimestamp(0, UTC), timedelta(minutes=1)


def banned_due(call: Call, job: Job) -> None:
    """Who moderates is asked, once a day about one person at the most."""
    number, who = map(int, job.subject.split(":"))
    theme, until = next(iter(call.tx.places.themes([number])), None), _whole_minute(call.now)
    person = next(iter(call.tx.people.numbered(who, None, aloof=True)), None)
    count = _count(call.tx, number, who, until)
    if theme is None or person is None or not count:
        return
    given = {"who": keep(person), "theme": keep_number(number)}
    at = {"minute": (until - _START) // _MINUTE}
    buttons = [
        Button(text("mod.button.erase"), YES, {**given, **at}, style="danger"),
        Button(text("mod.button.spare"), NO, {**given, **at}),
        Button(text("mod.button.mute"), MUTE, {**given, "length": f"{MOST.days}d"}),
    ]
    asked = message(
        text("mod.banned", who=person, theme=theme.name, count=count),
        text("mod.banned.elsewhere", who=person),
        buttons=buttons,
    )
    call.tell_moderators(number, asked, f"mod:banned:{number}:{who}:{call.now:%Y-%m-%d}", but=who)


def erase(call: Call, who: Resident, minute: int, *, theme: str | None = None) -> Message:
    """It goes everywhere, a few at a time."""
    found, until = moderated(call, theme), _moment(minute)
    count = _count(call.tx, found.id, who.id, until)
    if not count:
        return message(text("mod.erase.nothing", who=who, theme=found.name))
    subject = f"{found.id}:{minute}:{who.id}"
    if call.tx.uses.count(who.id, f"{YES} {found.id}", call.now):
        return message(text("mod.erase.already", who=who, theme=found.name))
    call.tx.uses.add(who.id, f"{YES} {found.id}", call.now + timedelta(hours=1))
    call.schedule(ERASES, subject, call.now)
    note(call, found.id, Deed.ERASED, who)
    minutes = max(1, -(-count // AT_A_TIME) * AND_THEN // _MINUTE)
    return message(text("mod.erase.begun", who=who, theme=found.name, count=count, minutes=minutes))


def spare(call: Call, who: Resident, minute: int, *, theme: str | None = None) -> Message:
    """It stays."""
    found = moderated(call, theme)
    note(call, found.id, Deed.KEPT, who)
    return message(text("mod.spared", who=who, theme=found.name))


def erases_due(call: Call, job: Job) -> None:
    """Some of it goes."""
    number, minute, who = map(int, job.subject.split(":"))
    until, places = _moment(minute), call.tx.places.of_theme(number)
    more = [
        call.tx.copies.take_everywhere(account, places, until - LAST_SAID, until, AT_A_TIME, call.now)
        for account in _accounts(call.tx, who)
    ]
    if any(more):
        call.schedule(ERASES, job.subject, call.now + AND_THEN)


def _count(tx: Transaction, theme: int, who: int, until: datetime) -> int:
    places: Sequence[Place] = tx.places.of_theme(theme)
    said = (tx.copies.said_since(each, places, until - LAST_SAID, until) for each in _accounts(tx, who))
    return sum(said)


def _accounts(tx: Transaction, who: int) -> Sequence[Identity]:
    return tx.people.accounts([who]).get(who, ())


def _moment(minute: int) -> datetime:
    return _START + minute * _MINUTE


def _whole_minute(at: datetime) -> datetime:
    """The first that is not before it."""
    return _moment(-(-(at - _START) // _MINUTE))

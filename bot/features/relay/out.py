"""Staying out: whose words stay where they say them, and are taken away where they stand already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.call import Call
from bot.errors import UserError
from bot.features.relay.records import RELAYS
from bot.model.carried import AND_THEN, AT_A_TIME, UNNAME
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Identity
from bot.model.work import Job
from bot.ports.storage import Transaction
from bot.sign_counts import recount

ME, ERASE = "me relay", "relay.erase"
SIGNS_AT_A_TIME = 100
# By so much the clock of a platform may be ahead.
SKEW = timedelta(minutes=5)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_START, _MICROSECOND = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


class Wanted(StrEnum):
    """Whether what somebody says stands in other places too."""

    ON = "on"
    OFF = "off"


def stay_out(call: Call, wanted: Wanted | None = None, *, erase: bool = False) -> Message:
    """Say whether what you say stands in other places too; with `erase` what stands there is taken away."""
    relays, resident = call.tx.of(RELAYS), call.resident.id
    if wanted is Wanted.ON:
        if erase:
            raise UserError("relay.me.either", usage=_usage(call, Wanted.OFF, erase=True))
        is_news = relays.come_back(resident, call.now)
        return message(
            text("relay.me.on" if is_news else "relay.me.on.already", usage=_usage(call, Wanted.OFF))
        )
    if wanted is None and not erase:
        return _how_it_is(call)
    is_news = relays.stay_out(resident, call.now)
    lines = [text("relay.me.off" if is_news else "relay.me.off.already", usage=_usage(call, Wanted.ON))]
    if erase:
        return message(*lines, _begin(call))
    if left := _count(call):
        return message(*lines, text("relay.me.stands", count=left), buttons=[_erase_button()])
    return message(*lines)


def _how_it_is(call: Call) -> Message:
    since, left = call.tx.of(RELAYS).out_since(call.resident.id), _count(call)
    stands = [text("relay.me.stands", count=left)] if left else []
    if since is None:
        other = Button(text("relay.me.button.off"), ME, {"wanted": Wanted.OFF.value})
        return message(text("relay.me.is.on", usage=_usage(call, Wanted.OFF)), *stands, buttons=[other])
    buttons = [Button(text("relay.me.button.on"), ME, {"wanted": Wanted.ON.value})]
    said = text("relay.me.is.off", since=since, usage=_usage(call, Wanted.ON))
    return message(said, *stands, buttons=[*buttons, _erase_button()] if left else buttons)


def _erase_button() -> Button:
    args = {"wanted": Wanted.OFF.value, "erase": True}
    return Button(text("relay.me.button.erase"), ME, args, style="danger")


def _usage(call: Call, wanted: Wanted, *, erase: bool = False) -> str:
    given = {"wanted": wanted} | ({"erase": True} if erase else {})
    return call.commands.usage(call.commands.by_path[ME], call.locale, given)


# --- what stands elsewhere ---


def _accounts(tx: Transaction, resident: int) -> Sequence[Identity]:
    return tx.people.accounts([resident]).get(resident, ())


def _count(call: Call) -> int:
    """How many messages of theirs stand elsewhere."""
    accounts = _accounts(call.tx, call.resident.id)
    return sum(call.tx.copies.elsewhere(account, call.now + SKEW) for account in accounts)


def _begin(call: Call) -> Text:
    count = _count(call)
    if not count:
        return text("relay.me.nothing")
    _plan(call.tx, call.resident.id, call.now + SKEW, call.resident.id)
    minutes = -(-count // AT_A_TIME) * AND_THEN // timedelta(minutes=1)
    return text("relay.me.erasing", count=count, minutes=max(1, minutes))


def _plan(tx: Transaction, resident: int, until: datetime, told: int) -> None:
    """By the numbers that the map has for them: these are nobody's once they are forgotten."""
    numbers = [tx.copies.speaker(account) for account in _accounts(tx, resident)]
    speakers = ",".join(str(number) for number in numbers if number is not None)
    if speakers:
        subject = f"{speakers}:{(until - _START) // _MICROSECOND}:{told}"
        tx.jobs.add(ERASE, subject, _START, f"{ERASE}:{speakers}")


def take_away(tx: Transaction, resident: int) -> None:
    """Whoever is forgotten says nothing elsewhere any more."""
    _plan(tx, resident, _LATEST, 0)


def erase_due(call: Call, job: Job) -> None:
    """Some of what they said until then is taken away where they did not say it."""
    speakers, until, resident = job.subject.split(":")
    before, copies = _START + int(until) * _MICROSECOND, call.tx.copies
    numbers = [int(number) for number in speakers.split(",")]
    signs_left = sum(_take_signs(call, number) for number in numbers)
    if signs_left or any(copies.take_away(number, before, AT_A_TIME, call.now) for number in numbers):
        call.schedule(ERASE, job.subject, call.now + AND_THEN, f"{ERASE}:{speakers}")
    elif int(resident):
        call.tell(int(resident), message(text("relay.me.erased")), f"{ERASE}:{job.id}")


def unname_due(call: Call, job: Job) -> None:
    """Some of what somebody said who was forgotten stays elsewhere in nobody's name; their signs do not."""
    signs_left = _take_signs(call, int(job.subject))
    if call.tx.copies.unname(int(job.subject), AT_A_TIME, call.now) or signs_left:
        call.schedule(UNNAME, job.subject, call.now + AND_THEN, f"{UNNAME}:{job.subject}")


def _take_signs(call: Call, speaker: int) -> bool:
    """Some of what they put on messages stands nowhere else for them any more; whether there may be more."""
    found = call.tx.signs.some_of(speaker, SIGNS_AT_A_TIME)
    recount(call.tx, found, call.now)
    return bool(found)

"""Thanking by a sign that somebody puts on a message of another's: the message is the reason.

Plein says nothing of it where others read it: who did it and whom it thanks hear of it alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos import give, month, show, undo
from bot.features.kudos.records import KUDOS, Kudos
from bot.features.kudos.words import Receivers
from bot.model.message import Message, message, text
from bot.model.people import Place

SIGN, DAY = "kudos sign", timedelta(days=1)
# So often a sign that was taken away can be put back: whom it thanks hears of each.
OFTEN = 3


def thank_by_sign(call: Call, who: Receivers | None = None, *, on: bool) -> Message | None:
    """A sign that thanks was put on a message, or taken away."""
    if call.about is None or call.place is None:
        return None
    # By the message's own id: wherever else it is carried, it is that one.
    this = _message(call.place, call.about.ref)
    found = call.tx.of(KUDOS).for_message(call.resident.id, this)
    if not on:
        return undo.withdraw(call, found.id) if found and found.stands else None
    # Of what nobody knows who wrote it nothing can be made.
    if not found and not who:
        return None
    try:
        return _again(call, found) if found else _thank(call, this, who or Receivers())
    except UserError as refused:
        return _once_a_day(call, message(refused.text))


def _thank(call: Call, this: str, who: Receivers) -> Message | None:
    """Raises: UserError where that may not be."""
    assert call.about
    where = call.theme()
    tastes = give.check_may(call, where.id, who)
    today = give.given_today(call)
    if enough := give.had_enough(call, today):
        return _once_a_day(call, enough)
    give.check_often(call, who, today)
    given = replace(give.given(call, where.id, ""), message=this, link=call.about.link)
    found = call.tx.of(KUDOS).add(given, who, tastes)
    give.count_today(call, found)
    give.tell(call, found, where, tastes)
    month.plan(call, where.id)
    return message(text("kudos.sign.given", who=show.receivers(found.receivers)))


def _once_a_day(call: Call, said: Message) -> Message | None:
    """People put signs on messages by the dozen, and did not ask to hear anything."""
    if call.used(SIGN, DAY):
        return None
    call.use(SIGN, within=DAY)
    return said


def _again(call: Call, found: Kudos) -> Message | None:
    """It was put there before: giver, receiver and message are one."""
    if found.stands:
        return None
    # Also where it thanks them by now and they hid it.
    if call.tx.of(KUDOS).thanks(found.id, call.resident.id):
        raise UserError("kudos.yourself")
    who, times = Receivers(found.receivers), call.used(undo.again(found), DAY)
    is_for_nobody = not any(each.resident or each.name for each in found.receivers)
    if is_for_nobody or found.state != "withdrawn" or call.now - found.given_at > DAY or times >= OFTEN:
        raise UserError("kudos.gone", kudos=found.id)
    tastes = give.check_may(call, found.theme, who)
    today = give.given_on(call, found.day)
    if today.thanked.intersection(found.residents):
        raise UserError("kudos.sign.twice", who=show.whom(found, who))
    call.tx.of(KUDOS).change(found.id, state="given")
    give.tell_again(call, found, tastes, times)
    call.use(undo.again(found), within=DAY)
    return message(text("kudos.sign.again", who=show.whom(found, who)))


def lose(call: Call, place: Place, refs: Collection[str]) -> None:
    """What thanks for a message that is no more says so."""
    for number in call.tx.of(KUDOS).lose([_message(place, ref) for ref in refs]):
        call.changed(show.subject(number))


def _message(place: Place, ref: str) -> str:
    return f"{place.platform}:{place.room_id}:{ref}"

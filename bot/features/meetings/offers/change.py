"""Offering something, for a theme or a meeting, and withdrawing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import check_not_cancelled, find, is_ahead
from bot.features.meetings.offers.lapse import plan_lapse
from bot.features.meetings.offers.records import OFFERS, STANDS_FOR, Offer
from bot.features.meetings.offers.show import ADD, WITHDRAW, example
from bot.features.meetings.records import MEETINGS, SUBJECT, Meeting
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Role, Theme
from bot.themes import keep
from bot.unseen import seen_as

SHORTEST, LONGEST = 3, 200
# So many of one person are open in a theme; and so many one person makes in a day.
MOST, OFFERED_A_DAY, DAY = 5, 20, timedelta(days=1)


def add_offer(call: Call, what: str, *, meeting: int | None = None, theme: str | None = None) -> Message:
    """Offer something; the same again stands for another year, or is for that meeting from now on."""
    found = _meeting(call, meeting) if meeting is not None else None
    where = call.tx.places.themes([found.theme])[0] if found else call.theme(theme)
    call.check_writes(where.id)
    if len(seen_as(what)) < SHORTEST or len(what) > LONGEST:
        raise UserError("offer.length", least=SHORTEST, most=LONGEST, usage=example(call))
    open_here = call.tx.of(OFFERS).open([where.id])
    mine = [each for each in open_here if each.resident == call.resident.id]
    for each in mine:
        if seen_as(each.what) == seen_as(what):
            return _again(call, where, each, found)
    if len(mine) >= MOST:
        raise UserError("offer.many", count=MOST, theme=where.name)
    if (count := call.used(ADD, DAY)) >= OFFERED_A_DAY:
        raise UserError("offer.often", count=count)
    call.use(ADD, within=DAY)
    until = call.now + STANDS_FOR
    offer = call.tx.of(OFFERS).add(
        where.id, found.id if found else None, call.resident.id, what, call.now, until
    )
    plan_lapse(call, offer)
    call.undo_with(WITHDRAW, offer=offer.id)
    return _told(call, where, offer, found, text("offer.added", offer=offer.id, what=what, theme=where.name))


def _again(call: Call, where: Theme, offer: Offer, meeting: Meeting | None) -> Message:
    kept = call.tx.of(OFFERS)
    if offer.meeting is not None and meeting and offer.meeting != meeting.id:
        call.changed(f"{SUBJECT}:{offer.meeting}")
    kept.change(offer.id, meeting.id if meeting else offer.meeting, call.now + STANDS_FOR)
    now = kept.get(offer.id)
    assert now
    plan_lapse(call, now)
    found = meeting or (call.tx.of(MEETINGS).get(now.meeting) if now.meeting else None)
    if meeting:
        for_it = {"title": meeting.title, "start": meeting.starts_at}
        said = text("offer.now_for", offer=now.id, what=now.what, **for_it)
        call.changed(f"{SUBJECT}:{meeting.id}")
        return message(said, buttons=[_withdraw(now)])
    return _told(call, where, now, found, text("offer.again", offer=now.id, what=now.what, theme=where.name))


def _told(call: Call, where: Theme, offer: Offer, meeting: Meeting | None, said: Text) -> Message:
    """What became of it, and what can be done about it."""
    if meeting:
        call.changed(f"{SUBJECT}:{meeting.id}")
        of = text("offer.for", title=meeting.title, start=meeting.starts_at)
        return message(said, of, buttons=[_withdraw(offer)])
    coming = [each for each in call.tx.of(MEETINGS).coming([where.id], 2) if is_ahead(call, each)]
    buttons = [
        Button(
            text("offer.button.for", title=each.title),
            ADD,
            {"what": offer.what, "meeting": each.id},
        )
        for each in coming[:1]
    ]
    return message(said, text("offer.added.found"), buttons=[*buttons, _withdraw(offer)])


def _withdraw(offer: Offer) -> Button:
    return Button(text("offer.button.withdraw", offer=offer.id), WITHDRAW, {"offer": offer.id})


def _meeting(call: Call, number: int) -> Meeting:
    found = find(call, number)
    check_not_cancelled(found)
    if not is_ahead(call, found):
        raise UserError("offer.over", title=found.title, start=found.starts_at, usage=example(call))
    return found


def withdraw_offer(call: Call, offer: int) -> Message:
    """Offer it no more; who moderates the theme can have that too."""
    found = call.tx.of(OFFERS).get(offer)
    if not call.is_theirs(found.theme if found else None, call.tx.places.inhabited) or found is None:
        raise UserError("offer.unknown", offer=offer)
    is_mine = found.resident == call.resident.id
    if not is_mine and not call.may(Role.MODERATOR, found.theme):
        raise UserError("offer.not_yours", offer=offer, what=found.what)
    call.tx.of(OFFERS).withdraw(found.id)
    if found.meeting is not None:
        call.changed(f"{SUBJECT}:{found.meeting}")
    said = text("offer.withdrawn", offer=offer, what=found.what)
    return message(said, buttons=[_offer_again(call, found)] if is_mine else ())


def _offer_again(call: Call, offer: Offer) -> Button:
    meeting = call.tx.of(MEETINGS).get(offer.meeting) if offer.meeting else None
    args: dict[str, Any] = {"what": offer.what, "theme": keep(call.tx.places.themes([offer.theme])[0])}
    if meeting and is_ahead(call, meeting):
        args = {"what": offer.what, "meeting": meeting.id}
    return Button(text("offer.button.again"), ADD, args)

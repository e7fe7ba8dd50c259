"""Thanking: who may thank whom, how often, and how whoever is thanked hears of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot import when
from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.kudos import known, month, show
from bot.features.kudos.find import is_theirs
from bot.features.kudos.records import (
    KUDOS,
    Given,
    Kudos,
    KudosSettings,
    Receiver,
    Receives,
    Taste,
    thanks_openly,
)
from bot.features.kudos.words import Receivers, keep_receiver
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Resident, Theme, Together
from bot.themes import keep
from bot.unseen import seen_as

GIVE, BACK = "kudos give", "kudos back"
SHORTEST, LONGEST = 5, 300
# An account that has been there for less than that is new.
NEW_FOR = timedelta(days=7)
# What thanks back within that stands under what it thanks for.
BACK_WITHIN = timedelta(days=1)
# More than so many are a group; one person thanks so many groups in a week.
GROUP, GROUPS, WEEK = 3, 2, timedelta(days=7)
_GROUP = TOGETHER = "kudos group"
OFFERED, DONE = "kudos offer", "kudos done"
# And so many who did something together.
MOST_TOGETHER = 200
# In the morning people can be reminded that they may thank again.
_MORNING = time(9)
# What is given late in a day may be dealt with on the next.
_COUNTS_FOR = timedelta(days=2)


def thank(call: Call, who: Receivers, reason: str, *, theme: str | None = None) -> Message:
    """Thank somebody for something, for the others of a theme to read."""
    where = call.theme(theme)
    check_reason(reason)
    tastes = check_may(call, where.id, who)
    if len(who) == 1 and (first := _thanked_by(call, who[0])):
        return _reply(call, first, reason)
    today = given_today(call)
    if enough := had_enough(call, today):
        return enough
    check_often(call, who, today)
    found = _add(call, where, who, reason, tastes)
    tell(call, found, where, tastes)
    return _receipt(call, found, where)


def thank_group(call: Call, meeting: int, reason: str) -> Message:
    """Thank those who were at a meeting that is over: it is one thank, and one message."""
    found = call.belongings.together(call.tx, f"meeting:{meeting}")
    if not is_theirs(call, found.theme if found else None) or found is None:
        raise UserError("kudos.together.unknown", meeting=meeting)
    call.check_writes(found.theme)
    check_reason(reason)
    return _thank_together(call, found, reason)


def thank_for(call: Call, done: str) -> Message:
    """Thank those who did what that subject is about, for just that: one of them by name."""
    found = call.belongings.together(call.tx, done)
    if not is_theirs(call, found.theme if found else None) or found is None:
        raise UserError("kudos.done.unknown")
    call.check_writes(found.theme)
    return _thank_together(call, found, found.name, by_name=len(found.people) == 1)


def _thank_together(call: Call, found: Together, reason: str, *, by_name: bool = False) -> Message:
    tastes, today = call.tx.of(KUDOS).hold_tastes(found.people), given_today(call)
    who = _together(call, found, tastes, today)
    if enough := had_enough(call, today):
        return enough
    if not by_name:
        _count_group(call)
    (theme,) = call.tx.places.themes([found.theme])
    kudos = _add(call, theme, who, reason, tastes, of_group=None if by_name else found.name)
    tell(call, kudos, theme, tastes)
    others = len(found.people) + found.others - (call.resident.id in found.people) - len(who)
    return _receipt(call, kudos, theme, *([text("kudos.group.others", count=others)] if others else ()))


def thank_for_offer(call: Call, offer: int, reason: str) -> Message:
    """Thank whoever brought what they offered to a meeting that is over."""
    found = call.belongings.together(call.tx, f"offer:{offer}")
    if not is_theirs(call, found.theme if found else None) or found is None:
        raise UserError("kudos.offer.unknown", offer=offer)
    (theme,) = call.tx.places.themes([found.theme])
    return thank(call, Receivers(map(Receiver, found.people)), reason, theme=keep(theme))


def _together(call: Call, found: Together, tastes: Mapping[int, Taste], today: Today) -> Receivers:
    """Those of them who like to be thanked, and were not today by whoever does so now. Raises: UserError."""
    others = [who for who in found.people if who != call.resident.id]
    others = [who for who in others if tastes.get(who, Taste()).receives is not Receives.NOT]
    if not others:
        raise UserError("kudos.together.nobody")
    if len(others) > MOST_TOGETHER:
        raise UserError("kudos.together.many", count=len(others), most=MOST_TOGETHER)
    if today.thanked >= set(others):
        raise UserError("kudos.together.twice")
    return Receivers(
        Receiver(who, unseen=found.seen is not None and who not in found.seen)
        for who in others
        if who not in today.thanked
    )


def thank_back(call: Call, kudos: int | None = None, reason: str | None = None) -> Message:
    """Thank whoever thanked you, or did so last: it is said under theirs."""
    kudos = _last_to(call) if kudos is None else kudos
    found = call.tx.of(KUDOS).get(kudos)
    if found is None or call.resident.id not in found.residents or not call.takes_part(found.theme):
        raise UserError("kudos.unknown", kudos=kudos)
    if not found.stands or found.giver is None:
        raise UserError("kudos.gone", kudos=kudos)
    if reason is not None:
        check_reason(reason)
    check_may(call, found.theme, Receivers([Receiver(found.giver)]))
    return _reply(call, found, reason or "")


def _last_to(call: Call) -> int:
    """The last that thanks them, of the last day. Raises: UserError where there is none."""
    last = call.tx.of(KUDOS).received(call.resident.id, None, 1)
    if not last or call.now - last[0].given_at > BACK_WITHIN:
        raise UserError("kudos.back.which")
    return last[0].id


def check_reason(reason: str) -> None:
    """Raises: UserError where it says too little or too much."""
    if not seen_as(reason):
        raise UserError("kudos.reason.none")
    if len(reason) < SHORTEST:
        raise UserError("kudos.reason.short", least=SHORTEST)
    if len(reason) > LONGEST:
        raise UserError("kudos.reason.long", count=len(reason), most=LONGEST)


def _residents(who: Sequence[Receiver]) -> Sequence[int]:
    return [receiver.resident for receiver in who if receiver.resident is not None]


def check_may(call: Call, theme: int, who: Receivers) -> Mapping[int, Taste]:
    """How each of these likes to be thanked. Raises: UserError where they may not thank them there."""
    call.check_writes(theme)
    if call.resident.id in _residents(who):
        raise UserError("kudos.yourself")
    tastes = call.tx.of(KUDOS).hold_tastes(_residents(who))
    if not_wanted := {who for who, taste in tastes.items() if taste.receives is Receives.NOT}:
        _check_others(
            text("kudos.not_wanted", who=_named(not_wanted), count=len(not_wanted)), who, not_wanted
        )
    return tastes


def _named(who: Collection[int]) -> tuple[Resident, ...]:
    return tuple(Resident(each, "") for each in sorted(who))


def _check_others(why: Text, who: Receivers, but: Collection[int]) -> None:
    """Raises: UserError that says why some cannot be thanked; Unsure where others are named beside them."""
    others = [each for each in who if each.resident not in but]
    if not others:
        raise UserError(why.key, **why.values)
    asked = text("kudos.others", why=why, who=show.receivers(others))
    raise Unsure(asked, yes(who=[*map(keep_receiver, others)]))


# --- how often ---


def day_of(call: Call) -> date:
    """The day that it counts for, by the community's clocks: that on which Plein hears it, as when somebody
    said so is for their own server to tell.
    """
    return _day(call.now, call.zone)


@lru_cache(64)  # asked again and again while one is given
def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class Today:
    """How many somebody gave in a day, but what thanks back; those that they took back are among them. And
    whom they thanked, with what stands still.
    """

    count: int
    thanked: frozenset[int]


def given_today(call: Call) -> Today:
    """What whoever asks gave on the day of now."""
    return given_on(call, day_of(call).isoformat())


def given_on(call: Call, day: str) -> Today:
    """What they gave on that day, two days ago at most.

    It goes by what they did, not by whose that is: an account that leaves somebody leaves what it gave.
    """
    numbers = call.tx.uses.names(call.resident.id, _on(day), call.now)
    return Today(len(numbers), call.tx.of(KUDOS).whom([*map(int, numbers)]))


def count_today(call: Call, found: Kudos) -> None:
    """It is one of those of the day."""
    call.use(f"{_on(found.day)}{found.id}", _COUNTS_FOR)


def _on(day: str) -> str:
    return f"{GIVE} {day} "


def had_enough(call: Call, today: Today) -> Message | None:
    """What they are told who thanked as often as one does in a day, with a way to be reminded."""
    most, day = call.settings.of(KudosSettings).thanks_a_day, day_of(call)
    if today.count < most:
        return None
    again = when.at(day + timedelta(days=1), _MORNING, call.zone)
    buttons = []
    if words := call.commands.texts.find("kudos.remind", call.locale):
        buttons = [
            Button(text("kudos.button.remind"), "remind me", {"due": again.isoformat(), "what": words})
        ]
    return message(text("kudos.enough", count=most, at=again), buttons=buttons)


def check_often(call: Call, who: Receivers, today: Today) -> None:
    """Raises: UserError where they thanked one of them today, or too many at once too often."""
    check_pair(who, today)
    if len(who) > GROUP:
        _count_group(call)


def check_pair(who: Receivers, today: Today) -> None:
    """Raises: UserError where they thanked one of them that day."""
    if twice := today.thanked.intersection(_residents(who)):
        _check_others(text("kudos.twice", who=_named(twice)), who, twice)


def _count_group(call: Call) -> None:
    """Raises: UserError where they thanked groups too often this week."""
    if call.used(_GROUP, WEEK) >= GROUPS:
        raise UserError("kudos.groups", count=GROUPS, most=GROUP)
    call.use(_GROUP, WEEK)


# --- thanking back ---


def _thanked_by(call: Call, receiver: Receiver) -> Kudos | None:
    """By what they thanked whoever thanks them now, a day ago at most."""
    if receiver.resident is None:
        return None
    since = call.now - BACK_WITHIN
    return call.tx.of(KUDOS).last_from(receiver.resident, call.resident.id, since)


def _reply(call: Call, first: Kudos, reason: str) -> Message:
    """Once under each, taken back or not: whoever is thanked so hears every one."""
    kept = call.tx.of(KUDOS)
    if kept.replied(first.id, call.resident.id):
        raise UserError("kudos.back.twice", who=show.giver(first))
    to = [Receiver(first.giver)]
    tastes = kept.hold_tastes(_residents(to))
    found = kept.add(given(call, first.theme, reason, replies_to=first.id), to, tastes)
    call.changed(show.subject(first))
    if first.giver is not None:
        call.tell(first.giver, message(show.reply(found)), show.told_back(first, found), begun=True)
    call.undo_with("kudos withdraw", kudos=found.id)
    is_read = thanks_openly(first.receivers, call.resident.id)
    return message(text("kudos.back" if is_read else "kudos.back.alone", who=show.giver(first)))


# --- keeping it, and telling ---


def given(
    call: Call, theme: int, reason: str, *, replies_to: int | None = None, of_group: str | None = None
) -> Given:
    return Given(
        theme=theme,
        giver=call.resident.id,
        given_at=call.now,
        day=day_of(call).isoformat(),
        reason=reason,
        replies_to=replies_to,
        is_early=_is_new(call),
        of_group=of_group,
    )


def _is_new(call: Call) -> bool:
    """Whether the account that speaks came less than a week ago, in any theme."""
    if call.since_here and call.now - call.since_here >= NEW_FOR:
        return False
    parts = call.tx.people.parts(call.resident.id)
    since = [part.since for account, _, part in parts if account == call.identity]
    return not since or call.now - min(since) < NEW_FOR


def _add(
    call: Call,
    where: Theme,
    who: Receivers,
    reason: str,
    tastes: Mapping[int, Taste],
    of_group: str | None = None,
) -> Kudos:
    found = call.tx.of(KUDOS).add(given(call, where.id, reason, of_group=of_group), who, tastes)
    count_today(call, found)
    if show.seen_by_all(found):
        # It is news now, and nowhere that comes later.
        call.board(show.subject(found), where.id, call.resident.id, lasting=False)
    month.plan(call, where.id)
    call.undo_with("kudos withdraw", kudos=found.id)
    call.in_sight = True
    return found


def tell(call: Call, found: Kudos, where: Theme, tastes: Mapping[int, Taste]) -> None:
    """Each hears of it once: in private where they talk with Plein, or are not there to read it; else the
    message itself is for them. At the first that they hear of there each is asked whether such may be on the
    wall; at the first that is for what they say that they know, whether it may say so there.
    """
    named = show.named_aloud(call, found, tastes) if found.message is None else ()
    for resident in found.residents:
        taste = tastes.get(resident, Taste())
        asks, knows = not taste.asked, known.endorse(call, found, taste)
        if resident in named and not asks and not knows:
            continue
        said = show.for_receiver(found, where, asks=asks, knows=knows)
        call.tell(resident, said, show.told_to(found, resident), begun=True, beside=True)
        if asks:
            call.tx.of(KUDOS).choose(resident, replace(taste, asked=True))


def tell_again(call: Call, found: Kudos, tastes: Mapping[int, Taste], times: int) -> None:
    """It was taken back and stands again, as it did so many times before: whoever heard that it does not, or
    nothing yet, hears so.
    """
    (where,) = call.tx.places.themes([found.theme])
    for resident in found.residents:
        thanks = show.told_again(found, resident, times)
        end = show.told_of_end(found, "withdrawn", resident, times)
        call.tx.told.skip(resident, end)
        said, taste = call.tx.told.known([thanks, end]), tastes.get(resident, Taste())
        if thanks in said and end not in said:
            continue
        again = show.for_receiver(found, where, asks=thanks not in said and taste.wall is None)
        key = show.told_again(found, resident, times + 1) if thanks in said else thanks
        call.tell(resident, again, key, begun=True, beside=True)


def _receipt(call: Call, found: Kudos, where: Theme, *more: Text) -> Message:
    """Where it can be read; what somebody wants to read alone nobody else does."""
    seen, alone = show.seen_by_all(found), [each for each in found.receivers if each.alone]
    undo = Button(text("kudos.button.withdraw"), "kudos withdraw", {"kudos": found.id})
    lines: list[Text] = []
    if seen:
        lines.append(text("kudos.given", who=show.whom(found, seen), theme=where.name, kudos=found.id))
    if alone:
        lines.append(text("kudos.given.alone", who=show.whom(found, alone), kudos=found.id))
    return message(*lines, *more, buttons=[undo])

"""What changes an agenda: adding to it, wanting something too, putting it in order, and dropping from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.meetings.agenda.lines import show_button, sum_of
from bot.features.meetings.agenda.records import AGENDAS, Item
from bot.features.meetings.agenda.show import ADD, SUPPORT, card
from bot.features.meetings.agenda.words import Minutes, keep_minutes, split_length
from bot.features.meetings.find import (
    check_not_cancelled,
    check_own,
    find_running,
    is_ahead,
    is_own,
    usage,
)
from bot.features.meetings.length import parts
from bot.features.meetings.records import SUBJECT, Meeting
from bot.model.message import Button, Message, Text, message, text
from bot.unseen import seen_as

ORDER, DROP = "agenda order", "agenda drop"
STOP, PUT_BACK = "agenda stop supporting", "agenda put back"
SHORTEST, LONGEST = 2, 200
# An item of which nobody says how long it takes.
USUAL = 10
# So many items an agenda holds, and of one person; and so many one person adds in a day.
MOST, MOST_OF_ONE, ADDED_A_DAY, DAY = 30, 10, 50, timedelta(days=1)


def add_item(
    call: Call, called: str, lasting: Minutes | None = None, *, meeting: int | None = None
) -> Message:
    """Put something on the agenda of a meeting; the same again, by whoever did, with another length."""
    found = _find(call, meeting)
    call.check_writes(found.theme)
    if lasting is None:
        _ask_about_length(call, found, called)
    if len(seen_as(called)) < SHORTEST or len(called) > LONGEST:
        raise UserError("agenda.length", least=SHORTEST, most=LONGEST, count=len(called))
    kept, minutes = call.tx.of(AGENDAS), int(lasting or USUAL)
    items = kept.items(found.id)
    if twin := next((each for each in items if seen_as(each.called) == seen_as(called)), None):
        return _lasts_otherwise(call, found, twin, lasting)
    _check_many(call, found, items)
    call.use(ADD, within=DAY)
    item = kept.add(found.id, call.resident.id, called, minutes, call.now)
    call.changed(f"{SUBJECT}:{found.id}")
    call.undo_with(DROP, item=item.number, meeting=found.id)
    said = text("agenda.added", item=item.number, called=called, lasts=parts(item.lasts), **_of(found))
    how = [] if lasting else [text("agenda.added.usual", usage=_with_length(call, called))]
    drop = Button(text("agenda.button.drop"), DROP, {"item": item.number, "meeting": found.id})
    return message(said, *how, _total(call, found), buttons=[show_button(found), drop])


def _ask_about_length(call: Call, meeting: Meeting, called: str) -> None:
    """Whether it ends in how long it takes: "Verlichting pad 10m". Raises: Unsure."""
    if (split := split_length(called, call.locale)) is None:
        return
    words, length = split
    meant = {"called": words, "lasting": length, "meeting": meeting.id}
    line = usage(call, ADD, {"called": words, "lasting": length})
    usual = {"called": called, "lasting": keep_minutes(USUAL), "meeting": meeting.id}
    raise Unsure(text("line.meant", line=line), [*yes(**meant), (text("line.words"), usual)]).openly()


def _with_length(call: Call, called: str) -> str:
    return usage(call, ADD, {"called": called, "lasting": "20m"})


def _lasts_otherwise(call: Call, meeting: Meeting, item: Item, lasting: Minutes | None) -> Message:
    """What stands there already takes so long from now on. Raises: UserError where it is another's."""
    if item.resident != call.resident.id:
        given = {"item": item.number, "meeting": meeting.id}
        raise UserError(
            "agenda.twin", item=item.number, called=item.called, usage=usage(call, SUPPORT, given)
        )
    if lasting is None or lasting == item.minutes:
        line = _with_length(call, item.called)
        raise UserError("agenda.twin.own", item=item.number, called=item.called, usage=line)
    call.tx.of(AGENDAS).change_length(item, lasting)
    call.changed(f"{SUBJECT}:{meeting.id}")
    lasts = parts(timedelta(minutes=lasting))
    said = text("agenda.lasts", item=item.number, called=item.called, lasts=lasts)
    return message(said, _total(call, meeting), buttons=[show_button(meeting)])


def _check_many(call: Call, meeting: Meeting, items: Sequence[Item]) -> None:
    if len(items) >= MOST:
        raise UserError("agenda.full", count=MOST, title=meeting.title)
    mine = sum(item.resident == call.resident.id for item in items)
    if mine >= MOST_OF_ONE:
        raise UserError("agenda.full.yours", count=mine, usage=usage(call, DROP))
    if (count := call.used(ADD, DAY)) >= ADDED_A_DAY:
        raise UserError("agenda.often", count=count)


def support_item(call: Call, item: int, *, meeting: int | None = None) -> Message:
    """Say that you want to speak of it too."""
    found = _find(call, meeting)
    call.check_writes(found.theme)
    kept, wanted = call.tx.of(AGENDAS), _item(call, found, item)
    told = {"item": wanted.number, "called": wanted.called}
    if wanted.resident == call.resident.id:
        raise UserError("agenda.support.own", **told)
    args = {"item": wanted.number, "meeting": found.id}
    buttons = [show_button(found), Button(text("agenda.button.stop"), STOP, args)]
    if wanted.number in kept.supported_by(found.id, call.resident.id):
        return message(text("agenda.support.already", **told), buttons=buttons)
    kept.support(wanted, call.resident.id, call.now)
    call.undo_with(STOP, **args)
    return message(text("agenda.supported", **told), buttons=buttons)


def stop_supporting(call: Call, item: int, meeting: int) -> Message:
    """Take that back."""
    found = _find(call, meeting)
    wanted = _item(call, found, item)
    call.tx.of(AGENDAS).stop_supporting(wanted, call.resident.id)
    said = text("agenda.not_supported", item=wanted.number, called=wanted.called)
    return message(said, buttons=[show_button(found)])


def order_items(call: Call, items: tuple[int, ...], *, meeting: int | None = None) -> Message:
    """Have these come first, in that order; the others stay behind them as they were."""
    found = _find(call, meeting)
    check_own(call, found)
    call.check_writes(found.theme)
    wanted = [_item(call, found, number) for number in items]
    for at, item in enumerate(wanted):
        if item in wanted[:at]:
            once = tuple(dict.fromkeys(items))
            raise UserError("agenda.order.twice", item=item.number, usage=usage(call, ORDER, {"items": once}))
    others = [item for item in call.tx.of(AGENDAS).items(found.id) if item not in wanted]
    call.tx.of(AGENDAS).order([*wanted, *others])
    return card(call, found, text("agenda.ordered"))


def drop_item(call: Call, item: int, *, meeting: int | None = None) -> Message:
    """Take it off the agenda: who added it, or who organises the meeting."""
    found = _find(call, meeting)
    unwanted = _item(call, found, item)
    _check_theirs(call, found, unwanted)
    call.tx.of(AGENDAS).drop(unwanted, taken_off=unwanted.resident != call.resident.id)
    call.changed(f"{SUBJECT}:{found.id}")
    args = {"item": unwanted.number, "meeting": found.id}
    call.undo_with(PUT_BACK, **args)
    said = text("agenda.dropped", item=unwanted.number, called=unwanted.called, title=found.title)
    return message(said, buttons=[Button(text("agenda.button.put_back"), PUT_BACK, args)])


def put_back(call: Call, item: int, meeting: int) -> Message:
    """It stands there after all, by whoever dropped it, or who organises the meeting."""
    found = _find(call, meeting)
    call.check_writes(found.theme)
    kept = call.tx.of(AGENDAS)
    wanted = kept.dropped(found.id, item)
    if wanted is None:
        raise _unknown(call, found, item)
    _check_theirs(call, found, wanted)
    if wanted.taken_off and not is_own(call, found):
        raise UserError("agenda.taken_off", item=wanted.number, called=wanted.called)
    items = kept.items(found.id)
    if any(seen_as(each.called) == seen_as(wanted.called) for each in items):
        raise UserError("agenda.put_back.twin", called=wanted.called)
    if len(items) >= MOST:
        raise UserError("agenda.full", count=MOST, title=found.title)
    kept.put_back(wanted)
    call.changed(f"{SUBJECT}:{found.id}")
    said = text("agenda.is_back", item=wanted.number, called=wanted.called)
    return message(said, buttons=[show_button(found)])


# --- which one ---


def _find(call: Call, number: int | None) -> Meeting:
    """The meeting whose agenda is meant, where it can be changed still. Raises: UserError."""
    found = find_running(call, number)
    check_not_cancelled(found)
    if not is_ahead(call, found):
        raise UserError("agenda.over", title=found.title, start=found.starts_at)
    return found


def _item(call: Call, meeting: Meeting, number: int) -> Item:
    """Raises: UserError where there is none of that number."""
    for item in call.tx.of(AGENDAS).items(meeting.id):
        if item.number == number:
            return item
    raise _unknown(call, meeting, number)


def _unknown(call: Call, meeting: Meeting, number: int) -> UserError:
    line = usage(call, show_button(meeting).command, {"meeting": meeting.id})
    return UserError("agenda.unknown", item=number, title=meeting.title, usage=line)


def _check_theirs(call: Call, meeting: Meeting, item: Item) -> None:
    if item.resident != call.resident.id and not is_own(call, meeting):
        raise UserError("agenda.not_yours", item=item.number, called=item.called)


def _of(meeting: Meeting) -> dict[str, object]:
    return {"title": meeting.title, "start": meeting.starts_at}


def _total(call: Call, meeting: Meeting) -> Text:
    return sum_of(call.tx.of(AGENDAS).total(meeting.id), meeting)

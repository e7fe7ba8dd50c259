"""Which offers there are, and finding one by its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import find, usage
from bot.features.meetings.offers.lines import LIST
from bot.features.meetings.offers.records import OFFERS, SUBJECT, Offer
from bot.features.meetings.records import MEETINGS, Meeting
from bot.model.message import Button, Message, Suggestion, Text, message, text, typed
from bot.model.people import Resident
from bot.ports.storage import Transaction
from bot.unseen import seen_as

ADD, WITHDRAW = "offer add", "offer withdraw"
PAGE = 10
# So much of what was looked for is quoted.
_SHOWN = 40


def list_offers(
    call: Call,
    sought: str | None = None,
    *,
    meeting: int | None = None,
    theme: str | None = None,
    page: int = 1,
) -> Message:
    """What is offered here, in that theme or for that meeting; in private, wherever you take part."""
    args: dict[str, Any] = {"sought": sought, "meeting": meeting, "theme": theme}
    if meeting is not None:
        where = find(call, meeting)
        title, found = text("offer.of_meeting", title=where.title), _of_meeting(call, where)
    else:
        here = call.theme(theme) if theme is not None or call.place else None
        themes = [here.id] if here else [each.id for each in call.themes()]
        title = text("offer.of_theme", theme=here.name) if here else text("offer.of_all")
        found = call.tx.of(OFFERS).open(themes)
    found = [each for each in _of_who_is_there(call, found) if _has(each, sought or "")]
    if not found:
        raise _nothing(call, sought).openly()
    pages = -(-len(found) // PAGE)
    if not 1 <= page <= pages:
        raise UserError("offer.page", count=pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    buttons = [button for each in shown for button in _buttons(call, each)]
    if page < pages:
        kept = {name: value for name, value in args.items() if value is not None}
        buttons.append(Button(text("agenda.button.more"), LIST, {**kept, "page": page + 1}))
    lines = [line(call.tx, each, named=meeting is None) for each in shown]
    return message(*lines, title=title, hints=[text("offer.how", usage=example(call))], buttons=buttons)


def _of_meeting(call: Call, meeting: Meeting) -> Sequence[Offer]:
    return call.tx.of(OFFERS).of_meeting(meeting.id)


def _of_who_is_there(call: Call, offers: Sequence[Offer]) -> Sequence[Offer]:
    """Those of people who are in the theme still."""
    parts = call.tx.people.parts_of(sorted({each.resident for each in offers})) if offers else {}
    return [each for each in offers if any(part.theme == each.theme for part in parts.get(each.resident, ()))]


def _has(offer: Offer, sought: str) -> bool:
    """Whether each of the words is in it, or begins a word in it or is a part of one."""
    words = seen_as(offer.what)
    return all(word in words for word in seen_as(sought).split())


def _nothing(call: Call, sought: str | None) -> UserError:
    if sought:
        return UserError("offer.none.of", sought=sought[:_SHOWN])
    return UserError("offer.none", usage=example(call))


def example(call: Call) -> str:
    """An offer as it could be typed."""
    words = call.commands.texts.find("offer.example", call.locale) or ""
    return usage(call, ADD, {"what": words})


def line(tx: Transaction, offer: Offer, *, named: bool) -> Text:
    """One: its number, whose it is; and with `named` for which meeting it is."""
    told: Mapping[str, Any] = {
        "offer": offer.id,
        "what": offer.what,
        "who": Resident(offer.resident, ""),
    }
    meeting = tx.of(MEETINGS).get(offer.meeting) if offer.meeting and named else None
    if meeting is None or meeting.state == "cancelled":
        return text("offer.line", **told)
    return text("offer.line.meeting", title=meeting.title, start=meeting.starts_at, **told)


def _buttons(call: Call, offer: Offer) -> Sequence[Button]:
    """What can be done about one: theirs can be withdrawn; another's was brought, and is thanked for."""
    meeting = call.tx.of(MEETINGS).get(offer.meeting) if offer.meeting else None
    is_over = meeting is not None and meeting.state == "held"
    if offer.resident != call.resident.id:
        return call.belongings.after(f"{SUBJECT}:{offer.id}") if is_over else ()
    if is_over:
        return ()
    return [Button(text("offer.button.withdraw", offer=offer.id), WITHDRAW, {"offer": offer.id})]


def suggest_offers(call: Call, given: str) -> Sequence[Suggestion]:
    """Their own."""
    return [
        Suggestion(each.id, typed(each.what))
        for each in call.tx.of(OFFERS).of_resident(call.resident.id)
        if given.casefold().removeprefix("#") in f"{each.id} {each.what.casefold()}"
    ]


def standing_offers(tx: Transaction, theme: int) -> Sequence[Text]:
    """How much is offered in a theme."""
    count = len(tx.of(OFFERS).open([theme]))
    return [text("offer.stands", count=count)] if count else ()

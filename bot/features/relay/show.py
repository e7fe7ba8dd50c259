"""How a theme's relay is; of one message, who put which sign on it, and what of that stands nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.call import Call
from bot.described import of
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.features.relay.switch import named, taking_no_part
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Identity, Place
from bot.model.signs import Put


def show_relay(call: Call, theme: str | None = None) -> Message:
    """Which places of a theme show what people say in the others, since when, and how much waits.

    Of a message it says who put which sign on it, and where.
    """
    if call.about and call.place:
        return _show_message(call, call.place, call.about.ref)
    found = call.theme(theme)
    relay = call.tx.of(RELAYS).of(found.id)
    places = call.tx.places.of_theme(found.id)
    if relay is None or not call.settings.of(RelaySettings).on or found.id in call.tx.places.closed():
        return message(text("relay.show.off", theme=found.name))
    apart, encrypted = taking_no_part(call.tx, found.id), call.tx.places.encrypted(found.id)
    lines = [text("relay.show.on", theme=found.name, since=relay.since)]
    if relay.resident:
        lines.append(text("relay.show.by", who=relay.resident))
    if len(places) < 2:
        return message(*lines, text("relay.show.alone"))
    names = named(call.tx, places)
    for place, name in zip(places, names, strict=True):
        count = call.tx.copies.waiting(place)
        key = "relay.show.waits" if count else "relay.show.place"
        if place in apart:
            key = "relay.show.encrypted" if place in encrypted else "relay.show.apart"
        lines.append(text(key, place=name, count=count))
        described = of(call.tx, place)
        if place not in apart and described and described.is_so is False:
            lines.append(text("relay.show.undescribed", place=name))
    return message(*lines)


def _show_message(call: Call, place: Place, ref: str) -> Message:
    """For who is where it stands: there they see the signs as well."""
    found = call.tx.copies.at(place, ref)
    if found is None or found.gone:
        return message(text("relay.signs.unsent"))
    call.sealed = True  # it names people, and is nobody else’s business
    put = [each for each in call.tx.signs.on(found.message) if _may_be_named(call, each.author)]
    left_out = call.tx.signs.left_out(found.message)
    reasons = why(call, found.message)
    if not (put or left_out):
        return message(*(reasons or [text("relay.signs.none")]))
    elsewhere = (*(each.place for each in put), *(where for where, *_ in left_out))
    places = list(dict.fromkeys((*call.tx.copies.places_of(found.message), *elsewhere)))
    names = dict(zip(places, named(call.tx, places), strict=True))
    lines = [*reasons, text("relay.signs.are"), *_who(put, names)]
    for where, sign, reason in left_out:
        lines.append(text(f"relay.signs.{reason}", sign=typed(sign), place=names[where]))
    return message(*lines)


def why(call: Call, number: int) -> Sequence[Text]:
    """Why that message does not stand everywhere, or not all of it, place by place."""
    reasons = call.tx.uncarried.why(number)
    places = zip(named(call.tx, [*reasons]), reasons.values(), strict=True)
    return [text("relay.show.why", place=place, why=reason) for place, reason in places]


def _may_be_named(call: Call, author: Identity) -> bool:
    """Whoever stays out is named nowhere else."""
    resident = call.tx.people.by_identity(author)
    return resident is None or call.tx.of(RELAYS).out_since(resident.id) is None


def _who(put: Sequence[Put], names: Mapping[Place, Text]) -> Sequence[Text]:
    """Of each sign in one line, first of what was put first."""
    lines = []
    for sign in dict.fromkeys(each.sign for each in put):
        people = dict.fromkeys((each.name, each.place) for each in put if each.sign == sign)
        who = tuple(text("relay.signs.who", name=typed(name), place=names[place]) for name, place in people)
        lines.append(text("relay.signs.sign", sign=typed(sign), who=who))
    return lines

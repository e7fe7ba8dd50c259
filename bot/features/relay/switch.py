"""Having what people say stand in all places of a theme, or only where they say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Place, Role, Theme
from bot.model.work import Job
from bot.platforms import called
from bot.ports.storage import Transaction
from bot.themes import keep

ON, OFF = "relay on", "relay off"
# So often a day somebody who does not moderate can, as it is said everywhere.
MOST, DAY = 6, timedelta(days=1)


def switch_on(call: Call, theme: str | None = None, *, encrypted: bool = False) -> Message:
    """Have what people say in one place of a theme stand in its others from now on.

    Out of a place where it is encrypted nothing goes before that was asked back.
    """
    found = _managed(call, theme)
    if not call.settings.of(RelaySettings).on:
        raise UserError("relay.not_configured")
    if found.id in call.tx.places.closed():
        raise UserError("relay.archived", theme=found.name)
    places = call.tx.places.of_theme(found.id)
    if len(places) < 2:
        # What its people opened they can bind another to; the rest has its places from the configuration.
        is_theirs = bool(call.tx.places.opened([found.id]))
        raise UserError("relay.one_place" if is_theirs else "relay.one_place.listed", theme=found.name)
    relays, apart = call.tx.of(RELAYS), taking_no_part(call.tx, found.id)
    relay = relays.of(found.id)
    if relay and not apart:
        return message(text("relay.on.already", theme=found.name, since=relay.since))
    closed = set(apart).intersection(call.tx.places.encrypted(found.id))
    if closed and not encrypted:
        raise _asked(call, found, places, [place for place in apart if place in closed])
    _count(call, found)
    new = relays.begin(found.id, call.resident.id, call.now, encrypted=encrypted)
    _say_it_begins(call, found, places, new)
    return message(text("relay.on.receipt", theme=found.name, places=named(call.tx, places)))


def taking_no_part(tx: Transaction, theme: int) -> Sequence[Place]:
    """Those of its places that came since it was switched on, or where words were encrypted since."""
    carried = tx.places.carried(theme)
    return [place for place in tx.places.of_theme(theme) if place not in carried]


def _asked(call: Call, theme: Theme, places: Sequence[Place], closed: Sequence[Place]) -> Unsure:
    """What is encrypted is so because somebody chose that: it is said whose words would leave which room."""
    names = dict(zip(places, named(call.tx, places), strict=True))
    question = text(
        "relay.encrypted.ask",
        theme=theme.name,
        places=tuple(names[place] for place in closed),
        all=tuple(names.values()),
    )
    line = call.commands.usage(
        call.commands.by_path[ON], call.locale, call.as_typed({"theme": keep(theme), "encrypted": True})
    )
    yes = (text("relay.encrypted.yes"), {"theme": keep(theme), "encrypted": True})
    return Unsure(question, [yes], text("relay.encrypted.how", usage=line))


def encrypted_due(call: Call, job: Job) -> None:
    """A place is one of its relay no more, as what people say there is encrypted by now."""
    theme = int(job.subject)
    apart, places = taking_no_part(call.tx, theme), call.tx.places.of_theme(theme)
    closed = [place for place in call.tx.places.encrypted(theme) if place in apart]
    if call.tx.of(RELAYS).of(theme) is None or not closed:
        return
    names = dict(zip(places, named(call.tx, places), strict=True))
    known = call.tx.places.known(closed[0])
    told = text(
        "relay.encrypted.now",
        theme=known[0].name if known else "",
        places=tuple(names[place] for place in closed),
    )
    call.tell_moderators(theme, message(told), f"relay:encrypted:{job.id}")


def switch_off(call: Call, theme: str | None = None) -> Message:
    """Have what people say stay where they say it."""
    found = _managed(call, theme)
    if call.tx.of(RELAYS).of(found.id) is None:
        return message(text("relay.off.already", theme=found.name))
    _count(call, found)
    call.tx.of(RELAYS).end(found.id)
    call.tx.places.drop_pending(found.id)
    _say(call, found, call.tx.places.of_theme(found.id), "relay.ends")
    return message(text("relay.off.receipt", theme=found.name))


def told(tx: Transaction, places: Sequence[Place], place: Place) -> Text:
    """What is to be read of a place: where else it stands what people say there."""
    names = dict(zip(places, named(tx, places), strict=True))
    return text("relay.topic", places=tuple(name for other, name in names.items() if other != place))


def _managed(call: Call, theme: str | None) -> Theme:
    """Raises: UserError where whoever asks neither moderates it nor looks after it."""
    found = call.theme(theme)
    if not call.may(Role.ORGANISER, found.id):
        raise UserError("relay.not_you", theme=found.name)
    return found


def _count(call: Call, theme: Theme) -> None:
    if call.may(Role.MODERATOR, theme.id):
        return
    if (count := call.used(ON, DAY)) >= MOST:
        raise UserError("relay.often", count=count)
    call.use(ON, within=DAY)


def _say_it_begins(call: Call, theme: Theme, places: Sequence[Place], new: Collection[Place]) -> None:
    """In each place, with what others of it there are now that were not; in one of the latter with all."""
    names = dict(zip(places, named(call.tx, places), strict=True))
    encrypted = call.tx.places.encrypted(theme.id)
    for number, place in enumerate(places):
        others = tuple(names[other] for other in (places if place in new else new) if other != place)
        key = "relay.begins.encrypted" if place in encrypted and place in new else "relay.begins"
        said = message(text(key, places=others), text("relay.begins.out"))
        call.post(place, said, f"relay:{theme.id}:{call.id}:{number}")


def _say(call: Call, theme: Theme, places: Sequence[Place], key: str) -> None:
    """In each place, with who reads there from now on, or no more."""
    names = named(call.tx, places)
    for number, place in enumerate(places):
        others = tuple(name for other, name in zip(places, names, strict=True) if other != place)
        said = message(text(key, theme=theme.name, places=others))
        call.post(place, said, f"relay:{theme.id}:{call.id}:{number}")


def named(tx: Transaction, places: Sequence[Place]) -> tuple[Text, ...]:
    """As people there call them; two that are called alike by what their platform calls them."""
    names = [(tx.places.called(place) or place.room_id, place.platform) for place in places]
    often = Counter(names)
    return tuple(
        text(
            "relay.place",
            place=typed(name if often[name, platform] == 1 else place.room_id),
            platform=called(platform),
        )
        for place, (name, platform) in zip(places, names, strict=True)
    )

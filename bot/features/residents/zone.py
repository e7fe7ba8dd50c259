"""By whose clocks somebody types moments and is told them, where that is not their community's."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.model.message import Button, Message, Suggestion, Text, message, text, typed
from bot.zones import OFFERED, likely_zones, zone_called, zones_that_begin

ZONE = "me zone"
# What people type for their community's.
COMMUNITYS = "zone.word.community"
_SHOWN = 40


def choose_zone(call: Call, zone: str | None = None) -> Message:
    """Choose your own time zone, or hear which it is."""
    if zone is None:
        return message(*_as_it_is(call), buttons=_back(call) if call.resident.zone else ())
    if zone.strip().casefold() in call.commands.texts.words(COMMUNITYS):
        _go_by(call, None)
        return message(text("zone.back", zone=call.zone.key))
    found = zone_called(zone)
    if found is None:
        raise _likely(call, zone)
    _go_by(call, found)
    return message(text("zone.set", zone=found), text("zone.public", zone=call.zone.key), buttons=_back(call))


def _go_by(call: Call, zone: str | None) -> None:
    """When it is night for them is another time, too."""
    call.tx.people.set_zone(call.resident.id, zone)
    call.belongings.wished(call.tx, call.resident.id)


def _as_it_is(call: Call) -> Sequence[Text]:
    how = text("zone.how", usage=_usage(call))
    if call.resident.zone is None:
        return [text("zone.is.community", zone=call.zone.key), how]
    return [text("zone.is.own", zone=call.own_zone.key, community=call.zone.key), how]


def _back(call: Call) -> Sequence[Button]:
    word = (call.commands.texts.find(COMMUNITYS, call.locale) or "").split("|")[0]
    return [Button(text("zone.button.community"), ZONE, {"zone": word})]


def _usage(call: Call) -> str:
    return call.commands.usage(call.commands.by_path[ZONE], call.locale, {"zone": "Europe/Brussels"})


def _likely(call: Call, words: str) -> UserError | Unsure:
    """What to type instead, or which of a few zones was meant."""
    likely = likely_zones(words)
    if len(likely) == 1:
        asked = text("zone.meant", words=words[:_SHOWN], zone=likely[0])
        return Unsure(asked, yes(zone=likely[0]), text("zone.otherwise", usage=_usage(call)))
    if 0 < len(likely) <= OFFERED:
        choices = [(typed(zone), {"zone": zone}) for zone in likely]
        asked = text("zone.which", words=words[:_SHOWN])
        return Unsure(asked, choices, text("zone.otherwise", usage=_usage(call)))
    return UserError("zone.unknown", words=words[:_SHOWN], usage=_usage(call))


def suggest_zones(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that are called so, or whose city is."""
    found = zones_that_begin(given) if given.strip() else [call.own_zone.key]
    return [Suggestion(zone, typed(zone)) for zone in found]

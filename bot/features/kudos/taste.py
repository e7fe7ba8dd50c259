"""How somebody likes to be thanked."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from bot.call import Call
from bot.commands.argument import Converters, Extent
from bot.commands.types import CHOICE
from bot.features.kudos import show
from bot.features.kudos.records import KUDOS, Receives, Taste
from bot.model.message import Button, Message, message, text

SETTINGS = "kudos settings"
# So much of what was said lately is shown anew as they like it now.
LATELY = 100


class Wish(StrEnum):
    """On the wall or not; in private alone, not at all, or as usual; thanked for thanking or not."""

    WALL_ON = "wall-on"
    WALL_OFF = "wall-off"
    PRIVATE = "private"
    OFF = "off"
    OPEN = "open"
    GIVER_ON = "giver-on"
    GIVER_OFF = "giver-off"


# "muur aan" is two words.
KINDS: Converters = {Wish: replace(CHOICE, extent=Extent.REST)}
_RECEIVES = {Wish.PRIVATE: Receives.PRIVATELY, Wish.OFF: Receives.NOT, Wish.OPEN: Receives.OPENLY}
_GIVER = {Wish.GIVER_ON: True, Wish.GIVER_OFF: False}


def choose(call: Call, wish: Wish | None = None) -> Message:
    """Say how you like to be thanked, or hear how it is."""
    kept = call.tx.of(KUDOS)
    read = kept.tastes if wish is None else kept.hold_tastes
    now = read([call.resident.id]).get(call.resident.id, Taste())
    if wish is None:
        return _said(now)
    if wish in _RECEIVES:
        now = replace(now, receives=_RECEIVES[wish])
        # What nobody else may read is on no wall.
        now = now if wish is Wish.OPEN else replace(now, wall=False)
    elif wish in _GIVER:
        now = replace(now, giver=_GIVER[wish])
    else:
        now = replace(now, wall=wish is Wish.WALL_ON, asked=True)
        now = replace(now, receives=Receives.OPENLY) if wish is Wish.WALL_ON else now
    kept.choose(call.resident.id, now)
    for found in kept.received(call.resident.id, None, LATELY):
        call.changed(show.subject(found))
    return _said(now)


def _said(now: Taste) -> Message:
    lines = [text(f"kudos.taste.{now.receives}")]
    if now.receives is Receives.OPENLY:
        lines.append(text("kudos.taste.wall.on" if now.wall else "kudos.taste.wall.off"))
    lines.append(text("kudos.taste.giver.on" if now.giver else "kudos.taste.giver.off"))
    wishes = [wish for wish in Wish if not _holds(now, wish)]
    return message(
        *lines,
        buttons=[Button(text(f"kudos.button.{wish}"), SETTINGS, {"wish": str(wish)}) for wish in wishes],
    )


def _holds(now: Taste, wish: Wish) -> bool:
    if wish in _RECEIVES:
        return now.receives is _RECEIVES[wish]
    if wish in _GIVER:
        return now.giver is _GIVER[wish]
    return bool(now.wall) is (wish is Wish.WALL_ON)

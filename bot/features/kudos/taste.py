"""How somebody likes to be thanked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from bot.call import Call
from bot.commands.argument import Converters, Extent
from bot.commands.types import CHOICE
from bot.features.kudos import show
from bot.features.kudos.records import KUDOS, Receives, Taste
from bot.model.message import Button, Message, message, text
from bot.model.work import Job
from bot.ports.storage import Transaction

SETTINGS = "kudos settings"
# What is said of each wish, to whoever asks.
HOW = (
    "kudos.settings.now",
    "kudos.settings.receives",
    "kudos.settings.wall",
    "kudos.settings.giver",
    "kudos.settings.expertise",
)
ANEW = "kudos.anew"
# So many are shown anew at a time, as whom they thank likes it now.
PAGE = 100
_AT_ONCE = datetime.fromtimestamp(0, UTC)


class Wish(StrEnum):
    """On the wall or not; in private alone, not at all, or as usual; thanked for thanking or not; and whether
    thanks for what they know are said beside that.
    """

    WALL_ON = "wall-on"
    WALL_OFF = "wall-off"
    PRIVATE = "private"
    OFF = "off"
    OPEN = "open"
    GIVER_ON = "giver-on"
    GIVER_OFF = "giver-off"
    EXPERTISE_ON = "expertise-on"
    EXPERTISE_OFF = "expertise-off"


# "muur aan" is two words.
KINDS: Converters = {Wish: replace(CHOICE, extent=Extent.REST)}
_RECEIVES = {Wish.PRIVATE: Receives.PRIVATELY, Wish.OFF: Receives.NOT, Wish.OPEN: Receives.OPENLY}
_GIVER = {Wish.GIVER_ON: True, Wish.GIVER_OFF: False}
_EXPERTISE = {Wish.EXPERTISE_ON: True, Wish.EXPERTISE_OFF: False}


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
    elif wish in _EXPERTISE:
        now = replace(now, expertise=_EXPERTISE[wish])
    else:
        now = replace(now, wall=wish is Wish.WALL_ON, asked=True)
        now = replace(now, receives=Receives.OPENLY) if wish is Wish.WALL_ON else now
    kept.choose(call.resident.id, now)
    if now.receives is Receives.PRIVATELY:
        _show_page(call, call.resident.id)
    return _said(now)


def show_anew(tx: Transaction, resident: int) -> None:
    """Have all that thanks them shown as they like it now."""
    tx.jobs.add(ANEW, f":{resident}", _AT_ONCE, f"{ANEW}:{resident}")


def anew_due(call: Call, job: Job) -> None:
    """Page after page of it, the last first."""
    before, _, resident = job.subject.partition(":")
    _show_page(call, int(resident), int(before or 0) or None)


def _show_page(call: Call, resident: int, before: int | None = None) -> None:
    found = call.tx.of(KUDOS).shown(resident, before, PAGE)
    for subject in {under for _, under in found}:
        call.changed(show.subject(subject))
    if len(found) == PAGE:
        call.schedule(ANEW, f"{found[-1][0]}:{resident}", call.now, f"{ANEW}:{resident}")


def _said(now: Taste) -> Message:
    lines = [text(f"kudos.taste.{now.receives}")]
    if now.receives is Receives.OPENLY:
        lines.append(text("kudos.taste.wall.on" if now.wall else "kudos.taste.wall.off"))
    lines.append(text("kudos.taste.giver.on" if now.giver else "kudos.taste.giver.off"))
    lines.append(text("kudos.taste.expertise.on" if now.expertise else "kudos.taste.expertise.off"))
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
    if wish in _EXPERTISE:
        return bool(now.expertise) is _EXPERTISE[wish]
    return bool(now.wall) is (wish is Wish.WALL_ON)

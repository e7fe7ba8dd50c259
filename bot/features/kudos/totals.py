"""How often somebody thanked and was thanked this year, and the whole community; where moderators want that.

It is never a list of people. What counts is in the store's own words: `KudosStore.totals`.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

from bot import when
from bot.call import Call
from bot.errors import UserError
from bot.features.kudos.records import KUDOS, KudosSettings
from bot.model.message import Message, message, text

TOTALS = "kudos totals"
# What it is called among what moderators set for their community.
_SETTING = "totals"


class Switch(StrEnum):
    """From now on totals are shown, or not."""

    ON = "on"
    OFF = "off"


def show_totals(call: Call, switch: Switch | None = None) -> Message:
    """How often you thanked and were thanked this year; a moderator says whether such is shown."""
    if switch is not None:
        return _set(call, switch)
    if call.settings.of(KudosSettings).totals == "off":
        raise UserError("kudos.totals.none")
    year = call.now.astimezone(call.zone).year
    since, until = (when.at(date(each, 1, 1), time(0), call.zone) for each in (year, year + 1))
    found = call.tx.of(KUDOS).totals(call.resident.id, since, until)
    return message(
        text("kudos.totals.given", count=found.given),
        text("kudos.totals.received", count=found.received),
        text("kudos.totals.all", count=found.all),
        title=text("kudos.totals", year=str(year)),
        hints=[text("kudos.totals.how")],
    )


def _set(call: Call, switch: Switch) -> Message:
    if not call.moderates:
        raise UserError("community.moderators")
    call.tx.communities.change(_SETTING, str(switch), call.resident.id, call.now)
    call.belongings.set_anew(call.tx, _SETTING)
    return message(text(f"kudos.totals.{switch}"))

"""The relay: what people say in one place of a theme stands in its others, where the theme wants that.

The core carries (bot/carrying.py, bot/delivery/carrying.py); here is in which themes.

    records.py   since when a theme's is on, and what keeps that
    settings.py  whether there may be any
    switch.py    switching it on and off; what takes part
    out.py       whose words stay where they are, and are taken away elsewhere
"""

from __future__ import annotations

from datetime import datetime

from bot.commands.declare import Command
from bot.feature import Among, Carries, Feature
from bot.features.relay import out, switch
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.model.carried import ENCRYPTED, UNNAME
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either switched on the one person did that they are, who stays out if either did."""
    tx.of(RELAYS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Nobody switched it on; it stays on. What stands elsewhere in their name is taken away, by and by."""
    out.take_away(tx, resident)
    tx.of(RELAYS).forget(resident)


def export_resident(tx: Transaction, resident: int, _among: Among) -> Exported:
    """In which themes they switched it on, and since when they stay out."""
    return tx.of(RELAYS).export(resident)


def part_resident(tx: Transaction, resident: int, new: int, _brought: Brought | None) -> None:
    """If one of two who were one person stays out, so does the other, until they say otherwise."""
    relays = tx.of(RELAYS)
    since = relays.out_since(resident) or relays.out_since(new)
    if since is not None:
        for each in (resident, new):
            relays.stay_out(each, since)


def is_absent(tx: Transaction, resident: int, at: datetime | None) -> bool:
    """Whether what they say stays where they say it, or what they said then."""
    relays = tx.of(RELAYS)
    return relays.out_since(resident) is not None or (at is not None and relays.was_out(resident, at))


FEATURE = Feature(
    name="relay",
    commands=(
        Command(switch.ON, switch.switch_on),
        Command(switch.OFF, switch.switch_off),
        Command("relay show", switch.show_relay),
        Command(out.ME, out.stay_out, anyone=True),
    ),
    jobs={ENCRYPTED: switch.encrypted_due, out.ERASE: out.erase_due, UNNAME: out.unname_due},
    about=(out.ERASE,),
    carries=Carries(
        "on",
        "keep_days",
        themes=lambda tx: tx.of(RELAYS).all(),
        absent=is_absent,
        told=switch.told,
    ),
    settings=RelaySettings,
    keeps=RELAYS,
    merge=merge_residents,
    part=part_resident,
    forget=forget_resident,
    export=export_resident,
)

"""The relay: what people say in one place of a theme stands in its others, where the theme wants that.

The core carries (bot/carrying.py, bot/delivery/carrying.py); here is in which themes.

    records.py   since when a theme's is on, and what keeps that
    settings.py  whether there may be any
    switch.py    switching it on and off; what takes part
"""

from __future__ import annotations

from bot.commands.declare import Command
from bot.feature import Among, Carries, Feature
from bot.features.relay import switch
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.ports.people import Exported
from bot.ports.storage import Transaction


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either switched on the one person did that they are."""
    tx.of(RELAYS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Nobody switched it on; it stays on."""
    tx.of(RELAYS).forget(resident)


def export_resident(tx: Transaction, resident: int, _among: Among) -> Exported:
    """In which themes they switched it on."""
    return {"relays": tx.of(RELAYS).rows_of(resident)}


FEATURE = Feature(
    name="relay",
    commands=(
        Command(switch.ON, switch.switch_on, private=False),
        Command(switch.OFF, switch.switch_off, private=False),
        Command("relay show", switch.show_relay),
    ),
    carries=Carries("on", "keep_days", lambda tx: tx.of(RELAYS).all()),
    settings=RelaySettings,
    keeps=RELAYS,
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
)

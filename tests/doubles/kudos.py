"""What thanks are kept, as tests of platforms look at them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from bot.core import PleinCore
from bot.features.kudos.records import KUDOS
from bot.ports.storage import Transaction


class Given(NamedTuple):
    """`giver` and `to`: what they are called; `ref`: which message on its platform it is for."""

    giver: str
    to: tuple[str, ...]
    ref: str


async def given(core: PleinCore) -> Sequence[Given]:
    """All that stand; the first first."""
    return await core.store.run(_given)


def _given(tx: Transaction) -> Sequence[Given]:
    every = itertools.takewhile(bool, map(tx.of(KUDOS).look, itertools.count(1)))
    found = []
    for each in every:
        if each and each.stands and each.giver is not None:
            known = tx.people.known([each.giver, *each.residents])
            to = tuple(known[who].name for who in each.residents)
            found.append(Given(known[each.giver].name, to, (each.message or "").rpartition(":")[2]))
    return found

"""That a place is relayed, and who reads there, in what its platform says of that place."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.model.people import Place
from bot.ports.storage import Transaction


@dataclass(frozen=True, slots=True)
class Described:
    """The line that a place's description ends with, "" for none; whether that is so (None: nobody knows
    yet), and which lines of Plein's may stand there otherwise.
    """

    line: str
    is_so: bool | None
    others: tuple[str, ...] = ()


def with_line(description: str, line: str, others: Collection[str]) -> str:
    """The same description ending with that line of Plein's, or with none, and without any of the others."""
    for old in (*others, line):
        description = description.replace(f"\n{old}", "") if old else description
    return f"{description}\n{line}" if line else description


def of_all(tx: Transaction) -> Mapping[Place, Described]:
    """What is known of the descriptions of this community's places."""
    found = tx.kept.all("", _name(tx, ""))
    return {Place(*name.split(" ", 2)[2].split(":", 1)): _read(kept) for name, kept in found.items()}


def of(tx: Transaction, place: Place) -> Described | None:
    kept = tx.kept.get("", _name(tx, f"{place.platform}:{place.room_id}"))
    return _read(kept) if kept else None


def note(tx: Transaction, place: Place, described: Described | None) -> None:
    """That is known of it from now on; None: nothing of Plein's stands there."""
    if described is None:
        tx.kept.drop("", _name(tx, f"{place.platform}:{place.room_id}"))
        return
    fields = [described.is_so, described.line, *described.others]
    tx.kept.put("", _name(tx, f"{place.platform}:{place.room_id}"), json.dumps(fields, ensure_ascii=False))


def _name(tx: Transaction, address: str) -> str:
    return f"described {tx.community} {address}"


def _read(kept: str) -> Described:
    is_so, line, *others = json.loads(kept)
    return Described(line, is_so, tuple(others))

"""What is said of a draw: its list, among whom it is, and what the number leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import lot
from bot.model.message import Text, text
from bot.model.people import Resident
from bot.ports.storage import Transaction

# So many are named where it is read; all are in the file.
LISTED = 30
SOMEBODY = Resident(0, "")


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in the list of a draw, with what is published of them; without `who` they were forgotten."""

    who: Resident | None
    entrant: lot.Entrant


def listed(tx: Transaction, people: Sequence[Resident], turns: Mapping[int, datetime]) -> Sequence[Listed]:
    """Each by the name that nobody else has, with the day of their last turn."""
    names = tx.people.known([who.id for who in people])
    found = []
    for who in people:
        turn = turns.get(who.id)
        name = names[who.id].name if who.id in names else who.name
        entrant = lot.entrant(name, turn.astimezone(UTC).date() if turn else None, lot.new_secret())
        found.append(Listed(who, entrant))
    return sorted(found, key=lambda each: lot.alphabet(each.entrant.name or ""))


def lines(listed: Sequence[Listed], unseen: Collection[int] = ()) -> Sequence[Text]:
    """The list, as far as it is read; of who is `unseen` in it, by their places, no day."""
    shown = [
        text("theme.draw.list.unseen", number=place, who=each.who or SOMEBODY)
        if place in unseen and each.entrant.last
        else _in_list(place, each)
        for place, each in enumerate(listed[:LISTED], start=1)
    ]
    more = len(listed) - LISTED
    return [*shown, text("theme.draw.list.more", count=more)] if more > 0 else shown


def _in_list(place: int, each: Listed) -> Text:
    if each.entrant.last is None:
        return text("theme.draw.list.none", number=place, who=each.who or SOMEBODY)
    return text("theme.draw.list.last", number=place, who=each.who or SOMEBODY, day=each.entrant.last)


def among(listed: Sequence[Listed], places: Sequence[int], unseen: Collection[int] = ()) -> Text:
    """Who goes first, and why."""
    if len(places) == len(listed):
        return text("theme.draw.among.all")
    who = tuple(listed[place - 1].who or SOMEBODY for place in places[:LISTED])
    had_none = listed[places[0] - 1].entrant.last is None
    if not had_none and not {*unseen}.isdisjoint(places):
        return text("theme.draw.among.unseen", who=who, count=len(places))
    return text(f"theme.draw.among.{'none' if had_none else 'longest'}", who=who, count=len(places))


def rest(number: str, among: int) -> Text:
    """How the number means them."""
    if among == 1:
        return text("theme.draw.only")
    return text("theme.draw.rest", among=among, rest=lot.remainder(number, among))

"""Who has a place in a meeting, and who waits for one.

Each way of being there has room of its own. Who finds it full waits, in the order in which they chose that
way; the first whose party fits moves up, whole. Whoever has a place the other way keeps it until then. Where
less room is left than there are people, nobody is put out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.features.meetings.records import PLACES, Answer, Way

# For how many people there is place that way; None: for however many.
Room = Callable[[Way], int | None]


def fits(taken: int, room: int | None, party: int) -> bool:
    """Whether there is room for a party where so many people have a place already."""
    return room is None or taken + party <= room


def move_up(waiting: Sequence[Answer], taken: Mapping[Way, int], room: Room) -> Sequence[Answer]:
    """The answers of those who have the place that they waited for from now on, in the order of moving up.

    `waiting` are all who wait, in the order in which they chose their way; `taken` says how many people have
    a place each way. Who moves up may leave a place the other way, for which somebody else waits.
    """
    row, now = list(waiting), dict(taken)
    moved: list[Answer] = []
    while found := [answer for way in PLACES for answer in _up(row, now, way, room(way))]:
        moved += found
        numbers = {answer.id for answer in found}
        row = [answer for answer in row if answer.id not in numbers]
    return moved


def _up(row: Sequence[Answer], taken: dict[Way, int], way: Way, room: int | None) -> Sequence[Answer]:
    """Those of the row who have a place that way from now on; by that it is `taken`."""
    found = []
    for answer in row:
        if room is not None and taken[way] >= room:
            break
        if answer.way is way and fits(taken[way], room, answer.party):
            if answer.seat:
                taken[answer.seat] -= answer.party
            taken[way] += answer.party
            found.append(replace(answer, seat=way))
    return found

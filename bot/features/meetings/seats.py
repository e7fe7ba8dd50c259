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
    """Whether so many more have place where so many have one."""
    return room is None or taken + party <= room


def move_up(waiting: Sequence[Answer], taken: Mapping[Way, int], room: Room) -> Sequence[Answer]:
    """The answers of those who have the place that they waited for from now on, in the order of moving up.

    `waiting` are all who wait, in the order in which they chose their way; `taken` says how many people have
    a place each way. Who moves up may leave a place the other way, for which somebody else waits.
    """
    row, now = list(waiting), dict(taken)
    moved: list[Answer] = []
    while found := _next_up(row, now, room):
        row.remove(found)
        if found.seat:
            now[found.seat] -= found.party
        now[found.way] += found.party
        moved.append(replace(found, seat=found.way))
    return moved


def _next_up(row: Sequence[Answer], taken: Mapping[Way, int], room: Room) -> Answer | None:
    for way in PLACES:
        for answer in row:
            if answer.way is way and fits(taken[way], room(way), answer.party):
                return answer
    return None

"""How people like to be thanked: as they said, and who are one person as whoever of them shows the least."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, exists, select, update

from bot.features.kudos.records import Receives, Taste
from storage.among import among
from storage.batch import Batch
from storage.kudos.tables import tastes
from storage.upsert import upsert

_WHO: Any = bindparam("resident_")
_ASPECTS = ("receives", "wall", "asked", "giver", "expertise")
_TASTES = (
    select(tastes.c.resident, tastes.c.first, *(tastes.c[name] for name in _ASPECTS))
    .where(among(tastes.c.resident, "residents_"))
    .order_by(tastes.c.resident, tastes.c.first)
)
_SAY = upsert(tastes)
_SAY = _SAY.on_conflict_do_update(
    index_elements=[tastes.c.resident, tastes.c.first],
    set_={name: _SAY.excluded[name] for name in _ASPECTS},
)
_SAY_ANEW = {
    name: update(tastes)
    .where(tastes.c.resident == _WHO)
    .values({name: bindparam("said_", type_=tastes.c[name].type)})
    for name in _ASPECTS
}
# What nobody knows any more how it was meant shows the least.
_RECEIVES: Mapping[str, Receives] = {str(each): each for each in Receives}
_ORDER = list(Receives)


def agrees(whose: Column[Any], to: Column[Any]) -> ColumnElement[bool]:
    """Whether somebody agreed to that, and nobody with whom they are one person said no."""
    theirs = tastes.c.resident == whose
    return and_(exists().where(theirs, to), ~exists().where(theirs, to.is_(False)))


def said_by(db: Batch, residents: Collection[int]) -> Mapping[int, Mapping[int, Taste]]:
    """How each of these likes it, by who they were when they said so."""
    rows = db.execute(_TASTES, {"residents_": list(residents)}) if residents else ()
    return {
        resident: {row.first: taste_of(*(getattr(row, name) for name in _ASPECTS)) for row in theirs}
        for resident, theirs in groupby(rows, key=attrgetter("resident"))
    }


def taste_of(receives: str, wall: Any, asked: Any, giver: Any, expertise: Any) -> Taste:
    """What stands in a row."""
    said = _RECEIVES.get(receives, Receives.PRIVATELY)
    return Taste(said, _if_said(wall), bool(asked), bool(giver), _if_said(expertise))


def _if_said(kept: Any) -> bool | None:
    return None if kept is None else bool(kept)


def say(db: Batch, resident: int, first: int, taste: Taste) -> None:
    """Whoever had that number once says so."""
    db.execute(_SAY, {"resident": resident, "first": first, **_fields(taste)})


def choose(db: Batch, resident: int, taste: Taste) -> None:
    """From now on they like it so: what is otherwise than it was each of them says who is this person."""
    said = said_by(db, [resident]).get(resident)
    if not said:
        say(db, resident, resident, taste)
        return
    before, now = _fields(strictest(said.values())), _fields(taste)
    for name in _ASPECTS:
        if now[name] != before[name]:
            db.execute(_SAY_ANEW[name], {"resident_": resident, "said_": now[name]})


def _fields(taste: Taste) -> dict[str, Any]:
    return asdict(taste) | {"receives": str(taste.receives)}


def strictest(found: Iterable[Taste]) -> Taste:
    """How a person likes it of whom each account said something: what shows the least."""
    said = [*found]
    return Taste(
        receives=most_private(*(taste.receives for taste in said)),
        wall=_all_agree(taste.wall for taste in said),
        asked=any(taste.asked for taste in said),
        giver=all(taste.giver for taste in said),
        expertise=_all_agree(taste.expertise for taste in said),
    )


def _all_agree(said: Iterable[bool | None]) -> bool | None:
    """Whether all do of those who said so; None where nobody did."""
    known = [each for each in said if each is not None]
    return all(known) if known else None


def most_private(*receives: Receives) -> Receives:
    """The one of these that shows the least."""
    return max(receives, key=_ORDER.index)


def chosen_since(before: Mapping[int, Taste], now: Mapping[int, Taste]) -> Taste:
    """What was chosen, of what nobody said before: with all else as it shows the most."""
    changed = [
        (name, after)
        for number, taste in now.items()
        for name, after in asdict(taste).items()
        if after != getattr(before.get(number, Taste()), name)
    ]
    receives = [value for name, value in changed if name == "receives"]
    return Taste(
        receives=most_private(Receives.OPENLY, *receives),
        wall=all(value for name, value in changed if name == "wall"),
        giver=all(value for name, value in changed if name == "giver"),
        expertise=all(value for name, value in changed if name == "expertise"),
    )


def with_no_more(taste: Taste, since: Taste) -> Taste:
    """As they said once, but for what was chosen since and shows less."""
    return Taste(
        receives=most_private(taste.receives, since.receives),
        wall=taste.wall and since.wall,
        asked=taste.asked,
        giver=taste.giver and since.giver,
        expertise=taste.expertise and since.expertise,
    )

"""Whose thanks are where two turn out to be one person, and where they are not after all.

Nothing is lost by the first: what says the same twice says it once for as long as they are one, and what
each of them wants stands beside what the other does. So either has all of theirs back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, cast, delete, exists, or_, update

from bot.features.kudos.records import Receives, Taste
from storage.among import among
from storage.batch import Batch
from storage.kudos.tables import endorsed, kudos, tastes, thanked
from storage.kudos.tastes import agrees, chosen_since, said_by, say, strictest, taste_of, with_no_more

# What was noted of somebody, by table, rows each by their columns.
Noted = Mapping[str, Sequence[Sequence[Any]]]
_WHO: Any = bindparam("resident_")
_THEIRS = thanked.c.resident == _WHO
STANDS = kudos.c.state == "given"
STATES = kudos.c.id == thanked.c.of_kudos
IS_HIDDEN = or_(thanked.c.hidden, thanked.c.void)
# What is on the wall is that of who agreed, in what stands and thanks nobody back.
_IS_SEEN = exists().where(STATES, STANDS, kudos.c.replies_to.is_(None))
ON_WALL = and_(
    *(~IS_HIDDEN, ~thanked.c.alone, thanked.c.resident.is_not(None)),
    *(agrees(thanked.c.resident, tastes.c.wall), _IS_SEEN),
)
_SHOW_OF = update(thanked).where(_THEIRS).values(on_wall=ON_WALL)
_KEEP_ALONE = update(thanked).where(_THEIRS, ~thanked.c.alone).values(alone=True)
_PASS_ON = tuple(
    update(column.table).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in (
        kudos.c.giver,
        thanked.c.resident,
        thanked.c.claimant,
        tastes.c.resident,
        endorsed.c.resident,
    )
)
# Of several rows by which it thanks one person one says it: the first of those that show the least.
_other = thanked.alias()
_least, _less = (cast(row.c.hidden, Integer) * 2 + cast(row.c.alone, Integer) for row in (thanked, _other))


def _is_said(*by: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether another row of theirs says it."""
    return exists().where(
        *(_other.c.of_kudos == thanked.c.of_kudos, _other.c.resident == thanked.c.resident),
        or_(_less > _least, and_(_less == _least, _other.c.id < thanked.c.id)),
        *by,
    )


_SAY_ONCE = update(thanked).where(_THEIRS, ~thanked.c.void, _is_said(~_other.c.void)).values(void=True)
_GAVE_IT = exists().where(STATES, kudos.c.giver == thanked.c.resident)
_SAY_AGAIN = update(thanked).where(_THEIRS, thanked.c.void, ~_is_said(), ~_GAVE_IT).values(void=False)
_THANKS_OTHERS = exists().where(
    _other.c.of_kudos == kudos.c.id,
    or_(_other.c.resident != kudos.c.giver, _other.c.resident.is_(None)),
)
_STAND_AGAIN = (
    update(kudos).where(kudos.c.giver == _WHO, kudos.c.state == "void", _THANKS_OTHERS).values(state="given")
)
_OPEN_AGAIN = update(thanked).where(_THEIRS, among(thanked.c.id, "these_")).values(alone=False)
_HIDE_AGAIN = update(thanked).where(_THEIRS, among(thanked.c.id, "these_")).values(hidden=True)
_UNSAY = delete(tastes).where(tastes.c.resident == _WHO, tastes.c.first == _WHO)


def merge(db: Batch, old: int, new: int) -> None:
    """What either has is one person's."""
    for statement in _PASS_ON:
        db.pass_on(statement, old, new)
    db.execute(_SAY_ONCE, {"resident_": new})
    show_as_liked(db, new)


def show_as_liked(db: Batch, resident: int) -> None:
    """What thanks them is where they want it. What they read alone stays so whatever they want later."""
    said = said_by(db, [resident]).get(resident)
    if said and strictest(said.values()).receives is Receives.PRIVATELY:
        db.execute(_KEEP_ALONE, {"resident_": resident})
    db.execute(_SHOW_OF, {"resident_": resident})


def bring_back(db: Batch, notes: Mapping[int, Noted]) -> None:
    """Each of these has their own rows again, which say what was noted of them."""
    _unsay(db, notes)
    said = [taste_of(*words) for noted in notes.values() for _, *words in noted.get(tastes.name, ())]
    # What they read alone since they chose that themselves stays so.
    closed_by_linking = bool(said) and strictest(said).receives is Receives.PRIVATELY
    for resident, noted in notes.items():
        rows = noted.get(thanked.name, ())
        if closed_by_linking:
            openly = [number for number, alone, *_ in rows if not alone]
            db.execute(_OPEN_AGAIN, {"resident_": resident, "these_": openly})
        # Links of before this was noted say nothing of it.
        hid = [number for number, _, *hidden in rows if any(hidden)]
        db.execute(_HIDE_AGAIN, {"resident_": resident, "these_": hid})
    for resident in notes:
        for statement in (_SAY_AGAIN, _STAND_AGAIN):
            db.execute(statement, {"resident_": resident})
    for resident in notes:
        show_as_liked(db, resident)


def _unsay(db: Batch, notes: Mapping[int, Noted]) -> None:
    """Each likes it as they said before; but what was chosen since and shows less holds for both."""
    before = {
        resident: {first: taste_of(*said) for first, *said in noted.get(tastes.name, ())}
        for resident, noted in notes.items()
    }
    now = said_by(db, [*notes])
    each = {first: taste for said in before.values() for first, taste in said.items()}
    there = {first: taste for said in now.values() for first, taste in said.items()}
    since = chosen_since(each, {first: there[first] for first in {*each, *notes} & {*there}})
    for resident, said in before.items():
        for first in {*said} & {*now.get(resident, ())}:
            say(db, resident, first, with_no_more(said[first], since))
        if said:
            continue
        # They said nothing, and nobody says anything else for them.
        if (chosen := with_no_more(Taste(), since)) != Taste():
            say(db, resident, resident, chosen)
        else:
            db.execute(_UNSAY, {"resident_": resident})

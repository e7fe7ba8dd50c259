"""All that the core keeps of a resident: joined with another's, handed out, or forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, exists, select, update

from bot.ports.people import Exported
from storage.batch import Batch
from storage.executor import CONFLICTS
from storage.tables import identities, members, posts, residents, uses

_ID: BindParameter[Any] = bindparam("id_")
# Whose rows these are; where that is all, a column more here is all that another table needs.
_OWNED = (members.c.resident, identities.c.resident, uses.c.resident, posts.c.resident)
_MOVE = [
    update(owner.table).where(owner == bindparam("old_")).values({owner: bindparam("new_")})
    for owner in _OWNED
]
_EXPORT: dict[str, Select[Any]] = {
    owner.table.name: select(*(column for column in owner.table.c if column is not owner)).where(owner == _ID)
    for owner in (residents.c.id, *_OWNED)
}
# What was said to them alone, and what still waits to be.
_DROP_POSTS = delete(posts).where(
    posts.c.private,
    exists().where(
        identities.c.resident == _ID,
        identities.c.platform == posts.c.platform,
        identities.c.user_id == posts.c.room,
    ),
)
_FORGET = [delete(owner.table).where(owner == _ID) for owner in _OWNED]
# What was counted stays right: it may refer to somebody of whom nothing else is known.
_BLANK = (
    update(residents)
    .where(residents.c.id == _ID)
    .values(
        name="",
        folded="",
        locale=None,
        role=0,
        wants_reminders=False,
        name_is_chosen=False,
        name_is_own=False,
        heard_as=None,
        unheard=False,
    )
)
_REMOVE = delete(residents).where(residents.c.id == _ID)


def merge(db: Batch, old: int, new: int) -> None:
    """What either has is theirs who they both are."""
    for statement in _MOVE:
        db.execute(statement, {"old_": old, "new_": new})


def export(db: Batch, resident: int) -> Exported:
    """By the name of the table."""
    return {
        name: [_plain(row) for row in db.execute(statement, {"id_": resident})]
        for name, statement in _EXPORT.items()
    }


def _plain(row: Any) -> Mapping[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row._asdict().items()
    }


def forget(db: Batch, resident: int) -> None:
    """Where something refers to them still, a row remains that says nothing."""
    for statement in (_DROP_POSTS, *_FORGET, _BLANK):
        db.execute(statement, {"id_": resident})
    db.savepoint()
    try:
        db.execute(_REMOVE, {"id_": resident})
    except CONFLICTS:
        db.undo()
    else:
        db.release()


def remove(db: Batch, resident: int) -> None:
    """Refused by the database where something refers to them still."""
    db.execute(_REMOVE, {"id_": resident})

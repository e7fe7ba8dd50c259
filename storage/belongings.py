"""All that the core keeps of a resident: joined with another's, handed out, or forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from bot.model.codec import pack_resident
from bot.model.people import Identity
from bot.ports.people import Exported
from storage.among import among
from storage.batch import Batch
from storage.community import COLUMN
from storage.executor import CONFLICTS
from storage.forgotten import Forgotten, OfAccount, drop_posts, some_posts
from storage.holds import holds
from storage.pages import Pages
from storage.posts import LONG_AGO
from storage.tables import (
    boards,
    copied_in,
    copies,
    guests,
    handled,
    identities,
    members,
    posts,
    residents,
    settings,
    signs,
    speakers,
    subjects,
    uses,
)
from storage.told import forget_gone
from storage.uses import leave_behind

_ID: BindParameter[Any] = bindparam("id_")
# Whose rows these are; where that is all, a column more here is all that another table needs.
_OWNED = (guests.c.resident, members.c.resident, identities.c.resident, uses.c.resident, posts.c.resident)
# And what somebody did of which the rows are others' as well. Subjects are passed on apart (boards.py), once
# what they show is: votes hold these rows in that order.
_DONE_BY = (settings.c.resident, subjects.c.opener)
_MOVE = [
    update(owner.table).where(owner == bindparam("old_")).values({owner: bindparam("new_")})
    for owner in (*_OWNED, settings.c.resident)
]
_EXPORT: dict[str, Select[Any]] = {
    str(owner.table.name): select(*(column for column in owner.table.c if column is not owner))
    .where(owner == _ID)
    .order_by(*owner.table.primary_key)
    for owner in (residents.c.id, *_OWNED, *_DONE_BY)
    if owner is not posts.c.resident
}
# Of these there may be very many: which they are is asked first, and then page after page of them. What was
# said to somebody, and what went by their accounts: what was said to each, and what it was answered.
_PAGE, _KEYS = 1_000, 5_000
_AFTER: BindParameter[Any] = bindparam("after_")
_AT = bindparam("at_", type_=handled.c.at.type)
_TOLD = (
    select(posts.c.seq)
    .where(posts.c.resident == _ID, posts.c.seq > _AFTER)
    .order_by(posts.c.seq)
    .limit(_KEYS)
)
_SAID_TO = tuple(
    select(posts.c.seq)
    .where(those, posts.c.resident.is_(None), posts.c.seq > _AFTER)
    .order_by(posts.c.seq)
    .limit(_KEYS)
    for those in OfAccount.posts
)
_POSTS = (
    select(*(column for column in posts.c if column is not posts.c.resident))
    .where(among(posts.c.seq, "these_"))
    .order_by(posts.c.seq)
)
_ANSWERED = (
    select(handled.c.id, handled.c.at)
    .where(OfAccount.answers, tuple_(handled.c.at, handled.c.id) > tuple_(_AT, _AFTER))
    .order_by(handled.c.at, handled.c.id)
    .limit(_KEYS)
)
_ANSWERS = (
    select(handled.c.id, handled.c.at, case((handled.c.key == "", handled.c.undo)).label("undo"))
    .where(among(handled.c.id, "these_"))
    .order_by(handled.c.at, handled.c.id)
)
# Which of what they said is known to stand where, without the words.
_SPOKE = (
    select(
        *(copies.c.message, copies.c.at, copies.c.changed_at, copies.c.ref),
        *(copied_in.c.platform, copied_in.c.room),
    )
    .join(speakers, speakers.c.id == copies.c.speaker)
    .join(copied_in, copied_in.c.id == copies.c.place)
    .where(speakers.c.account == bindparam("address_"), copies.c.speaker.is_not(None))
    .order_by(copies.c.message)
)
# And which signs they put on what is.
_SIGNED = (
    select(signs.c.sign, signs.c.name, signs.c.noted_at, signs.c.ref, copied_in.c.platform, copied_in.c.room)
    .join(speakers, speakers.c.id == signs.c.speaker)
    .join(copied_in, copied_in.c.id == signs.c.place)
    .where(speakers.c.account == bindparam("address_"))
    .order_by(signs.c.id)
)
_ACCOUNTS = (
    select(identities.c.platform, identities.c.user_id)
    .where(identities.c.resident == _ID)
    .order_by(identities.c.platform, identities.c.user_id)
)
_THEIR_POSTS = some_posts(posts.c.resident == _ID)
# Where Plein let them in they are let out; it goes once they are, or with the rest of what ends forgetting.
_LET_OUT = (
    update(guests)
    .where(
        guests.c.resident == _ID,
        or_(guests.c.room.is_not(None), and_(guests.c.inside.is_(False), guests.c.due_at.is_not(None))),
    )
    .values(
        resident=None,
        inside=False,
        put_out=False,
        due_at=bindparam("now_", type_=guests.c.due_at.type),
        version=guests.c.version + 1,
        attempts=0,
        why=None,
    )
)
_FORGET = [
    *(delete(owner.table).where(owner == _ID) for owner in _OWNED if owner is not posts.c.resident),
    *(update(owner.table).where(owner == _ID).values({owner: None}) for owner in _DONE_BY),
]
# What was counted stays right: it may refer to somebody of whom nothing else is known.
_BLANK = (
    update(residents)
    .where(residents.c.id == _ID)
    .values(
        name="",
        folded="",
        locale=None,
        zone=None,
        role=0,
        wants_reminders=False,
        wants_mention=False,
        remind_before=None,
        name_is_chosen=False,
        name_is_own=False,
        heard_as=None,
        unheard=False,
        told_aloud=False,
    )
)
_REMOVE = delete(residents).where(residents.c.id == _ID)


# What names them where many read it names them anew: by then as somebody whom nobody knows.
_SAYS = bindparam("says_", type_=posts.c.message.type)
_SAY_ANEW = (
    update(posts)
    .where(
        *(holds(posts.c.message, _SAYS), posts.c.key == "", posts.c.sent_at.is_not(None)),
        *(posts.c.ref.is_not(None), posts.c.parked.is_(None), posts.c.withdrawn.is_(False)),
        posts.c.private.is_(False),
    )
    .values(
        version=posts.c.version + 1,
        next_at=LONG_AGO,
        attempts=0,
        in_doubt=False,
        sent_at=None,
        tried_at=None,
    )
)
_SHOW_ANEW = (
    update(subjects)
    .where(
        exists().where(
            *(boards.c.community == subjects.c.community, boards.c.subject == subjects.c.subject),
            holds(boards.c.shown, _SAYS),
        )
    )
    .values(version=subjects.c.version + 1, behind=1)
)


def merge(db: Batch, old: int, new: int) -> None:
    """What either has is theirs who they both are."""
    for statement in _MOVE:
        db.pass_on(statement, old, new)


def accounts_of(db: Batch, resident: int) -> Sequence[Identity]:
    return [Identity(*row) for row in db.execute(_ACCOUNTS, {"id_": resident})]


def export(db: Batch, resident: int) -> Exported:
    """By the name of the table; of what was said to them without who else it was about."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {
        name: [_plain(row) for row in db.execute(statement, {"id_": resident})]
        for name, statement in _EXPORT.items()
    }
    said, answered = Pages(), Pages()
    _add(db, said, _TOLD, {"id_": resident}, _POSTS, partial(_open_up, resident))
    for account in accounts_of(db, resident):
        values = OfAccount.values(account)
        for which in _SAID_TO:
            _add(db, said, which, values, _POSTS, partial(_open_up, resident))
        _add(db, answered, _ANSWERED, values, _ANSWERS, _undoing)
    spoken, signed = (
        [
            _plain(row)
            for account in accounts_of(db, resident)
            for row in db.execute(which, {"address_": account.address})
        ]
        for which in (_SPOKE, _SIGNED)
    )
    return {**found, "posts": said, "handled": answered, "copies": spoken, "signs": signed}


def _add(
    db: Batch,
    to: Pages,
    which: Select[Any],
    values: Mapping[str, Any],
    rows: Select[Any],
    readable: Callable[[Any], None],
) -> None:
    """A page at a time, so that nobody else waits for long and little of it is there at once."""

    def add(page: Sequence[Any]) -> None:
        found = [_plain(row) for row in page]
        for row in found:
            readable(row)
        to.add(found)

    after = {"after_": 0} if rows is _POSTS else {"after_": "", "at_": LONG_AGO}
    while keys := list(db.execute(which, {**values, **after})):
        for start in range(0, len(keys), _PAGE):
            these = [key[0] for key in keys[start : start + _PAGE]]
            page = list(db.execute(rows, {"these_": these}))
            db.offload(partial(add, page))
        after = dict(zip(after, keys[-1], strict=True))


def _undoing(answered: Any) -> None:
    undo = answered["undo"] and orjson.loads(answered["undo"])
    answered["undo"] = undo and {"command": undo["command"], "args": undo["args"]}


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row._asdict().items()
        if name != COLUMN
    }


def _open_up(resident: int, post: Any) -> None:
    """What is sealed stays so: it is there only until it was said. So does what is for who takes part in a
    theme, all of it or a line, until somebody looks whether they do: also what is to be said anew.
    """
    of_theme, is_to_be_said = post["theme"] is not None, not post["ref"] or not post["sent_at"]
    sealed = bool(post["key"]) or (of_theme and is_to_be_said)
    for name, waits in (("message", is_to_be_said), ("wanted", True)):
        kept = None if sealed or (of_theme and waits) else post[name]
        said = _read(kept) if kept else None
        post[name] = _without_others(_without_themes(said) if waits else said, resident)
    post["sealed"] = sealed


def _read(packed: str) -> Any:
    try:
        return orjson.loads(packed)
    except orjson.JSONDecodeError:
        return packed


def _without_themes(said: Any) -> Any:
    """Of a message, what is said whatever they may see by then."""
    if not isinstance(said, dict):
        return said
    return {
        name: [part for part in parts if "theme" not in part] if isinstance(parts, list) else parts
        for name, parts in said.items()
    }


def _without_others(said: Any, resident: int) -> Any:
    if isinstance(said, list):
        return [_without_others(part, resident) for part in said]
    if not isinstance(said, dict):
        return said
    if "resident" in said:
        return {"resident": "you" if said["resident"] == resident else "somebody else"}
    return {name: _without_others(part, resident) for name, part in said.items()}


def forget(db: Batch, past: Forgotten, resident: int, at: datetime, now: datetime) -> None:
    """Where something refers to them still, a row remains that says nothing.

    What their accounts said before `at` is not dealt with again.
    """
    accounts = accounts_of(db, resident)
    leave_behind(db, resident, [past.mark_of(account) for account in accounts], now)
    for account in accounts:
        past.add(account, at, now)
        forget_gone(db, account)
    while drop_posts(db, _THEIR_POSTS, {"id_": resident}):
        pass
    db.execute(_LET_OUT, {"id_": resident, "now_": now})
    db.wake("room")
    for statement in (*_FORGET, _BLANK):
        db.execute(statement, {"id_": resident})
    for statement, what in ((_SAY_ANEW, "post"), (_SHOW_ANEW, "board")):
        db.execute(statement, {"says_": pack_resident(resident)})
        db.wake(what)
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

"""Who is whose by the configuration's lines, and what becomes of people whom no line joins any more.

Whoever is parted from somebody is a resident of their own from then on. What was kept of the two as of one
person (ballots, polls, what counts for limits, wishes) stays with the account that stood first in the line;
where an account takes part, and what waits to be said to it, is its own.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, update

from bot.model.people import Identity
from bot.names import folded
from storage.batch import Batch
from storage.tables import guests, identities, members, posts, residents

Line = Sequence[Identity]
_ACCOUNT = and_(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
_LISTED = select(identities.c.resident).where(identities.c.listed.is_not(None))
_WHOSE = select(identities.c.resident, identities.c.listed).where(_ACCOUNT)
# The one that stood first in its line comes first.
_ACCOUNTS = (
    select(identities.c.platform, identities.c.user_id, identities.c.listed)
    .where(identities.c.resident == bindparam("id_"))
    .order_by(identities.c.listed.is_(None), identities.c.listed, identities.c.platform, identities.c.user_id)
)
_ADD = insert(residents).returning(residents.c.id)
_NEW: Any = bindparam("new_")
_MOVE = (
    update(identities).where(_ACCOUNT).values(resident=_NEW),
    *(
        update(table)
        .where(table.c.platform == bindparam("platform_"), table.c.user_id == bindparam("user_"))
        .values(resident=_NEW)
        for table in (members, guests)
    ),
    update(posts)
    .where(
        *(posts.c.platform == bindparam("platform_"), posts.c.room == bindparam("user_"), posts.c.private),
        posts.c.resident.is_not(None),
    )
    .values(resident=_NEW),
)
_HEARD_AS = (
    update(residents)
    .where(residents.c.id == bindparam("id_"), residents.c.heard_as == bindparam("was_"))
    .values(heard_as=bindparam("as_"))
)
# A name that no line gives any more is what their platform calls them, from their next word on.
_NO_ROLE = update(residents).where(residents.c.role != 0).values(role=0)
_NO_NAME = (
    update(residents)
    .where(residents.c.name_is_chosen, ~residents.c.name_is_own, residents.c.id.in_(_LISTED))
    .values(name_is_chosen=False)
)
_NOTHING_APART = update(identities).where(identities.c.role.is_not(None)).values(role=0)
_NOT_LISTED = update(identities).where(identities.c.listed.is_not(None)).values(listed=None)
_LIST = update(identities).where(_ACCOUNT).values(listed=bindparam("at_"))


def clear(db: Batch, lines: Sequence[Line]) -> Mapping[int, Sequence[int]]:
    """Take away what earlier lines gave: names, roles, and that accounts are one person's. Of whom others are
    parted, with the numbers of who these are from now on.
    """
    line_of = {account: number for number, line in enumerate(lines) for account in line}
    known = {row[0] for row in db.execute(_LISTED)}
    named_before: dict[int, set[int]] = {}
    for account, number in line_of.items():
        for resident, listed in db.execute(_WHOSE, _where(account)):
            known.add(resident)
            if listed is not None:
                named_before.setdefault(number, set()).add(resident)
    # Whom lines named before, and who parted all the same, are one anew; whoever is with one of them is not
    # one with the others by that.
    anew = {resident for people in named_before.values() if len(people) > 1 for resident in people}
    db.lock(residents.c.id, *known)
    parted = {
        resident: new
        for resident in sorted(known)
        if (new := _part(db, resident, line_of, joins_anew=resident in anew))
    }
    db.execute(_NO_ROLE)
    db.execute(_NO_NAME)
    db.execute(_NOTHING_APART)
    db.execute(_NOT_LISTED)
    return parted


def note(db: Batch, lines: Sequence[Line]) -> None:
    """That these lines say whose their accounts are."""
    for line in lines:
        for at, account in enumerate(line):
            db.execute(_LIST, {**_where(account), "at_": at})


def _part(db: Batch, resident: int, line_of: dict[Identity, int], *, joins_anew: bool) -> Sequence[int]:
    """Those of a resident's accounts that no line joins any more.

    An account that no line ever named was linked by somebody's word with one of them, nobody knows which:
    where lines part these it is with none. Linking it anew takes a minute; being one person with somebody
    else would show them everything.
    """
    groups: dict[Hashable, list[Identity]] = {}
    linked: list[list[Identity]] = []
    for platform, user, listed in db.execute(_ACCOUNTS, {"id_": resident}):
        account = Identity(platform, user)
        if account in line_of or listed is not None:
            groups.setdefault(line_of.get(account, account), []).append(account)
        else:
            linked.append([account])
    first, *others = groups.values() or [[]]
    if not others and not joins_anew:
        return []
    return [_move(db, resident, group, first) for group in [*others, *linked]]


def _move(db: Batch, resident: int, accounts: Collection[Identity], from_: Sequence[Identity]) -> int:
    account = next(iter(accounts))
    row = {"name": account.user_id, "folded": folded(account.user_id), "heard_as": account.address}
    new: int = db.execute(_ADD, row).scalar_one()
    for account in accounts:
        for statement in _MOVE:
            db.execute(statement, {**_where(account), "new_": new})
        db.execute(_HEARD_AS, {"id_": resident, "was_": account.address, "as_": from_[0].address})
    return new


def _where(account: Identity) -> dict[str, str]:
    return {"platform_": account.platform, "user_": account.user_id}

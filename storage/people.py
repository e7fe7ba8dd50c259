"""Who is who: residents and their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.model.people import Identity, Resident, Role
from storage.executor import Executor
from storage.tables import identities, members, posts, residents

_WHO = (
    select(residents.c.id, residents.c.name, residents.c.locale, residents.c.role)
    .join(identities, identities.c.resident == residents.c.id)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
)
_ADD = insert(residents).returning(residents.c.id)
_ADD_IDENTITY = insert(identities)
_HEARD = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(account=bindparam("account_"))
)
# What waits for them goes along, and whatever it waited for.
_HEAR_FROM = (
    update(posts)
    .where(
        posts.c.platform == bindparam("platform_"),
        posts.c.room == bindparam("user_"),
        posts.c.private,
        posts.c.sent_at.is_(None),
        posts.c.ref.is_(None),
        posts.c.account != bindparam("account_"),
    )
    .values(account=bindparam("account_"), next_at=func.coalesce(posts.c.tried_at, posts.c.next_at))
)
_SET_LOCALE = update(residents).where(residents.c.id == bindparam("id_")).values(locale=bindparam("locale_"))
_SET_REMINDED = (
    update(residents).where(residents.c.id == bindparam("id_")).values(wants_reminders=bindparam("wanted_"))
)
_TAKE_PART = upsert(members)
_TAKE_PART = _TAKE_PART.on_conflict_do_update(
    index_elements=[members.c.theme, members.c.resident], set_={"role": _TAKE_PART.excluded.role}
)
_ELSEWHERE = select(identities.c.resident).where(
    identities.c.resident == bindparam("id_"), identities.c.platform != bindparam("platform_")
)
_LEAVE_THEME = delete(members).where(
    members.c.theme == bindparam("theme_"), members.c.resident == bindparam("id_"), ~_ELSEWHERE.exists()
)
_TAKES_PART = select(members.c.since, members.c.role).where(
    members.c.theme == bindparam("theme_"), members.c.resident == bindparam("id_")
)
_THEMES = select(members.c.theme, members.c.since, members.c.role).where(
    members.c.resident == bindparam("id_")
)
_WISHES = select(residents.c.locale, residents.c.wants_reminders).where(residents.c.id == bindparam("id_"))
_LEAVE = delete(members).where(members.c.resident == bindparam("id_"))
_SET_ROLE = (
    update(residents)
    .where(residents.c.id == bindparam("id_"))
    .values(name=bindparam("name_"), role=bindparam("role_"))
)
_MOVE_IDENTITY = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(resident=bindparam("id_"))
)
_WITH_ROLE = (
    select(identities.c.platform, identities.c.user_id)
    .join(residents, identities.c.resident == residents.c.id)
    .where(residents.c.role >= bindparam("role_"))
)


class People:
    """Implements PeopleStore."""

    def __init__(self, db: Executor) -> None:
        self._db = db

    def by_identity(self, identity: Identity) -> Resident | None:
        row = self._db.execute(_WHO, {"platform_": identity.platform, "user_": identity.user_id}).first()
        return Resident(row[0], row[1], row[2], Role(row[3])) if row else None

    def add(self, identity: Identity, name: str) -> Resident:
        number = self._db.execute(_ADD, {"name": name}).scalar_one()
        self._db.execute(
            _ADD_IDENTITY, {"platform": identity.platform, "user_id": identity.user_id, "resident": number}
        )
        return Resident(number, name)

    def heard(self, identity: Identity, account: str) -> None:
        values = {"platform_": identity.platform, "user_": identity.user_id, "account_": account}
        for statement in (_HEARD, _HEAR_FROM):
            self._db.execute(statement, values)

    def link(self, name: str, identities: Sequence[Identity], role: Role) -> tuple[int, Sequence[int]]:
        """The first account that is known already says who it is; the others join them."""
        known = [found for identity in identities if (found := self.by_identity(identity))]
        resident = known[0] if known else self.add(identities[0], name)
        others = {found.id for found in known} - {resident.id}
        for identity in identities:
            where = {"platform_": identity.platform, "user_": identity.user_id}
            if self.by_identity(identity) is None:
                fields = {"platform": identity.platform, "user_id": identity.user_id}
                self._db.execute(_ADD_IDENTITY, {**fields, "resident": resident.id})
            else:
                self._db.execute(_MOVE_IDENTITY, {**where, "id_": resident.id})
        self._db.execute(_SET_ROLE, {"id_": resident.id, "name_": name, "role_": int(role)})
        for other in others:
            self._take_over(other, resident)
        return resident.id, sorted(others)

    def _take_over(self, other: int, resident: Resident) -> None:
        """The themes and the wishes of an account that turns out to be the same person's."""
        for theme, since, role in list(self._db.execute(_THEMES, {"id_": other})):
            self.take_part(resident.id, theme, Role(role), since)
        self._db.execute(_LEAVE, {"id_": other})
        for locale, reminders in list(self._db.execute(_WISHES, {"id_": other})):
            if locale and not resident.locale:
                self.set_locale(resident.id, locale)
            if reminders:
                self.set_reminded(resident.id, True)

    def grant(self, identity: Identity, role: Role) -> None:
        resident = self.by_identity(identity) or self.add(identity, identity.user_id)
        self._db.execute(_SET_ROLE, {"id_": resident.id, "name_": resident.name, "role_": int(role)})

    def set_locale(self, resident: int, locale: str) -> None:
        self._db.execute(_SET_LOCALE, {"id_": resident, "locale_": locale})

    def set_reminded(self, resident: int, wanted: bool) -> None:
        self._db.execute(_SET_REMINDED, {"id_": resident, "wanted_": wanted})

    def take_part(self, resident: int, theme: int, role: Role, since: datetime) -> None:
        row = {"theme": theme, "resident": resident, "role": int(role), "since": since}
        self._db.execute(_TAKE_PART, row)

    def leave(self, resident: int, theme: int, platform: str) -> None:
        self._db.execute(_LEAVE_THEME, {"theme_": theme, "id_": resident, "platform_": platform})

    def part_in(self, resident: int, theme: int) -> tuple[datetime, Role] | None:
        row = self._db.execute(_TAKES_PART, {"theme_": theme, "id_": resident}).first()
        return (row.since, Role(row.role)) if row else None

    def with_role(self, role: Role) -> Sequence[Identity]:
        return [Identity(*row) for row in self._db.execute(_WITH_ROLE, {"role_": int(role)})]

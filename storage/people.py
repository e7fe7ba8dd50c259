"""Who is who: residents and their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.model.people import Identity, Resident, Role
from storage.batch import Batch, Loader
from storage.tables import identities, members, residents

_ACCOUNT = Loader(
    select(residents.c.id, residents.c.name, residents.c.locale, residents.c.role).join(
        identities, identities.c.resident == residents.c.id
    ),
    by=[identities.c.platform, identities.c.user_id],
    make=lambda number, name, locale, role: Resident(number, name, locale, Role(role)),
    tells=residents.c.id,
)
_PART = Loader(
    select(members.c.since, members.c.role),
    by=[members.c.resident, members.c.theme],
    make=lambda since, role: (since, Role(role)),
    beside=[members],
)
_ADD = insert(residents).returning(residents.c.id)
_ADD_IDENTITY = insert(identities)
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

    def __init__(self, db: Batch) -> None:
        self._db = db

    def by_identity(self, identity: Identity) -> Resident | None:
        return self._db.get(_ACCOUNT, identity.platform, identity.user_id)

    def add(self, identity: Identity, name: str) -> Resident:
        number = self._db.execute(_ADD, {"name": name}).scalar_one()
        self._db.execute(
            _ADD_IDENTITY, {"platform": identity.platform, "user_id": identity.user_id, "resident": number}
        )
        return Resident(number, name)

    def link(self, name: str, identities: Sequence[Identity], role: Role) -> tuple[int, Sequence[int]]:
        """The first account that is known already says who it is; the others join them."""
        known = self._known(identities)
        while self._db.lock(residents.c.id, *(found.id for found in known)):
            known = self._known(identities)
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

    def _known(self, identities: Sequence[Identity]) -> list[Resident]:
        return [found for identity in identities if (found := self.by_identity(identity))]

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
        # Since when stays as it was first.
        before = self._db.pending(members, (resident, theme))
        since = before["since"] if before else since
        row = {"theme": theme, "resident": resident, "role": int(role), "since": since}
        self._db.defer(_TAKE_PART, (resident, theme), row)

    def leave(self, resident: int, theme: int, platform: str) -> None:
        self._db.execute(_LEAVE_THEME, {"theme_": theme, "id_": resident, "platform_": platform})

    def part_in(self, resident: int, theme: int) -> tuple[datetime, Role] | None:
        kept = self._db.get(_PART, resident, theme)
        now = self._db.pending(members, (resident, theme))
        return (kept[0] if kept else now["since"], Role(now["role"])) if now else kept

    def with_role(self, role: Role) -> Sequence[Identity]:
        return [Identity(*row) for row in self._db.execute(_WITH_ROLE, {"role_": int(role)})]

"""Who is who: residents and their accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    MetaData,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from bot.model.people import Identity, Known, Part, Resident, Role, Wishes
from bot.names import folded, numbered, without_number
from bot.ports.people import Account, Brought, Exported, Used
from storage import belongings, listed, parting
from storage.among import among
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.forgotten import ACCOUNTS_OF, Forgotten
from storage.tables import accounts, identities, members, metadata, places, posts, residents
from storage.told import keep_own
from storage.upsert import upsert
from storage.uses import carry_on, take_back

# Whose people are looked among: those of these themes, or all there are.
Themes = Collection[int] | None
# To that it is kept when somebody was said to be somewhere, and used Plein there: not at which moment.
KEPT_TO = timedelta(minutes=10)
_EVER = datetime.fromtimestamp(0, UTC)


def _about(moment: datetime) -> datetime:
    return moment - (moment - _EVER) % KEPT_TO


def _account(
    number: int,
    name: str,
    locale: str | None,
    role: int,
    by: str | None,
    last: str | None,
    chosen: int,
    unheard: int,
    told_aloud: int,
    own_role: int | None,
    forgotten_at: datetime | None,
    gone_at: datetime | None,
    talks: int,
    zone: str | None,
) -> Account:
    resident = Resident(number, name, locale, Role(role if own_role is None else own_role), zone)
    apart = own_role is not None
    return Account(
        *(resident, by, last, bool(chosen), bool(unheard), apart, forgotten_at, gone_at, bool(talks)),
        told_aloud=bool(told_aloud),
    )


def read_part(role: int, since: datetime, said_at: datetime, writes: int) -> Part:
    return Part(Role(role), since, said_at, bool(writes))


# What `read_part` reads.
PART = (members.c.role, members.c.since, members.c.said_at, members.c.writes)
_NUMBER = residents.c.id
_ACCOUNT = Loader(
    select(
        *(residents.c.id, residents.c.name, residents.c.locale, residents.c.role),
        *(identities.c.account, residents.c.heard_as, residents.c.name_is_chosen, residents.c.unheard),
        residents.c.told_aloud,
        *(identities.c.role, identities.c.forgotten_at, identities.c.gone_at, identities.c.talks),
        residents.c.zone,
    ).join(identities, identities.c.resident == residents.c.id),
    by=[identities.c.platform, identities.c.user_id],
    make=_account,
    tells=residents.c.id,
)
_PART = Loader(
    select(*PART),
    by=[members.c.platform, members.c.user_id, members.c.theme],
    make=read_part,
    beside=[members],
)
_PARTS = select(members).where(members.c.resident == bindparam("id_"))
_PARTS_IN = _PARTS.where(members.c.theme == bindparam("theme_"))
_PAGE = (
    select(residents.c.id)
    .where(residents.c.id > bindparam("after_"), residents.c.name != "")
    .order_by(residents.c.id)
    .limit(bindparam("most_"))
)
_TALKS = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(talks=bindparam("talks_", type_=Boolean))
)
_TALKING = (
    select(identities.c.resident).where(among(identities.c.resident, "residents_"), identities.c.talks)
).distinct()
_TALKING_IN = _TALKING.join(
    members,
    and_(members.c.platform == identities.c.platform, members.c.user_id == identities.c.user_id),
).where(members.c.theme == bindparam("theme_"))
_ONLY_IN = (
    select(members.c.resident)
    .distinct()
    .where(
        *(among(members.c.resident, "residents_"), members.c.theme == bindparam("theme_")),
        ~exists().where(identities.c.resident == members.c.resident, identities.c.talks),
    )
)
_PARTS_AMONG = (
    select(members.c.resident, members.c.theme, members.c.said_at, members.c.used_at)
    .where(among(members.c.resident, "residents_"))
    .order_by(members.c.resident, members.c.said_at, members.c.theme)
)
_ADD = insert(residents).returning(residents.c.id)
_ADD_IDENTITY = insert(identities)
_TALKS_TO = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(account=bindparam("account_"))
)
# What waits for them goes along, and whatever it waited for: with each account that could have said it, or
# with none yet.
_MIGHT_SAY = (
    select(accounts.c.account)
    .where(accounts.c.platform == bindparam("platform_"))
    .union_all(select(bindparam("platform_", type_=accounts.c.account.type)))
)
_HEAR_FROM = (
    update(posts)
    .where(
        posts.c.account.in_(_MIGHT_SAY),
        posts.c.platform == bindparam("platform_"),
        posts.c.room == bindparam("user_"),
        posts.c.private,
        posts.c.sent_at.is_(None),
        posts.c.parked.is_(None),
        posts.c.ref.is_(None),
        posts.c.account != bindparam("account_"),
    )
    .values(account=bindparam("account_"), next_at=func.coalesce(posts.c.tried_at, posts.c.next_at))
)
_HEARD = (
    update(residents)
    .where(residents.c.id == bindparam("id_"))
    .values(name=bindparam("name_"), folded=bindparam("folded_"), heard_as=bindparam("as_"))
)
# Who takes part in one of these themes.
_NEAR = residents.c.id.in_(select(members.c.resident).where(among(members.c.theme, "themes_")))
PERSON = select(residents.c.id, residents.c.name, residents.c.locale, residents.c.role, residents.c.zone)
# Whoever was forgotten has no name at all.
_BY_NAME = PERSON.where(residents.c.folded == bindparam("folded_"), residents.c.name != "").order_by(
    residents.c.id
)
_BY_NUMBER = PERSON.where(residents.c.id == bindparam("id_"), residents.c.folded != "")
# Who takes part in no theme: they were only mentioned.
_ALOOF = _BY_NUMBER.where(~select(members.c.theme).where(members.c.resident == residents.c.id).exists())
_BY_ADDRESS = PERSON.where(
    residents.c.id.in_(select(identities.c.resident).where(identities.c.user_id == bindparam("user_")))
)
# Not LIKE, to which some characters mean more.
_BY_PART = (
    PERSON.where(func.replace(residents.c.folded, bindparam("part_"), "") != residents.c.folded)
    .order_by(residents.c.folded, residents.c.id)
    .limit(bindparam("most_"))
)
_BY_START = (
    PERSON.where(residents.c.folded != "")
    .order_by(residents.c.folded, residents.c.id)
    .limit(bindparam("most_"))
)
_NAMESAKES = residents.alias()
_SAME = and_(
    _NAMESAKES.c.community == residents.c.community,
    _NAMESAKES.c.folded == residents.c.folded,
    _NAMESAKES.c.name != "",
)
_KNOWN = anywhere(
    select(
        residents.c.id,
        residents.c.name,
        residents.c.heard_as,
        residents.c.name_is_own,
        identities.c.platform,
        identities.c.user_id,
        select(func.count()).where(_SAME).scalar_subquery().label("namesakes"),
        select(func.count())
        .where(_SAME, _NAMESAKES.c.id <= residents.c.id)
        .scalar_subquery()
        .label("number"),
    )
    .join(identities, identities.c.resident == residents.c.id)
    .where(among(residents.c.id, "ids_"))
    .order_by(identities.c.platform, identities.c.user_id)
)
_ACCOUNTS_IN = (
    select(identities.c.resident, identities.c.platform, identities.c.user_id)
    .join(
        members,
        and_(members.c.platform == identities.c.platform, members.c.user_id == identities.c.user_id),
    )
    .where(among(identities.c.resident, "ids_"), members.c.theme == bindparam("theme_"))
    .order_by(identities.c.platform, identities.c.user_id)
)
_NUMBERS = select(identities.c.resident).distinct().order_by(identities.c.resident).limit(bindparam("most_"))
_SET_LOCALE = update(residents).where(residents.c.id == bindparam("id_")).values(locale=bindparam("locale_"))
_SET_ZONE = update(residents).where(residents.c.id == bindparam("id_")).values(zone=bindparam("zone_"))
_SET_WISHES = (
    update(residents)
    .where(residents.c.id == bindparam("id_"))
    .values(
        wants_reminders=bindparam("wanted_", type_=residents.c.wants_reminders.type),
        wants_mention=bindparam("mentioned_", type_=residents.c.wants_mention.type),
        remind_before=bindparam("before_"),
    )
)
_LOOKUPS = (_BY_NUMBER, _BY_ADDRESS, _BY_NAME, _BY_PART, _BY_START)
_NEARBY = {statement: statement.where(_NEAR) for statement in _LOOKUPS}
_TAKE_PART = upsert(members)
# It was said before then, and not at a moment that anybody could tell.
_SAID_BY = type_coerce(_TAKE_PART.excluded.said_at, BigInteger) + KEPT_TO // timedelta(microseconds=1)
_TAKE_PART = _TAKE_PART.on_conflict_do_update(
    index_elements=[members.c.theme, members.c.platform, members.c.user_id],
    set_={name: _TAKE_PART.excluded[name] for name in ("role", "said_at", "writes")}
    | {"used_at": func.coalesce(_TAKE_PART.excluded.used_at, members.c.used_at)}
    # What lies ahead was noted while the clock was: by then they were there.
    | {"since": case((members.c.since > _SAID_BY, _TAKE_PART.excluded.since), else_=members.c.since)},
)
_LEAVE_THEME = delete(members).where(
    members.c.theme == bindparam("theme_"),
    members.c.platform == bindparam("platform_"),
    members.c.user_id == bindparam("user_"),
)
_OF_THEME = (members.c.theme == bindparam("theme_"), members.c.platform == bindparam("platform_"))
_LEAVE_TOGETHER = delete(members).where(*_OF_THEME, among(members.c.user_id, "users_"))
_DOUBT = update(members).where(*_OF_THEME).values(said_at=_EVER)
_WISHES = select(
    *(residents.c.id, residents.c.wants_reminders, residents.c.wants_mention, residents.c.remind_before),
    residents.c.zone,
).where(among(residents.c.id, "ids_"))
_IS_IT = and_(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
_SET_APART = update(identities).where(_IS_IT).values(role=bindparam("role_"))
_GRANT_APART = _SET_APART.where(identities.c.role.is_not(None))
_TRUST = (
    update(identities)
    .where(identities.c.resident == bindparam("id_"), identities.c.role.is_not(None))
    .values(role=None)
)
_SET_ROLE = update(residents).where(residents.c.id == bindparam("id_")).values(role=bindparam("role_"))
_NAME = (
    update(residents)
    .where(residents.c.id == bindparam("id_"))
    .values(
        name=bindparam("name_"),
        folded=bindparam("folded_"),
        name_is_chosen=bindparam("chosen_", type_=residents.c.name_is_chosen.type),
        name_is_own=bindparam("own_", type_=residents.c.name_is_own.type),
    )
)
_NAME_UNLESS_OWN = _NAME.where(residents.c.name_is_own.is_(False))
_HIGHEST_ROLE = anywhere(
    select(func.max(func.coalesce(identities.c.role, residents.c.role)))
    .join(identities, identities.c.resident == residents.c.id)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
)
_TURNS = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(turned_at=bindparam("now_", type_=identities.c.turned_at.type))
)
_GONE = (
    update(identities)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .values(gone_at=bindparam("at_", type_=identities.c.gone_at.type))
)
_LONG_GONE = select(identities.c.resident, identities.c.platform, identities.c.user_id).where(
    identities.c.gone_at.is_not(None),
    identities.c.gone_at <= bindparam("before_", type_=identities.c.gone_at.type),
)
_WITH_ROLE = (
    select(identities.c.platform, identities.c.user_id)
    .join(residents, identities.c.resident == residents.c.id)
    .where(func.coalesce(identities.c.role, residents.c.role) >= bindparam("role_"))
)
_THEIRS_WITH_ROLE = _WITH_ROLE.where(residents.c.id == bindparam("id_"))
# Of the community, or in a place of its own; what somebody is in a room of theirs says nothing.
_MODERATORS = (
    PERSON.where(
        or_(
            residents.c.role >= bindparam("role_"),
            residents.c.id.in_(select(identities.c.resident).where(identities.c.role >= bindparam("role_"))),
            residents.c.id.in_(
                select(members.c.resident).where(
                    members.c.role >= bindparam("role_"),
                    members.c.theme.in_(select(places.c.theme).where(places.c.ours)),
                )
            ),
        )
    )
    .where(residents.c.name != "")
    .order_by(residents.c.id)
)


# Of the community, or in that theme, as was said last.
_MODERATORS_OF = (
    PERSON.where(
        or_(
            residents.c.role >= bindparam("role_"),
            residents.c.id.in_(
                select(members.c.resident).where(
                    members.c.role >= bindparam("role_"), members.c.theme == bindparam("theme_")
                )
            ),
        )
    )
    .where(residents.c.name != "")
    .order_by(residents.c.id)
)


def _known(rows: Sequence[Any]) -> Known:
    """Of somebody's rows, one for each of their accounts."""
    first = rows[0]
    name = numbered(first.name, first.number) if first.namesakes > 1 else first.name
    own = sorted(
        (Identity(row.platform, row.user_id) for row in rows),
        key=lambda account: account.address != first.heard_as,
    )
    return Known(name, tuple(own), bool(first.name_is_own))


def person_of(row: Any) -> Resident:
    """Who a row of PERSON is."""
    return Resident(row.id, row.name, row.locale, Role(row.role), row.zone)


class People:
    """Implements PeopleStore."""

    def __init__(self, db: Batch, past: Forgotten, of_features: Mapping[str, MetaData] = {}) -> None:
        self._db = db
        self._past = past
        self._by_feature = of_features
        self._of_features = tuple(of_features.values())

    def account(self, identity: Identity) -> Account | None:
        """What is known of that account; None where it is nobody's yet."""
        return self._db.get(_ACCOUNT, identity.platform, identity.user_id)

    def by_identity(self, identity: Identity) -> Resident | None:
        account = self.account(identity)
        return account.resident if account else None

    def add(self, identity: Identity, name: str) -> Resident:
        """Who another process knows since it was asked is the one whom it knows."""
        if self._reserve(identity) and (found := self.by_identity(identity)):
            return found
        row = {"name": name, "folded": folded(name), "heard_as": identity.address}
        number = self._db.execute(_ADD, row).scalar_one()
        self._add_account(identity, number)
        return Resident(number, name)

    def _reserve(self, *new: Identity) -> bool:
        """Two processes that hear new people in opposite orders wait for each other in none."""
        return self._db.reserve(identities, *(account.address for account in new))

    def _add_account(self, identity: Identity, resident: int) -> None:
        """Who was forgotten and comes back begins anew: what they said before is nobody's.

        What is held within limits counts on.
        """
        row = {"platform": identity.platform, "user_id": identity.user_id, "resident": resident}
        forgotten_at = self._past.at(identity)
        self._db.execute(_ADD_IDENTITY, {**row, "forgotten_at": forgotten_at})
        if forgotten_at:
            self._past.comes_back(identity)
            take_back(self._db, resident, self._past.mark_of(identity))

    def talks_to(self, identity: Identity, account: str) -> None:
        values = {"platform_": identity.platform, "user_": identity.user_id, "account_": account}
        for statement in (_TALKS_TO, _HEAR_FROM):
            self._db.execute(statement, values)

    def link(
        self, identities: Sequence[Identity], name: str | None, role: Role | None
    ) -> tuple[int, Sequence[int]]:
        """The first account that is known already says who it is; the others join them."""
        self._reserve(*identities)
        known = self._known(identities)
        while self._db.lock(residents.c.id, *(found.id for found in known)):
            known = self._known(identities)
        resident = known[0] if known else self.add(identities[0], name or identities[0].user_id)
        others = {found.id for found in known} - {resident.id}
        for identity in identities:
            if self.by_identity(identity) is None:
                self._add_account(identity, resident.id)
        for other in others:
            self._take_over(other, resident)
        if role is not None:
            self._db.execute(_SET_ROLE, {"id_": resident.id, "role_": int(role)})
            for identity in identities:
                where = {"platform_": identity.platform, "user_": identity.user_id}
                self._db.execute(_GRANT_APART, {**where, "role_": int(role)})
        if name is not None:
            values = {"id_": resident.id, "name_": name, "folded_": folded(name)}
            self._db.execute(_NAME_UNLESS_OWN, {**values, "chosen_": True, "own_": False})
        return resident.id, sorted(others)

    def _known(self, identities: Sequence[Identity]) -> list[Resident]:
        return [found for identity in identities if (found := self.by_identity(identity))]

    def _take_over(self, other: int, resident: Resident) -> None:
        """What somebody has, and wishes, who turns out to be the same person."""
        parting.look_through(self._db, (metadata, *self._of_features), other)
        belongings.merge(self._db, other, resident.id)
        theirs, own = parting.wishes(self._db, other, resident.id)
        if theirs["locale"] and not own["locale"]:
            self.set_locale(resident.id, theirs["locale"])
        if theirs["zone"] and not own["zone"]:
            self.set_zone(resident.id, theirs["zone"])
        if theirs["wants_reminders"] and not own["wants_reminders"]:
            before = tuple(map(int, (theirs["remind_before"] or "").split()))
            self.set_wishes(resident.id, Wishes(True, bool(theirs["wants_mention"]), before))
        if theirs["name_is_chosen"] and not own["name_is_chosen"]:
            self.call(resident.id, theirs["name"], chosen=True, own=theirs["name_is_own"])
        if theirs["role"] > own["role"]:
            self._db.execute(_SET_ROLE, {"id_": resident.id, "role_": theirs["role"]})

    def call(self, resident: int, name: str, *, chosen: bool, own: bool = False) -> None:
        values = {"id_": resident, "name_": name, "folded_": folded(name)}
        self._db.execute(_NAME, {**values, "chosen_": chosen, "own_": own})

    def kept_in(self, resident: int) -> Collection[str]:
        return parting.kept_in(self._db, self._by_feature, resident)

    def brought(self, resident: int, to: int) -> Brought:
        return parting.brought(self._db, self._of_features, resident, to)

    def part(self, resident: int, accounts: Sequence[Identity], brought: Brought | None) -> int:
        new = parting.part(self._db, self._of_features, resident, accounts, brought)
        for whose, theirs in self.accounts((resident, new)).items():
            keep_own(self._db, whose, theirs)
        if brought is None:
            carry_on(self._db, resident, new)
        return new

    def set_apart(self, granted: Mapping[Identity, Role]) -> None:
        rows = [
            {"platform_": account.platform, "user_": account.user_id, "role_": int(role)}
            for account, role in granted.items()
        ]
        self._db.execute(_SET_APART, rows)

    def trust(self, resident: int) -> None:
        self._db.execute(_TRUST, {"id_": resident})

    def remove(self, resident: int) -> None:
        belongings.remove(self._db, resident)

    def hold(self, resident: int) -> None:
        self._db.lock(_NUMBER, resident)

    def keep(self, resident: int) -> bool:
        return self._db.lock(_NUMBER, resident, weakly=True)

    def export(self, resident: int) -> Exported:
        return belongings.export(self._db, resident)

    def forget(self, resident: int, at: datetime, now: datetime) -> None:
        belongings.forget(self._db, self._past, resident, at, now)

    def clear_listed(self, lines: Sequence[Sequence[Identity]]) -> Mapping[int, Sequence[int]]:
        parted = listed.clear(self._db, lines)
        for resident, new in parted.items():
            for whose, theirs in self.accounts((resident, *new)).items():
                keep_own(self._db, whose, theirs)
        return parted

    def by_line(self, numbers: Collection[int]) -> Mapping[int, Sequence[Identity]]:
        named = {
            number: [account for account, line in theirs if line is not None]
            for number, theirs in self._accounts(numbers)
        }
        return {number: accounts for number, accounts in named.items() if accounts}

    def _accounts(
        self, numbers: Collection[int]
    ) -> Iterator[tuple[int, Sequence[tuple[Identity, int | None]]]]:
        """Those that have any, in the order in which they are asked for."""
        self._db.expect(residents.c.id, numbers)
        for number in numbers:
            if theirs := self._db.get_all(ACCOUNTS_OF, number):
                yield number, theirs

    def note_listed(self, lines: Sequence[Sequence[Identity]]) -> None:
        listed.note(self._db, lines)

    def grant(self, identity: Identity, role: Role) -> None:
        resident = self.by_identity(identity) or self.add(identity, identity.user_id)
        where = {"platform_": identity.platform, "user_": identity.user_id}
        self._db.execute(_SET_ROLE, {"id_": resident.id, "role_": int(role)})
        self._db.execute(_GRANT_APART, {**where, "role_": int(role)})

    def heard(self, resident: Resident, identity: Identity, name: str) -> Resident:
        account = self.account(identity)
        if account and account.name_is_chosen:
            name = account.resident.name
        values = {"name_": name, "folded_": folded(name), "as_": identity.address}
        self._db.execute(_HEARD, {"id_": resident.id, **values})
        return replace(resident, name=name)

    def numbered(self, number: int, themes: Themes, *, aloof: bool = False) -> Sequence[Resident]:
        found = self._near(_BY_NUMBER, themes, id_=number)
        return self._near(_ALOOF, None, id_=number) if aloof and not found else found

    def at(self, address: str, themes: Themes) -> Sequence[Resident]:
        return self._near(_BY_ADDRESS, themes, user_=address)

    def named(self, name: str, themes: Themes) -> Sequence[Resident]:
        bare, number = without_number(name)
        found = self._near(_BY_NAME, themes, folded_=folded(name))
        if found or number is None:
            return found
        # "Ben (2)": of all who are called so, the second; not of those who are near.
        everybody = self._near(_BY_NAME, None, folded_=folded(bare))
        near = {resident.id for resident in self._near(_BY_NAME, themes, folded_=folded(bare))}
        return [resident for resident in everybody[number - 1 : number] if number and resident.id in near]

    def suggested(self, part: str, themes: Themes, most: int) -> Sequence[Resident]:
        if not folded(part):
            return self._near(_BY_START, themes, most_=most)
        return self._near(_BY_PART, themes, part_=folded(part), most_=most)

    def _near(self, statement: Select[Any], themes: Themes, **values: Any) -> Sequence[Resident]:
        if themes is not None:
            statement, values = _NEARBY[statement], {**values, "themes_": sorted(themes)}
        rows = self._db.execute(statement, values)
        return [*map(person_of, rows)]

    def known(self, residents: Collection[int]) -> Mapping[int, Known]:
        found: dict[int, list[Any]] = {}
        for row in self._db.execute(_KNOWN, {"ids_": residents}):
            found.setdefault(row.id, []).append(row)
        return {number: _known(rows) for number, rows in found.items()}

    def accounts(self, numbers: Collection[int]) -> Mapping[int, Sequence[Identity]]:
        return {number: [account for account, _ in theirs] for number, theirs in self._accounts(numbers)}

    def accounts_in(self, theme: int, residents: Collection[int]) -> Sequence[Identity]:
        found: dict[int, Identity] = {}
        for resident, *account in self._db.execute(_ACCOUNTS_IN, {"ids_": residents, "theme_": theme}):
            found.setdefault(resident, Identity(*account))
        return list(found.values())

    def numbers(self, most: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_NUMBERS, {"most_": most}).scalars()
        return list(found)

    def set_locale(self, resident: int, locale: str) -> None:
        self._db.execute(_SET_LOCALE, {"id_": resident, "locale_": locale})

    def set_zone(self, resident: int, zone: str | None) -> None:
        self._db.execute(_SET_ZONE, {"id_": resident, "zone_": zone})

    def set_wishes(self, resident: int, wishes: Wishes) -> None:
        before = " ".join(map(str, wishes.before)) or None
        how = {"wanted_": wishes.wanted, "mentioned_": wishes.mentioned, "before_": before}
        self._db.execute(_SET_WISHES, {"id_": resident, **how})

    def wishes(self, among: Collection[int]) -> Mapping[int, Wishes]:
        return {
            number: Wishes(bool(wanted), bool(mentioned), tuple(map(int, (before or "").split())), zone)
            for number, wanted, mentioned, before, zone in self._db.execute(_WISHES, {"ids_": among})
        }

    def take_part(
        self, account: Identity, resident: int, theme: int, part: Part, *, uses: bool = False
    ) -> None:
        # Since when stays as it was first.
        key = (account, theme)
        before = self._db.pending(members, key)
        row = {"platform": account.platform, "user_id": account.user_id, "theme": theme, "resident": resident}
        said_at = _about(part.said_at)
        row |= {"role": int(part.role), "since": part.since, "said_at": said_at, "writes": part.writes}
        row["used_at"] = said_at if uses else before and before["used_at"]
        self._db.defer(_TAKE_PART, key, row | ({"since": before["since"]} if before else {}))

    def leave(self, account: Identity, theme: int) -> None:
        where = {"platform_": account.platform, "user_": account.user_id}
        self._db.execute(_LEAVE_THEME, {**where, "theme_": theme})

    def parted(self, platform: str, users: Collection[str], theme: int) -> None:
        self._db.execute(_LEAVE_TOGETHER, {"theme_": theme, "platform_": platform, "users_": users})

    def doubt(self, platform: str, theme: int) -> None:
        self._db.execute(_DOUBT, {"theme_": theme, "platform_": platform})

    def part_of(self, account: Identity, theme: int) -> Part | None:
        kept = self._db.get(_PART, account.platform, account.user_id, theme)
        return self.part_now(account, theme, kept)

    def part_now(self, account: Identity, theme: int, kept: Part | None) -> Part | None:
        """What is kept of it, with what this transaction changes."""
        now = self._db.pending(members, (account, theme))
        if now is None:
            return kept
        since = kept.since if kept else now["since"]
        return Part(Role(now["role"]), since, now["said_at"], now["writes"])

    def parts(self, resident: int, theme: int | None = None) -> Sequence[tuple[Identity, int, Part]]:
        if theme is None:
            rows = self._db.execute(_PARTS, {"id_": resident})
        else:
            rows = self._db.execute(_PARTS_IN, {"id_": resident, "theme_": theme})
        return [
            (
                Identity(row.platform, row.user_id),
                row.theme,
                read_part(row.role, row.since, row.said_at, row.writes),
            )
            for row in rows
        ]

    def page(self, after: int, most: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_PAGE, {"after_": after, "most_": most}).scalars()
        return list(found)

    def talks(self, identity: Identity, *, talks: bool = True) -> None:
        where = {"platform_": identity.platform, "user_": identity.user_id}
        self._db.execute(_TALKS, {**where, "talks_": talks})

    def talks_with(self, identity: Identity) -> bool:
        account = self.account(identity)
        return account is not None and account.talks

    def talking(self, among: Collection[int]) -> Collection[int]:
        found: Sequence[int] = self._db.execute(_TALKING, {"residents_": among}).scalars()
        # Whoever writes to them asks for the accounts of each.
        self._db.expect(residents.c.id, found)
        return set(found)

    def talking_in(self, theme: int, among: Collection[int]) -> Collection[int]:
        found: Sequence[int] = self._db.execute(_TALKING_IN, {"residents_": among, "theme_": theme}).scalars()
        self._db.expect(residents.c.id, found)
        return set(found)

    def only_in(self, theme: int, among: Collection[int]) -> Collection[int]:
        return set(self._db.execute(_ONLY_IN, {"residents_": among, "theme_": theme}).scalars())

    def parts_of(self, among: Collection[int]) -> Mapping[int, Sequence[Used]]:
        found: dict[int, list[Used]] = {}
        for row in self._db.execute(_PARTS_AMONG, {"residents_": among}):
            found.setdefault(row.resident, []).append(Used(row.theme, row.said_at, row.used_at))
        return found

    def turns_here(self, identity: Identity, now: datetime) -> None:
        where = {"platform_": identity.platform, "user_": identity.user_id}
        self._db.execute(_TURNS, {**where, "now_": now})

    def note_gone(self, identity: Identity, at: datetime) -> Resident | None:
        account = self.account(identity)
        if account is None or account.gone_at:
            return None
        self._put_gone(identity, at)
        return account.resident

    def is_back(self, identity: Identity) -> None:
        self._put_gone(identity, None)

    def _put_gone(self, identity: Identity, at: datetime | None) -> None:
        where = {"platform_": identity.platform, "user_": identity.user_id}
        self._db.execute(_GONE, {**where, "at_": at})

    def long_gone(self, before: datetime) -> Sequence[tuple[int, Identity]]:
        rows = self._db.execute(_LONG_GONE, {"before_": before})
        return [(row.resident, Identity(row.platform, row.user_id)) for row in rows]

    def highest_role(self, identity: Identity) -> Role:
        where = {"platform_": identity.platform, "user_": identity.user_id}
        return Role(self._db.execute(_HIGHEST_ROLE, where).scalar() or 0)

    def moderators(self) -> Sequence[Resident]:
        rows = self._db.execute(_MODERATORS, {"role_": int(Role.MODERATOR)})
        return [*map(person_of, rows)]

    def moderators_of(self, theme: int) -> Sequence[Resident]:
        return self._at_least(Role.MODERATOR, theme)

    def organisers_of(self, theme: int) -> Sequence[Resident]:
        return self._at_least(Role.ORGANISER, theme)

    def _at_least(self, role: Role, theme: int) -> Sequence[Resident]:
        rows = self._db.execute(_MODERATORS_OF, {"role_": int(role), "theme_": theme})
        return [*map(person_of, rows)]

    def accounts_with(self, role: Role, resident: int) -> Sequence[Identity]:
        rows = self._db.execute(_THEIRS_WITH_ROLE, {"role_": int(role), "id_": resident})
        return [Identity(*row) for row in rows]

    def with_role(self, role: Role) -> Sequence[Identity]:
        return [Identity(*row) for row in self._db.execute(_WITH_ROLE, {"role_": int(role)})]

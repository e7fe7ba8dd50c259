"""Themes, and the places they have on each platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)

from bot.model.people import Place, Theme
from bot.unseen import seen_as
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.holds import holds
from storage.tables import (
    boards,
    copied_in,
    members,
    placed_signs,
    places,
    posts,
    refs,
    subjects,
    themes,
    wanted_copies,
)
from storage.upsert import upsert


def _in(table: Table) -> ColumnElement[bool]:
    return and_(table.c.platform == bindparam("platform_"), table.c.room == bindparam("room_"))


def _moved(table: Table) -> Update:
    to: dict[str, Any] = {"platform": bindparam("new_platform"), "room": bindparam("new_room")}
    return update(table).where(_in(table)).values(**to)


_HERE = _in(places)
# As people there call it: what was given no name goes by its place's, and blanks behind one nobody sees.
_PLATFORM = places.c.platform.concat(":")
_OWN = func.substr(themes.c.name, 1, func.length(_PLATFORM)) == _PLATFORM
CALLED: Any = case((and_(_OWN, places.c.name != ""), places.c.name), else_=func.rtrim(themes.c.name))
_KNOWN = anywhere(
    select(themes.c.id, CALLED, places.c.locale).join(places, places.c.theme == themes.c.id).where(_HERE)
)
_NAMED = select(themes.c.id, themes.c.name).where(themes.c.name == bindparam("name_"))
_ADD_THEME = upsert(themes).on_conflict_do_nothing()
_NEW_THEME = _ADD_THEME.returning(themes.c.id)
_RENAME_THEME = (
    update(themes)
    .where(themes.c.id == bindparam("theme_"))
    .values(name=bindparam("name_"), seen=bindparam("seen_"))
)
_CLOSE_THEME = update(themes).where(themes.c.id == bindparam("theme_"))
_CLOSE_THEME = _CLOSE_THEME.values(closed=bindparam("closed_", type_=themes.c.closed.type))
_INHABITED = select(places.c.theme).where(places.c.here).distinct()
_NOT_OPENED = select(themes.c.id).where(
    themes.c.opened.is_(False), exists().where(places.c.theme == themes.c.id, places.c.here)
)
_OPENED = select(themes.c.id, themes.c.name).where(themes.c.opened)
_OPENED_AMONG = _OPENED.where(among(themes.c.id, "themes_"))
# As one text: a row for each would cost more than to look for one name among them. No name goes over lines.
_BETWEEN = "\n"
_LITERALLY: Any = literal_column(f"'{_BETWEEN}'")
_NAMES = select(func.aggregate_strings(themes.c.name, _LITERALLY))
_NAMES = _NAMES.where(themes.c.opened, themes.c.id != bindparam("but_"))
_TAKEN = select(themes.c.seen).where(themes.c.opened, among(themes.c.seen, "names_"))
# What was not opened may go by the name of its place.
_CALLED = select(themes.c.id).where(themes.c.opened, themes.c.seen == bindparam("seen_"))
_HOLDING = and_(themes.c.opened, holds(themes.c.seen, bindparam("words_", type_=themes.c.seen.type)))
_LISTED = (
    select(themes.c.id, themes.c.name)
    .where(_HOLDING)
    .order_by(themes.c.closed, themes.c.id)
    .limit(bindparam("most_"))
)
_COUNT = select(func.count()).select_from(themes).where(_HOLDING)
_COUNT_ALL = select(func.count()).select_from(themes).where(themes.c.opened)
_CLOSED = select(themes.c.id).where(themes.c.closed)
# Themes of their own, which are called after a place, behind those that were given a name; and those of one
# conversation (a thread, a post), which anybody can call anything, behind those of channels and rooms.
_BRIEF = and_(_OWN, places.c.used_at.is_not(None))
_ALL = (
    select(
        *(themes.c.id, themes.c.name, places.c.name.label("place"), places.c.room),
        *(_OWN.label("own"), _BRIEF.label("brief")),
    )
    .join(places, places.c.theme == themes.c.id)
    .where(places.c.here)
    .order_by(_OWN, _BRIEF, themes.c.id, places.c.platform, places.c.room)
)
_ALL_AMONG = _ALL.where(among(themes.c.id, "themes_"))
_PLACE = anywhere(select(places).where(_HERE))
_ADD = insert(places)
_SET = (
    update(places)
    .where(_HERE)
    .values(
        theme=bindparam("theme_"),
        name=bindparam("name_"),
        locale=bindparam("locale_"),
        here=bindparam("here_"),
        account=bindparam("account_"),
        ours=bindparam("ours_"),
        listed=bindparam("listed_"),
    )
)
# What a theme shows and whose business it is ends where its place is another's: what stands there stays as it
# is, and who was in it has to be seen in another of its places.
_OF_OTHERS = delete(boards).where(
    _in(boards),
    boards.c.subject.in_(select(subjects.c.subject).where(subjects.c.theme == bindparam("theme_"))),
)
_PARTED = (
    update(members)
    .where(members.c.theme == bindparam("theme_"), members.c.platform == bindparam("platform_"))
    .values(said_at=datetime.fromtimestamp(0, UTC))
)
_ATTACH = update(places).where(_HERE).values(theme=bindparam("to_"))
_USE = update(places).where(_HERE).values(used_at=bindparam("at_", type_=places.c.used_at.type))
_LEAVE = _USE.values(here=False)
_OF_THEME = (
    select(places.c.platform, places.c.room)
    .where(places.c.theme == bindparam("theme_"), places.c.here)
    .order_by(places.c.platform, places.c.room)
)
_ENCRYPTED = _OF_THEME.where(places.c.encrypted)
_CARRIED = _OF_THEME.add_columns(places.c.carried_since).where(places.c.carried_since.is_not(None))
_NOT_CARRIED = update(places).where(_HERE).values(carried_since=null())
_ENCRYPT = update(places).where(_HERE, places.c.encrypted.is_(False))
_ENCRYPT = _ENCRYPT.values(encrypted=True, carried_since=null())
_ENCRYPT = _ENCRYPT.returning(places.c.theme)
_ON = (
    select(places.c.theme, places.c.platform, places.c.room)
    .where(places.c.platform == bindparam("platform_"), places.c.here)
    .order_by(places.c.room)
)
_ON_AMONG = _ON.where(among(places.c.theme, "themes_"))
_OURS = (
    select(places.c.room).where(places.c.theme == bindparam("theme_"), places.c.here, places.c.ours).limit(1)
)
_ALL_OURS = select(places.c.theme).where(places.c.here, places.c.ours).distinct()
_WHETHER_HERE = select(places.c.here).distinct()
_SERVED = anywhere(
    select(places.c.platform, places.c.room)
    .where(places.c.account == bindparam("account_"), places.c.here)
    .order_by(places.c.room)
)
_UNSAID = and_(posts.c.private.is_(False), posts.c.sent_at.is_(None))
_SET_ASIDE = update(posts).where(_in(posts), _UNSAID).values(parked="left")
_COPIED_THERE = select(copied_in.c.id).where(_in(copied_in))
_IS_COPIED_THERE = wanted_copies.c.place.in_(_COPIED_THERE)
_CARRY_NOTHING = delete(wanted_copies).where(_IS_COPIED_THERE)
_ARE_PLACED_THERE = placed_signs.c.place.in_(_COPIED_THERE)
_PUT_NOTHING = delete(placed_signs).where(_ARE_PLACED_THERE)
# What waits to be said there for the first time.
_UNSTARTED = and_(wanted_copies.c.first, ~wanted_copies.c.gone, ~wanted_copies.c.in_doubt)
_UNTRIED = and_(_UNSTARTED, wanted_copies.c.parked.is_(None))
_DROP_PENDING = delete(wanted_copies).where(_UNTRIED, _IS_COPIED_THERE)
_DROP_PENDING_OF = delete(wanted_copies).where(
    _UNTRIED,
    wanted_copies.c.place.in_(
        select(copied_in.c.id)
        .join(places, and_(places.c.platform == copied_in.c.platform, places.c.room == copied_in.c.room))
        .where(places.c.theme == bindparam("theme_"))
    ),
)
# A poll that is over stays where its result was said: nobody is shown it anew elsewhere.
_DROP_ENDED = delete(boards).where(
    _in(boards), boards.c.subject.in_(select(subjects.c.subject).where(subjects.c.open.is_(False)))
)
_DROP, _DROP_BOARDS, _DROP_REFS = (delete(table).where(_in(table)) for table in (places, boards, refs))
# What was said in the room before stays there; should it change, that is said in the new one.
_MOVE, _MOVE_POSTS = _moved(places), _moved(posts).where(posts.c.private.is_(False))
_MOVE_POSTS = _MOVE_POSTS.values(ref=None, tried_at=None)
# What was carried in the old room is known in the new one, where its platform knows it by the same name.
_DROP_COPIED, _MOVE_COPIED = delete(copied_in).where(_in(copied_in)), _moved(copied_in)
# In a new room every board is a new message, which begins with the state as it is now.
_NOW = select(subjects.c.version).where(subjects.c.subject == boards.c.subject).scalar_subquery()
_ANEW: dict[str, Any] = {"sent_as": None, "tried_at": None, "version": 0, "edition": _NOW}
_MOVE_BOARDS = _moved(boards).values(**_ANEW)
_ALL_BEHIND = (
    update(subjects)
    .where(subjects.c.subject.in_(select(boards.c.subject).where(_in(boards))))
    .values(behind=1)
)
# And no account can edit what another one posted.
_TO: Any = bindparam("account_")
_HAND_OVER = (
    _DROP_ENDED,
    update(posts).where(_in(posts), _UNSAID).values(account=_TO, ref=None),
    update(boards).where(_in(boards)).values(account=_TO, **_ANEW),
    _ALL_BEHIND,
    update(wanted_copies).where(_IS_COPIED_THERE).values(account=_TO),
    update(placed_signs).where(_ARE_PLACED_THERE).values(account=_TO),
)


class Places:
    """Implements PlaceStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def known(self, place: Place) -> tuple[Theme, str | None] | None:
        row = self._db.execute(_KNOWN, _where(place)).first()
        return (Theme(row[0], row[1]), row[2]) if row else None

    def theme_named(self, name: str) -> Theme:
        row = self._db.execute(_NAMED, {"name_": name}).first()
        if row is None:
            self._db.execute(_ADD_THEME, {"name": name, "seen": seen_as(name)})
            row = self._db.execute(_NAMED, {"name_": name}).one()
        return Theme(*row)

    def open_theme(self, name: str) -> Theme:
        """Blanks behind it, which nobody sees, tell it from one that has that name already."""
        row = {"name": name, "seen": seen_as(name), "opened": True}
        while (added := self._db.execute(_NEW_THEME, row).scalar()) is None:
            row["name"] = f"{row['name']} "
        return Theme(added, name)

    def rename_theme(self, theme: int, name: str) -> None:
        kept = name
        while (other := self._db.execute(_NAMED, {"name_": kept}).first()) and other.id != theme:
            kept += " "
        self._db.execute(_RENAME_THEME, {"theme_": theme, "name_": kept, "seen_": seen_as(name)})

    def close_theme(self, theme: int, *, closed: bool) -> None:
        self._db.execute(_CLOSE_THEME, {"theme_": theme, "closed_": closed})
        if closed:
            self.drop_pending(theme)
        self._db.wake("carried")

    def drop_pending(self, theme: int) -> None:
        self._db.execute(_DROP_PENDING_OF, {"theme_": theme})

    def closed(self) -> Collection[int]:
        return set(self._db.execute(_CLOSED).scalars())

    def themes(self, only: Collection[int] | None = None) -> Sequence[Theme]:
        """What goes by its place's name says which place, where others are called so: all of these, as nobody
        may take a name by calling theirs so later. Only a channel or room does not for posts and threads.
        """
        if only is None:
            rows = list(self._db.execute(_ALL))
        else:
            rows = list(self._db.execute(_ALL_AMONG, {"themes_": sorted(only)}))
        first = {row.id: row for row in reversed(rows)}
        known = [first[number] for number in dict.fromkeys(row.id for row in rows)]
        given = {seen_as(row.name) for row in known if not row.own}
        places_ = {row.id: seen_as(row.place) for row in known if row.own}
        if places_:
            given.update(self._db.execute(_TAKEN, {"names_": sorted({*places_.values()})}).scalars())
        lasting = Counter(places_[row.id] for row in known if row.own and not row.brief)
        alike = Counter(places_.values())

        def named(row: Any) -> Theme:
            if not row.own or not row.place:
                return Theme(row.id, row.name.rstrip())
            name = places_[row.id]
            others = alike[name] if row.brief else lasting[name]
            if name not in given and others == 1:
                return Theme(row.id, row.place)
            return Theme(row.id, f"{row.place} ({row.room})", row.place)

        return [named(row) for row in known]

    def served_by(self, place: Place) -> str | None:
        known = self._db.execute(_PLACE, _where(place)).first()
        return known.account if known and known.here else None

    def named_as(self, place: Place) -> str | None:
        known = self._db.execute(_PLACE, _where(place)).first()
        return known.listed if known else None

    def bind(
        self,
        place: Place,
        theme: int,
        name: str,
        locale: str | None,
        account: str,
        *,
        ours: bool = False,
        listed: bool = False,
    ) -> bool:
        known = self._db.execute(_PLACE, _where(place)).first()
        named = ((known and known.listed) or place.room_id) if listed else None
        if known is None:
            fields = {"platform": place.platform, "room": place.room_id, "name": name, "locale": locale}
            fields["listed"] = named
            self._db.execute(_ADD, {**fields, "theme": theme, "here": True, "account": account, "ours": ours})
            self._db.wake("carried")
            return True
        if known.theme != theme:
            self._take_from(place, known.theme)
        changes: dict[str, Any] = {
            "theme_": theme,
            "name_": name,
            "locale_": locale,
            "here_": True,
            "account_": account,
        }
        changes |= {"ours_": ours, "listed_": named}
        self._db.execute(_SET, {**_where(place), **changes})
        if known.account != account:
            for statement in _HAND_OVER:
                self._db.execute(statement, {**_where(place), "account_": account})
            self._db.wake("post")
            self._db.wake("board")
            self._db.wake("copy")
        self._db.wake("carried")
        return not known.here or (known.theme, known.account) != (theme, account)

    def _take_from(self, place: Place, theme: int) -> None:
        for statement in (_OF_OTHERS, _PARTED, _NOT_CARRIED, _DROP_PENDING):
            self._db.execute(statement, {**_where(place), "theme_": theme})

    def called(self, place: Place) -> str | None:
        known = self._db.execute(_PLACE, _where(place)).first()
        return known.name if known and known.here else None

    def attach(self, place: Place, theme: int) -> None:
        known = self._db.execute(_PLACE, _where(place)).first()
        if known and known.theme != theme:
            self._take_from(place, known.theme)
            self._db.execute(_ATTACH, {**_where(place), "to_": theme})
            self._db.wake("carried")

    def detach(self, place: Place) -> None:
        self.attach(place, self.theme_named(f"{place.platform}:{place.room_id}").id)

    def use(self, place: Place, at: datetime | None) -> None:
        self._db.execute(_USE, {**_where(place), "at_": at})

    def of_theme(self, theme: int) -> Sequence[Place]:
        return [Place(*row) for row in self._db.execute(_OF_THEME, {"theme_": theme})]

    def carried(self, theme: int) -> Mapping[Place, datetime]:
        rows = self._db.execute(_CARRIED, {"theme_": theme})
        return {Place(row.platform, row.room): row.carried_since for row in rows}

    def encrypted(self, theme: int) -> Sequence[Place]:
        return [Place(*row) for row in self._db.execute(_ENCRYPTED, {"theme_": theme})]

    def encrypt(self, place: Place) -> int | None:
        theme: int | None = self._db.execute(_ENCRYPT, _where(place)).scalar()
        if theme is not None:
            self._db.wake("carried")
        return theme

    def on(self, platform: str, only: Collection[int] | None = None) -> Mapping[int, Sequence[Place]]:
        where = {"platform_": platform}
        if only is None:
            rows = self._db.execute(_ON, where)
        else:
            rows = self._db.execute(_ON_AMONG, {**where, "themes_": sorted(only)})
        found: dict[int, list[Place]] = {}
        for theme, *place in rows:
            found.setdefault(theme, []).append(Place(*place))
        return found

    def is_nowhere(self) -> bool:
        return list(self._db.execute(_WHETHER_HERE).scalars()) == [False]

    def is_ours(self, theme: int) -> bool:
        return self._db.execute(_OURS, {"theme_": theme}).first() is not None

    def inhabited(self, *, unless_opened: bool = False) -> Collection[int]:
        found: Collection[int] = self._db.execute(_NOT_OPENED if unless_opened else _INHABITED).scalars()
        return list(found)

    def opened(self, only: Collection[int] | None = None) -> Mapping[int, str]:
        if only is None:
            rows = self._db.execute(_OPENED)
        else:
            rows = self._db.execute(_OPENED_AMONG, {"themes_": sorted(only)})
        return {row.id: row.name.rstrip() for row in rows}

    def names_opened(self, but: int) -> Sequence[str]:
        names: str | None = self._db.execute(_NAMES, {"but_": but}).scalar()
        return [name.rstrip() for name in names.split(_BETWEEN)] if names else []

    def perhaps_called(self, name: str) -> Collection[int]:
        called = self._db.execute(_CALLED, {"seen_": seen_as(name)}).scalars()
        return [*called, *self.inhabited(unless_opened=True)]

    def listed(self, words: str, most: int) -> tuple[Sequence[Theme], int]:
        wanted = {"words_": seen_as(words)}
        rows = list(self._db.execute(_LISTED, {**wanted, "most_": most}))
        count = len(rows)
        if count == most:
            counting = _COUNT if wanted["words_"] else _COUNT_ALL
            count = self._db.execute(counting, wanted).scalar_one()
        return [Theme(row.id, row.name.rstrip()) for row in rows], count

    def ours(self) -> Collection[int]:
        found: Collection[int] = self._db.execute(_ALL_OURS).scalars()
        return list(found)

    def served(self, account: str) -> Sequence[Place]:
        return [Place(*row) for row in self._db.execute(_SERVED, {"account_": account})]

    def leave(self, place: Place, at: datetime) -> None:
        """What was still to be said there is set aside; its boards rest until Plein is back."""
        self._db.execute(_LEAVE, {**_where(place), "at_": at})
        for statement in (_SET_ASIDE, _CARRY_NOTHING, _PUT_NOTHING):
            self._db.execute(statement, _where(place))
        self._db.wake("carried")

    def drop(self, place: Place) -> None:
        for statement in (_DROP, _DROP_BOARDS):
            self._db.execute(statement, _where(place))

    def move(self, old: Place, new: Place) -> None:
        """The room was replaced: its theme, what waits for it and what is open go along. Once is enough."""
        if self._db.execute(_PLACE, _where(old)).first() is None:
            return
        self._db.execute(_DROP_ENDED, _where(old))
        self.drop(new)
        to = {"new_platform": new.platform, "new_room": new.room_id}
        self._db.execute(_DROP_COPIED, _where(new))
        for move in (_MOVE, _MOVE_POSTS, _MOVE_BOARDS, _MOVE_COPIED):
            self._db.execute(move, {**_where(old), **to})
        self._db.execute(_ALL_BEHIND, _where(new))
        self._db.execute(_DROP_REFS, _where(old))
        self._db.wake("carried")
        self._db.wake("post")
        self._db.wake("board")


def _where(place: Place) -> dict[str, str]:
    return {"platform_": place.platform, "room_": place.room_id}

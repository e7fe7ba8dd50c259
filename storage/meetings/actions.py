"""What people promised in meetings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, insert, null, or_, select, update

from bot.features.meetings.minutes.records import ACTIONS, Action, Promise, State
from storage.among import among
from storage.batch import Loader
from storage.meetings.tables import ACTION_TABLES, actions
from storage.numbers import next_number
from storage.parts import Parts, Stored

_WHO: Any = bindparam("resident_")
_KEPT = [column for column in actions.c if column.name != "community"]
_NAMES = [column.name for column in _KEPT]
_ALL = select(*_KEPT)
_IS_OPEN = actions.c.state == str(State.OPEN)
# What nobody said by when comes last.
_DUE_FIRST = (case((actions.c.due_on.is_(None), 1), else_=0), actions.c.due_on, actions.c.id)
_OPEN_IN = _ALL.where(among(actions.c.theme, "themes_"), _IS_OPEN).order_by(*_DUE_FIRST)
_OPEN_OF = (
    select(actions.c.id, actions.c.meeting, actions.c.series)
    .where(actions.c.theme == bindparam("theme_"), _IS_OPEN)
    .order_by(*_DUE_FIRST)
)
_THOSE = _ALL.where(among(actions.c.id, "actions_"))
_THEMES = select(actions.c.theme).where(_IS_OPEN).distinct()
_HERE = actions.c.meeting == bindparam("meeting_")
_VERSION: Any = bindparam("version_")
_STANDS = and_(actions.c.since <= _VERSION, or_(actions.c.until.is_(None), actions.c.until > _VERSION))
_NOTED = _ALL.where(_HERE, _STANDS).order_by(actions.c.id)
_IS_CHANGED = (
    select(actions.c.id).where(_HERE, or_(actions.c.since == _VERSION, actions.c.until == _VERSION)).limit(1)
)
_ADD = insert(actions)
_THIS = actions.c.id == bindparam("id_")
_DROP = delete(actions).where(_THIS)
_END = (
    update(actions)
    .where(actions.c.theme == bindparam("theme_"), _IS_OPEN)
    .values(state=str(State.DROPPED), ended_at=bindparam("at_", type_=actions.c.ended_at.type))
)
_COLUMNS = (actions.c.noted_by, actions.c.promised_by, actions.c.owner)
_MERGE = tuple(
    update(actions).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in _COLUMNS
)
_FORGET = tuple(update(actions).where(column == _WHO).values({column.name: null()}) for column in _COLUMNS)
_ROWS_OF = tuple(select(actions).where(column == _WHO).order_by(actions.c.id) for column in _COLUMNS)


@lru_cache(1024)  # from one agenda to the next they hardly change
def _action(*values: Any) -> Action:
    fields = dict(zip(_NAMES, values, strict=True))
    due_on = fields["due_on"]
    fields["due_on"] = date.fromisoformat(due_on) if due_on else None
    fields["state"], fields["for_nobody"] = State(fields["state"]), bool(fields["for_nobody"])
    return Action(**fields)


_ACTION = Loader(_ALL, by=[actions.c.id], make=_action)


class Actions:
    """Implements ActionStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(self, promise: Promise) -> Action:
        fields = {name: getattr(promise, name) for name in Promise.__dataclass_fields__}
        action = Action(id=next_number(self._db, actions.name), **fields)
        self._db.execute(_ADD, {column.name: _plain(getattr(action, column.name)) for column in _KEPT})
        return action

    def get(self, action: int) -> Action | None:
        self._db.lock(actions.c.id, action)
        return self._db.get(_ACTION, action)

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def open_in(self, themes: Collection[int]) -> Sequence[Action]:
        return [_action(*row) for row in self._db.execute(_OPEN_IN, {"themes_": sorted(themes)})]

    def open_of(self, theme: int) -> Iterable[tuple[int, int, int | None]]:
        found: Iterable[tuple[int, int, int | None]] = self._db.execute(_OPEN_OF, {"theme_": theme})
        return found

    def those(self, actions: Sequence[int]) -> Sequence[Action]:
        if not actions:
            return []
        found = {row.id: _action(*row) for row in self._db.execute(_THOSE, {"actions_": sorted(actions)})}
        return [found[number] for number in actions]

    def noted(self, meeting: int, version: int) -> Sequence[Action]:
        found = self._db.execute(_NOTED, {"meeting_": meeting, "version_": version})
        return [_action(*row) for row in found]

    def is_changed(self, meeting: int, version: int) -> bool:
        which = {"meeting_": meeting, "version_": version}
        return self._db.execute(_IS_CHANGED, which).first() is not None

    def change(self, action: Action, **changes: Any) -> Action:
        values = {f"{name}_": _plain(value) for name, value in changes.items()}
        self._db.execute(_changing(tuple(changes)), {"id_": action.id, **values})
        return replace(action, **changes)

    def drop(self, action: Action) -> None:
        self._db.execute(_DROP, {"id_": action.id})

    def end(self, theme: int, at: datetime) -> None:
        self._db.execute(_END, {"theme_": theme, "at_": at})

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> Sequence[int]:
        meetings = {row["meeting"] for row in self.rows_of(resident)["actions"]}
        for statement in _FORGET:
            self._db.execute(statement, {"resident_": resident})
        return sorted(meetings)

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found = {
            row.id: row._asdict()
            for which in _ROWS_OF
            for row in self._db.execute(which, {"resident_": resident})
        }
        return {"actions": [found[number] for number in sorted(found)]}


STORED = Stored(ACTIONS, Actions, ACTION_TABLES)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, State) else value


@lru_cache(16)
def _changing(names: tuple[str, ...]) -> Any:
    """The statement that changes these fields."""
    return (
        update(actions)
        .where(_THIS)
        .values({name: bindparam(f"{name}_", type_=actions.c[name].type) for name in names})
    )

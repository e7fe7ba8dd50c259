"""Small things that one of Plein's accounts keeps, each under a name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, String, bindparam, delete, func, select

from storage.batch import Batch
from storage.executor import Executor
from storage.schema import look_into
from storage.tables import kept
from storage.upsert import upsert

_MINE = kept.c.account == bindparam("account_")
_GET = select(kept.c.value).where(_MINE, kept.c.name == bindparam("name_"))
# Not LIKE, to which some characters mean more, and on SQLite capitals nothing.
_BEGINS = bindparam("prefix_", type_=String)
_ALL = select(kept.c.name, kept.c.value).where(
    _MINE, func.substr(kept.c.name, 1, func.length(_BEGINS)) == _BEGINS
)
_PUT = upsert(kept)
_PUT = _PUT.on_conflict_do_update(index_elements=["account", "name"], set_={"value": _PUT.excluded.value})
_FIRST = upsert(kept).on_conflict_do_nothing()
_DROP = delete(kept).where(_MINE, kept.c.name == bindparam("name_"))


class Kept:
    """Implements KeepsStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def get(self, account: str, name: str) -> str | None:
        found: str | None = self._db.execute(_GET, {"account_": account, "name_": name}).scalar()
        return found

    def put(self, account: str, name: str, value: str) -> None:
        self._db.execute(_PUT, {"account": account, "name": name, "value": value})

    def first(self, account: str, name: str, value: str) -> str:
        """What is kept under that name: this, where nothing was."""
        self._db.execute(_FIRST, {"account": account, "name": name, "value": value})
        return self.get(account, name) or value

    def drop(self, account: str, name: str) -> None:
        self._db.execute(_DROP, {"account_": account, "name_": name})

    def all(self, account: str, prefix: str = "") -> Mapping[str, str]:
        return dict(self._db.execute(_ALL, {"account_": account, "prefix_": prefix}))


async def kept_by(url: str, account: str) -> Mapping[str, str]:
    """What that account keeps. The database is there, and at the newest schema. Raises: StoreFailed."""

    def look(connection: Connection) -> Mapping[str, str]:
        return Kept(Batch(Executor(connection))).all(account)

    return await look_into(url, look)

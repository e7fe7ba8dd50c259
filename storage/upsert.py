"""An insert that says what to do where the row is there already: the same words on both databases.

SQLAlchemy has one for each. PostgreSQL's comes with all that it knows of that database and its drivers,
2 MiB and a fiftieth of a start, which are of no use on SQLite. So SQLite's serves both.
"""

from __future__ import annotations

from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.dialects.sqlite.dml import OnConflictClause

__all__ = ["upsert"]

# On PostgreSQL a constraint can be named as well, and its compiler asks for that.
OnConflictClause.constraint_target = None  # type: ignore[attr-defined]

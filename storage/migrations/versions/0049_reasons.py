"""Why somebody objects is kept with the account that said so, of who was several people each by itself"""

from __future__ import annotations

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

_BALLOTS = sa.table(
    "ballots", sa.column("community"), sa.column("poll"), sa.column("voter"), sa.column("reason", sa.String())
)
_KEY = (_BALLOTS.c.community, _BALLOTS.c.poll, _BALLOTS.c.voter)


def upgrade() -> None:
    """On which account it was said nobody knows."""
    _write_anew(lambda reason: json.dumps([[reason, ""]], ensure_ascii=False, separators=(",", ":")))


def downgrade() -> None:
    _write_anew(lambda kept: " / ".join(words for words, _ in json.loads(kept)))


def _write_anew(written: Callable[[str], str]) -> None:
    db = op.get_bind()
    these = [column == sa.bindparam(f"{column.name}_") for column in _KEY]
    anew = sa.update(_BALLOTS).where(*these).values(reason=sa.bindparam("reason_"))
    for row in db.execute(sa.select(*_KEY, _BALLOTS.c.reason).where(_BALLOTS.c.reason.is_not(None))).all():
        values = {f"{column.name}_": getattr(row, column.name) for column in _KEY}
        db.execute(anew, {**values, "reason_": written(row.reason)})

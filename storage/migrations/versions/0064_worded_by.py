"""Who worded a meeting or a series last is kept beside its words; of those of before, who planned them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("meetings", "meeting_series")


def upgrade() -> None:
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("worded_by", _NUMBER, nullable=True))
            table.create_foreign_key(op.f(f"fk_{name}_worded_by"), "residents", ["worded_by"], ["id"])
        op.create_index(op.f(f"ix_{name}_worded_by"), name, ["worded_by"])
        kept = sa.table(name, sa.column("worded_by"), sa.column("organiser"))
        op.execute(kept.update().values(worded_by=kept.c.organiser))


def downgrade() -> None:
    for name in _TABLES:
        op.drop_index(op.f(f"ix_{name}_worded_by"), name)
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"fk_{name}_worded_by"), type_="foreignkey")
            table.drop_column("worded_by")

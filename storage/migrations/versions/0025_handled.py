"""What was answered is handled; what cannot be read yet is undecryptable, which is not sealed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    _rename("seen", "handled")
    # The numbers of what arrives are given by the clock: on SQLite the new table counts none. PostgreSQL
    # keeps its sequence, which costs nothing and is asked for nothing.
    with op.batch_alter_table("inbox") as table:
        table.alter_column("sealed", new_column_name="undecryptable", existing_type=sa.Boolean())


def downgrade() -> None:
    with op.batch_alter_table("inbox", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("undecryptable", new_column_name="sealed", existing_type=sa.Boolean())
    _rename("handled", "seen")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")

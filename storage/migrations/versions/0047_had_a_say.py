"""Who left somebody has no say beside them in a proposal; what two declined or pulled each has by itself"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SUBJECTS = {"undrawn": "theme", "archive_pullers": "archive"}


def upgrade() -> None:
    op.create_table(
        "proposal_leavers",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposal", _NUMBER, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("holder", _NUMBER, nullable=True),
        _refers("proposal_leavers", "proposal", "proposals"),
        _refers("proposal_leavers", "holder", "residents"),
        sa.PrimaryKeyConstraint("community", "proposal", "account", name=op.f("pk_proposal_leavers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_proposal_leavers_holder"), "proposal_leavers", ["holder"])
    for table, subject in _SUBJECTS.items():
        _make_anew(table, subject, is_numbered=True)
        op.create_index(f"ix_{table}_{subject}_resident", table, [subject, "resident"])


def downgrade() -> None:
    for table, subject in _SUBJECTS.items():
        op.drop_index(f"ix_{table}_{subject}_resident", table)
        _make_anew(table, subject, is_numbered=False)
    op.drop_table("proposal_leavers")


def _make_anew(table: str, subject: str, *, is_numbered: bool) -> None:
    """With the rows that it has: each by itself, or one for each resident."""
    old = f"{table}_before"
    op.drop_index(f"ix_{table}_resident", table)
    op.rename_table(table, old)
    if op.get_bind().dialect.name == "postgresql":
        for constraint in ("pk_{}", f"fk_{{}}_{subject}", "fk_{}_resident"):
            was, now = constraint.format(table), constraint.format(old)
            op.execute(f"ALTER TABLE {old} RENAME CONSTRAINT {was} TO {now}")
    key = ["id"] if is_numbered else ["community", subject, "resident"]
    named: list[sa.Column[bool]] = []
    if table == "archive_pullers":
        named = [sa.Column("named", sa.Boolean(), server_default=sa.false(), nullable=False)]
    op.create_table(
        table,
        *([sa.Column("id", _NUMBER, nullable=False)] if is_numbered else []),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(subject, _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        *named,
        _refers(table, subject, f"{subject}s"),
        _refers(table, "resident", "residents"),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        **({"sqlite_autoincrement": True} if is_numbered else {"sqlite_with_rowid": False}),
    )
    _pass_on(old, table, ["community", subject, "resident"], [column.name for column in named])
    op.drop_table(old)
    op.create_index(op.f(f"ix_{table}_resident"), table, ["resident"])


def _pass_on(old: str, new: str, whose: list[str], words: list[str]) -> None:
    """Of several of one resident, one: named where each says so."""
    kept = sa.table(
        old, *(sa.column(name, sa.Boolean() if name in words else None) for name in (*whose, *words))
    )
    by = [kept.c[name] for name in whose]
    says = [sa.func.count().filter(~kept.c[name]) == 0 for name in words]
    found = sa.select(*by, *says).group_by(*by).order_by(*by)
    into = sa.table(new, *(sa.column(name) for name in (*whose, *words)))
    op.execute(into.insert().from_select([*whose, *words], found))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))

"""Of what is over each of two has theirs again once they part; of what is sealed it is known whom it names"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ANSWERS = "ix_answers_meeting_resident"
# By table: the column of whose a row is, and of whom they were when they said it.
_SAID = {"ballots": ("poll", "voter", "cast_as"), "supporters": ("proposal", "resident", "said_as")}
# By table: what its rows go by.
_SEALED = {"handled": "id", "posts": "seq"}
_LINKS = sa.table("links", sa.column("id"), sa.column("resident"), sa.column("brought", sa.Text()))
_Keys = Callable[[Sequence[Any], int], list[Any]]


def upgrade() -> None:
    for table, (of, whose, said_as) in _SAID.items():
        op.add_column(table, sa.Column(said_as, _NUMBER, nullable=True))
        op.execute(f"UPDATE {table} SET {said_as} = {whose}")  # noqa: S608
        with op.batch_alter_table(table, table_kwargs={"sqlite_with_rowid": False}) as batch:
            batch.alter_column(said_as, existing_type=_NUMBER, nullable=False)
            _change_key(batch, table, ["community", of, whose, said_as])
    _note_anew(lambda key, whose: [*key[:1], whose])
    op.drop_index(_ANSWERS, "answers")
    op.create_index(_ANSWERS, "answers", ["community", "meeting", "resident"])
    for table, key in _SEALED.items():
        op.add_column(table, sa.Column("names", sa.Text(), nullable=True))
        named = sa.text("names IS NOT NULL")
        op.create_index(f"ix_{table}_names", table, [key], sqlite_where=named, postgresql_where=named)
    # Of what was sealed before nobody knows that: an answer to what is asked twice can be spared.
    op.execute("UPDATE handled SET answer = NULL, key = '' WHERE key <> ''")


def downgrade() -> None:
    """Of several of one person the last stands, as it did."""
    for table in _SEALED:
        op.drop_index(f"ix_{table}_names", table)
        op.drop_column(table, "names")
    op.execute(
        "DELETE FROM answers WHERE EXISTS (SELECT 1 FROM answers AS other WHERE"
        " other.community = answers.community AND other.meeting = answers.meeting"
        " AND other.resident = answers.resident AND other.id > answers.id)"
    )
    op.drop_index(_ANSWERS, "answers")
    op.create_index(_ANSWERS, "answers", ["community", "meeting", "resident"], unique=True)
    _note_anew(lambda key, _: [*key[:1]])
    for table, (of, whose, said_as) in _SAID.items():
        op.execute(
            f"DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM {table} AS other WHERE"  # noqa: S608
            f" other.community = {table}.community AND other.{of} = {table}.{of}"
            f" AND other.{whose} = {table}.{whose} AND other.{said_as} > {table}.{said_as})"
        )
        with op.batch_alter_table(table, table_kwargs={"sqlite_with_rowid": False}) as batch:
            _change_key(batch, table, ["community", of, whose])
            batch.drop_column(said_as)


def _change_key(batch: Any, table: str, columns: list[str]) -> None:
    batch.drop_constraint(f"pk_{table}", type_="primary")
    batch.create_primary_key(f"pk_{table}", columns)


def _note_anew(keys: _Keys) -> None:
    """What can be undone of linking says which rows were whose: by these keys."""
    db = op.get_bind()
    columns = [f"{table}.{whose}" for table, (_, whose, _) in _SAID.items()]
    for link in db.execute(sa.select(_LINKS)).all():
        brought = json.loads(link.brought)
        for name in columns:
            if found := brought.get("rows", {}).get(name):
                brought["rows"][name] = [keys(key, link.resident) for key in found]
        changed = sa.update(_LINKS).where(_LINKS.c.id == link.id)
        db.execute(changed.values(brought=json.dumps(brought, ensure_ascii=False, separators=(",", ":"))))
